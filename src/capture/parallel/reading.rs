//! What is left to be read of each capture: a reading, its pieces numbered in the order in which they join.

use super::group::{Done, Group};
use super::ranges::Ranges;
use super::stream::{Cut, Cutter};
use crate::capture::source::Source;
use crate::capture::tally::Counts;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How far a capture's reading came.
pub(super) enum Phase {
    Unopened(Box<Source>),
    /// A worker has it in hand.
    Opening,
    Ranges(Arc<Ranges>),
    Stream {
        /// Away while a worker cuts.
        cutter: Option<Box<Cutter>>,
        /// Cut, not yet parsed; with their numbers.
        ready: VecDeque<(u64, Cut)>,
    },
    /// In hand together with a capture before it.
    InBatch,
    /// Read to its end; its frames are in the piece of its own that waits to join, or in one of a capture before it.
    Whole(Counts, u64),
    Finished,
}

/// One capture being read.
pub(super) struct Reading<P> {
    pub(super) name: String,
    pub(super) phase: Phase,
    /// Goes up when the reading is read in another way; results from before are dropped.
    pub(super) epoch: u32,
    /// Next piece to be handed to a worker.
    pub(super) next: u64,
    /// Next piece to join.
    pub(super) next_join: u64,
    /// How many pieces there are, once that is known.
    pub(super) total: Option<u64>,
    /// Pieces that a worker has, or that wait to be parsed or to join.
    pub(super) in_flight: usize,
    pub(super) done: BTreeMap<u64, Done<P>>,
    /// Pieces of a stream whose bytes are in memory: in a worker's hands, or ready.
    pub(super) buffers: usize,
    /// The bytes of those that are cut: a piece is as long as its longest record.
    pub(super) buffer_bytes: usize,
    /// The first piece of a stream of which no worker has the group.
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
