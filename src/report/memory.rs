//! How the memory that an analysis may take is shared out.

use crate::flow::OpenLimits;

/// Least that can be asked for, in bytes: databases, catalogue and buffers take more than half of it.
pub const LEAST: u64 = 64 << 20;
/// Databases, catalogue, sums per destination, buffers.
const FIXED: u64 = 40 << 20;
/// Ranges under way at once, and the one that joins.
const RANGES: u64 = 8;
/// What a byte of a capture may become while its range is read: a packet of 60 bytes that begins a flow becomes a session,
/// sixteen bytes of an answer become an entry with a name.
const GROWTH: u64 = 16;
/// Smallest ranges worth their joining.
const MIN_RANGE: u64 = 256 << 10;

/// Shares of a limit, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shares {
    /// For what is open, in the tracker's own count.
    pub(super) open: OpenLimits,
    /// Largest range.
    pub(super) range: u64,
}

impl Shares {
    /// Of this many bytes. Half of what is not fixed is for ranges; of the other half what is open may count to half, since
    /// tables grow by doubling and what is closed leaves piece by piece.
    pub(super) fn of(max_memory: u64) -> Self {
        let free = max_memory.max(LEAST) - FIXED;
        let open = OpenLimits { sessions: free / 8, answers: free / 16, fragments: free / 16 };
        Self { open, range: (free / 2 / RANGES / GROWTH).max(MIN_RANGE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_do_not_exceed_the_whole() {
        for max_memory in [0, LEAST, 256 << 20, 1 << 30, 8 << 30, 64 << 30] {
            let Shares { open: OpenLimits { sessions, answers, fragments }, range } = Shares::of(max_memory);
            assert!(FIXED + 2 * (sessions + answers + fragments) <= max_memory.max(LEAST), "{max_memory}");
            assert!(range * RANGES * GROWTH <= max_memory.max(LEAST) / 2 || range == MIN_RANGE, "{max_memory}");
        }
    }
}
