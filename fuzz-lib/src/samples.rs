//! Seeds: from the sample captures to inputs of every target. Frames, streams, datagrams and blocks, as the targets take
//! them; nothing random, no network.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use fixtures::ech::{Client, Seal};
use fixtures::quic::crypto;
use fixtures::transport::{PUSH_ACK, tcp, udp};
use fixtures::{dns, ip, pcap};
use whither::analysis::{self, Options};
use whither::capture::{self, Frame, Observe, Progress, ReadOptions, Source};
use whither::flow::{Partial, SampleKey};
use whither::name::table::{DATAGRAM_READERS, STREAM_READERS};
use whither::name::{Datagram, Reading};
use whither::packet::{Dissected, FlowKey, Side, Transport, dissect};
use whither::place::Country;
use whither::place::embedded::{Location, Network, blob, encode_locations, encode_networks, encode_ranges};

use crate::{captures, given, names, packets, partials, quic, rows, whole};

/// Largest file, and largest seed made of a capture: small inputs are mutated to more purpose.
const FILE_LIMIT: usize = 1 << 20;
const SEED_LIMIT: usize = 32 << 10;
/// Bytes of a capture that a partial is made of.
const PARTIAL_LIMIT: usize = 8 << 10;
/// Bytes kept of a stream, and datagrams of a sender.
const STREAM_LIMIT: usize = 12 << 10;
const DATAGRAM_COUNT: usize = 8;
/// Seeds one file gives a target at most, so that no capture drowns the others.
const SEEDS_PER_FILE: usize = 60;
/// Link types that are read, beside those of the samples.
const LINK_TYPES: &[u16] = &[
    0, 1, 6, 8, 9, 10, 12, 14, 50, 51, 100, 101, 104, 105, 106, 107, 108, 109, 113, 117, 119, 122, 123, 127, 138, 163,
    166, 178, 192, 197, 204, 205, 206, 226, 228, 229, 239, 242, 252, 274, 276, 281, 282, 284, 285,
];

/// Gathers the frames of a capture.
struct Gather(Partial);

impl Observe for Gather {
    fn observe(&mut self, frame: Frame<'_>) {
        self.0.observe(frame);
    }
}

/// Inputs by target.
#[derive(Default)]
pub struct Seeds {
    targets: BTreeMap<&'static str, BTreeSet<Vec<u8>>>,
    /// How many the file at hand gave each target.
    given: HashMap<&'static str, usize>,
}

