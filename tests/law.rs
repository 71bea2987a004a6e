//! The one law, held against files: no range size, number of threads, order of arguments or rotation changes what is said.

#![allow(clippy::unwrap_used)]

mod traffic;

use fixtures::{pcap, pcapng};
use std::io::Read;
use std::path::{Path, PathBuf};
use traffic::{classic, packets};
use whither::analysis::{self, Analysed, FlowJudge, Knowledge, Options};
use whither::app::Catalogue;
use whither::capture::{self, Progress, ReadOptions, Source};
use whither::output::flows::{FlowRecord, format};
use whither::output::write_json_compact;
use whither::place::Places;
use whither::report::build;
use whither::route::RouteMap;

/// What `map --json` and `flows` say of these captures.
fn analyse(paths: &[PathBuf], range_bytes: Option<u64>, threads: usize, knowledge: &Knowledge) -> (String, String) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let options = Options { read: ReadOptions { range_bytes, ..ReadOptions::default() }, ..Options::default() };
    let open = || capture::open(paths).unwrap().sources;
    let mut report = Vec::new();
    let (routes, analysed) = pool.install(|| analysis::map(open(), &options, knowledge, &Progress::default()));
    write_json_compact(&build(&routes, &analysed, knowledge, "whither map".to_owned()), &mut report).unwrap();
    let mut again = Vec::new();
    write_json_compact(&build(&carried(routes), &analysed, knowledge, "whither map".to_owned()), &mut again).unwrap();
    assert!(report == again, "what is written and read again says the same");

    let sources = open();
    let names: Vec<String> = sources.iter().map(|source| source.name().to_owned()).collect();
    let (mut writer, mut flows) = ((format("ndjson").unwrap().writer)(), Vec::new());
    pool.install(|| {
        analysis::flows(sources, &options, knowledge, &Progress::default(), &mut |studied| {
            let name = &names[studied.flow.first_frame.capture() as usize];
            let observed = studied.observed();
            let mut judge = FlowJudge::new(knowledge, None);
            let record = FlowRecord::new(&observed, name, judge.judge(&observed));
            writer.record(&record, &mut flows);
            true
        })
    });
    (String::from_utf8(report).unwrap(), String::from_utf8(flows).unwrap())
}

/// The map as another process reads it, merged there with an empty one.
fn carried(routes: RouteMap) -> RouteMap {
    let mut bytes = Vec::new();
    routes.write_to(&mut bytes).unwrap();
    let mut merged = RouteMap::default();
    merged.merge(RouteMap::read_from(&mut &*bytes, bytes.len() as u64).unwrap()).unwrap();
    merged
}

fn knowledge() -> Knowledge {
    Knowledge::new(Catalogue::embedded().unwrap(), Places::open(&[]).unwrap(), None)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn hellos_that_keys_open_are_the_same_in_any_cut() {
    let knowledge = knowledge();
    let path = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/tls-ech-keys.pcapng")];
    let expected = analyse(&path, Some(1 << 30), 1, &knowledge);
    assert!(expected.1.contains("tls-ech") && expected.1.contains("quic-ech") && expected.1.contains("refused"));
    for (range_bytes, threads) in [(64, 2), (200, 1), (700, 3), (1_500, 2), (4_000, 8)] {
        let seen = analyse(&path, Some(range_bytes), threads, &knowledge);
        assert!(seen == expected, "ranges of {range_bytes}, {threads} threads");
    }
}

#[test]
fn samples_say_the_same_in_any_cut() {
    /// Larger ones take minutes in ranges of a few bytes.
    const LARGEST: u64 = 64 << 10;
    let knowledge = knowledge();
    let samples = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")).unwrap();
    let is_small = |path: &PathBuf| {
        let is_capture = path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng");
        is_capture && path.metadata().is_ok_and(|file| file.len() <= LARGEST)
    };
    let mut paths: Vec<PathBuf> = samples.map(|entry| entry.unwrap().path()).filter(is_small).collect();
    paths.sort();
    assert!(paths.len() > 40);
    for path in paths {
        let path = vec![path];
        let expected = analyse(&path, Some(1 << 30), 1, &knowledge);
        for (range_bytes, threads) in [(163, 3), (1_500, 2)] {
            let seen = analyse(&path, Some(range_bytes), threads, &knowledge);
            assert!(seen == expected, "{path:?} in ranges of {range_bytes}:\n{}\n{}", seen.1, expected.1);
        }
    }
}

#[test]
fn ranges_and_threads_and_order_change_nothing() {
    let (folder, knowledge) = (tempfile::tempdir().unwrap(), knowledge());
    let one = write(folder.path(), "one.pcap", &classic(&packets(1)));
    let two = write(folder.path(), "two.pcapng", &pcapng::file(pcap::ETHERNET, &packets(2)));
    for paths in [vec![one.clone()], vec![two.clone()], vec![one, two]] {
        let expected = analyse(&paths, Some(1 << 30), 1, &knowledge);

        assert!(expected.1.lines().count() > 20);
        let turned: Vec<PathBuf> = paths.iter().rev().cloned().collect();
        for (range_bytes, threads) in [(1 << 10, 1), (1 << 10, 8), (3000, 3), (1 << 14, 2), (1 << 16, 5), (1 << 30, 8)]
        {
            for paths in [&paths, &turned] {
                let seen = analyse(paths, Some(range_bytes), threads, &knowledge);
                assert!(seen == expected, "{paths:?}, ranges of {range_bytes}, {threads} threads");
            }
        }
    }
}

/// Takes out what names or counts captures and frames.
fn without_places(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            // What is said of a next capture depends on how many there are.
            for field in ["capture", "captures", "first_frame", "name_frame", "app_frame", "file", "frame", "unseen"] {
                fields.remove(field);
            }
            fields.values_mut().for_each(without_places);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(without_places),
        // A rule of inheritance names the frame it takes over from.
        serde_json::Value::String(text) => {
            if let Some((before, after)) = text.split_once("as frame ") {
                *text = format!("{before}as a frame {}", after.trim_start_matches(|c: char| c.is_ascii_digit()));
            }
        }
        _ => {}
    }
}

