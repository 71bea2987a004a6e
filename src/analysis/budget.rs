//! Divides the memory that an analysis may use among its parts.

use super::neighbours::Limits;
use crate::flow::OpenLimits;

/// The smallest limit that can be asked for, in bytes. Databases, catalogue and buffers take half of it.
pub const LEAST: u64 = 64 << 20;
/// Bytes that databases, catalogue and buffers take, whatever the limit.
const FIXED: u64 = 32 << 20;
/// Ranges that are in memory at the same time, including the one that is being joined.
const RANGES: u64 = 8;
/// Bytes that a byte of a capture may become while its range is read: a packet of 60 bytes that begins a flow becomes
/// a session, and sixteen bytes of an answer become an entry with a name.
const GROWTH: u64 = 16;
/// The smallest size of a range, in bytes; smaller ones would not be worth the cost of joining them.
const MIN_RANGE: u64 = 128 << 10;

/// The shares of a memory limit, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shares {
    /// For open sessions, answers and fragments, as the tracker estimates them.
    pub(super) open: OpenLimits,
    /// The largest size of a range.
    pub(super) range: u64,
    /// For the sums of the routing map, and for what the report shows of them.
    pub(super) routes: u64,
    /// For flow records that wait to be written in order.
    pub(super) waiting: u64,
    /// For the places of addresses that are kept in all threads.
    pub(super) places: u64,
    /// How many flows take part in the inheritance of apps.
    pub(super) inherit: Limits,
}

impl Shares {
    /// Divides this many bytes. Half of what is not fixed is for ranges. What is open may take about a fifth by the
    /// tracker's count: tables grow by doubling, and flows that are over take three times what their sessions took,
    /// until it is decided which apps they inherit.
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