impl Seeds {
    /// All seeds of the repository.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn of_repository() -> std::io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut seeds = Self::default();
        seeds.add_folder(&root.join("samples"))?;
        seeds.add_folder(&root.join("tests/data/mmdb"))?;
        seeds.add("rows", std::fs::read(root.join("tests/data/rows/longer-than-its-bytes.parquet"))?);
        for name in ["apps.toml", "operators.toml"] {
            seeds.add_catalogue(&std::fs::read_to_string(root.join("data").join(name))?);
        }
        seeds.add_made_up();
        Ok(seeds)
    }

    /// Adds what the files of a folder give.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn add_folder(&mut self, folder: &Path) -> std::io::Result<()> {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.add_folder(&path)?;
            } else if path.metadata()?.len() <= FILE_LIMIT as u64 {
                self.given.clear();
                self.add_file(&std::fs::read(&path)?);
            }
        }
        Ok(())
    }

    /// Targets with their seeds.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &BTreeSet<Vec<u8>>)> {
        self.targets.iter().map(|(name, seeds)| (*name, seeds))
    }

    fn add(&mut self, target: &'static str, seed: Vec<u8>) {
        let given = self.given.entry(target).or_default();
        if *given < SEEDS_PER_FILE && self.targets.entry(target).or_default().insert(seed) {
            *given += 1;
        }
    }

    fn add_file(&mut self, bytes: &[u8]) {
        let start = bytes.get(..SEED_LIMIT).unwrap_or(bytes);
        let Ok(source) = Source::memory("sample", bytes) else {
            let is_text = std::str::from_utf8(bytes).is_ok();
            let kind = if is_text { given::SIDE } else { given::PLACE };
            self.add("given", [&[kind], start].concat());
            return self.add("capture", bytes.get(..300).unwrap_or(bytes).to_vec());
        };
        if source.format().contains('(') {
            self.add("capture", start.to_vec());
        } else {
            self.add("capture", start.to_vec());
            self.add("report", start.to_vec());
            self.add("law", [&[whole::FILE, 20], start].concat());
            for how in 0..3 {
                self.add("capture", [&[how], bytes.get(..2_000).unwrap_or(bytes)].concat());
            }
            self.add_owners(bytes);
            if let Some(file) = rows::file(bytes.get(..PARTIAL_LIMIT).unwrap_or(bytes)) {
                self.add("rows", file);
            }
            self.add_partials(bytes.get(..PARTIAL_LIMIT).unwrap_or(bytes));
        }
        let frames = frames(source);
        self.add_law(&frames);
        for (link_type, wire_length, bytes) in &frames {
            self.add("link", packets::framed(*link_type, *wire_length, bytes));
        }
        self.add_payloads(&frames);
    }

    /// What a short part of a capture comes to, written.
    fn add_partials(&mut self, capture: &[u8]) {
        let Ok(source) = Source::memory("sample", capture) else { return };
        let (options, progress) = (Options::default(), Progress::default());
        let (routes, _) = analysis::map(vec![source], &options, whole::knowledge(), &progress);
        let routes = partials::written_map(routes);
        self.add("partials", [&[partials::ROUTES], partials::body(&routes)].concat());
        self.add("partials", routes);
        let Ok(source) = Source::memory("sample", capture) else { return };
        let empty = || Gather(Partial::new(SampleKey::default()));
        let mut gathered = Partial::new(SampleKey::default());
        capture::read(vec![source], &ReadOptions::default(), &progress, &empty, &mut |piece| {
            gathered.merge(piece.partial.0, piece.base).expect("one key");
        });
        let flows = partials::written_partial(gathered);
        self.add("partials", [&[partials::FLOWS], partials::body(&flows)].concat());
    }

    fn add_law(&mut self, frames: &[(u16, u32, Vec<u8>)]) {
        let mut records = vec![whole::RECORDS, 9];
        for (at, (link_type, _, bytes)) in frames.iter().enumerate() {
            if *link_type == 1 && records.len() + bytes.len() < SEED_LIMIT {
                records.push(if at % 20 == 19 { 6 } else { at as u8 % 4 });
                records.extend(captures::behind_length(bytes));
            }
        }
        self.add("law", records);
    }

    fn add_payloads(&mut self, frames: &[(u16, u32, Vec<u8>)]) {
        let mut senders: Vec<Sender> = Vec::new();
        let mut places: HashMap<(FlowKey, Side), usize> = HashMap::new();
        for (link_type, wire_length, bytes) in frames {
            let frame = Frame {
                id: Default::default(),
                time_ns: 0,
                link_type: capture::LinkType(*link_type),
                bytes,
                wire_length: *wire_length,
                note: None,
            };
            let Dissected::Packet(packet) = dissect(&frame) else { continue };
            if packet.payload.is_empty() || packet.fragment.is_some() {
                continue;
            }
            let place = *places.entry((packet.key, packet.side)).or_insert_with(|| {
                senders.push(Sender {
                    is_stream: matches!(packet.transport, Transport::Tcp(_)),
                    ports: [packet.key.port(packet.side), packet.key.port(packet.side.opposite())],
                    payloads: Vec::new(),
                });
                senders.len() - 1
            });
            senders[place].payloads.push(packet.payload.to_vec());
        }
        for sender in &senders {
            if sender.is_stream {
                let mut stream = sender.payloads.concat();
                stream.truncate(STREAM_LIMIT);
                self.add_stream(&stream);
            } else {
                self.add_datagrams(sender);
            }
            self.add("given", sender.as_probe());
        }
    }

    fn add_stream(&mut self, stream: &[u8]) {
        let mut rest = stream;
        // What a preamble or a proxy is asked for comes behind it.
        for _ in 0..3 {
            let Some((protocol, reading)) = STREAM_READERS.iter().filter(|row| (row.starts)(rest)).find_map(|row| {
                let reading = (row.read)(rest);
                (reading != Reading::No).then_some((row.protocol, reading))
            }) else {
                return self.add("streams", rest.to_vec());
            };
            self.add("streams", rest.to_vec());
            if protocol == "tls" {
                self.add_tls(rest);
            }
            match reading {
                Reading::Done { consumed, .. } if consumed > 0 && consumed < rest.len() => rest = &rest[consumed..],
                _ => return,
            }
        }
    }

    fn add_tls(&mut self, stream: &[u8]) {
        // A certificate is a sequence that begins with a sequence.
        for at in 0..stream.len().saturating_sub(6) {
            if let [0x30, 0x82, high, low, 0x30, 0x82, ..] = stream[at..]
                && let Some(certificate) = stream.get(at..at + 4 + usize::from(u16::from_be_bytes([high, low])))
            {
                self.add("streams", certificate.to_vec());
                break;
            }
        }
        // The same hello as QUIC carries it, in one piece and in two that arrive the wrong way round.
        let hello = &stream[5.min(stream.len())..];
        if let [1, 0, high, low, ..] = *hello {
            let length = 4 + usize::from(u16::from_be_bytes([high, low]));
            let hello = hello.get(..length).unwrap_or(hello);
            let (first, second) = hello.split_at(hello.len() / 2);
            let [first, second] =
                [crypto(0, first), crypto(first.len(), second)].map(|frame| captures::behind_length(&frame));
            for version in 0..4 {
                let whole = captures::behind_length(&crypto(0, hello));
                self.add("quic", [&[quic::SEALED, version, 0][..], &whole].concat());
                self.add("quic", [&[quic::SEALED, version, 0][..], &second, &[5], &first].concat());
                self.add("quic", [&[quic::SEALED, version, 0x40][..], &second, &[0xc1], &first].concat());
            }
        }
    }

    fn add_datagrams(&mut self, sender: &Sender) {
        let [source_port, destination_port] = sender.ports;
        let is_quic = |payload: &&Vec<u8>| {
            let datagram = Datagram { payload, source_port, destination_port };
            DATAGRAM_READERS.iter().any(|row| row.protocol == "quic" && (row.starts)(&datagram))
        };
        let (quic, others): (Vec<_>, Vec<_>) = sender.payloads.iter().take(DATAGRAM_COUNT).partition(is_quic);
        let framed = |payload: &Vec<u8>| names::framed(source_port, destination_port, payload);
        for payload in &quic {
            self.add("quic", [&[quic::RAW, 0][..], &captures::behind_length(payload)].concat());
        }
        others.iter().for_each(|payload| self.add("datagrams", framed(payload)));
        if quic.len() > 1 {
            let all = quic.iter().flat_map(|payload| [&[0][..], &captures::behind_length(payload)].concat());
            self.add("quic", std::iter::once(quic::RAW).chain(all).collect());
        }
        if others.len() > 1 {
            self.add("datagrams", others.into_iter().flat_map(framed).collect());
        }
    }

    /// Sections of a pcapng file as the owner target takes them; records of a classic one as packets.
    fn add_owners(&mut self, bytes: &[u8]) {
        if let Some(mut rest) = bytes.strip_prefix(&[0xd4, 0xc3, 0xb2, 0xa1]).and_then(|rest| rest.get(16..)) {
            let Some((&[low, high, ..], more)) = rest.split_first_chunk::<4>() else { return };
            rest = more;
            let mut input = vec![0, 0, 0];
            while let Some((header, more)) = rest.split_first_chunk::<16>() {
                let length = u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize;
                let Some((packet, more)) = more.split_at_checked(length) else { break };
                rest = more;
                if input.len() < 4_000 {
                    input.extend(captures::item(captures::IN_BAND, &[&[high, low], packet].concat()));
                }
            }
            return self.add("owner", input);
        }
        let mut rest = bytes;
        let mut input: Vec<u8> = Vec::new();
        while let Some((&[a, b, c, d, e, f, g, h], _)) = rest.split_first_chunk() {
            let (kind, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]) as usize);
            let Some((block, more)) = rest.split_at_checked(length) else { break };
            let Some(body) = block.get(8..length.saturating_sub(4)) else { break };
            rest = more;
            match kind {
                0x0a0d_0d0a => {
                    if !input.is_empty() {
                        self.add("owner", std::mem::take(&mut input));
                    }
                    input = [&[0][..], &captures::behind_length(body.get(16..).unwrap_or_default())].concat();
                }
                1 => {}
                6 => {
                    let word = |at| u32::from_le_bytes(std::array::from_fn(|byte| body[at + byte]));
                    let options =
                        if body.len() < 20 { None } else { body.get(20 + (word(12) as usize).next_multiple_of(4)..) };
                    input.extend(captures::item(captures::OPTIONS, options.unwrap_or_default()));
                }
                _ => {
                    input.extend(captures::item(captures::BLOCK, &[&kind.to_le_bytes(), body].concat()));
                }
            }
            if input.len() > 4_000 {
                break;
            }
        }
        self.add("owner", input);
    }

    fn add_catalogue(&mut self, text: &str) {
        self.given.clear();
        let entries: Vec<&str> = text.split_inclusive("\n\n").collect();
        for entries in entries.chunks(2).step_by(entries.len() / 80 + 1) {
            self.add("catalogue", entries.concat().into_bytes());
        }
    }

    /// What no sample shows.
    fn add_made_up(&mut self) {
        self.given.clear();
        for link_type in LINK_TYPES {
            let ip = b"\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x08\x08\x08\x08\xc0\0\x00\x35\0\x08\0\0";
            for stub in [&[][..], &[0; 4], &[0, 0, 0, 2], &[0; 12], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]] {
                self.given.clear();
                self.add("link", packets::framed(*link_type, 60, &[stub, ip].concat()));
            }
        }
        self.given.clear();
        let table = b"CHLO\x02\0\0\0SNI\0\x0b\0\0\0PDMD\x0f\0\0\0example.comX509";
        self.add("quic", [&[quic::SEALED, 0, 0][..], &captures::behind_length(&crypto(0, table))].concat());
        self.add("quic", [&[quic::GOOGLE, 4, 3, 0xa4, 1, 0, 0, table.len() as u8, 0][..], table].concat());
        self.add("streams", [&b"1QTV0"[..], &(table.len() as u32).to_le_bytes(), table].concat());
        for text in [
            "protocol,local_ip,local_port,remote_ip,remote_port,first_seen,last_seen,process,package,pid,uid\n\
             tcp,10.0.0.1,50000,1.1.1.1,443,100,2026-01-02T03:04:05Z,curl,org.example,12,1000\nudp,,,::1,53,,,,,,\n",
            "{\"protocol\":\"TCP\",\"source_ip\":\"10.0.0.1\",\"source_port\":50000,\"destination_ip\":\"1.1.1.1\",\
             \"destination_port\":443,\"process_name\":\"curl\",\"pid\":12}\n",
        ] {
            self.add("given", [&[given::SIDE], text.as_bytes()].concat());
        }
        let policy = include_str!("../../src/policy/example.toml");
        for (kind, text) in
            [(given::POLICY, policy), (given::ANYCAST, "# mine\n192.0.2.0/24\n2001:db8::/32\n1.1.1.1\n")]
        {
            self.add("given", [&[kind], text.as_bytes()].concat());
        }
        for text in [
            include_str!("../../tests/data/paths/mtr.json"),
            include_str!("../../tests/data/paths/scamper.json"),
            include_str!("../../tests/data/paths/traceroute.txt"),
            include_str!("../../tests/data/paths/tracert.txt"),
        ] {
            self.add("given", [&[given::PATH], text.as_bytes()].concat());
        }
        let client = Client::new("public.example", "hidden.example", Seal::Aes128Gcm);
        for text in [client.key_log().into_bytes(), client.encoded()] {
            self.add("given", [&[given::KEYS], &text[..]].concat());
        }
        for (address, hostile) in [(1, "\u{1b}[31m\u{202e}</script>\"',\n=1+1"), (2, "a.example.org")] {
            self.add("report", hostile_capture(address, hostile));
            self.add("law", [&[whole::FILE, 3], &hostile_capture(address, hostile)[..]].concat());
        }
        if let Ok(database) = database() {
            self.add("given", [&[given::PLACE][..], &database].concat());
        }
    }
}

