//! Property tests of the law of merging, on captures built at random: however a capture is cut, and in whatever order
//! its parts are joined, the same flows come out in the same order.

use super::{Flow, OpenLimits, Partial, Pool, SampleKey, Shed, Tracker};
use crate::capture::owner::{Owner, OwnerFormat};
use crate::capture::{Direction, Frame, FrameId, FrameNote, LinkType};
use fixtures::ip::v4_fragment as ip;
use fixtures::quic::{Initial, answer, crypto, short};
use fixtures::transport::{tcp, tcp_with, udp};
use fixtures::{dns, ethernet, tls};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

const SECOND_NS: i64 = 1_000_000_000;
/// The clocks of the captures step back by less than the slack that the tracker allows.
const STEP_BACK_NS: i64 = 9 * SECOND_NS;

/// Kinds of steps.
const KINDS: u8 = 33;

/// Pauses a little shorter and longer than every time-out, and clocks that are set.
const PAUSES_NS: [i64; 18] = [
    0,
    0,
    0,
    0,
    1,
    1_000_000,
    1_000_000,
    SECOND_NS,
    -SECOND_NS,
    -8 * SECOND_NS,
    59 * SECOND_NS,
    61 * SECOND_NS,
    119 * SECOND_NS,
    121 * SECOND_NS,
    299 * SECOND_NS,
    301 * SECOND_NS,
    2 * 3_600 * SECOND_NS,
    30 * 3_600 * SECOND_NS,
];

/// One event of a capture: a few frames, mixed a little with those of neighbouring events.
#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    conversation: u8,
    pause: usize,
    variant: u8,
    cuts: Vec<u16>,
    jitter: Vec<u8>,
}

fn step() -> impl Strategy<Value = Step> {
    let cuts = prop::collection::vec(any::<u16>(), 0..6);
    let jitter = prop::collection::vec(0..24_u8, 8);
    (0..KINDS, 0..3_u8, 0..PAUSES_NS.len(), any::<u8>(), cuts, jitter).prop_map(
        |(kind, conversation, pause, variant, cuts, jitter)| Step { kind, conversation, pause, variant, cuts, jitter },
    )
}

/// One frame of a capture that was built in memory.
#[derive(Clone, Debug)]
pub(super) struct Built {
    time_ns: i64,
    bytes: Vec<u8>,
    note: Option<FrameNote>,
}

const CLIENT: [u8; 4] = [10, 0, 0, 2];
const RESOLVER: [u8; 4] = [10, 0, 0, 53];

fn server(conversation: u8) -> [u8; 4] {
    [93, 184, 216, 34 + conversation % 2]
}

/// A ClientHello as large as a browser's, without a record: QUIC carries it in two packets.
fn large_hello() -> Vec<u8> {
    tls::hello_with(&[tls::extension(0x33, &[9; 1216]), tls::server_name("Example.com"), tls::alpn(&["h3"])])
}

/// An Initial to a connection id, with the keys of the id that the connection began with.
fn initial(id: &[u8], origin: &[u8], frames: &[u8]) -> Vec<u8> {
    Initial { destination: id, number: 1, number_length: 4, ..Initial::first(origin) }.seal(frames, 1_200)
}

/// A message that one side sends in a stream.
fn message(variant: u8) -> Vec<u8> {
    match variant % 10 {
        0 => tls::hello("short.example", 20),
        1 => tls::hello("long.example.org", 1800),
        2 => tls::hello("longer.example.net", 15_000),
        3 => b"GET /a HTTP/1.1\r\nHost: one.example\r\n\r\n".to_vec(),
        4 => [
            &b"GET /a HTTP/1.1\r\nHost: two.example\r\nX: y\r\n\r\n"[..],
            b"POST /b HTTP/1.1\r\nHost: three.example\r\nContent-Length: 2\r\n\r\nhi",
            b"GET /c HTTP/1.1\r\nHost: four.example\r\n\r\n",
        ]
        .concat(),
        5 => {
            let answer = dns::addresses("stream.example", [server(variant >> 4)]);
            [&(answer.len() as u16).to_be_bytes()[..], &answer].concat()
        }
        6 => b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        // A server's flight: a hello and the beginning of a certificate.
        7 => [&[0x16, 3, 3, 0, 90, 2, 0, 0, 70, 3, 3][..], &[5; 68], &[11, 0, 0, 12], &[0; 100]].concat(),
        8 => vec![variant; 700],
        _ => vec![0x17, 3, 3, 0, 4, 1, 2, 3, 4],
    }
}

