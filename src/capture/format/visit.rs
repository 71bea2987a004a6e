//! What both capture formats share: a walk over the records in a buffer calls a visitor, and says why it ended.

use crate::capture::frame::LinkType;
use crate::capture::note::FrameNote;

/// Longest packet most link types may have; Wireshark and libpcap refuse longer ones, because a longer one means that the
/// reader is not at a record.
pub(crate) const MAX_PACKET: u32 = 262_144;

/// Longest packet of a link type: USB and D-Bus messages are longer than network packets. As long as the longest block of pcapng,
/// though D-Bus allows 128 MiB: a reader keeps the whole of it in memory, and each thread another.
pub(crate) fn max_packet(link_type: LinkType) -> u32 {
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
pub(crate) trait Visit {
    /// Whether the visitor wants to know owners; the cutter of streams does not.
    const WANTS_NOTES: bool;

    /// A packet as the capture holds it.
    fn packet(&mut self, time_ns: i64, link_type: LinkType, bytes: &[u8], wire_length: u32, note: Option<&FrameNote>);

    /// A record that is no packet but takes a frame number in Wireshark.
    fn other(&mut self);

    /// The header of another file, in the midst of this one.
    fn joined_file(&mut self) {}

    /// Decryption secrets of a capture: a key log of TLS.
    fn secrets(&mut self, _: &[u8]) {}

    /// Owners that a block names and that there was no room for.
    fn leave_out_owners(&mut self, _: u64) {}
}

/// A visitor that ignores the records.
pub(crate) struct Pass;

impl Visit for Pass {
    const WANTS_NOTES: bool = false;
    #[inline(always)]
    fn packet(&mut self, _: i64, _: LinkType, _: &[u8], _: u32, _: Option<&FrameNote>) {}
    #[inline(always)]
    fn other(&mut self) {}
}

/// Why a walk over a buffer ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// The next record starts at or after the limit.
    Limit,
    /// The next record needs this many bytes from where the walk ended.
    NeedMore(usize),
    /// The next record cannot be one.
    Bad(String),
}

/// The message for a record that the capture does not hold to its end.
pub(crate) const CUT_SHORT: &str = "the capture is cut short in the middle of this frame";
/// As many zeros as no capturing tool writes one after another: a page that a file system leaves where nothing was written.
pub(crate) const HOLE: usize = 4_096;
/// The message where nothing was written: the disk was full, the machine stopped, or a copy was interrupted.
pub(crate) const ZEROS: &str = "there are only zeros here: the capture was not written or copied to its end";

/// The message for the bytes that are left when a capture ends inside a record.
pub(crate) fn cut_short(rest: &[u8]) -> String {
    /// Fewer zeros may be the start of anything.
    const HEADER: usize = 16;
    let is_hole = rest.len() >= HEADER && rest.iter().all(|byte| *byte == 0);
    (if is_hole { ZEROS } else { CUT_SHORT }).to_owned()
}
