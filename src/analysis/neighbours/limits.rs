//! How long flows wait for their neighbours, and how many of them take part.

/// Windows (minutes) that a flow waits for neighbours that end later. Sessions wait longer than that for their own end, so this
/// keeps little more.
pub(super) const LATER: i64 = 2;
/// Windows back that a neighbour may have ended: a call's relay often does so long before the call itself.
pub(super) const EARLIER: i64 = 60;
/// Flows of one window that take part however little memory there is.
const LEAST: usize = 64;
/// Bytes of a flow that waits, about.
const SEEKER_BYTES: u64 = 768;
/// Bytes of what is remembered of a flow that others may inherit from, about.
const KNOWN_BYTES: u64 = 256;

/// How many flows of one window take part: the first by frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::analysis) struct Limits {
    /// That look for an app; others stay without one.
    pub(super) seekers: usize,
    /// That others may inherit from.
    pub(super) known: usize,
}

/// How many take part, whatever memory there is.
impl Default for Limits {
    fn default() -> Self {
        Self { seekers: 4_096, known: 8_192 }
    }
}

impl Limits {
    /// As many as these bytes hold, about.
    pub(in crate::analysis) fn of(bytes: u64) -> Self {
        // Twice as many of either are kept before those that are too many are dropped, and each thread has its own.
        let fit = |windows: i64, bytes_of_one: u64, most: usize| {
            let bytes_of_window = bytes / 2 / (2 * windows.unsigned_abs());
            usize::try_from(bytes_of_window / bytes_of_one).unwrap_or(most).clamp(LEAST, most)
        };
        let most = Self::default();
        Self {
            seekers: fit(LATER + 2, SEEKER_BYTES, most.seekers),
            known: fit(EARLIER + LATER + 1, KNOWN_BYTES, most.known),
        }
    }
}

/// Flows that could not take part since there were too many in a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TooMany {
    /// That might have inherited.
    pub seekers: u64,
    /// That others might have inherited from.
    pub known: u64,
}

/// The window before which all flows can be settled, given the first window that is not complete.
pub(in crate::analysis) fn settled(complete_window: i64) -> i64 {
    if complete_window == i64::MAX { i64::MAX } else { complete_window.saturating_sub(LATER) }
}
