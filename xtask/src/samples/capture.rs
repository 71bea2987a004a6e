//! From packets to capture files: pcap and pcapng in either byte order.

use super::packet::ethernet;
use super::scene::Packet;

pub(super) const ETHERNET: u16 = 1;
pub(super) const RAW: u16 = 101;
pub(super) const LINUX_SLL: u16 = 113;

/// A frame, its time, and the interface it came from.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) time_us: u64,
    pub(super) bytes: Vec<u8>,
}

/// Frames around packets.
pub(super) fn framed(packets: &[Packet], frame: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Frame> {
    packets.iter().map(|packet| Frame { time_us: packet.time_us, bytes: frame(&packet.ip) }).collect()
}

/// A pcap file with Ethernet frames.
pub(super) fn pcap(packets: &[Packet]) -> Vec<u8> {
    pcap_of(ETHERNET, &framed(packets, ethernet), false, false)
}

/// A pcap file of any kind.
pub(super) fn pcap_of(link_type: u16, frames: &[Frame], is_big: bool, has_ns: bool) -> Vec<u8> {
    let u16 = |value: u16| if is_big { value.to_be_bytes() } else { value.to_le_bytes() };
    let u32 = |value: u32| if is_big { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut file = u32(if has_ns { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    file.extend([u16(2), u16(4)].concat());
    file.extend([u32(0), u32(0), u32(262_144), u32(link_type.into())].concat());
    for frame in frames {
        let fraction = (frame.time_us % 1_000_000) as u32 * if has_ns { 1_000 } else { 1 };
        let length = frame.bytes.len() as u32;
        file.extend([u32((frame.time_us / 1_000_000) as u32), u32(fraction), u32(length), u32(length)].concat());
        file.extend(&frame.bytes);
    }
    file
}

/// A pcapng file being written.
#[derive(Default)]
pub(super) struct Pcapng {
    pub(super) bytes: Vec<u8>,
    is_big: bool,
}

impl Pcapng {
    /// Begins a section in this byte order.
    pub(super) fn section(&mut self, is_big: bool) {
        self.is_big = is_big;
        let body = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body);
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(12 + padded as u32);
        self.bytes.extend(self.u32(kind));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.extend(vec![0; padded - body.len()]);
        self.bytes.extend(length);
    }

    /// An interface; times count in `10^-tsresol` seconds, or `2^-n` where the high bit is set (`if_tsresol`).
    pub(super) fn interface(&mut self, link_type: u16, name: &str, tsresol: Option<u8>) {
        let mut body = [self.u16(link_type), self.u16(0)].concat();
        body.extend(self.u32(262_144));
        body.extend([self.u16(2), self.u16(name.len() as u16)].concat());
        body.extend(name.as_bytes());
        body.resize(body.len().next_multiple_of(4), 0);
        if let Some(value) = tsresol {
            body.extend([self.u16(9), self.u16(1)].concat());
            body.extend([value, 0, 0, 0]);
        }
        body.extend([0; 4]);
        self.block(1, &body);
    }

    /// An enhanced packet block; the time in the interface's own units.
    pub(super) fn packet(&mut self, interface: u32, time: u64, bytes: &[u8]) {
        let length = bytes.len() as u32;
        let fields = [interface, (time >> 32) as u32, time as u32, length, length];
        let mut body: Vec<u8> = fields.into_iter().flat_map(|field| self.u32(field)).collect();
        body.extend(bytes);
        self.block(6, &body);
    }

    /// A simple packet block: no time, the section's first interface.
    pub(super) fn simple(&mut self, bytes: &[u8]) {
        let body = [&self.u32(bytes.len() as u32)[..], bytes].concat();
        self.block(3, &body);
    }

    /// The obsolete packet block.
    pub(super) fn obsolete(&mut self, interface: u16, time: u64, bytes: &[u8]) {
        let length = bytes.len() as u32;
        let mut body = [self.u16(interface), self.u16(0xffff)].concat();
        body.extend([(time >> 32) as u32, time as u32, length, length].into_iter().flat_map(|field| self.u32(field)));
        body.extend(bytes);
        self.block(2, &body);
    }
}
