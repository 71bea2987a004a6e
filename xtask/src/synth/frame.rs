//! One packet at a time, built in a buffer that is used again: Ethernet, IPv4 or IPv6, TCP with timestamps or UDP.

use super::random::Random;
use std::net::IpAddr;

pub(super) const SYN: u8 = 0x02;
pub(super) const RESET: u8 = 0x04;
pub(super) const ACK: u8 = 0x10;
pub(super) const SYN_ACK: u8 = 0x12;
pub(super) const PUSH_ACK: u8 = 0x18;
pub(super) const FIN_ACK: u8 = 0x11;

const TCP: u8 = 6;
const UDP: u8 = 17;
/// TCP's header with its timestamps option (RFC 7323 §3.2).
const TCP_HEADER_BYTES: usize = 32;
const UDP_HEADER_BYTES: usize = 8;
/// Bytes that payload is cut from.
const FILLER_BYTES: usize = 1 << 16;
/// Longest piece cut from the filler.
pub(super) const PIECE_BYTES: usize = 1_500;

/// The ends of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ends {
    pub(super) client: IpAddr,
    pub(super) server: IpAddr,
    pub(super) client_port: u16,
    pub(super) server_port: u16,
}

/// Where a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum To {
    Server,
    Client,
}

/// See the module.
pub(super) struct Frame {
    bytes: Vec<u8>,
    filler: Vec<u8>,
}

impl Frame {
    pub(super) fn new(seed: u64) -> Self {
        let mut filler = vec![0; FILLER_BYTES + PIECE_BYTES];
        Random::new(!seed).fill(&mut filler);
        Self { bytes: Vec::new(), filler }
    }

    /// The packet built last.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Starts a packet: all headers before the transport's. Its payload has this many bytes.
    fn start(&mut self, ends: &Ends, to: To, protocol: u8, length: usize) {
        let (from, to_ip) = match to {
            To::Server => (ends.client, ends.server),
            To::Client => (ends.server, ends.client),
        };
        let macs = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]];
        let (destination, source) = if to == To::Server { (macs[0], macs[1]) } else { (macs[1], macs[0]) };
        self.bytes.clear();
        self.bytes.extend(destination);
        self.bytes.extend(source);
        match (from, to_ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let total = (length + 20) as u16;
                self.bytes.extend([8, 0, 0x45, 0]);
                self.bytes.extend(total.to_be_bytes());
                self.bytes.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
                self.bytes.extend(from.octets());
                self.bytes.extend(to.octets());
            }
            (from, to) => {
                let octets = |ip: IpAddr| match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                    IpAddr::V6(ip) => ip.octets(),
                };
                self.bytes.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
                self.bytes.extend((length as u16).to_be_bytes());
                self.bytes.extend([protocol, 64]);
                self.bytes.extend(octets(from));
                self.bytes.extend(octets(to));
            }
        }
        let (source, destination) = match to {
            To::Server => (ends.client_port, ends.server_port),
            To::Client => (ends.server_port, ends.client_port),
        };
        self.bytes.extend(source.to_be_bytes());
        self.bytes.extend(destination.to_be_bytes());
    }

    /// The headers of a UDP datagram whose payload of this length is to follow.
    fn udp_header(&mut self, ends: &Ends, to: To, payload: usize) {
        let length = UDP_HEADER_BYTES + payload;
        self.start(ends, to, UDP, length);
        self.bytes.extend((length as u16).to_be_bytes());
        self.bytes.extend([0, 0]);
    }

    fn tcp_header(&mut self, ends: &Ends, to: To, numbers: (u32, u32), flags: u8, payload: usize) {
        self.start(ends, to, TCP, TCP_HEADER_BYTES + payload);
        self.bytes.extend(numbers.0.to_be_bytes());
        self.bytes.extend(numbers.1.to_be_bytes());
        self.bytes.extend([(TCP_HEADER_BYTES as u8) << 2, flags, 0xff, 0xff, 0, 0, 0, 0, 1, 1, 8, 10]);
        self.bytes.extend(numbers.0.to_be_bytes());
        self.bytes.extend(numbers.1.to_be_bytes());
    }

    /// A datagram.
    pub(super) fn udp(&mut self, ends: &Ends, to: To, payload: &[u8]) {
        self.udp_header(ends, to, payload.len());
        self.bytes.extend_from_slice(payload);
    }

    /// A datagram with a head and filler up to this length.
    pub(super) fn udp_filled(&mut self, ends: &Ends, to: To, head: &[u8], length: usize, at: u32) {
        self.udp_header(ends, to, length.max(head.len()));
        self.fill(head, length, at);
    }

    /// A segment.
    pub(super) fn tcp(&mut self, ends: &Ends, to: To, numbers: (u32, u32), flags: u8, payload: &[u8]) {
        self.tcp_header(ends, to, numbers, flags, payload.len());
        self.bytes.extend_from_slice(payload);
    }

    /// A segment with a head and filler up to this length.
    pub(super) fn tcp_filled(
        &mut self,
        ends: &Ends,
        to: To,
        numbers: (u32, u32),
        (head, length): (&[u8], usize),
        at: u32,
    ) {
        self.tcp_header(ends, to, numbers, PUSH_ACK, length.max(head.len()));
        self.fill(head, length, at);
    }

    fn fill(&mut self, head: &[u8], length: usize, at: u32) {
        self.bytes.extend_from_slice(head);
        let at = at as usize % FILLER_BYTES;
        let rest = length.saturating_sub(head.len()).min(PIECE_BYTES);
        self.bytes.extend_from_slice(&self.filler[at..at + rest]);
    }
}
