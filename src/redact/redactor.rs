//! Everything that is needed to redact: mappings of addresses, labels and names.

use super::address::Addresses;
use super::key::Key;
use super::name::{Fate, fate};
use super::removed::{Removed, What};
use crate::analysis::Knowledge;
use crate::app::{Catalogue, EvidenceKind};
use crate::place::{Embedded, Scope, scope};
use crate::report::OTHER_OWNERS;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;
use std::net::IpAddr;

/// Redacts reports and flows.
#[derive(Debug)]
pub struct Redactor<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) database: &'a Embedded,
    pub(super) addresses: Addresses,
    labels: [u8; 16],
    pub(super) keeps_frames: bool,
    /// Addresses, times and labels are those of a redacted capture already.
    pub(super) is_again: bool,
}

impl<'a> Redactor<'a> {
    /// What redacts with this key. `keeps_frames` leaves the numbers of frames, which lead back to the captures.
    pub fn new(key: &Key, knowledge: &'a Knowledge, keeps_frames: bool) -> Self {
        Self {
            catalogue: &knowledge.catalogue,
            database: knowledge.places.embedded(),
            addresses: Addresses::new(key),
            labels: key.part("labels"),
            keeps_frames,
            is_again: false,
        }
    }

    /// The same for what was read from a redacted capture: names, databases and places are redacted, and what was replaced in it stays.
    #[must_use]
    pub fn again(self) -> Self {
        Self { addresses: Addresses::same(), is_again: true, ..self }
    }

    /// The mapping of addresses.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Whether the numbers of frames stay.
    pub const fn keeps_frames(&self) -> bool {
        self.keeps_frames
    }

    /// An address of this end of a flow; `is_hidden` also hides it where it is on the public network.
    pub(super) fn address(&self, ip: IpAddr, is_hidden: bool, what: What, removed: &mut Removed) -> IpAddr {
        let moved = if is_hidden && !self.is_again { self.addresses.hidden(ip) } else { self.addresses.local(ip) };
        if moved != ip {
            removed.replace(what, &ip.to_string(), &moved.to_string());
        }
        moved
    }

    /// What is left of a name; nothing where it is of a local network.
    pub fn name(&self, name: &str, removed: &mut Removed) -> Option<String> {
        match fate(name, self.catalogue) {
            Fate::Kept => Some(name.to_owned()),
            Fate::Cut(end) => {
                removed.replace(What::Name, name, end);
                Some(end.to_owned())
            }
            Fate::Gone => {
                removed.remove(What::Name, name);
                None
            }
            Fate::Address => {
                let ip = name.trim_matches(['[', ']']).parse().ok().filter(|ip| scope(*ip) == Scope::Global);
                if ip.is_none() {
                    removed.remove(What::Address, name);
                }
                ip.map(|ip: IpAddr| ip.to_string())
            }
        }
    }

    /// Whether the catalogue knows an app, or it is the sum of all that it does not.
    pub(super) fn is_known(&self, app: &str) -> bool {
        self.is_again && is_label(app) || self.catalogue.app(app).is_some() || app == OTHER_OWNERS
    }

    /// The id of an app: its own if the catalogue knows it, else a label that the key makes of it.
    pub fn app(&self, id: &str, removed: &mut Removed) -> String {
        if self.is_known(id) {
            return id.to_owned();
        }
        let label = self.label("app", id);
        removed.replace(What::Owner, id, &label);
        label
    }

    /// The label or package of an owner, likewise.
    pub(super) fn owner(&self, text: &str, removed: &mut Removed) -> String {
        let is_known = |key: &str| self.is_again && is_label(key) || self.catalogue.owned_by(key).is_some();
        if is_known(text) {
            return text.to_owned();
        }
        let label = self.label("app", text);
        removed.replace(What::Owner, text, &label);
        label
    }

    /// The rule of a claim. Those of apps that the catalogue does not know hold the names of owners; some hold numbers of frames.
    pub(super) fn rule(&self, app: &str, kind: EvidenceKind, rule: &str, removed: &mut Removed) -> String {
        if !self.is_known(app) {
            removed.remove(What::Owner, rule);
            return format!("{} {}", kind.word(), self.app(app, removed));
        }
        match self.keeps_frames {
            true => rule.to_owned(),
            false => without_frame(rule),
        }
    }

    /// A frame's number; 0, which no frame has, where they are left out.
    pub(super) fn frame(&self, number: u64, removed: &mut Removed) -> u64 {
        if self.keeps_frames {
            return number;
        }
        removed.note(What::Frame);
        0
    }

    /// A label that tells texts apart without telling them.
    fn label(&self, word: &str, text: &str) -> String {
        let mut hasher = SipHasher24::new_with_key(&self.labels);
        hasher.write(text.as_bytes());
        format!("{word}-{:08x}", hasher.finish() as u32)
    }
}

/// Whether a text may be a label that stands for an owner.
fn is_label(text: &str) -> bool {
    text.strip_prefix("app-").is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The name of a capture in place of its own.
pub(super) fn capture(position: usize) -> String {
    format!("capture {}", position + 1)
}

/// An inherited rule without the number of its frame: `neighbour frame 12 (domain x)`.
fn without_frame(rule: &str) -> String {
    let Some((before, after)) = rule.split_once(" frame ") else { return rule.to_owned() };
    let rest = after.trim_start_matches(|one: char| one.is_ascii_digit());
    if rest.len() == after.len() { rule.to_owned() } else { format!("{before}{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_owners_apart_and_rules_lose_frames() {
        let knowledge = Knowledge::embedded().unwrap();
        let redactor = |secret: &[u8]| Redactor::new(&Key::new(secret), &knowledge, false);
        let (one, other) = (redactor(b"one"), redactor(b"other"));
        let mut removed = Removed::default();
        let label = one.app("My own tracker", &mut removed);
        assert!(label.starts_with("app-") && label.len() == 12, "{label}");
        assert_eq!(label, one.owner("My own tracker", &mut removed));
        assert_ne!(label, one.app("My other tracker", &mut removed));
        assert_ne!(label, other.app("My own tracker", &mut removed));
        assert_eq!(one.app("wechat", &mut removed), "wechat");
        assert_eq!(one.owner("com.tencent.mm", &mut removed), "com.tencent.mm");
        let rule = one.rule("My own tracker", EvidenceKind::Owner, "name My own tracker", &mut removed);
        assert_eq!(rule, format!("owner {label}"));
        let inherited = "same server frame 12 (domain weixin.qq.com)";
        let rule = one.rule("wechat", EvidenceKind::Inherited, inherited, &mut removed);
        assert_eq!(rule, "same server (domain weixin.qq.com)");
        assert_eq!(one.name("192.168.1.7", &mut removed), None);
        assert_eq!(one.name("203.205.254.7", &mut removed).as_deref(), Some("203.205.254.7"));
    }
}
