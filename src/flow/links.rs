//! Links between the sessions of a table, which the table keeps inside each session.

/// Stands for no slot.
pub(super) const NONE: u32 = u32::MAX;
/// Stands for a session that is filed under no end.
pub(super) const UNFILED: i32 = i32::MIN;
/// The links of one session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    /// Slot of the previous session of the same key, or [`NONE`].
    pub(super) previous: u32,
    /// Slot of the next session of the same key, or [`NONE`].
    pub(super) next: u32,
    /// The step of time under which the session is filed by its end, or [`UNFILED`].
    pub(super) due: i32,
    /// Bytes that the session took when it was last weighed, about.
    pub(super) weight: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { previous: NONE, next: NONE, due: UNFILED, weight: 0 }
    }
}
