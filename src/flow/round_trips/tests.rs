//! Each rule of round trips, with the smallest packets that show it. Every capture is read whole and frame by frame.

use super::{Answered, RoundTrips, SynAck};
use crate::capture::{Frame, FrameId, LinkType};
use crate::flow::{Flow, Partial, Rtt, RttSource, SampleKey, Tracker};
use fixtures::quic::{Initial, crypto};
use fixtures::transport::{ACK, FIN_ACK, PUSH_ACK, SYN, SYN_ACK, tcp_with, udp};
use fixtures::{dns, ip, tls};
use std::sync::Mutex;

const CLIENT: [u8; 4] = [10, 0, 0, 2];
const SERVER: [u8; 4] = [192, 0, 2, 7];
const RST: u8 = 0x04;
const US: u64 = 1_000;
const MS: u64 = 1_000_000;
/// Where the clock starts, in µs.
const EPOCH_US: i64 = 1_700_000_000_000_000;
/// Initial sequence numbers: of the client just before the wrap, so that every rule passes it.
const ISN: u32 = u32::MAX;
const THEIRS: u32 = 9_000;

/// A packet at its time in µs.
type Timed = (i64, Vec<u8>);

/// A segment to or from this port.
fn on_port(port: u16, at: (i64, bool), numbers: (u32, u32, u8), options: &[u8], payload: &[u8]) -> Timed {
    let (ports, from, to) = if at.1 { ((50_000, port), CLIENT, SERVER) } else { ((port, 50_000), SERVER, CLIENT) };
    let (sequence, acknowledgment, flags) = numbers;
    (at.0, ip::v4(from, to, ip::TCP, &tcp_with(ports, sequence, acknowledgment, flags, options, payload)))
}

fn up(us: i64, sequence: u32, acknowledgment: u32, flags: u8, payload: &[u8]) -> Timed {
    on_port(443, (us, true), (ISN.wrapping_add(sequence), acknowledgment, flags), &[], payload)
}

fn down(us: i64, sequence: u32, acknowledgment: u32, flags: u8, payload: &[u8]) -> Timed {
    on_port(443, (us, false), (THEIRS + sequence, ISN.wrapping_add(acknowledgment), flags), &[], payload)
}

/// The options of a SYN: MSS, timestamps, window scale.
fn stamped(value: u32, echo: u32) -> Vec<u8> {
    [&[2, 4, 5, 0xb4, 1, 1, 8, 10][..], &value.to_be_bytes(), &echo.to_be_bytes(), &[1, 3, 3, 7]].concat()
}

fn stamped_syn(us: i64, value: u32) -> Timed {
    on_port(443, (us, true), (ISN, 0, SYN), &stamped(value, 0), &[])
}

fn stamped_answer(us: i64, echo: u32) -> Timed {
    on_port(443, (us, false), (THEIRS, ISN.wrapping_add(1), SYN_ACK), &stamped(77, echo), &[])
}

fn datagram(us: i64, is_up: bool, port: u16, payload: &[u8]) -> Timed {
    let (ports, from, to) = if is_up { ((50_000, port), CLIENT, SERVER) } else { ((port, 50_000), SERVER, CLIENT) };
    (us, ip::v4(from, to, ip::UDP, &udp(ports, payload)))
}

/// The flows of parts of a capture, each observed by itself.
fn tracked(parts: &[&[Timed]]) -> Vec<Flow> {
    let mut tracker = Tracker::new(SampleKey::default(), None);
    let mut base = 0;
    for part in parts {
        let mut partial = Partial::new(SampleKey::default());
        for (record, (us, bytes)) in (0..).zip(*part) {
            partial.observe(Frame {
                id: FrameId::new(0, record),
                time_ns: (EPOCH_US + us) * 1_000,
                link_type: LinkType::RAW,
                bytes,
                wire_length: bytes.len() as u32,
                note: None,
            });
        }
        tracker.join(&mut partial, FrameId::new(0, base), &mut |_| ()).unwrap();
        base += part.len() as u64;
    }
    let flows = Mutex::new(Vec::new());
    tracker.finish(|closed| flows.lock().unwrap().append(closed));
    flows.into_inner().unwrap()
}

