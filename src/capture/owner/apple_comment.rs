//! `tcpdump -P` on macOS without pktap: from comments such as `proc Safari:501, svc BE, out` to the owning process.
//!
//! Apple libpcap `pcap-darwin.c` writes them, separated by a comma and a space.

use super::super::{Direction, FrameNote};
use super::options::PacketOptions;
use super::{Owner, OwnerFormat, SectionOwners, text};
use std::sync::Arc;

/// Reads the comment. One without a process still tells the direction.
pub(super) fn packet(_: &SectionOwners, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
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
    for end in ends {
        let (field, rest) = text.split_at_checked(end)?;
        if let Some((name, pid)) = field.rsplit_once(':')
            && let Some(pid) = text::number(pid)
        {
            let (name, pid) = (text::name(name), text::process_id(pid));
            return Some((Arc::new(Owner { name, pid, ..Owner::new(OwnerFormat::AppleComment) }), rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::super::LinkType;
    use super::super::build;
    use super::*;

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
