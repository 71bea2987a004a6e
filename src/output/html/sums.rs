//! Bytes sent by country, of a part of a report: what a line of the table says.

use super::row;
use crate::output::words;
use crate::place::Country;
use crate::report::{Destination, ShareLine};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes sent, by country.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) bytes: u64,
    pub(super) countries: BTreeMap<Country, Cell>,
    /// By the letter of why there is no country.
    pub(super) none: BTreeMap<char, u64>,
    pub(super) none_bytes: u64,
    /// By who runs the network: bytes, and the code of its law.
    pub(super) networks: BTreeMap<String, (u64, String)>,
    open: Vec<(BTreeSet<Country>, Cell)>,
}

/// Confirmed, reported, disputed.
#[derive(Clone, Copy, Default)]
pub(super) struct Cell {
    pub(super) confirmed: u64,
    pub(super) reported: u64,
    pub(super) disputed: u64,
}

impl Cell {
    pub(super) const fn high(&self) -> u64 {
        self.confirmed + self.reported + self.disputed
    }

    fn add(&mut self, other: &Self) {
        self.confirmed += other.confirmed;
        self.reported += other.reported;
        self.disputed += other.disputed;
    }

    /// The share as it stands in the table.
    pub(super) fn words(&self, total: u64) -> String {
        let possible_bytes = self.reported + self.disputed;
        let line = ShareLine {
            certain_bytes: self.confirmed,
            possible_bytes,
            reported_bytes: self.reported,
            ..ShareLine::default()
        };
        words::cell(&line, total)
    }
}

impl Sums {
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a Destination>) -> Self {
        let mut sums = Self::default();
        for one in rows.filter(|one| one.standing.is_shared()) {
            let countries = one.candidates.iter().map(|one| one.country).collect();
            let law = one.jurisdiction.as_ref().map_or("", Country::code);
            let network = network(one.operator.as_ref(), one.as_name.as_ref());
            sums.add(row::standing(one), countries, one.payload.sent, (network, law));
        }
        sums
    }

    /// Adds bytes of which the same may be said: the letter of their standing, their countries, who runs the network and its law.
    pub(super) fn add(&mut self, letter: char, countries: BTreeSet<Country>, bytes: u64, (network, law): (&str, &str)) {
        if bytes == 0 {
            return;
        }
        self.bytes += bytes;
        let cell = match letter {
            'c' => Cell { confirmed: bytes, ..Cell::default() },
            'r' => Cell { reported: bytes, ..Cell::default() },
            'd' => Cell { disputed: bytes, ..Cell::default() },
            letter => {
                *self.none.entry(letter).or_default() += bytes;
                self.none_bytes += bytes;
                Cell::default()
            }
        };
        if cell.high() > 0 {
            countries.iter().for_each(|country| self.countries.entry(*country).or_default().add(&cell));
            self.open.push((countries, cell));
        }
        self.networks.entry(network.to_owned()).or_insert_with(|| (0, law.to_owned())).0 += bytes;
    }

    /// Countries, most bytes first.
    pub(super) fn ranked(&self) -> Vec<(Country, Cell)> {
        let mut all: Vec<_> = self.countries.iter().map(|(country, cell)| (*country, *cell)).collect();
        all.sort_by_key(|(country, cell)| (std::cmp::Reverse(cell.high()), *country));
        all
    }

    /// What has no country, by reason, most first.
    pub(super) fn reasons(&self) -> Vec<(char, u64)> {
        let mut all: Vec<_> = self.none.iter().map(|(letter, bytes)| (*letter, *bytes)).collect();
        all.sort_by_key(|(letter, bytes)| (std::cmp::Reverse(*bytes), *letter));
        all
    }

    /// Countries other than these, each byte once.
    pub(super) fn beyond(&self, columns: &[Country]) -> Cell {
        let mut cell = Cell::default();
        let open = self.open.iter().filter(|(countries, _)| countries.iter().any(|one| !columns.contains(one)));
        open.for_each(|(_, one)| cell.add(one));
        cell
    }
}

/// Who runs a network, as the page says it.
pub(super) fn network<'a>(operator: Option<&'a String>, as_name: Option<&'a String>) -> &'a str {
    operator.or(as_name).map_or("network not known", String::as_str)
}