/// What one end sent another.
struct Sender {
    is_stream: bool,
    ports: [u16; 2],
    payloads: Vec<Vec<u8>>,
}

impl Sender {
    /// As the signature target takes it.
    fn as_probe(&self) -> Vec<u8> {
        let first = self.payloads.first().map_or(&[][..], |payload| payload.get(..128).unwrap_or(payload));
        let [high, low] = self.ports[1].to_be_bytes();
        let length = first.len() as u8;
        [&[given::SIGNATURE, u8::from(!self.is_stream), 0, high, low, length / 8, length, 0, 0, length][..], first]
            .concat()
    }
}

/// Frames of a capture: link type, length on the wire, bytes.
fn frames(source: Source) -> Vec<(u16, u32, Vec<u8>)> {
    #[derive(Default)]
    struct Keep(Vec<(u16, u32, Vec<u8>)>);
    impl Observe for Keep {
        fn observe(&mut self, frame: Frame<'_>) {
            self.0.push((frame.link_type.0, frame.wire_length, frame.bytes.to_vec()));
        }
    }
    let mut all = Vec::new();
    let options = ReadOptions { range_bytes: Some(u64::MAX), ..ReadOptions::default() };
    capture::read(vec![source], &options, &Progress::default(), &Keep::default, &mut |piece| {
        all.extend(piece.partial.0)
    });
    all
}

