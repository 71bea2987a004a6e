//! One flow under way: what its next packet is.

use super::frame::{ACK, Ends, FIN_ACK, Frame, PIECE_BYTES, PUSH_ACK, RESET, SYN, SYN_ACK, To};
use super::openings::{client_hello, dns_answer, dns_query, http_request, quic_initial, server_hello};
use super::random::Random;
use super::sites::{SITES, name};
use std::net::{IpAddr, Ipv4Addr};

/// TCP payload of a full packet of 1500 bytes over IPv4 with timestamps; over IPv6 it is a little more than fits.
const SEGMENT_BYTES: usize = 1_448;
/// QUIC payload of a full packet as common stacks send it.
const DATAGRAM_BYTES: usize = 1_250;
/// The client's share of a QUIC handshake.
const REPLY_BYTES: usize = 120;
/// Full segments in a TLS record, which holds up to 16 KiB.
const RECORD_SEGMENTS: u32 = 11;
/// Who is asked for names.
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));

/// What is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Tls,
    Quic,
    Http,
    Dns,
    /// Payload without a meaning, over UDP.
    Udp,
    /// A connection that is refused at once.
    Refused,
}

/// How large packets of data are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sizes {
    /// As large as fits.
    Full,
    /// Mostly small.
    Small,
}

/// A flow under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    pub(super) kind: Kind,
    pub(super) ends: Ends,
    /// Position in [`SITES`].
    pub(super) site: usize,
    /// What all chance in its opening comes from, so that it can be built again.
    pub(super) seed: u64,
    /// Whether a DNS lookup comes first.
    pub(super) has_lookup: bool,
    /// Packets of data still to come.
    pub(super) data: u32,
    pub(super) sizes: Sizes,
    /// Packets so far.
    pub(super) step: u32,
    /// The client's FIN is out.
    pub(super) is_closing: bool,
    /// Next sequence numbers: the client's, the server's.
    pub(super) next: [u32; 2],
}

/// Buffers that are used again.
#[derive(Default)]
pub(super) struct Scratch {
    name: String,
    bytes: Vec<u8>,
}

impl Talk {
    /// Writes the next packet; whether more follow.
    pub(super) fn packet(&mut self, random: &mut Random, scratch: &mut Scratch, frame: &mut Frame) -> bool {
        let step = self.step;
        self.step += 1;
        name(&SITES[self.site], self.seed, &mut scratch.name);
        let before = if self.has_lookup { 2 } else { 0 };
        if step < before || self.kind == Kind::Dns {
            self.lookup(step, scratch, frame);
            return step == 0 || self.kind != Kind::Dns;
        }
        let step = step - before;
        match self.kind {
            Kind::Tls | Kind::Http => self.stream(step, random, scratch, frame),
            Kind::Quic => self.quic(step, random, scratch, frame),
            Kind::Dns | Kind::Udp => self.datagrams(step, random, frame),
            Kind::Refused => self.refused(step, frame),
        }
    }

    fn lookup(&self, step: u32, scratch: &mut Scratch, frame: &mut Frame) {
        let Scratch { name, bytes } = scratch;
        let id = self.seed as u16;
        let client_port = 32_768 | (self.seed >> 16) as u16;
        let (client, server) = match self.ends.client {
            IpAddr::V4(_) => (self.ends.client, RESOLVER),
            IpAddr::V6(ip) => (self.ends.client, super::traffic::router(ip)),
        };
        let ends = Ends { client, server, client_port, server_port: 53 };
        if step == 0 {
            dns_query(bytes, id, name, self.ends.server.is_ipv6());
            frame.udp(&ends, To::Server, bytes);
        } else {
            dns_answer(bytes, id, name, [self.ends.server]);
            frame.udp(&ends, To::Client, bytes);
        }
    }

    /// A segment with these bytes; moves the sequence number on. SYN and FIN count as one.
    fn segment(&mut self, frame: &mut Frame, to: To, flags: u8, payload: &[u8]) {
        let numbers = self.numbers(to, payload.len() as u32 + u32::from(flags & (SYN | FIN_ACK) & !ACK != 0));
        frame.tcp(&self.ends, to, numbers, flags, payload);
    }

    /// Sequence and acknowledgement number of a segment that takes so many numbers.
    fn numbers(&mut self, to: To, length: u32) -> (u32, u32) {
        let [client, server] = self.next;
        let (mine, numbers) = match to {
            To::Server => (&mut self.next[0], (client, server)),
            To::Client => (&mut self.next[1], (server, client)),
        };
        *mine = mine.wrapping_add(length);
        numbers
    }

    fn filled(&mut self, frame: &mut Frame, to: To, (head, length): (&[u8], usize), at: u32) {
        let numbers = self.numbers(to, length.max(head.len()) as u32);
        frame.tcp_filled(&self.ends, to, numbers, (head, length), at);
    }

