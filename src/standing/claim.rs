//! What one database says of one address, with the age of the database.

use super::lineage::Lineage;
use crate::place::Country;

/// Months between capture and table beyond which the table's word is stale.
pub const STALE_MONTHS: u32 = 36;

/// A country that a database names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Claim {
    /// Where the database has its knowledge from.
    pub lineage: Lineage,
    /// The country it names.
    pub country: Country,
    /// Months between the capture and the database, whichever is later.
    pub gap_months: u32,
}

impl Claim {
    /// Whether the database is of another time than the capture.
    pub const fn is_stale(&self) -> bool {
        self.gap_months > STALE_MONTHS
    }
}

/// The month of a date written `YYYY-MM` or `YYYY-MM-DD`, counted on through the years; none where it is no date.
pub fn months(date: &str) -> Option<u32> {
    let mut parts = date.split('-');
    let year: u32 = parts.next()?.parse().ok().filter(|year| *year <= 9999)?;
    let month: u32 = parts.next()?.parse().ok().filter(|month| (1..=12).contains(month))?;
    Some(year * 12 + month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_in_either_direction() {
        let months_between = |one, other| Some(months(one)?.abs_diff(months(other)?));
        assert_eq!(months_between("2017-04-14", "2026-06"), Some(110));
        assert_eq!(months_between("2026-06", "2017-04-14"), Some(110));
        assert_eq!(months_between("2026-06-05", "2026-06-30"), Some(0));
        assert_eq!(months_between("2026", "2026-06"), None);
        assert_eq!(months_between("2026-13", "2026-06"), None);
        assert_eq!(months_between("", "-"), None);
    }
}
