//! Openings in one direction of a TCP stream.
//!
//! Each segment with payload is tested whether an opening may start in it. The test looks at that segment alone, so
//! that its result does not depend on how the capture is cut. From a start on, the following segments of the
//! direction are kept until a reader is done, at most [`SEGMENT_LIMIT`] of them. A partial that does not hold the
//! start of the session also keeps the first segments of the direction, because an opening left unfinished before the
//! cut may continue in them.
//!
//! What is kept of the beginning of a stream is limited in bytes, so that a hello in hundreds of tiny segments is found like any
//! other. It is then read when the session is over, since more than [`SEGMENT_LIMIT`] segments are not read again with each new one.

use crate::capture::FrameId;
use crate::flow::opening::contiguous::{BYTE_LIMIT, SEGMENT_LIMIT, contiguous};
use crate::flow::opening::segments::{Segment, Segments};
use crate::flow::opening::{Attempt, Completed, Opening, Read, attempt, may_start, reader_for, settles_late};
use crate::flow::record::Head;
use crate::flow::stamp::Stamp;
use crate::name::table::STREAM_READERS;
use crate::name::{Findings, NameSource, server_name_in_piece};
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

/// When this many bytes are kept of a stream whose start was seen, no further segment is kept. They suffice for a
/// hello of five full segments in any order, and for wire signatures. The limit is in bytes so that small segments
/// are treated no worse.
const HEAD_BYTE_LIMIT: usize = 6 << 10;
/// What each segment counts toward [`HEAD_BYTE_LIMIT`] beside its bytes, so that even segments of one byte are bounded: 2,048 of
/// them are kept, more than the bytes of any hello seen with post-quantum key shares.
const SEGMENT_COST: usize = 2;
/// Segments are counted up to this number. It is more than are ever kept, so that a missing segment is noticed.
const SEEN_LIMIT: u16 = (HEAD_BYTE_LIMIT / SEGMENT_COST) as u16 + 1;
/// An opening that starts in a segment shorter than this may start in the midst of another: `HTTP/1.1` ends a request's first line
/// and begins an answer. If it has no name, others are still expected.
const SURE_START: usize = 8;
/// Starts that are tried when many segments are read again.
const START_LIMIT: usize = 16;

/// One direction of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct StreamSide {
    /// The first segments of the session in this direction.
    pub(in crate::flow) first: Segments,
    pending: Option<Box<Pending>>,
    /// Segments with payload seen so far, counted up to [`SEEN_LIMIT`].
    seen: u16,
    read: Read,
    /// How many of `first` came before the session's first SYN. Openings from before the SYN end there.
    syn_at: Option<u16>,
}

/// Openings that need more bytes, at least one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Pending {
    /// The segments since the start of the oldest opening.
    segments: Segments,
    /// The openings, oldest first.
    #[serde(with = "small")]
    unfinished: SmallVec<[Opening; 1]>,
}

/// Rows of [`STREAM_READERS`] to leave out, as a set of bits.
pub(in crate::flow) type Ignored = u32;

impl StreamSide {
    /// Whether it holds no more than it may, and its openings lie in its segments.
    pub(in crate::flow) fn is_sound(&self) -> bool {
        let is_pending_sound = self.pending.as_ref().is_none_or(|pending| {
            let Pending { segments, unfinished } = &**pending;
            let is_in_reach = |opening: &Opening| {
                opening.slot < segments.len()
                    && segments.len() - opening.slot <= SEGMENT_LIMIT + 1
                    && opening.reader < STREAM_READERS.len()
            };
            !unfinished.is_empty() && unfinished.iter().all(is_in_reach)
        });
        // Of the first segments fewer may be left than came before the SYN.
        let before_syn = self.syn_at.map_or(0, usize::from);
        let limit = usize::from(SEEN_LIMIT);
        is_pending_sound && self.first.len() < limit && before_syn < limit
    }