/// The one flow of a capture.
#[track_caller]
fn flow(packets: &[Timed]) -> Flow {
    let mut whole = tracked(&[packets]);
    let alone: Vec<&[Timed]> = packets.chunks(1).collect();
    assert_eq!(tracked(&alone), whole);
    assert_eq!(whole.len(), 1);
    whole.pop().unwrap()
}

#[track_caller]
fn times(packets: &[Timed]) -> RoundTrips {
    flow(packets).round_trips.unwrap()
}

fn handshake() -> Vec<Timed> {
    vec![up(0, 0, 0, SYN, &[]), down(20_000, 0, 1, SYN_ACK, &[]), up(20_050, 1, THEIRS + 1, ACK, &[])]
}

#[test]
fn a_handshake_and_a_hello_are_measured() {
    let hello = tls::hello("www.example.com", 0);
    let (first, second) = hello.split_at(10);
    let mut packets = handshake();
    packets.extend([
        up(20_100, 1, THEIRS + 1, PUSH_ACK, first),
        up(20_130, 11, THEIRS + 1, PUSH_ACK, second),
        // It acknowledges, and says nothing.
        down(40_000, 1, 11, ACK, &[]),
        down(45_100, 1, 11, PUSH_ACK, &[0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3]),
    ]);
    let expected = RoundTrips {
        handshake_ns: Some(20 * MS),
        hello_ns: Some(25 * MS),
        clock_step_ns: 30 * US,
        ..RoundTrips::default()
    };
    assert_eq!(times(&packets), expected);
}

#[test]
fn without_timestamps_the_first_syn_counts() {
    let packets = [up(0, 0, 0, SYN, &[]), up(1_000_000, 0, 0, SYN, &[]), down(1_020_000, 0, 1, SYN_ACK, &[])];
    let flow = flow(&packets);
    assert_eq!(flow.round_trips.unwrap().handshake_ns, Some(1_020 * MS));
    assert_eq!(flow.rtt, Some(Rtt { ns: 20 * MS, source: RttSource::TcpHandshakeRepeated }));
}

#[test]
fn with_timestamps_the_syn_that_was_answered_counts() {
    let with_echo = |echo: u32| {
        times(&[stamped_syn(0, 500), stamped_syn(1_000_000, 1_500), stamped_answer(1_020_000, echo)]).handshake_ns
    };
    assert_eq!(with_echo(500), Some(1_020 * MS));
    assert_eq!(with_echo(1_500), Some(20 * MS));
    assert_eq!(with_echo(2_500), None, "the SYN that it answers was not seen");
    // The server does not speak timestamps, or those of the SYN were not captured.
    let plain = times(&[stamped_syn(0, 500), down(9_000, 0, 1, SYN_ACK, &[])]);
    assert_eq!(plain.handshake_ns, Some(9 * MS));
    let cut = times(&[up(0, 0, 0, SYN, &[]), stamped_answer(9_000, 500)]);
    assert_eq!(cut.handshake_ns, None);
}

#[test]
fn only_what_acknowledges_the_syn_answers_it() {
    for acknowledged in [0, 2, 3_000] {
        let packets = [up(0, 0, 0, SYN, &[]), down(9_000, 0, acknowledged, SYN_ACK, &[])];
        assert_eq!(times(&packets).handshake_ns, None, "{acknowledged}");
    }
    // A fast open carries payload in its SYN.
    for acknowledged in [1, 6] {
        let packets = [up(0, 0, 0, SYN, b"hello"), down(9_000, 0, acknowledged, SYN_ACK, &[])];
        assert_eq!(times(&packets).handshake_ns, Some(9 * MS), "{acknowledged}");
    }
}

