//! How long it takes to say which app sent a flow.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use whither::app::Catalogue;

fn look_up(criterion: &mut Criterion) {
    let Ok(catalogue) = Catalogue::embedded() else { return };
    let names = [
        ("suffix", "szextshort.weixin.qq.com"),
        ("glob", "p16-tiktokcdn-com.akamaized.net"),
        ("family", "www.google.co.jp"),
        ("unknown", "www.some.unknown.example.org"),
    ];
    for (label, name) in names {
        criterion.bench_function(&format!("look up a name/{label}"), |bencher| {
            bencher.iter(|| black_box(catalogue.look_up(black_box(name)).is_some()));
        });
    }
    criterion.bench_function("load the catalogue", |bencher| bencher.iter(|| black_box(Catalogue::embedded().is_ok())));
}

criterion_group!(benches, look_up);
criterion_main!(benches);