    /// Adds a segment with payload.
    pub(in crate::flow) fn observe(&mut self, segment: Segment<'_>, is_anchored: bool, ignored: Ignored) -> Completed {
        let mut completed = Completed::new();
        self.go_on(segment, &mut completed);
        let mut is_superseded = false;
        if let Some(row) = reader_for(segment.bytes, 0) {
            // This is set both where the opening is ignored and where a partial that does not know better reads it,
            // so that the head does not depend on the cut.
            self.read.is_known |= STREAM_READERS[row].is_second_choice;
            self.read.is_second_choice |= STREAM_READERS[row].is_second_choice;
            is_superseded = ignored >> row & 1 != 0;
            if !is_superseded {
                self.start(segment, &mut completed);
            }
        }
        // This comes last because most streams are settled by their first segment, which then need not be copied. A
        // segment that is superseded would not stay if the start of the stream was seen.
        if !(is_anchored && is_superseded) && self.is_collecting(is_anchored) {
            self.first.push(segment);
        }
        self.count(1);
        completed
    }

    /// Counts segments with payload.
    fn count(&mut self, segments: u16) {
        self.seen = self.seen.saturating_add(segments).min(SEEN_LIMIT);
    }

    /// Reads the openings that start in this segment. If others are unfinished, this segment is already the last of
    /// those kept for them.
    fn start(&mut self, segment: Segment<'_>, completed: &mut Completed) {
        let Segment { stamp, sequence, bytes, .. } = segment;
        let Some(opening) = self.read.openings(bytes, 0, sequence, stamp, completed) else { return };
        let pending = self.pending.get_or_insert_default();
        if pending.segments.is_empty() {
            pending.segments.push(segment);
        }
        pending.unfinished.push(Opening { slot: pending.segments.len() - 1, ..opening });
    }

    /// Offers the next segment to the unfinished openings, and gives up those that have reached their limit.
    fn go_on(&mut self, segment: Segment<'_>, completed: &mut Completed) {
        let Some(mut pending) = self.pending.take() else { return };
        let Pending { segments, unfinished } = &mut *pending;
        segments.push(segment);
        let stamp = segment.stamp;
        let mut bytes = Vec::new();
        for mut opening in std::mem::take(unfinished) {
            let slot = opening.slot;
            contiguous(segments.from(slot), opening.sequence, &mut bytes);
            let mut is_over = false;
            let is_more = bytes.len() > opening.tried_bytes;
            let waits = is_more && opening.waits(&bytes, stamp);
            opening.tried_bytes = opening.tried_bytes.max(bytes.len());
            if is_more && !waits {
                opening.is_stale = false;
                match attempt(&bytes, opening.reader) {
                    Attempt::Nothing => {
                        opening.certain = None;
                        is_over = true;
                    }
                    Attempt::Done { reader, findings, consumed } => {
                        let first = segments.from(slot).next().map_or(0, |first| first.bytes.len());
                        if first < SURE_START && findings.names.is_empty() {
                            self.read.is_known = true;
                        } else {
                            self.read.note(reader, &findings, bytes.get(consumed..).unwrap_or_default());
                        }
                        completed.push((stamp, findings.at(opening.sequence)));
                        opening.certain = None;
                        is_over = true;
                        if !STREAM_READERS[reader].is_second_choice {
                            let offset = consumed.clamp(1, bytes.len());
                            let next = self.read.openings(&bytes, offset, opening.sequence, stamp, completed);
                            if let Some(next) = next {
                                opening = Opening { slot, ..next };
                                is_over = false;
                            }
                        }
                    }
                    Attempt::Unfinished { reader, certain } => {
                        opening.reader = reader;
                        if let Some(findings) = certain {
                            opening.certain = Some((stamp, findings));
                        }
                    }
                }
            }
            if !is_over && segments.len() - slot <= SEGMENT_LIMIT && segments.bytes_from(slot) <= BYTE_LIMIT {
                unfinished.push(opening);
            } else {
                completed.extend(opening.given_up(|_| std::mem::take(&mut bytes)));
            }
        }
        // The segments before the oldest opening are no longer needed.
        if let Some(oldest) = unfinished.iter().map(|opening| opening.slot).min() {
            if oldest > 0 {
                segments.drop_before(oldest);
                unfinished.iter_mut().for_each(|opening| opening.slot -= oldest);
            }
            self.pending = Some(pending);
        }
    }

    /// Whether the next segment belongs to the first ones, which are kept for the head of the session or, if the
    /// start of the session was not seen, for openings that began before.
    fn is_collecting(&self, is_anchored: bool) -> bool {
        let (length, bytes) = (self.first.len(), self.first.bytes());
        let may_continue = !is_anchored && self.syn_at.is_none();
        let is_of_head = !self.read.is_settled && is_of_head(length, bytes);
        (is_of_head || (may_continue && bytes <= BYTE_LIMIT && length < SEGMENT_LIMIT))
            && length == usize::from(self.seen)
    }

