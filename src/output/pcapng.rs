//! From packets and what is known of them to the blocks of a pcapng file (draft-ietf-opsawg-pcapng).
//!
//! It only encodes; the caller writes the bytes and checks for errors. Little-endian, times
//! in nanoseconds since 1970 UTC. Owners are written as [`crate::capture::owner`] reads them: the standard's process option on
//! the packet, and Wireshark's process information (a custom block, `wiretap/pcapng-wireshark-custom.c`) for what the
//! number stands for.

use crate::capture::{Direction, LinkType};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
/// Custom block that tools may copy.
const CUSTOM: u32 = 0x0000_0bad;
/// Wireshark's enterprise number, and the entry of its custom blocks that describes a process.
const WIRESHARK_ENTERPRISE: u32 = 32_622;
const PROCESS_INFORMATION: u32 = 3;

/// `opt_comment`, in every block.
const COMMENT: u16 = 1;

/// Longest text of an option: more than names, paths and filters need, and far below the 65,535 bytes that an option can hold.
const TEXT_BYTES_MAX: usize = 4_096;
/// Longest captured packet: readers refuse more (libpcap's `MAXIMUM_SNAPLEN`). The length on the wire is written as it is.
const PACKET_BYTES_MAX: usize = 262_144;

/// Who wrote the file, and where. Everything is optional but the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Section<'a> {
    /// The processor.
    pub hardware: Option<&'a str>,
    /// The operating system.
    pub system: Option<&'a str>,
    /// The program and its version.
    pub application: &'a str,
    /// Remarks on the whole file.
    pub comments: &'a [&'a str],
}

/// Where packets come from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interface<'a> {
    /// Link type, as files number it.
    pub link_type: LinkType,
    /// Bytes kept of a packet at most; 0 is no limit.
    pub snap_length: u32,
    /// What the system calls it.
    pub name: Option<&'a str>,
    /// What people call it.
    pub description: Option<&'a str>,
    /// The filter that packets passed, as libpcap writes it.
    pub filter: Option<&'a str>,
}

/// A packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packet<'a> {
    /// Its interface, by the order in the section, from 0.
    pub interface: u32,
    /// Time, in ns since 1970 UTC.
    pub time_ns: u64,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// Its length on the wire, in bytes.
    pub wire_length: u32,
    /// Which way it went.
    pub direction: Direction,
    /// A number that records of one packet share.
    pub packet_id: Option<u64>,
    /// The process that owns it.
    pub process_id: Option<u32>,
    /// Remarks.
    pub comments: &'a [&'a str],
}

/// A process that packets name by its id.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process<'a> {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: Option<&'a str>,
    /// The path of its program.
    pub path: Option<&'a str>,
    /// The user it runs as.
    pub user_id: Option<u32>,
    /// When it started, in ns since 1970 UTC: ids are used again.
    pub started_ns: Option<u64>,
}

/// An app on Android.
#[derive(Clone, Copy, Debug, Default)]
pub struct App<'a> {
    /// The user that it runs as.
    pub user_id: i32,
    /// The name of its package.
    pub package: &'a str,
    /// What people call it.
    pub label: &'a str,
}

/// What an interface counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// The interface, by the order in the section, from 0.
    pub interface: u32,
    /// Begin and end of the counting, in ns since 1970 UTC.
    pub span_ns: (u64, u64),
    /// Packets received, those that were dropped among them; none where the system does not say.
    pub received: Option<u64>,
    /// Packets dropped; none where the system does not say.
    pub dropped: Option<u64>,
    /// Packets written to the file.
    pub written: u64,
}

/// Blocks one after another.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    bytes: Vec<u8>,
}

impl Blocks {
    /// The bytes of all blocks.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of all blocks, taken out.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Forgets all blocks and keeps the room they took.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Begins a section, which every file does.
    pub fn section(&mut self, section: &Section<'_>) {
        const BYTE_ORDER: u32 = 0x1a2b_3c4d;
        const LENGTH_UNKNOWN: [u8; 8] = [0xff; 8];
        self.block(SECTION_HEADER, |body| {
            body.extend(BYTE_ORDER.to_le_bytes());
            // Version 1.0.
            body.extend([1, 0, 0, 0]);
            body.extend(LENGTH_UNKNOWN);
            let mut options = Options(body, false);
            options.comments(section.comments);
            options.text(2, section.hardware);
            options.text(3, section.system);
            options.text(4, Some(section.application));
            options.end();
        });
    }