#[test]
fn a_reset_is_no_round_trip() {
    let flow = flow(&[up(0, 0, 0, SYN, &[]), down(5_000, 0, 1, RST | ACK, &[])]);
    assert_eq!(flow.round_trips, Some(RoundTrips { clock_step_ns: 5 * MS, ..RoundTrips::default() }));
    assert_eq!(flow.rtt, Some(Rtt { ns: 5 * MS, source: RttSource::TcpReset }));
    assert_eq!(flow.answered, Answered::Refused);
}

#[test]
fn of_one_side_the_own_acknowledgments_count() {
    let hello = tls::hello("www.example.com", 0);
    let after = 1 + hello.len() as u32;
    let packets = [
        up(0, 0, 0, SYN, &[]),
        up(30_000, 1, THEIRS + 1, ACK, &[]),
        up(30_100, 1, THEIRS + 1, PUSH_ACK, &hello),
        // One more may be the server's FIN.
        up(31_000, after, THEIRS + 2, ACK, &[]),
        up(61_100, after, THEIRS + 1_400, ACK, &[]),
    ];
    let flow = flow(&packets);
    let times = flow.round_trips.unwrap();
    assert_eq!((times.handshake_ns, times.hello_ns), (Some(30 * MS), Some(31 * MS)));
    assert_eq!(flow.rtt, Some(Rtt { ns: 30 * MS, source: RttSource::TcpOneWay }));
    assert_eq!(flow.answered, Answered::Yes);
}

#[test]
fn of_one_side_a_repeated_syn_proves_no_distance_by_its_last() {
    let packets = [up(0, 0, 0, SYN, &[]), up(1_000_000, 0, 0, SYN, &[]), up(1_000_400, 1, THEIRS + 1, ACK, &[])];
    let flow = flow(&packets);
    assert_eq!(flow.rtt, Some(Rtt { ns: 400 * US, source: RttSource::TcpHandshakeRepeated }));
    assert!(!RttSource::TcpHandshakeRepeated.is_bound());
    assert_eq!(flow.round_trips.unwrap().handshake_ns, Some(1_000_400 * US));
}

#[test]
fn of_one_side_a_hello_after_other_words_is_not_measured() {
    let hello = tls::hello("www.example.com", 0);
    let packets = [
        up(0, 0, 0, SYN, &[]),
        up(30_000, 1, THEIRS + 1, ACK, &[]),
        up(30_010, 1, THEIRS + 1, PUSH_ACK, b"STARTTLS\r\n"),
        up(60_000, 11, THEIRS + 30, PUSH_ACK, &hello),
        up(61_000, 11 + hello.len() as u32, THEIRS + 60, ACK, &[]),
    ];
    assert_eq!(times(&packets).hello_ns, None);
}

#[test]
fn a_hello_that_was_acknowledged_before_it_was_seen_is_not_measured() {
    let hello = tls::hello("www.example.com", 0);
    let mut packets = handshake();
    packets.extend([
        down(40_000, 1, 200, ACK, &[]),
        up(50_000, 1, THEIRS + 1, PUSH_ACK, &hello),
        down(50_500, 1, 200, PUSH_ACK, &[0x16, 3, 3, 0, 90, 2]),
    ]);
    let times = times(&packets);
    assert_eq!((times.handshake_ns, times.hello_ns, times.answer_ns), (Some(20 * MS), None, None));
}

#[test]
fn a_hello_behind_a_question_that_is_not_answered_is_not_measured() {
    let hello = tls::hello("www.example.com", 0);
    let after = 11 + hello.len() as u32;
    let with = |answer: Option<Timed>| {
        let mut packets = handshake();
        packets.push(up(20_060, 1, THEIRS + 1, PUSH_ACK, b"STARTTLS\r\n"));
        packets.extend(answer);
        packets.push(up(41_000, 11, THEIRS + 3, PUSH_ACK, &hello));
        packets.push(down(42_000, 3, after, PUSH_ACK, b"ok"));
        times(&packets).hello_ns
    };
    assert_eq!(with(None), None);
    assert_eq!(with(Some(down(40_900, 1, 11, PUSH_ACK, b"ok"))), Some(MS));
}