    /// Whether the next payload must be added even if no opening starts in it.
    pub(in crate::flow) fn is_watching(&self, is_anchored: bool) -> bool {
        self.pending.is_some() || self.is_collecting(is_anchored)
    }

    /// Ends the unfinished openings with what is certain so far: a SYN came, or the session is over.
    pub(in crate::flow) fn finish(&mut self) -> Completed {
        self.syn_at.get_or_insert(self.first.len() as u16);
        match self.pending.take() {
            Some(pending) => {
                let Pending { segments, unfinished } = *pending;
                let given_up = |opening: Opening| {
                    let slot = opening.slot;
                    opening.given_up(|sequence| {
                        let mut bytes = Vec::new();
                        contiguous(segments.from(slot), sequence, &mut bytes);
                        bytes
                    })
                };
                unfinished.into_iter().filter_map(given_up).collect()
            }
            None => Completed::new(),
        }
    }

    /// Appends the same direction of the frames that follow: its own openings, and its first segments to the openings
    /// left unfinished here.
    pub(in crate::flow) fn merge(&mut self, right: Self, is_anchored: bool) -> Completed {
        let mut completed = Completed::new();
        let reach = right.syn_at.map_or(right.first.len(), usize::from);
        for segment in right.first.iter().take(reach) {
            self.go_on(segment, &mut completed);
        }
        self.read.is_settled |= right.read.is_settled;
        self.read.is_known |= right.read.is_known;
        self.read.is_second_choice |= right.read.is_second_choice;
        let seen = self.seen;
        for (at, segment) in right.first.iter().enumerate() {
            if right.syn_at.map(usize::from) == Some(at) {
                completed.extend(self.finish());
            }
            if !self.is_collecting(is_anchored) {
                break;
            }
            self.first.push(segment);
            self.count(1);
        }
        if right.syn_at.is_some() {
            completed.extend(self.finish());
        }
        self.seen = seen;
        self.count(right.seen);
        match (&mut self.pending, right.pending) {
            (Some(mine), Some(theirs)) => {
                // All segments of `right` are here now, and its own unfinished openings start in the last of them.
                let shift = mine.segments.len().saturating_sub(theirs.segments.len());
                let shifted = |opening: Opening| Opening { slot: opening.slot + shift, ..opening };
                // What was read from a file may say otherwise: an opening outside the segments is none.
                let length = mine.segments.len();
                let openings = theirs.unfinished.into_iter().map(shifted).filter(|opening| opening.slot < length);
                mine.unfinished.extend(openings);
            }
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
        completed
    }

    /// Called when the session is known to begin here: keeps only what is kept of a stream whose start was seen.
    pub(in crate::flow) fn anchor(&mut self) {
        if self.read.is_settled {
            return self.forget_first();
        }
        let (mut kept_bytes, mut kept_count) = (0, 0);
        let kept = self.first.iter().take_while(|segment| {
            let is_kept = is_of_head(kept_count, kept_bytes);
            kept_bytes += segment.bytes.len();
            kept_count += 1;
            is_kept
        });
        let kept = kept.count();
        self.first.truncate(kept);
    }

    /// Bytes of memory it takes beside itself, about.
    pub(in crate::flow) fn weight(&self) -> usize {
        self.first.weight() + self.pending.as_ref().map_or(0, |pending| pending.segments.weight())
    }

    /// Whether nothing but a second choice can be found in this direction, so that a known server name makes it
    /// useless.
    pub(in crate::flow) fn is_second_choice(&self) -> bool {
        self.read.is_second_choice
    }

    /// Drops the first segments, in which nothing will be searched.
    pub(in crate::flow) fn forget_first(&mut self) {
        self.first = Segments::default();
    }

    /// The first segments, while an opening is still expected in this direction. Afterwards, how many of them are left depends on
    /// how the capture was cut.
    pub(in crate::flow) fn open_first(&self) -> Option<&Segments> {
        (!self.read.is_settled).then_some(&self.first)
    }

    /// The first bytes of the stream, if no opening was recognised.
    pub(in crate::flow) fn head(&self) -> Option<Box<Head>> {
        if self.read.is_settled || self.read.is_known { None } else { stream_head(&self.first) }
    }

    /// Reads the first segments again in the order of their sequence numbers, if nothing was recognised in record
    /// order. This finds an opening whose first segment arrived late, and one in more segments than were read as they came.
    /// `origin` is the sequence number of the stream's first byte, if it is known.
    pub(in crate::flow) fn reread(&self, origin: Option<u32>) -> Completed {
        if self.read.is_settled {
            return Completed::new();
        }
        if let Some(origin) = origin.filter(|&origin| self.is_overrun_at(origin)) {
            return self.read_from(origin);
        }
        if self.first.len() < 2 {
            return Completed::new();
        }
        if self.first.len() > SEGMENT_LIMIT {
            return self.reread_many();
        }
        if self.first.iter().is_sorted_by(|one, next| next.sequence.wrapping_sub(one.sequence) as i32 >= 0) {
            return Completed::new();
        }
        let mut bytes = Vec::new();
        let mut certain = Completed::new();
        // Segments are added one by one in record order, because the one that completes the opening is the one to
        // name.
        for here in (1..=self.first.len()).map(|count| self.first.iter().take(count)) {
            let Some(stamp) = here.clone().map(|segment| segment.stamp).max() else { break };
            for start in here.clone().filter(|segment| may_start(segment.bytes)) {
                contiguous(here.clone(), start.sequence, &mut bytes);
                match attempt(&bytes, 0) {
                    Attempt::Done { reader, findings, consumed } => {
                        let is_late = settles_late(reader, &findings);
                        let mut completed =
                            if is_late { smallvec![(stamp, findings.at(start.sequence))] } else { Completed::new() };
                        self.reread_after(start, consumed, &mut completed);
                        if completed.iter().any(|(_, findings)| is_late || !findings.names.is_empty()) {
                            return completed;
                        }
                    }
                    Attempt::Unfinished { certain: Some(findings), .. }
                        if certain.iter().all(|(_, known)| known.names != findings.names) =>
                    {
                        certain = smallvec![(stamp, findings.at(start.sequence))];
                    }
                    _ => {}
                }
            }
        }
        certain
    }

    /// Whether one of the first segments has bytes before this sequence number and from it on. If the stream begins there, a
    /// receiver drops those before it (RFC 9293 §3.10.7.4); some programs put a decoy there.
    fn is_overrun_at(&self, origin: u32) -> bool {
        let is_over = |segment: Segment<'_>| {
            let before = origin.wrapping_sub(segment.sequence) as i32;
            before > 0 && segment.bytes.len() > before as usize
        };
        self.first.iter().any(is_over)
    }

