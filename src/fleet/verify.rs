//! Proves that what workers read of captures is what one reader would have read from their first bytes to their last.
//!
//! The first range of a capture begins at its first record, which its header says. Each range that follows must begin exactly where the
//! one before it ended; one that a record from before fills must give nothing. By induction, ranges of which this holds are the capture.
//! A range that began elsewhere was misled, by a capture in a packet for example, and is read again from where the one before it ended.
//!
//! A reading may be of several ranges that were joined. It begins where the first of them does, and counts for all of them.

use crate::error::Error;
use crate::fleet::plan::{MAX_RANGES, Task};
use crate::fleet::reading::Reading;
use crate::fleet::store::Store;
use std::collections::{BTreeMap, HashMap};

/// Most captures that are merged: so many can be told apart in the numbers of frames, with room for what anyone may write there.
const MAX_CAPTURES: u32 = 1 << 18;

/// A range that is to be read again, or at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Again {
    /// The range, with its start where that is proven.
    pub task: Task,
    /// Whether something was read of it.
    pub was_read: bool,
}

/// What is proven.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// The readings that are proven, by their place in the store, in the order of the captures and of their ranges.
    pub proven: Vec<usize>,
    /// What is missing before all is proven. Empty: all is.
    pub again: Vec<Again>,
    /// How many captures there are of which nothing at all was read. What they are is not known.
    pub captures_missing: u32,
    /// How many ranges a record from before fills, or a defect of the capture leaves out: what was read of them does not count.
    pub discarded: u64,
}

impl Verified {
    /// Whether all captures are proven from their first bytes to their last.
    pub fn is_whole(&self) -> bool {
        self.again.is_empty() && self.captures_missing == 0
    }
}

/// Proves as much as there is.
///
/// # Errors
/// If rows contradict each other: they are of several plans, or of a capture that changed meanwhile, or say more than one thing of a range.
pub fn verify(store: &dyn Store) -> Result<Verified, Error> {
    let readings = store.readings();
    let Some(first) = readings.first() else {
        return Err(Error::usage("there is no row of a range", "give what `whither partials` wrote"));
    };
    let captures = first.task.captures;
    if captures > MAX_CAPTURES {
        return Err(Error::usage(
            format!("there are {captures} captures, more than {MAX_CAPTURES}"),
            "merge fewer at once",
        ));
    }
    let mut by: BTreeMap<u32, HashMap<u64, Vec<usize>>> = BTreeMap::new();
    let mut firsts: BTreeMap<u32, &Task> = BTreeMap::new();
    for (at, reading) in readings.iter().enumerate() {
        let task = &reading.task;
        let known = *firsts.entry(task.capture).or_insert(task);
        let is_one = task.captures == captures && task.capture < captures && task.key == first.task.key;
        if !is_one || !known.is_of_same_capture(task) || task.plan != first.task.plan {
            return Err(task.changed("it is told of in several ways: it changed meanwhile, or there are several plans"));
        }
        by.entry(task.capture).or_default().entry(task.from).or_default().push(at);
    }
    let ranges = firsts.values().fold(0_u64, |sum, task| sum.saturating_add(task.ranges()));
    if ranges > MAX_RANGES {
        return Err(Error::usage(
            format!("the captures have {ranges} ranges, more than {MAX_RANGES}"),
            "plan larger ones",
        ));
    }
    let seen = u32::try_from(firsts.len()).unwrap_or(u32::MAX);
    let mut verified = Verified { captures_missing: captures.saturating_sub(seen), ..Verified::default() };
    for (capture, task) in firsts {
        let read = by.remove(&capture).unwrap_or_default();
        Chain { store, read, verified: &mut verified }.follow(task)?;
    }
    Ok(verified)
}

/// The ranges of one capture.
struct Chain<'a> {
    store: &'a dyn Store,
    read: HashMap<u64, Vec<usize>>,
    verified: &'a mut Verified,
}

impl Chain<'_> {
    fn follow(&mut self, capture: &Task) -> Result<(), Error> {
        // Up to where the capture is proven; none behind what is not.
        let mut position = None;
        // Up to where joined ranges reach.
        let mut covered = 0;
        for index in 0..capture.ranges() {
            let task = capture.range(index);
            if task.from < covered {
                continue;
            }
            let read = self.read.get(&task.from).map_or(&[][..], Vec::as_slice);
            let was_read = !read.is_empty();
            let reading = match position {
                _ if index == 0 => choose(self.store, read, None)?,
                Some(proven) if proven >= task.to => {
                    self.verified.discarded += u64::from(was_read);
                    continue;
                }
                Some(proven) => choose(self.store, read, Some(proven))?,
                None if was_read => {
                    let readings = read.iter().filter_map(|&at| self.store.readings().get(at));
                    covered = readings.map(|reading| reading.task.to).max().unwrap_or_default();
                    continue;
                }
                None => None,
            };
            let Some(at) = reading else {
                self.verified.again.push(Again { task: task.at(position), was_read });
                position = None;
                continue;
            };
            self.verified.proven.push(at);
            let Some(reading) = self.store.readings().get(at) else { continue };
            (position, covered) = (Some(reading.end), reading.task.to);
            if reading.problem.is_some() {
                // It begins at a record, so that this is what is wrong with the capture, and one reader would stop here as well.
                self.verified.discarded += capture.ranges().saturating_sub(capture.ranges_before(covered));
                break;
            }
        }
        Ok(())
    }
}

/// Of readings that are given by their place in the store, and all of which are of ranges from the same offset on, one that begins at
/// `start` and has all its partials; without a start, any that begins somewhere. Of joined ones the one that reaches furthest counts.
pub(super) fn choose(store: &dyn Store, read: &[usize], start: Option<u64>) -> Result<Option<usize>, Error> {
    // By where they end.
    let mut found: BTreeMap<u64, (usize, &Reading)> = BTreeMap::new();
    for &at in read {
        let Some(reading) = store.readings().get(at) else { continue };
        let task = &reading.task;
        let begins = if start.is_none() { reading.start.is_some() } else { reading.start == start };
        let is_whole = || (0..reading.parts).all(|part| store.has(&reading.piece(part)));
        if !task.ends_with_a_range() {
            return Err(task.changed(format!("a range from offset {} ends where no range of the plan does", task.from)));
        }
        if !begins || !is_whole() {
            continue;
        }
        let (_, other) = *found.entry(task.to).or_insert((at, reading));
        if !is_same(other, reading) {
            let what = format!("its range from offset {} was read twice, with different results", task.from);
            return Err(task.changed(what));
        }
    }
    Ok(found.into_values().next_back().map(|(at, _)| at))
}

/// Whether two readings of a range say the same.
fn is_same(one: &Reading, other: &Reading) -> bool {
    let said = |reading: &Reading| (reading.start, reading.end, reading.problem.clone(), reading.parts);
    said(one) == said(other) && one.counted == other.counted
}
