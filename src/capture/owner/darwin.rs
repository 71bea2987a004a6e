//! Apple's pcapng: from process information blocks and the packet options that point at them to the owning process.
//!
//! Apple libpcap `pcap-ng.h`. A packet names a block by its order in the section, from 0. The *effective* process is the
//! one on whose behalf a daemon sent the packet, so it is preferred.

use super::section::Section;
use crate::capture::note::{FrameNote, Owner, OwnerFormat};
use crate::capture::options::{OptionReader, PacketOptions};
use crate::capture::text;
use std::sync::Arc;

/// Takes in a process information block. Returns whether there was no room for it. One that is cut short still counts: packets refer
/// to blocks by number.
pub(super) fn block(section: &mut Section, block_type: u32, body: &[u8]) -> bool {
    const PROCESS_INFORMATION: u32 = 0x8000_0001;
    const OPTION_NAME: u16 = 2;
    const OPTION_PATH: u16 = 3;
    /// Memory for a block that names nobody: it has a number too.
    const NUMBER: usize = size_of::<Option<Arc<Owner>>>();
    if block_type != PROCESS_INFORMATION {
        return false;
    }
    if section.tables.darwin.is_full {
        return true;
    }
    let owner = body.split_first_chunk::<4>().and_then(|(pid, options)| {
        let mut owner = Owner::new(OwnerFormat::DarwinPcapng);
        owner.pid = text::process_id(section.order.u32(*pid).into());
        for (code, value) in OptionReader::new(section.order, options) {
            match code {
                OPTION_NAME => owner.name = text::field(value),
                OPTION_PATH => owner.path = text::path_field(value),
                _ => {}
            }
        }
        owner.name = owner.name.or_else(|| owner.path.as_deref().and_then(text::base_name));
        (owner.pid.is_some() || owner.name.is_some()).then(|| Arc::new(owner))
    });
    let room = section.room_for(owner.as_ref().map_or(NUMBER, |owner| owner.weight()));
    let is_full = room.is_none();
    match room {
        Some(tables) => tables.darwin.owners.push(owner),
        None => Arc::make_mut(&mut section.tables).darwin.is_full = true,
    }
    is_full
}

/// Reads the process index, and whether the system dropped the packet. The option codes are of the range for local use, so
/// they mean something only in a section with process blocks.
pub(super) fn packet(section: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let processes = &section.tables.darwin;
    if processes.owners.is_empty() {
        return false;
    }
    note.is_dropped |= options.darwin_drop_reason.is_some_and(|reason| reason != 0);
    let owner = processes.owner(options.darwin_effective_process).or_else(|| processes.owner(options.darwin_process));
    note.owner = owner.cloned();
    note.owner.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::{ByteOrder, LinkType};
    use crate::capture::note::Direction;
    use crate::capture::owner::build;

    fn process(order: ByteOrder, pid: u32, name: &str) -> Vec<u8> {
        let mut body = build::u32(order, pid).to_vec();
        body.extend(build::option(order, 2, name.as_bytes()));
        body.extend(build::option(order, 4, &[9; 16]));
        body.extend([0; 4]);
        body
    }

    fn index(order: ByteOrder, code: u16, value: u32) -> Vec<u8> {
        build::option(order, code, &build::u32(order, value))
    }

    fn owner(pid: i64, name: &str) -> Arc<Owner> {
        Arc::new(Owner { name: Some(name.into()), pid: Some(pid), ..Owner::new(OwnerFormat::DarwinPcapng) })
    }

    #[test]
    fn the_effective_process_wins() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut section = SectionOwners::start(order, &[]);
            section.block(0x8000_0001, &process(order, 0, "kernel_task"));
            section.block(0x8000_0001, &process(order, 88, "mDNSResponder\0"));
            section.block(0x8000_0001, &process(order, 501, "Safari"));
            let mut options = index(order, 0x8001, 1);
            let note = section.packet(LinkType(1), &options, 0).unwrap();
            assert_eq!(note.owner, Some(owner(88, "mDNSResponder")));
            options.extend(index(order, 0x8003, 2));
            options.extend(index(order, 2, 1));
            let expected =
                FrameNote { owner: Some(owner(501, "Safari")), direction: Direction::Inbound, ..FrameNote::default() };
            assert_eq!(section.packet(LinkType(1), &options, 0), Some(expected));
            let note = section.packet(LinkType(1), &index(order, 0x8001, 0), 0).unwrap();
            assert_eq!(note.owner, Some(owner(0, "kernel_task")));
            assert_eq!(section.packet(LinkType(1), &index(order, 0x8001, 3), 0), None);
        }
    }

    #[test]
    fn dropped_packets_are_marked() {
        let order = ByteOrder::Little;
        let mut section = SectionOwners::start(order, &[]);
        let options = index(order, 0x8007, 5);
        assert_eq!(section.packet(LinkType(1), &options, 0), None, "no darwin section");
        section.block(0x8000_0001, &process(order, 1, "launchd"));
        assert!(section.packet(LinkType(1), &options, 0).unwrap().is_dropped);
    }

    #[test]
    fn cut_blocks_keep_their_number() {
        let order = ByteOrder::Little;
        let first = process(order, 7, "first");
        for cut in 0..first.len() {
            let mut section = SectionOwners::start(order, &[]);
            section.block(0x8000_0001, &first[..cut]);
            section.block(0x8000_0001, &process(order, 8, "second"));
            let note = section.packet(LinkType(1), &index(order, 0x8001, 1), 0).unwrap();
            assert_eq!(note.owner, Some(owner(8, "second")), "{cut}");
        }
    }

    /// What is left out is counted, and what comes after it does not take its number.
    #[test]
    fn blocks_are_bounded_by_what_they_take() {
        let order = ByteOrder::Little;
        let mut section = SectionOwners::start(order, &[]);
        let long = process(order, 7, &"x".repeat(255));
        let mut left_out = 0;
        for _ in 0..100_000 {
            left_out += section.block(0x8000_0001, &long);
        }
        let kept = section.section.tables.darwin.owners.len();
        assert!((10_000..90_000).contains(&kept), "{kept}");
        assert_eq!(left_out, 100_000 - kept as u64);
        assert_eq!(section.block(0x8000_0001, &[]), 1);
        assert_eq!(section.packet(LinkType(1), &index(order, 0x8001, kept as u32), 0), None);
        assert_eq!(section.section.tables.darwin.owners.len(), kept);
    }
}
