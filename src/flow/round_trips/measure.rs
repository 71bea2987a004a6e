//! Measures round trips in the first packets of a session.
//!
//! Each rule may only err towards a time that is too long: a bound on a distance must not come out too small. So where a packet that
//! would matter may be missing, nothing is measured.

use super::first_packets::FirstPackets;
use super::seen::Seen;
use super::syn_ack::SynAck;
use super::times::RoundTrips;
use crate::flow::lifetime::idle_ns;
use crate::name::Part;
use crate::packet::Side;
use crate::packet::protocol::TCP;
use std::cmp::Ordering;

/// How far apart the sequence numbers of two packets may be that count as neighbours in a stream of RTP.
const RTP_REACH: u32 = 16;

/// What is known of the session when it is over.
#[derive(Clone, Copy, Debug)]
pub(in crate::flow) struct Exchange {
    pub(in crate::flow) client: Side,
    pub(in crate::flow) is_tcp: bool,
    pub(in crate::flow) is_quic: bool,
    /// Nothing of the server was captured.
    pub(in crate::flow) is_one_way: bool,
    /// Something on the way may answer without the server: caches of HTTP, resolvers.
    pub(in crate::flow) may_be_cached: bool,
    /// Resolvers are asked: not even the connection need be with the server.
    pub(in crate::flow) is_lookup: bool,
}

/// The round trips, if the times of the packets differ at all.
pub(in crate::flow) fn round_trips(first: &FirstPackets, exchange: Exchange) -> Option<RoundTrips> {
    let packets = first.all();
    let clock_step_ns = clock_step_ns(packets)?;
    let nothing = RoundTrips { clock_step_ns, ..RoundTrips::default() };
    if exchange.is_lookup {
        return Some(nothing);
    }
    if !exchange.is_tcp {
        return Some(RoundTrips { datagram_ns: datagram_ns(first, exchange), ..nothing });
    }
    let client = exchange.client;
    let handshake_ns = match exchange.is_one_way {
        true => one_way_handshake_ns(packets, client),
        false => handshake(packets, client).and_then(|(syn, answer)| between(&packets[syn], &packets[answer])),
    };
    let hello = packets.iter().position(|seen| seen.side == client && matches!(seen.part, Part::Hello | Part::Banner));
    let (hello_ns, answer_ns) = match hello {
        Some(at) if exchange.is_one_way => (one_way_hello_ns(packets, client, at), None),
        Some(at) if is_prompted(packets, client, at) => (answer_ns(packets, client, at), None),
        Some(_) => (None, None),
        None if exchange.is_one_way || exchange.may_be_cached => (None, None),
        None => (None, first_payload(packets, client).and_then(|at| answer_ns(packets, client, at))),
    };
    Some(RoundTrips { handshake_ns, hello_ns, answer_ns, ..nothing })
}

/// What the server's SYN-ACK looked like: of the one by which the handshake was measured, else of the first.
pub(in crate::flow) fn syn_ack(first: &FirstPackets, client: Side) -> Option<SynAck> {
    let packets = first.all();
    let any = || packets.iter().position(|seen| seen.is_syn_ack() && seen.side != client);
    let at = handshake(packets, client).map(|(_, answer)| answer).or_else(any)?;
    first.look(at)
}

/// Whether a segment of this side is among them that is no reset.
pub(in crate::flow) fn answered_in(first: &FirstPackets, side: Side) -> bool {
    first.all().iter().any(|seen| seen.side == side && !seen.flags().is_rst())
}

/// Whether the client acknowledges something of the server: its SYN-ACK, or more than before.
pub(in crate::flow) fn acknowledges_other(first: &FirstPackets, client: Side) -> bool {
    let own = || first.all().iter().filter(|seen| seen.side == client);
    let has_opened = own().any(Seen::is_syn);
    let mut open = own().filter(|seen| seen.is_open());
    let Some(earliest) = open.next() else { return false };
    has_opened || open.any(|seen| seen.acknowledges(earliest.acknowledgment()))
}

