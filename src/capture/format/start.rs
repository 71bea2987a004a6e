//! Tells what a capture is by its first bytes, and finds its first packet.

use super::classic::{self, Layout, MAX_FILE_HEADER};
use super::compression::Compression;
use super::pcapng::{self, Section};
use super::secrets::Secrets;
use super::state::State;
use super::visit::{Stop, Visit};
use crate::capture::frame::LinkType;
use crate::capture::note::FrameNote;
use std::io::{self, Read};

/// The first packet is looked for in so many bytes: blocks of names, decryption secrets and processes may come before it.
const MAX_HEAD: usize = 4 << 20;
/// Bytes read at first.
const FIRST_READ: usize = 4 << 10;

/// What the start of a capture says.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// State at the first record.
    pub(crate) state: State,
    /// Where the first record starts.
    pub(crate) offset: usize,
    /// Time of the first packet.
    pub(crate) first_ns: Option<i64>,
    /// Where the first packet's record ends, or what was read where there is none.
    pub(crate) first_end: usize,
    /// The secrets that stand ahead of the first packet.
    pub(crate) secrets: Secrets,
}

impl Start {
    /// Name of the format, for people.
    pub(crate) fn format(&self) -> &'static str {
        match &self.state {
            State::Classic(layout) => layout.name(),
            State::Pcapng(_) => "pcapng",
        }
    }

    /// Time of the first packet in whole seconds, as record headers have it.
    pub(crate) fn first_seconds(&self) -> u32 {
        self.first_ns.and_then(|ns| u32::try_from(ns / 1_000_000_000).ok()).unwrap_or_default()
    }
}

/// Why a file is not a capture that can be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unknown {
    pub(crate) what: String,
    /// What to do next.
    pub(crate) hint: String,
    /// Whether it seems to hold packets in a form that is not read.
    pub(crate) may_be_capture: bool,
}

impl Unknown {
    fn new(what: impl Into<String>, hint: &str) -> Self {
        Self { what: what.into(), hint: hint.to_owned(), may_be_capture: false }
    }

    fn capture(what: impl Into<String>, hint: &str) -> Self {
        Self { may_be_capture: true, ..Self::new(what, hint) }
    }
}

/// Reads the start of a (decompressed) capture into `head` and returns what it is. The inner error says why it is not a capture.
pub(crate) fn start(reader: &mut dyn Read, head: &mut Vec<u8>) -> io::Result<Result<Start, Unknown>> {
    let mut has_more = more(reader, head, FIRST_READ)?;
    while has_more && head.len() < MAX_FILE_HEADER {
        has_more = more(reader, head, FIRST_READ)?;
    }
    let (state, offset) = match begin(head) {
        Ok(begun) => begun,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut start = Start { state, offset, first_ns: None, first_end: 0, secrets: Secrets::default() };
    let found = first_packet(&start, reader, head, has_more);
    (start.first_ns, start.first_end, start.secrets) = (found.time_ns, found.end, found.secrets);
    Ok(Ok(start))
}

/// The state at the first packet of a capture that begins like this. It is not kept with the start: a folder may hold thousands
/// of captures with megabytes of tables each.
pub(crate) fn at_packet(start: &Start, reader: &mut dyn Read) -> State {
    first_packet(start, reader, &mut Vec::new(), true).state
}

/// The first packet, or how far it was looked for.
struct FirstPacket {
    /// The state behind it.
    state: State,
    time_ns: Option<i64>,
    /// Where its record ends.
    end: usize,
    secrets: Secrets,
}

/// Reads on into `head`, which holds the capture's first bytes, to the first packet.
fn first_packet(start: &Start, reader: &mut dyn Read, head: &mut Vec<u8>, mut has_more: bool) -> FirstPacket {
    let mut state = start.state.clone();
    let mut first = First::default();
    let mut position = start.offset;
    while !first.is_found {
        let (used, stop) = state.walk(head.get(position..).unwrap_or_default(), 1, &mut first);
        position += used;
        match stop {
            Stop::Limit => {}
            Stop::NeedMore(_) if has_more && head.len() < MAX_HEAD => {
                // An error here occurs again when the capture is read, and is reported then.
                has_more = more(reader, head, head.len().max(FIRST_READ)).unwrap_or(false);
            }
            Stop::NeedMore(_) | Stop::Bad(_) => break,
        }
    }
    FirstPacket { state, time_ns: first.time_ns, end: position, secrets: first.secrets }
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
fn begin(head: &[u8]) -> Result<(State, usize), Unknown> {
    if pcapng::is_pcapng(head) {
        return Ok((State::Pcapng(Section::default()), 0));
    }
    if classic::is_classic(head) {
        let hint = if head.len() < MAX_FILE_HEADER { NO_PACKETS } else { "`pcapfix FILE` may mend its header" };
        let layout = Layout::parse(head).map_err(|what| Unknown::capture(what, hint))?;
        return Ok((State::Classic(layout), layout.file_header));
    }
    Err(unknown(head))
}

/// Advice for a capture that ends inside its first header.
const NO_PACKETS: &str = "it holds no packets; capture again";

/// What a file is that is neither pcap nor pcapng. What each tool reads is in its manual: `editcap -F` lists formats.
fn unknown(head: &[u8]) -> Unknown {
    const GIVE_A_CAPTURE: &str = "give a pcap or pcapng capture, plain or compressed with gzip, zstd, lz4 or xz";
    const CONVERT: &str = "convert it first, for example with `editcap -F pcapng FILE OUT`";
    const MEND: &str = "`pcapfix FILE` may mend its header";
    const DECOMPRESS: &str = "decompress it once and give the result";
    const UNPACK: &str = "unpack it and give the captures in it";
    match head {
        [] => Unknown::new("the file is empty", "check that the capture was finished and copied whole"),
        [b's', b'n', b'o', b'o', b'p', 0, 0, 0, ..] => Unknown::capture("this is a Solaris snoop capture", CONVERT),
        [b'b', b't', b's', b'n', b'o', b'o', b'p', 0, ..] => {
            Unknown::new("this is a Bluetooth snoop log", "it holds no internet traffic; give a capture of a network")
        }
        [b'G', b'M', b'B', b'U', ..] | [b'R', b'T', b'S', b'S', ..] => {
            Unknown::capture("this is a Network Monitor capture", CONVERT)
        }
        [b'X', b'C', b'P', 0, ..] => Unknown::capture("this is a NetXRay or Sniffer capture", CONVERT),
        [b'P', b'K', 3, 4, ..] => Unknown::new("this is a zip archive", UNPACK),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => {
            Unknown::new("this is compressed with bzip2", "`bzip2 -dc FILE | whither map -` reads it")
        }
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Unknown::new("this is a 7z archive", UNPACK),
        [0x0a, 0x0d, 0x0d, 0x0a, rest @ ..] => match rest.len() {
            0..8 => Unknown::capture("the file ends inside its first block header", NO_PACKETS),
            _ => Unknown::capture("this starts like pcapng but its byte-order magic is not one", MEND),
        },
        [0xa1, 0xb2, 0xc3, 0xcb, ..] | [0xcb, 0xc3, 0xb2, 0xa1, ..] => {
            Unknown::new("this is a BPF filter program", GIVE_A_CAPTURE)
        }
        _ if Compression::sniff(head) != Compression::Plain => Unknown::capture("this is compressed twice", DECOMPRESS),
        _ if is_tar(head) => Unknown::new("this is a tar archive", UNPACK),
        _ if is_text(head) => Unknown::new(
            "this is text at offset 0, and no capture",
            "give a pcap or pcapng capture, such as the one that it was made from",
        ),
        _ => Unknown::new("this is no capture: offset 0 holds no pcap or pcapng magic number", GIVE_A_CAPTURE),
    }
}

/// Whether this is the first header of a tar archive (POSIX.1, pax: `ustar` at offset 257).
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Whether these bytes read as text: UTF-8 without control characters other than those that lay out lines.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may not have been read to its end.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}'))
}

