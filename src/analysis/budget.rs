//! How the memory that an analysis may take is shared out.

use super::neighbours::Limits;
use crate::flow::OpenLimits;

/// Least that can be asked for, in bytes: databases, catalogue and buffers take half of it.
pub const LEAST: u64 = 64 << 20;
/// Databases, catalogue, buffers.
const FIXED: u64 = 32 << 20;
/// Ranges under way at once, and the one that joins.
const RANGES: u64 = 8;
/// What a byte of a capture may become while its range is read: a packet of 60 bytes that begins a flow becomes a session,
/// sixteen bytes of an answer become an entry with a name.
const GROWTH: u64 = 16;
/// Smallest ranges worth their joining.
const MIN_RANGE: u64 = 128 << 10;

/// Shares of a limit, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shares {
    /// For what is open, in the tracker's own count.
    pub(super) open: OpenLimits,
    /// Largest range.
    pub(super) range: u64,
    /// For the sums, and what the report says of them.
    pub(super) routes: u64,
    /// For flow records that wait for their turn.
    pub(super) waiting: u64,
    /// For places remembered, in all threads.
    pub(super) places: u64,
    /// How many flows take part where apps are inherited.
    pub(super) inherit: Limits,
}

impl Shares {
    /// Of this many bytes. Half of what is not fixed is for ranges and sums. What is open may count to a fifth: tables grow by
    /// doubling, and flows that are over take three times what their sessions took, until it is settled who inherits from whom.
    pub(super) fn of(max_memory: u64) -> Self {
        let free = max_memory.max(LEAST) - FIXED;
        Self {
            open: OpenLimits { sessions: free / 8, answers: free / 24, fragments: free / 24 },
            range: (free / 2 / RANGES / GROWTH).max(MIN_RANGE),
            routes: free / 4,
            waiting: free / 8,
            places: free / 8,
            inherit: Limits::of(free / 6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_do_not_exceed_the_whole() {
        for max_memory in [0, LEAST, 128 << 20, 256 << 20, 1 << 30, 8 << 30, 64 << 30] {
            let Shares { open: OpenLimits { sessions, answers, fragments }, range, routes, waiting, .. } =
                Shares::of(max_memory);
            // Either the sums or the records that wait.
            let open = sessions + answers + fragments;
            assert!(FIXED + 2 * open + routes.max(waiting) <= max_memory.max(LEAST), "{max_memory}");
            assert!(range * RANGES * GROWTH <= max_memory.max(LEAST) / 2 || range == MIN_RANGE, "{max_memory}");
        }
        assert_eq!(
            Shares::of(4 << 30).inherit,
            Limits::default(),
            "all that is meant to take part does, unless told otherwise"
        );
    }
}
