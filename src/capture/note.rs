//! What a capture says of a frame beyond its bytes: which process or app owned it, which way it went.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which way the capture says a frame went, seen from the capturing device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Direction {
    /// The capture does not say.
    #[default]
    Unknown,
    /// Towards the device.
    Inbound,
    /// Away from the device.
    Outbound,
}

/// What a capture says of a frame beyond its bytes. Absent for most captures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FrameNote {
    /// The process or app the capture names as owner.
    pub owner: Option<Arc<Owner>>,
    /// Which way the frame went.
    pub direction: Direction,
    /// `epb_packetid`: several records of one packet share it (pktmon logs a packet once per component).
    pub packet_id: Option<u64>,
    /// The operating system dropped this packet: it never was on the wire.
    pub is_dropped: bool,
}

/// Which metadata format named the owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OwnerFormat {
    /// PCAPdroid's trailer or pcapng uid map.
    Pcapdroid,
    /// Apple's in-band PKTAP header.
    Pktap,
    /// Apple's process blocks in pcapng.
    DarwinPcapng,
    /// `tcpdump -P` comments.
    AppleComment,
    /// pymobiledevice3 comments.
    Pymobiledevice,
    /// etl2pcapng comments or process option.
    Etl2pcapng,
    /// ptcpdump comments.
    Ptcpdump,
    /// rustnet comments.
    Rustnet,
    /// The standard `epb_processid_threadid` option.
    ProcessOption,
    /// Wireshark's process information block.
    WiresharkProcess,
    /// A side file given with `--owners`.
    SideFile,
}

/// The process or app that owned a packet, as far as the capture names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Owner {
    /// Where this comes from.
    pub format: OwnerFormat,
    /// App label or process name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// Package or bundle identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Box<str>>,
    /// Path of the executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Box<str>>,
    /// Process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i64>,
    /// User id; on Android the app's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<i64>,
}

impl Owner {
    /// An owner of which only the format is known.
    pub fn new(format: OwnerFormat) -> Self {
        Self { format, name: None, package: None, path: None, pid: None, uid: None }
    }

    /// Bytes of memory that it takes in a table, about.
    pub fn weight(&self) -> usize {
        /// What stands beside it in a table or a shared box, and what allocations are rounded up by.
        const PLACE: usize = 72;
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        size_of::<Self>() + PLACE + text(&self.name) + text(&self.package) + text(&self.path)
    }
}
