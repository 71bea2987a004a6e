//! How a command ended, which the exit code tells.

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Everything was done.
    Done,
    /// Done, but a capture could not be read to its end, or a rule of a policy does not pass.
    Incomplete,
}

impl End {
    pub(super) fn of(is_complete: bool) -> Self {
        if is_complete { Self::Done } else { Self::Incomplete }
    }
}
