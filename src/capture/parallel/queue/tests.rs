use super::*;
use crate::capture::parallel::{opening, stream};
use crate::capture::testing::*;
use std::io::Cursor;
use std::path::Path;

/// Bytes of a range, or of a piece of a stream: four packets.
const OPTIONS: ReadOptions = ReadOptions { range_bytes: Some(4 * 1_016), most_range_bytes: None, memory_bytes: None };

/// A capture of ten ranges, or of ten pieces.
fn ten_ranges() -> Vec<u8> {
    pcap_of(&(0..40).map(|index| vec![index; 1_000]).collect::<Vec<_>>())
}

/// A queue for one thread, so that at most four ranges or groups are in flight.
fn queue_of(sources: Vec<Source>) -> Queue<Log> {
    Queue::new(sources, 1, &OPTIONS)
}

fn file() -> Source {
    Source::memory("test", ten_ranges()).unwrap()
}

fn pipe() -> Source {
    Source::pipe(Path::new("test"), "test".to_owned(), Box::new(Cursor::new(ten_ranges()))).unwrap()
}

/// Opens the capture that the next job is to open.
fn open(queue: &mut Queue<Log>) {
    let Some(Ticket { reading, job: Job::Open(source), .. }) = queue.pick() else { unreachable!() };
    finish_opening(queue, reading, *source);
}

fn finish_opening(queue: &mut Queue<Log>, reading: usize, source: Source) {
    queue.readings[reading].phase = opening::open(source, &OPTIONS, &Arc::default()).unwrap();
}

/// Takes the next range: its capture and number; none if nothing may be read now.
fn take_range(queue: &mut Queue<Log>) -> Option<(usize, u64)> {
    let Ticket { reading, job, .. } = queue.pick()?;
    let Job::Range(_, index) = job else { unreachable!() };
    Some((reading, index))
}

/// What a range gives, told from others by where it ends.
fn done(end: u64) -> Done<Log> {
    let (partial, counts) = (Log::default(), Counts::default());
    Done {
        partial,
        counts,
        start: None,
        end,
        problem: None,
        states: None,
        beyond: Beyond::default(),
        pieces: 1,
        is_pause: false,
    }
}

fn joined(queue: &mut Queue<Log>) -> Vec<u64> {
    std::iter::from_fn(|| queue.next_done()).map(|done| done.end).collect()
}

#[test]
fn what_is_deposited_in_any_order_joins_in_order() {
    let mut queue = queue_of(vec![file()]);
    open(&mut queue);
    assert_eq!([(); 3].map(|()| take_range(&mut queue)), [Some((0, 0)), Some((0, 1)), Some((0, 2))]);
    queue.deposit(0, 0, 2, done(12));
    assert!(joined(&mut queue).is_empty());
    queue.deposit(0, 0, 0, done(10));
    assert_eq!(joined(&mut queue), [10]);
    queue.deposit(0, 0, 1, done(11));
    assert_eq!(joined(&mut queue), [11, 12]);
    assert_eq!((queue.in_flight, queue.readings[0].in_flight), (0, 0));
}

#[test]
fn no_more_is_in_flight_than_memory_is_to_hold() {
    let mut queue = queue_of(vec![file()]);
    open(&mut queue);
    assert_eq!(std::iter::from_fn(|| take_range(&mut queue)).count(), queue.most_in_flight);
    // What waits to join is still in memory.
    queue.deposit(0, 0, 1, done(1));
    assert_eq!((joined(&mut queue), take_range(&mut queue)), (vec![], None));
    queue.deposit(0, 0, 0, done(0));
    assert_eq!(joined(&mut queue), [0, 1]);
    assert_eq!([(); 3].map(|()| take_range(&mut queue)), [Some((0, 4)), Some((0, 5)), None]);
}

#[test]
fn what_all_wait_for_may_be_read_however_much_is_in_flight() {
    let mut queue = queue_of(vec![file(), file()]);
    let Some(Ticket { reading: 0, job: Job::Open(slow), .. }) = queue.pick() else { unreachable!() };
    open(&mut queue);
    assert_eq!(std::iter::from_fn(|| take_range(&mut queue)).last(), Some((1, 3)));
    finish_opening(&mut queue, 0, *slow);
    assert_eq!([(); 2].map(|()| take_range(&mut queue)), [Some((0, 0)), None]);
}

#[test]
fn results_of_a_reading_that_was_given_up_are_dropped() {
    let mut queue = queue_of(vec![file()]);
    open(&mut queue);
    assert_eq!([(); 3].map(|()| take_range(&mut queue)), [Some((0, 0)), Some((0, 1)), Some((0, 2))]);
    queue.deposit(0, 0, 1, done(1));
    let again = std::mem::replace(&mut queue.readings[0].phase, Phase::Opening);
    queue.restart_front(again);
    // These were in the hands of workers when the front began anew.
    queue.deposit(0, 0, 0, done(0));
    queue.deposit(0, 0, 2, done(2));
    assert_eq!((joined(&mut queue), queue.in_flight, queue.readings[0].in_flight), (vec![], 0, 0));
    let Some(Ticket { reading: 0, epoch, job: Job::Range(_, 0) }) = queue.pick() else { unreachable!() };
    queue.deposit(0, epoch, 0, done(7));
    assert_eq!(joined(&mut queue), [7]);
}

