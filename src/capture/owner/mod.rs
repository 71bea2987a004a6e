//! Who owned a packet, as the capture itself says: one file per format, one row in a table.
//!
//! Formats that speak through pcapng blocks and packet options are the rows of `FORMATS`; formats that put a header or
//! trailer around the frame itself are the arms of [`may_be_in_band`] and [`in_band`]; files beside the capture are
//! [`SideOwners`]. What is found is a claim of the capturing tool, and untrusted like every other byte.

mod apple_comment;
mod darwin;
mod etl2pcapng;
mod options;
mod pcapdroid;
mod pktap;
mod process_option;
mod ptcpdump;
mod pymobiledevice;
mod rustnet;
mod side;
mod side_formats;
mod text;
mod wireshark;

pub use side::SideOwners;

use super::{ByteOrder, FrameNote, LinkType};
use options::{OptionReader, PacketOptions};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// One format that speaks through pcapng blocks and options.
struct Format {
    /// How `shb_userappl` begins, in lower case, where this tool wrote the section; empty where that says nothing.
    writer: &'static str,
    /// Takes in a block of the section: its type and its body. Whether it names an owner that there is no room for.
    block: fn(&mut SectionOwners, u32, &[u8]) -> bool,
    /// Writes what a packet's options say into the note; whether they are this format's.
    packet: fn(&SectionOwners, &PacketOptions<'_>, i64, &mut FrameNote) -> bool,
}

/// For a format without blocks of its own.
fn no_block(_: &mut SectionOwners, _: u32, _: &[u8]) -> bool {
    false
}

/// All formats, in the order in which they are asked where the section does not name its writer.
///
/// The order matters: `PID: 1` opens the comments of two tools, and the bare process option is the weakest statement.
const FORMATS: &[Format] = &[
    Format { writer: "", block: darwin::block, packet: darwin::packet },
    Format { writer: "pcapdroid", block: pcapdroid::block, packet: pcapdroid::packet },
    Format { writer: "rustnet", block: no_block, packet: rustnet::packet },
    Format { writer: "etl2pcapng", block: no_block, packet: etl2pcapng::packet },
    Format { writer: "", block: no_block, packet: apple_comment::packet },
    Format { writer: "pymobiledevice3", block: no_block, packet: pymobiledevice::packet },
    Format { writer: "ptcpdump", block: no_block, packet: ptcpdump::packet },
    Format { writer: "", block: wireshark::block, packet: wireshark::packet },
    Format { writer: "", block: no_block, packet: process_option::packet },
];

/// Bytes that the owners of one section may take: some 40,000 with names of usual length, which is more processes or apps
/// than any system runs. A reading holds a few such tables at once: of the ranges under way, and of the one that joins.
const MAX_BYTES: usize = 8 << 20;

/// Owner metadata of one pcapng section: maps that its blocks define and its packets refer to.
///
/// Kept by the block reader; reset at each section header. Cloned for every range and compared to prove that a range was read
/// with the state its predecessor ended with: so the tables are shared until a block changes them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SectionOwners {
    order: ByteOrder,
    /// Row of [`FORMATS`] whose tool wrote the section, as it says.
    writer: Option<usize>,
    /// Whether the section says which tool wrote it.
    is_signed: bool,
    tables: Arc<Tables>,
}

/// What the blocks of a section defined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Tables {
    pcapdroid: pcapdroid::Apps,
    darwin: darwin::Processes,
    wireshark: wireshark::Processes,
    /// Bytes that they take, about.
    bytes: usize,
}

impl Tables {
    /// What another took the place of is gone.
    fn free(&mut self, replaced: Option<Arc<Owner>>) {
        self.bytes -= replaced.map_or(0, |owner| owner.weight()).min(self.bytes);
    }
}