    /// What the opening says that begins at this sequence number.
    fn read_from(&self, sequence: u32) -> Completed {
        let mut bytes = Vec::new();
        contiguous(self.first.iter(), sequence, &mut bytes);
        match attempt(&bytes, 0) {
            Attempt::Done { .. } => self.completed_at(sequence, true),
            Attempt::Unfinished { certain: Some(_), .. } => self.completed_at(sequence, false),
            _ => Completed::new(),
        }
    }

    /// The same for many segments. All of them are put together at once, and only then the one is searched that completed the
    /// opening.
    fn reread_many(&self) -> Completed {
        let mut starts: SmallVec<[u32; START_LIMIT]> = SmallVec::new();
        let mut places: Vec<Segment<'_>> = self.first.iter().filter(|segment| may_start(segment.bytes)).collect();
        let Some(origin) = places.first().map(|segment| segment.sequence) else { return Completed::new() };
        places.sort_by_key(|segment| segment.sequence.wrapping_sub(origin) as i32);
        let mut end = origin;
        let mut bytes = Vec::new();
        for segment in places {
            // A start within what another start reads to is part of it.
            let is_inside = !starts.is_empty() && (segment.sequence.wrapping_sub(end) as i32) < 0;
            if is_inside || starts.contains(&segment.sequence) || starts.len() == START_LIMIT {
                continue;
            }
            starts.push(segment.sequence);
            contiguous(self.first.iter(), segment.sequence, &mut bytes);
            let (is_done, length) = match attempt(&bytes, 0) {
                Attempt::Done { consumed, .. } => (true, consumed.max(1)),
                Attempt::Unfinished { certain: Some(_), .. } => (false, bytes.len()),
                _ => continue,
            };
            end = segment.sequence.wrapping_add(length as u32);
            let completed = self.completed_at(segment.sequence, is_done);
            if completed.iter().any(|(_, findings)| is_done || !findings.names.is_empty()) {
                return completed;
            }
        }
        Completed::new()
    }

