//! The capture's clock: the latest time that can be relied on.
//!
//! A single record with a wrong time, decades ahead, must not end every open session. So a time is believed only when
//! [`REACH`] frames in a row have reached it. The clock shows the latest such time, and is never ahead of the frames.

use serde::{Deserialize, Serialize};

/// How many frames in a row must have reached a time before it is believed: more than one or two stray records, but
/// so few that the clock lags very little.
const REACH: usize = 4;

/// The clock over some frames in record order. The clocks of neighbouring ranges of frames merge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Clock {
    frames: u64,
    /// Times of the first frames, as far as there are any.
    first_ns: [i64; REACH - 1],
    /// Times of the last frames, the last at the end; [`i64::MIN`] where there are fewer.
    last_ns: [i64; REACH - 1],
    /// The latest time that [`REACH`] frames in a row have reached.
    reached_ns: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { frames: 0, first_ns: [i64::MIN; REACH - 1], last_ns: [i64::MIN; REACH - 1], reached_ns: i64::MIN }
    }
}

impl Clock {
    /// Adds the time of the next frame.
    #[inline(always)]
    pub(super) fn observe(&mut self, time_ns: i64) {
        if self.frames < REACH as u64 - 1 {
            self.first_ns[self.frames as usize] = time_ns;
        }
        let [a, b, c] = self.last_ns;
        // Missing times are the earliest possible, so fewer than [`REACH`] frames do not move the clock.
        self.reached_ns = self.reached_ns.max(a.min(b).min(c.min(time_ns)));
        self.last_ns = [b, c, time_ns];
        self.frames += 1;
    }

    /// Appends the clock of the frames that follow.
    pub(super) fn merge(&mut self, right: &Self) {
        let (frames, reached_ns) = (self.frames + right.frames, self.reached_ns.max(right.reached_ns));
        let first = right.first_frames();
        first.iter().for_each(|&time_ns| self.observe(time_ns));
        if right.frames > first.len() as u64 {
            self.last_ns = right.last_ns;
        }
        (self.frames, self.reached_ns) = (frames, self.reached_ns.max(reached_ns));
    }

    /// Frames seen.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    fn first_frames(&self) -> &[i64] {
        let count = self.frames.min(REACH as u64 - 1) as usize;
        &self.first_ns[..count]
    }

    /// The time that the clock shows, in ns since 1970 UTC; [`i64::MIN`] if there was no frame.
    pub(super) fn now_ns(&self) -> i64 {
        match self.frames < REACH as u64 {
            // With so few frames, take the time that all of them have reached.
            true => self.first_frames().iter().copied().min().unwrap_or(i64::MIN),
            false => self.reached_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn observed(times: &[i64]) -> Clock {
        let mut clock = Clock::default();
        times.iter().for_each(|&time_ns| clock.observe(time_ns));
        clock
    }

    #[test]
    fn a_stray_time_moves_nothing() {
        assert_eq!(observed(&[1, 2, 3, 4, 5, 6]).now_ns(), 3);
        assert_eq!(observed(&[1, 2, 900, 3, 4, 5, 900, 900, 6]).now_ns(), 5);
        assert_eq!(observed(&[]).now_ns(), i64::MIN);
        assert_eq!(observed(&[7, 5]).now_ns(), 5);
        assert_eq!(observed(&[1, 9, 9, 9, 9, 2]).now_ns(), 9);
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(times in prop::collection::vec(0_i64..40, 0..30), cuts in (0_usize..30, 0_usize..30)) {
            let mut cuts = [cuts.0.min(times.len()), cuts.1.min(times.len())];
            cuts.sort_unstable();
            let (a, b, c) = (observed(&times[..cuts[0]]), observed(&times[cuts[0]..cuts[1]]), observed(&times[cuts[1]..]));
            let (mut left, mut right) = (a, b);
            left.merge(&b);
            left.merge(&c);
            right.merge(&c);
            let mut whole = a;
            whole.merge(&right);
            prop_assert_eq!(left, observed(&times));
            prop_assert_eq!(whole, observed(&times));
        }
    }
}
