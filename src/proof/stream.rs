//! One side of a TCP connection: how much of each segment's payload is kept.
//!
//! Of TLS, records are kept up to the first one of application data (RFC 8446 §5.1, type 23), and after the first hello only if a
//! certificate is wanted. Of HTTP, the head of the first message. Of anything else, as many bytes as a wire signature may look at.
//! Up to the last frame that is evidence for a name, all is kept that TLS does not protect.
//!
//! Bytes are followed in the order of the stream. Segments that come too early wait; what is cut of them is said when the gap is
//! closed.

use super::wanted::Need;
use crate::capture::FrameId;
use crate::flow::Head;

/// What follows the first hello, if a certificate is wanted, and heads of HTTP: longer ones are cut here.
const LIMIT: usize = 16 << 10;
/// Words in clear before the other side's hello: a greeting, a few answers.
const WORDS: usize = 1 << 10;
/// Segments that wait for those before them. A hello takes a few.
const WAITING: usize = 32;
/// Record types of TLS (IANA): change of cipher, alert, handshake, application data, heartbeat.
const RECORDS: std::ops::RangeInclusive<u8> = 20..=24;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// A segment with payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) frame: FrameId,
    /// Of the first byte of payload.
    pub(super) sequence: u32,
    /// Captured payload.
    pub(super) bytes: &'a [u8],
    /// Length of the payload on the wire.
    pub(super) length: u32,
}

/// One side's stream.
#[derive(Debug)]
pub(super) struct Stream {
    need: Need,
    /// The last frame that is evidence.
    until: Option<FrameId>,
    /// The same of either side: words before it may lead to a hello of the other side (SOCKS, STARTTLS).
    words_until: Option<FrameId>,
    mode: Mode,
    /// Sequence number of the next byte.
    expected: Option<u32>,
    /// Bytes seen in order.
    consumed: usize,
    /// Nothing is kept any more.
    is_closed: bool,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    frame: FrameId,
    sequence: u32,
    bytes: Vec<u8>,
    length: u32,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Start,
    Tls(Records),
    /// HTTP: so many bytes of the empty line that ends a head were seen.
    Head(usize),
    Other,
}

/// Where in the records of TLS the stream is.
#[derive(Clone, Copy, Debug, Default)]
struct Records {
    /// The header of a record, as far as it was seen.
    header: [u8; 5],
    seen: usize,
    /// Bytes of the record that follow.
    rest: usize,
    /// The header of the first handshake message, as far as it was seen.
    message: [u8; 4],
    message_seen: usize,
    /// Bytes of that message that follow; none where its length is not known yet.
    message_rest: Option<usize>,
}

/// What is kept of a frame's payload, in bytes.
pub(super) type Cut = (FrameId, usize);

impl Stream {
    /// A stream of a session with this evidence: the last of its own side, and of the other.
    pub(super) fn new(need: Need, until: Option<FrameId>, other: Option<FrameId>) -> Self {
        let words_until = until.max(other);
        Self {
            need,
            until,
            words_until,
            mode: Mode::Start,
            expected: None,
            consumed: 0,
            is_closed: false,
            waiting: Vec::new(),
        }
    }

    /// The stream begins after a SYN with this sequence number.
    pub(super) fn begin(&mut self, sequence: u32) {
        self.expected.get_or_insert(sequence.wrapping_add(1));
    }

    /// Whether segments must still be given.
    pub(super) fn is_open(&self, frame: FrameId) -> bool {
        !self.is_closed || self.is_before_end(frame)
    }

    fn is_before_end(&self, frame: FrameId) -> bool {
        self.until.is_some_and(|until| frame <= until)
    }

    /// Takes in a segment, and says what is kept of it, or of those that waited for it. Of a segment of which nothing is said yet,
    /// it is said later.
    pub(super) fn push(&mut self, segment: Segment<'_>, cuts: &mut Vec<Cut>) {
        let Segment { frame, sequence, bytes, length } = segment;
        let expected = *self.expected.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(expected).cast_signed();
        if ahead > 0 && !self.is_closed && self.waiting.len() < WAITING {
            self.waiting.push(Waiting { frame, sequence, bytes: bytes.to_vec(), length });
            return;
        }
        let kept = self.take(frame, ahead, bytes, length);
        cuts.push((frame, kept));
        while let Some(at) = self.next_waiting() {
            let Waiting { frame, sequence, bytes, length } = self.waiting.swap_remove(at);
            let ahead = sequence.wrapping_sub(self.expected.unwrap_or(sequence)).cast_signed();
            let kept = self.take(frame, ahead, &bytes, length);
            cuts.push((frame, kept));
        }
    }

