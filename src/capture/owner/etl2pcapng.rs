//! etl2pcapng (Windows): from `PID=1234` comments or the bare process option to the owning process' id.
//!
//! The file has no process names. Windows notes the process whose thread happened to be running, which is right only for
//! what was sent, and often the idle (0) or system (4) process: those, and what was received, name no owner. Packets that
//! pktmon logged have no comment, and are logged once per component with one packet id; their direction is a guess.

use super::section::Section;
use crate::capture::note::{Direction, FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use crate::capture::text;
use std::sync::Arc;

/// The system process, in whose name drivers run.
const SYSTEM_PROCESS: i64 = 4;

/// Reads the comment or, in the form pktmon packets have, the options.
pub(super) fn packet(section: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let commented = options.comments.iter().find_map(|comment| process(comment));
    let pid = match (commented, options.process_id) {
        (Some(pid), _) => pid,
        // etl2pcapng signs nothing: an unsigned section with a flags, a packet id and a process option is how it looks.
        (None, Some(pid)) if !section.is_signed && options.flags.is_some() && options.packet_id.is_some() => {
            note.direction = Direction::Unknown;
            pid.into()
        }
        _ => return false,
    };
    // A drop is one more record of a packet that other components logged too; type 2, value 1.
    note.is_dropped |= options.packet_id.is_some()
        && options.verdict.and_then(|verdict| verdict.split_first()).is_some_and(|(kind, value)| {
            *kind == 2 && value.first_chunk().is_some_and(|value| u64::from_le_bytes(*value) == 1)
        });
    if note.direction != Direction::Inbound && pid > 0 && pid != SYSTEM_PROCESS {
        note.owner = Some(Arc::new(Owner { pid: Some(pid), ..Owner::new(OwnerFormat::Etl2pcapng) }));
    }
    true
}

/// The process id of `PID=1`, also before a blank and more.
fn process(comment: &str) -> Option<i64> {
    let (pid, rest) = text::leading_number(comment.strip_prefix("PID=")?)?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::{ByteOrder, LinkType};
    use crate::capture::owner::build;

    fn options(flags: u32, packet_id: Option<u64>, pid: Option<u32>, comment: &str) -> Vec<u8> {
        let order = ByteOrder::Little;
        let mut bytes = build::option(order, 2, &flags.to_le_bytes());
        if let Some(id) = packet_id {
            bytes.extend(build::option(order, 5, &id.to_le_bytes()));
            bytes.extend(build::option(order, 7, &[2, 1, 0, 0, 0, 0, 0, 0, 0]));
        }
        if let Some(pid) = pid {
            bytes.extend(build::option(order, 8, &[pid.to_le_bytes(), [7, 0, 0, 0]].concat()));
        }
        if !comment.is_empty() {
            bytes.extend(build::comment(comment));
        }
        bytes.extend([0; 4]);
        bytes
    }

    fn owner(pid: i64) -> Option<Arc<Owner>> {
        Some(Arc::new(Owner { pid: Some(pid), ..Owner::new(OwnerFormat::Etl2pcapng) }))
    }

    #[test]
    fn sent_packets_name_their_process() {
        let section = SectionOwners::start(ByteOrder::Little, &[]);
        for comment in ["PID=1234", "PID=1234 TID=77", "PID=1234 TID=77 VlanId=3 SrcPortId=1"] {
            let note = section.packet(LinkType::ETHERNET, &options(2, None, Some(1234), comment), 0);
            let expected = FrameNote { owner: owner(1234), direction: Direction::Outbound, ..FrameNote::default() };
            assert_eq!(note, Some(expected));
        }
        for (flags, comment) in [(1, "PID=1234"), (2, "PID=4 TID=1"), (2, "PID=0")] {
            let note = section.packet(LinkType::ETHERNET, &options(flags, None, None, comment), 0).unwrap();
            assert_eq!(note.owner, None, "{comment}");
        }
    }

    #[test]
    fn pktmon_packets_have_only_options() {
        let bytes = options(2, Some(99), Some(1234), "");
        let section = SectionOwners::start(ByteOrder::Little, &[]);
        let expected =
            FrameNote { owner: owner(1234), direction: Direction::Unknown, packet_id: Some(99), is_dropped: true };
        assert_eq!(section.packet(LinkType::ETHERNET, &bytes, 0), Some(expected));
        let signed = SectionOwners::start(ByteOrder::Little, &build::written_by(ByteOrder::Little, "Other"));
        let note = signed.packet(LinkType::ETHERNET, &bytes, 0).unwrap();
        assert_eq!(note.owner.unwrap().format, OwnerFormat::ProcessOption);
    }

    #[test]
    fn other_comments_are_not_ours() {
        let section = SectionOwners::default();
        for comment in ["PID=", "PID=x", "PID=1x", "pid=1", "PID: 1"] {
            let note = section.packet(LinkType::ETHERNET, &options(2, None, None, comment), 0).unwrap();
            assert_eq!(note.owner, None, "{comment}");
        }
        let bytes = options(2, Some(99), Some(1234), "PID=1234 TID=7");
        for cut in 0..bytes.len() {
            section.packet(LinkType::ETHERNET, &bytes[..cut], 0);
        }
    }
}
