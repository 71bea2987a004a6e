//! Finds the longest domain rule that covers a name, with one hash look-up per label and without allocating.
//!
//! Rules have three forms: a plain suffix (`weixin.qq.com`); labels with `*` in front of a plain suffix
//! (`igcdn-photos-*.akamaihd.net`); and a family (`google.*`), which is that label directly under a public suffix
//! that ends in a country's two letters, by the public suffix list.

use crate::name::is_ip_literal;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use memchr::memrchr;

/// Longest name looked at: RFC 1035 §2.3.4 allows 255 octets.
const NAME_LIMIT: usize = 255;

/// The most labels that a rule may have. This bounds the look-ups per name.
const LABEL_LIMIT: usize = 10;

/// How many characters other than `*` a label directly under a public suffix must have, so that one rule does not
/// claim a whole CDN.
const LITERAL_MINIMUM: usize = 4;

/// The registrable domain of a name, by the public suffix list: the site or service that it belongs to. The name itself where it has
/// none, as addresses and public suffixes have.
pub fn site_of(name: &str) -> &str {
    let name = name.strip_suffix('.').unwrap_or(name);
    if is_ip_literal(name) { name } else { psl::domain_str(name).unwrap_or(name) }
}

/// Where a rule may begin, depending on whose rule it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strictness {
    /// An app's rule: it must lie below every public suffix, of registries and of hosters (`github.io`) alike.
    App,
    /// A shared service's rule: it may be the public suffix of a hoster, which is what such services run, but not of
    /// a registry.
    Service,
}

/// Labels with `*`, kept right to left, in front of a plain suffix (the anchor).
#[derive(Clone, PartialEq, Eq, Debug)]
struct Glob {
    labels: Vec<Box<str>>,
    rule: u32,
}

#[derive(Clone, Default, Debug)]
struct Node {
    rule: Option<u32>,
    globs: Vec<Glob>,
}

/// All rules, ready to be looked up.
#[derive(Clone, Default, Debug)]
pub(super) struct DomainIndex {
    nodes: HashMap<Box<str>, Node, FixedState>,
    families: HashMap<Box<str>, u32, FixedState>,
    label_maximum: usize,
}

impl DomainIndex {
    /// Makes room for so many rules.
    pub(super) fn reserve(&mut self, rules: usize) {
        self.nodes.reserve(rules);
    }

    /// Adds a rule, whose number [`Self::find`] will return. An error says what is wrong with the pattern, or which
    /// rule has the same pattern already.
    pub(super) fn insert(&mut self, pattern: &str, strictness: Strictness, rule: u32) -> Result<(), Refusal> {
        match parse(pattern, strictness)? {
            Pattern::Family(label) => match self.families.entry(label.into()) {
                Entry::Occupied(held) => Err(Refusal::Held(*held.get())),
                Entry::Vacant(free) => {
                    free.insert(rule);
                    Ok(())
                }
            },
            Pattern::Suffix(suffix) => {
                let node = self.nodes.entry(suffix.into()).or_default();
                if let Some(held) = node.rule {
                    return Err(Refusal::Held(held));
                }
                node.rule = Some(rule);
                self.label_maximum = self.label_maximum.max(suffix.split('.').count());
                Ok(())
            }
            Pattern::Glob { labels, anchor } => {
                let glob = Glob { labels: labels.into_iter().rev().map(Into::into).collect(), rule };
                let node = self.nodes.entry(anchor.into()).or_default();
                if let Some(held) = node.globs.iter().find(|held| held.labels == glob.labels) {
                    return Err(Refusal::Held(held.rule));
                }
                node.globs.push(glob);
                self.label_maximum = self.label_maximum.max(anchor.split('.').count());
                Ok(())
            }
        }
    }

