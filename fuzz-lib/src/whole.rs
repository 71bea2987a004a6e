//! Bytes as a capture, the whole way: analysed, reported, written in every format; and the one law, that no way of cutting
//! changes what is said.

use fixtures::{Order, pcap};
use std::sync::OnceLock;

use serde_json::Value;
use whither::analysis::budget::LEAST;
use whither::analysis::{self, FlowJudge, Knowledge, Options};
use whither::app::Catalogue;
use whither::capture::{Outcome, Progress, ReadOptions, Source};
use whither::flow::{OpenLimits, Summary};
use whither::output::flows::{self, FlowRecord};
use whither::output::terminal::{Style, render};
use whither::output::{self, write_json_compact};
use whither::place::{Places, vantage};
use whither::report::{Report, build};

use crate::captures::pool;

/// Records that one run makes of its bytes.
const RECORD_LIMIT: usize = 400;

pub(crate) fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    KNOWLEDGE.get_or_init(|| {
        let places = Places::open(&[]).expect("sound");
        let vantage = vantage("Berlin", places.embedded()).ok();
        Knowledge::new(Catalogue::embedded().expect("sound"), places, vantage)
    })
}

struct Analysis {
    report: Report,
    /// NDJSON and CSV.
    flows: [Vec<u8>; 2],
    has_stepped_back: bool,
    /// Frames and bytes that the capture holds.
    held: (u64, u64),
    /// Frames and bytes that are accounted for: in flows, left out, or without an IP packet.
    counted: (u64, u64),
}

/// How a capture is read, beside where its ranges lie.
#[derive(Clone, Copy)]
struct Way {
    threads: usize,
    /// What is kept of what is open; all where none.
    limits: Option<OpenLimits>,
}

/// On one thread, without a limit.
const SIMPLY: Way = Way { threads: 1, limits: None };

/// Frames and bytes that are in no flow.
fn beside_flows(summary: &Summary) -> (u64, u64) {
    let shed = summary.shed.left_out();
    let all = summary.others.values().chain([&summary.dropped, &summary.repeated, &summary.skipped, &shed]);
    all.fold((0, 0), |(frames, bytes), some| (frames + some.frames, bytes + some.bytes))
}

fn analyse(bytes: &[u8], name: &str, range_bytes: u64, way: Way) -> Option<Analysis> {
    let read = ReadOptions { range_bytes: Some(range_bytes), ..ReadOptions::default() };
    let max_memory = way.limits.map(|_| LEAST);
    let options = Options { read, max_memory, open_limits: way.limits, ..Options::default() };
    let source = || Source::memory(name, bytes);
    let first = vec![source().ok()?];
    let again = vec![source().expect("opened before")];
    let knowledge = knowledge();
    pool(way.threads).install(|| {
        let (routes, analysed) = analysis::map(first, &options, knowledge, &Progress::default());
        let report = build(&routes, &analysed, knowledge, "whither map".to_owned());
        let mut writers = ["ndjson", "csv"].map(|name| (flows::format(name).expect("known").writer)());
        let mut written = [Vec::new(), Vec::new()];
        writers.iter_mut().zip(&mut written).for_each(|(writer, out)| writer.header(out));
        let (mut in_flows, mut bytes_in_flows) = (0, 0);
        analysis::flows(again, &options, knowledge, &Progress::default(), &mut |studied| {
            in_flows += studied.flow.up.packets + studied.flow.down.packets;
            bytes_in_flows += studied.flow.up.bytes + studied.flow.down.bytes;
            let observed = studied.observed();
            let mut judge = FlowJudge::new(knowledge, None);
            let record = FlowRecord::new(&observed, name, judge.judge(&observed));
            writers.iter_mut().zip(&mut written).for_each(|(writer, out)| writer.record(&record, out));
            true
        });
        writers.iter_mut().zip(&mut written).for_each(|(writer, out)| writer.finish(out));
        let has_stepped_back = analysed.summary.clock_stepped_back_ns().is_some();
        let all = |number: fn(&Outcome) -> u64| analysed.outcomes.iter().map(number).sum::<u64>();
        let held = (all(|outcome| outcome.frames - outcome.not_packets), all(|outcome| outcome.wire_bytes));
        let (frames, bytes) = beside_flows(&analysed.summary);
        let counted = (frames + in_flows, bytes + bytes_in_flows);
        Some(Analysis { report, flows: written, has_stepped_back, held, counted })
    })
}