impl SectionOwners {
    /// The tables with so many bytes more, to be added to them now; `None` where there is no room.
    fn room_for(&mut self, bytes: usize) -> Option<&mut Tables> {
        if self.tables.bytes + bytes > MAX_BYTES {
            return None;
        }
        let tables = Arc::make_mut(&mut self.tables);
        tables.bytes += bytes;
        Some(tables)
    }

    /// The state after a section header with these options (the bytes after the section length).
    pub fn start(order: ByteOrder, options: &[u8]) -> Self {
        const SHB_USERAPPL: u16 = 4;
        let written_by = OptionReader::new(order, options).find(|(code, _)| *code == SHB_USERAPPL);
        let writer = written_by.and_then(|(_, value)| {
            FORMATS.iter().position(|format| !format.writer.is_empty() && text::starts_with(value, format.writer))
        });
        Self { order, writer, is_signed: written_by.is_some(), ..Self::default() }
    }

    /// Takes in a block that is neither a section header, an interface nor a packet: `body` is what lies between the two
    /// length fields. Blocks that say nothing of owners are passed by. Returns how many owners there was no room for.
    pub fn block(&mut self, block_type: u32, body: &[u8]) -> u64 {
        FORMATS.iter().map(|format| u64::from((format.block)(self, block_type, body))).sum()
    }

    /// What a packet's options (enhanced packet block, from the first option on) say. `None` where they say nothing.
    /// `link_type` is its interface's.
    pub fn packet(&self, link_type: LinkType, options: &[u8], time_ns: i64) -> Option<FrameNote> {
        let _ = link_type;
        if options.is_empty() {
            return None;
        }
        let options = PacketOptions::read(self.order, options);
        let mut note =
            FrameNote { direction: options.direction(), packet_id: options.packet_id, ..FrameNote::default() };
        let named = self.writer.and_then(|row| FORMATS.get(row));
        named.into_iter().chain(FORMATS).any(|format| (format.packet)(self, &options, time_ns, &mut note));
        (note != FrameNote::default()).then_some(note)
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
    /// What the header or trailer said. It is closer to the packet than its block's options, so it wins over them.
    pub note: FrameNote,
}

/// Whether [`in_band`] must look at a frame; constant time, since every frame is asked.
#[inline(always)]
pub fn may_be_in_band(link_type: LinkType, bytes: &[u8]) -> bool {
    if link_type != LinkType::ETHERNET {
        return matches!(link_type, pktap::LINK_TYPE | pktap::LINK_TYPE_USER2);
    }
    // Addresses begin with any byte, and a question that half of them answer with yes is a guess for the processor: so
    // the first bytes are asked what is hardly ever so, or always, as in a flood.
    bytes.first_chunk().is_some_and(|start| match u64::from_le_bytes(*start) {
        0 => pcapdroid::may_have_trailer(bytes),
        first => match first as u8 {
            0xbe | 0x45 => may_be_in_ethernet(bytes),
            0x60..=0x6f => !pcapdroid::has_ether_type(bytes) && may_be_in_ethernet(bytes),
            _ => false,
        },
    })
}

#[cold]
fn may_be_in_ethernet(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(0xbe) => pymobiledevice::may_be_mislabelled(bytes),
        _ => pcapdroid::may_be_bare(bytes),
    }
}

/// Takes an in-band owner header or trailer off a record of `wire_length` bytes; `None` where there is none.
pub fn in_band(link_type: LinkType, bytes: &[u8], wire_length: u32) -> Option<InBand> {
    match link_type {
        LinkType::ETHERNET => pcapdroid::trailer(bytes, wire_length)
            .or_else(|| pymobiledevice::mislabelled(bytes, wire_length))
            .or_else(|| pcapdroid::bare(bytes, wire_length)),
        pktap::LINK_TYPE | pktap::LINK_TYPE_USER2 => pktap::header(link_type, bytes, wire_length),
        _ => None,
    }
}

#[cfg(test)]
mod build;
#[cfg(test)]
mod tests;
