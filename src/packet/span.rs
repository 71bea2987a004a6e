//! A part of a frame: the bytes that were captured of it, and its length on the wire.

use crate::packet::not_ip::NotIp;

/// Captured bytes and the length on the wire. What the snap length cut off is missing at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span<'a> {
    bytes: &'a [u8],
    wire_length: usize,
}

impl<'a> Span<'a> {
    /// Makes a span. Its length on the wire is never less than what was captured, whatever the record says.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], wire_length: usize) -> Self {
        Self { bytes, wire_length: wire_length.max(bytes.len()) }
    }

    /// The bytes that were captured.
    #[inline]
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Length on the wire.
    #[inline]
    pub(crate) const fn wire_length(self) -> usize {
        self.wire_length
    }

    /// The rest after `count` bytes, of which nothing may have been captured.
    #[inline]
    pub(crate) fn after(self, count: usize) -> Result<Self, NotIp> {
        match self.wire_length.checked_sub(count) {
            Some(wire_length) => Ok(Self { bytes: self.bytes.get(count..).unwrap_or(&[]), wire_length }),
            None => Err(NotIp::Malformed),
        }
    }

    /// At most the first `length` bytes.
    #[inline]
    pub(crate) fn limited(self, length: usize) -> Self {
        Self { bytes: self.bytes.get(..length).unwrap_or(self.bytes), wire_length: self.wire_length.min(length) }
    }

    /// The reason why nothing can be read up to `end`.
    #[inline]
    pub(crate) const fn missing(self, end: usize) -> NotIp {
        if end > self.wire_length { NotIp::Malformed } else { NotIp::CutShort }
    }

    /// The `N` bytes at `at`.
    #[inline]
    pub(crate) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], NotIp> {
        match self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(found) => Ok(*found),
            None => Err(self.missing(at.saturating_add(N))),
        }
    }

    /// The byte at `at`.
    #[inline]
    pub(crate) fn byte(self, at: usize) -> Result<u8, NotIp> {
        self.array::<1>(at).map(|[byte]| byte)
    }

    /// The 16-bit number at `at`, most significant byte first.
    #[inline]
    pub(crate) fn u16(self, at: usize) -> Result<u16, NotIp> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// The 16-bit number at `at`, least significant byte first.
    #[inline]
    pub(crate) fn u16_little(self, at: usize) -> Result<u16, NotIp> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// The 32-bit number at `at`, most significant byte first.
    #[inline]
    pub(crate) fn u32(self, at: usize) -> Result<u32, NotIp> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// The 32-bit number at `at`, least significant byte first.
    #[inline]
    pub(crate) fn u32_little(self, at: usize) -> Result<u32, NotIp> {
        self.array(at).map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_short_is_not_malformed() {
        let span = Span::new(&[1, 2, 3], 5);
        assert_eq!(span.u16(1), Ok(0x0203));
        assert_eq!(span.u16_little(1), Ok(0x0302));
        assert_eq!(span.u16(3), Err(NotIp::CutShort));
        assert_eq!(span.u16(4), Err(NotIp::Malformed));
        assert_eq!(span.u32(usize::MAX), Err(NotIp::Malformed));
        assert_eq!(span.after(4), Ok(Span::new(&[], 1)));
        assert_eq!(span.after(6), Err(NotIp::Malformed));
        assert_eq!(span.limited(2), Span::new(&[1, 2], 2));
        assert_eq!(span.limited(4), Span::new(&[1, 2, 3], 4));
        assert_eq!(Span::new(&[1, 2, 3], 0).wire_length(), 3);
    }
}
