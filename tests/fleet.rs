//! Ranges of captures, read each by itself, verified and merged: held against one machine that reads the captures.

#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used)]

mod folder;
mod traffic;

use fixtures::dice::Dice;
use fixtures::program::{Program, Said};
use fixtures::transport::{tcp_packet, udp_packet};
use fixtures::{dns, pcap, tls};
use folder::Folder;
use traffic::{classic, packets};
use whither::Error;
use whither::analysis::{self, Knowledge, Options};
use whither::capture::{self, Progress};
use whither::fleet::{
    Files, Memory, Ordered, Plan, Reading, Repair, Row, RowFile, Store, Task, Verified, join, merge, read, verify,
};
use whither::output::write_json_compact;
use whither::report::build;

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

fn knowledge() -> Knowledge {
    Knowledge::embedded().unwrap()
}

/// The report of one machine.
fn expected(paths: &[String], knowledge: &Knowledge) -> String {
    let sources = capture::open(paths).unwrap().sources;
    let (routes, analysed) = analysis::map(sources, &Options::default(), knowledge, &Progress::default());
    let mut report = Vec::new();
    write_json_compact(&build(&routes, &analysed, knowledge, "whither map".to_owned()), &mut report).unwrap();
    String::from_utf8(report).unwrap()
}

fn plan(paths: &[String], range_bytes: u64) -> Plan {
    Plan::of(&capture::open(paths).unwrap().sources, "", range_bytes, None).unwrap()
}

