//! How many bytes of a row fit the lists of a table: certain, possible, or not to be placed.

use super::regions::Member;
use super::rule::{Direction, Names, Table, Territory};
use crate::place::Country;
use crate::report::{Destination, RunLine, Standing};

/// Bytes that fit: so many for certain, up to so many by what is known, and up to so many if what cannot be placed fits too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// Certain.
    pub low: u64,
    /// Certain or possible.
    pub high: u64,
    /// With what cannot be placed.
    pub upper: u64,
}

/// What is known of some bytes and one list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    Certain,
    Possible,
    Unplaced,
    No,
}

impl Part {
    fn all(bytes: u64, held: Held) -> Self {
        match held {
            Held::Certain => Self { low: bytes, high: bytes, upper: bytes },
            Held::Possible => Self { low: 0, high: bytes, upper: bytes },
            Held::Unplaced => Self { low: 0, high: 0, upper: bytes },
            Held::No => Self::default(),
        }
    }

    /// Possible bytes.
    pub const fn possible(&self) -> u64 {
        self.high.saturating_sub(self.low)
    }

    /// Bytes that cannot be placed.
    pub const fn unplaced(&self) -> u64 {
        self.upper.saturating_sub(self.high)
    }

    /// Adds other bytes.
    pub fn add(&mut self, other: Self) {
        self.low = self.low.saturating_add(other.low);
        self.high = self.high.saturating_add(other.high);
        self.upper = self.upper.saturating_add(other.upper);
    }

    /// Of so many bytes, those that are in both parts. Which bytes each part means is not known, so that the bounds are the widest.
    fn and(self, other: Self, bytes: u64) -> Self {
        let low = self.low.saturating_add(other.low).saturating_sub(bytes);
        let high = self.high.min(other.high).max(low);
        Self { low, high, upper: self.upper.min(other.upper).max(high) }
    }

    /// Of so many bytes, those that are in one of the parts.
    fn or(self, other: Self, bytes: u64) -> Self {
        let high = self.high.saturating_add(other.high).min(bytes);
        let upper = self.upper.saturating_add(other.upper).min(bytes).max(high);
        Self { low: self.low.max(other.low), high, upper }
    }
}

/// The bytes of a row that fit one list, and those that do not.
type Fit = (Part, Part);

/// What holds for all bytes of a row.
fn of_all(bytes: u64, fits: Held, else_: Held) -> Fit {
    (Part::all(bytes, fits), Part::all(bytes, else_))
}

/// The payload of a row; none where it belongs to no share.
pub(super) fn bytes(row: &Destination, direction: Direction) -> u64 {
    if row.standing.is_shared() { of(direction, row.payload.sent, row.payload.received) } else { 0 }
}

const fn of(direction: Direction, sent: u64, received: u64) -> u64 {
    match direction {
        Direction::Up => sent,
        Direction::Down => received,
        Direction::Both => sent.saturating_add(received),
    }
}

/// A table, and the days of the captures for what holds for a time only.
pub(super) struct Fitting<'a> {
    pub(super) table: &'a Table,
    pub(super) direction: Direction,
    pub(super) days: Option<(&'a str, &'a str)>,
}

