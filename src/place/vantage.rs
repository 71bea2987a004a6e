//! What a user calls the place of capture (`--from`) to a vantage: coordinates, a country, or a city.
//!
//! Cities are the largest of the embedded location database, so names are spelt as there.

use super::city_names::{CityName, alias, namesakes};
use super::country::countries;
use super::embedded::{Embedded, Location};
use super::facts::{Country, Vantage};
use super::geometry::sphere::between_km;
use crate::error::Error;

/// Uncertainty of a city.
const CITY_RADIUS_KM: f64 = 25.0;
/// Uncertainty of coordinates given without one: as exact as a street address needs no more than.
const POINT_RADIUS_KM: f64 = 5.0;
/// Largest uncertainty that means anything: half way round the earth.
const MAX_RADIUS_KM: f64 = 20_038.0;
/// Smallest radius of a country.
const MIN_COUNTRY_RADIUS_KM: f64 = 25.0;
/// Uncertainties of coordinates that were made coarse.
const COARSE_KM: [f64; 6] = [25.0, 50.0, 100.0, 250.0, 1_000.0, 5_000.0];
/// Choices named in a message.
const MAX_CHOICES: usize = 6;

/// The vantage that the text means: `LAT,LON[,KM]`, a country's code or name, `City`, or `City, CC`.
///
/// # Errors
/// If it is none of these, or a name that several cities have.
pub fn vantage(text: &str, database: &Embedded) -> Result<Vantage, Error> {
    let text = text.trim();
    if let Some(point) = coordinates(text) {
        return point;
    }
    if let Some(country) = Country::find(text).filter(|_| !is_city_state(text, database)) {
        return Ok(whole_country(country));
    }
    let (name, country) = match text.rsplit_once(',') {
        Some((name, country)) => match Country::find(country) {
            Some(country) => (name.trim(), Some(country)),
            None => return in_region(name, country).ok_or_else(|| unknown(text)),
        },
        None => (text, None),
    };
    let wanted = fold(name);
    let twins: Vec<&CityName> = namesakes(|name| fold(name) == wanted)
        .filter(|row| country.is_none() || country == Some(row.country))
        .collect();
    if !twins.is_empty() {
        return Err(ambiguous(text, twins.into_iter().map(twin_choice)));
    }
    let named: Vec<&Location> = database
        .cities()
        .iter()
        .filter(|city| country.is_none() || city.country == country)
        .filter(|city| city.city.as_deref().is_some_and(|name| fold(name) == wanted))
        .collect();
    match named.as_slice() {
        [city] => city_vantage(city).ok_or_else(|| unknown(text)),
        [] => {
            let is_meant =
                |row: &CityName| fold(row.name) == wanted && country.is_none_or(|country| country == row.country);
            let known = || alias(is_meant).map(|row| vantage_of(row, row.further));
            capital(&wanted, country).or_else(known).ok_or_else(|| unknown(text))
        }
        [first, rest @ ..] if rest.iter().all(|city| is_near(first, city)) => {
            city_vantage(first).ok_or_else(|| unknown(text))
        }
        several => {
            let labels = several.iter().filter_map(|city| label(city));
            Err(ambiguous(text, labels.map(|label| format!("\"{label}\""))))
        }
    }
}

/// The vantage as a city or a country, with an uncertainty that no household has; and whether it was given more exactly. Coordinates
/// become the nearest city in the list.
pub fn coarse(vantage: &Vantage, database: &Embedded) -> (Vantage, bool) {
    let Vantage { label, latitude, longitude, radius_km } = vantage;
    if coordinates(label).is_none() {
        let radius_km = radius_km.max(CITY_RADIUS_KM);
        return (Vantage { radius_km, ..vantage.clone() }, false);
    }
    let from = (*latitude, *longitude);
    let far = |city: &Vantage| between_km(from, (city.latitude, city.longitude));
    let nearest = database.cities().iter().filter_map(city_vantage).min_by(|a, b| far(a).total_cmp(&far(b)));
    let Some(city) = nearest else {
        return (
            Vantage { label: "somewhere".to_owned(), latitude: 0.0, longitude: 0.0, radius_km: MAX_RADIUS_KM },
            true,
        );
    };
    // In large steps: the distance from the city must not tell more than the city.
    let least = far(&city) + radius_km;
    let radius_km = COARSE_KM.into_iter().find(|step| *step >= least).unwrap_or(MAX_RADIUS_KM);
    (Vantage { radius_km, ..city }, true)
}

fn ambiguous(text: &str, choices: impl Iterator<Item = String>) -> Error {
    let choices: Vec<String> = choices.take(MAX_CHOICES).collect();
    let hint = format!("say {}; LAT,LON means any other", choices.join(" or "));
    Error::usage(format!("--from {text:?} is the name of several cities"), hint)
}

/// How to say which of the cities of one name is meant: with its state or province, else by its coordinates.
fn twin_choice(row: &CityName) -> String {
    match row.further {
        "" => format!("{:.2},{:.2} (in {})", row.at.0, row.at.1, row.country.code()),
        region => format!("\"{}, {region}\"", row.name),
    }
}

