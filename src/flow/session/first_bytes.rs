//! The first bytes of a session, kept where keys were given: with them an encrypted hello is opened once the session is over.
//!
//! Of each side the first segments with payload are kept, or the first datagrams that may hold a hello of QUIC. What is kept depends
//! on their order alone, so parts merge. Both sides are kept because the server's hello tells whether it took the inner hello.

use crate::capture::FrameId;
use crate::flow::opening::contiguous::contiguous;
use crate::flow::opening::segments::{Segment, Segments};
use crate::flow::session::opened::{OpenedHello, Outcome};
use crate::name::{
    EchKeys, EchOpening, NameSource, accepts, quic_hellos, tls_hello, tls_starts_client, tls_starts_server,
};
use crate::packet::Side;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// When this many bytes are kept of a side, no further segment is kept. They suffice for a hello of five full segments in any order.
const BYTE_LIMIT: usize = 8 << 10;
/// What each segment counts toward [`BYTE_LIMIT`] beside its bytes.
const SEGMENT_COST: usize = 4;
/// Places that are tried as the start of a hello.
const START_LIMIT: usize = 16;

/// What is kept of both sides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct FirstBytes([Segments; 2]);

impl FirstBytes {
    /// Whether it holds no more than it may.
    pub(super) fn is_sound(&self) -> bool {
        self.0.iter().all(|kept| kept.len() <= BYTE_LIMIT / SEGMENT_COST)
    }

    /// Whether another segment of a side is kept.
    pub(super) fn has_room(&self, side: Side) -> bool {
        let kept = &self.0[side as usize];
        kept.bytes() + SEGMENT_COST * kept.len() < BYTE_LIMIT
    }

    /// Keeps a segment or datagram that a side sent, if there is room.
    pub(super) fn observe(&mut self, side: Side, segment: Segment<'_>) {
        if self.has_room(side) {
            self.0[side as usize].push(segment);
        }
    }

    /// Appends what was kept of the frames that follow.
    pub(super) fn merge(&mut self, right: &Self) {
        for (side, theirs) in [Side::Low, Side::High].into_iter().zip(&right.0) {
            theirs.iter().for_each(|segment| self.observe(side, segment));
        }
    }