    /// What the opening at this sequence number says, with the segment that completed it: the first with which it is whole, or, if
    /// it never is, with which as much is certain as there will ever be.
    fn completed_at(&self, sequence: u32, is_whole: bool) -> Completed {
        let mut bytes = Vec::new();
        let mut read = |count: usize| {
            contiguous(self.first.iter().take(count), sequence, &mut bytes);
            match attempt(&bytes, 0) {
                Attempt::Done { reader, findings, consumed } if is_whole => Some((reader, findings, consumed)),
                Attempt::Unfinished { reader, certain: Some(findings) } if !is_whole => Some((reader, findings, 0)),
                _ => None,
            }
        };
        // The number of segments that are enough lies between these.
        let (mut too_few, mut enough) = (0, self.first.len());
        let mut found = read(enough);
        while enough - too_few > 1 {
            let middle = too_few + (enough - too_few) / 2;
            match read(middle) {
                Some((reader, findings, consumed))
                    if is_whole || found.as_ref().is_some_and(|all| all.1 == findings) =>
                {
                    (found, enough) = (Some((reader, findings, consumed)), middle);
                }
                _ => too_few = middle,
            }
        }
        let Some((reader, findings, consumed)) = found else { return Completed::new() };
        let stamp = self.first.iter().take(enough).map(|segment| segment.stamp).max().unwrap_or_default();
        let mut completed: Completed = smallvec![(stamp, findings.at(sequence))];
        if is_whole && !settles_late(reader, &completed[0].1) {
            let start = Segment { stamp, sequence, length: 0, bytes: &[] };
            self.reread_after(start, consumed, &mut completed);
        }
        completed
    }

    /// The server name in a hello whose beginning was not captured, for a stream that is known to carry TLS.
    pub(in crate::flow) fn piece(&self) -> Option<(Stamp, Box<Findings>)> {
        if self.read.is_settled {
            return None;
        }
        self.first.iter().find_map(|segment| {
            let name = server_name_in_piece(segment.bytes)?;
            let mut findings = Box::<Findings>::default();
            findings.push_name(NameSource::TlsSni, &name);
            Some((segment.stamp, findings.at(segment.sequence)))
        })
    }

    /// Reads the openings after one that was found late, in all segments.
    fn reread_after(&self, start: Segment<'_>, consumed: usize, completed: &mut Completed) {
        let mut bytes = Vec::new();
        contiguous(self.first.iter(), start.sequence, &mut bytes);
        let newest = self.first.iter().map(|segment| segment.stamp).max().unwrap_or_default();
        let offset = consumed.clamp(1, bytes.len());
        let next = { self.read }.openings(&bytes, offset, start.sequence, newest, completed);
        completed.extend(
            next.and_then(|next| Some((next.certain?, next.sequence)))
                .map(|((stamp, findings), sequence)| (stamp, findings.at(sequence))),
        );
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.first.rebase(base);
        let Some(pending) = &mut self.pending else { return };
        pending.segments.rebase(base);
        for opening in &mut pending.unfinished {
            if let Some((stamp, _)) = &mut opening.certain {
                stamp.rebase(base);
            }
        }
    }
}

/// Whether another segment belongs to the head of a stream after so many with so many bytes.
const fn is_of_head(segments: usize, bytes: usize) -> bool {
    bytes + SEGMENT_COST * segments < HEAD_BYTE_LIMIT
}

