//! Gives bytes to the readers in the tables, as streams and as datagrams. What readers promise is checked: nothing is
//! consumed that was not given, the prefix of a start starts too, and what is final stays final when more bytes come.

use whither::name::table::{DATAGRAM_READERS, STREAM_READERS};
use whither::name::{
    Datagram, DatagramReader, Findings, Reading, StreamReader, datagram_candidates, stream_candidates,
};

/// Bytes that one run looks at: twice the largest message any reader gathers.
const INPUT_LIMIT: usize = 128 * 1024;

/// Datagrams of one run: what `flow` keeps of a sender.
const DATAGRAM_LIMIT: usize = 16;

/// Ports that a nibble of a datagram's first byte chooses: those that rows look at, and some that none does.
const PORTS: [u16; 16] = [53, 5353, 5355, 88, 123, 67, 68, 546, 547, 137, 138, 161, 1900, 3478, 443, 50_000];

/// A stream of any protocol; what begins as a DER sequence is read as the certificate behind a sound ServerHello too.
pub(crate) fn streams(data: &[u8]) {
    if data.first() == Some(&0x30) {
        read_stream(&with_certificate(data));
    }
    read_stream(data);
}

/// Datagrams of all protocols but QUIC, as one sender's: each behind a byte that chooses ports and two of length.
pub(crate) fn datagrams(data: &[u8]) {
    let mut rest = data.get(..INPUT_LIMIT).unwrap_or(data);
    let mut datagrams = Vec::new();
    while let [ports, high, low, more @ ..] = rest
        && datagrams.len() < DATAGRAM_LIMIT
    {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
        let (payload, more) = more.split_at(length);
        datagrams.push(datagram(*ports, payload));
        rest = more;
    }
    read_datagrams(|row| row.protocol != "quic", &datagrams);
}

/// QUIC datagrams, as one sender's.
pub(crate) fn quic(payloads: &[Vec<u8>]) {
    let datagrams: Vec<_> = payloads
        .iter()
        .take(DATAGRAM_LIMIT)
        .map(|payload| Datagram { payload, source_port: 50_000, destination_port: 443 })
        .collect();
    read_datagrams(|row| row.protocol == "quic", &datagrams);
}

/// How [`datagrams`] takes a datagram.
pub(crate) fn framed(source_port: u16, destination_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    [&[ports(source_port, destination_port)][..], &length.to_be_bytes(), &payload[..usize::from(length)]].concat()
}

/// The byte that chooses these ports.
pub(crate) fn ports(source: u16, destination: u16) -> u8 {
    let nibble = |port| PORTS.iter().position(|known| *known == port).unwrap_or(PORTS.len() - 1) as u8;
    nibble(source) << 4 | nibble(destination)
}

fn datagram(ports: u8, payload: &[u8]) -> Datagram<'_> {
    let [source_port, destination_port] = [ports >> 4, ports & 0xf].map(|nibble| PORTS[usize::from(nibble)]);
    Datagram { payload, source_port, destination_port }
}

fn with_certificate(data: &[u8]) -> Vec<u8> {
    // One record holds it all.
    let data = data.get(..16_000).unwrap_or(data);
    let length = |length: usize| [(length >> 16) as u8, (length >> 8) as u8, length as u8];
    let mut handshake = vec![2, 0, 0, 38, 3, 3];
    handshake.extend([7; 32]);
    handshake.extend([0, 0xc0, 0x2f, 0, 11]);
    handshake.extend(length(data.len() + 6));
    handshake.extend(length(data.len() + 3));
    handshake.extend(length(data.len()));
    handshake.extend(data);
    let mut record = vec![0x16, 3, 3];
    record.extend((handshake.len() as u16).to_be_bytes());
    record.extend(handshake);
    record
}

/// Reads a stream as rows do, whole and cut, and checks what they promise.
fn read_stream(data: &[u8]) {
    let data = data.get(..INPUT_LIMIT).unwrap_or(data);
    let Some(&first) = data.first() else { return };
    let candidates = stream_candidates(first);
    for (row, reader) in STREAM_READERS.iter().enumerate() {
        let whole = (reader.read)(data);
        check(&whole, data.len());
        if !(reader.starts)(data) {
            continue;
        }
        assert!(candidates >> row & 1 == 1, "{}: a start has a first byte of its row", reader.protocol);
        for cut in cuts(data.len()) {
            let early = &data[..cut];
            if !(reader.starts)(early) {
                assert!(!is_patient(reader), "{}: the prefix of a start starts too", reader.protocol);
                continue;
            }
            let early = (reader.read)(early);
            check(&early, cut);
            if is_final(reader) && matches!(early, Reading::No | Reading::Done { .. }) {
                assert_eq!(said(early), said(whole.clone()), "{}: final at {cut}", reader.protocol);
            }
        }
    }
}

/// What must not change any more. How much is passed by may grow: readers pass by as much of a banner, a message ahead of
/// TLS or a body as is at hand.
fn said(reading: Reading) -> Reading {
    match reading {
        Reading::Done { findings, .. } => Reading::Done { findings, consumed: 0 },
        other => other,
    }
}

/// Whether what a row says of a cut opening is final. Messages of a few bytes can be the start of others: there the segments
/// decide, and segments are never cut by us.
fn is_final(row: &StreamReader) -> bool {
    !["bittorrent", "preamble", "socks"].contains(&row.protocol)
}

/// Whether a row takes a start however short its first segment is. The others want their first bytes together.
fn is_patient(row: &StreamReader) -> bool {
    !row.is_second_choice && ["tls", "fbzero", "http2"].contains(&row.protocol)
}

/// Reads datagrams of one sender as rows do.
fn read_datagrams(is_wanted: impl Fn(&DatagramReader) -> bool, datagrams: &[Datagram<'_>]) {
    for (row, reader) in DATAGRAM_READERS.iter().enumerate().filter(|(_, reader)| is_wanted(reader)) {
        let is_start = |datagram: &&Datagram<'_>| {
            let starts = reader.takes(datagram);
            let is_candidate = datagram.payload.is_empty() || datagram_candidates(datagram) >> row & 1 == 1;
            assert!(!starts || is_candidate, "{}: a start is of its row", reader.protocol);
            starts
        };
        let started: Vec<_> = datagrams.iter().filter(is_start).copied().collect();
        if !reader.gathers {
            started.iter().for_each(|datagram| check(&(reader.read)(&[*datagram]), usize::MAX));
            continue;
        }
        let whole = (reader.read)(&started);
        check(&whole, usize::MAX);
        for count in 1..started.len() {
            let early = (reader.read)(&started[..count]);
            check(&early, usize::MAX);
            if matches!(early, Reading::Done { .. }) {
                assert_eq!(early, whole, "{}: final after {count}", reader.protocol);
                break;
            }
        }
    }
}

/// Where streams are cut: early, in the middle, late.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    let mut cuts = [1, 2, 5, 9, length / 4, length / 2, length.saturating_sub(7), length.saturating_sub(1)];
    cuts.sort_unstable();
    cuts.into_iter().filter(move |cut| (1..length).contains(cut))
}

fn check(reading: &Reading, length: usize) {
    let names = |findings: &Findings| {
        assert!(findings.names.len() <= Findings::NAME_LIMIT);
        assert!(findings.names.iter().all(|found| !found.name.is_empty()));
    };
    match reading {
        Reading::Done { findings, consumed } => {
            assert!(*consumed <= length);
            names(findings);
        }
        Reading::NeedMore(Some(findings)) => names(findings),
        Reading::NeedMore(None) | Reading::No => {}
    }
}
