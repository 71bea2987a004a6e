//! From packets to capture files: pcap and pcapng in either byte order.

use super::packet::ethernet;
use super::scene::Packet;
use fixtures::{Order, pcap, pcapng};

pub(super) use fixtures::pcap::{ETHERNET, LINUX_COOKED, RAW};

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
    let order = order(is_big);
    let magic = if has_ns { pcap::NANOSECONDS } else { pcap::MICROSECONDS };
    let mut file = pcap::header_with(order, magic, (2, 4), pcapng::SNAP_LENGTH, link_type.into());
    for frame in frames {
        let fraction = (frame.time_us % 1_000_000) as u32 * if has_ns { 1_000 } else { 1 };
        let length = frame.bytes.len() as u32;
        let time = ((frame.time_us / 1_000_000) as u32, fraction);
        file.extend(pcap::record(order, time, (length, length), &frame.bytes));
    }
    file
}

fn order(is_big: bool) -> Order {
    if is_big { Order::Big } else { Order::Little }
}

/// A pcapng file being written.
pub(super) struct Pcapng {
    pub(super) bytes: Vec<u8>,
    order: Order,
}

impl Default for Pcapng {
    fn default() -> Self {
        Self { bytes: Vec::new(), order: Order::Little }
    }
}

impl Pcapng {
    /// Begins a section in this byte order.
    pub(super) fn section(&mut self, is_big: bool) {
        self.order = order(is_big);
        self.bytes.extend(pcapng::section(self.order));
    }

    /// An interface; times count in `10^-tsresol` seconds, or `2^-n` where the high bit is set (`if_tsresol`).
    pub(super) fn interface(&mut self, link_type: u16, name: &str, tsresol: Option<u8>) {
        let mut options = vec![(pcapng::INTERFACE_NAME, name.as_bytes().to_vec())];
        options.extend(tsresol.map(|value| (pcapng::RESOLUTION, vec![value])));
        let options = pcapng::options(self.order, options);
        self.bytes.extend(pcapng::interface(self.order, link_type, pcapng::SNAP_LENGTH, &options));
    }

    /// An enhanced packet block; the time in the interface's own units.
    pub(super) fn packet(&mut self, interface: u32, time: u64, bytes: &[u8]) {
        self.bytes.extend(pcapng::packet(self.order, interface, time, bytes.len() as u32, bytes));
    }

    /// A simple packet block: no time, the section's first interface.
    pub(super) fn simple(&mut self, bytes: &[u8]) {
        self.bytes.extend(pcapng::simple_packet(self.order, bytes.len() as u32, bytes));
    }

    /// The obsolete packet block.
    pub(super) fn obsolete(&mut self, interface: u16, time: u64, bytes: &[u8]) {
        self.bytes.extend(pcapng::obsolete_packet(self.order, interface, time, bytes));
    }
}