impl Step {
    fn id_of_server(conversation: u8, variant: u8) -> [u8; 8] {
        [if variant & 0x38 == 0 { 0x60 } else { 0x51 + conversation }; 8]
    }

    /// The IP packets of the event, in order.
    fn packets(&self) -> Vec<Vec<u8>> {
        let Self { conversation, variant, .. } = *self;
        let server = server(conversation);
        let is_up = variant & 1 == 0;
        let port = 50_000 + u16::from(conversation);
        let (from, to) = if is_up { (CLIENT, server) } else { (server, CLIENT) };
        let towards = |service: u16| if is_up { (port, service) } else { (service, port) };
        let isn = 1000 + u32::from(variant >> 1 & 1) * 77;
        let segment = |sequence, flags, payload: &[u8]| {
            ip(from, to, 6, &tcp(towards(443), sequence, 0, flags, payload), (0, 0x4000))
        };
        match self.kind {
            0 => vec![ip(CLIENT, server, 6, &tcp((port, 443), isn, 0, 2, &[]), (0, 0x4000))],
            1 => vec![ip(server, CLIENT, 6, &tcp((443, port), 9000, isn + 1, 0x12, &[]), (0, 0x4000))],
            2 => vec![
                ip(CLIENT, server, 6, &tcp((port, 443), isn, 0, 2, &[]), (0, 0x4000)),
                ip(server, CLIENT, 6, &tcp((443, port), 9000, isn + 1, 0x12, &[]), (0, 0x4000)),
            ],
            3 => vec![segment(isn, 0x10, &[])],
            // Whole messages in pieces, in order except for the jitter; sometimes pieces overlap or come twice.
            4..=11 => {
                let bytes = message(variant >> 1);
                let mut ends: Vec<usize> = self.cuts.iter().map(|&cut| usize::from(cut) % bytes.len()).collect();
                ends.extend([0, bytes.len()]);
                ends.sort_unstable();
                let overlap = usize::from(variant >> 6);
                ends.windows(2)
                    .map(|pair| (pair[0].saturating_sub(overlap), pair[1]))
                    .filter(|(start, end)| start < end)
                    .map(|(start, end)| segment(isn + 1 + start as u32, 0x18, &bytes[start..end]))
                    .collect()
            }
            // More small segments than are kept.
            12 => (0..40).map(|at| segment(isn + 1 + at, 0x18, &[variant])).collect(),
            13 => {
                let bytes = message(variant >> 1);
                let size = 1 + bytes.len() / 36;
                let pieces = bytes.chunks(size).enumerate();
                pieces.map(|(at, piece)| segment(isn + 1 + (at * size) as u32, 0x18, piece)).collect()
            }
            14 | 15 => {
                let name = ["a.example", "b.example", "c.example", "d.example"][usize::from(variant >> 2 & 3)];
                let answer = dns::addresses(name, [self::server(variant >> 1 & 1)]);
                vec![ip(RESOLVER, CLIENT, 17, &udp((53, 40_000), &answer), (0, 0))]
            }
            // A datagram in pieces: an answer, or something unknown.
            16 | 17 => {
                let whole = if is_up {
                    udp(
                        (53, 40_000 + u16::from(conversation)),
                        &dns::addresses("pieces.example", [self::server(variant >> 1 & 1)]),
                    )
                } else {
                    udp((7000, 7000), &[variant; 60])
                };
                let middle = 32.min(whole.len());
                let id = u16::from(variant >> 4 & 1);
                vec![
                    ip(RESOLVER, CLIENT, 17, &whole[..16], (id, 0x2000)),
                    ip(RESOLVER, CLIENT, 17, &whole[16..middle], (id, 0x2002)),
                    ip(RESOLVER, CLIENT, 17, &whole[middle..], (id, 4)),
                ]
            }
            18 => vec![ip(RESOLVER, CLIENT, 17, &udp((7000, 7000), &[variant; 40]), (0, 0))],
            19 | 20 => {
                let hello = large_hello();
                let (id, other) = ([variant >> 6; 8], [9; 8]);
                let first = initial(&id, &id, &crypto(0, &hello[..700]));
                let second = initial(&[4; 6], &id, &crypto(700, &hello[700..]));
                let foreign = initial(&other, &other, &crypto(0, b"\x02\0\0\0"));
                let up = |payload: &[u8]| ip(CLIENT, server, 17, &udp((port, 443), payload), (0, 0x4000));
                let down = ip(server, CLIENT, 17, &udp((443, port), &foreign), (0, 0x4000));
                match variant & 7 {
                    0 => vec![up(&first)],
                    1 => vec![up(&second)],
                    2 => vec![down],
                    3 => vec![up(&second), up(&first)],
                    4 => vec![up(&first), up(&first), down, up(&second)],
                    5 => vec![up(&initial(&other, &other, &crypto(0, &hello)))],
                    _ => vec![up(&first), up(&second)],
                }
            }
            21 => vec![ip(from, to, 17, &udp(towards(9999), &[variant; 50]), (0, 0x4000)); 3],
            22 => {
                let inner = ip(CLIENT, server, 17, &udp((port, 9999), &[variant; 20]), (0, 0));
                vec![ip([10, 9, 9, 9], [10, 9, 9, 8], 4, &inner, (0, 0))]
            }
            // A handshake with timestamps, of which sometimes one side or a SYN is missing.
            23 => {
                let (stamp, whole) = (|value: u8, echo: u8| [1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, echo], (0, 0x4000));
                let syn =
                    |value| ip(CLIENT, server, 6, &tcp_with((port, 443), isn, 0, 2, &stamp(value, 0), &[]), whole);
                let answer = tcp_with((443, port), 9000, isn + 1, 0x12, &stamp(9, 1 + (variant >> 3 & 1)), &[]);
                let (start, end) = [(0, 2), (2, 3), (1, 3), (0, 3)][usize::from(variant >> 4 & 3)];
                [syn(1), syn(2), ip(server, CLIENT, 6, &answer, whole)][start..end].to_vec()
            }
            // Either side says something, acknowledges it, or resets.
            24 => {
                let numbers = if is_up { (isn + 1, 9001) } else { (9001, isn + 1 + u32::from(variant >> 4)) };
                let hello = &[0x16, 3, 3, 0, 90, 1, 0, 0, 86, 3, 3][..];
                let said =
                    [(4, &[][..]), (0x14, &[]), (0x10, &[]), (0x18, b"SSH-2.0-x\r\n"), (0x18, hello), (0x18, b"a")];
                let (flags, payload) = said[usize::from(variant >> 1 & 7) % said.len()];
                vec![ip(from, to, 6, &tcp(towards(443), numbers.0, numbers.1, flags, payload), (0, 0x4000))]
            }
            25 | 26 => {
                let id = [variant >> 6; 12];
                let kind = [0, 1, 1, if variant & 2 == 0 { 1 } else { 0x11 }];
                let stun = [&kind[if is_up { 0..2 } else { 2..4 }], &[0, 0, 0x21, 0x12, 0xa4, 0x42], &id].concat();
                let rtp = [0x80, 96, 0, variant >> 3, 0, 0, 0, 0, 0, 0, 0, 7];
                vec![ip(from, to, 17, &udp(towards(3478), if variant & 4 == 0 { &stun } else { &rtp }), (0, 0x4000))]
            }
            // A segment in fragments, and a SYN with data.
            27 => {
                let bytes = message(variant >> 1);
                let whole = tcp(towards(443), isn + 1, 1, 0x18, &bytes[..bytes.len().min(900)]);
                let (id, middle) = (u16::from(variant >> 7), 24.min(whole.len()));
                vec![ip(from, to, 6, &whole[..middle], (id, 0x2000)), ip(from, to, 6, &whole[middle..], (id, 3))]
            }
            28 if variant & 8 != 0 => {
                let (decoy, real) = (tls::hello("decoy.example", 20), tls::hello("real.example", 200));
                let middle = usize::from(variant >> 4) * 12;
                let first = [&decoy, &real[..middle]].concat();
                vec![
                    ip(CLIENT, server, 6, &tcp((port, 443), isn, 0, 2, &[]), (0, 0x4000)),
                    ip(
                        CLIENT,
                        server,
                        6,
                        &tcp((port, 443), isn + 1 - decoy.len() as u32, 0, 0x18, &first),
                        (0, 0x4000),
                    ),
                    ip(
                        CLIENT,
                        server,
                        6,
                        &tcp((port, 443), isn + 1 + middle as u32, 0, 0x18, &real[middle..]),
                        (0, 0x4000),
                    ),
                ]
            }
            28 => vec![
                ip(CLIENT, server, 6, &tcp((port, 443), isn, 0, 2, &message(4)[..20]), (0, 0x4000)),
                ip(server, CLIENT, 6, &tcp((443, port), 9000, isn + 21, 0x12, &[]), (0, 0x4000)),
                ip(CLIENT, server, 6, &tcp((port, 443), isn + 21, 0, 0x18, &message(4)[20..]), (0, 0x4000)),
            ],
            // A connection of QUIC is opened, and goes on, sometimes from another port. Two of the conversations have one server, and
            // sometimes one id.
            29 | 30 => {
                // Two hellos under one id, as only an attacker has them.
                let origin = [0xa0 + conversation; 8];
                let hello = tls::hello_with(&[tls::server_name(
                    ["a.moved.example", "b.moved.example"][usize::from(variant >> 3 & 1)],
                )]);
                let first = initial(&origin, &origin, &crypto(0, &hello));
                let said = answer(&[3; 8], &Self::id_of_server(conversation, variant));
                let up = |payload: &[u8]| ip(CLIENT, server, 17, &udp((port, 443), payload), (0, 0x4000));
                let down = ip(server, CLIENT, 17, &udp((443, port), &said), (0, 0x4000));
                match variant & 7 {
                    0 => vec![up(&first)],
                    1 => vec![down],
                    2 => vec![down, up(&first)],
                    _ => vec![up(&first), down],
                }
            }
            31 => {
                let port = port + u16::from(variant & 3) * 1_000;
                let id = Self::id_of_server(conversation, variant);
                let up = ip(CLIENT, server, 17, &udp((port, 443), &short(&id, 30)), (0, 0x4000));
                let down = ip(server, CLIENT, 17, &udp((443, port), &short(&[3; 8], 60)), (0, 0x4000));
                if variant & 4 == 0 { vec![up, down] } else { vec![down, up] }
            }
            32 => vec![ip(from, to, 1, &[[8, 0, 3, 13][usize::from(variant >> 6)], 0, 0, 0, 0, 1, 0, 1], (0, 0))],
            _ => vec![ip(from, to, 1, &[8, 0, 0, 0, 0, 1, 0, 1], (0, 0))],
        }
    }
}

