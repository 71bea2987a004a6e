//! `tcpdump -P` on macOS without pktap: from comments such as `proc Safari:501, svc BE, out` to the owning process.
//!
//! Apple libpcap `pcap-darwin.c` writes them, separated by a comma and a space.

use super::section::Section;
use crate::capture::note::{Direction, FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use crate::capture::text;
use std::sync::Arc;

/// Reads the comment. One without a process still tells the direction.
pub(super) fn packet(_: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let read = options.comments.iter().find_map(|comment| {
        if let Some(rest) = comment.strip_prefix("proc ") {
            let (owner, rest) = process(rest)?;
            return Some((Some(owner), rest));
        }
        comment.strip_prefix("svc ").map(|rest| (None, rest))
    });
    let Some((owner, rest)) = read else {
        return false;
    };
    if note.direction == Direction::Unknown {
        for word in rest.split(", ") {
            match word {
                "in" => note.direction = Direction::Inbound,
                "out" => note.direction = Direction::Outbound,
                _ => {}
            }
        }
    }
    note.owner = owner;
    true
}

/// `NAME:PID` and what follows. Names may hold commas and colons, so the first field that ends in a number ends it.
fn process(text: &str) -> Option<(Arc<Owner>, &str)> {
    let ends = text.match_indices(", ").map(|(at, _)| at).chain([text.len()]);
    let mut start = 0;
    for end in ends {
        // A number holds no comma, so the colon before it lies in this field: no field is looked through twice.
        let colon = text.get(start..end)?.rfind(':').map(|at| start + at);
        if let Some(colon) = colon
            && let Some(pid) = text::number(text.get(colon + 1..end)?)
        {
            let (name, pid) = (text::name(text.get(..colon)?), text::process_id(pid));
            let owner = Owner { name, pid, ..Owner::new(OwnerFormat::AppleComment) };
            return Some((Arc::new(owner), text.get(end..)?));
        }
        start = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::LinkType;
    use crate::capture::owner::build;

    fn read(comment: &str) -> Option<FrameNote> {
        SectionOwners::default().packet(LinkType::ETHERNET, &build::comment(comment), 0)
    }

    #[test]
    fn process_and_direction() {
        let name = |name: &str| Some(name.into());
        for (comment, expected, pid, direction) in [
            ("proc Safari:501, svc BE, out", name("Safari"), Some(501), Direction::Outbound),
            ("proc a: b, c:12, svc BK, re, in, flowid 0x7f", name("a: b, c"), Some(12), Direction::Inbound),
            ("proc x:-1", name("x"), None, Direction::Unknown),
        ] {
            let owner = Owner { name: expected, pid, ..Owner::new(OwnerFormat::AppleComment) };
            let note = FrameNote { owner: Some(Arc::new(owner)), direction, ..FrameNote::default() };
            assert_eq!(read(comment), Some(note), "{comment}");
        }
    }

    /// From each comma, the reader once looked back to the start of the comment, which took a second for each such comment.
    #[test]
    fn a_comment_of_commas_is_read_through_once() {
        let commas = format!("proc {}", ", ".repeat(32_000));
        assert_eq!(process(commas.strip_prefix("proc ").unwrap()), None);
        let named = format!("{}x:7, in", ", ".repeat(30_000));
        let (owner, rest) = process(&named).unwrap();
        assert_eq!((owner.pid, owner.name.as_ref().unwrap().len(), rest), (Some(7), 255, ", in"));
    }

    #[test]
    fn no_process() {
        assert_eq!(read("svc BE, in").unwrap().direction, Direction::Inbound);
        for comment in ["proc ", "proc x", "proc x:", "process x:1", "svc BE", ""] {
            assert_eq!(read(comment), None, "{comment}");
        }
        let whole = "proc Safari:501, svc BE, out";
        for cut in 0..whole.len() {
            read(&whole[..cut]);
        }
    }
}