fn rows(task: &Task) -> Vec<Row> {
    let mut rows = Vec::new();
    read(task, None, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap();
    rows
}

/// What is merged of what is verified.
fn merged(store: &mut dyn Store, verified: &Verified, knowledge: &Knowledge) -> Result<String, Error> {
    let merged = merge(store, verified, &Options::default(), knowledge)?;
    assert!(merged.is_exact);
    let mut report = Vec::new();
    write_json_compact(&build(&merged.routes, &merged.analysed, knowledge, "whither map".to_owned()), &mut report)
        .unwrap();
    Ok(String::from_utf8(report).unwrap())
}

/// Reads all ranges, in an order that the dice choose, some of them twice; then what is not proven, until all is. The second value is
/// how many ranges were read again.
fn fleet(paths: &[String], range_bytes: u64, dice: &mut Dice) -> (Memory, usize) {
    let (rows, again) = fleet_rows(paths, range_bytes, dice);
    (memory(rows), again)
}

fn memory(rows: impl IntoIterator<Item = Row>) -> Memory {
    let mut memory = Memory::default();
    rows.into_iter().for_each(|row| memory.add(row).unwrap());
    memory
}

/// The same as rows.
fn fleet_rows(paths: &[String], range_bytes: u64, dice: &mut Dice) -> (Vec<Row>, usize) {
    let plan = plan(paths, range_bytes);
    let mut tasks: Vec<Task> = plan.tasks().collect();
    for at in (1..tasks.len()).rev() {
        tasks.swap(at, dice.throw(at as u64 + 1) as usize);
    }
    let mut all = Vec::new();
    for task in &tasks {
        for _ in 0..=dice.throw(8) / 7 {
            all.extend(rows(task));
        }
    }
    let mut again = 0;
    let before = memory(all.clone());
    let mut repair = Repair::new(&before, &plan).unwrap();
    loop {
        let tasks = repair.next().unwrap();
        if tasks.is_empty() {
            return (all, again);
        }
        for row in tasks.iter().flat_map(rows) {
            repair.note(&row);
            all.push(row);
        }
        again += tasks.len();
    }
}

#[test]
fn any_ranges_in_any_order_give_the_report_of_one_machine() {
    let (folder, knowledge, mut dice) = (Folder::new(), knowledge(), Dice::new(1));
    let one = folder.write("one.pcap", classic(&packets(21)));
    let two = folder.write("two.pcap", classic(&packets(22)));
    for paths in [vec![one.clone()], vec![one, two]] {
        let expected = expected(&paths, &knowledge);
        for range_bytes in [64, 300, 1_000, 3_000 + dice.throw(500), 20_000 + dice.throw(9_000), 1 << 20] {
            let (mut memory, _) = fleet(&paths, range_bytes, &mut dice);
            let verified = verify(&memory).unwrap();
            assert!(merged(&mut memory, &verified, &knowledge).unwrap() == expected, "{paths:?} {range_bytes}");
        }
    }
}

#[test]
fn captures_of_every_kind_give_the_report_of_one_machine() {
    let (knowledge, mut dice) = (knowledge(), Dice::new(2));
    let all = [
        "samples/pcapng-sections.pcapng",
        "samples/demo.pcap.zst",
        "samples/names-tls.pcap",
        "samples/broken/cut-in-record.pcap",
    ];
    let paths = all.map(|path| WHITHER.file(path).display().to_string());
    let (mut memory, _) = fleet(&paths, 4_096, &mut dice);
    let verified = verify(&memory).unwrap();
    assert!(merged(&mut memory, &verified, &knowledge).unwrap() == expected(&paths, &knowledge));
}

/// Long packets that hold records of another capture to their last byte, so that a chain that begins within one joins the true one.
fn nested() -> Vec<u8> {
    let inner = |at: u16| {
        pcap::whole(1_700_000_000_000_000, &udp_packet(([10, 9, 9, 9], 4_000 + at), ([9, 9, 9, 9], 99), &[7; 40]))
    };
    let mut file = pcap::head(pcap::RAW);
    for at in 0..60 {
        let payload: Vec<u8> = (0..90).flat_map(|one| inner(at * 90 + one)).collect();
        let packet = udp_packet(([10, 0, 0, 2], 5_000 + at), ([198, 51, 100, 7], 5_001), &payload);
        file.extend(pcap::whole(1_700_000_000_000_000 + u64::from(at) * 1_000, &packet));
    }
    file
}

#[test]
fn captures_within_packets_are_wrong_without_verification_and_right_with_it() {
    let (folder, knowledge) = (Folder::new(), knowledge());
    let paths = [folder.write("nested.pcap", nested())];
    let expected = expected(&paths, &knowledge);
    let mut memory = Memory::default();
    plan(&paths, 50_000).tasks().flat_map(|task| rows(&task)).for_each(|row| memory.add(row).unwrap());
    // As if guesses were to be trusted.
    let proven = (0..memory.readings().len()).collect();
    let trusted = Verified { proven, ..Verified::default() };
    assert!(
        merged(&mut memory, &trusted, &knowledge).unwrap() != expected,
        "the capture misleads a reader that only guesses"
    );
    let verified = verify(&memory).unwrap();
    assert!(verified.again.iter().any(|again| again.was_read && again.task.start.is_some()), "{verified:?}");
    let error = merged(&mut memory, &verified, &knowledge).unwrap_err().to_string();
    assert!(error.contains("`whither verify` names them"), "{error}");

    let (mut memory, again) = fleet(&paths, 50_000, &mut Dice::new(3));
    let verified = verify(&memory).unwrap();
    assert!(again > 0 && merged(&mut memory, &verified, &knowledge).unwrap() == expected);
}

#[test]
fn a_hello_and_a_message_over_tcp_are_cut_at_every_byte() {
    let (folder, knowledge) = (Folder::new(), knowledge());
    let (client, web, resolver) = ([10, 0, 0, 2], [203, 0, 113, 5], [8, 8, 8, 8]);
    let hello = tls::hello("long.weixin.qq.com", 60);
    let (first, second) = hello.split_at(hello.len() / 2);
    let named = [203, 205, 239, 154];
    let answer = dns::addresses("extshort.weixin.qq.com", [named]);
    let message = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
    let (begin, rest) = message.split_at(message.len() / 2);
    let all = [
        tcp_packet((resolver, 53), (client, 4_000), 9, 1, 0x18, begin),
        tcp_packet((resolver, 53), (client, 4_000), 9 + begin.len() as u32, 1, 0x18, rest),
        tcp_packet((client, 4_001), (web, 443), 100, 0, 2, &[]),
        tcp_packet((web, 443), (client, 4_001), 700, 101, 0x12, &[]),
        tcp_packet((client, 4_001), (web, 443), 101, 701, 0x18, first),
        tcp_packet((client, 4_001), (web, 443), 101 + first.len() as u32, 701, 0x18, second),
        tcp_packet((client, 4_002), (named, 80), 100, 0, 2, &[]),
    ];
    let all: Vec<_> = (0_u64..).zip(all).map(|(at, packet)| (1_700_000_000_000_000 + at * 1_000, packet)).collect();
    let file = pcap::file(pcap::RAW, &all);
    let size = file.len() as u64;
    let paths = [folder.write("cut.pcap", file)];
    let expected = expected(&paths, &knowledge);
    assert!(expected.contains("long.weixin.qq.com") && expected.contains("extshort.weixin.qq.com"), "{expected}");
    // The first range ends at each byte in turn.
    for range_bytes in 64..size {
        let (mut memory, _) = fleet(&paths, range_bytes, &mut Dice::new(range_bytes));
        let verified = verify(&memory).unwrap();
        assert!(merged(&mut memory, &verified, &knowledge).unwrap() == expected, "{range_bytes}");
    }
}

#[test]
fn a_capture_that_changes_is_an_error_that_names_it() {
    let folder = Folder::new();
    let file = classic(&packets(23));
    let paths = [folder.write("grows.pcap", &file)];
    let tasks: Vec<Task> = plan(&paths, 4_000).tasks().collect();
    folder.write("grows.pcap", [&file[..], &file[24..]].concat());
    let error = read(&tasks[1], None, &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.starts_with(&paths[0]) && error.contains("has changed since the plan"), "{error}");
    // As long as before, at another time, with other packets.
    let mut other = file.clone();
    other[60] ^= 1;
    std::thread::sleep(std::time::Duration::from_millis(20));
    folder.write("grows.pcap", &other);
    let error = read(&tasks[1], None, &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.starts_with(&paths[0]) && error.contains("another time"), "{error}");
    // Rows of both do not go together.
    let mut memory = Memory::default();
    rows(&plan(&paths, 4_000).tasks().next().unwrap()).into_iter().for_each(|row| memory.add(row).unwrap());
    folder.write("grows.pcap", &file);
    let later = rows(&plan(&paths, 4_000).tasks().nth(1).unwrap());
    assert!(later.into_iter().any(|row| memory.add(row).is_err()));
}

fn said(args: &[&str]) -> Said {
    WHITHER.command(args).output().unwrap().into()
}

/// All but the size of a file, whose rows hold its time.
fn names<'a>(first: &[&'a str], paths: &'a [String], last: &[&'a str]) -> Vec<&'a str> {
    first.iter().copied().chain(paths.iter().map(String::as_str)).chain(last.iter().copied()).collect()
}

