//! How fast a capture is walked: frames counted, nothing understood.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::pcap;
use std::hint::black_box;
use std::sync::Arc;
use whither::capture::{Frame, Observe, Piece, Progress, ReadOptions, Source, read};

/// Touches the start of every frame, as any parser must.
#[derive(Default)]
struct Touch(u64);

impl Observe for Touch {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        self.0 = self.0.wrapping_add(frame.bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)));
    }
}

fn capture(packets: u64) -> Vec<u8> {
    let mut file = pcap::head(pcap::ETHERNET);
    for index in 0..packets {
        let length = 60 + index * 7_919 % 1_440;
        let time_us = (1_600_000_000 + index / 1_000) * 1_000_000 + index % 1_000;
        file.extend(pcap::whole(time_us, &vec![index as u8; length as usize]));
    }
    file
}

fn walk(bytes: &Arc<[u8]>) -> u64 {
    let mut sum = 0;
    let mut join = |piece: Piece<Touch>| sum += piece.partial.0;
    let Ok(source) = Source::memory("bench", Arc::clone(bytes)) else { return 0 };
    read(vec![source], &ReadOptions::default(), &Progress::default(), &Touch::default, &mut join);
    sum
}

fn benches(criterion: &mut Criterion) {
    let bytes: Arc<[u8]> = capture(100_000).into();
    let mut group = criterion.benchmark_group("capture");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
    group.bench_function("classic", |bencher| bencher.iter(|| walk(black_box(&bytes))));
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
