//! From records to [`Frame`]s: takes in-band owner headers off, numbers, counts, and hands over to the observer.

use super::format::secrets::Secrets;
use super::format::visit::Visit;
use super::frame::{Frame, FrameId, LinkType};
use super::note::FrameNote;
use super::owner::in_band::InBand;
use super::owner::table;

/// The longest packet that is believed without having been captured whole. Jumbo frames have 9 KB; what Linux captures before it is cut
/// into frames, or after frames were joined (GSO, GRO), has up to 512 KiB and headers (`GSO_MAX_SIZE`, "BIG TCP"). One record that
/// claims the 4 GiB that its field can say would otherwise outweigh all the others.
const LONGEST: u32 = 1 << 20;

/// What is accumulated from frames; one value per range of a capture.
pub trait Observe: Send {
    /// Takes in the next frame of the range. Its bytes live only during the call.
    fn observe(&mut self, frame: Frame<'_>);
}

/// What was counted over a range, or over a capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    /// Records that take a frame number.
    pub(super) frames: u64,
    /// Those of them that are no packets.
    pub(super) not_packets: u64,
    pub(super) wire_bytes: u64,
    pub(super) captured_bytes: u64,
    /// Earliest and latest time of packets that have one.
    pub(super) span_ns: Option<(i64, i64)>,
    /// Owners that blocks named and that there was no room for.
    pub(super) owners_left_out: u64,
    /// Packets that claim a length on the wire that no link carries.
    pub(super) lengths_not_believed: u64,
    /// Headers of other files in the midst of this one.
    pub(super) joined_files: u64,
    /// Blocks of secrets with lines on Encrypted Client Hello.
    pub(super) secret_blocks: u64,
}

impl Counts {
    /// Takes in what was counted next.
    pub(super) fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.not_packets += other.not_packets;
        self.wire_bytes += other.wire_bytes;
        self.captured_bytes += other.captured_bytes;
        self.span_ns = match (self.span_ns, other.span_ns) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (span, None) | (None, span) => span,
        };
        self.owners_left_out += other.owners_left_out;
        self.lengths_not_believed += other.lengths_not_believed;
        self.joined_files += other.joined_files;
        self.secret_blocks += other.secret_blocks;
    }
}

/// Turns records into frames and counts them.
pub(super) struct Tally<P> {
    pub(super) partial: P,
    /// The next frame, in its capture as counted from the first one in the partial.
    next: FrameId,
    not_packets: u64,
    wire_bytes: u64,
    captured_bytes: u64,
    span_ns: Option<(i64, i64)>,
    owners_left_out: u64,
    lengths_not_believed: u64,
    joined_files: u64,
    secret_blocks: u64,
}

impl<P> Tally<P> {
    pub(super) fn new(partial: P) -> Self {
        Self::of_capture(partial, 0)
    }

    /// Goes on with the partial of captures before this one.
    pub(super) fn of_capture(partial: P, capture: u32) -> Self {
        Self {
            partial,
            next: FrameId::new(capture, 0),
            not_packets: 0,
            wire_bytes: 0,
            captured_bytes: 0,
            span_ns: None,
            owners_left_out: 0,
            lengths_not_believed: 0,
            joined_files: 0,
            secret_blocks: 0,
        }
    }

    /// The observer and what was counted.
    pub(super) fn finish(self) -> (P, Counts) {
        let counts = Counts {
            frames: self.next.record(),
            not_packets: self.not_packets,
            wire_bytes: self.wire_bytes,
            captured_bytes: self.captured_bytes,
            span_ns: self.span_ns,
            owners_left_out: self.owners_left_out,
            lengths_not_believed: self.lengths_not_believed,
            joined_files: self.joined_files,
            secret_blocks: self.secret_blocks,
        };
        (self.partial, counts)
    }
}

impl<P: Observe> Tally<P> {
    #[inline(always)]
    fn hand_over(&mut self, frame: Frame<'_>) {
        self.wire_bytes += u64::from(frame.wire_length);
        match &mut self.span_ns {
            // 0 is "no time", as in a simple packet block. A real packet of 1970 is only not counted for the span.
            _ if frame.time_ns == 0 => {}
            Some((_, latest_ns)) if frame.time_ns >= *latest_ns => *latest_ns = frame.time_ns,
            Some((earliest_ns, _)) => *earliest_ns = frame.time_ns.min(*earliest_ns),
            span_ns => *span_ns = Some((frame.time_ns, frame.time_ns)),
        }
        self.next = frame.id.following();
        self.partial.observe(frame);
    }

    /// The length of a packet that claims to be longer than any: what of it was captured.
    #[cold]
    fn believed(&mut self, bytes: &[u8], wire_length: u32) -> u32 {
        match u32::try_from(bytes.len()) {
            Ok(captured) if captured < wire_length => {
                self.lengths_not_believed += 1;
                captured
            }
            _ => wire_length,
        }
    }

    #[cold]
    fn in_band(&mut self, time_ns: i64, bytes: &[u8], found: InBand, outer: Option<&FrameNote>) {
        let note = joined(found.note, outer);
        let frame = Frame {
            id: self.next,
            time_ns,
            link_type: found.link_type,
            bytes: bytes.get(found.range).unwrap_or_default(),
            wire_length: found.wire_length,
            note: Some(&note),
        };
        self.hand_over(frame);
    }
}

impl<P: Observe> Visit for Tally<P> {
    const WANTS_NOTES: bool = true;

    #[inline(always)]
    fn packet(&mut self, time_ns: i64, link_type: LinkType, bytes: &[u8], wire_length: u32, note: Option<&FrameNote>) {
        self.captured_bytes += bytes.len() as u64;
        let wire_length = if wire_length > LONGEST { self.believed(bytes, wire_length) } else { wire_length };
        if table::may_be_in_band(link_type, bytes)
            && let Some(found) = table::in_band(link_type, bytes, wire_length)
        {
            return self.in_band(time_ns, bytes, found, note);
        }
        self.hand_over(Frame { id: self.next, time_ns, link_type, bytes, wire_length, note });
    }

    #[inline]
    fn other(&mut self) {
        self.next = self.next.following();
        self.not_packets += 1;
    }

    #[cold]
    fn joined_file(&mut self) {
        self.joined_files += 1;
    }

    #[cold]
    fn secrets(&mut self, log: &[u8]) {
        self.secret_blocks += u64::from(Secrets::are_in(log));
    }

    #[cold]
    fn leave_out_owners(&mut self, owners: u64) {
        self.owners_left_out += owners;
    }
}

/// What a header inside the packet says, completed by what the packet's block says.
fn joined(inner: FrameNote, outer: Option<&FrameNote>) -> FrameNote {
    let Some(outer) = outer else { return inner };
    FrameNote {
        owner: inner.owner.or_else(|| outer.owner.clone()),
        direction: if inner.direction == super::Direction::Unknown { outer.direction } else { inner.direction },
        packet_id: inner.packet_id.or(outer.packet_id),
        is_dropped: inner.is_dropped || outer.is_dropped,
    }
}