    /// Describes the next interface.
    pub fn interface(&mut self, interface: &Interface<'_>) {
        const NANOSECONDS: u8 = 9;
        /// The kind of filter that is a text for libpcap.
        const FILTER_TEXT: u8 = 0;
        self.block(INTERFACE, |body| {
            body.extend(interface.link_type.0.to_le_bytes());
            body.extend([0; 2]);
            body.extend(interface.snap_length.to_le_bytes());
            let mut options = Options(body, false);
            options.text(2, interface.name);
            options.text(3, interface.description);
            options.value(9, &[NANOSECONDS]);
            if let Some(filter) = interface.filter {
                options.value(11, &[&[FILTER_TEXT], shortened(filter).as_bytes()].concat());
            }
            options.end();
        });
    }

    /// Writes a packet. One longer than readers take is cut.
    pub fn packet(&mut self, packet: &Packet<'_>) {
        let bytes = packet.bytes.get(..packet.bytes.len().min(PACKET_BYTES_MAX)).unwrap_or_default();
        self.block(ENHANCED_PACKET, |body| {
            body.extend(packet.interface.to_le_bytes());
            body.extend(halves(packet.time_ns));
            body.extend((bytes.len() as u32).to_le_bytes());
            body.extend(packet.wire_length.to_le_bytes());
            body.extend(bytes);
            pad(body);
            let mut options = Options(body, false);
            options.comments(packet.comments);
            if let flags @ 1.. = direction_flags(packet.direction) {
                options.value(2, &flags.to_le_bytes());
            }
            if let Some(packet_id) = packet.packet_id {
                options.value(5, &packet_id.to_le_bytes());
            }
            if let Some(process_id) = packet.process_id {
                // The id of the process, then that of the thread, which is not known.
                options.value(8, &u64::from(process_id).to_le_bytes());
            }
            options.end();
        });
    }

    /// Describes a process. It comes before the packets that name the process.
    pub fn process(&mut self, process: &Process<'_>) {
        self.block(CUSTOM, |body| {
            body.extend(WIRESHARK_ENTERPRISE.to_le_bytes());
            body.extend(PROCESS_INFORMATION.to_le_bytes());
            let length_at = body.len();
            body.extend([0; 4]);
            body.extend(process.id.to_le_bytes());
            let mut options = Options(body, false);
            options.text(2, process.name);
            options.text(3, process.path);
            if let Some(user_id) = process.user_id {
                options.value(6, &user_id.to_le_bytes());
            }
            if let Some(started_ns) = process.started_ns {
                options.value(9, &started_ns.to_le_bytes());
            }
            options.end();
            let length = (body.len() - length_at - 4) as u32;
            put(body, length_at, length);
        });
    }

    /// Describes the app that has a user id on Android, as PCAPdroid does it. It comes before the packets whose remark is `u-ID`.
    pub fn app(&mut self, app: &App<'_>) {
        const PCAPDROID_ENTERPRISE: u32 = 62_652;
        const VERSION: u16 = 1;
        const USER_ID_MAP: u16 = 1;
        let [package, label] =
            [app.package, app.label].map(|text| text.get(..text.floor_char_boundary(255)).unwrap_or_default());
        self.block(CUSTOM, |body| {
            body.extend(PCAPDROID_ENTERPRISE.to_le_bytes());
            body.extend(VERSION.to_le_bytes());
            body.extend(USER_ID_MAP.to_le_bytes());
            body.extend(app.user_id.to_le_bytes());
            body.extend([package.len() as u8, label.len() as u8]);
            body.extend(package.as_bytes());
            body.extend(label.as_bytes());
        });
    }

    /// Writes what an interface counted; nothing follows on that interface.
    ///
    /// All that was dropped stands as `isb_ifdrop`, the kernel's drops too: so dumpcap does it, and it is what Wireshark shows.
    pub fn statistics(&mut self, statistics: &Statistics) {
        let (began_ns, ended_ns) = statistics.span_ns;
        self.block(INTERFACE_STATISTICS, |body| {
            body.extend(statistics.interface.to_le_bytes());
            body.extend(halves(ended_ns));
            let mut options = Options(body, false);
            options.value(2, &halves(began_ns));
            options.value(3, &halves(ended_ns));
            for (code, count) in [(4, statistics.received), (5, statistics.dropped), (8, Some(statistics.written))] {
                if let Some(count) = count {
                    options.value(code, &count.to_le_bytes());
                }
            }
            options.end();
        });
    }

    /// Type, length, body, length.
    fn block(&mut self, block_type: u32, fill: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend(block_type.to_le_bytes());
        self.bytes.extend([0; 4]);
        fill(&mut self.bytes);
        pad(&mut self.bytes);
        // At most a packet and a few options: far below 4 GiB.
        let length = (self.bytes.len() - start + 4) as u32;
        put(&mut self.bytes, start + 4, length);
        self.bytes.extend(length.to_le_bytes());
    }
}

