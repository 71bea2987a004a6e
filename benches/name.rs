//! What a name costs: the openings that nearly every flow has, and the question asked of every packet.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::{dns, quic, tls};
use std::hint::black_box;
use whither::name::Datagram;
use whither::name::table::{DATAGRAM_READERS, STREAM_READERS};

/// A ClientHello in its record, of a browser's size: post-quantum key share, then the name.
fn tls_hello() -> Vec<u8> {
    let key_share = tls::extension(0x33, &[9; 0x4c0]);
    tls::record(&tls::hello_with(&[key_share, tls::server_name("www.example.com"), tls::alpn(&["h2", "http/1.1"])]))
}

/// A resolver's answer of the usual kind: an alias, then four addresses, every name but the first by pointers.
fn dns_answer() -> Vec<u8> {
    let mut message = dns::opening(0x1234, dns::ANSWER, 5, "www.example.com", dns::A);
    message.extend(dns::record(&dns::QUESTION_NAME, dns::CNAME, 60, b"\x04edge\x03cdn\x07example\xc0\x18"));
    for last in 1..=4 {
        // The alias's target stands at this offset.
        message.extend(dns::record(&[0xc0, 0x2d], dns::A, 60, &[192, 0, 2, last]));
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
    let sample = quic::sample(quic::V1);
    let initial = datagram(&sample);
    let reader = DATAGRAM_READERS.iter().find(|reader| (reader.starts)(&initial)).expect("a row reads QUIC");
    group.bench_function("quic initial", |bencher| bencher.iter(|| (reader.read)(black_box(&[initial]))));

    let mut foreign = sample.clone();
    foreign[6] ^= 1;
    let foreign = datagram(&foreign);
    group.bench_function("quic initial that does not open", |bencher| {
        bencher.iter(|| (reader.read)(black_box(&[foreign])));
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
