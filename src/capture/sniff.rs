//! Tells what a capture is by its first bytes, and finds its first packet.

use super::classic::{self, Layout, MAX_FILE_HEADER};
use super::pcapng::{self, Section};
use super::records::{Ahead, State, Stop, Visit};
use super::{FrameNote, LinkType};
use std::io::{self, Read};

/// How far a first packet is looked for: name resolution, decryption secrets and process blocks may come before it.
const MAX_HEAD: usize = 4 << 20;
/// Bytes read at first.
const FIRST_READ: usize = 4 << 10;

/// What the start of a capture says.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// State at the first record.
    pub(super) state: State,
    /// Where the first record starts.
    pub(super) offset: usize,
    /// Time of the first packet.
    pub(super) first_ns: Option<i64>,
    /// Where the first packet's record ends, or what was read where there is none.
    pub(super) first_end: usize,
}

impl Start {
    /// Name of the format, for people.
    pub(super) fn format(&self) -> &'static str {
        match &self.state {
            State::Classic(layout) => layout.name(),
            State::Pcapng(_) => "pcapng",
        }
    }

    /// Time of the first packet in whole seconds, as record headers have it.
    pub(super) fn first_seconds(&self) -> u32 {
        self.first_ns.and_then(|ns| u32::try_from(ns / 1_000_000_000).ok()).unwrap_or_default()
    }
}

/// Reads the start of a (decompressed) capture into `head` and says what it is; the inner error says why it is none, and
/// what to do.
pub(super) fn start(reader: &mut dyn Read, head: &mut Vec<u8>) -> io::Result<Result<Start, (String, String)>> {
    let mut has_more = more(reader, head, FIRST_READ)?;
    while has_more && head.len() < MAX_FILE_HEADER {
        has_more = more(reader, head, FIRST_READ)?;
    }
    let (state, offset) = match begin(head) {
        Ok(begun) => begun,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut start = Start { state, offset, first_ns: None, first_end: 0 };
    let found = first_packet(&start, reader, head, has_more);
    (start.first_ns, start.first_end) = (found.time_ns, found.end);
    Ok(Ok(start))
}

/// The state at the first packet of a capture that begins like this. It is not kept with the start: a folder may hold thousands
/// of captures with megabytes of tables each.
pub(super) fn at_packet(start: &Start, reader: &mut dyn Read) -> State {
    first_packet(start, reader, &mut Vec::new(), true).state
}

/// The first packet, or how far it was looked for.
struct Found {
    /// The state behind it.
    state: State,
    time_ns: Option<i64>,
    /// Where its record ends.
    end: usize,
}

/// Reads on into `head`, which holds the capture's first bytes, to the first packet.
fn first_packet(start: &Start, reader: &mut dyn Read, head: &mut Vec<u8>, mut has_more: bool) -> Found {
    let mut state = start.state.clone();
    let mut first = First::default();
    let mut position = start.offset;
    while !first.is_found {
        let (used, stop) = state.walk(head.get(position..).unwrap_or_default(), 1, Ahead::NEAR, &mut first);
        position += used;
        match stop {
            Stop::Limit => {}
            Stop::NeedMore(_) if has_more && head.len() < MAX_HEAD => {
                // What goes wrong here goes wrong again when the capture is read, and is reported then.
                has_more = more(reader, head, head.len().max(FIRST_READ)).unwrap_or(false);
            }
            Stop::NeedMore(_) | Stop::Bad(_) => break,
        }
    }
    Found { state, time_ns: first.time_ns, end: position }
}

/// Reads once; whether there was anything.
fn more(reader: &mut dyn Read, head: &mut Vec<u8>, bytes: usize) -> io::Result<bool> {
    let filled = head.len();
    head.resize(filled + bytes.max(1), 0);
    let read = loop {
        match reader.read(head.get_mut(filled..).unwrap_or_default()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    head.truncate(filled + *read.as_ref().unwrap_or(&0));
    Ok(read? > 0)
}

/// The state at the first record and where that is.
fn begin(head: &[u8]) -> Result<(State, usize), (String, String)> {
    const GIVE_A_CAPTURE: &str = "give a pcap or pcapng capture, plain or compressed with gzip, zstd, lz4 or xz";
    const CONVERT: &str = "convert it first, for example with `editcap -F pcapng IN OUT`";
    if pcapng::is_pcapng(head) {
        return Ok((State::Pcapng(Section::default()), 0));
    }
    if classic::is_classic(head) {
        let is_cut = head.len() < MAX_FILE_HEADER;
        let hint = if is_cut { "it holds no packets; capture again" } else { CONVERT };
        let layout = Layout::parse(head).map_err(|what| (what, hint.to_owned()))?;
        return Ok((State::Classic(layout), layout.file_header));
    }
    let (what, hint) = match head {
        [] => ("the file is empty", "check that the capture was finished and copied whole"),
        [b's', b'n', b'o', b'o', b'p', 0, 0, 0, ..] => ("this is a Solaris snoop capture", CONVERT),
        [b'b', b't', b's', b'n', b'o', b'o', b'p', 0, ..] => ("this is a Bluetooth snoop log", GIVE_A_CAPTURE),
        [b'G', b'M', b'B', b'U', ..] | [b'R', b'T', b'S', b'S', ..] => ("this is a Network Monitor capture", CONVERT),
        [b'X', b'C', b'P', 0, ..] => ("this is a NetXRay or Sniffer capture", CONVERT),
        [b'P', b'K', 3, 4, ..] => ("this is a zip archive", "unpack it and give the captures in it"),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => ("this starts like pcapng but its byte-order magic is not one", GIVE_A_CAPTURE),
        [0xa1, 0xb2, 0xc3, 0xcb, ..] | [0xcb, 0xc3, 0xb2, 0xa1, ..] => ("this is a BPF filter program", GIVE_A_CAPTURE),
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            ("this is compressed twice", "decompress it once and give the result")
        }
        [b'{' | b'[' | b'<', ..] => ("this is text at offset 0, not a capture", GIVE_A_CAPTURE),
        _ => ("this is no capture: offset 0 holds no pcap or pcapng magic number", GIVE_A_CAPTURE),
    };
    Err((what.to_owned(), hint.to_owned()))
}

/// Sees the first packet.
#[derive(Default)]
struct First {
    is_found: bool,
    time_ns: Option<i64>,
}

impl Visit for First {
    const WANTS_NOTES: bool = false;

    fn packet(&mut self, time_ns: i64, _: LinkType, _: &[u8], _: u32, _: Option<&FrameNote>) {
        self.is_found = true;
        self.time_ns = Some(time_ns);
    }

    fn other(&mut self) {}
}