impl Fitting<'_> {
    /// The bytes of a row that fit all lists.
    pub(super) fn fits(&self, row: &Destination) -> Part {
        let bytes = bytes(row, self.direction);
        let fits = self.lists(row, bytes).map(|(fits, _)| fits);
        fits.fold(Part::all(bytes, Held::Certain), |all, one| all.and(one, bytes))
    }

    /// The bytes of a row that do not fit one of them.
    pub(super) fn does_not_fit(&self, row: &Destination) -> Part {
        let bytes = bytes(row, self.direction);
        let others = self.lists(row, bytes).map(|(_, others)| others);
        others.fold(Part::default(), |any, one| any.or(one, bytes))
    }

    fn lists(&self, row: &Destination, bytes: u64) -> impl Iterator<Item = Fit> {
        let Table { country, region, jurisdiction, operator, asn, registered_country, name } = self.table;
        let is_in = |list: &[Country], one: Country| if list.contains(&one) { Member::Yes } else { Member::No };
        let run_by = |is_listed: &dyn Fn(&RunLine) -> Vec<bool>| self.run_by(row, bytes, is_listed);
        [
            country.as_ref().map(|list| placed(row, bytes, |one| is_in(list, one))),
            region.as_ref().map(|list| placed(row, bytes, |one| self.member(list, one))),
            jurisdiction
                .as_ref()
                .map(|list| run_by(&|line| line.jurisdictions.iter().map(|one| list.contains(one)).collect())),
            operator.as_ref().map(|list| {
                let is_listed = |one: &String| list.iter().any(|own| own.eq_ignore_ascii_case(one));
                run_by(&|line| line.operators.iter().map(is_listed).collect())
            }),
            asn.as_ref().map(|list| match row.asn {
                Some(asn) if list.contains(&asn) => of_all(bytes, Held::Certain, Held::No),
                Some(_) => of_all(bytes, Held::No, Held::Certain),
                None => of_all(bytes, Held::Unplaced, Held::Unplaced),
            }),
            registered_country.as_ref().map(|list| {
                let listed: Vec<bool> = row.registered_countries.iter().map(|one| list.contains(one)).collect();
                let is_certain = |is: bool| !listed.is_empty() && listed.iter().all(|one| *one == is);
                // Which of several blocks took the bytes is not known, but where all are listed it does not matter.
                match (is_certain(true), is_certain(false)) {
                    (true, _) => of_all(bytes, Held::Certain, Held::No),
                    (_, true) => of_all(bytes, Held::No, Held::Certain),
                    _ if listed.is_empty() => of_all(bytes, Held::Unplaced, Held::Unplaced),
                    _ => of_all(bytes, Held::Possible, Held::Possible),
                }
            }),
            name.as_ref().map(|list| self.named(row, bytes, list)),
        ]
        .into_iter()
        .flatten()
    }

    /// Whether a country belongs to one of the territories.
    fn member(&self, list: &[Territory], country: Country) -> Member {
        list.iter().map(|territory| territory.holds(country, self.days)).max().unwrap_or(Member::No)
    }

    /// By who runs the endpoints: certain where network and name agree, possible where one says it.
    fn run_by(&self, row: &Destination, bytes: u64, is_listed: &dyn Fn(&RunLine) -> Vec<bool>) -> Fit {
        let mut fit = Fit::default();
        let mut rest = bytes;
        for line in &row.run_by {
            let bytes = of(self.direction, line.sent, line.received).min(rest);
            rest -= bytes;
            let listed = is_listed(line);
            let held = |is: bool| match listed.as_slice() {
                [] => Held::Unplaced,
                [one] if line.is_twofold => {
                    if *one == is {
                        Held::Certain
                    } else {
                        Held::No
                    }
                }
                all if all.contains(&is) => Held::Possible,
                _ => Held::No,
            };
            fit.0.add(Part::all(bytes, held(true)));
            fit.1.add(Part::all(bytes, held(false)));
        }
        let rest = of_all(rest, Held::Unplaced, Held::Unplaced);
        fit.0.add(rest.0);
        fit.1.add(rest.1);
        fit
    }

    /// By server name: certain for the payload of flows with a name that is listed here, unplaced for those without a name.
    fn named(&self, row: &Destination, bytes: u64, list: &[Names]) -> Fit {
        let (mut fits, mut others, mut rest) = (0_u64, 0_u64, bytes);
        // Names of which it is not known how much payload they have here.
        let (mut may_fit, mut may_be_other) = (false, row.names_total > row.names.len() as u64);
        may_fit |= may_be_other;
        for name in &row.names {
            let is_listed = list.iter().any(|names| names.holds(&name.name));
            match name.sent.zip(name.received) {
                Some((sent, received)) => {
                    let bytes = of(self.direction, sent, received).min(rest);
                    rest -= bytes;
                    *(if is_listed { &mut fits } else { &mut others }) += bytes;
                }
                None if is_listed => may_fit = true,
                None => may_be_other = true,
            }
        }
        let held = |may| if may { Held::Possible } else { Held::Unplaced };
        let mut fit = (Part::all(fits, Held::Certain), Part::all(others, Held::Certain));
        fit.0.add(Part::all(rest, held(may_fit)));
        fit.1.add(Part::all(rest, held(may_be_other)));
        fit
    }
}

/// By country: certain where it is confirmed, possible where it is among the candidates.
fn placed(row: &Destination, bytes: u64, member: impl Fn(Country) -> Member) -> Fit {
    let members: Vec<Member> = row.candidates.iter().map(|candidate| member(candidate.country)).collect();
    let held = |is: Member, is_not: Member| match (row.standing, members.as_slice()) {
        (_, []) => Held::Unplaced,
        (Standing::Confirmed, [one]) if *one == is => Held::Certain,
        (_, all) if all.iter().all(|one| *one == is_not) => Held::No,
        _ => Held::Possible,
    };
    of_all(bytes, held(Member::Yes, Member::No), held(Member::No, Member::Yes))
}