/// Whether datagrams are among them as calls have: of STUN, DTLS, or two of one stream of RTP.
pub(in crate::flow) fn is_media(first: &FirstPackets) -> bool {
    let packets = first.all();
    let is_next = |one: &Seen, other: &Seen| {
        let ([source, number, _], [other_source, other_number, _]) = (one.id(), other.id());
        other.part == Part::Rtp
            && (one.side, source) == (other.side, other_source)
            && (1..=RTP_REACH).contains(&(other_number.wrapping_sub(number) & 0xffff))
    };
    packets.iter().enumerate().any(|(at, seen)| match seen.part {
        Part::StunRequest | Part::StunAnswer | Part::DtlsHello | Part::DtlsAnswer => true,
        Part::Rtp => packets[at + 1..].iter().any(|later| is_next(seen, later)),
        _ => false,
    })
}

/// The smallest difference of neighbouring times that is not 0.
fn clock_step_ns(packets: &[Seen]) -> Option<u64> {
    packets.windows(2).map(|pair| pair[1].time_ns.abs_diff(pair[0].time_ns)).filter(|step_ns| *step_ns > 0).min()
}

/// The time from one packet to a later one; none where the clock stepped back between them, or jumped ahead: then it is longer than any
/// silence in a session.
fn between(from: &Seen, to: &Seen) -> Option<u64> {
    let time_ns = u64::try_from(to.time_ns.checked_sub(from.time_ns)?).ok()?;
    (time_ns <= idle_ns(TCP).unsigned_abs()).then_some(time_ns)
}

/// The places of the SYN that counts, and of the SYN-ACK that answers it. That a SYN was sent more than once does no harm: without
/// timestamps the first counts, and with them the one that was answered.
fn handshake(packets: &[Seen], client: Side) -> Option<(usize, usize)> {
    packets.iter().enumerate().filter(|(_, seen)| seen.is_syn_ack() && seen.side != client).find_map(|(at, answer)| {
        let is_answered = |seen: &Seen| seen.side == client && seen.is_syn() && answer.answers(seen);
        packets[..at].iter().position(is_answered).map(|syn| (syn, at))
    })
}

/// The client's first SYN to its own first acknowledgment.
fn one_way_handshake_ns(packets: &[Seen], client: Side) -> Option<u64> {
    let mut own = packets.iter().filter(|seen| seen.side == client);
    let syn = own.find(|seen| seen.is_syn())?;
    between(syn, own.find(|seen| seen.is_open())?)
}

/// The client's payload at this place to the first payload of the server that acknowledges it. None if the server had
/// acknowledged it before: then it had been sent before, and was not seen.
fn answer_ns(packets: &[Seen], client: Side, at: usize) -> Option<u64> {
    let (before, request, after) = (&packets[..at], packets.get(at)?, &packets[at + 1..]);
    let acknowledges = |seen: &&Seen| seen.side != client && seen.acknowledges(request.sequence());
    if before.iter().any(|seen| acknowledges(&seen)) {
        return None;
    }
    // A banner is no answer: it is sent without waiting.
    let is_answer =
        |seen: &&Seen| acknowledges(seen) && seen.is_open() && seen.length() > 0 && seen.part != Part::Banner;
    between(request, after.iter().find(is_answer)?)
}

/// Whether the server has answered what the client said before its payload at this place. If not, the next answer may be to that.
fn is_prompted(packets: &[Seen], client: Side, at: usize) -> bool {
    let says = |seen: &&Seen| seen.is_open() && seen.length() > 0;
    packets[..at].iter().rev().find(says).is_none_or(|last| last.side != client)
}

