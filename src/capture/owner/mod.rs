//! Who owned a packet, as the capture itself says: one file per format, one row in the table.

use super::{ByteOrder, FrameNote, LinkType};
use serde::Serialize;

/// Which metadata format named the owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
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
}

/// Owner metadata of one pcapng section: maps that its blocks define and its packets refer to.
///
/// Kept by the block reader; reset at each section header. Cloned and compared to prove that a range was read with the
/// state its predecessor ended with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SectionOwners {}

impl SectionOwners {
    /// The state after a section header with these options (the bytes after the section length).
    pub fn start(order: ByteOrder, options: &[u8]) -> Self {
        let _ = (order, options);
        Self {}
    }

    /// Takes in a block that is neither a section header, an interface nor a packet: `body` is what lies between the two
    /// length fields. Blocks that say nothing of owners are passed by.
    pub fn block(&mut self, block_type: u32, body: &[u8]) {
        let _ = (block_type, body);
    }

    /// What a packet's options (enhanced packet block, from the first option on) say. `None` where they say nothing.
    /// `link_type` is its interface's.
    pub fn packet(&self, link_type: LinkType, options: &[u8], time_ns: i64) -> Option<FrameNote> {
        let _ = (link_type, options, time_ns);
        None
    }
}

/// A frame with its in-band owner header or trailer taken off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InBand {
    /// Link type of what is left.
    pub link_type: LinkType,
    /// Where in the record's bytes the frame lies.
    pub range: std::ops::Range<usize>,
    /// Length on the wire of what is left.
    pub wire_length: u32,
    /// What the header or trailer said.
    pub note: FrameNote,
}

/// Whether [`in_band`] must look at a frame; constant time, since every frame is asked.
#[inline]
pub fn may_be_in_band(link_type: LinkType, bytes: &[u8]) -> bool {
    let _ = (link_type, bytes);
    false
}

/// Takes an in-band owner header or trailer off a record of `wire_length` bytes; `None` where there is none.
pub fn in_band(link_type: LinkType, bytes: &[u8], wire_length: u32) -> Option<InBand> {
    let _ = (link_type, bytes, wire_length);
    None
}
