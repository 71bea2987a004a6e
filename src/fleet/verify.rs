//! Proves that what workers read of captures is what one reader would have read from their first bytes to their last.
//!
//! The first range of a capture begins at its first record, which its header says. Each range that follows must begin exactly where the
//! one before it ended; one that a record from before fills must give nothing. By induction, ranges of which this holds are the capture.
//! A range that began elsewhere was misled, by a capture in a packet for example, and is read again from where the one before it ended.

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
        for index in 0..capture.ranges() {
            let task = capture.range(index);
            let was_read = self.read.contains_key(&task.from);
            let reading = match position {
                _ if index == 0 => self.reading(&task, None)?,
                Some(proven) if proven >= task.to => {
                    self.verified.discarded += u64::from(was_read);
                    continue;
                }
                Some(proven) => self.reading(&task, Some(proven))?,
                None if was_read => continue,
                None => None,
            };
            let Some(at) = reading else {
                self.verified.again.push(Again { task: task.at(position), was_read });
                position = None;
                continue;
            };
            self.verified.proven.push(at);
            let Some(reading) = self.store.readings().get(at) else { continue };
            position = Some(reading.end);
            if reading.problem.is_some() {
                // It begins at a record, so that this is what is wrong with the capture, and one reader would stop here as well.
                self.verified.discarded += capture.ranges() - index - 1;
                break;
            }
        }
        Ok(())
    }

    /// A reading of a range that begins at `start`, with all its partials; of a first range, which begins where the header says, any.
    fn reading(&self, task: &Task, start: Option<u64>) -> Result<Option<usize>, Error> {
        let readings = self.store.readings();
        let mut found: Option<(usize, &Reading)> = None;
        for &at in self.read.get(&task.from).map_or(&[][..], Vec::as_slice) {
            let Some(reading) = readings.get(at) else { continue };
            let begins = if start.is_none() { reading.start.is_some() } else { reading.start == start };
            let is_whole = || (0..reading.parts).all(|part| self.store.has(&reading.piece(part)));
            if reading.task.to != task.to {
                return Err(task.changed(format!("a range from offset {} ends in several places", task.from)));
            }
            if !begins || !is_whole() {
                continue;
            }
            match found {
                Some((_, other)) if !is_same(other, reading) => {
                    let what = format!("its range from offset {} was read twice, with different results", task.from);
                    return Err(task.changed(what));
                }
                Some(_) => {}
                None => found = Some((at, reading)),
            }
        }
        Ok(found.map(|(at, _)| at))
    }
}

/// Whether two readings of a range say the same.
fn is_same(one: &Reading, other: &Reading) -> bool {
    let said = |reading: &Reading| (reading.start, reading.end, reading.problem.clone(), reading.parts);
    said(one) == said(other) && one.counted == other.counted
}
