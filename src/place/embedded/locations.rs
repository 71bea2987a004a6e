//! A section of locations: a country, a point in it, and the name of its largest city.
//!
//! The code of the section is that of the cities' names; a block has country and point plain.

use super::bits::{BitReader, BitWriter};
use super::rows::{Code, MAX_BLOCKS, ROWS_PER_BLOCK, Section, code_of, count, country_of, put_count, section};
use super::text_code::{TextCode, TextWriter};
use crate::place::facts::Country;
use std::sync::Arc;

/// Coordinates are stored in hundredths of a degree.
const PER_DEGREE: f32 = 100.0;

/// A location: a country, a named point in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Location {
    /// Country.
    pub country: Option<Country>,
    /// The largest city of the cell.
    pub city: Option<Arc<str>>,
    /// Degrees north and east.
    pub coordinates: Option<(f32, f32)>,
}

/// Locations, by number.
#[derive(Debug)]
pub struct Locations(Section<TextCode>);

impl Locations {
    /// The locations of these bytes; if they are damaged, there are none.
    pub fn new(data: &'static [u8]) -> Self {
        Self(Section::new(data))
    }

    /// The location of this number.
    pub fn at(&self, index: usize) -> Option<&Location> {
        self.0.at(index)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Location> {
        (0..MAX_BLOCKS * ROWS_PER_BLOCK).map_while(|index| self.at(index))
    }
}

impl Code for TextCode {
    type Row = Location;

    fn read(rest: &mut &[u8]) -> Option<Self> {
        Self::read(rest)
    }

    fn rows(&self, bits: &mut BitReader<'_>) -> Option<Box<[Location]>> {
        let mut buffer = Vec::new();
        let count = count(bits);
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            bits.refill();
            let country = bits.take(16) as u16;
            let (latitude, longitude) = (bits.take(16) as u16 as i16, bits.take(16) as u16 as i16);
            let city = self.text(bits, &mut buffer)?;
            rows.push(Location {
                country: country_of(country.to_be_bytes()),
                coordinates: degrees(latitude, longitude),
                city: (!city.is_empty()).then(|| city.into()),
            });
        }
        Some(rows.into())
    }
}

/// Degrees north and east; none if the row has none, or if they are not on Earth.
fn degrees(latitude: i16, longitude: i16) -> Option<(f32, f32)> {
    let [north, east] = [latitude, longitude].map(|hundredths| f32::from(hundredths) / PER_DEGREE);
    (north.abs() <= 90.0 && east.abs() <= 180.0).then_some((north, east))
}

/// Writes locations (or cities).
///
/// # Errors
/// If the compressor fails, or they are more than the directory can say.
pub fn encode_locations(locations: &[Location]) -> std::io::Result<Vec<u8>> {
    let writer = TextWriter::new(locations.iter().map(|location| location.city.as_deref().unwrap_or("")));
    let blocks: Vec<Vec<u8>> = locations
        .chunks(ROWS_PER_BLOCK)
        .map(|chunk| {
            let mut bits = BitWriter::default();
            put_count(&mut bits, chunk.len());
            for location in chunk {
                let hundredths = |degrees: f32| (degrees * PER_DEGREE).round() as i16;
                let (latitude, longitude) =
                    location.coordinates.map_or((i16::MIN, i16::MIN), |(a, b)| (hundredths(a), hundredths(b)));
                bits.put(u16::from_be_bytes(code_of(location.country)).into(), 16);
                bits.put((latitude as u16).into(), 16);
                bits.put((longitude as u16).into(), 16);
                writer.put(location.city.as_deref().unwrap_or(""), &mut bits);
            }
            bits.into_bytes()
        })
        .collect();
    let mut code = Vec::new();
    writer.write(&mut code);
    section(&code, &blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn coordinates_lie_on_earth() {
        assert_eq!(degrees(9_000, -18_000), Some((90.0, -180.0)));
        assert_eq!([degrees(9_001, 0), degrees(0, 18_001), degrees(i16::MIN, i16::MIN)], [None; 3]);
    }

    fn locations() -> Vec<Location> {
        vec![
            Location { country: Country::new("TW"), city: Some("Taipei".into()), coordinates: Some((25.04, 121.57)) },
            Location { country: None, city: None, coordinates: None },
            Location { country: Country::new("FJ"), city: Some("Suva".into()), coordinates: Some((-18.13, -179.99)) },
        ]
    }

    #[test]
    fn locations_come_back_as_they_went() {
        let section = Locations::new(encode_locations(&locations()).unwrap().leak());
        assert_eq!(section.iter().cloned().collect::<Vec<_>>(), locations());
        assert_eq!(section.at(3), None);
    }

    #[test]
    fn cut_sections_answer_nothing() {
        let packed: &'static [u8] = encode_locations(&locations()).unwrap().leak();
        assert!((0..packed.len()).all(|length| Locations::new(&packed[..length]).at(0).is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), packed: bool) {
            let section: &'static [u8] = section(&bytes, &[]).unwrap().leak();
            let bytes: &'static [u8] = if packed { section } else { bytes.leak() };
            Locations::new(bytes).at(0);
        }
    }
}