/// Takes the next piece of the stream and cuts it.
fn cut(queue: &mut Queue<Log>) -> (Box<Cutter>, stream::Cut) {
    let Some(Ticket { job: Job::Cut(mut cutter, buffer), .. }) = queue.pick() else { unreachable!() };
    let piece = cutter.cut(buffer);
    (cutter, piece)
}

fn cut_and_put_back(queue: &mut Queue<Log>) {
    let (cutter, piece) = cut(queue);
    queue.cut(0, 0, cutter, piece);
}

/// Takes a piece to parse: its number, and the group that it went to.
fn parse(queue: &mut Queue<Log>) -> (u64, Group<Log>) {
    let Some(Ticket { job: Job::Parse(piece), .. }) = queue.pick() else { unreachable!() };
    let ParseJob { cut, number, group } = *piece;
    (number, go_on(queue, group.unwrap_or_else(|| Group::new(number, Log::default())), cut))
}

fn go_on(queue: &mut Queue<Log>, mut group: Group<Log>, piece: stream::Cut) -> Group<Log> {
    let buffer = group.parse(piece);
    queue.scrap(0, buffer);
    group
}

/// Goes on with a group as long as its pieces are there.
fn go_on_as_far_as_possible(queue: &mut Queue<Log>, mut group: Group<Log>) {
    while let Some((same, piece)) = queue.parsed(0, 0, group) {
        group = go_on(queue, same, piece);
    }
}

fn firsts(done: &Done<Log>) -> Vec<u8> {
    done.partial.0.iter().map(|seen| seen.bytes[0]).collect()
}

#[test]
fn a_run_whose_next_piece_is_not_there_yet_waits_for_another_worker() {
    let mut queue = queue_of(vec![pipe()]);
    open(&mut queue);
    cut_and_put_back(&mut queue);
    cut_and_put_back(&mut queue);
    let (number, group) = parse(&mut queue);
    assert_eq!(number, 0);
    // The third piece is in another worker's hands, so this one leaves its group and ends.
    let (cutter, third) = cut(&mut queue);
    go_on_as_far_as_possible(&mut queue, group);
    assert!(queue.readings[0].parked.is_some() && queue.next_done().is_none());
    queue.cut(0, 0, cutter, third);
    cut_and_put_back(&mut queue);
    let (number, group) = parse(&mut queue);
    assert_eq!((number, group.next), (2, 3));
    go_on_as_far_as_possible(&mut queue, group);
    let done = queue.next_done().unwrap();
    assert_eq!((firsts(&done), done.pieces), ((0..16).collect(), PIECES_PER_GROUP));
    assert!(queue.readings[0].parked.is_none());
    assert_eq!((queue.in_flight, queue.readings[0].buffers), (0, 0));
}

#[test]
fn a_later_run_may_be_done_before_the_one_that_joins_first() {
    let mut queue = queue_of(vec![pipe()]);
    open(&mut queue);
    cut_and_put_back(&mut queue);
    cut_and_put_back(&mut queue);
    let (number, slow) = parse(&mut queue);
    assert_eq!(number, 0);
    // The next group begins with the fifth piece, so nobody else can parse before that is cut.
    let mut pieces_cut = 2;
    let (number, quick) = loop {
        match queue.pick().map(|ticket| ticket.job) {
            Some(Job::Cut(mut cutter, buffer)) => {
                let piece = cutter.cut(buffer);
                queue.cut(0, 0, cutter, piece);
                pieces_cut += 1;
            }
            Some(Job::Parse(piece)) => {
                let ParseJob { cut, number, group } = *piece;
                assert!(group.is_none());
                break (number, go_on(&mut queue, Group::new(number, Log::default()), cut));
            }
            _ => unreachable!(),
        }
    };
    assert!(pieces_cut > PIECES_PER_GROUP);
    assert_eq!(number, PIECES_PER_GROUP);
    while queue.readings[0].next < 2 * PIECES_PER_GROUP {
        cut_and_put_back(&mut queue);
    }
    go_on_as_far_as_possible(&mut queue, quick);
    assert!(queue.next_done().is_none());
    go_on_as_far_as_possible(&mut queue, slow);
    let joined: Vec<_> = std::iter::from_fn(|| queue.next_done()).collect();
    assert_eq!(joined.iter().map(|done| done.pieces).collect::<Vec<_>>(), [PIECES_PER_GROUP, PIECES_PER_GROUP]);
    assert_eq!(joined.iter().flat_map(firsts).collect::<Vec<_>>(), (0..32).collect::<Vec<_>>());
}
