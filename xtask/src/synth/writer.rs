//! Packets to a capture as they come: pcap, or pcapng with one section and one interface (draft-ietf-opsawg-pcap, -pcapng).

use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Written at once; large enough that the calls do not count.
const BUFFER_BYTES: usize = 1 << 20;
/// Link type of all packets: Ethernet.
const ETHERNET: u32 = 1;
/// No packet is longer.
const SNAP_LENGTH: u32 = 65_535;

/// The format of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Container {
    Pcap,
    Pcapng,
}

impl Container {
    /// By the name of the file.
    pub(super) fn named(path: &Path) -> Self {
        if path.extension().is_some_and(|extension| extension == "pcapng") { Self::Pcapng } else { Self::Pcap }
    }
}

/// See the module.
pub(super) struct Writer<'a> {
    container: Container,
    out: BufWriter<&'a mut dyn Write>,
    bytes: u64,
    packets: u64,
}

/// Little-endian fields one after the other.
fn fields<const COUNT: usize, const BYTES: usize>(values: [u32; COUNT]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (chunk, value) in bytes.chunks_exact_mut(4).zip(values) {
        chunk.copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

impl<'a> Writer<'a> {
    pub(super) fn new(container: Container, out: &'a mut dyn Write) -> io::Result<Self> {
        let mut writer = Self { container, out: BufWriter::with_capacity(BUFFER_BYTES, out), bytes: 0, packets: 0 };
        match container {
            Container::Pcap => {
                writer.put(&fields::<6, 24>([0xa1b2_c3d4, 0x0004_0002, 0, 0, SNAP_LENGTH, ETHERNET]))?;
            }
            Container::Pcapng => {
                writer.put(&fields::<7, 28>([0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]))?;
                writer.put(&fields::<5, 20>([1, 20, ETHERNET, SNAP_LENGTH, 20]))?;
            }
        }
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Bytes of the file so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Packets so far.
    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    pub(super) fn packet(&mut self, time_us: u64, packet: &[u8]) -> io::Result<()> {
        self.packets += 1;
        let length = packet.len() as u32;
        match self.container {
            Container::Pcap => {
                let (seconds, micros) = ((time_us / 1_000_000) as u32, (time_us % 1_000_000) as u32);
                self.put(&fields::<4, 16>([seconds, micros, length, length]))?;
                self.put(packet)
            }
            Container::Pcapng => {
                let padding = (length.next_multiple_of(4) - length) as usize;
                let block = 32 + length.next_multiple_of(4);
                let (high, low) = ((time_us >> 32) as u32, time_us as u32);
                self.put(&fields::<7, 28>([6, block, 0, high, low, length, length]))?;
                self.put(packet)?;
                self.put(&[0; 3][..padding])?;
                self.put(&block.to_le_bytes())
            }
        }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