    /// The rule with most labels that covers this name. The name must be in lower case; a trailing dot is ignored.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.len() > NAME_LIMIT {
            return None;
        }
        let (mut best, mut best_depth) = (None, 0);
        let mut end = memrchr(b'.', name.as_bytes())?;
        for depth in 2..=self.label_maximum {
            let dot = memrchr(b'.', name.as_bytes().get(..end)?);
            let suffix = name.get(dot.map_or(0, |at| at + 1)..)?;
            if let Some(node) = self.nodes.get(suffix) {
                if let Some(rule) = node.rule
                    && depth > best_depth
                {
                    (best, best_depth) = (Some(rule), depth);
                }
                if let Some(at) = dot {
                    let rest = name.get(..at)?;
                    for glob in &node.globs {
                        let reach = depth + glob.labels.len();
                        if reach > best_depth && covers(glob, rest) {
                            (best, best_depth) = (Some(glob.rule), reach);
                        }
                    }
                }
            }
            match dot {
                Some(at) => end = at,
                None => break,
            }
        }
        best.or_else(|| self.find_family(name))
    }

    /// Families are tried last, because the public suffix list costs more than all the look-ups above.
    fn find_family(&self, name: &str) -> Option<u32> {
        let (_, top) = name.rsplit_once('.')?;
        if top.len() != 2 || self.families.is_empty() {
            return None;
        }
        let domain = psl::domain(name.as_bytes())?;
        if domain.suffix().typ() != Some(psl::Type::Icann) {
            return None;
        }
        let label = domain.as_bytes().split(|&byte| byte == b'.').next()?;
        self.families.get(std::str::from_utf8(label).ok()?).copied()
    }
}

/// Whether the labels of a glob, right to left, match the rightmost labels of `rest`.
fn covers(glob: &Glob, rest: &str) -> bool {
    let mut labels = rest.rsplit('.');
    glob.labels.iter().all(|pattern| labels.next().is_some_and(|label| matches(pattern, label)))
}

/// Whether a label matches a pattern in which `*` stands for any characters. Matching greedily from the left is
/// enough, since the parts between stars only need to occur in order, with the last at the end.
fn matches(pattern: &str, label: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == label;
    };
    let Some(mut left) = label.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    true
}

/// Why a pattern was not added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    /// The rule with this number has the same pattern.
    Held(u32),
    /// What is wrong with the pattern, in words for people.
    Wrong(&'static str),
}

enum Pattern<'a> {
    Family(&'a str),
    Suffix(&'a str),
    Glob { labels: Vec<&'a str>, anchor: &'a str },
}

fn parse(pattern: &str, strictness: Strictness) -> Result<Pattern<'_>, Refusal> {
    let wrong = |what| Err(Refusal::Wrong(what));
    if pattern.len() > NAME_LIMIT || pattern.split('.').count() > LABEL_LIMIT {
        return wrong("is too long");
    }
    for label in pattern.split('.') {
        if label.is_empty() || label.len() > 63 {
            return wrong("has an empty or over-long label");
        }
        if !label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_*".contains(&b)) {
            return wrong(
                "has characters other than lower case letters, digits, `-`, `_` and `*` (write IDNs as xn--)",
            );
        }
    }
    if let Some(label) = pattern.strip_suffix(".*") {
        return match label.contains(['.', '*']) || label.len() < 3 {
            true => wrong("is no family: write one label of at least three characters before `.*`"),
            false => Ok(Pattern::Family(label)),
        };
    }
    let Some(star) = pattern.rfind('*') else {
        if !pattern.contains('.') {
            return wrong("has only one label");
        }
        if is_public_suffix(pattern, strictness) {
            return wrong("is a public suffix: anyone may own names under it");
        }
        return Ok(Pattern::Suffix(pattern));
    };
    let Some((head, anchor)) = pattern.get(star..).and_then(|tail| {
        let dot = star + tail.find('.')?;
        Some((pattern.get(..dot)?, pattern.get(dot + 1..)?))
    }) else {
        return wrong("ends in a label with `*`");
    };
    if !anchor.contains('.') {
        return wrong("has `*` directly under a top-level domain");
    }
    let labels: Vec<&str> = head.split('.').collect();
    let beside = labels.last().map_or(0, |label| label.bytes().filter(|&b| b != b'*').count());
    if is_public_suffix(anchor, Strictness::App) && beside < LITERAL_MINIMUM {
        return wrong("has too few characters beside `*` directly under a public suffix");
    }
    Ok(Pattern::Glob { labels, anchor })
}