/// `City, Region` of cities that only the region tells apart.
fn in_region(name: &str, region: &str) -> Option<Vantage> {
    let (name, region) = (fold(name), fold(region));
    let mut rows = namesakes(move |other| fold(other) == name);
    rows.find(|row| !row.further.is_empty() && fold(row.further) == region)
        .map(|row| vantage_of(row, &format!("{}, {}", row.name, row.further)))
}

fn vantage_of(row: &CityName, name: &str) -> Vantage {
    let (latitude, longitude) = row.at;
    let label = format!("{name}, {}", row.country.code());
    Vantage { label, latitude, longitude, radius_km: CITY_RADIUS_KM }
}

/// Spelling variants of one place, such as `Zürich` and `Zurich`.
fn is_near(a: &Location, b: &Location) -> bool {
    let point =
        |city: &Location| city.coordinates.map(|(latitude, longitude)| (f64::from(latitude), f64::from(longitude)));
    a.country == b.country && point(a).zip(point(b)).is_some_and(|(a, b)| between_km(a, b) < CITY_RADIUS_KM)
}

fn coordinates(text: &str) -> Option<Result<Vantage, Error>> {
    let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (latitude, longitude, radius_km) = match *numbers.as_slice() {
        [latitude, longitude] => (latitude, longitude, POINT_RADIUS_KM),
        [latitude, longitude, radius_km] => (latitude, longitude, radius_km),
        _ => return Some(Err(unknown(text))),
    };
    let is_sound = (-90.0..=90.0).contains(&latitude)
        && (-180.0..=180.0).contains(&longitude)
        && (0.0..=MAX_RADIUS_KM).contains(&radius_km);
    Some(if is_sound {
        Ok(Vantage { label: format!("{latitude}, {longitude}"), latitude, longitude, radius_km })
    } else {
        Err(Error::usage(
            format!("--from {text:?} is not on the globe"),
            "give degrees north from -90 to 90, degrees east from -180 to 180, and a radius in km",
        ))
    })
}

/// Singapore, Monaco and the like: a name that is both, and as a city says more.
fn is_city_state(text: &str, database: &Embedded) -> bool {
    let country = Country::find(text);
    country.and_then(Country::name).is_some_and(|name| fold(name) == fold(text))
        && database
            .cities()
            .iter()
            .any(|city| city.country == country && city.city.as_deref().is_some_and(|name| fold(name) == fold(text)))
        && country.is_some_and(|country| country_radius_km(country) < 2.0 * CITY_RADIUS_KM)
}

fn whole_country(country: Country) -> Vantage {
    let (latitude, longitude) = country.centroid().unwrap_or_default();
    Vantage {
        label: country.name().unwrap_or(country.code()).to_owned(),
        latitude,
        longitude,
        radius_km: country_radius_km(country),
    }
}

/// From the centroid to the farthest point of the outline, so that the disc holds the country.
fn country_radius_km(country: Country) -> f64 {
    let Some(centre) = country.centroid() else { return MAX_RADIUS_KM };
    let capital = country.capital().map(|capital| between_km(centre, capital.1));
    let outline = super::geometry::outline::farthest_km(country, centre);
    outline.or(capital).unwrap_or(0.0).max(MIN_COUNTRY_RADIUS_KM).ceil()
}

fn city_vantage(city: &Location) -> Option<Vantage> {
    let (latitude, longitude) = city.coordinates?;
    Some(Vantage {
        label: label(city)?,
        latitude: latitude.into(),
        longitude: longitude.into(),
        radius_km: CITY_RADIUS_KM,
    })
}

fn label(city: &Location) -> Option<String> {
    Some(format!("{}, {}", city.city.as_deref()?, city.country?.code()))
}

/// A capital that the list of cities lacks.
fn capital(wanted: &str, country: Option<Country>) -> Option<Vantage> {
    let mut rows = countries().iter().filter(|row| country.is_none_or(|country| row.country == country));
    let (row, (name, (latitude, longitude))) =
        rows.find_map(|row| row.capital.filter(|capital| fold(capital.0) == wanted).map(|capital| (row, capital)))?;
    let label = format!("{name}, {}", row.country.code());
    Some(Vantage { label, latitude, longitude, radius_km: CITY_RADIUS_KM })
}

fn unknown(text: &str) -> Error {
    Error::usage(
        format!("--from {text:?} is not a known place"),
        "give LAT,LON[,KM] in degrees north and east, a country (TW, Taiwan), or a large city (Taipei or \"Taipei, TW\")",
    )
}