/// The capture that consists of these events.
fn capture(steps: &[Step]) -> Vec<Built> {
    let owners: Vec<_> = ["one", "two", "three"]
        .into_iter()
        .map(|name| Arc::new(Owner { name: Some(name.into()), ..Owner::new(OwnerFormat::Pcapdroid) }))
        .collect();
    let mut placed = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let note = (step.variant & 0x18 == 0x18).then(|| FrameNote {
            owner: owners.get(usize::from(step.variant >> 5) % 4).cloned(),
            direction: [Direction::Unknown, Direction::Inbound, Direction::Outbound][usize::from(step.variant) % 3],
            ..FrameNote::default()
        });
        for (packet_at, packet) in step.packets().into_iter().enumerate() {
            let place = at * 8 + packet_at + usize::from(step.jitter[packet_at % step.jitter.len()]);
            let pause = if packet_at == 0 { PAUSES_NS[step.pause] } else { 0 };
            placed.push((place, pause, packet, note.clone()));
        }
    }
    placed.sort_by_key(|(place, ..)| *place);
    let (mut now_ns, mut latest_ns) = (1_700_000_000 * SECOND_NS, i64::MIN);
    let frames = placed.into_iter().map(|(_, pause_ns, packet, note)| {
        now_ns = (now_ns + pause_ns).max(latest_ns.saturating_sub(STEP_BACK_NS));
        latest_ns = latest_ns.max(now_ns);
        Built { time_ns: now_ns, bytes: ethernet::frame(&packet), note }
    });
    frames.collect()
}

