//! What the fuzz targets share: random bytes as streams and datagrams, into the rows of the reader tables.

use whither::name::table::{DATAGRAM_READERS, Datagram, STREAM_READERS};
use whither::name::{Findings, Reading};

/// Bytes that one run looks at: twice the largest message any reader gathers.
const INPUT_LIMIT: usize = 128 * 1024;

/// Datagrams of one run: what `flow` keeps of a sender.
const DATAGRAM_LIMIT: usize = 16;

/// Reads a stream as the rows of a protocol do, whole and in two halves, and checks what they promise.
pub fn read_stream(protocol: &str, data: &[u8]) {
    let data = data.get(..INPUT_LIMIT).unwrap_or(data);
    for reader in STREAM_READERS.iter().filter(|reader| reader.protocol == protocol) {
        if data.is_empty() || !(reader.starts)(data) {
            continue;
        }
        let whole = (reader.read)(data);
        check(&whole, data.len());
        let half = data.len() / 2;
        if half > 0 {
            assert!((reader.starts)(&data[..half]), "a prefix of a start starts too");
            let early = (reader.read)(&data[..half]);
            check(&early, half);
            if matches!(early, Reading::No | Reading::Done { .. }) {
                assert_eq!(early, whole, "final is final");
            }
        }
    }
}

/// Reads datagrams, each behind a length of two bytes, as the rows of a protocol do.
pub fn read_datagrams(protocol: &str, data: &[u8]) {
    let mut rest = data.get(..INPUT_LIMIT).unwrap_or(data);
    let mut datagrams = Vec::new();
    while let [high, low, more @ ..] = rest
        && datagrams.len() < DATAGRAM_LIMIT
    {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
        let (payload, more) = more.split_at(length);
        datagrams.push(Datagram { payload, source_port: 50_000, destination_port: 443 });
        rest = more;
    }
    for reader in DATAGRAM_READERS.iter().filter(|reader| reader.protocol == protocol) {
        let started: Vec<_> = datagrams.iter().copied().filter(|datagram| (reader.starts)(datagram)).collect();
        let whole = (reader.read)(&started);
        for count in 1..=started.len() {
            let early = (reader.read)(&started[..count]);
            check(&early, usize::MAX);
            if matches!(early, Reading::Done { .. }) {
                assert_eq!(early, whole, "final is final");
                break;
            }
        }
    }
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
