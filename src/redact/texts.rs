//! Names in payload to texts of the same length: those that a proof is to show stay, of others as much as a report would show, and the rest
//! becomes `x`.

use super::redactor::Redactor;
use super::removed::{Removed, What};
use crate::app::HitTarget;
use std::collections::BTreeSet;

/// Which names stay.
#[derive(Debug)]
pub struct Texts<'a> {
    redactor: &'a Redactor<'a>,
    /// Ids of the apps whose names stay.
    apps: BTreeSet<String>,
    /// Names that are shown, in lower case: as much of them stays as a report would show.
    shown: BTreeSet<String>,
}

impl<'a> Texts<'a> {
    /// Names of these apps stay, and what a redacted report shows of the names of their flows.
    pub fn new(
        redactor: &'a Redactor<'a>,
        apps: impl Iterator<Item = String>,
        shown: impl Iterator<Item = String>,
    ) -> Self {
        Self { redactor, apps: apps.collect(), shown: shown.map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// How many bytes at the end of a name stay.
    fn stays(&self, name: &str) -> usize {
        let lower = name.to_ascii_lowercase();
        let hit = self.redactor.catalogue.look_up(&lower);
        if hit.is_some_and(|hit| matches!(hit.target, HitTarget::App(app) if self.apps.contains(&*app.id))) {
            return name.len();
        }
        if !self.shown.contains(&lower) {
            return 0;
        }
        let kept = self.redactor.name(name, &mut Removed::default());
        kept.map_or(0, |kept| if lower.ends_with(&kept.to_ascii_lowercase()) { kept.len() } else { 0 })
    }

    /// Whether all of a name stays.
    pub fn is_kept(&self, name: &str) -> bool {
        self.stays(name) == name.len()
    }

    /// The name with `x` for what does not stay of it, but for dots and hyphens. Notes what was taken out.
    pub fn masked(&self, name: &str, removed: &mut Removed) -> String {
        let mut bytes = name.as_bytes().to_vec();
        let at = bytes.len() - self.stays(name);
        mask(bytes.get_mut(..at).unwrap_or_default());
        let masked = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = name.get(at..).filter(|end| !end.is_empty()) {
            removed.keep(&end.to_ascii_lowercase());
        }
        if at > 0 {
            removed.replace(What::Name, &name.to_ascii_lowercase(), &masked);
        }
        masked
    }

    /// Whether a name is nothing but what this leaves: one that stays, or one that was masked.
    pub fn is_clean(&self, name: &str) -> bool {
        let is_masked = |label: &str| label.bytes().all(|byte| matches!(byte, b'x' | b'-' | b'_'));
        let kept = |end: &str| self.is_kept(end) || self.shown.iter().any(|name| self.masked_end(name) == Some(end));
        let mut rest = name;
        loop {
            if rest.is_empty() || kept(rest) {
                return true;
            }
            let (label, after) = rest.split_once('.').unwrap_or((rest, ""));
            if !is_masked(label) {
                return false;
            }
            rest = after;
        }
    }

    fn masked_end<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.get(name.len() - self.stays(name)..).filter(|end| !end.is_empty())
    }
}

/// Puts `x` for all but what only separates.
fn mask(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| !matches!(byte, b'.' | b'-' | b':' | b'/')).for_each(|byte| *byte = b'x');
}

#[cfg(test)]
mod tests {
    use super::super::key::Key;
    use super::*;
    use crate::analysis::Knowledge;

    #[test]
    fn names_of_the_apps_stay_and_others_become_x() {
        let knowledge = Knowledge::embedded().unwrap();
        let redactor = Redactor::new(&Key::new(b"a key of the test"), &knowledge, false);
        let shown = ["alice.dyndns.org", "Alices-Phone.local"].map(str::to_owned);
        let texts = Texts::new(&redactor, std::iter::once("wechat".to_owned()), shown.into_iter());
        let mut removed = Removed::default();
        for (name, masked) in [
            ("long.weixin.qq.com", "long.weixin.qq.com"),
            ("alice.dyndns.org", "xxxxx.dyndns.org"),
            ("carol.dyndns.org", "xxxxx.xxxxxx.xxx"),
            ("alices-phone.local", "xxxxxx-xxxxx.xxxxx"),
            ("web.whatsapp.com", "xxx.xxxxxxxx.xxx"),
        ] {
            assert_eq!(texts.masked(name, &mut removed), masked);
            assert!(texts.is_clean(masked), "{masked}");
            assert_eq!(texts.is_clean(name), name == masked, "{name}");
        }
        assert_eq!(removed.counts(), [(What::Name, Some(4))]);
    }
}