/// A capture in which everything happens once or twice.
pub(super) fn sample_capture() -> Vec<Built> {
    let step = |at: u8| Step {
        kind: at % KINDS,
        conversation: at % 3,
        pause: usize::from(at) % 8,
        variant: at.wrapping_mul(37),
        cuts: vec![300, 900],
        jitter: vec![at % 5; 8],
    };
    capture(&(0..2 * KINDS).map(step).collect::<Vec<_>>())
}

/// The partial as it is written.
pub(super) fn written(mut partial: Partial) -> Vec<u8> {
    let mut bytes = Vec::new();
    partial.write_to(&mut bytes).unwrap();
    bytes
}

/// The partial as another process reads it.
pub(super) fn carried(partial: Partial) -> Partial {
    Partial::read_from(&mut &*written(partial), u64::MAX).unwrap()
}

/// The partial of some frames, which are numbered from 0.
pub(super) fn observe(frames: &[Built]) -> Partial {
    observe_into(Partial::new(SampleKey::default()), frames)
}

fn observe_into(mut partial: Partial, frames: &[Built]) -> Partial {
    for (record, built) in frames.iter().enumerate() {
        partial.observe(Frame {
            id: FrameId::new(0, record as u64),
            time_ns: built.time_ns,
            link_type: LinkType::ETHERNET,
            bytes: &built.bytes,
            wire_length: built.bytes.len() as u32,
            note: built.note.as_ref(),
        });
    }
    partial
}

