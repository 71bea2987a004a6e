//! What writing costs: the report in each format, and records of flows.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::transport::{ACK, tcp};
use fixtures::{ip, pcap};
use std::hint::black_box;
use std::sync::Arc;
use whither::analysis::{self, FlowJudge, Knowledge, Options, Studied};
use whither::app::Catalogue;
use whither::capture::{Progress, Source};
use whither::output::FORMATS;
use whither::output::flows::{FORMATS as FLOW_FORMATS, FlowRecord};
use whither::output::terminal::{Style, render};
use whither::place::Places;
use whither::report::{Report, build};

const FLOWS: u32 = 3_000;

/// A capture of requests to hosts of many names at addresses all over.
fn capture() -> Arc<[u8]> {
    let mut file = pcap::head(pcap::RAW);
    for flow in 0..FLOWS {
        let domain = ["weixin.qq.com", "googlevideo.com", "instagram.com", "some.example"][flow as usize % 4];
        let request = format!("GET / HTTP/1.1\r\nHost: h{}.{domain}\r\n\r\n", flow % 500);
        let [a, b, c, d] = flow.wrapping_mul(2_654_435_761).to_be_bytes();
        let segment = tcp((1_024 + flow as u16, 80), 1, 0, ACK, request.as_bytes());
        let packet = ip::v4([10, 0, 0, 2], [11 + a % 180, b, c, d], ip::TCP, &segment);
        let time_us = u64::from(1_600_000_000 + flow / 100) * 1_000_000 + u64::from(flow % 100);
        file.extend(pcap::whole(time_us, &packet));
    }
    file.into()
}

fn analyse(knowledge: &Knowledge) -> (Report, Vec<Studied>) {
    let bytes = capture();
    let sources = || vec![Source::memory("bench", Arc::clone(&bytes)).expect("is a capture")];
    let (options, progress) = (Options::default(), Progress::default());
    let (routes, analysed) = analysis::map(sources(), &options, knowledge, &progress);
    let mut flows = Vec::new();
    analysis::flows(sources(), &options, knowledge, &progress, &mut |studied| {
        flows.push(studied.clone());
        true
    });
    (build(&routes, &analysed, knowledge, String::new()), flows)
}

fn benches(criterion: &mut Criterion) {
    let (Ok(catalogue), Ok(places)) = (Catalogue::embedded(), Places::open(&[])) else { return };
    let knowledge = Knowledge::new(catalogue, places, None);
    let (report, flows) = analyse(&knowledge);
    let mut group = criterion.benchmark_group("output");
    group.sample_size(20);
    for format in FORMATS {
        let mut out = Vec::new();
        group.bench_function(format!("report/{}", format.name), |bencher| {
            bencher.iter(|| {
                out.clear();
                (format.write)(black_box(&report), &whither::output::Look::default(), &mut out)
            });
        });
    }
    group.bench_function("report/terminal", |bencher| bencher.iter(|| render(black_box(&report), &Style::default())));
    group.throughput(Throughput::Elements(flows.len() as u64));
    for format in FLOW_FORMATS {
        let mut out = Vec::new();
        group.bench_function(format!("flows/{}", format.name), |bencher| {
            bencher.iter(|| {
                out.clear();
                let mut writer = (format.writer)();
                let mut judge = FlowJudge::new(&knowledge, None);
                for one in &flows {
                    let observed = one.observed();
                    let record = FlowRecord::new(&observed, "bench", judge.judge(&observed));
                    writer.record(&record, &mut out);
                }
                out.len()
            });
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
