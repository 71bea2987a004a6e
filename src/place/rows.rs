//! Sections of rows: locations, and autonomous systems, with their names.
//!
//! Rows are in blocks of eight, decoded when one of them is first asked for. A section is the number of blocks, the length of the
//! compressed code, the code, the lengths of the blocks (16 bits each), the blocks. The code of locations is that of their
//! cities' names; the blocks have country and point plain. The code of networks has also those of the gaps between AS numbers
//! and of countries (0: that of the row before); the blocks start with the first number.

use std::sync::{Arc, OnceLock};

use super::blob::{compress, decompress, put_varint, varint};
use super::facts::Country;
use super::prefix_code::{BitReader, BitWriter, Decoder, Encoder};
use super::range_block::{NUMBER_CLASSES, class_of, number_class};
use super::text_code::{TextCode, TextWriter};

/// Rows in one block: what is decoded to get at one.
const ROWS_PER_BLOCK: usize = 8;
/// Most blocks of a section: five times what the AS table has.
const MAX_BLOCKS: usize = 1 << 16;
/// Most bytes a code may unpack to: ten times what the largest does.
const MAX_CODE: usize = 1 << 19;
/// Most countries of a code.
const MAX_COUNTRIES: usize = 1 << 10;
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

/// An autonomous system.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// AS number.
    pub asn: u32,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// The country it is registered in.
    pub country: Option<Country>,
}

/// How the rows of a section are read.
trait Code: Sized {
    type Row: std::fmt::Debug;

    fn read(rest: &mut &[u8]) -> Option<Self>;
    /// A block of so many rows; none if it is damaged.
    fn rows(&self, bits: &mut BitReader<'_>) -> Option<Box<[Self::Row]>>;
}

/// A section of rows, opened when it is first asked.
#[derive(Debug)]
struct Section<C: Code> {
    data: &'static [u8],
    open: OnceLock<Option<Open<C>>>,
}

#[derive(Debug)]
struct Open<C: Code> {
    code: C,
    blocks: Box<[RowBlock<C::Row>]>,
}

#[derive(Debug)]
struct RowBlock<R> {
    data: &'static [u8],
    rows: OnceLock<Option<Box<[R]>>>,
}

impl<C: Code> Section<C> {
    fn new(data: &'static [u8]) -> Self {
        Self { data, open: OnceLock::new() }
    }

    fn at(&self, index: usize) -> Option<&C::Row> {
        let open = self.open.get_or_init(|| Open::read(self.data)).as_ref()?;
        let block = open.blocks.get(index / ROWS_PER_BLOCK)?;
        let rows = block.rows.get_or_init(|| {
            let mut bits = BitReader::new(block.data);
            open.code.rows(&mut bits).filter(|_| !bits.is_overdrawn())
        });
        rows.as_ref()?.get(index % ROWS_PER_BLOCK)
    }
}

impl<C: Code> Open<C> {
    fn read(data: &'static [u8]) -> Option<Self> {
        let (count, rest) = data.split_first_chunk::<4>()?;
        let (code, rest) = rest.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok().filter(|&count| count <= MAX_BLOCKS)?;
        let (code, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*code)).ok()?)?;
        let code = C::read(&mut decompress(code, MAX_CODE)?.as_slice())?;
        let (lengths, mut rest) = rest.split_at_checked(count.checked_mul(2)?)?;
        let mut blocks = Vec::with_capacity(count);
        for &length in lengths.as_chunks::<2>().0 {
            let (data, after) = rest.split_at_checked(u16::from_le_bytes(length).into())?;
            rest = after;
            blocks.push(RowBlock { data, rows: OnceLock::new() });
        }
        Some(Self { code, blocks: blocks.into() })
    }
}