/// Whether `name` as a whole is a public suffix of the kind that matters here.
fn is_public_suffix(name: &str, strictness: Strictness) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| {
        suffix.as_bytes().len() == name.len()
            && (strictness == Strictness::App || suffix.typ() != Some(psl::Type::Private))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(patterns: &[&str]) -> DomainIndex {
        let mut index = DomainIndex::default();
        for (rule, pattern) in (0u32..).zip(patterns) {
            assert_eq!(index.insert(pattern, Strictness::App, rule), Ok(()), "{pattern}");
        }
        index
    }

    #[test]
    fn longest_rule_wins() {
        let index = index(&["qq.com", "weixin.qq.com", "a.b.weixin.qq.com"]);
        for (name, rule) in [
            ("qq.com", Some(0)),
            ("qq.com.", Some(0)),
            ("im.qq.com", Some(0)),
            ("weixin.qq.com", Some(1)),
            ("szlong.weixin.qq.com", Some(1)),
            ("x.a.b.weixin.qq.com", Some(2)),
            ("b.weixin.qq.com", Some(1)),
            ("notqq.com", None),
            ("qq.com.evil.org", None),
            ("com", None),
            ("", None),
            (".", None),
            ("..", None),
        ] {
            assert_eq!(index.find(name), rule, "{name}");
        }
    }

    #[test]
    fn globs_match_label_by_label() {
        let index = index(&[
            "*tiktokcdn*.akamaized.net",
            "instagram*.*.fna.fbcdn.net",
            "fbcdn.net",
            "igcdn-photos-*.akamaihd.net",
        ]);
        for (name, rule) in [
            ("p16-tiktokcdn-com.akamaized.net", Some(0)),
            ("x.p16-tiktokcdn-com.akamaized.net", Some(0)),
            ("tiktokcdn.akamaized.net", Some(0)),
            ("tiktok.akamaized.net", None),
            ("instagram.fmct2-1.fna.fbcdn.net", Some(1)),
            ("scontent.fmct2-1.fna.fbcdn.net", Some(2)),
            ("instagram.fna.fbcdn.net", Some(2)),
            ("igcdn-photos-a-a.akamaihd.net", Some(3)),
            ("igcdn-photo-a-a.akamaihd.net", None),
        ] {
            assert_eq!(index.find(name), rule, "{name}");
        }
    }

    #[test]
    fn families_follow_the_public_suffix_list() {
        let index = index(&["google.*", "mail.google.com"]);
        for (name, rule) in [
            ("www.google.de", Some(0)),
            ("google.co.jp", Some(0)),
            ("www.google.com.tw", Some(0)),
            ("google.xyz", None),
            ("google.github.io", None),
            ("google.evil.de", None),
            ("de", None),
            ("co.jp", None),
        ] {
            assert_eq!(index.find(name), rule, "{name}");
        }
    }

    #[test]
    fn refuses_what_would_claim_too_much() {
        let mut index = DomainIndex::default();
        for pattern in [
            "com",
            "co.uk",
            "github.io",
            "akamaized.net",
            "*.com",
            "*.co.uk",
            "*.akamaized.net",
            "x*.akamaized.net",
            "a.*.*",
        ] {
            assert!(matches!(index.insert(pattern, Strictness::App, 0), Err(Refusal::Wrong(_))), "{pattern}");
        }
        for pattern in ["", ".", "a..b", "Example.com", "ex ample.com", "b\u{fc}cher.de", "*", "foo*"] {
            assert!(matches!(index.insert(pattern, Strictness::App, 0), Err(Refusal::Wrong(_))), "{pattern}");
        }
        assert_eq!(index.insert("github.io", Strictness::Service, 7), Ok(()));
        assert!(matches!(index.insert("co.uk", Strictness::Service, 0), Err(Refusal::Wrong(_))));
        assert_eq!(index.insert("github.io", Strictness::Service, 8), Err(Refusal::Held(7)));
    }

    #[test]
    fn a_site_is_what_someone_registered() {
        for (name, site) in [
            ("www.example.com", "example.com"),
            ("a.b.example.co.uk.", "example.co.uk"),
            ("someone.github.io", "someone.github.io"),
            ("github.io", "github.io"),
            ("printer", "printer"),
            ("198.51.100.7", "198.51.100.7"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("", ""),
        ] {
            assert_eq!(site_of(name), site, "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_name_is_looked_up(name in "[a-z.*]{0,40}|\\PC{0,300}") {
            let index = index(&["qq.com", "*tiktok*.akamaized.net", "google.*"]);
            let found = index.find(&name);
            prop_assert!(name.contains(site_of(&name)));
            prop_assert!(found.is_none() || name.contains('.'));
        }

        #[test]
        fn any_pattern_is_taken_or_refused(pattern in "[a-z.*]{0,20}|\\PC{0,40}") {
            let _ = DomainIndex::default().insert(&pattern, Strictness::App, 0);
        }

        #[test]
        fn stars_match_what_they_stand_for(a in "[a-z]{0,5}", b in "[a-z]{0,5}", c in "[a-z]{0,5}") {
            let (label, infix, whole) = (format!("x{a}y{b}z"), format!("*{b}*"), format!("{a}{b}{c}"));
            prop_assert!(matches("x*y*z", &label));
            prop_assert!(matches(&infix, &whole));
        }
    }
}