#[test]
fn the_commands_plan_verify_repair_and_merge() {
    let folder = Folder::new();
    let captures = vec![folder.write("a.pcap", classic(&packets(24))), folder.write("nested capture.pcap", nested())];
    let parts: Vec<String> = (1..=3).map(|k| folder.path(&format!("part {k}.parquet"))).collect();
    for (k, part) in (1..).zip(&parts) {
        let only = format!("{k}/3");
        let args = ["-o", part, "--range-bytes", "50k", "--only", &only];
        let said = said(&names(&["partials"], &captures, &args));
        assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    }
    let first = said(&names(&["verify"], &parts, &[]));
    assert!(first.code == Some(1) && first.out.contains("began at the wrong place"), "{first:?}");
    let one = said(&names(&["verify"], &parts[..1], &[]));
    assert!(one.code == Some(1) && one.out.contains("not read") | one.out.contains("nothing was read"), "{one:?}");
    let refused = said(&names(&["merge"], &parts, &[]));
    assert!(refused.code == Some(2) && refused.out.is_empty(), "{refused:?}");

    // One range by hand, as `verify` names it.
    let line = first.out.lines().find(|line| line.contains('@')).unwrap();
    let range = line.split_whitespace().nth(1).unwrap();
    let by_hand = folder.path("by hand.parquet");
    let args = ["-o", &by_hand, "--range-bytes", "50k", "--range", range, "-q"];
    let read = said(&names(&["partials"], &captures, &args));
    assert_eq!((read.code, read.out.as_str(), read.err.as_str()), (Some(0), "", ""));

    let repaired = folder.path("repaired.parquet");
    let all: Vec<String> = parts.iter().chain([&by_hand]).cloned().collect();
    let mut args = names(&["partials"], &captures, &["-o", &repaired, "--range-bytes", "50k", "--repair"]);
    args.extend(all.iter().map(String::as_str));
    let repair = said(&args);
    assert_eq!(repair.code, Some(0), "{repair:?}");
    let all: Vec<String> = all.into_iter().chain([repaired]).collect();
    let proven = said(&names(&["verify"], &all, &[]));
    assert!(proven.code == Some(0) && proven.out.ends_with("nothing is missing\n"), "{proven:?}");

    // The captures are named in the order in which they are read.
    let expected = said(&names(&["map"], &captures, &["--json", "-"]));
    let merged = said(&names(&["merge"], &all, &["--json", "-"]));
    assert_eq!(merged.code, Some(0), "{merged:?}");
    assert!(merged.out == expected.out, "{}\n{}", merged.out, expected.out);
    for options in [&[][..], &["--details"], &["--csv", "-", "--app", "wechat"]] {
        let [merged, expected] = [said(&names(&["merge"], &all, options)), said(&names(&["map"], &captures, options))];
        assert_eq!((merged.code, &merged.out), (expected.code, &expected.out), "{options:?}");
    }
}