/// Letters without case and the commonest accents, so that `zurich` finds `Zürich`.
fn fold(text: &str) -> String {
    let plain = |letter: char| match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' | 'ģ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ž' | 'ż' => 'z',
        '-' | '\'' | '’' | '.' => ' ',
        other => other,
    };
    let letters: String = text.chars().flat_map(char::to_lowercase).map(plain).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from(text: &str) -> Result<Vantage, String> {
        vantage(text, &Embedded::open()).map_err(|error| error.to_string())
    }

    #[test]
    fn coordinates_are_taken_as_they_are() {
        let vantage = from("25.04, 121.57,10").unwrap();
        assert_eq!((vantage.latitude, vantage.longitude, vantage.radius_km), (25.04, 121.57, 10.0));
        assert_eq!(from("-33,151").unwrap().radius_km, POINT_RADIUS_KM);
        assert!(from("91,0").unwrap_err().contains("not on the globe"));
        assert!(from("NaN,0").is_err());
        assert!(from("1,2,3,4").is_err());
    }

    #[test]
    fn a_country_is_its_centre_and_a_radius_that_holds_it() {
        let vantage = from("TW").unwrap();
        assert_eq!(vantage.label, "Taiwan");
        assert!((150.0..500.0).contains(&vantage.radius_km), "{}", vantage.radius_km);
        assert_eq!(from("india").unwrap().label, "India");
    }

    #[test]
    fn cities_are_found_by_name_and_country() {
        for (text, label, latitude, longitude) in [
            ("Taipei", "Taipei, TW", 25.04, 121.55),
            ("taipei, tw", "Taipei, TW", 25.04, 121.55),
            ("Singapore", "Singapore, SG", 1.3, 103.85),
            ("Mumbai", "Mumbai, IN", 19.08, 72.88),
            ("Reykjavik", "Reykjavik, IS", 64.14, -21.9),
            ("Berlin, Germany", "Berlin, DE", 52.52, 13.4),
        ] {
            let vantage = from(text).unwrap();
            let away = between_km((vantage.latitude, vantage.longitude), (latitude, longitude));
            assert!(away < 30.0, "{text}: {} is {away} km away", vantage.label);
            assert_eq!(fold(&vantage.label), fold(label));
            assert_eq!(vantage.radius_km, CITY_RADIUS_KM);
        }
    }

    #[test]
    fn an_ambiguous_name_is_refused_with_the_choices() {
        let message = from("Hyderabad").unwrap_err();
        assert!(message.contains("\"Hyderabad, IN\"") && message.contains("\"Hyderabad, PK\""), "{message}");
        assert_eq!(from("Hyderabad, PK").unwrap().label, "Hyderabad, PK");
        assert!(from("Nowhere at all").unwrap_err().contains("is not a known place"));
    }

    #[test]
    fn a_name_that_several_cities_of_one_country_have_is_asked_about() {
        for (text, choices) in [
            ("Portland", ["\"Portland, Oregon\"", "\"Portland, Maine\""]),
            ("springfield, us", ["\"Springfield, Missouri\"", "\"Springfield, Massachusetts\""]),
            ("Taizhou", ["\"Taizhou, Jiangsu\"", "\"Taizhou, Zhejiang\""]),
        ] {
            let message = from(text).unwrap_err();
            assert!(choices.iter().all(|choice| message.contains(choice)), "{text}: {message}");
        }
        let portland = from("portland, maine").unwrap();
        assert_eq!((&*portland.label, portland.latitude), ("Portland, Maine, US", 43.66));
        assert!(from("Portland, Nowhere").unwrap_err().contains("Portland, Nowhere"));
    }

    #[test]
    fn further_names_of_cities_and_countries_are_known() {
        for (text, country) in [
            ("Macau", "MO"),
            ("Bangalore", "IN"),
            ("Bombay", "IN"),
            ("Calcutta, IN", "IN"),
            ("Kiev", "UA"),
            ("Saigon", "VN"),
            ("Peking", "CN"),
            ("Munich", "DE"),
            ("Mexico City", "MX"),
            ("NYC", "US"),
            ("Milan", "IT"),
            ("Rangoon", "MM"),
        ] {
            let vantage = from(text).unwrap();
            assert!(vantage.label.ends_with(country) || vantage.label == "Macao", "{text}: {}", vantage.label);
            assert_eq!(vantage.radius_km, CITY_RADIUS_KM, "{text}");
        }
        for (text, name) in
            [("USA", "United States"), ("UK", "United Kingdom"), ("Burma", "Myanmar"), ("Holland", "Netherlands")]
        {
            assert_eq!(from(text).unwrap().label, name);
        }
    }

    #[test]
    fn every_city_has_a_country_and_a_point_near_it() {
        let database = Embedded::open();
        assert!(database.cities().len() >= 2000);
        let mut strays = 0;
        for city in database.cities() {
            let (latitude, longitude) = city.coordinates.unwrap();
            let country = city.country.unwrap();
            assert!(country.name().is_some(), "{country:?}");
            let away = crate::place::geometry::outline::distance_km(country, latitude.into(), longitude.into());
            strays += u32::from(away.is_some_and(|away| away > 100.0));
        }
        assert!(strays < 10, "{strays}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            static DATABASE: std::sync::OnceLock<Embedded> = std::sync::OnceLock::new();
            let _ = vantage(&text, DATABASE.get_or_init(Embedded::open));
        }
    }
}
