//! `data/cities.tsv` to cities that a name alone does not tell apart, and to further names of cities.

use std::sync::OnceLock;

use super::facts::Country;

const TABLE: &str = include_str!("../../data/cities.tsv");

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct CityName {
    /// As a user may write it.
    pub(super) name: &'static str,
    /// The country.
    pub(super) country: Country,
    /// State or province, where the table has it; of an alias the name as shown.
    pub(super) further: &'static str,
    /// Degrees north and east.
    pub(super) at: (f64, f64),
    is_alias: bool,
}

fn rows() -> &'static [CityName] {
    static ROWS: OnceLock<Vec<CityName>> = OnceLock::new();
    ROWS.get_or_init(|| TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect())
}

fn row(line: &'static str) -> Option<CityName> {
    let mut fields = line.split('\t');
    let mut field = || fields.next();
    let is_alias = match field()? {
        "alias" => true,
        "same" => false,
        _ => return None,
    };
    let (name, country, further) = (field()?, Country::new(field()?)?, field()?);
    Some(CityName { name, country, further, at: (field()?.parse().ok()?, field()?.parse().ok()?), is_alias })
}

/// The cities that share this name within a country.
pub(super) fn namesakes<'a>(is_meant: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'static CityName> + 'a {
    rows().iter().filter(move |row| !row.is_alias && is_meant(row.name))
}

/// The city that has this as a further name.
pub(super) fn alias(is_meant: impl Fn(&CityName) -> bool) -> Option<&'static CityName> {
    rows().iter().find(|row| row.is_alias && is_meant(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(rows().len(), TABLE.lines().filter(|line| !line.starts_with('#')).count());
        for row in rows() {
            assert!(row.country.name().is_some() && !row.name.is_empty(), "{row:?}");
            assert!((-90.0..=90.0).contains(&row.at.0) && (-180.0..=180.0).contains(&row.at.1), "{row:?}");
            assert!(!row.is_alias || !row.further.is_empty(), "{row:?}");
            let is_twin = |other: &&CityName| !other.is_alias && other.country == row.country;
            assert!(row.is_alias || namesakes(|name| name == row.name).filter(is_twin).count() > 1, "{row:?}");
        }
    }
}