/// The hello at this place to the first own segment that acknowledges payload. It must be all that the client has said, in answer
/// to nothing: then the server has said nothing before, as it does with no [`Part::Hello`].
fn one_way_hello_ns(packets: &[Seen], client: Side, at: usize) -> Option<u64> {
    let hello = packets.get(at)?;
    let is_first = packets[..at].iter().all(|seen| seen.side != client || seen.length() == 0);
    if !is_first || hello.part != Part::Hello || !hello.is_open() {
        return None;
    }
    // One more than the hello acknowledged may be the server's FIN.
    let base = hello.acknowledgment().wrapping_add(1);
    let is_answer = |seen: &&Seen| seen.side == client && seen.is_open() && seen.acknowledges(base);
    between(hello, packets[at + 1..].iter().find(is_answer)?)
}

/// The place of the first byte that the client sends in a connection whose SYN was seen.
fn first_payload(packets: &[Seen], client: Side) -> Option<usize> {
    let syn = packets.iter().find(|seen| seen.side == client && seen.is_syn())?;
    let at = packets.iter().position(|seen| seen.side == client && seen.is_open() && seen.length() > 0)?;
    (packets[at].sequence() == syn.sequence().wrapping_add(1)).then_some(at)
}

/// The shortest exchange of datagrams in which the client asks.
fn datagram_ns(first: &FirstPackets, exchange: Exchange) -> Option<u64> {
    let (packets, client) = (first.all(), exchange.client);
    let quic = || quic_ns(first, client).filter(|_| exchange.is_quic);
    let dtls = || {
        let (asked, answer) = exchanged(packets, client, Part::DtlsHello, &[Part::DtlsHello, Part::DtlsAnswer])?;
        between(&packets[asked], &packets[answer])
    };
    let stun = packets.iter().enumerate().filter_map(|(at, answer)| {
        let is_asked = |seen: &&Seen| seen.side == client && seen.part == Part::StunRequest && seen.id() == answer.id();
        let is_answer = answer.side != client && answer.part == Part::StunAnswer;
        let asked = packets[..at].iter().find(is_asked).filter(|_| is_answer)?;
        between(asked, answer)
    });
    quic().into_iter().chain(dtls()).chain(stun).min()
}

/// The places of the first request and of the first answer. What the server says before it is asked is no answer.
fn exchanged(packets: &[Seen], client: Side, request: Part, answers: &[Part]) -> Option<(usize, usize)> {
    let is_part = |seen: &Seen| match seen.side == client {
        true => seen.part == request,
        false => answers.contains(&seen.part),
    };
    let mut parts = packets.iter().enumerate().filter(|(_, seen)| is_part(seen));
    let (asked, _) = parts.next().filter(|(_, seen)| seen.side == client)?;
    let (answer, _) = parts.find(|(_, seen)| seen.side != client)?;
    Some((asked, answer))
}

/// From the client's Initial with the largest number that the first answer acknowledges to that answer; from the first Initial where
/// the answer does not say. None if it acknowledges one that was sent before the first that was seen: the answer may be to that.
fn quic_ns(first: &FirstPackets, client: Side) -> Option<u64> {
    let packets = first.all();
    let (asked, answer) = exchanged(packets, client, Part::QuicInitial, &[Part::QuicInitial, Part::QuicLong])?;
    let origin = first.head(asked);
    let number = |at: usize| first.head(at)?.number(origin?);
    let acknowledged = || first.head(answer)?.acknowledged(origin?);
    let Some(acknowledged) = acknowledged() else { return between(&packets[asked], &packets[answer]) };
    let is_it = |at: &usize| packets[*at].side == client && number(*at) == Some(acknowledged);
    let sent = match number(asked)?.cmp(&acknowledged) {
        Ordering::Greater => return None,
        Ordering::Equal => asked,
        // Numbers grow: one that was not seen or not kept was sent after the first.
        Ordering::Less => (asked + 1..answer).find(is_it).unwrap_or(asked),
    };
    between(&packets[sent], &packets[answer])
}
