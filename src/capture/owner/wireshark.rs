//! Wireshark's process information: from custom blocks of its enterprise number to the process a packet's
//! `epb_processid_threadid` names.
//!
//! Wireshark `wiretap/pcapng-wireshark-custom.c`, entry type 3; entries are little-endian whatever the section is. Ids are
//! used again, so of several processes with one id the one that started last before the packet is meant.

use super::section::Section;
use crate::capture::frame::ByteOrder;
use crate::capture::note::{FrameNote, Owner, OwnerFormat};
use crate::capture::options::{OptionReader, PacketOptions};
use crate::capture::text;
use std::sync::Arc;

/// Takes in a process information entry. Returns whether there was no room for it.
pub(super) fn block(section: &mut Section, block_type: u32, body: &[u8]) -> bool {
    let Some((pid, start, owner)) = entry(section.order, block_type, body) else {
        return false;
    };
    let Some(tables) = section.room_for(owner.weight()) else {
        return true;
    };
    let processes = &mut tables.wireshark;
    let replaced = match start {
        Some(start) => processes.started.insert((pid, start), Arc::new(owner)),
        None => processes.undated.insert(pid, Arc::new(owner)),
    };
    tables.free(replaced);
    false
}

fn entry(section_order: ByteOrder, block_type: u32, body: &[u8]) -> Option<(u32, Option<u64>, Owner)> {
    const ENTERPRISE_NUMBER: u32 = 32622;
    const PROCESS_INFORMATION: u32 = 3;
    // Custom blocks that a tool may copy, and those it must not.
    if !matches!(block_type, 0x0000_0bad | 0x4000_0bad) {
        return None;
    }
    let (enterprise_number, rest) = body.split_first_chunk()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    if section_order.u32(*enterprise_number) != ENTERPRISE_NUMBER || u32::from_le_bytes(*kind) != PROCESS_INFORMATION {
        return None;
    }
    let entry = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let (pid, options) = entry.split_first_chunk()?;
    let pid = u32::from_le_bytes(*pid);
    let mut start = None;
    let mut command_line = None;
    let mut owner = Owner { pid: Some(pid.into()), ..Owner::new(OwnerFormat::WiresharkProcess) };
    for (code, value) in OptionReader::new(ByteOrder::Little, options) {
        match code {
            2 => owner.name = text::field(value),
            3 => owner.path = text::path_field(value),
            4 => command_line = text::path_field(value),
            6 => owner.uid = value.first_chunk().map(|uid| u32::from_le_bytes(*uid).into()),
            9 => start = value.first_chunk().map(|start| u64::from_le_bytes(*start)),
            _ => {}
        }
    }
    let program = owner.path.as_deref().or(command_line.as_deref());
    owner.name = owner.name.or_else(|| program.and_then(text::base_name));
    Some((pid, start, owner))
}

/// Finds the process that the packet's process option names.
pub(super) fn packet(section: &Section, options: &PacketOptions<'_>, time_ns: i64, note: &mut FrameNote) -> bool {
    note.owner = options.process_id.and_then(|pid| section.tables.wireshark.at(pid, time_ns)).cloned();
    note.owner.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::LinkType;
    use crate::capture::owner::build;

    fn body(order: ByteOrder, pid: u32, name: &str, start: Option<u64>) -> Vec<u8> {
        let little = ByteOrder::Little;
        let mut entry = pid.to_le_bytes().to_vec();
        entry.extend(build::option(little, 2, name.as_bytes()));
        entry.extend(build::option(little, 3, format!("/bin/{name}").as_bytes()));
        entry.extend(build::option(little, 6, &1000u32.to_le_bytes()));
        if let Some(start) = start {
            entry.extend(build::option(little, 9, &start.to_le_bytes()));
        }
        let mut body = build::u32(order, 32622).to_vec();
        body.extend(3u32.to_le_bytes());
        body.extend((entry.len() as u32).to_le_bytes());
        body.extend(entry);
        body
    }

    fn name_at(section: &SectionOwners, order: ByteOrder, pid: u32, time_ns: i64) -> Option<Box<str>> {
        let value = [build::u32(order, pid), build::u32(order, 0)].concat();
        section.packet(LinkType::ETHERNET, &build::option(order, 8, &value), time_ns)?.owner?.name.clone()
    }

    #[test]
    fn the_last_started_before_the_packet() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut section = SectionOwners::start(order, &[]);
            section.block(0x0bad, &body(order, 7, "late", Some(200)));
            section.block(0x4000_0bad, &body(order, 7, "early", Some(100)));
            for (time_ns, name) in [(-5, "early"), (50, "early"), (150, "early"), (200, "late"), (i64::MAX, "late")] {
                assert_eq!(name_at(&section, order, 7, time_ns).as_deref(), Some(name), "{time_ns}");
            }
            section.block(0x0bad, &body(order, 7, "undated", None));
            assert_eq!(name_at(&section, order, 7, 50).as_deref(), Some("undated"));
            assert_eq!(name_at(&section, order, 7, 150).as_deref(), Some("early"));
            assert_eq!(name_at(&section, order, 8, 150), None);
        }
    }

    /// Each was once put in front of all before it: seconds for each section.
    #[test]
    fn one_id_that_starts_ever_earlier_costs_no_more() {
        let order = ByteOrder::Little;
        let mut section = SectionOwners::start(order, &[]);
        for start in (0..200_000_u64).rev() {
            section.block(0x0bad, &body(order, 7, "x", Some(start)));
        }
        assert!(section.section.tables.wireshark.started.len() < 200_000);
        assert_eq!(name_at(&section, order, 7, 300_000).as_deref(), Some("x"));
    }

    #[test]
    fn whole_owner() {
        let order = ByteOrder::Little;
        let mut section = SectionOwners::start(order, &[]);
        section.block(0x0bad, &body(order, 7, "curl", None));
        let expected = Owner {
            name: Some("curl".into()),
            path: Some("/bin/curl".into()),
            pid: Some(7),
            uid: Some(1000),
            ..Owner::new(OwnerFormat::WiresharkProcess)
        };
        let note = section.packet(LinkType::ETHERNET, &build::option(order, 8, &[7, 0, 0, 0, 0, 0, 0, 0]), 0).unwrap();
        assert_eq!(note.owner.as_deref(), Some(&expected));
    }

    #[test]
    fn cut_and_foreign_blocks_are_passed_by() {
        let whole = body(ByteOrder::Little, 7, "curl", Some(5));
        for cut in 0..whole.len() {
            let mut section = SectionOwners::default();
            section.block(0x0bad, &whole[..cut]);
            assert_eq!(section, SectionOwners::default(), "{cut}");
        }
        for at in [0, 4, 8] {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x80;
            let mut section = SectionOwners::default();
            section.block(0x0bad, &wrong);
            assert_eq!(section, SectionOwners::default(), "{at}");
        }
    }
}
