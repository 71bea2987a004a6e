//! From a profile, a size and a seed to a large capture, the same bytes each time: `cargo xtask synth`.
//!
//! Nothing is read and nothing is kept beside the flows under way, so a stream may be endless. Addresses of servers lie in
//! ranges of real operators and names in their domains, so that places and apps are looked up as in real traffic; the
//! traffic is made up. Checksums are zero, as where the network card fills them in.

mod frame;
mod hostile;
mod openings;
pub(crate) mod random;
mod sites;
mod talk;
mod traffic;
mod writer;

use clap::ValueEnum;
use frame::Frame;
use hostile::{Hostile, Trick};
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use traffic::Traffic;
use writer::{Container, Writer};

/// Size where none is given.
const DEFAULT_BYTES: u64 = 1 << 30;
/// Flows of the profile `flows` where neither size nor flows are given.
const DEFAULT_FLOWS: u64 = 10_000_000;

/// What kind of traffic.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Profile {
    /// Beside one household's phones: few clients, TLS and QUIC in full-size packets, a DNS lookup before each flow.
    Phone,
    /// Many clients and servers, packets of about 0.3 kB, about 13 in a flow.
    Mix,
    /// Very many flows of two or three packets.
    Flows,
    /// The three below in turn.
    Hostile,
    /// Every packet begins a flow.
    HostileFlows,
    /// Every packet says another name.
    HostileNames,
    /// Every packet is a DNS answer with 100 records.
    HostileAnswers,
}

/// How much to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Limits {
    /// Bytes of the file: the last packet is the one that reaches it.
    pub(crate) bytes: Option<u64>,
    /// Flows begun.
    pub(crate) flows: Option<u64>,
}

/// Reads `20M`, `1G`, `64G`, `1T` or `endless`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    if text == "endless" {
        return Ok(u64::MAX);
    }
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k') => (text.trim_end_matches('k'), 10),
        Some(b'M') => (text.trim_end_matches('M'), 20),
        Some(b'G') => (text.trim_end_matches('G'), 30),
        Some(b'T') => (text.trim_end_matches('T'), 40),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| "not a size such as 1G, and not `endless`".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large; say `endless`".to_owned())
}

/// Makes packets.
trait Generate {
    /// Writes the next packet into the frame; its time in µs since 1970, or nothing where there are no more.
    fn next(&mut self, frame: &mut Frame) -> Option<u64>;
    /// Flows begun so far.
    fn flows(&self) -> u64;
}

fn generator(profile: Profile, seed: u64, flows: u64) -> Box<dyn Generate> {
    match profile {
        Profile::Phone => Box::new(Traffic::new(&traffic::PHONE, seed, flows)),
        Profile::Mix => Box::new(Traffic::new(&traffic::MIX, seed, flows)),
        Profile::Flows => Box::new(Traffic::new(&traffic::FLOWS, seed, flows)),
        Profile::Hostile => Box::new(Hostile::new(&Trick::ALL, seed, flows)),
        Profile::HostileFlows => Box::new(Hostile::new(&[Trick::Flows], seed, flows)),
        Profile::HostileNames => Box::new(Hostile::new(&[Trick::Names], seed, flows)),
        Profile::HostileAnswers => Box::new(Hostile::new(&[Trick::Answers], seed, flows)),
    }
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Written {
    bytes: u64,
    packets: u64,
    flows: u64,
}

/// Writes a capture.
fn write(
    profile: Profile,
    limits: Limits,
    seed: u64,
    container: Container,
    out: &mut dyn Write,
) -> io::Result<Written> {
    let bytes = match limits {
        Limits { bytes: Some(bytes), .. } => bytes,
        Limits { flows: Some(_), .. } => u64::MAX,
        Limits { .. } if profile == Profile::Flows => u64::MAX,
        Limits { .. } => DEFAULT_BYTES,
    };
    let by_default = if profile == Profile::Flows && limits.bytes.is_none() { DEFAULT_FLOWS } else { u64::MAX };
    let mut generator = generator(profile, seed, limits.flows.unwrap_or(by_default));
    let mut writer = Writer::new(container, out)?;
    let mut frame = Frame::new(seed);
    while writer.bytes() < bytes
        && let Some(time_us) = generator.next(&mut frame)
    {
        writer.packet(time_us, frame.bytes())?;
    }
    let written = Written { bytes: writer.bytes(), packets: writer.packets(), flows: generator.flows() };
    writer.finish()?;
    Ok(written)
}

/// The command. A reader that wants no more ends it quietly.
pub(crate) fn run(profile: Profile, limits: Limits, seed: u64, path: &Path) -> Result<(), Box<dyn Error>> {
    let container = Container::named(path);
    let written = if path.as_os_str() == "-" {
        write(profile, limits, seed, container, &mut io::stdout().lock())
    } else {
        write(profile, limits, seed, container, &mut File::create(path)?)
    };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
        Ok(Written { bytes, packets, flows }) => {
            let _ = writeln!(io::stderr(), "{}: {bytes} bytes, {packets} packets, {flows} flows", path.display());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
