//! Where a session stands among the others of its table.

/// No slot.
pub(super) const NONE: u32 = u32::MAX;
/// In no list of those that end.
pub(super) const UNFILED: i32 = i32::MIN;
/// Where a session stands in its table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    /// The session of the same key before this one.
    pub(super) previous: u32,
    /// The one after it.
    pub(super) next: u32,
    /// Under what it is filed.
    pub(super) due: i32,
    /// Bytes it was last found to take, about.
    pub(super) weight: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { previous: NONE, next: NONE, due: UNFILED, weight: 0 }
    }
}
