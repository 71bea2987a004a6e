//! Partials that are empty again: what a range is gathered into was allocated for one before it, and grew to its size.

use crate::flow::limit::SampleKey;
use crate::flow::partial::Partial;
use std::sync::{Mutex, PoisonError};

/// Partials kept: one for each that is read or joined at a time, on as many threads as are worth it.
const KEPT: usize = 16;
/// Sessions and answers that a partial may have room for to be kept: a hostile range's tables must not stay for good.
const ROOM: usize = 1 << 16;

/// See the module.
#[derive(Debug)]
pub struct Pool {
    sample_key: SampleKey,
    kept: Mutex<Vec<Partial>>,
}

impl Pool {
    /// An empty pool, of partials that share this key.
    pub fn new(sample_key: SampleKey) -> Self {
        Self { sample_key, kept: Mutex::default() }
    }

    /// An empty partial.
    pub fn take(&self) -> Partial {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Partial::new(self.sample_key))
    }

    /// Takes back a partial that a tracker left empty.
    pub fn put(&self, mut partial: Partial) {
        partial.interner.forget_if_full();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && partial.room() <= ROOM {
            kept.push(partial);
        }
    }
}