/// The options of a block that is being written, and whether there are any.
struct Options<'a>(&'a mut Vec<u8>, bool);

impl Options<'_> {
    fn value(&mut self, code: u16, value: &[u8]) {
        // No value is longer than a text at its limit.
        self.0.extend(code.to_le_bytes());
        self.0.extend((value.len() as u16).to_le_bytes());
        self.0.extend(value);
        pad(self.0);
        self.1 = true;
    }

    fn comments(&mut self, comments: &[&str]) {
        comments.iter().for_each(|comment| self.text(COMMENT, Some(comment)));
    }

    fn text(&mut self, code: u16, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.value(code, shortened(text).as_bytes());
        }
    }

    /// A list without options needs no end.
    fn end(self) {
        if self.1 {
            self.0.extend([0; 4]);
        }
    }
}

/// The text up to the limit, whole characters only.
fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default()
}

/// Fills up to 32 bits. Blocks begin at such a place, so the place in the block follows from that in the file.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// The bits of `epb_flags` for a direction; 0 is unknown.
const fn direction_flags(direction: Direction) -> u32 {
    match direction {
        Direction::Inbound => 1,
        Direction::Outbound => 2,
        _ => 0,
    }
}

/// A time as the format has it: the upper half first, whatever the byte order.
fn halves(time_ns: u64) -> [u8; 8] {
    let [[a, b, c, d], [e, f, g, h]] = [(time_ns >> 32) as u32, time_ns as u32].map(u32::to_le_bytes);
    [a, b, c, d, e, f, g, h]
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// The part of some blocks that is whole if only so many of their bytes were written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Whole {
    /// Length of the blocks that are, in bytes.
    pub bytes: usize,
    /// Packets among them.
    pub packets: u64,
}

