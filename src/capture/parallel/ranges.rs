//! A capture that can be read at any position, cut into ranges of bytes.

use super::buffer::Extent;
use super::options::ReadOptions;
use super::resync::Guess;
use crate::capture::format::start::Start;
use crate::capture::format::state::State;
use crate::capture::input::Input;
use std::sync::Arc;

/// A capture that can be read at any position, cut into ranges of bytes.
pub(super) struct Ranges {
    pub(super) input: Arc<Input>,
    pub(super) size: u64,
    pub(super) range_bytes: u64,
    pub(super) start: Start,
    /// State at the first packet.
    pub(super) at_packet: State,
}

impl Ranges {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.size.div_ceil(self.range_bytes).max(1)
    }

    /// Where range `index` ends and the next begins.
    pub(super) fn limit(&self, index: u64) -> u64 {
        (index + 1).saturating_mul(self.range_bytes).min(self.size)
    }

    /// The records from one at `from` to those that start at `limit` or later.
    pub(super) fn extent(&self, from: u64, limit: u64) -> Extent {
        Extent { from, limit, size: self.size }
    }

    /// By what the first record of a range is recognised.
    pub(super) fn guess(&self) -> Guess<'_> {
        Guess { state: &self.at_packet, first_seconds: self.start.first_seconds() }
    }
}

/// Bytes of a range of a capture of this size. Ranges are large, because joining costs time, and numerous, so that all threads
/// end at about the same time.
pub(super) fn range_bytes(options: &ReadOptions, size: u64) -> u64 {
    /// Ranges of a capture: enough for the threads of a large machine.
    const RANGES: u64 = 64;
    /// Each range costs a search for its start, and a join.
    const MIN: u64 = 2 << 20;
    /// The partial of a range should still be in the cache when it joins: on captures of many small flows, ranges of 16 MiB took up
    /// to a tenth longer.
    const MAX: u64 = 8 << 20;
    let most = options.most_range_bytes.unwrap_or(u64::MAX);
    options.range_bytes.unwrap_or((size / RANGES).clamp(MIN, MAX).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_neither_tiny_nor_large() {
        let mib = 1 << 20;
        let sizes = [0, 64 * mib, 256 * mib, 1 << 40, u64::MAX];
        let of = |most_range_bytes| {
            let options = ReadOptions { most_range_bytes, ..ReadOptions::default() };
            sizes.map(|size| range_bytes(&options, size) / mib)
        };
        assert_eq!(of(None), [2, 2, 4, 8, 8]);
        assert_eq!(of(Some(3 * mib)), [2, 2, 3, 3, 3]);
    }
}