/// Report and flows without what names captures and frames.
fn bare((report, flows): (String, String)) -> Vec<serde_json::Value> {
    let lines = std::iter::once(report.as_str()).chain(flows.lines());
    lines
        .map(|line| {
            let mut value = serde_json::from_str(line).unwrap();
            without_places(&mut value);
            value
        })
        .collect()
}

#[test]
fn a_capture_says_the_same_however_it_arrives() {
    use std::io::Write;
    let (folder, knowledge) = (tempfile::tempdir().unwrap(), knowledge());
    let all = packets(6);
    let (pcap, pcapng) = (classic(&all), pcapng::file(pcap::ETHERNET, &all));
    let expected = bare(analyse(&[write(folder.path(), "a.pcap", &pcap)], Some(1 << 30), 1, &knowledge));
    let zstd = zstd::stream::encode_all(&*pcapng, 1).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&pcap).unwrap();
    let arrivals = [("a.pcapng", pcapng), ("a.pcap.zst", zstd), ("a.pcap.gz", gzip.finish().unwrap())];
    for (name, bytes) in arrivals {
        let path = [write(folder.path(), name, &bytes)];
        for (range_bytes, threads) in [(None, 2), (Some(3_000), 1), (Some(3_000), 4), (Some(40_000), 3)] {
            assert_eq!(bare(analyse(&path, range_bytes, threads, &knowledge)), expected, "{name} {range_bytes:?}");
        }
    }
    // In files of a few packets each, which are read together, or each alone.
    let many = folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    for (at, piece) in all.chunks(7).enumerate() {
        write(&many, &format!("x_{at:05}.pcap"), &classic(piece));
    }
    for (range_bytes, threads) in [(None, 1), (None, 3), (Some(1), 2), (Some(2_000), 2)] {
        assert_eq!(
            bare(analyse(std::slice::from_ref(&many), range_bytes, threads, &knowledge)),
            expected,
            "{range_bytes:?}"
        );
    }
}

#[test]
fn a_rotated_capture_says_what_the_whole_says() {
    let (folder, knowledge) = (tempfile::tempdir().unwrap(), knowledge());
    for seed in 3..6 {
        let all = packets(seed);
        let whole = write(folder.path(), &format!("whole-{seed}.pcap"), &classic(&all));
        let expected = bare(analyse(&[whole], None, 1, &knowledge));
        for files in 2..=4 {
            let pieces = all.chunks(all.len().div_ceil(files)).enumerate();
            let mut paths: Vec<PathBuf> = pieces
                .map(|(at, piece)| write(folder.path(), &format!("{seed}-{files}-{}", 9 - at), &classic(piece)))
                .collect();
            paths.rotate_left(1);
            assert_eq!(bare(analyse(&paths, Some(2048), files, &knowledge)), expected);
        }
    }
}

/// Pauses after every so many bytes.
struct Halting {
    reader: Box<dyn Read + Send>,
    bytes: usize,
    left: usize,
}

impl Read for Halting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            self.left = self.bytes;
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        let room = buffer.len().min(self.left);
        let read = self.reader.read(&mut buffer[..room])?;
        self.left -= read;
        Ok(read)
    }
}

#[test]
fn what_is_shown_at_a_pause_is_the_report_of_the_frames_before_it() {
    let knowledge = knowledge();
    for (seed, bytes, threads) in [(11, 9_000, 1), (12, 20_001, 2), (13, 30_000, 4), (14, 47_000, 2)] {
        let all = packets(seed);
        let (options, progress) = (Options::default(), Progress::default());
        let open = |count: usize| {
            let reader = Box::new(std::io::Cursor::new(classic(&all[..count])));
            Source::pipe(Path::new("test"), "test".to_owned(), reader).unwrap()
        };
        let say = |(routes, analysed): (RouteMap, Analysed)| {
            let mut report = Vec::new();
            let built = build(&routes, &analysed, &knowledge, "whither map".to_owned());
            write_json_compact(&built, &mut report).unwrap();
            String::from_utf8(report).unwrap()
        };
        let at_once = |count: usize| say(analysis::map(vec![open(count)], &options, &knowledge, &Progress::default()));
        let mut frames_shown = Vec::new();
        let mut show = |routes: RouteMap, analysed: Analysed| {
            let frames = analysed.outcomes[0].frames as usize;
            frames_shown.push(frames);
            assert!(say((routes, analysed)) == at_once(frames), "seed {seed}, after {frames} frames");
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let source = open(all.len()).paced(|reader| Box::new(Halting { reader, bytes, left: bytes }));
        let read = || analysis::map_live(vec![source], &options, &knowledge, &progress, &mut show);
        let last = pool.install(read);
        assert!(say(last) == at_once(all.len()), "seed {seed}");
        assert!(frames_shown.len() > 1 && frames_shown.is_sorted(), "{frames_shown:?} of {}", all.len());
    }
}
