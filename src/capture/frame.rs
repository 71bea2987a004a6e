//! A frame is one record of a capture: its identity, time, bytes and what the capture says about it.

use super::note::FrameNote;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Which frame of which capture. Everything is ordered by it.
///
/// Captures of a run are numbered by their first packet's time; records are numbered from 0 within their capture, or,
/// until ranges join, within their range. Packed so that it compares and copies as one integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct FrameId(u64);

impl FrameId {
    const RECORD_BITS: u32 = 44;
    /// The last identity there can be.
    pub const MAX: Self = Self(u64::MAX);

    /// The frame with this record index (from 0) in the capture with this ordinal (from 0).
    pub const fn new(capture: u32, record: u64) -> Self {
        Self(((capture as u64) << Self::RECORD_BITS) | record)
    }

    /// Ordinal of the capture, from 0.
    pub const fn capture(self) -> u32 {
        (self.0 >> Self::RECORD_BITS) as u32
    }

    /// Record index, from 0.
    pub const fn record(self) -> u64 {
        self.0 & ((1 << Self::RECORD_BITS) - 1)
    }

    /// The frame number as Wireshark counts: 1-based within its capture.
    pub const fn number(self) -> u64 {
        self.record() + 1
    }

    /// Frames that may lie between two that stand close together in a capture.
    #[cfg(not(test))]
    pub(crate) const SOON: u64 = 4_096;
    /// So few that the small captures of tests go beyond.
    #[cfg(test)]
    pub(crate) const SOON: u64 = 6;

    /// Whether this frame comes soon after an earlier one of the same capture, by their places, whatever the clock says.
    pub(crate) const fn is_soon_after(self, earlier: Self) -> bool {
        self.capture() == earlier.capture() && self.0 >= earlier.0 && self.0 - earlier.0 <= Self::SOON
    }

    /// The frame after this one in its capture.
    pub(crate) const fn following(self) -> Self {
        Self(self.0 + 1)
    }

    /// The same frame once its range is known to start where `base` says.
    pub const fn rebased(self, base: Self) -> Self {
        Self(self.0 + base.0)
    }
}

impl<'de> Deserialize<'de> for FrameId {
    /// Only those to which others can be added: no capture comes near the end of what there is room for.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = u64::deserialize(deserializer)?;
        if id <= Self::MAX.0 / 4 { Ok(Self(id)) } else { Err(D::Error::custom("a frame beyond any capture")) }
    }
}

/// A link-layer header type as registered at <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Raw IPv4 or IPv6, told apart by the version nibble.
    pub const RAW: Self = Self(101);
}

/// Byte order of a capture's own fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ByteOrder {
    /// Least significant byte first.
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// Reads a 16-bit field.
    #[inline]
    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// Reads a 32-bit field.
    #[inline]
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Reads a 64-bit field.
    #[inline]
    pub fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// One record of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Identity, relative to the range until ranges join.
    pub id: FrameId,
    /// Nanoseconds since 1970-01-01 UTC as captured; may stand still or go back. 0 where the record has no time.
    pub time_ns: i64,
    /// Link type of `bytes`, after in-band owner headers were taken off.
    pub link_type: LinkType,
    /// The captured bytes, from the link-layer header on, without trailers that the capturing tool added.
    pub bytes: &'a [u8],
    /// Length on the wire in bytes, without what the capturing tool added.
    pub wire_length: u32,
    /// What else the capture says.
    pub note: Option<&'a FrameNote>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_id_packs_and_orders() {
        let id = FrameId::new(3, 41);
        assert_eq!((id.capture(), id.record(), id.number()), (3, 41, 42));
        assert!(FrameId::new(2, 1 << 40) < FrameId::new(3, 0));
        assert_eq!(FrameId::new(0, 5).rebased(FrameId::new(7, 100)), FrameId::new(7, 105));
    }
}