    /// Adds `base` to all frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.0.iter_mut().for_each(|kept| kept.rebase(base));
    }

    /// Bytes of memory it takes, about.
    pub(super) fn weight(&self) -> usize {
        self.0.iter().map(Segments::weight).sum()
    }

    /// Opens the encrypted hello of a session, if there is one that there are keys for.
    pub(super) fn open(&self, keys: &EchKeys, is_stream: bool) -> Option<OpenedHello> {
        let sides = [Side::Low, Side::High];
        let opened =
            sides.map(|side| if is_stream { self.in_stream(keys, side) } else { self.in_datagrams(keys, side) });
        // One that fits counts before one that does not.
        opened.into_iter().flatten().min_by_key(|opened| opened.outcome == Outcome::DoesNotFit)
    }

    fn in_stream(&self, keys: &EchKeys, client: Side) -> Option<OpenedHello> {
        let mut closed = None;
        for (frame, hello) in self.messages(client, tls_starts_client) {
            match keys.open(&hello, NameSource::TlsEch) {
                EchOpening::NoKey => {}
                EchOpening::DoesNotFit => closed = closed.or(Some(OpenedHello::closed(frame))),
                EchOpening::Opened { name, inner, is_second } => {
                    let starts = |payload: &[u8]| tls_starts_server(payload) || tls_starts_client(payload);
                    // The server's first message is the one that tells; without the client's first it does not.
                    let mut answers = self.messages(client.opposite(), starts).filter(|_| !is_second);
                    let is_accepted = answers.find_map(|(_, server)| accepts(&inner, &server));
                    return Some(OpenedHello::of(frame, name, is_accepted));
                }
            }
        }
        closed
    }

    fn in_datagrams(&self, keys: &EchKeys, client: Side) -> Option<OpenedHello> {
        let payloads = |side: Side| self.0[side as usize].iter().map(|datagram| datagram.bytes);
        let frame = self.0[client as usize].iter().next()?.stamp.frame;
        let mut closed = None;
        for (hello, server) in quic_hellos(payloads(client), payloads(client.opposite())) {
            match keys.open(&hello, NameSource::QuicEch) {
                EchOpening::NoKey => {}
                EchOpening::DoesNotFit => closed = closed.or(Some(OpenedHello::closed(frame))),
                EchOpening::Opened { name, inner, is_second } => {
                    let is_accepted = server.filter(|_| !is_second).and_then(|server| accepts(&inner, &server));
                    return Some(OpenedHello::of(frame, name, is_accepted));
                }
            }
        }
        closed
    }

    /// The whole handshake messages that may start in the segments of a side, with the frames in which they start.
    fn messages(&self, side: Side, starts: fn(&[u8]) -> bool) -> impl Iterator<Item = (FrameId, Vec<u8>)> {
        let kept = &self.0[side as usize];
        let mut tried: SmallVec<[u32; START_LIMIT]> = SmallVec::new();
        let mut bytes = Vec::new();
        kept.iter().filter(move |segment| starts(segment.bytes)).filter_map(move |segment| {
            if tried.len() == START_LIMIT || tried.contains(&segment.sequence) {
                return None;
            }
            tried.push(segment.sequence);
            contiguous(kept.iter(), segment.sequence, &mut bytes);
            Some((segment.stamp.frame, tls_hello(&bytes)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::stamp::Stamp;
    use fixtures::ech::{Client, Seal};
    use fixtures::quic::{Initial, crypto};
    use fixtures::tls::record;

    fn setting() -> (Client, EchKeys) {
        let client = Client::new("public.example", "hidden.example", Seal::ChaCha20Poly1305);
        let mut keys = EchKeys::default();
        keys.read(client.key_log().as_bytes());
        (client, keys)
    }

    /// What both sides sent, in pieces of a number of bytes.
    fn stream(client: &[u8], server: &[u8], piece: usize) -> Vec<(Side, u32, Vec<u8>)> {
        let cut = |side: Side, bytes: &[u8]| {
            let pieces = bytes.chunks(piece).enumerate();
            pieces.map(|(at, bytes)| (side, (at * piece) as u32, bytes.to_vec())).collect::<Vec<_>>()
        };
        [cut(Side::Low, client), cut(Side::High, server)].concat()
    }

    fn kept(sent: &[(Side, u32, Vec<u8>)], first: u64) -> FirstBytes {
        let mut kept = FirstBytes::default();
        for (frame, (side, sequence, bytes)) in (first..).zip(sent) {
            let stamp = Stamp { frame: FrameId::new(0, frame), time_ns: 0 };
            kept.observe(*side, Segment { stamp, sequence: *sequence, length: bytes.len() as u32, bytes });
        }
        kept
    }

    fn outcome(kept: &FirstBytes, keys: &EchKeys, is_stream: bool) -> Option<Outcome> {
        kept.open(keys, is_stream).map(|opened| opened.outcome)
    }

    #[test]
    fn a_stream_is_opened_in_any_pieces_and_cuts() {
        let (client, keys) = setting();
        let hello = record(&client.hello(false));
        for (server, expected) in [
            (record(&client.server_hello(0x1301, false, true)), Outcome::Accepted),
            (record(&client.server_hello(0x1302, true, true)), Outcome::Accepted),
            (record(&client.server_hello(0x1301, false, false)), Outcome::Refused),
            (record(&client.server_hello(0x1303, true, false)), Outcome::Refused),
            (Vec::new(), Outcome::Unconfirmed),
        ] {
            for piece in [1, 100, 4_000] {
                let sent = stream(&hello, &server, piece);
                let whole = kept(&sent, 0);
                let opened = whole.open(&keys, true).unwrap();
                assert_eq!((opened.outcome, &*opened.name.unwrap().name), (expected, "hidden.example"), "{piece}");
                for cut in (0..=sent.len()).step_by(sent.len() / 7 + 1) {
                    let mut left = kept(&sent[..cut], 0);
                    left.merge(&kept(&sent[cut..], cut as u64));
                    assert_eq!(outcome(&left, &keys, true), Some(expected));
                    assert!(left.is_sound());
                }
                assert_eq!(outcome(&whole, &EchKeys::default(), true), None);
            }
        }
        let second = stream(&record(&client.hello(true)), &record(&client.server_hello(0x1301, false, true)), 4_000);
        assert_eq!(outcome(&kept(&second, 0), &keys, true), Some(Outcome::Unconfirmed));
        let mut wrong = EchKeys::default();
        wrong.read(client.wrong_key_log().as_bytes());
        assert_eq!(outcome(&kept(&stream(&hello, &[], 4_000), 0), &wrong, true), Some(Outcome::DoesNotFit));
    }

    #[test]
    fn datagrams_are_opened_and_answers_read() {
        let (client, keys) = setting();
        let id = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
        let initial = |number| Initial { number, ..Initial::first(&id) };
        let hello = client.hello(false);
        let (first, rest) = hello.split_at(300);
        let hellos = [
            (Side::Low, 0, initial(0).seal(&crypto(300, rest), 1_200)),
            (Side::Low, 0, initial(1).seal(&crypto(0, first), 1_200)),
        ];
        let answer = |accepts: bool| {
            let frames = [&[2, 0, 0, 0, 0][..], &crypto(0, &client.server_hello(0x1302, false, accepts))].concat();
            (Side::High, 0, Initial { destination: &[], ..initial(0) }.seal_answer(&frames, 1_200))
        };
        let outcome = |sent: &[(Side, u32, Vec<u8>)]| outcome(&kept(sent, 0), &keys, false);
        assert_eq!(outcome(&hellos), Some(Outcome::Unconfirmed));
        assert_eq!(outcome(&[&hellos[..], &[answer(true)]].concat()), Some(Outcome::Accepted));
        assert_eq!(outcome(&[&hellos[..], &[answer(false)]].concat()), Some(Outcome::Refused));
        assert_eq!(outcome(&hellos[..1]), None);
        let opened = kept(&hellos, 5).open(&keys, false).unwrap();
        assert_eq!(opened.name.unwrap().source, NameSource::QuicEch);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for size in [1, 1_460] {
            let sent: Vec<_> = (0..3_000).map(|at| (Side::High, at * size, vec![0x16; size as usize])).collect();
            let kept = kept(&sent, 0);
            assert!(kept.is_sound() && kept.0[1].bytes() < BYTE_LIMIT + 1_460 && kept.weight() < 200_000);
            assert_eq!(outcome(&kept, &setting().1, true), None);
        }
    }
}
