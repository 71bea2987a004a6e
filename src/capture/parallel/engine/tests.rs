use super::*;
use crate::capture::testing::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a range: four packets.
const RANGE_BYTES: u64 = 4 * 1_016;
const THREADS: usize = 2;

/// A capture of ten ranges, whose frames all differ.
fn ten_ranges() -> Vec<u8> {
    pcap_of(&(0..40).map(|index| vec![index; 1_000]).collect::<Vec<_>>())
}

/// What was joined: the number of the piece's first frame, and the first byte of each frame.
type Joined = Vec<(u64, Vec<u8>)>;

/// The first bytes of all frames, in the order in which they were joined.
fn frames(joined: Joined) -> Vec<u8> {
    joined.into_iter().flat_map(|(_, firsts)| firsts).collect()
}

/// Runs a test with an engine whose only capture is open, and gives what was joined.
fn with_engine(file: Vec<u8>, test: impl FnOnce(&Engine<'_, Log>)) -> Joined {
    let mut joined = Joined::new();
    let mut join = |piece: Piece<Log>| {
        let firsts = piece.partial.0.iter().map(|seen| seen.bytes[0]).collect();
        joined.push((piece.base.record(), firsts));
    };
    let options = ReadOptions { range_bytes: Some(RANGE_BYTES), ..ReadOptions::default() };
    let sources = vec![Source::memory("test", file).unwrap()];
    let engine = Engine::new(sources, &options, &Progress::default(), THREADS, &Log::default, &mut join);
    let ticket = engine.lock().pick().unwrap();
    assert!(matches!(ticket.job, Job::Open(_)));
    rayon::in_place_scope(|scope| engine.run(ticket, scope));
    test(&engine);
    drop(engine);
    joined
}

/// Joins a range as if it had been given so.
fn join_range(engine: &Engine<'_, Log>, index: u64, change: impl FnOnce(&mut Done<Log>)) -> Next {
    let ranges = match &engine.lock().readings[0].phase {
        Phase::Ranges(ranges) => Arc::clone(ranges),
        _ => unreachable!(),
    };
    let mut done = engine.range(&ranges, index);
    change(&mut done);
    let mut joiner = engine.joiner.lock().unwrap();
    joiner.proof.get_or_insert_with(|| Proof::new(&engine.lock().readings[0]));
    engine.join(&mut joiner, 0, "", done)
}

/// What a range gives that began to read a byte too late, and took for packets what are none.
fn misread(done: &mut Done<Log>) {
    done.start = done.start.map(|start| start + 1);
    done.end += 1;
    done.partial.0.truncate(1);
}

fn misses(engine: &Engine<'_, Log>) -> u32 {
    engine.joiner.lock().unwrap().proof.as_ref().unwrap().misses
}

#[test]
fn a_wrong_guess_is_read_again_from_where_the_range_before_ended() {
    let joined = with_engine(ten_ranges(), |engine| {
        assert!(matches!(join_range(engine, 0, |_| {}), Next::On));
        assert!(matches!(join_range(engine, 1, misread), Next::On));
        assert!(matches!(join_range(engine, 2, |_| {}), Next::On));
        assert_eq!(misses(engine), 1);
    });
    // The file's header takes some bytes of the first range, yet its fourth packet starts in it.
    assert_eq!(joined, [(0, vec![0, 1, 2, 3]), (4, vec![4, 5, 6, 7]), (8, vec![8, 9, 10, 11])]);
}

#[test]
fn a_range_that_found_no_start_is_read_again_too() {
    let joined = with_engine(ten_ranges(), |engine| {
        assert!(matches!(join_range(engine, 0, |_| {}), Next::On));
        let nothing = |done: &mut Done<Log>| (done.start, done.states, done.partial) = (None, None, Log::default());
        assert!(matches!(join_range(engine, 1, nothing), Next::On));
        assert_eq!(misses(engine), 1);
    });
    assert_eq!(joined, [(0, vec![0, 1, 2, 3]), (4, vec![4, 5, 6, 7])]);
}

#[test]
fn after_some_wrong_guesses_the_rest_is_cut_in_order() {
    let joined = with_engine(ten_ranges(), |engine| {
        assert!(matches!(join_range(engine, 0, |_| {}), Next::On));
        for index in 1..u64::from(MAX_MISSES) {
            assert!(matches!(join_range(engine, index, misread), Next::On), "{index}");
        }
        let next = join_range(engine, u64::from(MAX_MISSES), misread);
        assert!(matches!(next, Next::Recut(Phase::Stream { .. })));
        let Next::Recut(phase) = next else { return };
        engine.lock().restart_front(phase);
        rayon::in_place_scope(|scope| engine.work(scope, true));
        let outcomes = &engine.joiner.lock().unwrap().outcomes;
        assert_eq!((outcomes[0].frames, &outcomes[0].defect), (40, &None));
    });
    assert!(joined.is_sorted_by_key(|(base, _)| *base));
    assert_eq!(frames(joined), (0..40).collect::<Vec<_>>());
}

#[test]
fn a_range_that_one_record_fills_joins_nothing() {
    let packets = [vec![1; 100], vec![2; 3 * RANGE_BYTES as usize], vec![3; 100]];
    let joined = with_engine(pcap_of(&packets), |engine| {
        for index in 0..4 {
            assert!(matches!(join_range(engine, index, |_| {}), Next::On), "{index}");
        }
        assert_eq!(misses(engine), 0);
    });
    assert_eq!(joined, [(0, vec![1, 2]), (2, vec![3])]);
}

#[test]
fn ranges_join_in_order_whichever_is_read_first() {
    let joined = with_engine(ten_ranges(), |engine| {
        rayon::in_place_scope(|scope| {
            let mut tickets: Vec<_> = (0..3).map(|_| engine.lock().pick().unwrap()).collect();
            // No helper is to read what this test reads.
            engine.lock().helpers = THREADS;
            while let Some(ticket) = tickets.pop() {
                assert_eq!(engine.joiner.lock().unwrap().proof.as_ref().map(|proof| proof.index), None);
                engine.run(ticket, scope);
                engine.join_ready(scope);
            }
            // The first range was read last; it joined together with the two that waited for it.
            assert_eq!(engine.joiner.lock().unwrap().proof.as_ref().map(|proof| proof.index), Some(3));
        });
    });
    assert_eq!(joined, [(0, vec![0, 1, 2, 3]), (4, vec![4, 5, 6, 7]), (8, vec![8, 9, 10, 11])]);
}

#[test]
fn a_helper_without_work_ends_and_is_called_again_when_there_is_some() {
    let joined = with_engine(ten_ranges(), |engine| {
        rayon::in_place_scope(|scope| {
            // All that may be in flight at once is in this worker's hands.
            let tickets: Vec<_> = std::iter::from_fn(|| engine.lock().pick()).collect();
            assert!(tickets.len() < 10);
            engine.lock().helpers = 1;
            engine.work(scope, false);
            assert_eq!(engine.lock().helpers, 0);
            for ticket in tickets {
                engine.run(ticket, scope);
                engine.join_ready(scope);
            }
            // Joining made room: the helpers called meanwhile read the other ranges, or this does.
            engine.work(scope, true);
        });
        assert_eq!(engine.joiner.lock().unwrap().outcomes[0].frames, 40);
    });
    assert_eq!(joined.len(), 10);
    assert_eq!(frames(joined), (0..40).collect::<Vec<_>>());
}

/// Sees one frame, then panics.
#[derive(Default)]
struct Falls(bool);

impl Observe for Falls {
    fn observe(&mut self, _: crate::capture::Frame<'_>) {
        assert!(!std::mem::replace(&mut self.0, true), "this test ends a worker early");
    }
}

#[test]
fn a_worker_that_panics_ends_the_reading_instead_of_holding_it_up() {
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let source = Source::memory("test", ten_ranges()).unwrap();
        let options = ReadOptions { range_bytes: Some(RANGE_BYTES), ..ReadOptions::default() };
        let all = || read(vec![source], &options, &Progress::default(), &Falls::default, &mut |_| {});
        assert!(catch_unwind(AssertUnwindSafe(|| pool.install(all))).is_err(), "{threads}");
    }
}
