//! Regions that a policy may name. The EEA and the countries with an adequacy decision (GDPR Art. 45) are those of the European
//! framework on transfers (`data/transfers-eu.tsv`).
//!
//! The EU is its members with those parts to which its law applies and that have a code of their own (TFEU Art. 349 and 355: the
//! outermost regions of France, and Åland).

use crate::place::Country;
use crate::report::transfers::{Decision, Framework, Group};
use jiff::civil::Date;
use std::sync::OnceLock;

/// The members of the EU.
const EU: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
/// Parts of members to which the law of the EU applies.
const EU_PARTS: &[&str] = &["AX", "GF", "GP", "MF", "MQ", "RE", "YT"];
/// The word of the European framework.
const FRAMEWORK: &str = "eu";

/// A set of countries with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Region {
    /// The European Union.
    Eu,
    /// The European Economic Area.
    Eea,
    /// Countries with an adequacy decision of the European Commission. The EEA is not among them: it needs none.
    Adequate,
}

/// Whether a country belongs to a region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Member {
    /// No.
    No,
    /// In part, or for a part of the time: the country alone does not decide.
    Partly,
    /// Yes.
    Yes,
}

/// What the European framework makes of countries.
fn framework() -> Option<&'static Framework> {
    static FRAMEWORK_ROWS: OnceLock<Option<Framework>> = OnceLock::new();
    FRAMEWORK_ROWS.get_or_init(|| Framework::find(FRAMEWORK)).as_ref()
}

/// What a row says of its country from the first to the last day (`YYYY-MM-DD`). Other rows may hold for the rest of the time, so
/// that outside of its own it decides nothing.
fn holds(row: &Decision, days: Option<(&str, &str)>) -> Member {
    let day = |text: &str| text.parse::<Date>().ok();
    let is_in_force = match days.map(|(first, last)| (day(first), day(last))) {
        None => true,
        Some((Some(first), Some(last))) => row.holds_on(first) && row.holds_on(last),
        Some(_) => false,
    };
    if is_in_force && row.group != Group::Limited && row.scope.is_none() { Member::Yes } else { Member::Partly }
}

impl Region {
    /// All regions by the words that a policy uses.
    pub const ALL: [(&str, Self); 3] = [("EU", Self::Eu), ("EEA", Self::Eea), ("adequate", Self::Adequate)];

    /// The region with this name. Case does not matter.
    pub fn new(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| own.eq_ignore_ascii_case(word)).map(|(_, region)| *region)
    }

    /// Whether a country belongs to it from the first to the last day (`YYYY-MM-DD`), which matters for decisions only.
    pub fn holds(self, country: Country, days: Option<(&str, &str)>) -> Member {
        let is_in = |list: &[&str]| list.contains(&country.code());
        let rows = |groups: &'static [Group]| {
            let rows = framework().into_iter().flat_map(|framework| &framework.decisions);
            rows.filter(move |row| row.country == country && groups.contains(&row.group))
        };
        match self {
            Self::Eu if is_in(EU) || is_in(EU_PARTS) => Member::Yes,
            Self::Eu => Member::No,
            // Who is a member now: policies are about transfers of today.
            Self::Eea if rows(&[Group::Home]).any(|row| row.until.is_none()) => Member::Yes,
            Self::Eea => Member::No,
            Self::Adequate => {
                rows(&[Group::Adequate, Group::Limited]).map(|row| holds(row, days)).max().unwrap_or(Member::No)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::new(code).unwrap()
    }

    #[test]
    fn tables_are_sorted_and_hold_countries() {
        assert_eq!(EU.len(), 27);
        for list in [EU, EU_PARTS] {
            assert!(list.is_sorted_by(|a, b| a < b) && list.iter().all(|code| country(code).name().is_some()));
            assert!(
                list.iter().all(|code| Region::Eea.holds(country(code), None) == Member::Yes),
                "the EU is in the EEA"
            );
        }
    }

    #[test]
    fn the_united_states_are_never_a_plain_yes() {
        let days = Some(("2026-06-01", "2026-06-02"));
        assert_eq!(Region::Adequate.holds(country("US"), days), Member::Partly);
        assert_eq!(Region::Adequate.holds(country("KR"), days), Member::Partly);
        assert_eq!(Region::Adequate.holds(country("NZ"), days), Member::Yes);
        assert_eq!(Region::Adequate.holds(country("CN"), days), Member::No);
        assert_eq!(Region::Adequate.holds(country("FR"), days), Member::No);
    }

    #[test]
    fn a_decision_holds_for_its_time() {
        let holds = |first, last| Region::Adequate.holds(country("GB"), Some((first, last)));
        assert_eq!(holds("2026-01-01", "2031-12-27"), Member::Yes);
        assert_eq!(holds("2026-01-01", "2031-12-28"), Member::Partly);
        assert_eq!(holds("2017-04-14", "2026-01-01"), Member::Partly);
    }

    #[test]
    fn parts_follow_the_law_that_applies_there() {
        for (code, eu, eea) in [
            ("RE", Member::Yes, Member::Yes),
            ("NC", Member::No, Member::No),
            ("NO", Member::No, Member::Yes),
            ("SJ", Member::No, Member::No),
            ("GL", Member::No, Member::No),
            ("CH", Member::No, Member::No),
        ] {
            assert_eq!(
                (Region::Eu.holds(country(code), None), Region::Eea.holds(country(code), None)),
                (eu, eea),
                "{code}"
            );
        }
    }
}