/// The flows in the order in which they are given out, with their windows.
pub(super) fn track(parts: Vec<(usize, Partial)>) -> Vec<(i64, Flow)> {
    track_as(&mut parts.into_iter(), 1, &mut drop)
}

/// The same, with sessions closed after every `close_every` parts, and each emptied partial given back.
fn track_as(
    parts: &mut dyn Iterator<Item = (usize, Partial)>,
    close_every: usize,
    take_back: &mut dyn FnMut(Partial),
) -> Vec<(i64, Flow)> {
    let mut tracker = Tracker::new(SampleKey::default(), None);
    let (waiting, mut left) = (Mutex::new(Vec::new()), Vec::new());
    let sink = |closed: &mut Vec<Flow>| waiting.lock().unwrap().append(closed);
    let mut leave = |before: i64| {
        let (mut ready, later): (Vec<Flow>, Vec<Flow>) =
            std::mem::take(&mut *waiting.lock().unwrap()).into_iter().partition(|flow| flow.window() < before);
        *waiting.lock().unwrap() = later;
        ready.sort_by_key(|flow| (flow.window(), flow.first_frame));
        left.extend(ready.into_iter().map(|flow| (flow.window(), flow)));
    };
    for (at, (base, mut partial)) in parts.enumerate() {
        tracker.join(&mut partial, FrameId::new(0, base as u64), &mut |_| ()).unwrap();
        take_back(partial);
        if at % close_every == 0 {
            tracker.close(sink);
            leave(tracker.complete_window());
        }
    }
    tracker.finish(sink);
    leave(i64::MAX);
    left
}

/// Cuts the frames at these places, taken modulo the number of frames.
fn pieces<'a>(frames: &'a [Built], cuts: &[u16]) -> Vec<(usize, &'a [Built])> {
    let mut ends: Vec<usize> = cuts.iter().map(|&cut| usize::from(cut) % (frames.len() + 1)).collect();
    ends.extend([0, frames.len()]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| (pair[0], &frames[pair[0]..pair[1]])).collect()
}

/// Joins neighbouring parts in an order chosen by `picks`, until one is left.
fn merge_tree(mut parts: Vec<(usize, Partial)>, picks: &[u16]) -> Option<Partial> {
    let mut picks = picks.iter().cycle();
    while parts.len() > 1 {
        let at = usize::from(*picks.next().unwrap_or(&0)) % (parts.len() - 1);
        let (base, right) = parts.remove(at + 1);
        let (first, left) = &mut parts[at];
        left.merge(right, FrameId::new(0, (base - *first) as u64)).unwrap();
    }
    parts.pop().map(|(_, whole)| whole)
}