    /// Says what is kept of the segments that still wait. Those before them were not captured, or not whole.
    pub(super) fn finish(&mut self, cuts: &mut Vec<Cut>) {
        for waiting in std::mem::take(&mut self.waiting) {
            let kept = self.alone(waiting.frame, &waiting.bytes);
            cuts.push((waiting.frame, kept));
        }
    }

    fn next_waiting(&self) -> Option<usize> {
        let expected = self.expected?;
        let is_next = |waiting: &Waiting| self.is_closed || waiting.sequence.wrapping_sub(expected).cast_signed() <= 0;
        self.waiting.iter().position(is_next)
    }

    /// A segment that is not followed in order, because one before it is missing or it was seen already: it is kept if a name came
    /// by it or after it, up to where a record of application data begins.
    fn alone(&self, frame: FrameId, bytes: &[u8]) -> usize {
        if self.is_before_end(frame) && !is_application_data(bytes) { protected_at(bytes) } else { 0 }
    }

    /// How much is kept of a segment that begins so far after the next byte, or before it.
    fn take(&mut self, frame: FrameId, ahead: i32, bytes: &[u8], length: u32) -> usize {
        let behind = ahead.unsigned_abs();
        if ahead > 0 || behind >= length {
            return if self.is_closed && !matches!(self.mode, Mode::Other) { 0 } else { self.alone(frame, bytes) };
        }
        if self.is_closed {
            return 0;
        }
        self.expected = self.expected.map(|expected| expected.wrapping_add(length - behind));
        let skipped = behind as usize;
        let Some(new) = bytes.get(skipped..) else {
            self.is_closed = true;
            return 0;
        };
        let is_word = self.words_until.is_some_and(|until| frame <= until);
        let kept = self.walk(new, self.is_before_end(frame), is_word);
        self.consumed += new.len();
        // Where the capture cut a segment, nothing that follows is in its place.
        self.is_closed |= bytes.len() < length as usize;
        match (kept, skipped) {
            (0, 1..) if !self.is_before_end(frame) => 0,
            _ => skipped + kept,
        }
    }

    /// How many of the next bytes are kept. `is_word`: they may lead to evidence of the other side.
    fn walk(&mut self, bytes: &[u8], is_before_end: bool, is_word: bool) -> usize {
        let is_between = match self.mode {
            Mode::Start | Mode::Other | Mode::Head(_) => true,
            Mode::Tls(_) => false,
        };
        // TLS may begin after words in clear: STARTTLS, a proxy.
        let is_start = matches!(self.mode, Mode::Start);
        if is_between && (is_tls(bytes) || is_start && may_be_tls(bytes)) {
            self.mode = Mode::Tls(Records::default());
        }
        if let Mode::Start = self.mode {
            self.mode = if self.need.is_http { Mode::Head(0) } else { Mode::Other };
        }
        let least = if self.need.has_head { Head::LIMIT.saturating_sub(self.consumed) } else { 0 };
        let most = LIMIT.saturating_sub(self.consumed);
        match self.mode {
            Mode::Tls(mut records) => {
                let need = self.need;
                let (kept, is_over) = records.walk(bytes, need.has_certificate || is_before_end);
                self.mode = Mode::Tls(records);
                self.is_closed = is_over || self.consumed + kept >= LIMIT;
                kept
            }
            Mode::Head(seen) => {
                let (seen, end) = empty_line(seen, bytes);
                self.mode = Mode::Head(seen);
                match end {
                    _ if is_before_end => bytes.len().min(most),
                    Some(end) => {
                        self.is_closed = self.consumed + end >= Head::LIMIT || least == 0;
                        end.max(least).min(bytes.len())
                    }
                    None => {
                        self.is_closed = bytes.len() >= most;
                        bytes.len().min(most)
                    }
                }
            }
            Mode::Start | Mode::Other if is_before_end => bytes.len(),
            Mode::Start | Mode::Other => {
                let words = if is_word { WORDS.saturating_sub(self.consumed) } else { 0 };
                let kept = bytes.len().min(least.max(words));
                self.is_closed = bytes.len() >= least && !is_word;
                kept
            }
        }
    }
}

