//! From packets and options to pcap and pcapng files.

use super::scene::Packet;
use fixtures::pcap::MICROSECONDS;
use fixtures::{Fields, Order, pcapng};

pub(super) use fixtures::pcapng::{PACKET_ID, PROCESS};

pub(super) fn pcap(link_type: u32, snap_length: u32) -> Vec<u8> {
    fixtures::pcap::header_with(Order::Little, MICROSECONDS, (2, 4), snap_length, link_type)
}

pub(super) fn record(file: &mut Vec<u8>, time_us: u64, bytes: &[u8]) {
    file.extend(fixtures::pcap::whole(time_us, bytes));
}

/// A pcapng file being written, in one byte order, with microseconds.
pub(super) struct Pcapng {
    pub(super) bytes: Vec<u8>,
    order: Order,
}

impl Pcapng {
    /// A file with one section; its options as code and text.
    pub(super) fn new(order: Order, options: &[(u16, &str)]) -> Self {
        let options = pcapng::options(order, options.iter().copied());
        Self { bytes: pcapng::section_with(order, &options), order }
    }

    pub(super) fn options(&self, options: impl IntoIterator<Item = (u16, Vec<u8>)>) -> Vec<u8> {
        pcapng::options(self.order, options)
    }

    pub(super) fn interface(&mut self, link_type: u16, name: &str) {
        let name = (!name.is_empty()).then_some((pcapng::INTERFACE_NAME, name));
        let options = pcapng::options(self.order, name);
        self.bytes.extend(pcapng::interface(self.order, link_type, pcapng::SNAP_LENGTH, &options));
    }

    pub(super) fn packet(&mut self, interface: u32, time_us: u64, bytes: &[u8], options: Vec<(u16, Vec<u8>)>) {
        let (length, options) = (bytes.len() as u32, self.options(options));
        self.bytes.extend(pcapng::packet_with(self.order, interface, time_us, length, bytes, &options));
    }

    /// The direction option.
    pub(super) fn flags(&self, packet: &Packet) -> (u16, Vec<u8>) {
        let direction = if packet.is_outbound { 2 } else { 1 };
        (pcapng::FLAGS, Fields::new(self.order).u32(direction).bytes)
    }
}

pub(super) fn comment(text: String) -> (u16, Vec<u8>) {
    (pcapng::COMMENT, text.into_bytes())
}
