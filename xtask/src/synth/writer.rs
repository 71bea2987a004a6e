//! Packets to a capture as they come: pcap, or pcapng with one section and one interface (draft-ietf-opsawg-pcap, -pcapng).

use fixtures::{Order, pcap, pcapng};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Written at once; large enough that the calls do not count.
const BUFFER_BYTES: usize = 1 << 20;

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

impl<'a> Writer<'a> {
    pub(super) fn new(container: Container, out: &'a mut dyn Write) -> io::Result<Self> {
        let mut writer = Self { container, out: BufWriter::with_capacity(BUFFER_BYTES, out), bytes: 0, packets: 0 };
        match container {
            Container::Pcap => writer.put(&pcap::head(pcap::ETHERNET))?,
            Container::Pcapng => {
                writer.put(&pcapng::section(Order::Little))?;
                writer.put(&pcapng::interface(Order::Little, pcap::ETHERNET, pcap::SNAP_LENGTH, &[]))?;
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
        self.put(&match self.container {
            Container::Pcap => pcap::whole(time_us, packet),
            Container::Pcapng => pcapng::whole(time_us, packet),
        })
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
