//! However a capture's packets are cut, ordered, repeated and wrapped, the same names are found in it.

#![allow(clippy::unwrap_used)]

use fixtures::dice::Dice;
use fixtures::ethernet;
use fixtures::ip::{UDP, v4};
use fixtures::pcap::{self, ETHERNET};
use fixtures::transport::udp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use whither::analysis::{self, Knowledge, Options};
use whither::app::Catalogue;
use whither::capture::{self, Progress, ReadOptions};
use whither::place::Places;

/// Samples with one way of saying a name each, or many.
const SAMPLES: [&str; 23] = [
    "dns-cname.pcap",
    "dns-https.pcap",
    "dns-tcp.pcap",
    "dtls.pcap",
    "fragments-dns.pcap",
    "http-pipelining.pcap",
    "http2-cleartext.pcap",
    "names-dns.pcap",
    "names-local.pcap",
    "names-proxies.pcap",
    "names-quic.pcap",
    "names-starttls.pcap",
    "names-tls.pcap",
    "openvpn-tls.pcap",
    "proxy-connect.pcap",
    "proxy-socks5.pcap",
    "proxy-v1.pcap",
    "quic-scattered.pcap",
    "quic-two-initials.pcap",
    "starttls-postgres.pcap",
    "tls-certificate.pcap",
    "tls-ech.pcap",
    "tls-post-quantum.pcap",
];
const ETHERNET_HEADER: usize = 14;

/// The frames of a sample: pcap of little endian, as the project makes them.
fn frames(sample: &str) -> Vec<Vec<u8>> {
    pcap::packets(&std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample)).unwrap())
}

/// A capture of these frames, a hundredth of a second apart.
fn write(path: &Path, link_type: u16, frames: &[Vec<u8>]) {
    let times = (0..).map(|at| 1_000_000_000 + at * 10_000);
    let packets: Vec<_> = times.zip(frames.iter().cloned()).collect();
    std::fs::write(path, pcap::file(link_type, &packets)).unwrap();
}

/// Server, source and name of all that was found.
fn names(path: &Path, knowledge: &Knowledge) -> BTreeSet<(String, &'static str, String)> {
    let sources = capture::open(&[PathBuf::from(path)]).unwrap().sources;
    let options = Options { read: ReadOptions::default(), ..Options::default() };
    let mut found = BTreeSet::new();
    analysis::flows(sources, &options, knowledge, &Progress::default(), &mut |studied| {
        let server = studied.flow.server_ip.to_string();
        let names = studied.flow.names.iter();
        found.extend(names.map(|name| (server.clone(), name.source.word(), name.name.to_string())));
        true
    });
    found
}

/// The parts of a frame with a TCP segment: where its header and its payload begin and end.
fn segment(frame: &[u8]) -> Option<(usize, usize, usize)> {
    let ip = frame.get(ETHERNET_HEADER..)?;
    let (header, protocol, length) = match ip.first()? >> 4 {
        4 => (20, ip[9], usize::from(u16::from_be_bytes([ip[2], ip[3]]))),
        _ => (40, ip[6], 40 + usize::from(u16::from_be_bytes([ip[4], ip[5]]))),
    };
    let tcp = ETHERNET_HEADER + header;
    let is_fragment = header == 20 && (ip[6] & 0x3f, ip[7]) != (0, 0);
    if protocol != 6 || is_fragment {
        return None;
    }
    let payload = tcp + usize::from(frame.get(tcp + 12)? >> 4) * 4;
    (payload <= ETHERNET_HEADER + length).then_some((tcp, payload, ETHERNET_HEADER + length))
}

/// The segments cut into pieces of at most so many bytes.
fn recut(frames: &[Vec<u8>], size: usize) -> Vec<Vec<u8>> {
    let mut cut = Vec::new();
    for frame in frames {
        let Some((tcp, payload, end)) = segment(frame).filter(|(_, payload, end)| end - payload > size) else {
            cut.push(frame.clone());
            continue;
        };
        for (piece, at) in frame[payload..end].chunks(size).zip((0..).step_by(size)) {
            let mut new = [&frame[..payload], piece].concat();
            let sequence = u32::from_be_bytes(new[tcp + 4..tcp + 8].try_into().unwrap()).wrapping_add(at);
            new[tcp + 4..tcp + 8].copy_from_slice(&sequence.to_be_bytes());
            let is_v4 = new[ETHERNET_HEADER] >> 4 == 4;
            let (field, before) = if is_v4 { (2, ETHERNET_HEADER) } else { (4, ETHERNET_HEADER + 40) };
            let length = (new.len() - before) as u16;
            new[ETHERNET_HEADER + field..][..2].copy_from_slice(&length.to_be_bytes());
            cut.push(new);
        }
    }
    cut
}

