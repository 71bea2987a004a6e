//! What flows cost: packets gathered, two halves merged, sessions that are over resolved.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fixtures::transport::{ACK, tcp};
use fixtures::{ethernet, ip};
use std::hint::black_box;
use whither::capture::{Frame, FrameId, LinkType};
use whither::flow::{Partial, SampleKey, Tracker};

const FLOWS: u32 = 2_000;
const PACKETS_PER_FLOW: u32 = 12;
/// Odd, so that the packets of a flow stand far apart, as in a busy capture.
const STRIDE: u32 = 7_919;

/// One packet of a flow: the opening says hello, the rest is data.
fn packet(flow: u32, number: u32) -> Vec<u8> {
    let [_, b, c, d] = flow.to_be_bytes();
    let (client, server) = ([10, b, c, d], [198, 51, 100, (flow % 250) as u8]);
    let (ports, back, sequence) = ((50_000, 443), (443, 50_000), number * 100);
    let packet = if number.is_multiple_of(2) {
        let request: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
        let payload = if number == 0 { request } else { &[0x17; 90] };
        ip::v4(client, server, ip::TCP, &tcp(ports, sequence, 0, ACK, payload))
    } else {
        ip::v4(server, client, ip::TCP, &tcp(back, sequence, 0, ACK, &[0x17; 900]))
    };
    ethernet::frame(&packet)
}

/// All packets, mixed.
fn packets() -> Vec<Vec<u8>> {
    let all = FLOWS * PACKETS_PER_FLOW;
    (0..all).map(|at| packet((at * STRIDE) % FLOWS, at / FLOWS)).collect()
}

fn gather(packets: &[Vec<u8>], first: usize) -> Partial {
    let mut partial = Partial::new(SampleKey::default());
    for (at, bytes) in packets.iter().enumerate() {
        partial.observe(Frame {
            id: FrameId::new(0, at as u64),
            time_ns: (first + at) as i64 * 1_000,
            link_type: LinkType::ETHERNET,
            bytes,
            wire_length: bytes.len() as u32,
            note: None,
        });
    }
    partial
}

fn benches(criterion: &mut Criterion) {
    let packets = packets();
    let (left, right) = packets.split_at(packets.len() / 2);
    let halves = || (gather(left, 0), gather(right, left.len()));
    let mut group = criterion.benchmark_group("flow");
    group.sample_size(20).throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("observe", |bencher| bencher.iter(|| gather(black_box(&packets), 0)));
    group.throughput(Throughput::Elements(u64::from(FLOWS)));
    group.bench_function("merge", |bencher| {
        bencher.iter_batched(
            halves,
            |(mut left, right)| {
                left.merge(right, FrameId::new(0, 0)).expect("one key");
                left
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("join and resolve", |bencher| {
        bencher.iter_batched(
            halves,
            |(mut one, mut two)| {
                let mut tracker = Tracker::new(SampleKey::default(), None);
                for (half, first) in [(&mut one, 0), (&mut two, left.len() as u64)] {
                    tracker.join(half, FrameId::new(0, first), &mut |_| ()).expect("one key");
                    tracker.close(|closed| closed.drain(..).for_each(|flow| drop(black_box(flow))));
                }
                tracker.finish(|closed| closed.drain(..).for_each(|flow| drop(black_box(flow))))
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