/// Joins a code and blocks into a section.
fn section(code: &[u8], blocks: &[Vec<u8>]) -> std::io::Result<Vec<u8>> {
    let too_large = |_| std::io::Error::other("rows too large for their directory");
    let code = compress(code)?;
    let mut section = Vec::new();
    for number in [blocks.len(), code.len()] {
        section.extend_from_slice(&u32::try_from(number).map_err(too_large)?.to_le_bytes());
    }
    section.extend_from_slice(&code);
    for block in blocks {
        section.extend_from_slice(&u16::try_from(block.len()).map_err(too_large)?.to_le_bytes());
    }
    section.extend(blocks.iter().flatten());
    Ok(section)
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

/// Degrees north and east; none where there are none, or none such on Earth.
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

/// The AS table.
#[derive(Debug)]
pub struct Networks(Section<NetworkCode>);

impl Networks {
    /// The table of these bytes; if they are damaged, it is empty.
    pub fn new(data: &'static [u8]) -> Self {
        Self(Section::new(data))
    }

    /// The network at this place of the table.
    pub fn look_up(&self, index: usize) -> Option<&Network> {
        self.0.at(index)
    }
}

#[derive(Debug)]
struct NetworkCode {
    gaps: Decoder,
    /// As symbols, from 1.
    countries: Vec<[u8; 2]>,
    country: Decoder,
    names: TextCode,
}

impl Code for NetworkCode {
    type Row = Network;

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let gaps = Decoder::read(rest, 1, NUMBER_CLASSES)?;
        let count = usize::try_from(varint(rest)?).ok().filter(|&count| count <= MAX_COUNTRIES)?;
        let (countries, after) = rest.split_at_checked(count * 2)?;
        *rest = after;
        let country = Decoder::read(rest, 1, count + 1)?;
        Some(Self { gaps, countries: countries.as_chunks::<2>().0.to_vec(), country, names: TextCode::read(rest)? })
    }

    fn rows(&self, bits: &mut BitReader<'_>) -> Option<Box<[Network]>> {
        let mut buffer = Vec::new();
        let count = count(bits);
        let mut rows = Vec::with_capacity(count);
        let mut asn = 0_u32;
        let mut country = None;
        for row in 0..count {
            let gap = match row {
                0 => bits.take_wide(32),
                _ => {
                    bits.refill();
                    let (base, plain) = number_class(self.gaps.symbol(0, bits));
                    base | bits.take(plain)
                }
            };
            asn = asn.wrapping_add(u32::try_from(gap).ok()?);
            bits.refill();
            if let Some(symbol) = self.country.symbol(0, bits).checked_sub(1) {
                country = country_of(*self.countries.get(symbol)?);
            }
            let name = self.names.text(bits, &mut buffer)?;
            rows.push(Network { asn, name: (!name.is_empty()).then(|| name.into()), country });
        }
        Some(rows.into())
    }
}

/// Writes networks, sorted by number.
///
/// # Errors
/// If the compressor fails, or they are more than the directory can say.
pub fn encode_networks(networks: &[Network]) -> std::io::Result<Vec<u8>> {
    let mut countries: Vec<[u8; 2]> = networks.iter().map(|network| code_of(network.country)).collect();
    countries.sort_unstable();
    countries.dedup();
    let mut gap_counts = vec![0; NUMBER_CLASSES];
    let mut country_counts = vec![0; countries.len() + 1];
    // gap to the number before (none for the first) and symbol of the country of each row
    let steps = |chunk: &[Network]| -> Vec<(Option<u32>, usize)> {
        let mut before = None;
        let mut country = [0; 2];
        let step = |network: &Network| {
            let gap = before.map(|before| network.asn.wrapping_sub(before));
            before = Some(network.asn);
            let code = code_of(network.country);
            let is_same = code == country;
            country = code;
            (gap, if is_same { 0 } else { countries.binary_search(&code).map_or(0, |place| place + 1) })
        };
        chunk.iter().map(step).collect()
    };
    for (gap, country) in networks.chunks(ROWS_PER_BLOCK).flat_map(steps) {
        if let Some(gap) = gap {
            gap_counts[class_of(gap)] += 1;
        }
        country_counts[country] += 1;
    }
    let (gaps, country) = (Encoder::new(&[gap_counts]), Encoder::new(&[country_counts]));
    let names = TextWriter::new(networks.iter().map(|network| network.name.as_deref().unwrap_or("")));
    let mut blocks = Vec::new();
    for chunk in networks.chunks(ROWS_PER_BLOCK) {
        let mut bits = BitWriter::default();
        put_count(&mut bits, chunk.len());
        for (network, (gap, symbol)) in chunk.iter().zip(steps(chunk)) {
            match gap {
                None => bits.put(network.asn.into(), 32),
                Some(gap) => {
                    let class = class_of(gap);
                    let (base, plain) = number_class(class);
                    gaps.put(0, class, &mut bits);
                    bits.put(u64::from(gap) - base, plain);
                }
            }
            country.put(0, symbol, &mut bits);
            names.put(network.name.as_deref().unwrap_or(""), &mut bits);
        }
        blocks.push(bits.into_bytes());
    }
    let mut code = Vec::new();
    gaps.write(&mut code);
    put_varint(&mut code, countries.len() as u64);
    code.extend(countries.iter().flatten());
    country.write(&mut code);
    names.write(&mut code);
    section(&code, &blocks)
}