/// The flows that are kept when memory is limited, and what was dropped.
fn track_within(frames: &[Built], cuts: &[u16], limits: OpenLimits, sample_key: SampleKey) -> (Vec<Flow>, Shed) {
    let mut tracker = Tracker::new(sample_key, Some(limits));
    let flows = Mutex::new(Vec::new());
    let sink = |closed: &mut Vec<Flow>| flows.lock().unwrap().append(closed);
    let pool = Pool::new(sample_key);
    for (base, piece) in pieces(frames, cuts) {
        let mut partial = observe_into(pool.take(), piece);
        tracker.join(&mut partial, FrameId::new(0, base as u64), &mut |tracker| tracker.close(sink)).unwrap();
        pool.put(partial);
    }
    let shed = tracker.finish(sink).shed;
    let mut flows = flows.into_inner().unwrap();
    flows.sort_by_key(|flow| (flow.first_frame, flow.window()));
    (flows, shed)
}

#[track_caller]
fn assert_same(expected: &[(i64, Flow)], seen: &[(i64, Flow)], how: &str) {
    for (expected, seen) in expected.iter().zip(seen) {
        assert_eq!(expected, seen, "{how}");
    }
    assert_eq!(expected.len(), seen.len(), "{how}");
}

#[test]
fn too_many_owners_of_a_flow_are_the_same_ones_for_every_cut() {
    let frames: Vec<Built> = (0..400_u32)
        .map(|at| {
            let name = format!("{}{}", "x".repeat(100), at * 7_919 % 130);
            let owner = Owner { name: Some(name.into()), ..Owner::new(OwnerFormat::Pcapdroid) };
            let packet = ip(CLIENT, [198, 51, 100, 7], 17, &udp((5_000, 9_999), &[1; 20]), (0, 0));
            Built {
                time_ns: i64::from(at) * 1_000_000,
                bytes: [&[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0][..], &packet].concat(),
                note: Some(FrameNote { owner: Some(Arc::new(owner)), ..FrameNote::default() }),
            }
        })
        .collect();
    let whole = track(vec![(0, observe(&frames))]);
    let owner = whole[0].1.owner.as_ref().unwrap();
    assert_eq!((whole.len(), owner.votes_total + owner.left_out), (1, 400));
    assert!(owner.left_out > 200 && owner.others.iter().all(|(_, votes)| *votes >= 3));
    for size in [1, 7, 50, 133, 399] {
        let parts = frames.chunks(size).enumerate().map(|(at, piece)| (at * size, observe(piece)));
        assert_same(&whole, &track(parts.collect()), "cut");
    }
}

/// However a capture of these steps is cut and merged, the same flows leave it.
fn check(steps: &[Step], cuts: &[u16], picks: &[u16], close_every: usize) -> Result<(), TestCaseError> {
    let frames = capture(steps);
    let whole = track(vec![(0, observe(&frames))]);
    prop_assert_eq!(
        whole.iter().map(|(_, flow)| flow.up.packets + flow.down.packets).sum::<u64>(),
        frames.len() as u64
    );

    let cut = pieces(&frames, cuts);
    let parts = cut.iter().map(|&(base, piece)| (base, observe(piece)));
    let merged = merge_tree(parts.collect(), picks).unwrap();
    assert_same(&whole, &track(vec![(0, merged)]), "merged");

    let parts = cut.iter().map(|&(base, piece)| (base, observe(piece))).collect();
    assert_same(&whole, &track(parts), "joined piece by piece");

    let parts = cut.iter().map(|&(base, piece)| (base, carried(observe(piece))));
    let merged = merge_tree(parts.collect(), picks).unwrap();
    assert_same(&whole, &track(vec![(0, carried(merged))]), "written, read, merged, written and read");

    let parts = frames.chunks(1).enumerate().map(|(base, piece)| (base, observe(piece))).collect();
    assert_same(&whole, &track(parts), "joined frame by frame");

    let pool = Pool::new(SampleKey::default());
    let mut parts = cut.iter().map(|&(base, piece)| (base, observe_into(pool.take(), piece)));
    let seen = track_as(&mut parts, close_every, &mut |partial| pool.put(partial));
    assert_same(&whole, &seen, "gathered into what was used before, and closed now and then");
    Ok(())
}