#[test]
fn a_repeated_hello_counts_from_its_first_byte() {
    let hello = tls::hello("www.example.com", 0);
    let mut packets = handshake();
    packets.extend([
        up(20_100, 1, THEIRS + 1, PUSH_ACK, &hello),
        up(320_100, 1, THEIRS + 1, PUSH_ACK, &hello),
        down(340_100, 1, 1 + hello.len() as u32, PUSH_ACK, &[0x16, 3, 3, 0, 90, 2]),
    ]);
    assert_eq!(times(&packets).hello_ns, Some(320 * MS));
}

#[test]
fn a_banner_of_ssh_is_answered_by_what_is_no_banner() {
    let mut packets = handshake();
    packets.extend([
        up(20_100, 1, THEIRS + 1, PUSH_ACK, b"SSH-2.0-a\r\n"),
        // Sent without waiting, once without and once with the acknowledgment of the client's.
        down(20_900, 1, 1, PUSH_ACK, b"SSH-2.0-b\r\n"),
        down(21_000, 1, 12, PUSH_ACK, b"SSH-2.0-b\r\n"),
        down(41_100, 12, 12, PUSH_ACK, &[0, 0, 3, 4, 6, 20]),
    ]);
    assert_eq!(times(&packets).hello_ns, Some(21 * MS));
}

/// A connection to this port in which the client says `words` and the server answers 22 ms later.
fn talk(port: u16, words: &[u8]) -> RoundTrips {
    let after = ISN.wrapping_add(1 + words.len() as u32);
    times(&[
        on_port(port, (0, true), (ISN, 0, SYN), &[], &[]),
        on_port(port, (20_000, false), (THEIRS, ISN.wrapping_add(1), SYN_ACK), &[], &[]),
        on_port(port, (20_100, true), (ISN.wrapping_add(1), THEIRS + 1, PUSH_ACK), &[], words),
        on_port(port, (42_100, false), (THEIRS + 1, after, PUSH_ACK), &[], b"something"),
    ])
}

#[test]
fn an_answer_stands_where_no_hello_is_known_and_nothing_answers_on_the_way() {
    let unknown = talk(5_222, &[0x9c; 64]);
    assert_eq!((unknown.handshake_ns, unknown.answer_ns, unknown.hello_ns), (Some(20 * MS), Some(22 * MS), None));
    let told = unknown.with_answer_as_hello();
    assert_eq!((told.answer_ns, told.hello_ns), (None, Some(22 * MS)));
    assert_eq!(told.with_answer_as_hello(), told);

    let web = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    for (port, words) in [(80, &web[..]), (8_080, web), (80, &[0x9c; 64])] {
        let cached = talk(port, words);
        assert_eq!((cached.handshake_ns, cached.answer_ns, cached.hello_ns), (Some(20 * MS), None, None), "{port}");
    }
    let question = dns::addresses("www.example.com", [SERVER]);
    let lookup = talk(53, &[&(question.len() as u16).to_be_bytes()[..], &question].concat());
    assert_eq!((lookup.handshake_ns, lookup.answer_ns), (None, None));
}

#[test]
fn a_first_payload_that_is_not_the_first_byte_is_not_measured() {
    let mut packets = handshake();
    packets.extend([up(20_100, 11, THEIRS + 1, PUSH_ACK, b"later"), down(20_500, 1, 16, PUSH_ACK, b"answer")]);
    assert_eq!(times(&packets).answer_ns, None);
}

#[test]
fn steps_of_a_slow_clock_are_told() {
    let mut packets = handshake();
    packets.iter_mut().for_each(|(us, _)| *us -= *us % 1_000);
    packets.push(down(27_000, 1, 1, PUSH_ACK, b"220 hello\r\n"));
    assert_eq!(times(&packets).clock_step_ns, 7 * MS);
    packets.push(up(28_000, 1, THEIRS + 12, ACK, &[]));
    assert_eq!(times(&packets).clock_step_ns, MS);
    // A capture without times.
    packets.iter_mut().for_each(|(us, _)| *us = 0);
    assert_eq!(flow(&packets).round_trips, None);
}

