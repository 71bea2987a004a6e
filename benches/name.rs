//! What a name costs: the openings that nearly every flow has, and the question asked of every packet.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use whither::name::Datagram;
use whither::name::table::{DATAGRAM_READERS, STREAM_READERS};

/// The protected packet of RFC 9001 §A.2.
static QUIC_INITIAL: &[u8] = include_bytes!("data/rfc9001-client-initial.bin");

/// A ClientHello in its record, of a browser's size: post-quantum key share, then the name.
fn tls_hello() -> Vec<u8> {
    let name = b"www.example.com";
    let mut extensions = vec![0, 0x33, 4, 0xc0];
    extensions.extend([9; 0x4c0]);
    extensions.extend([0, 0, 0, name.len() as u8 + 5, 0, name.len() as u8 + 3, 0, 0, name.len() as u8]);
    extensions.extend(name);
    extensions.extend([0, 16, 0, 14, 0, 12, 2, b'h', b'2', 8]);
    extensions.extend(b"http/1.1");
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0x13, 1, 0x13, 2, 1, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let mut record = vec![0x16, 3, 1];
    record.extend((body.len() as u16 + 4).to_be_bytes());
    record.push(1);
    record.extend(&(body.len() as u32).to_be_bytes()[1..]);
    record.extend(body);
    record
}

/// A resolver's answer of the usual kind: an alias, then four addresses, every name but the first by pointers.
fn dns_answer() -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 5, 0, 0, 0, 0];
    message.extend(b"\x03www\x07example\x03com\x00\x00\x01\x00\x01");
    message.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x13\x04edge\x03cdn\x07example\xc0\x18");
    for last in 1..=4 {
        message.extend(b"\xc0\x2d\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04");
        message.extend([192, 0, 2, last]);
    }
    message
}

fn openings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("name");
    group.throughput(Throughput::Elements(1));

    let hello = tls_hello();
    let tls = STREAM_READERS.iter().find(|reader| (reader.starts)(&hello)).expect("a row reads TLS");
    group.bench_function("tls hello", |bencher| bencher.iter(|| (tls.read)(black_box(&hello))));

    let datagram = |payload| Datagram { payload, source_port: 50_000, destination_port: 443 };
    let initial = datagram(QUIC_INITIAL);
    let quic = DATAGRAM_READERS.iter().find(|reader| (reader.starts)(&initial)).expect("a row reads QUIC");
    group.bench_function("quic initial", |bencher| bencher.iter(|| (quic.read)(black_box(&[initial]))));

    let mut foreign = QUIC_INITIAL.to_vec();
    foreign[6] ^= 1;
    let foreign = datagram(&foreign);
    group.bench_function("quic initial that does not open", |bencher| {
        bencher.iter(|| (quic.read)(black_box(&[foreign])));
    });

    let answer = dns_answer();
    let answer = Datagram { payload: &answer, source_port: 53, destination_port: 50_000 };
    let dns = DATAGRAM_READERS.iter().find(|reader| (reader.starts)(&answer)).expect("a row reads DNS");
    group.bench_function("dns answer", |bencher| bencher.iter(|| (dns.read)(black_box(&[answer]))));

    let data = [0x17_u8; 1400];
    group.bench_function("segment of data, all rows asked", |bencher| {
        bencher.iter(|| STREAM_READERS.iter().any(|reader| (reader.starts)(black_box(&data))));
    });
    let data = datagram(&[0x45; 1200]);
    group.bench_function("datagram of data, all rows asked", |bencher| {
        bencher.iter(|| DATAGRAM_READERS.iter().any(|reader| (reader.starts)(black_box(&data))));
    });
    group.finish();
}

criterion_group!(benches, openings);
criterion_main!(benches);
