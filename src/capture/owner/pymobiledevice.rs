//! pymobiledevice3 (iOS without a Mac): from `PID: 1, ProcName: a, EPID: 2, EProcName: b, SVC: 0` to the owning process.
//!
//! Its comments carry both the process and the one on whose behalf it sent. Packets that came without a link header get a
//! made-up Ethernet header whose EtherType says IPv4 always; [`mislabelled`] finds the IPv6 packets among them.

use super::in_band::InBand;
use super::section::Section;
use crate::capture::frame::LinkType;
use crate::capture::note::{FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use crate::capture::text;
use std::sync::Arc;

/// The addresses and EtherType of the made-up header.
const MADE_UP_HEADER: [u8; 14] = [0xbe, 0xef, 0xbe, 0xef, 0xbe, 0xef, 0xbe, 0xef, 0xbe, 0xef, 0xbe, 0xef, 0x08, 0x00];

/// Whether a frame is an IPv6 packet under a header that says IPv4.
#[inline]
pub(super) fn may_be_mislabelled(bytes: &[u8]) -> bool {
    bytes.strip_prefix(&MADE_UP_HEADER).and_then(<[u8]>::first).is_some_and(|first| first >> 4 == 6)
}

/// The IPv6 packet under a header that says IPv4. Its length on the wire still counts the made-up header, as it does for
/// the IPv4 packets of the same capture.
pub(super) fn mislabelled(bytes: &[u8], wire_length: u32) -> Option<InBand> {
    may_be_mislabelled(bytes).then(|| InBand {
        link_type: LinkType::RAW,
        range: MADE_UP_HEADER.len()..bytes.len(),
        wire_length,
        note: FrameNote::default(),
    })
}

/// Reads the comment.
pub(super) fn packet(_: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let Some((pid, name)) = options.comments.iter().find_map(|comment| process(comment)) else {
        return false;
    };
    if pid.is_some() || name.is_some() {
        note.owner = Some(Arc::new(Owner { name, pid, ..Owner::new(OwnerFormat::Pymobiledevice) }));
    }
    true
}

/// Id and name, of the effective process where there is one.
fn process(comment: &str) -> Option<(Option<i64>, Option<Box<str>>)> {
    let (pid, rest) = text::leading_number(comment.strip_prefix("PID: ")?)?;
    let rest = rest.strip_prefix(", ProcName: ")?;
    let (name, rest) = rest.rsplit_once(", EPID: ").unwrap_or((rest, ""));
    let effective = text::leading_number(rest).and_then(|(pid, rest)| {
        let rest = rest.strip_prefix(", EProcName: ")?;
        let name = text::name(rest.rsplit_once(", SVC: ").map_or(rest, |(name, _)| name))?;
        text::process_id(pid).filter(|pid| *pid != 0).map(|pid| (Some(pid), Some(name)))
    });
    let name = text::name(name);
    // 0 without a name is a field nobody set.
    let pid = text::process_id(pid).filter(|pid| *pid != 0 || name.is_some());
    Some(effective.unwrap_or((pid, name)))
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::owner::build;
    use crate::capture::owner::table::{in_band, may_be_in_band};

    fn read(comment: &str) -> Option<Arc<Owner>> {
        SectionOwners::default().packet(LinkType::ETHERNET, &build::comment(comment), 0)?.owner
    }

    fn owner(pid: i64, name: &str) -> Option<Arc<Owner>> {
        Some(Arc::new(Owner { name: Some(name.into()), pid: Some(pid), ..Owner::new(OwnerFormat::Pymobiledevice) }))
    }

    #[test]
    fn effective_process_where_there_is_one() {
        let both = "PID: 88, ProcName: mDNSResponder, EPID: 501, EProcName: WhatsApp, SVC: 0";
        assert_eq!(read(both), owner(501, "WhatsApp"));
        assert_eq!(read("PID: 7, ProcName: a, b, EPID: 0, EProcName: , SVC: 0"), owner(7, "a, b"));
        assert_eq!(read("PID: 7, ProcName: a, EPID: 4294967295, EProcName: x, SVC: 0"), owner(7, "a"));
        assert_eq!(read("PID: 4294967295, ProcName: , EPID: 4294967295, EProcName: , SVC: 0"), None);
        assert_eq!(read("PID: 0, ProcName: , EPID: 0, EProcName: , SVC: 0"), None);
        assert_eq!(read("PID: x, ProcName: a"), None);
        for cut in 0..both.len() {
            read(&both[..cut]);
        }
    }

    #[test]
    fn ipv6_under_an_ipv4_header() {
        let mut bytes = MADE_UP_HEADER.to_vec();
        bytes.extend(build::ipv6([1; 16], [2; 16], 8));
        assert!(may_be_in_band(LinkType::ETHERNET, &bytes));
        let note = FrameNote::default();
        let expected = InBand { link_type: LinkType::RAW, range: 14..62, wire_length: 62, note };
        assert_eq!(in_band(LinkType::ETHERNET, &bytes, 62), Some(expected));
        bytes[14] = 0x45;
        assert!(!may_be_in_band(LinkType::ETHERNET, &bytes));
        assert_eq!(in_band(LinkType::ETHERNET, &bytes[..14], 62), None);
    }
}