/// A small file of rows.
fn row_file(folder: &Folder, paths: &[String]) -> Vec<u8> {
    let path = folder.path("rows.parquet");
    let mut file = RowFile::new(std::fs::File::create(&path).unwrap()).unwrap();
    plan(paths, 2_000).tasks().flat_map(|task| rows(&task)).for_each(|row| file.row(row).unwrap());
    file.finish().unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn rows_are_read_as_they_were_written() {
    let folder = Folder::new();
    let paths = [folder.write("a.pcap", classic(&packets(25)[..40]))];
    row_file(&folder, &paths);
    let mut files = Files::open(&[folder.path("rows.parquet")]).unwrap();
    let mut memory = Memory::default();
    plan(&paths, 2_000).tasks().flat_map(|task| rows(&task)).for_each(|row| memory.add(row).unwrap());
    assert_eq!(files.readings(), memory.readings());
    let pieces: Vec<_> = plan(&paths, 2_000)
        .tasks()
        .flat_map(|task| rows(&task))
        .filter_map(|row| match row {
            Row::Part(_, chunk) => Some(chunk.of),
            Row::Range(_) => None,
        })
        .collect();
    for piece in pieces {
        assert!(files.has(&piece));
        assert_eq!(files.partial(&piece).unwrap(), memory.partial(&piece).unwrap());
    }
}

#[test]
fn damaged_files_of_rows_are_refused_or_read_and_never_a_panic() {
    let (folder, knowledge, mut dice) = (Folder::new(), knowledge(), Dice::new(9));
    let paths = [folder.write("a.pcap", classic(&packets(26)[..12]))];
    let file = row_file(&folder, &paths);
    let (mut opened, mut merged) = (0, 0);
    for round in 0..1_500 {
        let mut bytes = file.clone();
        for _ in 0..=dice.throw(3) {
            // The end of the file says where everything is.
            let range = if round % 2 == 0 { bytes.len() } else { bytes.len().min(3_000) };
            let at = bytes.len() - 1 - dice.throw(range as u64) as usize;
            bytes[at] = dice.throw(256) as u8;
        }
        if dice.throw(10) == 0 {
            bytes.truncate(dice.throw(file.len() as u64) as usize);
        }
        let path = folder.write("damaged.parquet", &bytes);
        let Ok(mut files) = Files::open(&[path]) else { continue };
        opened += 1;
        let Ok(verified) = verify(&files) else { continue };
        merged += u32::from(merge(&mut files, &verified, &Options::default(), &knowledge).is_ok());
    }
    assert!(opened > 20, "{opened} {merged}");
}

/// Found by fuzzing: the header of a page with a list of 218,150,286 numbers in a file of 11 kB, which took a minute to skip.
#[test]
fn a_header_that_claims_more_than_its_bytes_is_refused() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rows/longer-than-its-bytes.parquet");
    let what = "its column contract: a page whose header is cut short, or claims more than there is";
    for opened in [Files::open(&[path]), Files::memory(path.as_ref(), std::fs::read(path).unwrap())] {
        let said = opened.err().unwrap().to_string();
        assert!(said.contains(what), "{said}");
    }
}

