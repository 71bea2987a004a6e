//! Parts of states that have an ISO 3166-1 code of their own.

use crate::place::Country;

/// A state and its parts, both sorted. Hong Kong and Macao are among them for what round trips exclude, and there only.
const TERRITORIES: &[(&str, &[&str])] = &[
    ("AU", &["CC", "CX", "HM", "NF"]),
    ("CN", &["HK", "MO"]),
    ("DK", &["FO", "GL"]),
    ("FI", &["AX"]),
    ("FR", &["BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"]),
    ("GB", &["AI", "BM", "FK", "GG", "GI", "GS", "IM", "IO", "JE", "KY", "MS", "PN", "SH", "TC", "VG"]),
    ("NL", &["AW", "BQ", "CW", "SX"]),
    ("NO", &["BV", "SJ"]),
    ("NZ", &["CK", "NU", "TK"]),
    ("US", &["AS", "GU", "MP", "PR", "UM", "VI"]),
];

/// The parts of a state.
pub fn parts(whole: Country) -> impl Iterator<Item = Country> {
    let row = TERRITORIES.iter().find(|row| row.0 == whole.code());
    row.into_iter().flat_map(|row| row.1).filter_map(|part| Country::new(part))
}

/// The state that a territory is a part of.
pub fn whole(part: Country) -> Option<Country> {
    let row = TERRITORIES.iter().find(|row| row.1.contains(&part.code()))?;
    Country::new(row.0)
}

/// Whether two sources agree where one names a state and the other this part of it. Hong Kong and China, or Macao and China,
/// are different answers here.
pub fn is_finer(part: Country, than: Country) -> bool {
    than.code() != "CN" && whole(part) == Some(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::new(code).unwrap()
    }

    #[test]
    fn the_table_is_sorted_and_holds_countries() {
        assert!(TERRITORIES.is_sorted_by(|a, b| a.0 < b.0));
        for (whole, parts) in TERRITORIES {
            assert!(parts.is_sorted_by(|a, b| a < b), "{whole}");
            assert!(parts.iter().chain([whole]).all(|code| country(code).name().is_some()), "{whole}");
        }
    }

    #[test]
    fn a_part_is_finer_than_its_state_but_not_hong_kong() {
        assert!(is_finer(country("PR"), country("US")) && !is_finer(country("US"), country("PR")));
        assert!(!is_finer(country("HK"), country("CN")) && !is_finer(country("RE"), country("US")));
        assert_eq!(whole(country("HK")), Some(country("CN")));
        assert_eq!(parts(country("DK")).collect::<Vec<_>>(), [country("FO"), country("GL")]);
    }
}
