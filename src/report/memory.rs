//! How the memory that an analysis may take is shared out.

/// Least that can be asked for, in bytes: databases, catalogue and buffers take half of it.
pub const LEAST: u64 = 128 << 20;
/// Databases, catalogue, sums per destination, buffers.
const FIXED: u64 = 64 << 20;
/// Ranges under way at once, and the one that joins.
const RANGES: u64 = 8;
/// What a byte of a capture may become while its range is read: a packet of 60 bytes that begins a flow becomes a session,
/// sixteen bytes of an answer become an entry with a name.
const GROWTH: u64 = 16;
/// Smallest ranges worth their joining.
const MIN_RANGE: u64 = 256 << 10;
/// Ranges of which a growth at that rate does not count.
const MAX_RANGE: u64 = 16 << 20;

/// Shares of a limit, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shares {
    /// For sessions that are open, in the tracker's own count.
    pub(super) open: u64,
    /// Largest range, where it must be smaller than usual.
    pub(super) range: Option<u64>,
}

impl Shares {
    /// Of this many bytes. Half of what is not fixed is for ranges; of the other half the open sessions may count to half, since
    /// tables grow by doubling and what is closed leaves piece by piece.
    pub(super) fn of(max_memory: u64) -> Self {
        let free = max_memory.max(LEAST) - FIXED;
        let range = (free / 2 / RANGES / GROWTH).clamp(MIN_RANGE, MAX_RANGE);
        Self { open: free / 4, range: (range < MAX_RANGE).then_some(range) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_do_not_exceed_the_whole() {
        for max_memory in [0, LEAST, 256 << 20, 1 << 30, 8 << 30, 64 << 30] {
            let Shares { open, range } = Shares::of(max_memory);
            let ranges = range.unwrap_or(MAX_RANGE) * RANGES * GROWTH;
            assert!(FIXED + 2 * open <= max_memory.max(LEAST), "{max_memory}");
            assert!(ranges <= max_memory.max(LEAST) / 2 || range == Some(MIN_RANGE), "{max_memory}");
        }
        assert_eq!(Shares::of(8 << 30).range, None);
    }
}