/// Makes the head of a stream from its first segments.
fn stream_head(segments: &Segments) -> Option<Box<Head>> {
    if segments.is_empty() {
        return None;
    }
    let mut head = Box::<Head>::default();
    for segment in segments.iter() {
        let room = Head::LIMIT - head.bytes.len();
        head.bytes.extend_from_slice(&segment.bytes[..segment.bytes.len().min(room)]);
        head.insert(head.frames.len(), segment.stamp.frame, segment.length);
    }
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of this many bytes, in segments that arrive in this order.
    fn names(length: usize, order: &[usize]) -> Vec<String> {
        let end = b" HTTP/1.1\r\nHost: late.example\r\n\r\n";
        let request = [&b"GET /"[..], &vec![b'a'; length - 5 - end.len()], end].concat();
        let pieces: Vec<_> = request.chunks(length.div_ceil(order.len())).collect();
        let mut side = StreamSide::default();
        let mut completed = Completed::new();
        for (at, &piece) in order.iter().enumerate() {
            let stamp = Stamp { frame: FrameId::new(0, at as u64), time_ns: 0 };
            let sequence = pieces[..piece].iter().map(|piece| piece.len()).sum::<usize>();
            let bytes = pieces[piece];
            let segment = Segment { stamp, sequence: sequence as u32, length: bytes.len() as u32, bytes };
            completed.extend(side.observe(segment, true, 0));
        }
        completed.extend(side.reread(None));
        completed.iter().flat_map(|(_, findings)| &findings.names).map(|found| (*found.name).into()).collect()
    }

    #[test]
    fn an_opening_in_five_segments_is_found_in_any_order() {
        for order in [[2, 1, 4, 3, 0], [4, 3, 2, 1, 0], [1, 2, 3, 4, 0], [0, 4, 3, 2, 1]] {
            assert_eq!(names(7_000, &order), ["late.example"], "{order:?}");
        }
        let backwards: Vec<_> = (0..SEGMENT_LIMIT).rev().collect();
        assert_eq!(names(640, &backwards), ["late.example"]);
    }

    #[test]
    fn an_opening_behind_a_proxys_words_is_found_in_any_order() {
        let words: &[u8] = b"CONNECT target.example:443 HTTP/1.1\r\n\r\n";
        let request = b"GET / HTTP/1.1\r\nHost: behind.example\r\n\r\n";
        let (first, second) = request.split_at(20);
        let mut side = StreamSide::default();
        let mut completed = Completed::new();
        let at = words.len() as u32;
        for (frame, (sequence, bytes)) in [(0, words), (at + 20, second), (at, first)].into_iter().enumerate() {
            let stamp = Stamp { frame: FrameId::new(0, frame as u64), time_ns: 0 };
            let segment = Segment { stamp, sequence, length: bytes.len() as u32, bytes };
            completed.extend(side.observe(segment, true, 0));
        }
        completed.extend(side.reread(None));
        let found: Vec<_> =
            completed.iter().flat_map(|(_, findings)| &findings.names).map(|found| &*found.name).collect();
        assert_eq!(found, ["target.example", "behind.example"]);
        assert!(side.head().is_none());
    }

    #[test]
    fn an_opening_in_segments_of_one_byte_is_found_in_any_order() {
        for length in [217, 1_700] {
            let whole: Vec<_> = (0..length).collect();
            let backwards: Vec<_> = (0..length).rev().collect();
            let halves: Vec<_> = (0..length).step_by(2).chain((1..length).step_by(2)).collect();
            for order in [whole, backwards, halves] {
                assert_eq!(names(length, &order), ["late.example"], "{length}");
            }
        }
    }

    #[test]
    fn segments_of_one_byte_are_bounded_too() {
        let mut side = StreamSide::default();
        for at in 0..9_000 {
            let segment = Segment { stamp: Stamp::default(), sequence: at, length: 1, bytes: &[0xfe] };
            side.observe(segment, true, 0);
        }
        assert!(side.first.len() <= 2_048 && side.weight() < 100_000 && !side.is_watching(true), "{}", side.weight());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut side = StreamSide::default();
        for at in 0..200 {
            let bytes = &[0xfe; 1_460];
            side.observe(Segment { stamp: Stamp::default(), sequence: at * 1_460, length: 1_460, bytes }, true, 0);
        }
        assert!(side.first.bytes() < HEAD_BYTE_LIMIT + 1_460 && !side.is_watching(true));
    }

    #[test]
    fn a_head_that_never_ends_gives_what_all_its_segments_hold() {
        let head = "GET / HTTP/1.1\r\nX: y\r\n".to_owned() + &"A: b\r\n".repeat(20) + "Host: slow.example\r\nZ: ";
        let mut side = StreamSide::default();
        let mut sequence = 0;
        for (frame, piece) in (0..).zip(head.as_bytes().chunks(12)) {
            let stamp = Stamp { frame: FrameId::new(0, frame), time_ns: 0 };
            let segment = Segment { stamp, sequence, length: piece.len() as u32, bytes: piece };
            assert!(side.observe(segment, true, 0).is_empty());
            sequence += piece.len() as u32;
        }
        let found: Vec<_> = side.finish().iter().map(|(stamp, found)| (stamp.frame, found.names.len())).collect();
        assert_eq!(found, [(FrameId::new(0, head.len().div_ceil(12) as u64 - 1), 1)]);
    }
}
