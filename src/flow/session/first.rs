//! The first value of its kind that was seen in a session.

use crate::capture::FrameId;
use serde::{Deserialize, Serialize};

/// A value and the frame in which it was seen, if there is one. The first by frame is kept, and within a frame the
/// least, so that the order of arrival does not matter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct First<T> {
    /// Has no meaning if there is no value.
    frame: FrameId,
    value: Option<T>,
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self { frame: FrameId::default(), value: None }
    }
}

impl<T: Ord> First<T> {
    /// Keeps this value if it comes first.
    pub(in crate::flow) fn keep(&mut self, frame: FrameId, value: T) {
        if self.value.as_ref().is_none_or(|mine| (frame, &value) < (self.frame, mine)) {
            *self = Self { frame, value: Some(value) };
        }
    }

    /// Keeps the value of `other` if it comes first.
    pub(in crate::flow) fn merge(&mut self, other: Self) {
        if let Some(value) = other.value {
            self.keep(other.frame, value);
        }
    }
}

impl<T> First<T> {
    /// The value.
    pub(in crate::flow) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value with its frame.
    pub(in crate::flow) fn found(&self) -> Option<(FrameId, &T)> {
        self.value.as_ref().map(|value| (self.frame, value))
    }

    /// Takes the value out.
    pub(in crate::flow) fn take(&mut self) -> Option<T> {
        self.value.take()
    }

    /// Adds `base` to the frame's identity.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.frame = self.frame.rebased(base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_by_frame_and_then_the_least_is_kept_in_any_order() {
        let shown = [(3, 'a'), (2, 'c'), (2, 'b'), (4, 'a')];
        for start in 0..shown.len() {
            let (mut first, mut rest) = (First::default(), First::default());
            for at in 0..shown.len() {
                let (frame, value) = shown[(start + at) % shown.len()];
                let side = if at % 2 == 0 { &mut first } else { &mut rest };
                side.keep(FrameId::new(0, frame), value);
            }
            first.merge(rest);
            first.merge(First::default());
            first.rebase(FrameId::new(0, 10));
            assert_eq!(first.found(), Some((FrameId::new(0, 12), &'b')));
            assert_eq!((first.take(), first.get()), (Some('b'), None));
        }
    }
}