    /// TLS or HTTP over TCP.
    fn stream(&mut self, step: u32, random: &mut Random, scratch: &mut Scratch, frame: &mut Frame) -> bool {
        let Scratch { name, bytes } = scratch;
        let mut own = Random::new(self.seed);
        let is_tls = self.kind == Kind::Tls;
        match step {
            0 => self.segment(frame, To::Server, SYN, &[]),
            1 => self.segment(frame, To::Client, SYN_ACK, &[]),
            2 => self.segment(frame, To::Server, ACK, &[]),
            3 | 4 if is_tls => {
                // Half of the clients of a phone offer a hybrid key share, and their hello takes a second segment.
                client_hello(bytes, name, &mut own, self.sizes == Sizes::Full && self.seed & 1 == 0);
                let cut = bytes.len().min(SEGMENT_BYTES);
                let (first, second) = bytes.split_at(cut);
                match (step, second) {
                    (3, _) => self.segment(frame, To::Server, PUSH_ACK, first),
                    (_, []) => self.segment(frame, To::Client, ACK, &[]),
                    _ => self.segment(frame, To::Server, PUSH_ACK, second),
                }
            }
            5 if is_tls => {
                server_hello(bytes, &mut own);
                let rest = if self.sizes == Sizes::Full { SEGMENT_BYTES } else { 700 };
                // The record that begins behind the hello holds what is left of the segment.
                let left = rest.saturating_sub(bytes.len() + 2) as u16;
                bytes.extend(left.to_be_bytes());
                self.filled(frame, To::Client, (bytes, rest), own.below(1 << 16));
            }
            3 => {
                http_request(bytes, name, &mut own);
                self.segment(frame, To::Server, PUSH_ACK, bytes);
            }
            4 => self.filled(
                frame,
                To::Client,
                (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 400),
                own.below(1 << 16),
            ),
            _ if self.data > 0 => {
                self.data -= 1;
                self.data(step, random, frame);
            }
            _ => return self.close(frame),
        }
        true
    }

    /// Two packets down for an acknowledgement up; now and then something small up.
    fn data(&mut self, step: u32, random: &mut Random, frame: &mut Frame) {
        let at = random.below(1 << 16);
        let down = match self.sizes {
            Sizes::Full => SEGMENT_BYTES,
            Sizes::Small => small(random),
        };
        if step % 3 == 2 {
            if self.kind == Kind::Tls && random.is_in(20) {
                self.filled(frame, To::Server, (&[0x17, 3, 3, 0, 59], 64), at);
            } else {
                self.segment(frame, To::Server, ACK, &[]);
            }
            return;
        }
        let number = step / 3 * 2 + step % 3;
        let (is_start, record) = match self.sizes {
            Sizes::Full => (number.is_multiple_of(RECORD_SEGMENTS), RECORD_SEGMENTS as usize * SEGMENT_BYTES - 5),
            Sizes::Small => (true, down.saturating_sub(5)),
        };
        let [high, low] = (record as u16).to_be_bytes();
        let head: &[u8] = if is_start && self.kind == Kind::Tls { &[0x17, 3, 3, high, low] } else { &[] };
        self.filled(frame, To::Client, (head, down), at);
    }

    /// FIN from one side, then from the other.
    fn close(&mut self, frame: &mut Frame) -> bool {
        if !self.is_closing {
            self.is_closing = true;
            self.segment(frame, To::Server, FIN_ACK, &[]);
            return true;
        }
        self.segment(frame, To::Client, FIN_ACK, &[]);
        false
    }

    fn quic(&mut self, step: u32, random: &mut Random, scratch: &mut Scratch, frame: &mut Frame) -> bool {
        let Scratch { name, bytes } = scratch;
        let mut own = Random::new(self.seed);
        let at = random.below(1 << 16);
        match step {
            0 => {
                quic_initial(bytes, name, &mut own);
                frame.udp(&self.ends, To::Server, bytes);
                true
            }
            1 => {
                handshake(bytes, &mut own, (To::Client, DATAGRAM_BYTES));
                frame.udp_filled(&self.ends, To::Client, bytes, DATAGRAM_BYTES, at);
                true
            }
            2 => {
                handshake(bytes, &mut own, (To::Server, REPLY_BYTES));
                frame.udp_filled(&self.ends, To::Server, bytes, REPLY_BYTES, at);
                self.data > 0
            }
            _ => {
                let head = [0x40 | (at as u8 & 0x3f)];
                let down = if self.sizes == Sizes::Full { DATAGRAM_BYTES } else { small(random) };
                let (to, length) = if step % 4 == 3 { (To::Server, 40) } else { (To::Client, down) };
                frame.udp_filled(&self.ends, to, &head, length, at);
                self.data = self.data.saturating_sub(1);
                self.data > 0
            }
        }
    }

    fn datagrams(&mut self, step: u32, random: &mut Random, frame: &mut Frame) -> bool {
        let at = random.below(1 << 16);
        let to = if step.is_multiple_of(2) { To::Server } else { To::Client };
        frame.udp_filled(&self.ends, to, &[], small(random), at);
        self.data = self.data.saturating_sub(1);
        self.data > 0
    }

    fn refused(&mut self, step: u32, frame: &mut Frame) -> bool {
        match step {
            0 => self.segment(frame, To::Server, SYN, &[]),
            1 => self.segment(frame, To::Client, SYN_ACK, &[]),
            _ => self.segment(frame, To::Server, RESET | ACK, &[]),
        }
        step < 2
    }
}

/// The clear part of a Handshake packet of QUIC version 1 (RFC 9000 §17.2.4) whose datagram has this length; the client's
/// connection identifier is empty.
fn handshake(out: &mut Vec<u8>, random: &mut Random, (to, length): (To, usize)) {
    let id = random.number().to_be_bytes();
    out.clear();
    out.extend([0xe3, 0, 0, 0, 1]);
    match to {
        To::Server => {
            out.push(id.len() as u8);
            out.extend(id);
            out.push(0);
        }
        To::Client => {
            out.extend([0, id.len() as u8]);
            out.extend(id);
        }
    }
    out.extend((0x4000 | (length - out.len() - 2) as u16).to_be_bytes());
}

/// Nine of ten packets are small, the others nearly full.
fn small(random: &mut Random) -> usize {
    let length = if random.is_in(10) { 600 + random.below(800) } else { 24 + random.below(330) };
    (length as usize).min(PIECE_BYTES)
}