/// Segments that follow each other one way, exchanged within windows of this size.
fn reorder(frames: Vec<Vec<u8>>, window: usize, dice: &mut Dice) -> Vec<Vec<u8>> {
    let way = |frame: &[u8]| {
        let (tcp, payload, end) = segment(frame)?;
        (end > payload && frame[tcp + 13] & 7 == 0).then(|| frame[ETHERNET_HEADER + 12..tcp + 4].to_vec())
    };
    let mut frames = frames;
    let mut start = 0;
    while start < frames.len() {
        let key = way(&frames[start]);
        let same = frames[start..].iter().take_while(|frame| key.is_some() && way(frame) == key).count();
        for part in frames[start..start + same].chunks_mut(window) {
            for last in (1..part.len()).rev() {
                part.swap(last, dice.throw(last as u64 + 1) as usize);
            }
        }
        start += same.max(1);
    }
    frames
}

/// An IPv4 packet between a tunnel's ends, in Ethernet.
fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet::frame(&v4([192, 0, 2, 1], [192, 0, 2, 2], protocol, payload))
}

fn outer_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    outer(UDP, &udp((5_555, port), payload))
}

type Wrap = fn(&[u8]) -> Vec<u8>;

/// Ways to carry an Ethernet frame with IP, by the link type that they make of it.
const WRAPS: [(&str, u16, Wrap); 12] = [
    ("VLAN tags", ETHERNET, |frame| [&frame[..12], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6], &frame[12..]].concat()),
    ("MPLS", ETHERNET, |frame| [&frame[..12], &[0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64], ip(frame)].concat()),
    ("GRE", ETHERNET, |frame| outer(47, &[&[0, 0], &frame[12..]].concat())),
    ("ERSPAN", ETHERNET, |frame| {
        outer(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0], frame].concat())
    }),
    ("VXLAN", ETHERNET, |frame| outer_udp(4789, &[&[8, 0, 0, 0, 0, 0, 1, 0], frame].concat())),
    ("Geneve", ETHERNET, |frame| outer_udp(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 1, 0], frame].concat())),
    ("EtherIP", ETHERNET, |frame| outer(97, &[&[0x30, 0], frame].concat())),
    ("TZSP", ETHERNET, |frame| outer_udp(37_008, &[&[1, 0, 0, 1, 1], frame].concat())),
    ("IP in IP", ETHERNET, |frame| outer(if ip(frame)[0] >> 4 == 4 { 4 } else { 41 }, ip(frame))),
    ("raw IP", 101, |frame| ip(frame).to_vec()),
    ("Linux cooked", 113, |frame| [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &frame[12..]].concat()),
    ("Wi-Fi", 105, |frame| [&[8, 1][..], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0], &frame[12..]].concat()),
];

fn ip(frame: &[u8]) -> &[u8] {
    &frame[ETHERNET_HEADER..]
}

#[test]
fn no_cut_order_repetition_or_wrapping_changes_the_names() {
    let knowledge = Knowledge::new(Catalogue::embedded().unwrap(), Places::open(&[]).unwrap(), None);
    let path = std::env::temp_dir().join(format!("whither-names-{}.pcap", std::process::id()));
    let mut dice = Dice::new(7);
    let mut differing = Vec::new();
    for sample in SAMPLES {
        let whole = frames(sample);
        write(&path, ETHERNET, &whole);
        let expected = names(&path, &knowledge);
        assert!(!expected.is_empty(), "{sample}");
        let mut hold = |how: String, link_type: u16, frames: &[Vec<u8>]| {
            write(&path, link_type, frames);
            let found = names(&path, &knowledge);
            if found != expected {
                let missing: Vec<_> = expected.difference(&found).collect();
                let added: Vec<_> = found.difference(&expected).collect();
                differing.push(format!("{sample}, {how}: missing {missing:?}, added {added:?}"));
            }
        };
        hold(
            "twice".to_owned(),
            ETHERNET,
            &whole.iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect::<Vec<_>>(),
        );
        for size in [1_000, 300, 150] {
            let cut = recut(&whole, size);
            hold(format!("in pieces of {size}"), ETHERNET, &cut);
            hold(format!("in pieces of {size}, reordered"), ETHERNET, &reorder(cut, 3, &mut dice));
        }
        for (how, link_type, wrap) in WRAPS {
            hold(format!("in {how}"), link_type, &whole.iter().map(|frame| wrap(frame)).collect::<Vec<_>>());
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
