//! The reading of one capture: its phase, and its pieces, numbered in the order in which they join.

use super::group::{Done, Group};
use super::ranges::Ranges;
use super::stream::{Cut, Cutter};
use crate::capture::source::Source;
use crate::capture::tally::Counts;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The phase of a reading.
pub(super) enum Phase {
    Unopened(Box<Source>),
    /// A worker is opening it.
    Opening,
    Ranges(Arc<Ranges>),
    Stream {
        /// None while a worker cuts with it.
        cutter: Option<Box<Cutter>>,
        /// Pieces that are cut and not yet parsed, with their numbers.
        ready: VecDeque<(u64, Cut)>,
    },
    /// A worker is reading it together with other small captures.
    InBatch,
    /// Read to its end. Its frames are in a piece of its own that waits to join, or in that of a capture before it.
    Whole(Counts, u64),
    Finished,
}

/// One capture being read.
pub(super) struct Reading<P> {
    pub(super) name: String,
    pub(super) phase: Phase,
    /// Counts how often the capture was begun to be read in another way; results from before are dropped.
    pub(super) epoch: u32,
    /// The next piece to be given to a worker.
    pub(super) next: u64,
    /// The next piece to join.
    pub(super) next_join: u64,
    /// The number of pieces, once it is known.
    pub(super) total: Option<u64>,
    /// Pieces that a worker has, or that wait to join.
    pub(super) in_flight: usize,
    pub(super) done: BTreeMap<u64, Done<P>>,
    /// Pieces of a stream whose bytes are in memory.
    pub(super) buffers: usize,
    /// The bytes of those that are cut: a piece is as long as its longest record.
    pub(super) buffer_bytes: usize,
    /// The first piece of the next group.
    pub(super) next_group: u64,
    /// A group whose next piece is not cut yet.
    pub(super) parked: Option<Group<P>>,
    /// Why the capture could not be opened.
    pub(super) problem: Option<String>,
}

impl<P> Reading<P> {
    pub(super) fn new(source: Source) -> Self {
        Self {
            name: source.name.clone(),
            phase: Phase::Unopened(Box::new(source)),
            epoch: 0,
            next: 0,
            next_join: 0,
            total: None,
            in_flight: 0,
            done: BTreeMap::new(),
            buffers: 0,
            buffer_bytes: 0,
            next_group: 0,
            parked: None,
            problem: None,
        }
    }
}