#[test]
fn a_clock_that_steps_back_measures_nothing() {
    let packets = [up(20_000, 0, 0, SYN, &[]), down(0, 0, 1, SYN_ACK, &[])];
    assert_eq!(times(&packets), RoundTrips { clock_step_ns: 20 * MS, ..RoundTrips::default() });
}

#[test]
fn the_syn_ack_that_was_used_is_shown() {
    let mut far = stamped_answer(20_000, 500);
    far.1[8] = 51;
    let mut other = stamped_answer(5_000, 9);
    other.1[8] = 60;
    let shown = |arrival_ttl: u8| SynAck {
        arrival_ttl,
        option_kinds: smallvec::smallvec![2, 1, 1, 8, 1, 3],
        window_scale: Some(7),
    };
    let used = flow(&[stamped_syn(0, 500), other.clone(), far]).syn_ack;
    assert_eq!(used.as_deref(), Some(&shown(51)));
    assert_eq!(flow(&[other]).syn_ack.as_deref(), Some(&shown(60)), "if none was used, the first");
    assert_eq!(flow(&[stamped_syn(0, 500)]).syn_ack, None);
}

#[test]
fn whether_the_server_answered() {
    let answered = |packets: &[Timed]| flow(packets).answered;
    assert_eq!(answered(&handshake()), Answered::Yes);
    assert_eq!(answered(&[up(0, 0, 0, SYN, &[])]), Answered::No);
    // The connection is open, and what is said over and over is not acknowledged.
    let sent: Vec<Timed> = (0..30).map(|at| up(at * 1_000, 1, THEIRS, PUSH_ACK, b"to nobody")).collect();
    assert_eq!(answered(&sent), Answered::No);
    let acknowledging = [up(0, 1, THEIRS, ACK, b"a"), up(9, 2, THEIRS + 1_400, ACK, &[])];
    assert_eq!(answered(&acknowledging), Answered::Yes);
    let reset = [up(0, 1, THEIRS, PUSH_ACK, b"a"), down(9, 0, 2, RST, &[])];
    assert_eq!(answered(&reset), Answered::Refused);
    // Port unreachable is no answer, and that of an echo is.
    let message = |kind: u8| (0, ip::v4(SERVER, CLIENT, 1, &[kind, 3, 0, 0, 0, 0, 0, 0]));
    assert_eq!([answered(&[message(3)]), answered(&[message(0)])], [Answered::Refused, Answered::Yes]);
    let served = [up(0, 1, THEIRS, PUSH_ACK, b"a"), down(9, 0, 2, FIN_ACK, &[]), down(10, 0, 2, RST, &[])];
    assert_eq!(answered(&served), Answered::Yes);
    assert_eq!(answered(&[datagram(0, true, 9_999, b"a")]), Answered::No);
    assert_eq!(answered(&[datagram(0, true, 9_999, b"a"), datagram(1, false, 9_999, b"b")]), Answered::Yes);
    // More resets than packets are kept.
    let knocking = (0..30).flat_map(|at| [up(at * 10, 1, THEIRS, PUSH_ACK, b"a"), down(at * 10 + 1, 0, 2, RST, &[])]);
    assert_eq!(answered(&knocking.collect::<Vec<_>>()), Answered::Refused);
}

#[test]
fn quic_counts_from_the_first_initial_to_an_answer_in_its_handshake() {
    let hello = crypto(0, &tls::hello_with(&[tls::server_name("www.example.com")]));
    let initial = Initial::first(&[7; 8]).seal(&hello, 1_200);
    let answer = [&[0xc0, 0, 0, 0, 1, 0, 8][..], &[9; 8], &[0; 60]].concat();
    let packets = [
        datagram(0, true, 443, &initial),
        datagram(300_000, true, 443, &initial),
        datagram(320_000, false, 443, &answer),
    ];
    let expected = RoundTrips { datagram_ns: Some(320 * MS), clock_step_ns: 20 * MS, ..RoundTrips::default() };
    assert_eq!(times(&packets), expected);
    // What came before the question is no answer, and nor is what comes later: the first Initial was not seen.
    let late = [datagram(0, false, 443, &answer), datagram(10, true, 443, &initial), datagram(20, false, 443, &answer)];
    assert_eq!(times(&late).datagram_ns, None);
}

