//! Keeps one copy of each server name, so that equal names share memory.

use foldhash::fast::RandomState;
use std::sync::Arc;

/// The names seen in one partial.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner(hashbrown::HashSet<Arc<str>, RandomState>);

impl Interner {
    /// Distinct names kept. Beyond that, as in a hostile capture, further names are not shared.
    const LIMIT: usize = 1 << 13;

    /// Forgets all names if no more fit.
    pub(super) fn forget_if_full(&mut self) {
        if self.0.len() >= Self::LIMIT {
            self.0.clear();
        }
    }

    /// The shared copy of a name.
    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let new: Arc<str> = name.into();
        if self.0.len() < Self::LIMIT {
            self.0.insert(new.clone());
        }
        new
    }
}
