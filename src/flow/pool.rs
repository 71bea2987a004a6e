//! A pool of emptied partials. The next range is gathered into one of them, whose tables are allocated already and
//! large enough.

use crate::flow::limit::SampleKey;
use crate::flow::partial::Partial;
use std::sync::{Mutex, PoisonError};

/// Partials kept: one for each that is read or joined at the same time, on as many threads as are useful.
const KEPT: usize = 16;
/// A partial with room for more sessions and answers than this is not kept: the tables that a hostile range made
/// large must not stay allocated.
const ROOM: usize = 1 << 16;

/// Emptied partials, ready to be used again.
#[derive(Debug)]
pub struct Pool {
    sample_key: SampleKey,
    keeps_first_bytes: bool,
    kept: Mutex<Vec<Partial>>,
}

impl Pool {
    /// An empty pool, for partials that share this key.
    pub fn new(sample_key: SampleKey) -> Self {
        Self { sample_key, keeps_first_bytes: false, kept: Mutex::default() }
    }

    /// The same, of partials that keep the first bytes of sessions or do not, see [`Partial::keeping_first_bytes`].
    pub fn keeping_first_bytes(self, keeps_first_bytes: bool) -> Self {
        Self { keeps_first_bytes, ..self }
    }

    /// An empty partial: one that was used before, or a new one.
    pub fn take(&self) -> Partial {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let new = || match Partial::new(self.sample_key) {
            new if self.keeps_first_bytes => new.keeping_first_bytes(),
            new => new,
        };
        kept.unwrap_or_else(new)
    }

    /// Takes back a partial that a tracker has emptied.
    pub fn put(&self, mut partial: Partial) {
        partial.interner.forget_if_full();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && partial.room() <= ROOM {
            kept.push(partial);
        }
    }
}
