//! What becomes of a name: kept where it is an app's of the catalogue, else cut to what was registered, else taken out.

use crate::app::{Catalogue, HitTarget};
use crate::name::is_ip_literal;

/// Ends of names that mean something in a local network only (RFC 6761, RFC 6762, RFC 8375, RFC 9476, and common use). `.arpa` holds
/// addresses.
const LOCAL_ENDS: &[&str] = &[
    "alt",
    "arpa",
    "corp",
    "example",
    "fritz.box",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// What becomes of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate<'a> {
    /// It belongs to an app of the catalogue and says no more than that.
    Kept,
    /// This end of it is left.
    Cut(&'a str),
    /// Nothing of it is left.
    Gone,
    /// It is an address.
    Address,
}

/// What becomes of a name.
pub(super) fn fate<'a>(name: &'a str, catalogue: &Catalogue) -> Fate<'a> {
    if is_ip_literal(name) {
        return Fate::Address;
    }
    let lower = name.to_ascii_lowercase();
    let is_app = |name: &str| matches!(catalogue.look_up(name).map(|hit| hit.target), Some(HitTarget::App(_)));
    if is_app(&lower) {
        return Fate::Kept;
    }
    match registrable(&lower) {
        // The cut is made in the name itself: lower case in ASCII has the same length.
        Some(end) => match name.get(name.len() - end.len()..) {
            Some(end) if end.len() == name.len() => Fate::Kept,
            Some(end) => Fate::Cut(end),
            None => Fate::Gone,
        },
        None => Fate::Gone,
    }
}

/// The domain that somebody registered at a registry: not at a hoster or for dynamic addresses, whose customers are persons. None for
/// names of a local network.
fn registrable(name: &str) -> Option<&str> {
    let is_local = |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_plain = name.is_ascii() && !name.contains(|one: char| one.is_ascii_whitespace() || one.is_control());
    if !is_plain || LOCAL_ENDS.iter().any(|end| is_local(end)) {
        return None;
    }
    let mut suffix = psl::suffix(name.as_bytes())?;
    while suffix.typ() == Some(psl::Type::Private) {
        // A hoster's suffix lies below a registry's.
        let above = suffix.as_bytes().splitn(2, |byte| *byte == b'.').nth(1)?;
        suffix = psl::suffix(above)?;
    }
    if !suffix.is_known() {
        return None;
    }
    // One label more than the suffix.
    let before = name.get(..name.len().checked_sub(suffix.as_bytes().len())?)?.strip_suffix('.')?;
    let label = before.rsplit('.').next().filter(|label| !label.is_empty())?;
    name.get(before.len() - label.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_cut_or_gone() {
        let catalogue = Catalogue::embedded().unwrap();
        for (name, expected) in [
            ("long.weixin.qq.com", Fate::Kept),
            ("alice.mail.some-company.co.uk", Fate::Cut("some-company.co.uk")),
            ("Some-Company.co.uk", Fate::Kept),
            ("alice.dyndns.org", Fate::Cut("dyndns.org")),
            ("alice.github.io", Fate::Cut("github.io")),
            ("alices-phone.local", Fate::Gone),
            ("alices-phone", Fate::Gone),
            ("nas.home.arpa", Fate::Gone),
            ("7.1.168.192.in-addr.arpa", Fate::Gone),
            ("alices-phone.fritz.box", Fate::Gone),
            ("printer.no-such-end", Fate::Gone),
            ("com", Fate::Gone),
            ("", Fate::Gone),
            (".com", Fate::Gone),
            ("a b.com", Fate::Gone),
            ("192.168.1.7", Fate::Address),
        ] {
            assert_eq!(fate(name, &catalogue), expected, "{name}");
        }
    }
}
