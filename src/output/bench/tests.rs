use super::*;

pub(super) fn measured() -> Measured {
    let runs = [2.0, 1.0, 1.25].map(|seconds| Run::new(seconds, 2_000_000_000, 2_500_000));
    let cumulative = [("reading the file", 0.25), ("dissecting packets", 0.5), ("flows and names", 1.0)];
    Measured {
        version: "0.1.0".to_owned(),
        is_optimized: true,
        captures: vec!["phone & \u{1b}[2J.pcap".to_owned()],
        formats: vec!["pcap".to_owned()],
        file_bytes: 2_000_000_000,
        frames: 2_500_000,
        captured_bytes: 1_960_000_000,
        flows: 41,
        threads: 2,
        machine: Machine {
            processors: Some(2),
            processor: Some("Made Up 3000".to_owned()),
            memory_bytes: Some(8_000_000_000),
            load: Some(0.1),
            system: "linux x86_64".to_owned(),
        },
        peak_memory_bytes: Some(64_000_000),
        runs: runs.to_vec(),
        stages: Measured::stages(&cumulative, &[("the report", 0.25)]),
    }
}

#[test]
fn spread_is_of_the_sorted() {
    assert_eq!(Spread::of([]), Spread { min: 0.0, median: 0.0, max: 0.0 });
    assert_eq!(Spread::of([3.0, 1.0]), Spread { min: 1.0, median: 2.0, max: 3.0 });
    assert_eq!(Spread::of([9.0, 1.0, 2.0]), Spread { min: 1.0, median: 2.0, max: 9.0 });
}

#[test]
fn stages_add_up_and_none_gives_time_back() {
    let stages = Measured::stages(&[("a", 1.0), ("b", 0.75), ("c", 1.5)], &[("d", 0.5)]);
    let seconds: Vec<f64> = stages.iter().map(|stage| stage.seconds).collect();
    assert_eq!(seconds, [1.0, 0.0, 0.5, 0.5]);
    assert!((stages.iter().map(|stage| stage.share).sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(Measured::stages(&[("a", 0.0)], &[])[0].share, 0.0);
}

#[test]
fn table_says_all_and_nothing_from_the_file_name_reaches_the_terminal() {
    let text = render(&measured(), false);
    let expected = "\
capture   phone & \\u{1b}[2J.pcap
          2.0 GB · 2,500,000 frames of 784 B on average · 41 flows
machine   2 threads · 2 × Made Up 3000 · 8.0 GB of memory · linux x86_64
memory    64 MB at most

run              time   of the file        packets
1             2.000 s   1.00 GB/s    1.25 Mpkt/s
";
    assert!(!text.contains('\u{1b}'));
    for line in expected.lines().filter(|line| !line.starts_with("capture") && !line.starts_with('1')) {
        assert!(text.lines().any(|found| found == line), "{line:?} is not in\n{text}");
    }
    for piece in ["median", "1.250 s", "1.60 GB/s", "2.00 Mpkt/s", "flows and names", "████████"] {
        assert!(text.contains(piece), "{piece:?} is not in\n{text}");
    }
    assert!(render(&measured(), true).is_ascii());
}

#[test]
fn what_is_not_known_is_said() {
    let mut measured = measured();
    measured.peak_memory_bytes = None;
    measured.machine = Machine { load: Some(3.0), ..Machine::default() };
    measured.is_optimized = false;
    let text = render(&measured, false);
    for piece in ["memory    unknown", "unknown processor", "load      3.0", "not optimized"] {
        assert!(text.contains(piece), "{piece:?} is not in\n{text}");
    }
}

#[test]
fn json_has_runs_and_stages() {
    let value: serde_json::Value = serde_json::from_str(&json(&measured())).unwrap();
    assert_eq!(value["runs"].as_array().unwrap().len(), 3);
    assert_eq!(value["stages"][2]["name"], "flows and names");
    assert_eq!(value["runs"][1]["bytes_per_second"], 2e9);
}

#[test]
fn picture_is_escaped_and_stays_inside() {
    let mut picture = Vec::new();
    write_svg(&measured(), &mut picture).unwrap();
    let picture = String::from_utf8(picture).unwrap();
    assert!(picture.contains("phone &amp; ") && !picture.contains('\u{1b}'));
    assert_eq!(picture.matches("<rect class=\"s").count(), 4);
    assert!(picture.trim_end().ends_with("</svg>"));
}