/// Rows of a block, less one, in three bits.
fn count(bits: &mut BitReader<'_>) -> usize {
    bits.refill();
    bits.take(3) as usize + 1
}

fn put_count(bits: &mut BitWriter, count: usize) {
    bits.put(count.saturating_sub(1) as u64, 3);
}

fn code_of(country: Option<Country>) -> [u8; 2] {
    country.map_or([0; 2], |country| country.0)
}

fn country_of(code: [u8; 2]) -> Option<Country> {
    std::str::from_utf8(&code).ok().and_then(Country::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lie_on_earth() {
        assert_eq!(degrees(9_000, -18_000), Some((90.0, -180.0)));
        assert_eq!([degrees(9_001, 0), degrees(0, 18_001), degrees(i16::MIN, i16::MIN)], [None; 3]);
    }
    use proptest::prelude::*;

    fn locations() -> Vec<Location> {
        vec![
            Location { country: Country::new("TW"), city: Some("Taipei".into()), coordinates: Some((25.04, 121.57)) },
            Location { country: None, city: None, coordinates: None },
            Location { country: Country::new("FJ"), city: Some("Suva".into()), coordinates: Some((-18.13, -179.99)) },
        ]
    }

    fn networks(count: u32) -> Vec<Network> {
        (0..count)
            .map(|n| Network {
                asn: n * 3 + 1,
                name: Some(format!("Network {n}").into()),
                country: Country::new(if n % 2 == 0 { "JP" } else { "--" }),
            })
            .collect()
    }

    #[test]
    fn locations_come_back_as_they_went() {
        let section = Locations::new(encode_locations(&locations()).unwrap().leak());
        assert_eq!(section.iter().cloned().collect::<Vec<_>>(), locations());
        assert_eq!(section.at(3), None);
    }

    #[test]
    fn networks_come_back_from_every_block() {
        let table = Networks::new(encode_networks(&networks(2000)).unwrap().leak());
        assert!(networks(2000).into_iter().enumerate().all(|(index, network)| table.look_up(index) == Some(&network)));
        assert_eq!(table.look_up(2000), None);
    }

    #[test]
    fn cut_sections_answer_nothing() {
        let packed: &'static [u8] = encode_locations(&locations()).unwrap().leak();
        assert!((0..packed.len()).all(|length| Locations::new(&packed[..length]).at(0).is_none()));
        let packed: &'static [u8] = encode_networks(&networks(10)).unwrap().leak();
        assert!((0..packed.len()).all(|length| Networks::new(&packed[..length]).look_up(0).is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), packed: bool) {
            let section: &'static [u8] = section(&bytes, &[]).unwrap().leak();
            let bytes: &'static [u8] = if packed { section } else { bytes.leak() };
            Locations::new(bytes).at(0);
            Networks::new(bytes).look_up(0);
        }

        #[test]
        fn a_flipped_byte_never_panics(at in 0_usize..3000, bit in 0_u32..8) {
            let mut bytes = encode_networks(&networks(600)).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let table = Networks::new(bytes.leak());
            for row in 0..600 {
                table.look_up(row);
            }
        }
    }
}