/// The rows of proven readings that follow each other, and of what else was read of their ranges.
fn rows_of(all: &[Row], group: &[Reading]) -> Vec<Row> {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return Vec::new() };
    let is_of_group = |capture: u32, from: u64, start: Option<u64>| {
        let is_first = from == first.task.from && start == first.start;
        capture == first.task.capture && (is_first || from > first.task.from && from < last.task.to)
    };
    let is_wanted = |row: &&Row| match row {
        Row::Range(reading) => is_of_group(reading.task.capture, reading.task.from, reading.start),
        Row::Part(_, chunk) => is_of_group(chunk.of.capture, chunk.of.from, Some(chunk.of.start)),
    };
    all.iter().filter(is_wanted).cloned().collect()
}

fn joined(rows: Vec<Row>) -> Result<Vec<Row>, Error> {
    let mut joined = Vec::new();
    join(&mut memory(rows), &mut |row| {
        joined.push(row);
        Ok(())
    })?;
    Ok(joined)
}

/// The readings that are proven, in order.
fn proven(rows: &[Row]) -> Vec<Reading> {
    let memory = memory(rows.to_vec());
    let verified = verify(&memory).unwrap();
    assert!(verified.is_whole(), "{verified:?}");
    verified.proven.iter().map(|&at| memory.readings()[at].clone()).collect()
}

/// Joins groups of neighbours that the dice choose. Of some groups both are left, the joined rows and what they are of.
fn regrouped(rows: &[Row], dice: &mut Dice) -> Vec<Row> {
    let (readings, mut at, mut all) = (proven(rows), 0, Vec::new());
    while at < readings.len() {
        let most = readings[at..].iter().take_while(|one| one.task.capture == readings[at].task.capture).count();
        let count = 1 + dice.throw(most.min(9) as u64) as usize;
        let group = rows_of(rows, &readings[at..at + count]);
        match dice.throw(4) {
            0 => all.extend(group),
            1 => all.extend(joined(group.clone()).unwrap().into_iter().chain(group)),
            _ => all.extend(joined(group).unwrap()),
        }
        at += count;
    }
    all
}

#[test]
fn any_groups_joined_again_and_again_give_the_report_of_one_machine() {
    let (folder, knowledge, mut dice) = (Folder::new(), knowledge(), Dice::new(11));
    let one = folder.write("one.pcap", classic(&packets(31)));
    let two = folder.write("two.pcap", classic(&packets(32)));
    // A long record fills ranges, and what is in it misleads.
    let nested = folder.write("nested.pcap", nested());
    let sample = |path: &str| WHITHER.file(path).display().to_string();
    let broken = sample("samples/broken/cut-in-record.pcap");
    let kinds = [sample("samples/pcapng-sections.pcapng"), sample("samples/demo.pcap.zst"), broken.clone()];
    let all: [(Vec<String>, &[u64]); 4] = [
        (vec![one, two], &[300, 1_000, 3_000, 20_000]),
        (vec![nested], &[2_000, 50_000]),
        (vec![broken], &[64, 200]),
        (kinds.to_vec(), &[4_096]),
    ];
    for (paths, sizes) in all {
        let expected = expected(&paths, &knowledge);
        for &range_bytes in sizes {
            let (mut rows, _) = fleet_rows(&paths, range_bytes, &mut dice);
            for _ in 0..3 {
                rows = regrouped(&rows, &mut dice);
                let mut memory = memory(rows.iter().cloned());
                let verified = verify(&memory).unwrap();
                assert!(merged(&mut memory, &verified, &knowledge).unwrap() == expected, "{paths:?} {range_bytes}");
            }
        }
    }
}

