//! What both capture formats have in common: how far a walk over a buffer came, and who it visits.

use super::classic::Layout;
use super::pcapng::Section;
use super::{FrameNote, LinkType};

/// Longest packet most link types may have; Wireshark and libpcap refuse longer ones, since a length beyond it means that
/// the reader lost its way.
pub(super) const MAX_PACKET: u32 = 262_144;

/// Longest packet of a link type: USB and D-Bus messages are longer than network packets. As long as the longest block of pcapng,
/// though D-Bus allows 128 MiB: a reader keeps the whole of it in memory, and each thread another.
pub(super) fn max_packet(link_type: LinkType) -> u32 {
    /// LINKTYPE_DBUS (messages up to 128 MiB by its specification).
    const DBUS: LinkType = LinkType(231);
    /// LINKTYPE_USBPCAP.
    const USBPCAP: LinkType = LinkType(249);
    /// LINKTYPE_EBHSCR.
    const EBHSCR: LinkType = LinkType(279);
    match link_type {
        DBUS | USBPCAP => 16 << 20,
        EBHSCR => 8 << 20,
        _ => MAX_PACKET,
    }
}

/// Sees the records of a walk, in order.
pub(super) trait Visit {
    /// Whether the visitor wants to know owners; the cutter of streams does not.
    const WANTS_NOTES: bool;

    /// A packet as the capture holds it.
    fn packet(&mut self, time_ns: i64, link_type: LinkType, bytes: &[u8], wire_length: u32, note: Option<&FrameNote>);

    /// A record that is no packet but takes a frame number in Wireshark.
    fn other(&mut self);

    /// Owners that a block names and that there was no room for.
    fn leave_out_owners(&mut self, _: u64) {}
}

/// A visitor that only wants the walk done.
pub(super) struct Pass;

impl Visit for Pass {
    const WANTS_NOTES: bool = false;
    #[inline(always)]
    fn packet(&mut self, _: i64, _: LinkType, _: &[u8], _: u32, _: Option<&FrameNote>) {}
    #[inline(always)]
    fn other(&mut self) {}
}

/// Why a walk over a buffer ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// The next record starts at or after the limit.
    Limit,
    /// The next record needs this many bytes from where the walk ended.
    NeedMore(usize),
    /// The next record cannot be one.
    Bad(String),
}

/// What is said of a record that the capture does not hold to its end.
pub(super) const CUT_SHORT: &str = "the capture is cut short in the middle of this frame";
/// Zeros that no capturing tool writes one after another: the page that a file system leaves where nothing was written.
pub(super) const HOLE: usize = 4_096;
/// What is said where nothing was written: a disk that was full, a machine that stopped, a copy that was broken off.
pub(super) const ZEROS: &str = "there are only zeros here: the capture was not written or copied to its end";

/// What is said of the bytes that are left when a capture ends inside a record.
pub(super) fn cut_short(rest: &[u8]) -> String {
    /// Fewer zeros may be the start of anything.
    const HEADER: usize = 16;
    let is_hole = rest.len() >= HEADER && rest.iter().all(|byte| *byte == 0);
    (if is_hole { ZEROS } else { CUT_SHORT }).to_owned()
}

/// What must be known to read on from a record: the format, and for pcapng the section so far.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Classic pcap; nothing ever changes.
    Classic(Layout),
    /// pcapng; section, interface and other blocks change it.
    Pcapng(Section),
}

impl State {
    /// Visits the records in `bytes` whose header starts before `limit`, from the one that starts at 0. Returns where
    /// the first record not visited starts.
    #[inline]
    pub(super) fn walk<V: Visit>(&mut self, bytes: &[u8], limit: usize, visit: &mut V) -> (usize, Stop) {
        match self {
            Self::Classic(layout) => layout.walk(bytes, limit, visit),
            Self::Pcapng(section) => section.walk(bytes, limit, visit),
        }
    }

    /// Forgets what was used and changed so far, before a range is read.
    pub(super) fn start_range(&mut self) {
        if let Self::Pcapng(section) = self {
            section.start_range();
        }
    }

    /// The state to go on with where the range that began with `before` and ended with `self` really begins with
    /// `truth`; `None` where the range may have been misread for that. `is_whole`: nothing in the range was found wrong.
    pub(super) fn proven(self, before: &Self, truth: &Self, is_whole: bool) -> Option<Self> {
        match (self, before, truth) {
            (after @ Self::Classic(_), _, _) => Some(after),
            (Self::Pcapng(after), Self::Pcapng(before), Self::Pcapng(truth)) => {
                after.proven(before, truth, is_whole).map(Self::Pcapng)
            }
            _ => None,
        }
    }
}
