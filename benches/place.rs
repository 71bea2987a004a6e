//! Opening the places and looking addresses up. Figures are kept in `docs/geo.md`.

use std::hint::black_box;
use std::net::IpAddr;

use criterion::{Criterion, criterion_group, criterion_main};
use whither::place::{Database, Embedded, Places};

/// Addresses spread over the whole space by a fixed odd step.
fn addresses() -> Vec<IpAddr> {
    let four = (0..5_000_u32).map(|n| IpAddr::V4(n.wrapping_mul(2_654_435_761).into()));
    let six = (0..5_000_u128).map(|n| IpAddr::V6((0x2a00 << 112 | ((n * 2_654_435_761) & 0xffff_ffff) << 80).into()));
    four.chain(six).collect()
}

fn place(criterion: &mut Criterion) {
    criterion.bench_function("open embedded", |bencher| bencher.iter(Embedded::open));
    criterion.bench_function("open all", |bencher| bencher.iter(|| Places::open(&[])));
    let ip: IpAddr = [203, 205, 254, 1].into();
    criterion.bench_function("open and first look-up", |bencher| {
        bencher.iter(|| Embedded::open().look_up(black_box(ip)));
    });
    let addresses = addresses();
    let embedded = Embedded::open();
    embedded.decode_all();
    criterion.bench_function("10,000 look-ups", |bencher| {
        bencher.iter(|| addresses.iter().filter(|&&ip| embedded.look_up(black_box(ip)).is_some()).count());
    });
    let places = Places::open(&[]).ok();
    criterion.bench_function("10,000 places", |bencher| {
        bencher.iter(|| addresses.iter().filter_map(|&ip| Some(places.as_ref()?.locate(black_box(ip)))).count());
    });
}

criterion_group!(benches, place);
criterion_main!(benches);
