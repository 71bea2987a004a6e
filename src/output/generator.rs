//! How outputs name the program that wrote them, by which it recognises them.

/// The program and its version, as pages and pictures name it.
pub(super) const GENERATOR: &str = concat!("whither ", env!("CARGO_PKG_VERSION"));

/// Whether one text contains another, as bytes.
pub(super) fn contains(head: &[u8], mark: &str) -> bool {
    memchr::memmem::find(head, mark.as_bytes()).is_some()
}
