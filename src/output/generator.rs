//! What outputs say of the program that wrote them, so that it knows them again.

/// What made a page or a picture, as they say it themselves.
pub(super) const GENERATOR: &str = concat!("whither ", env!("CARGO_PKG_VERSION"));

/// Whether one text contains another, as bytes.
pub(super) fn contains(head: &[u8], mark: &str) -> bool {
    memchr::memmem::find(head, mark.as_bytes()).is_some()
}
