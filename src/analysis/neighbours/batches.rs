//! A list in batches that are filled one after another, so that it never grows by doubling.

use super::order::Order;

/// A list of items in batches.
#[derive(Clone, Debug)]
pub(super) struct Batches<T>(Vec<Vec<T>>);

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Batches<T> {
    /// Items of a full batch: enough to be worth a task of their own, but not so many that memory is wasted on short
    /// lists.
    const FULL: usize = 64;

    /// Adds an item. Returns whether that began a new batch.
    pub(super) fn push(&mut self, one: T) -> bool {
        let is_first = self.0.is_empty();
        if let Some(batch) = self.0.last_mut().filter(|batch| batch.len() < Self::FULL) {
            batch.push(one);
            return false;
        }
        // The first batch grows as it fills: most windows of most captures have few flows.
        let mut batch = Vec::with_capacity(if is_first { 1 } else { Self::FULL });
        batch.push(one);
        self.0.push(batch);
        true
    }

    /// Moves in the items of another list, batch by batch.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    /// How many items there are.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// All items.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// All items, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }

    /// The batches.
    pub(super) fn into_batches(self) -> Vec<Vec<T>> {
        self.0
    }

    /// Keeps the first `limit` items by `order`, and returns the others.
    pub(super) fn keep_first(&mut self, limit: usize, order: impl Fn(&T) -> Order) -> Self {
        if self.count() <= limit {
            return Self::default();
        }
        let mut all: Vec<T> = std::mem::take(&mut self.0).into_iter().flatten().collect();
        let rest = keep_first(&mut all, limit, order);
        *self = Self::of(all);
        Self::of(rest)
    }

    /// Cuts a list into batches. Long lists are not passed to other threads, because the allocator reuses memory that
    /// another thread frees badly, and the worse the longer the blocks are.
    fn of(long: Vec<T>) -> Self {
        let mut long = long.into_iter();
        let cut = || Some(long.by_ref().take(Self::FULL).collect()).filter(|batch: &Vec<T>| !batch.is_empty());
        Self(std::iter::from_fn(cut).collect())
    }
}

/// Keeps the first `limit` items by `order`, and returns the others.
pub(super) fn keep_first<T>(items: &mut Vec<T>, limit: usize, order: impl Fn(&T) -> Order) -> Vec<T> {
    if items.len() <= limit {
        return Vec::new();
    }
    items.sort_by_cached_key(|item| order(item));
    items.split_off(limit)
}