/// A classic capture of an answer and a request with a name that must not reach a page or a terminal as it is.
fn hostile_capture(address: u8, name: &str) -> Vec<u8> {
    // Not as labels: the name is one, with whatever it holds.
    let label = [&[name.len() as u8][..], name.as_bytes(), b"\x03org\0"].concat();
    let question = [&label[..], &[0, 1, 0, 1]].concat();
    let header = [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    let (client, server, resolver) = ([10, 0, 0, 2], [8, 8, 4, address], [1, 1, 1, 1]);
    let record = dns::record(&dns::QUESTION_NAME, dns::A, 60, &server);
    let answer = [&header[..], &question, &record].concat();
    let request = format!("GET / HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {name}\r\n\r\n").into_bytes();
    let answer = ip::v4(resolver, client, ip::UDP, &udp((53, 50_000), &answer));
    let request = ip::v4(client, server, ip::TCP, &tcp((50_000, 80), 1, 0, PUSH_ACK, &request));
    let time_us = 1_700_000_000_000_005;
    pcap::file(pcap::RAW, &[(time_us, answer), (time_us, request)])
}

/// A small database laid out as the embedded one.
fn database() -> std::io::Result<Vec<u8>> {
    let ranges: Vec<(u64, u32)> = (0..300).map(|at| (at << 23, (at % 3) as u32)).collect();
    let six: Vec<(u64, u32)> = (0..300).map(|at| (at << 54, (at % 3) as u32)).collect();
    let place = |code: &str, city: &str| Location {
        country: Country::new(code),
        city: (!city.is_empty()).then(|| city.into()),
        coordinates: (!city.is_empty()).then_some((52.5, 13.4)),
    };
    let places = encode_locations(&[place("DE", "Berlin"), place("SG", "Singapore"), place("FR", "")])?;
    let network = |asn, name: &str| Network { asn, name: Some(name.into()), country: Country::new("US") };
    let networks = encode_networks(&[network(714, "APPLE"), network(15_169, "GOOGLE")])?;
    let (four, six) = (encode_ranges::<u32>(&ranges)?, encode_ranges::<u64>(&six)?);
    let mut sections =
        vec![(*b"CELL", places.clone()), (*b"REGC", places.clone()), (*b"CITY", places), (*b"ASNS", networks)];
    for name in [*b"LOC4", *b"REG4", *b"ASN4"] {
        sections.push((name, four.clone()));
    }
    for name in [*b"LOC6", *b"REG6", *b"ASN6"] {
        sections.push((name, six.clone()));
    }
    blob::join(&sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_they_find_nothing() {
        let seeds = Seeds::of_repository().expect("the samples are there");
        let names: Vec<_> = seeds.iter().map(|(name, _)| name).collect();
        assert_eq!(names, crate::TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
        for (name, seeds) in seeds.iter() {
            seeds.iter().for_each(|seed| crate::run(name, seed));
        }
    }
}