#[test]
fn joined_ranges_are_proven_counted_once_and_asked_for_by_the_range() {
    let folder = Folder::new();
    let paths = [folder.write("one.pcap", classic(&packets(33)))];
    let (rows, _) = fleet_rows(&paths, 2_000, &mut Dice::new(12));
    let readings = proven(&rows);
    assert!(readings.len() > 8, "{}", readings.len());
    let whole = joined(rows_of(&rows, &readings)).unwrap();
    assert!(whole.len() < rows.len() / 4);
    // The same rows, whoever joins them, and in what steps.
    let halves = [&readings[..5], &readings[5..]].map(|half| joined(rows_of(&rows, half)).unwrap());
    assert!(joined(halves.concat()).unwrap() == whole);
    // Of joined and single readings the joined ones count.
    let both = [rows.clone(), whole.clone(), whole.clone()].concat();
    let [Row::Range(reading)] = whole.iter().filter(|row| matches!(row, Row::Range(_))).collect::<Vec<_>>()[..] else {
        panic!("one range");
    };
    assert_eq!(proven(&both), [(**reading).clone()]);
    // What is missing before joined ranges is asked for, and nothing that they hold.
    let before = [rows_of(&rows, &readings[..1]), halves[1].clone()].concat();
    let again = verify(&memory(before)).unwrap().again;
    assert_eq!(again.iter().map(|again| again.task.from).collect::<Vec<_>>(), [2_000, 4_000, 6_000, 8_000]);

    // Others are refused.
    let refused = |rows: Vec<Row>| joined(rows).unwrap_err().to_string();
    assert!(refused(Vec::new()).contains("no row of a range"));
    let gap = [rows_of(&rows, &readings[..2]), rows_of(&rows, &readings[3..4])].concat();
    assert!(refused(gap).contains("do not follow each other"));
    let lacks = rows_of(&rows, &readings[..3]).into_iter().filter(|row| matches!(row, Row::Range(_)));
    assert!(refused(lacks.collect()).contains("do not"));
    let changed = |change: &dyn Fn(&mut Reading)| {
        let mut other = (**reading).clone();
        change(&mut other);
        [whole.clone(), vec![Row::Range(Box::new(other))]].concat()
    };
    let error = |rows: Vec<Row>| verify(&memory(rows)).unwrap_err().to_string();
    assert!(error(changed(&|other| other.counted.frames += 1)).contains("with different results"));
    assert!(error(changed(&|other| other.task.to -= 1)).contains("ends where no range of the plan does"));
    let two = [paths[0].clone(), folder.write("two.pcap", classic(&packets(34)))];
    assert!(refused(fleet_rows(&two, 2_000, &mut Dice::new(13)).0).contains("several captures"));
}

#[test]
fn rows_in_order_are_merged_without_keeping_them() {
    let (folder, knowledge, mut dice) = (Folder::new(), knowledge(), Dice::new(14));
    let paths = [35, 36].map(|seed| folder.write(&format!("{seed}.pcap"), classic(&packets(seed))));
    let rows = fleet_rows(&paths, 2_000, &mut dice).0;
    let rows = [regrouped(&rows, &mut dice), rows].concat();
    let readings = memory(rows.clone()).readings().to_vec();
    let mut parts: Vec<_> = rows.into_iter().filter(|row| matches!(row, Row::Part(..))).collect();
    parts.sort_by_key(|row| match row {
        Row::Part(_, chunk) => Some((chunk.of, chunk.chunk)),
        Row::Range(_) => None,
    });
    let of = |parts: Vec<Row>| {
        let mut ordered = Ordered::new(readings.clone(), parts.into_iter().map(Ok));
        let verified = verify(&ordered)?;
        merged(&mut ordered, &verified, &knowledge)
    };
    let expected = expected(&paths, &knowledge);
    assert!(of(parts.clone()).unwrap() == expected);
    let mut swapped = parts.clone();
    swapped.reverse();
    let lacks = |parts: Vec<Row>, capture: u32| {
        let name = &readings.iter().find(|reading| reading.task.capture == capture).unwrap().task.name;
        let expected =
            format!("{name}: the range from offset 0 lacks some of its rows, or the rows are not in order; ");
        let error = of(parts).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{error}");
    };
    lacks(swapped, 0);
    // Only the rows of the second capture are missing.
    parts.retain(|row| matches!(row, Row::Part(_, chunk) if chunk.of.capture == 0));
    lacks(parts, 1);
}