#[test]
fn quic_counts_from_the_initial_that_the_answer_acknowledges() {
    let hello = crypto(0, &tls::hello_with(&[tls::server_name("www.example.com")]));
    let initial = |number| Initial { number, ..Initial::first(&[7; 8]) };
    let asked = |us, number| datagram(us, true, 443, &initial(number).seal(&hello, 1_200));
    let answered = |us, largest| datagram(us, false, 443, &initial(0).seal_answer(&[2, largest, 0, 0, 0], 1_200));
    let measured = |first: u32, largest: u8| {
        times(&[asked(0, first), asked(300_000, first + 1), answered(320_000, largest)]).datagram_ns
    };
    assert_eq!(measured(4, 5), Some(20 * MS));
    assert_eq!(measured(4, 4), Some(320 * MS));
    assert_eq!(measured(4, 3), None, "what it answers was sent before, and not seen");
    assert_eq!(measured(4, 9), Some(320 * MS), "what it answers was sent later, and not seen");
    // Shown twice, a packet was sent when it was first seen.
    let doubled = [asked(0, 4), asked(0, 4), asked(300_000, 5), asked(300_001, 5), answered(320_000, 5)];
    assert_eq!(times(&doubled).datagram_ns, Some(20 * MS));
}

fn stun(kind: u16, id: &[u8; 12]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &[0, 0, 0x21, 0x12, 0xa4, 0x42], id].concat()
}

#[test]
fn stun_counts_by_transaction() {
    let (one, other) = (b"transaction1", b"transaction2");
    let packets = [
        datagram(0, true, 3_478, &stun(1, one)),
        datagram(50_000, true, 3_478, &stun(1, other)),
        datagram(51_000, false, 3_478, &stun(0x0101, b"transaction9")),
        datagram(60_000, false, 3_478, &stun(0x0101, one)),
        datagram(95_000, false, 3_478, &stun(0x0111, other)),
    ];
    let flow = flow(&packets);
    assert_eq!(flow.round_trips.unwrap().datagram_ns, Some(45 * MS));
    assert!(flow.is_call_media);
    // Resolvers and clocks are often answered on the way, whatever is said to their ports.
    for port in [53, 123] {
        let packets = [datagram(0, true, port, &stun(1, one)), datagram(9, false, port, &stun(0x0101, one))];
        assert_eq!(self::flow(&packets).round_trips, None);
    }
}

#[test]
fn dtls_counts_from_hello_to_handshake() {
    let message = |kind: u8| [&[0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, kind][..], &[0; 39]].concat();
    let packets = [
        datagram(0, true, 7_000, &message(1)),
        // A packet of media is no answer.
        datagram(2_000, false, 7_000, &[0x80, 96, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9]),
        datagram(30_000, false, 7_000, &message(3)),
    ];
    assert_eq!(times(&packets).datagram_ns, Some(30 * MS));
}

#[test]
fn media_of_calls_is_told_by_its_streams() {
    let rtp = |us: i64, number: u16, source: u8| {
        let [high, low] = number.to_be_bytes();
        datagram(us, true, 7_000, &[0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, source])
    };
    assert!(flow(&[rtp(0, u16::MAX, 9), rtp(1, 40, 8), rtp(2, 0, 9)]).is_call_media);
    assert!(!flow(&[rtp(0, 1, 9), rtp(1, 2, 8), rtp(2, 400, 9)]).is_call_media);
    assert!(!flow(&[datagram(0, true, 7_000, b"something"), datagram(1, false, 7_000, b"else")]).is_call_media);
}
