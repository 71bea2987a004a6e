//! What reading a message from the start of some bytes gave.

/// The outcome of reading a message whose end may not have come yet.
pub(super) enum Parsed<T> {
    /// The whole message is there.
    Whole(T),
    /// The bytes end before the message does.
    CutShort,
    /// The bytes are something else.
    Other,
}
