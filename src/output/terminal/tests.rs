//! Golden text at three widths, and the property that no line is wider than the terminal.

use super::*;
use crate::output::example;
use crate::report::{Destination, Remainder, Standing};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

fn rendered(width: usize) -> String {
    render(&example::report(), &Style { width, ..Style::default() })
}

fn detailed(width: usize) -> String {
    render(&example::report(), &Style { width, details: true, ..Style::default() })
}

fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(line.width() <= width.max(Style::WIDTH_MIN), "{} > {width}: {line:?}", line.width());
        assert!(!line.ends_with(' '), "{line:?}");
    }
}

#[test]
fn golden_at_80_columns() {
    assert_fits(&rendered(80), 80);
    insta::assert_snapshot!("terminal_80", rendered(80));
}

#[test]
fn golden_at_120_columns() {
    assert_fits(&rendered(120), 120);
    insta::assert_snapshot!("terminal_120", rendered(120));
}

#[test]
fn golden_at_40_columns() {
    assert_fits(&rendered(40), 40);
    insta::assert_snapshot!("terminal_40", rendered(40));
}

#[test]
fn golden_of_all_details() {
    assert_fits(&detailed(100), 100);
    insta::assert_snapshot!("terminal_details", detailed(100));
}

#[test]
fn the_answer_fits_a_screen() {
    assert!(rendered(80).lines().count() <= 24);
    let mut report = example::report();
    let app = report.apps[0].clone();
    report.apps.extend((0..60).map(|_| app.clone()));
    report.notes.extend((0..9).map(|_| "a note".to_owned()));
    let text = render(&report, &Style::default());
    assert!(text.lines().count() <= 24, "{text}");
}

#[test]
fn an_old_capture_with_notes_fits_a_screen_too() {
    let mut report = example::report();
    report.tables.is_stale = true;
    report.tables.gap_months = 133;
    report.captures[0].name = format!("{}.pcap", "long-name/".repeat(6));
    report.shares.sent.sentence = format!("all: {}", "many words ".repeat(30).trim_end());
    report.physics.limits = vec!["what cannot be told from here ".repeat(4).trim_end().to_owned()];
    report.notes = vec!["one".to_owned(), "two".to_owned(), "three".to_owned()];
    report.notes.extend(report.tables.note());
    let text = render(&report, &Style::default());
    assert!(text.lines().count() <= 24, "{text}");
    assert!(text.contains("! 4 notes in --details"), "the age is in the answer: {text}");
}

#[test]
fn commands_say_the_same_again_and_can_be_pasted() {
    let asked = [&["--app", "it's"][..], &["--ignore-age"], &["--geo", "a\u{7}b"]];
    let look = Look {
        captures: vec!["day one/".to_owned(), "b.pcap".to_owned()],
        asked: asked.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect(),
        ..Look::default()
    };
    let text = render_with(&example::report(), &look, &Style { width: 100, ..Style::default() });
    let (_, commands) = text.split_once("Next: ").unwrap();
    // As a shell joins what ends in a backslash.
    let joined: Vec<String> = commands
        .replace(" \\\n", " ")
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let expected = ["--details", "--html map.html"].map(|end| {
        format!("whither map b.pcap 'day one/' --from 25.0400,121.5600 --app 'it'\\''s' --ignore-age {end}")
    });
    assert_eq!(joined, expected, "{text}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let style = Style { color: true, ..Style::default() };
    let coloured = render(&example::report(), &style);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), rendered(80));
}

#[test]
fn ascii_is_ascii() {
    let text = render(&example::report(), &Style { ascii: true, ..Style::default() });
    assert!(text.is_ascii());
    assert_fits(&text, 80);
}

#[test]
fn empty_report_still_answers() {
    let report = example::finish(Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let text = render(&report, &Style::default());
    assert!(text.contains("no traffic with the internet"), "{text}");
    let text = render(&report, &Style { details: true, ..Style::default() });
    assert!(text.contains("Sum  0 bytes"), "{text}");
}

#[test]
fn sum_that_does_not_add_up_says_so() {
    let mut report = example::report();
    report.bytes += 5;
    assert!(render(&report, &Style { details: true, ..Style::default() }).contains("off by 5 bytes"));
}

prop_compose! {
    fn destination()(
        label in "\\PC{0,30}", operator in proptest::option::of("\\PC{0,60}"), asn in proptest::option::of(any::<u32>()),
        names in proptest::collection::vec(any::<String>(), 0..5), extra in 0u64..1000, up in 0u64..1 << 50,
        down in 0u64..1 << 50, flows in 0u64..1 << 40, is_disputed in any::<bool>(), template in 0usize..3,
    ) -> Destination {
        let mut destination = example::report().apps[template].destinations[2].clone();
        destination.label = label;
        destination.operator = operator;
        destination.asn = asn;
        destination.names_total = names.len() as u64 + extra;
        let sample = example::report().apps[0].destinations[0].names[0].clone();
        destination.names = names.into_iter()
            .map(|name| crate::report::NameEvidence { name, frame: up, ..sample.clone() }).collect();
        destination.traffic = example::traffic(up, down, flows);
        destination.standing = if is_disputed { Standing::Disputed } else { Standing::Confirmed };
        destination
    }
}

prop_compose! {
    fn remainders()(list in proptest::collection::vec((any::<String>(), 0u64..1 << 50, any::<String>()), 0..4))
        -> Vec<Remainder> {
        list.into_iter().map(|(reason, bytes, example)| Remainder {
            reason, frames: bytes / 100, bytes, flows: bytes % 3, examples: vec![example],
        }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_line_is_wider_than_the_terminal(
        width in 0usize..260, ascii in any::<bool>(), color in any::<bool>(), details in any::<bool>(),
        apps in proptest::collection::vec((any::<String>(), proptest::collection::vec(destination(), 0..9)), 0..16),
        unattributed in remainders(), routes in proptest::collection::vec(destination(), 0..4), local in remainders(),
        capture in any::<String>(), note in any::<String>(),
    ) {
        let apps = apps.into_iter().map(|(name, destinations)| {
            let mut app = example::report().apps[0].clone();
            app.name = name;
            app.destinations = destinations;
            app
        }).collect();
        let mut report = example::finish(apps, unattributed, routes, local, Vec::new());
        report.captures[0].name = capture;
        report.notes.push(note);
        let text = render(&report, &Style { width, color, ascii, details });
        let text = if color { anstream::adapter::strip_str(&text).to_string() } else { text };
        for line in text.lines() {
            prop_assert!(line.width() <= width.max(Style::WIDTH_MIN), "{} > {}: {:?}", line.width(), width, line);
            prop_assert!(!line.chars().any(|character| character.is_control()));
        }
    }
}
