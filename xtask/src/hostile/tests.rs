//! Every kind is a capture of the size asked for, and the same each time.

use super::kind::{self, HARMLESS, Kind};
use std::collections::BTreeSet;
use whither::capture::{self, Frame, Observe, Progress, ReadOptions, Source};

/// Large enough that tables at the beginning do not hide what comes then.
const BYTES: u64 = 200_000;
/// Largest part of a kind: a block of almost 16 MiB, or the tables of a section.
const LARGEST_PART: u64 = 17 << 20;

/// Kinds whose reading breaks off: frames of zstd that say no length have no end here, a block of them is longer than any may
/// be, and more interfaces come than a section may have.
const BROKEN_OFF: [&str; 3] = ["zstd_window", "zstd_repeated", "interfaces_endless"];

fn made(kind: &Kind, bytes: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let written = kind.write(bytes, &mut out).expect("memory takes everything");
    assert_eq!(written, out.len() as u64, "{}", kind.name);
    out
}

#[derive(Default)]
struct Counted(u64);

impl Observe for Counted {
    fn observe(&mut self, _: Frame<'_>) {
        self.0 += 1;
    }
}

#[test]
fn every_kind_is_a_whole_capture_of_the_size_asked_for() {
    for kind in kind::all().chain([HARMLESS]) {
        let bytes = made(kind, BYTES);
        assert!((BYTES..BYTES + LARGEST_PART).contains(&(bytes.len() as u64)), "{}", kind.name);
        let source =
            Source::memory(kind.name, bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let mut frames = 0;
        let mut join = |piece: capture::Piece<Counted>| frames += piece.partial.0;
        let (options, progress) = (ReadOptions::default(), Progress::default());
        let outcomes = capture::read(vec![source], &options, &progress, &Counted::default, &mut join);
        assert!(frames > 0, "{}", kind.name);
        let defects: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.defect.as_ref()).collect();
        let may_be_cut = BROKEN_OFF.contains(&kind.name);
        assert!(may_be_cut || defects.is_empty(), "{}: {defects:?}", kind.name);
    }
}

#[test]
fn every_kind_is_the_same_each_time_and_its_beginning_that_of_a_larger_one() {
    for kind in kind::all().chain([HARMLESS]) {
        let (once, twice) = (made(kind, BYTES / 2), made(kind, BYTES));
        assert!(once == made(kind, BYTES / 2), "{}", kind.name);
        assert!(twice.starts_with(&once), "{}", kind.name);
    }
}

#[test]
fn kinds_have_names_of_their_own() {
    let names: Vec<&str> = kind::all().map(|kind| kind.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert!(names.iter().all(|name| kind::named(name).is_some()));
    assert!(kind::named("shed_at_default").is_some() && kind::named("none").is_none());
}