/// Sees the first packet.
#[derive(Default)]
struct First {
    is_found: bool,
    time_ns: Option<i64>,
    secrets: Secrets,
}

impl Visit for First {
    const WANTS_NOTES: bool = false;

    fn packet(&mut self, time_ns: i64, _: LinkType, _: &[u8], _: u32, _: Option<&FrameNote>) {
        self.is_found = true;
        self.time_ns = Some(time_ns);
    }

    fn other(&mut self) {}

    fn secrets(&mut self, log: &[u8]) {
        self.secrets.add_of_head(log);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_capture_is_called_what_it_is() {
        let tar = [&[b'a'; 257][..], b"ustar\0"].concat();
        let cases: [(&[u8], &str, &str, bool); 12] = [
            (b"", "the file is empty", "copied whole", false),
            (b"frame 1: 60 bytes\n\xc3", "this is text at offset 0", "made from", false),
            (b"{\"a\": 1}", "this is text at offset 0", "made from", false),
            (b"\x7fELF", "no pcap or pcapng magic number", "give a pcap", false),
            (b"snoop\0\0\0", "Solaris snoop", "editcap -F pcapng", true),
            (b"btsnoop\0", "Bluetooth", "no internet traffic", false),
            (b"BZh91AY", "bzip2", "bzip2 -dc", false),
            (b"\x1f\x8b\x08", "compressed twice", "decompress it once", true),
            (b"\x0a\x0d\x0d\x0a\x1c", "ends inside its first block header", "capture again", true),
            (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x01\x02\x03\x04", "byte-order magic", "pcapfix", true),
            (b"\xd4\xc3\xb2\xa1\x01\0\x04\0", "ends inside its 24-byte header", "capture again", true),
            (&tar, "tar archive", "unpack", false),
        ];
        for (head, what, hint, may_be_capture) in cases {
            let unknown = begin(head).map(|_| ()).unwrap_err();
            assert!(unknown.what.contains(what) && unknown.hint.contains(hint), "{unknown:?}");
            assert_eq!(unknown.may_be_capture, may_be_capture, "{unknown:?}");
        }
        let version = begin(&[0xd4, 0xc3, 0xb2, 0xa1, 1, 0, 4, 0].iter().chain(&[0; 24]).copied().collect::<Vec<_>>());
        assert!(version.map(|_| ()).unwrap_err().hint.contains("pcapfix"));
    }
}
