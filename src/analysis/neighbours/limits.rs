//! Limits of inheritance: how long flows wait for their neighbours, and how many flows take part.

/// How many windows (minutes) a flow waits for neighbours that end later. Sessions wait longer than that for their
/// own end, so this keeps little more in memory.
pub(super) const LATER: i64 = 2;
/// How many windows earlier a neighbour may have ended: the flow to a call's relay often ends long before the call.
pub(super) const EARLIER: i64 = 60;
/// Flows of one window that take part however little memory there is.
const LEAST: usize = 64;
/// Bytes that a waiting flow takes, about.
const SEEKER_BYTES: u64 = 768;
/// Bytes that are kept of a flow from which others may inherit, about.
const KNOWN_BYTES: u64 = 256;

/// How many flows of one window take part in inheritance. The first by frame do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::analysis) struct Limits {
    /// Flows that look for an app. Further ones stay without an app.
    pub(super) seekers: usize,
    /// Flows from which others may inherit.
    pub(super) known: usize,
}

/// How many flows take part at most, however much memory there is.
impl Default for Limits {
    fn default() -> Self {
        Self { seekers: 4_096, known: 8_192 }
    }
}

impl Limits {
    /// The limits for this many bytes of memory, about.
    pub(in crate::analysis) fn of(bytes: u64) -> Self {
        // Of either kind, twice as many are kept before the surplus is dropped, and each thread has its own.
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

/// How many flows could not take part in inheritance because a window had too many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TooMany {
    /// Flows that might have inherited an app.
    pub seekers: u64,
    /// Flows from which others might have inherited.
    pub known: u64,
}

/// The window before which the apps of all flows can be decided; `complete_window` is the first window that is not
/// complete.
pub(in crate::analysis) fn settled(complete_window: i64) -> i64 {
    if complete_window == i64::MAX { i64::MAX } else { complete_window.saturating_sub(LATER) }
}
