//! The table of owner formats, and the functions that ask them.
//!
//! Formats that use pcapng blocks and packet options are the rows of `FORMATS`. Formats that put a header or a trailer around the
//! frame itself are the arms of [`may_be_in_band`] and [`in_band`].

use super::in_band::InBand;
use super::section::Section;
use super::{
    apple_comment, darwin, etl2pcapng, pcapdroid, pktap, process_option, ptcpdump, pymobiledevice, rustnet, wireshark,
};
use crate::capture::frame::{ByteOrder, LinkType};
use crate::capture::note::FrameNote;
use crate::capture::options::{OptionReader, PacketOptions};
use crate::capture::text;

/// A format that uses pcapng blocks and packet options.
struct Format {
    /// How `shb_userappl` begins, in lower case, where this tool wrote the section; empty where that says nothing.
    writer: &'static str,
    /// Takes in a block of the section: its type and its body. Returns whether the block names an owner for which there is no room.
    block: fn(&mut Section, u32, &[u8]) -> bool,
    /// Writes what a packet's options say into the note. Returns whether they are of this format.
    packet: fn(&Section, &PacketOptions<'_>, i64, &mut FrameNote) -> bool,
}

/// For a format without blocks of its own.
fn no_block(_: &mut Section, _: u32, _: &[u8]) -> bool {
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

/// Owner metadata of one pcapng section: maps that its blocks define and its packets refer to.
///
/// The reader of blocks keeps it, and starts a new one at each section header. It is cloned for every range, and compared to prove
/// that a range was read with the state in which the range before it ended; so the tables are shared until a block changes them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SectionOwners {
    /// Row of [`FORMATS`] whose tool wrote the section, as it says.
    writer: Option<usize>,
    pub(super) section: Section,
}

impl SectionOwners {
    /// The state after a section header with these options (the bytes after the section length).
    pub fn start(order: ByteOrder, options: &[u8]) -> Self {
        const SHB_USERAPPL: u16 = 4;
        let written_by = OptionReader::new(order, options).find(|(code, _)| *code == SHB_USERAPPL);
        let writer = written_by.and_then(|(_, value)| {
            FORMATS.iter().position(|format| !format.writer.is_empty() && text::starts_with(value, format.writer))
        });
        let section = Section { order, is_signed: written_by.is_some(), ..Section::default() };
        Self { writer, section }
    }

    /// Takes in a block that is neither a section header, an interface nor a packet: `body` is what lies between the two
    /// length fields. Blocks that do not name owners are skipped. Returns for how many owners there was no room.
    pub fn block(&mut self, block_type: u32, body: &[u8]) -> u64 {
        FORMATS.iter().map(|format| u64::from((format.block)(&mut self.section, block_type, body))).sum()
    }

    /// What a packet's options (enhanced packet block, from the first option on) say. `None` where they say nothing.
    /// `link_type` is its interface's.
    pub fn packet(&self, link_type: LinkType, options: &[u8], time_ns: i64) -> Option<FrameNote> {
        let _ = link_type;
        if options.is_empty() {
            return None;
        }
        let options = PacketOptions::read(self.section.order, options);
        let mut note =
            FrameNote { direction: options.direction(), packet_id: options.packet_id, ..FrameNote::default() };
        let named = self.writer.and_then(|row| FORMATS.get(row));
        named.into_iter().chain(FORMATS).any(|format| (format.packet)(&self.section, &options, time_ns, &mut note));
        (note != FrameNote::default()).then_some(note)
    }
}

/// Whether [`in_band`] must look at a frame; constant time, since every frame is asked.
#[inline(always)]
pub fn may_be_in_band(link_type: LinkType, bytes: &[u8]) -> bool {
    if link_type != LinkType::ETHERNET {
        return matches!(link_type, pktap::LINK_TYPE | pktap::LINK_TYPE_USER2);
    }
    // Addresses begin with any byte. A test that holds for half of them is slow, since the processor cannot predict it. So the
    // tests of the first bytes are such that hold rarely, or always, as in a flood.
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
