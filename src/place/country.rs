//! `data/countries.tsv` to names and points of countries (ISO 3166-1 alpha-2, and XK as user-assigned for Kosovo).

use std::sync::OnceLock;

use super::facts::Country;

const TABLE: &str = include_str!("../../data/countries.tsv");

/// Further names that people use, in English, sorted.
const FURTHER_NAMES: &[(&str, &str)] = &[
    ("America", "US"),
    ("Britain", "GB"),
    ("Burma", "MM"),
    ("Cape Verde", "CV"),
    ("Czech Republic", "CZ"),
    ("East Timor", "TL"),
    ("England", "GB"),
    ("Great Britain", "GB"),
    ("Holland", "NL"),
    ("Ivory Coast", "CI"),
    ("Korea", "KR"),
    ("Macau", "MO"),
    ("Macedonia", "MK"),
    ("Swaziland", "SZ"),
    ("The Netherlands", "NL"),
    ("Turkey", "TR"),
    ("UAE", "AE"),
    ("UK", "GB"),
    ("USA", "US"),
    ("Vatican", "VA"),
];

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CountryRow {
    /// Its code.
    pub country: Country,
    /// Its English name, short form.
    pub name: &'static str,
    /// A point inside: degrees north and east.
    pub centroid: (f64, f64),
    /// Its capital and the capital's position; none for a country without inhabitants.
    pub capital: Option<(&'static str, (f64, f64))>,
}

/// All countries, sorted by code.
pub fn countries() -> &'static [CountryRow] {
    static ROWS: OnceLock<Vec<CountryRow>> = OnceLock::new();
    ROWS.get_or_init(|| TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(row).collect())
}

fn row(line: &'static str) -> Option<CountryRow> {
    let mut fields = line.split('\t');
    let mut field = || fields.next().unwrap_or("");
    let (code, name) = (field(), field());
    let centroid = (field().parse().ok()?, field().parse().ok()?);
    let capital = field();
    let place = field().parse().ok().zip(field().parse().ok());
    Some(CountryRow {
        country: Country::new(code)?,
        name,
        centroid,
        capital: place.filter(|_| !capital.is_empty()).map(|place| (capital, place)),
    })
}

impl Country {
    fn row(self) -> Option<&'static CountryRow> {
        let rows = countries();
        rows.binary_search_by_key(&self, |row| row.country).ok().and_then(|index| rows.get(index))
    }

    /// The English name, if the code is in use.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// A point inside, degrees north and east.
    pub fn centroid(self) -> Option<(f64, f64)> {
        self.row().map(|row| row.centroid)
    }

    /// The capital and where it is, degrees north and east.
    pub fn capital(self) -> Option<(&'static str, (f64, f64))> {
        self.row().and_then(|row| row.capital)
    }

    /// The country that a user means: by code, or by name without regard to case.
    pub fn find(text: &str) -> Option<Self> {
        let text = text.trim();
        let by_code = Self::new(text).filter(|country| country.row().is_some());
        let by_name = || countries().iter().find(|row| row.name.to_lowercase() == text.to_lowercase());
        let by_further_name = || {
            let row = FURTHER_NAMES.iter().find(|row| row.0.eq_ignore_ascii_case(text))?;
            Self::new(row.1)
        };
        by_code.or_else(|| by_name().map(|row| row.country)).or_else(by_further_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::geometry::outline;

    #[test]
    fn the_table_is_whole_and_sorted() {
        let rows = countries();
        assert_eq!(rows.len(), TABLE.lines().count() - 2);
        assert_eq!(rows.len(), 250);
        assert!(rows.is_sorted_by(|a, b| a.country < b.country));
        assert!(rows.iter().all(|row| !row.name.is_empty() && row.name.trim() == row.name));
        let without_capital: Vec<&str> =
            rows.iter().filter(|row| row.capital.is_none()).map(|row| row.country.code()).collect();
        assert_eq!(without_capital, ["AQ", "BV", "HM", "UM"]);
    }

    #[test]
    fn points_lie_in_their_country() {
        // (country, km) of each point further from its outline than the outline is coarse
        let mut strays = Vec::new();
        for row in countries() {
            for (latitude, longitude) in
                [Some(row.centroid), row.capital.map(|capital| capital.1)].into_iter().flatten()
            {
                let distance = outline::distance_km(row.country, latitude, longitude);
                if let Some(distance) = distance.filter(|&distance| distance > 15.0) {
                    strays.push((row.country.code(), latitude, longitude, distance.round()));
                }
            }
        }
        // The town of El Aaiún lies west of the berm, where the map draws Morocco.
        let codes: Vec<&str> = strays.iter().map(|stray| stray.0).collect();
        assert_eq!(codes, ["EH"], "{strays:?}");
    }

    #[test]
    fn every_country_has_an_outline() {
        let lacking: Vec<&str> = countries()
            .iter()
            .filter(|row| outline::distance_km(row.country, 0.0, 0.0).is_none())
            .map(|row| row.country.code())
            .collect();
        assert_eq!(lacking, [""; 0]);
    }

    #[test]
    fn a_country_is_found_by_code_or_name() {
        assert_eq!(Country::find("tw"), Country::new("TW"));
        assert_eq!(Country::find(" côte d'ivoire "), Country::new("CI"));
        assert_eq!(Country::find("Hong Kong"), Country::new("HK"));
        assert_eq!(Country::find("macau"), Country::new("MO"));
        assert!(FURTHER_NAMES.is_sorted() && FURTHER_NAMES.iter().all(|row| Country::find(row.1).is_some()));
        assert_eq!(Country::find("ZZ"), None);
        assert_eq!(Country::find(""), None);
        assert_eq!(Country::new("SG").and_then(Country::name), Some("Singapore"));
    }
}