/// A step as a failure of the property below told it.
fn once(kind: u8, conversation: u8, variant: u8, cuts: &[u16], jitter: [u8; 8]) -> Step {
    Step { kind, conversation, pause: 0, variant, cuts: cuts.to_vec(), jitter: jitter.to_vec() }
}

/// What the property below has found before.
#[test]
fn captures_that_once_differed_when_cut_are_the_same() {
    let first = [
        once(4, 2, 183, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(1, 0, 0, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(4, 2, 94, &[555], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(4, 2, 188, &[26246, 21318], [0, 0, 14, 0, 0, 0, 0, 0]),
        once(2, 2, 0, &[], [8, 0, 0, 0, 0, 0, 0, 0]),
    ];
    let second = [
        once(4, 0, 60, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(0, 1, 0, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(13, 0, 34, &[], [4, 0, 0, 0, 0, 0, 0, 0]),
        once(0, 1, 0, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(13, 0, 1, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(14, 0, 0, &[], [0, 0, 0, 0, 0, 0, 0, 0]),
        once(4, 0, 26, &[720], [0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    let third = [once(19, 1, 44, &[], [0; 8]), once(29, 1, 42, &[], [0; 8]), once(31, 1, 89, &[], [0; 8])];
    for steps in [&first[..], &second, &third] {
        check(steps, &[], &[0], 1).unwrap();
    }
    // A part of a hello, and then whole hellos of another connection between the same ports.
    let all =
        [(3, 0), (12, 0), (13, 100), (0, 0), (16, 0), (29, 2), (12, 0), (0, 0), (0, 0), (19, 236), (0, 0), (19, 21)];
    let fourth = all.map(|(kind, variant)| once(kind, 0, variant, &[], [0; 8]));
    for cut in 0..capture(&fourth).len() {
        check(&fourth, &[cut as u16], &[0], 1).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn no_cut_and_no_order_of_merging_changes_the_flows(
        steps in prop::collection::vec(step(), 1..40),
        cuts in prop::collection::vec(any::<u16>(), 0..12),
        picks in prop::collection::vec(any::<u16>(), 1..12),
        close_every in 1_usize..5,
    ) {
        check(&steps, &cuts, &picks, close_every)?;
    }

    /// Whatever is dropped, the tracker ends, counts every frame once, and gives the same result for the same
    /// captures in the same parts.
    #[test]
    fn what_is_let_go_of_is_counted_once(
        steps in prop::collection::vec(step(), 1..40),
        cuts in prop::collection::vec(any::<u16>(), 0..12),
        limits in (0_u64..30_000, 0_u64..4_000, 0_u64..4_000),
    ) {
        let frames = capture(&steps);
        let limits = OpenLimits { sessions: limits.0, answers: limits.1, fragments: limits.2 };
        let sample_key = SampleKey::of([[cuts.len() as u8; 32]].into_iter());
        let (flows, shed) = track_within(&frames, &cuts, limits, sample_key);
        let packets: u64 = flows.iter().map(|flow| flow.up.packets + flow.down.packets).sum();
        prop_assert_eq!(packets + shed.frames.frames + shed.fragments.frames, frames.len() as u64);
        let bytes: u64 = flows.iter().map(|flow| flow.up.bytes + flow.down.bytes).sum();
        let all: u64 = frames.iter().map(|built| built.bytes.len() as u64).sum();
        prop_assert_eq!(bytes + shed.frames.bytes + shed.fragments.bytes, all);
        prop_assert_eq!(track_within(&frames, &cuts, limits, sample_key), (flows, shed));
        let roomy = OpenLimits { sessions: 1 << 30, answers: 1 << 30, fragments: 1 << 30 };
        let (all, nothing) = track_within(&frames, &cuts, roomy, sample_key);
        prop_assert_eq!(nothing, Shed::default());
        prop_assert_eq!(all, track_within(&frames, &[], roomy, sample_key).0);
    }
}
