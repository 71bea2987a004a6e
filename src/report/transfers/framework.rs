//! A framework of law on transfers of personal data, as a table in `data/` has it: which countries are at home in it, for which there
//! is a decision, and which stand under a decision that holds for some recipients only.
//!
//! Another framework is one more file and one more row in [`FRAMEWORKS`].

use crate::place::Country;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The tables, by the word of `--transfers`.
const TABLES: &[(&str, &str)] = &[("eu", include_str!("../../../data/transfers-eu.tsv"))];

/// The words of `--transfers`.
pub fn frameworks() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(id, _)| *id)
}

/// What a country is to a framework.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The framework is its own law: a member of the EEA.
    Home,
    /// A decision holds for it.
    Adequate,
    /// A decision holds for some recipients there. No address shows whose they are, so that this is never a yes.
    Limited,
    /// Neither.
    Other,
}

impl Group {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Home, Self::Adequate, Self::Limited, Self::Other];
}

/// A row of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What it makes of the country.
    pub group: Group,
    /// The country.
    pub country: Country,
    /// The day from which it holds.
    pub from: Date,
    /// The last day on which it holds, where there is one.
    pub until: Option<Date>,
    /// Its number, or what the country is: `(EU) 2019/419`, `member of the EU`.
    pub name: &'static str,
    /// For whom it holds, where not for all.
    pub scope: Option<&'static str>,
    /// Whether somebody read the document.
    pub is_checked: bool,
}

impl Decision {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// A framework.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Framework {
    /// The word of `--transfers`.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Word and label of each group but [`Group::Other`].
    words: [(&'static str, &'static str); 3],
    /// The rows of its table.
    pub decisions: Vec<Decision>,
}

impl Framework {
    /// The framework that goes by this word.
    pub fn find(id: &str) -> Option<Self> {
        TABLES.iter().find(|(word, _)| *word == id).and_then(|(_, table)| Self::read(table))
    }

    fn read(table: &'static str) -> Option<Self> {
        let head = |key: &str| {
            let mut lines = table.lines().filter_map(|line| line.strip_prefix("# ")?.split_once('\t'));
            lines.find(|(name, _)| *name == key).map(|(_, rest)| rest)
        };
        let word = |key: &str| head(key)?.split_once('\t');
        Some(Self {
            id: head("id")?,
            title: head("title")?,
            words: [word("home")?, word("adequate")?, word("limited")?],
            decisions: table.lines().filter(|line| !line.starts_with('#')).map(row).collect::<Option<_>>()?,
        })
    }

    /// What a country is on a day. A country that is at home needs no decision, and a full one is more than a limited one.
    pub fn group(&self, country: Country, day: Date) -> Group {
        let held = self.decisions.iter().filter(|row| row.country == country && row.holds_on(day));
        held.map(|row| row.group).min().unwrap_or(Group::Other)
    }

    /// The word of a group in records.
    pub fn word(&self, group: Group) -> &'static str {
        self.names(group).0
    }

    /// What a group is called.
    pub fn label(&self, group: Group) -> &'static str {
        self.names(group).1
    }

    fn names(&self, group: Group) -> (&'static str, &'static str) {
        let [home, adequate, limited] = self.words;
        match group {
            Group::Home => home,
            Group::Adequate => adequate,
            Group::Limited => limited,
            Group::Other => ("other", "other countries"),
        }
    }
}

fn row(line: &'static str) -> Option<Decision> {
    let mut fields = line.split('\t');
    let group = match fields.next()? {
        "home" => Group::Home,
        "adequate" => Group::Adequate,
        "limited" => Group::Limited,
        _ => return None,
    };
    let country = Country::new(fields.next()?)?;
    let from = fields.next()?.parse().ok()?;
    let until = match fields.next()? {
        "" => None,
        until => Some(until.parse().ok()?),
    };
    let name = fields.next()?;
    let scope = Some(fields.next()?).filter(|scope| !scope.is_empty());
    let is_checked = match fields.next()? {
        "read" => true,
        "memory" => false,
        _ => return None,
    };
    fields.next().is_none().then_some(Decision { group, country, from, until, name, scope, is_checked })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_whole_and_sorted() {
        for (id, table) in TABLES {
            let framework = Framework::find(id).expect("the table can be read");
            assert_eq!((framework.id, framework.decisions.is_empty()), (*id, false));
            let rows = table.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(framework.decisions.len(), rows);
            assert!(framework.decisions.is_sorted_by_key(|row| (row.group, row.country, row.from)));
            assert!(
                framework
                    .decisions
                    .iter()
                    .all(|row| row.country.name().is_some() && row.until.is_none_or(|until| row.from < until))
            );
        }
    }

    #[test]
    fn a_country_is_what_it_is_on_that_day() {
        let eu = Framework::find("eu").unwrap();
        let group = |code: &str, day: &str| eu.group(Country::new(code).unwrap(), day.parse().unwrap());
        assert_eq!((group("DE", "2026-06-01"), group("NO", "2026-06-01")), (Group::Home, Group::Home));
        assert_eq!((group("JP", "2018-12-31"), group("JP", "2026-06-01")), (Group::Other, Group::Adequate));
        assert_eq!((group("GB", "2020-06-01"), group("GB", "2021-03-01")), (Group::Home, Group::Other));
        assert_eq!((group("GB", "2026-06-01"), group("GB", "2031-12-28")), (Group::Adequate, Group::Other));
        // Never a plain yes.
        assert_eq!((group("US", "2026-06-01"), group("US", "2022-01-01")), (Group::Limited, Group::Other));
        assert_eq!((group("CN", "2026-06-01"), group("GL", "2026-06-01")), (Group::Other, Group::Other));
        assert!(Framework::find("mars").is_none());
    }
}
