//! The claims of an address to the countries that lineages name, each lineage with one voice.

use super::claim::Claim;
use super::lineage::Lineage;
use super::territory;
use crate::place::Country;
use std::collections::{BTreeMap, BTreeSet};

/// A country that is named for an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Named {
    /// The country; a territory where others name its state.
    pub(super) country: Country,
    /// The lineages that name it.
    pub(super) lineages: BTreeSet<Lineage>,
    /// Those of them whose databases are near enough in time, and independent enough, to confirm it.
    pub(super) confirming: BTreeSet<Lineage>,
    /// Those of them that are independent of each other, whatever the date.
    pub(super) independent: BTreeSet<Lineage>,
}

impl Named {
    /// What the claim weighs against others of the capture: agreement of two lineages is right far more often than one word.
    pub(super) fn weight(&self) -> u64 {
        if self.independent.len() >= 2 { 3 } else { 1 }
    }
}

/// What all lineages say of an address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Votes {
    /// The countries, sorted.
    pub(super) named: Vec<Named>,
    /// All databases are more than three years from the capture.
    pub(super) is_stale: bool,
    /// Months between the capture and the database furthest from it of those that vote.
    pub(super) gap_months: Option<u32>,
    /// Only registries name a country.
    pub(super) is_registry_only: bool,
}

impl Votes {
    /// Counts the voices. Where a database of the capture's time has a claim, databases more than three years away have none;
    /// of one lineage the databases nearest in time speak for it.
    pub(super) fn of(claims: &[Claim], registry: Option<Country>) -> Self {
        let located: Vec<&Claim> = claims.iter().filter(|claim| claim.lineage.is_location()).collect();
        let is_stale = !located.is_empty() && located.iter().all(|claim| claim.is_stale());
        let mut nearest: BTreeMap<Lineage, u32> = BTreeMap::new();
        let voting: Vec<&Claim> = located.into_iter().filter(|claim| is_stale || !claim.is_stale()).collect();
        for claim in &voting {
            let gap = nearest.entry(claim.lineage).or_insert(claim.gap_months);
            *gap = claim.gap_months.min(*gap);
        }
        let voting: Vec<&Claim> =
            voting.into_iter().filter(|claim| nearest.get(&claim.lineage) == Some(&claim.gap_months)).collect();
        let countries: BTreeSet<Country> = voting.iter().map(|claim| claim.country).collect();
        let is_shown = |country: &&Country| !countries.iter().any(|&other| territory::is_finer(other, **country));
        let named = countries.iter().filter(is_shown).map(|&country| {
            let says = |claim: &&&Claim| claim.country == country || territory::is_finer(country, claim.country);
            let independent =
                |claim: &&&Claim| claim.lineage.may_confirm(registry.is_some_and(|registry| registry == claim.country));
            let is_fresh = |claim: &&&Claim| claim.gap_months <= claim.lineage.fresh_months();
            let lineages = |claims: Vec<&&Claim>| claims.into_iter().map(|claim| claim.lineage).collect();
            Named {
                country,
                lineages: lineages(voting.iter().filter(says).collect()),
                confirming: lineages(voting.iter().filter(says).filter(independent).filter(is_fresh).collect()),
                independent: lineages(voting.iter().filter(says).filter(independent).collect()),
            }
        });
        Self {
            named: named.collect(),
            is_stale,
            gap_months: voting.iter().map(|claim| claim.gap_months).max(),
            is_registry_only: voting.is_empty() && !claims.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(lineage: Lineage, code: &str, gap_months: u32) -> Claim {
        Claim { lineage, country: Country::new(code).unwrap(), gap_months }
    }

    fn named(claims: &[Claim]) -> Vec<(&str, usize)> {
        let votes = Votes::of(claims, Country::new("CN"));
        let code =
            |country: Country| *["PR", "US", "HK", "CN", "SG"].iter().find(|code| **code == country.code()).unwrap();
        votes.named.iter().map(|named| (code(named.country), named.confirming.len())).collect()
    }

    #[test]
    fn two_files_of_one_lineage_are_one_voice() {
        let claims = [claim(Lineage::DbIp, "SG", 5), claim(Lineage::DbIp, "SG", 1), claim(Lineage::DbIp, "HK", 9)];
        assert_eq!(named(&claims), [("SG", 1)]);
        assert_eq!(named(&[claim(Lineage::DbIp, "SG", 5), claim(Lineage::DbIp, "HK", 5)]), [("HK", 1), ("SG", 1)]);
    }

    #[test]
    fn a_part_takes_the_voices_of_its_state() {
        assert_eq!(named(&[claim(Lineage::DbIp, "US", 0), claim(Lineage::MaxMind, "PR", 0)]), [("PR", 2)]);
        assert_eq!(named(&[claim(Lineage::DbIp, "CN", 0), claim(Lineage::MaxMind, "HK", 0)]), [("CN", 1), ("HK", 1)]);
    }

    #[test]
    fn old_databases_confirm_nothing_and_give_way_to_those_of_the_time() {
        assert_eq!(named(&[claim(Lineage::DbIp, "SG", 13), claim(Lineage::Operator, "SG", 13)]), [("SG", 1)]);
        assert_eq!(named(&[claim(Lineage::DbIp, "SG", 110), claim(Lineage::MaxMind, "HK", 2)]), [("HK", 1)]);
        let stale = Votes::of(&[claim(Lineage::DbIp, "SG", 110)], None);
        assert!(stale.is_stale && stale.gap_months == Some(110) && stale.named.len() == 1);
    }

    #[test]
    fn registries_have_no_voice() {
        let votes = Votes::of(&[claim(Lineage::Registry, "CN", 0)], Country::new("CN"));
        assert!(votes.is_registry_only && votes.named.is_empty() && !votes.is_stale);
        assert_eq!(named(&[claim(Lineage::IpFire, "CN", 0), claim(Lineage::DbIp, "CN", 0)]), [("CN", 1)]);
        assert_eq!(Votes::of(&[], None), Votes::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn order_does_not_matter(claims in proptest::collection::vec((0..8_usize, 0..5_usize, 0..60_u32), 0..8)) {
            const LINEAGES: [Lineage; 8] = [Lineage::DbIp, Lineage::MaxMind, Lineage::Ip2Location, Lineage::IpInfo,
                Lineage::IpFire, Lineage::Operator, Lineage::Registry, Lineage::Unknown];
            const CODES: [&str; 5] = ["PR", "US", "HK", "CN", "SG"];
            let claims: Vec<Claim> =
                claims.into_iter().map(|(lineage, code, gap)| claim(LINEAGES[lineage], CODES[code], gap)).collect();
            let turned: Vec<Claim> = claims.iter().rev().copied().collect();
            let votes = Votes::of(&claims, Country::new("CN"));
            prop_assert_eq!(&votes, &Votes::of(&turned, Country::new("CN")));
            for named in &votes.named {
                prop_assert!(!named.lineages.is_empty() && named.confirming.is_subset(&named.independent));
            }
        }
    }
}
