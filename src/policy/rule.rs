//! What a policy says.

use super::regions::{Member, Region};
use crate::place::Country;
use serde::{Deserialize, Serialize};

/// A value, and where in the policy it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// All rules, in the order of the file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Policy {
    /// The rules. Their names differ.
    pub rules: Vec<Rule>,
}

/// Which payload a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What the device sent.
    #[default]
    Up,
    /// What it received.
    Down,
    /// Both together.
    Both,
}

impl Direction {
    /// What its bytes are called: `sent`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "sent",
            Self::Down => "received",
            Self::Both => "sent and received",
        }
    }
}

/// What a rule asks of the bytes that fit its table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// There are none.
    Deny,
    /// There are no others.
    AllowOnly,
    /// There are some.
    Expect,
}

impl Kind {
    /// Its key in a policy.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::AllowOnly => "allow_only",
            Self::Expect => "expect",
        }
    }
}

/// A share in millionths of the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Share(u32);

impl Share {
    const WHOLE: u32 = 1_000_000;

    /// From 0 to 1, to the millionth.
    pub fn new(share: f64) -> Option<Self> {
        let scaled = (share * f64::from(Self::WHOLE)).round();
        (0.0..=f64::from(Self::WHOLE)).contains(&scaled).then_some(Self(scaled as u32))
    }

    /// The most bytes of so many that are no more than this share.
    pub fn of(self, bytes: u64) -> u64 {
        let share = u128::from(bytes) * u128::from(self.0) / u128::from(Self::WHOLE);
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// What it is called.
    pub name: Located<String>,
    /// Ids of apps; empty for all apps.
    pub apps: Vec<Located<String>>,
    /// Which payload it is about.
    pub direction: Direction,
    /// What it asks.
    pub kind: Kind,
    /// Of which bytes.
    pub table: Table,
    /// So many bytes do not break it.
    pub over_bytes: Option<u64>,
    /// This share does not break it. Where both are given, it breaks only over both.
    pub over_share: Option<Share>,
}

impl Policy {
    /// The policy with other ids of apps.
    pub fn with_apps(&self, mut shown: impl FnMut(&str) -> String) -> Self {
        let mut policy = self.clone();
        policy.rules.iter_mut().flat_map(|rule| &mut rule.apps).for_each(|app| app.value = shown(&app.value));
        policy
    }
}

impl Rule {
    /// The most bytes that do not count, of a total.
    pub fn threshold(&self, total: u64) -> u64 {
        let share = self.over_share.map_or(0, |share| share.of(total));
        share.max(self.over_bytes.unwrap_or(0))
    }
}

/// Lists that bytes must fit, all of those that are given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// Countries of the endpoints.
    pub country: Option<Vec<Country>>,
    /// Regions, or countries, of the endpoints.
    pub region: Option<Vec<Territory>>,
    /// Jurisdictions of who runs the endpoints.
    pub jurisdiction: Option<Vec<Country>>,
    /// Families of companies that run the endpoints.
    pub operator: Option<Vec<String>>,
    /// Networks.
    pub asn: Option<Vec<u32>>,
    /// Countries in which the address blocks are registered.
    pub registered_country: Option<Vec<Country>>,
    /// Server names.
    pub name: Option<Vec<Names>>,
}

/// A region, or one country.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Territory {
    /// A region.
    Region(Region),
    /// A country.
    Country(Country),
}

impl Territory {
    /// Whether a country belongs to it from the first to the last day (`YYYY-MM-DD`).
    pub fn holds(self, country: Country, days: Option<(&str, &str)>) -> Member {
        match self {
            Self::Region(region) => region.holds(country, days),
            Self::Country(own) if own == country => Member::Yes,
            Self::Country(_) => Member::No,
        }
    }
}

/// Server names, in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Names {
    /// This name alone.
    Exactly(String),
    /// All names below this domain, not the domain itself.
    Below(String),
}

impl Names {
    /// `www.example.com` or `*.example.com`.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let (name, is_below) = match text.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (text.as_str(), false),
        };
        let is_name =
            !name.is_empty() && name.split('.').all(|label| !label.is_empty() && !label.contains(['*', '/', ':', ' ']));
        is_name.then(|| if is_below { Self::Below(name.to_owned()) } else { Self::Exactly(name.to_owned()) })
    }

    /// Whether a name is one of them. Case does not matter.
    pub fn holds(&self, name: &str) -> bool {
        match self {
            Self::Exactly(own) => name.eq_ignore_ascii_case(own),
            Self::Below(domain) => {
                let at = name.len().checked_sub(domain.len());
                let (before, end) = at.and_then(|at| name.split_at_checked(at)).unwrap_or_default();
                before.len() > 1 && before.ends_with('.') && end.eq_ignore_ascii_case(domain)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_by_label() {
        let holds = |pattern: &str, name: &str| Names::new(pattern).unwrap().holds(name);
        assert!(holds("a.example", "A.example") && !holds("a.example", "b.a.example"));
        assert!(holds("*.example.com", "b.a.Example.com") && holds("*.a.b", "c.a.b"));
        assert!(!holds("*.a.b", "a.b") && !holds("*.a.b", ".a.b") && !holds("*.a.b", "xa.b") && !holds("*.é.b", "é"));
        assert!(["", "*", "*.", "a..b", "a.*.b", "https://a", ".a"].iter().all(|text| Names::new(text).is_none()));
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(Share::new(0.05).unwrap().of(1_000), 50);
        assert_eq!(Share::new(0.05).unwrap().of(1_019), 50);
        assert_eq!((Share::new(1.0).unwrap().of(u64::MAX), Share::new(0.0).unwrap().of(9)), (u64::MAX, 0));
        assert_eq!((Share::new(1.1), Share::new(-0.1), Share::new(f64::NAN)), (None, None, None));
    }
}