impl Records {
    /// How many bytes are kept, and whether the stream is over with them. After the first hello, only `on` keeps more.
    fn walk(&mut self, bytes: &[u8], on: bool) -> (usize, bool) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.rest == 0 {
                let begin = at;
                for byte in rest.iter().take(5 - self.seen) {
                    if let Some(slot) = self.header.get_mut(self.seen) {
                        *slot = *byte;
                    }
                    (self.seen, at) = (self.seen + 1, at + 1);
                }
                let [kind, major, _, high, low] = self.header;
                let is_record = RECORDS.contains(&kind) && (self.seen < 2 || major == 3);
                if kind == APPLICATION_DATA || !is_record {
                    return (begin, true);
                }
                if self.seen == 5 {
                    (self.seen, self.rest) = (0, usize::from(u16::from_be_bytes([high, low])));
                    // An empty record is followed by another header.
                }
                continue;
            }
            let length = rest.len().min(self.rest);
            if self.header[0] == HANDSHAKE
                && let Some(end) = self.hello_ends(rest.get(..length).unwrap_or_default())
                && !on
            {
                return (at + end, true);
            }
            self.rest -= length;
            at += length;
        }
        (bytes.len(), false)
    }

    /// Where the first handshake message ends in these bytes of it, if it does.
    fn hello_ends(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while self.message_seen < 4 {
            self.message[self.message_seen] = *bytes.get(at)?;
            (self.message_seen, at) = (self.message_seen + 1, at + 1);
            if self.message_seen == 4 {
                let [_, a, b, c] = self.message;
                self.message_rest = Some(u32::from_be_bytes([0, a, b, c]) as usize);
            }
        }
        let rest = self.message_rest?;
        let here = bytes.len() - at;
        self.message_rest = Some(rest.saturating_sub(here));
        (rest <= here).then_some(at + rest)
    }
}

/// Whether records of TLS begin here.
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [kind, 3, 0..=4, ..] if RECORDS.contains(kind))
}

/// Whether so few bytes begin a stream that they may be the beginning of a record.
fn may_be_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [kind] | [kind, 3] if RECORDS.contains(kind))
}

fn is_application_data(bytes: &[u8]) -> bool {
    matches!(bytes, [APPLICATION_DATA, 3, 0..=4, ..])
}

/// Where a record of application data may begin in bytes that are not followed in order.
fn protected_at(bytes: &[u8]) -> usize {
    let begins = |window: &[u8]| is_application_data(window);
    bytes.windows(3).position(begins).unwrap_or(bytes.len())
}