impl Whole {
    /// Of these bytes, as [`Blocks`] wrote them, from the first block on.
    pub fn of(written: &[u8]) -> Self {
        let mut whole = Self::default();
        while let Some((block_type, rest)) = written.get(whole.bytes..).and_then(|rest| rest.split_first_chunk::<4>())
            && let Some(length) = rest.first_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize)
            && length > 0
            && whole.bytes + length <= written.len()
        {
            whole.bytes += length;
            whole.packets += u64::from(u32::from_le_bytes(*block_type) == ENHANCED_PACKET);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::owner::{Owner, OwnerFormat};
    use crate::capture::{Frame, FrameNote, Observe, Outcome, Piece, Progress, ReadOptions, Source, read};

    /// What a reader must find again.
    #[derive(Clone, PartialEq, Debug)]
    struct Seen {
        time_ns: i64,
        link_type: u16,
        bytes: Vec<u8>,
        wire_length: u32,
        note: Option<FrameNote>,
    }

    #[derive(Default)]
    struct Log(Vec<Seen>);

    impl Observe for Log {
        fn observe(&mut self, frame: Frame<'_>) {
            self.0.push(Seen {
                time_ns: frame.time_ns,
                link_type: frame.link_type.0,
                bytes: frame.bytes.to_vec(),
                wire_length: frame.wire_length,
                note: frame.note.cloned(),
            });
        }
    }

    fn read_back(bytes: &[u8]) -> (Vec<Seen>, Outcome) {
        let mut seen = Vec::new();
        let source = Source::memory("test", bytes).unwrap();
        let mut join = |piece: Piece<Log>| seen.extend(piece.partial.0);
        let options = ReadOptions::default();
        let mut outcomes = read(vec![source], &options, &Progress::default(), &Log::default, &mut join);
        (seen, outcomes.remove(0))
    }

    fn head() -> Blocks {
        let mut blocks = Blocks::default();
        blocks.section(&Section { application: "whither 1", system: Some("made up"), ..Section::default() });
        blocks.interface(&Interface {
            link_type: LinkType::RAW,
            snap_length: 262_144,
            name: Some("eth0"),
            filter: Some("udp"),
            ..Interface::default()
        });
        blocks
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut blocks = head();
        let started_ns = Some(5);
        let curl = Process { id: 7, name: Some("curl"), path: Some("/bin/curl"), user_id: Some(1000), started_ns };
        blocks.process(&curl);
        for length in 0..9 {
            let bytes = vec![9; length];
            let process_id = (length % 2 == 0).then_some(7);
            let time_ns = 1_700_000_000_123_456_789 + length as u64;
            blocks.packet(&Packet { time_ns, bytes: &bytes, wire_length: 100, process_id, ..Packet::default() });
        }
        blocks.statistics(&Statistics { received: Some(9), dropped: Some(0), written: 9, ..Statistics::default() });
        let (seen, outcome) = read_back(blocks.bytes());
        assert_eq!((outcome.defect, seen.len()), (None, 9));
        let owner = Owner {
            name: Some("curl".into()),
            path: Some("/bin/curl".into()),
            pid: Some(7),
            uid: Some(1000),
            ..Owner::new(OwnerFormat::WiresharkProcess)
        };
        let note = FrameNote { owner: Some(owner.into()), ..FrameNote::default() };
        for (length, seen) in seen.into_iter().enumerate() {
            let time_ns = 1_700_000_000_123_456_789 + length as i64;
            let note = (length % 2 == 0).then(|| note.clone());
            assert_eq!(seen, Seen { time_ns, link_type: 101, bytes: vec![9; length], wire_length: 100, note });
        }
    }

    #[test]
    fn apps_directions_and_packet_ids_are_read_again() {
        let mut blocks = head();
        blocks.app(&App { user_id: 10_123, package: "com.whatsapp", label: "WhatsApp" });
        let comments = ["u-10123", "frame 7"];
        let (direction, packet_id) = (Direction::Outbound, Some(9));
        blocks.packet(&Packet {
            bytes: &[1; 5],
            wire_length: 5,
            comments: &comments,
            direction,
            packet_id,
            ..Packet::default()
        });
        let (seen, outcome) = read_back(blocks.bytes());
        let owner = Owner {
            name: Some("WhatsApp".into()),
            package: Some("com.whatsapp".into()),
            uid: Some(10_123),
            ..Owner::new(OwnerFormat::Pcapdroid)
        };
        let note = FrameNote { owner: Some(owner.into()), direction, packet_id, is_dropped: false };
        assert_eq!((outcome.defect, &seen[0].note), (None, &Some(note)));
    }

    #[test]
    fn blocks_are_byte_for_byte_what_the_standard_says() {
        let mut blocks = Blocks::default();
        blocks.interface(&Interface { link_type: LinkType::ETHERNET, filter: Some("ip"), ..Interface::default() });
        let mut expected = vec![1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        expected.extend([9, 0, 1, 0, 9, 0, 0, 0, 11, 0, 3, 0, 0, b'i', b'p', 0, 0, 0, 0, 0, 44, 0, 0, 0]);
        expected[4] = expected.len() as u8;
        let length = expected.len();
        expected[length - 4] = length as u8;
        assert_eq!(blocks.bytes(), expected);
        blocks.clear();
        let span_ns = (1 << 32 | 2, 3 << 32 | 4);
        blocks.statistics(&Statistics { interface: 0, span_ns, received: Some(6), dropped: None, written: 5 });
        let mut expected = vec![5, 0, 0, 0, 76, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0];
        expected.extend([2, 0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 8, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
        expected.extend([4, 0, 8, 0, 6, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([0, 0, 0, 0, 76, 0, 0, 0]);
        assert_eq!(blocks.bytes(), expected);
    }

    #[test]
    fn long_texts_and_packets_are_cut_to_what_readers_take() {
        let text = "ü".repeat(60_000);
        let mut blocks = Blocks::default();
        blocks.section(&Section { application: &text, comments: &[&text, "b"], ..Section::default() });
        blocks.interface(&Interface { name: Some(&text), filter: Some(&text), ..Interface::default() });
        let bytes = vec![1; PACKET_BYTES_MAX + 1];
        blocks.packet(&Packet { bytes: &bytes, wire_length: 300_000, comments: &[&text, "b"], ..Packet::default() });
        let (seen, outcome) = read_back(blocks.bytes());
        assert_eq!((outcome.defect, seen.len()), (None, 1));
        assert_eq!((seen[0].bytes.len(), seen[0].wire_length), (PACKET_BYTES_MAX, 300_000));
    }

    #[test]
    fn whole_blocks_are_counted_at_every_cut() {
        let mut blocks = head();
        let mut ends = vec![(blocks.bytes().len(), 0)];
        for packets in 1..4 {
            blocks.packet(&Packet { bytes: &[1; 5], wire_length: 5, ..Packet::default() });
            ends.push((blocks.bytes().len(), packets));
        }
        for cut in ends[0].0..=blocks.bytes().len() {
            let (bytes, packets) = *ends.iter().rfind(|(end, _)| *end <= cut).unwrap();
            assert_eq!(Whole::of(&blocks.bytes()[..cut]), Whole { bytes, packets }, "{cut}");
        }
        assert_eq!((Whole::of(&[]), Whole::of(&[0; 40])), (Whole::default(), Whole::default()));
    }
}