/// A capture by a hostile name, in every format there is.
pub(crate) fn report(data: &[u8]) {
    let name = String::from_utf8_lossy(&data[data.len().saturating_sub(24)..]);
    let Some(Analysis { report, flows, .. }) = analyse(data, &name, u64::MAX, SIMPLY) else { return };
    // The picture is the figure drawn, which takes a second.
    for format in output::FORMATS.iter().filter(|format| format.name != "png") {
        let mut out = Vec::new();
        (format.write)(&report, &whither::output::Look::default(), &mut out).expect("memory takes everything");
        if format.name == "parquet" {
            assert!(out.starts_with(b"PAR1") && out.ends_with(b"PAR1"), "a Parquet file");
            continue;
        }
        assert!((format.is_own)(&out), "{} knows its own file", format.name);
        let text = String::from_utf8(out).expect("text");
        match format.name {
            "json" | "geojson" => drop(serde_json::from_str::<Value>(&text).expect("JSON")),
            name => assert_shows_nothing_else(name, &text),
        }
    }
    for style in [
        Style::default(),
        Style { width: 40, ascii: true, details: true, ..Style::default() },
        Style { width: 200, details: true, ..Style::default() },
        Style { width: 0, color: true, ..Style::default() },
    ] {
        let text = render(&report, &style);
        // The escapes of colours are ours: SGR and nothing else.
        let text = if style.color { without_colours(&text) } else { text };
        assert_shows_nothing_else("terminal", &text);
        assert!(!style.ascii || text.is_ascii(), "ASCII was asked for");
    }
    let [ndjson, csv] = flows.map(|out| String::from_utf8(out).expect("text"));
    ndjson.lines().for_each(|line| drop(serde_json::from_str::<Value>(line).expect("JSON")));
    assert_shows_nothing_else("flows csv", &csv);
}

/// No character that drives a terminal, is invisible or turns the direction of text, except line ends.
pub(crate) fn assert_shows_nothing_else(what: &str, text: &str) {
    let found = text.chars().find(|&character| {
        (character.is_control() && character != '\n' && character != '\r')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    });
    assert_eq!(found, None, "{what} shows no such character");
}

fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        out.push_str(rest.strip_prefix('m').expect("a colour"));
    }
    out
}

/// The law: a capture in one piece, in tiny ranges on several threads, and in other ranges on one, says the same; and with
/// next to no memory every frame and byte is still counted once. The first byte chooses whether the rest is a capture file or
/// records, and the second how it is cut and how much is kept.
pub(crate) fn law(data: &[u8]) {
    let Some((&[kind, cut], data)) = data.split_first_chunk() else { return };
    let file = if kind == FILE { data.to_vec() } else { recorded(kind, data) };
    let Some(whole) = analyse(&file, "fuzz", u64::MAX, SIMPLY) else { return };
    assert_eq!(whole.counted, whole.held, "every frame and byte is counted once");
    short_of_memory(&file, cut);
    if whole.has_stepped_back {
        // Which sessions are over depends on the clock; the report says so.
        return;
    }
    let expected = said(whole);
    for (range_bytes, threads) in [(64 + u64::from(cut) * 11, 3), (1 + file.len() as u64 / 2, 1)] {
        let way = Way { threads, limits: None };
        let ranges = analyse(&file, "fuzz", range_bytes, way).map(said).expect("opened before");
        assert_eq!(ranges, expected, "ranges of {range_bytes} bytes on {threads} threads");
    }
}

/// With limits so tight that most of what is open must go: it ends, counts everything once, and says the same when the
/// capture is read in the same way again.
fn short_of_memory(file: &[u8], cut: u8) {
    let of = |least: u64, step: u8| least << (cut / step % 6);
    let limits = OpenLimits { sessions: of(400, 1), answers: of(100, 6), fragments: of(100, 36) };
    let range_bytes = 64 + u64::from(cut) * 11;
    let mut before = None;
    for threads in [1, 3] {
        let way = Way { threads, limits: Some(limits) };
        let analysis = analyse(file, "fuzz", range_bytes, way).expect("opened before");
        assert_eq!(analysis.counted, analysis.held, "every frame and byte is counted once, within {limits:?}");
        let said = said(analysis);
        assert_eq!(before.get_or_insert_with(|| said.clone()), &said, "on {threads} threads, within {limits:?}");
    }
}

/// What is compared: the report as JSON, and the records.
fn said(analysis: Analysis) -> [String; 3] {
    let mut report = Vec::new();
    write_json_compact(&analysis.report, &mut report).expect("memory takes everything");
    let [ndjson, csv] = analysis.flows;
    [report, ndjson, csv].map(|out| String::from_utf8(out).expect("text"))
}

/// For [`law`]: what follows is a capture file.
pub(crate) const FILE: u8 = 0;
/// What follows are records of Ethernet frames: a byte that chooses the pause, two of length, the frame.
pub(crate) const RECORDS: u8 = 1;

/// A classic capture of records whose clock never steps back.
fn recorded(kind: u8, data: &[u8]) -> Vec<u8> {
    let mut file = pcap::head(if kind & 2 == 0 { pcap::ETHERNET } else { pcap::RAW });
    let (mut rest, mut time_us) = (data, 1_700_000_000_000_000_u64);
    for _ in 0..RECORD_LIMIT {
        let Some((&[pause, high, low], more)) = rest.split_first_chunk() else { break };
        let (frame, more) = more.split_at(usize::from(u16::from_be_bytes([high, low])).min(more.len()));
        rest = more;
        time_us += [0, 50, 1_000, 30_000, 1_000_000, 20_000_000, 130_000_000, 310_000_000][usize::from(pause & 7)];
        let length = frame.len() as u32;
        // Sometimes more was on the wire.
        let wire_length = length + u32::from(pause >> 3) * 8;
        let time = ((time_us / 1_000_000) as u32, (time_us % 1_000_000) as u32);
        file.extend(pcap::record(Order::Little, time, (length, wire_length), frame));
    }
    file
}