/// Follows the empty line that ends a head: how many bytes of it were seen at the end, and where it ends first.
fn empty_line(mut seen: usize, bytes: &[u8]) -> (usize, Option<usize>) {
    const LINE: &[u8; 4] = b"\r\n\r\n";
    for (at, byte) in bytes.iter().enumerate() {
        seen = match LINE.get(seen) {
            Some(next) if next == byte => seen + 1,
            _ => usize::from(*byte == b'\r'),
        };
        if seen == LINE.len() {
            return (0, Some(at + 1));
        }
    }
    (seen, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 3];
        record.extend((payload.len() as u16).to_be_bytes());
        record.extend(payload);
        record
    }

    /// A hello of so many bytes, then a change of cipher, then data.
    fn tls(hello: usize) -> (Vec<u8>, usize, usize) {
        let mut message = vec![1, 0, (hello >> 8) as u8, hello as u8];
        message.resize(4 + hello, 7);
        let mut bytes = record(22, &message);
        let hello_end = bytes.len();
        bytes.extend(record(20, &[1]));
        let data = bytes.len();
        bytes.extend(record(23, &[0x55; 99]));
        (bytes, hello_end, data)
    }

    fn frame(number: u64) -> FrameId {
        FrameId::new(0, number)
    }

    /// What is kept of segments that begin at these places of a stream, in the order given.
    fn kept(need: Need, until: Option<u64>, bytes: &[u8], cuts: &[(usize, usize)]) -> Vec<usize> {
        let mut stream = Stream::new(need, until.map(frame), None);
        stream.begin(99);
        let mut said = Vec::new();
        for (number, (from, to)) in cuts.iter().enumerate() {
            let bytes = &bytes[*from..*to];
            let sequence = 100 + *from as u32;
            stream
                .push(Segment { frame: frame(number as u64), sequence, bytes, length: bytes.len() as u32 }, &mut said);
        }
        stream.finish(&mut said);
        said.sort_unstable();
        assert_eq!(said.len(), cuts.len(), "each segment has its cut");
        said.into_iter().map(|(_, kept)| kept).collect()
    }

    const TLS: Need = Need { is_brief: false, is_http: false, is_quic: false, has_head: false, has_certificate: false };

    #[test]
    fn tls_ends_with_its_hello_or_before_its_data_however_it_is_cut() {
        let (bytes, hello_end, data) = tls(300);
        let certificate = Need { has_certificate: true, ..TLS };
        for cut in 1..bytes.len() {
            let segments = [(0, cut), (cut, bytes.len())];
            let swapped = [segments[1], segments[0]];
            for (need, end) in [(TLS, hello_end), (certificate, data)] {
                let sum = |kept: Vec<usize>| kept.iter().sum::<usize>();
                assert_eq!(sum(kept(need, None, &bytes, &segments)), end, "{cut}");
                assert_eq!(sum(kept(need, None, &bytes, &swapped)), end, "{cut} swapped");
            }
        }
        assert_eq!(kept(TLS, Some(9), &bytes, &[(0, bytes.len())]), [data]);
        assert_eq!(kept(TLS, Some(9), &bytes[data..], &[(0, 50), (50, 104)]), [0, 0]);
    }

    #[test]
    fn a_gap_keeps_nothing_of_what_follows() {
        let (bytes, hello_end, _) = tls(300);
        let cuts = [(0, 100), (200, hello_end), (hello_end, bytes.len())];
        assert_eq!(kept(TLS, None, &bytes, &cuts), [100, 0, 0]);
        // Up to the last evidence it stays, but for data.
        assert_eq!(kept(TLS, Some(5), &bytes, &cuts)[..2], [100, hello_end - 200]);
        assert_eq!(kept(TLS, Some(5), &bytes, &[(200, bytes.len())]), [bytes.len() - 200 - 104]);
    }

    #[test]
    fn heads_of_http_stay_and_bodies_go() {
        let http = Need { is_http: true, ..TLS };
        let head = b"POST / HTTP/1.1\r\nHost: a.example\r\n\r\n";
        let bytes = [&head[..], &[b'x'; 200]].concat();
        for cut in 1..bytes.len() {
            let kept = kept(http, None, &bytes, &[(0, cut), (cut, bytes.len())]);
            assert_eq!(kept.iter().sum::<usize>(), head.len(), "{cut}");
        }
        let signed = Need { has_head: true, ..http };
        assert_eq!(kept(signed, None, &bytes, &[(0, bytes.len())]), [Head::LIMIT]);
    }

    #[test]
    fn tls_after_words_in_clear_is_found() {
        let (hello, hello_end, _) = tls(50);
        let bytes = [b"STARTTLS\r\n", &hello[..]].concat();
        assert_eq!(kept(TLS, Some(1), &bytes, &[(0, 10), (10, bytes.len())]), [10, hello.len() - 104]);
        assert_eq!(kept(TLS, None, &bytes[..10], &[(0, 10)]), [0]);
        assert!(hello_end < hello.len());
    }

    #[test]
    fn other_streams_keep_what_signatures_look_at() {
        let signed = Need { has_head: true, ..TLS };
        let bytes = [9; 300];
        assert_eq!(kept(signed, None, &bytes, &[(0, 100), (100, 200), (200, 300)]), [100, 28, 0]);
        assert_eq!(kept(TLS, None, &bytes, &[(0, 300)]), [0]);
    }

    proptest! {
        #[test]
        fn survives_anything(
            segments in prop::collection::vec((0u32..400, prop::collection::vec(prop_oneof![Just(22u8), Just(3), any::<u8>()], 0..80), 0u32..100), 0..40),
            http: bool, head: bool, until in 0u64..40,
        ) {
            let need = Need { is_http: http, has_head: head, ..TLS };
            let mut stream = Stream::new(need, Some(frame(until)), Some(frame(7)));
            let mut cuts = Vec::new();
            let mut lengths = Vec::new();
            for (number, (sequence, bytes, more)) in segments.iter().enumerate() {
                lengths.push(bytes.len());
                let length = bytes.len() as u32 + more;
                stream.push(Segment { frame: frame(number as u64), sequence: *sequence, bytes, length }, &mut cuts);
            }
            stream.finish(&mut cuts);
            cuts.sort_unstable();
            prop_assert_eq!(cuts.len(), lengths.len());
            for (frame, kept) in cuts {
                prop_assert!(kept <= lengths[frame.record() as usize]);
            }
        }
    }
}
