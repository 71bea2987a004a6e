//! The rows of one connection, searched by time.

use crate::capture::note::Owner;
use std::sync::Arc;

/// Most rows of one connection that are compared with the time of a flow: no real connection has so many at one time.
pub(super) const MAX_LOOKS: usize = 1_024;
/// How far the times of a row may differ from those of a flow: they were read from the clock at another moment, and are often whole
/// seconds.
const SLACK_NS: i64 = 2_000_000_000;

#[derive(Debug)]
pub(super) struct Entry {
    /// Which row it was.
    pub(super) number: u32,
    pub(super) first_ns: Option<i64>,
    pub(super) last_ns: Option<i64>,
    /// The latest end of this one and of those below it in the tree: see [`Entries`].
    pub(super) latest_ns: i64,
    pub(super) owner: Arc<Owner>,
}

impl Entry {
    /// How well the entry's time fits a flow's: rows with both times first, then the longer overlap. `None` where the two
    /// are apart.
    fn fit(&self, first_ns: i64, last_ns: i64) -> Option<(bool, i64)> {
        let from = self.first_ns.unwrap_or(i64::MIN);
        let until = self.last_ns.unwrap_or(i64::MAX);
        let is_apart = from.saturating_sub(SLACK_NS) > last_ns || until.saturating_add(SLACK_NS) < first_ns;
        let overlap = until.min(last_ns).saturating_sub(from.max(first_ns)).max(0);
        (!is_apart).then_some((self.first_ns.is_some() && self.last_ns.is_some(), overlap))
    }

    fn starts_ns(&self) -> i64 {
        self.first_ns.unwrap_or(i64::MIN)
    }
}

/// The rows of one connection.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Those with a time, sorted by start. They are a tree: its root is the middle one, and the halves on both sides are the trees below.
    timed: Vec<Entry>,
    /// The first one without a time. Others without a time would fit no better.
    timeless: Option<Entry>,
}

impl Entries {
    pub(super) fn push(&mut self, entry: Entry) {
        match entry.first_ns.or(entry.last_ns) {
            Some(_) => self.timed.push(entry),
            None => _ = self.timeless.get_or_insert(entry),
        }
    }

    /// Nothing more comes: makes it ready to be searched.
    pub(super) fn seal(&mut self) {
        self.timed.sort_by_key(|entry| (entry.starts_ns(), entry.number));
        self.timed.shrink_to_fit();
        mark_latest(&mut self.timed);
    }

    /// Those whose time fits, with how well: the last to start first, [`MAX_LOOKS`] of those with a time at most.
    pub(super) fn fitting(&self, first_ns: i64, last_ns: i64) -> Vec<(Fit, &Entry)> {
        let mut found = Vec::new();
        look(&self.timed, first_ns, last_ns, &mut found);
        found.extend(self.timeless.as_ref().and_then(|entry| Some((entry.fit(first_ns, last_ns)?, entry))));
        found
    }
}

/// How well a row's time fits: see [`Entry::fit`].
pub(super) type Fit = (bool, i64);

/// Notes in each entry of a tree the latest end below it; returns that of its root.
fn mark_latest(tree: &mut [Entry]) -> i64 {
    let (earlier, rest) = tree.split_at_mut(tree.len() / 2);
    let Some((root, later)) = rest.split_first_mut() else { return i64::MIN };
    let below_ns = mark_latest(earlier).max(mark_latest(later));
    root.latest_ns = below_ns.max(root.last_ns.unwrap_or(i64::MAX));
    root.latest_ns
}

/// Finds the entries of a tree whose time fits. Only branches in which there may be one are entered.
fn look<'a>(tree: &'a [Entry], first_ns: i64, last_ns: i64, found: &mut Vec<(Fit, &'a Entry)>) {
    let (earlier, rest) = tree.split_at(tree.len() / 2);
    let Some((root, later)) = rest.split_first() else { return };
    if found.len() >= MAX_LOOKS || root.latest_ns.saturating_add(SLACK_NS) < first_ns {
        return;
    }
    if root.starts_ns().saturating_sub(SLACK_NS) <= last_ns {
        look(later, first_ns, last_ns, found);
        if found.len() < MAX_LOOKS {
            found.extend(root.fit(first_ns, last_ns).map(|fit| (fit, root)));
        }
    }
    look(earlier, first_ns, last_ns, found);
}
