//! From packets and options to pcap and pcapng files.

use super::scene::Packet;

pub(super) fn pcap(link_type: u32, snap_length: u32) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(snap_length.to_le_bytes());
    file.extend(link_type.to_le_bytes());
    file
}

pub(super) fn record(file: &mut Vec<u8>, time_us: u64, bytes: &[u8]) {
    for field in [time_us / 1_000_000, time_us % 1_000_000, bytes.len() as u64, bytes.len() as u64] {
        file.extend((field as u32).to_le_bytes());
    }
    file.extend(bytes);
}

pub(super) const COMMENT: u16 = 1;
pub(super) const FLAGS: u16 = 2;
pub(super) const PACKET_ID: u16 = 5;
pub(super) const PROCESS: u16 = 8;

/// A pcapng file being written, in one byte order, with microseconds.
pub(super) struct Pcapng {
    pub(super) bytes: Vec<u8>,
    is_big: bool,
}

impl Pcapng {
    /// A file with one section; its options as code and text.
    pub(super) fn new(is_big: bool, options: &[(u16, &str)]) -> Self {
        let mut file = Self { bytes: Vec::new(), is_big };
        let mut body = file.u32(0x1a2b_3c4d).to_vec();
        body.extend(file.u16(1));
        body.extend(file.u16(0));
        body.extend([0xff; 8]);
        body.extend(file.options(options.iter().map(|(code, text)| (*code, text.as_bytes().to_vec()))));
        file.block(0x0a0d_0d0a, &body);
        file
    }

    pub(super) fn u16(&self, value: u16) -> [u8; 2] {
        if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn u32(&self, value: u32) -> [u8; 4] {
        if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn options(&self, options: impl IntoIterator<Item = (u16, Vec<u8>)>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options {
            bytes.extend(self.u16(code));
            bytes.extend(self.u16(value.len() as u16));
            bytes.extend(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        if !bytes.is_empty() {
            bytes.extend([0; 4]);
        }
        bytes
    }

    pub(super) fn block(&mut self, block_type: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(12 + padded as u32);
        self.bytes.extend(self.u32(block_type));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.bytes.extend(length);
    }

    pub(super) fn interface(&mut self, link_type: u16, name: &str) {
        let mut body = self.u16(link_type).to_vec();
        body.extend([0; 2]);
        body.extend(self.u32(262_144));
        body.extend(self.options((!name.is_empty()).then(|| (2, name.as_bytes().to_vec()))));
        self.block(1, &body);
    }

    pub(super) fn packet(&mut self, interface: u32, time_us: u64, bytes: &[u8], options: Vec<(u16, Vec<u8>)>) {
        let length = bytes.len() as u32;
        let fields = [interface, (time_us >> 32) as u32, time_us as u32, length, length];
        let mut body: Vec<u8> = fields.into_iter().flat_map(|field| self.u32(field)).collect();
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(6, &body);
    }

    /// The direction option.
    pub(super) fn flags(&self, packet: &Packet) -> (u16, Vec<u8>) {
        (FLAGS, self.u32(if packet.is_outbound { 2 } else { 1 }).to_vec())
    }
}

pub(super) fn comment(text: String) -> (u16, Vec<u8>) {
    (COMMENT, text.into_bytes())
}
