//! The embedded file of address facts: named sections of bytes to tables of ranges, locations, networks and cities.
//!
//! Layout (our own): the magic, the number of sections, then per section a four-letter name, offset and length; all little
//! endian. A missing or damaged section leaves its facts unknown; it never stops the program.

use std::sync::{Arc, OnceLock};

use super::facts::Country;
use super::range_table::{compress, decompress, put_varint, varint};

/// First bytes of the file; the digit is the version of the layout.
pub const MAGIC: &[u8; 8] = b"WHPLACE1";
/// Networks in one block of the AS table.
pub const NETWORKS_PER_BLOCK: usize = 16_384;

/// Sections a file may hold; ours has nine.
const MAX_SECTIONS: usize = 32;
/// Bytes a block of names may unpack to: five times what the largest holds.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// Rows of one text block.
const MAX_ROWS: usize = 1 << 16;
/// Blocks in the AS table: 32-bit AS numbers in use would have to grow twentyfold.
const MAX_NETWORK_BLOCKS: usize = 1 << 10;
/// Coordinates are stored in hundredths of a degree.
const PER_DEGREE: f32 = 100.0;

/// The section of this name, if the file is whole up to its end.
pub fn section(file: &'static [u8], name: [u8; 4]) -> Option<&'static [u8]> {
    let rest = file.strip_prefix(MAGIC)?;
    let (&count, mut rest) = rest.split_first()?;
    for _ in 0..usize::from(count).min(MAX_SECTIONS) {
        let (found, after) = rest.split_first_chunk::<4>()?;
        let (offset, after) = after.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        rest = after;
        if *found == name {
            let offset = usize::try_from(u32::from_le_bytes(*offset)).ok()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            return file.get(offset..offset.checked_add(length)?);
        }
    }
    None
}

/// Joins sections into a file.
///
/// # Errors
/// If a section or the file is larger than its directory can say.
pub fn join(sections: &[([u8; 4], Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let too_large = |_| std::io::Error::other("too large for the directory");
    let mut file = MAGIC.to_vec();
    file.push(u8::try_from(sections.len()).map_err(too_large)?);
    let mut offset = file.len() + sections.len() * 12;
    for (name, bytes) in sections {
        file.extend_from_slice(name);
        file.extend_from_slice(&u32::try_from(offset).map_err(too_large)?.to_le_bytes());
        file.extend_from_slice(&u32::try_from(bytes.len()).map_err(too_large)?.to_le_bytes());
        offset += bytes.len();
    }
    for (_, bytes) in sections {
        file.extend_from_slice(bytes);
    }
    Ok(file)
}

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

/// Writes locations (or cities) column by column.
///
/// # Errors
/// If the compressor fails.
pub fn encode_locations(locations: &[Location]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    put_varint(&mut plain, u64::try_from(locations.len()).unwrap_or(0));
    for location in locations {
        plain.extend_from_slice(&location.country.map_or([0; 2], |country| country.0));
    }
    for location in locations {
        let hundredths = |degrees: f32| (degrees * PER_DEGREE).round() as i16;
        let (latitude, longitude) =
            location.coordinates.map_or((i16::MIN, i16::MIN), |(a, b)| (hundredths(a), hundredths(b)));
        plain.extend_from_slice(&latitude.to_le_bytes());
        plain.extend_from_slice(&longitude.to_le_bytes());
    }
    for location in locations {
        put_text(&mut plain, location.city.as_deref().unwrap_or(""));
    }
    compress(&plain)
}

/// Reads locations; none if the section is damaged.
pub fn decode_locations(data: &[u8]) -> Option<Vec<Location>> {
    let plain = decompress(data, MAX_TEXT_BYTES)?;
    let mut rest = plain.as_slice();
    let count = usize::try_from(varint(&mut rest)?).ok().filter(|&count| count <= MAX_ROWS)?;
    let (countries, after) = rest.split_at_checked(count.checked_mul(2)?)?;
    let (points, mut names) = after.split_at_checked(count.checked_mul(4)?)?;
    let mut locations = Vec::with_capacity(count);
    for (country, point) in countries.as_chunks::<2>().0.iter().zip(points.as_chunks::<4>().0) {
        let &[a, b, c, d] = point;
        let (latitude, longitude) = (i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d]));
        locations.push(Location {
            country: country_of(*country),
            coordinates: (latitude != i16::MIN)
                .then(|| (f32::from(latitude) / PER_DEGREE, f32::from(longitude) / PER_DEGREE)),
            city: Some(text(&mut names)?).filter(|name| !name.is_empty()),
        });
    }
    Some(locations)
}

/// An autonomous system.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// AS number.
    pub asn: u32,
    /// Its name.
    pub name: Arc<str>,
    /// The country it is registered in.
    pub country: Option<Country>,
}

/// Writes networks, sorted by number, in blocks: the number of blocks, their lengths, then the blocks.
///
/// # Errors
/// If the compressor fails.
pub fn encode_networks(networks: &[Network]) -> std::io::Result<Vec<u8>> {
    let too_large = |_| std::io::Error::other("AS table too large");
    let mut head = Vec::new();
    let mut payload = Vec::new();
    let chunks = networks.chunks(NETWORKS_PER_BLOCK);
    head.extend_from_slice(&u32::try_from(chunks.len()).map_err(too_large)?.to_le_bytes());
    for chunk in chunks {
        let mut plain = Vec::new();
        put_varint(&mut plain, u64::try_from(chunk.len()).map_err(too_large)?);
        for network in chunk {
            plain.extend_from_slice(&network.country.map_or([0; 2], |country| country.0));
        }
        let mut before = 0;
        for network in chunk {
            put_varint(&mut plain, network.asn.wrapping_sub(before).into());
            before = network.asn;
        }
        for network in chunk {
            put_text(&mut plain, &network.name);
        }
        let packed = compress(&plain)?;
        head.extend_from_slice(&u32::try_from(packed.len()).map_err(too_large)?.to_le_bytes());
        payload.extend_from_slice(&packed);
    }
    head.append(&mut payload);
    Ok(head)
}

/// The AS table, decoded block by block as networks are asked for.
#[derive(Debug)]
pub struct Networks {
    blocks: Box<[NetworkBlock]>,
}

#[derive(Debug)]
struct NetworkBlock {
    data: &'static [u8],
    rows: OnceLock<Option<Box<[Network]>>>,
}

impl Networks {
    /// Reads the directory; none if it is damaged.
    pub fn open(data: &'static [u8]) -> Option<Self> {
        let (count, rest) = data.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok().filter(|&count| count <= MAX_NETWORK_BLOCKS)?;
        let (lengths, mut rest) = rest.split_at_checked(count.checked_mul(4)?)?;
        let mut blocks = Vec::with_capacity(count);
        for length in lengths.as_chunks::<4>().0 {
            let (data, after) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            rest = after;
            blocks.push(NetworkBlock { data, rows: OnceLock::new() });
        }
        Some(Self { blocks: blocks.into() })
    }

    /// The network at this place of the table.
    pub fn look_up(&self, index: usize) -> Option<&Network> {
        let block = self.blocks.get(index / NETWORKS_PER_BLOCK)?;
        block.rows.get_or_init(|| decode_networks(block.data)).as_ref()?.get(index % NETWORKS_PER_BLOCK)
    }
}

fn decode_networks(data: &[u8]) -> Option<Box<[Network]>> {
    let plain = decompress(data, MAX_TEXT_BYTES)?;
    let mut rest = plain.as_slice();
    let count = usize::try_from(varint(&mut rest)?).ok().filter(|&count| count <= NETWORKS_PER_BLOCK)?;
    let (countries, mut rest) = rest.split_at_checked(count.checked_mul(2)?)?;
    let mut numbers = Vec::with_capacity(count);
    let mut asn = 0_u32;
    for _ in 0..count {
        asn = asn.wrapping_add(u32::try_from(varint(&mut rest)?).ok()?);
        numbers.push(asn);
    }
    let mut networks = Vec::with_capacity(count);
    for (&asn, country) in numbers.iter().zip(countries.as_chunks::<2>().0) {
        networks.push(Network { asn, name: text(&mut rest)?, country: country_of(*country) });
    }
    Some(networks.into())
}

fn country_of(code: [u8; 2]) -> Option<Country> {
    std::str::from_utf8(&code).ok().and_then(Country::new)
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(|&byte| byte != b'\n'));
    out.push(b'\n');
}

/// Text up to the next line feed.
fn text(rest: &mut &[u8]) -> Option<Arc<str>> {
    let (line, after) = rest.split_at_checked(memchr::memchr(b'\n', rest)?)?;
    *rest = after.get(1..)?;
    std::str::from_utf8(line).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn locations() -> Vec<Location> {
        vec![
            Location { country: Country::new("TW"), city: Some("Taipei".into()), coordinates: Some((25.04, 121.57)) },
            Location { country: None, city: None, coordinates: None },
            Location { country: Country::new("FJ"), city: Some("Suva".into()), coordinates: Some((-18.13, -179.99)) },
        ]
    }

    fn networks() -> Vec<Network> {
        (0..20_000)
            .map(|n| Network {
                asn: n * 3 + 1,
                name: format!("Network {n}").into(),
                country: Country::new(if n % 2 == 0 { "JP" } else { "--" }),
            })
            .collect()
    }

    #[test]
    fn locations_come_back_as_they_went() {
        assert_eq!(decode_locations(&encode_locations(&locations()).unwrap()).unwrap(), locations());
    }

    #[test]
    fn networks_come_back_from_every_block() {
        let table = Networks::open(encode_networks(&networks()).unwrap().leak()).unwrap();
        assert!(networks().iter().enumerate().all(|(index, network)| table.look_up(index) == Some(network)));
        assert_eq!(table.look_up(20_000), None);
    }

    #[test]
    fn sections_are_found_by_name() {
        let file: &'static [u8] = join(&[(*b"aaaa", vec![1, 2]), (*b"bbbb", vec![3])]).unwrap().leak();
        assert_eq!(section(file, *b"bbbb"), Some(&[3_u8][..]));
        assert_eq!(section(file, *b"cccc"), None);
        for length in 0..file.len() {
            assert_eq!(section(&file[..length], *b"bbbb"), None);
        }
    }

    #[test]
    fn cut_sections_are_refused() {
        let packed = encode_locations(&locations()).unwrap();
        assert!((0..packed.len()).all(|length| decode_locations(&packed[..length]).is_none()));
        let packed: &'static [u8] = encode_networks(&networks()[..3]).unwrap().leak();
        assert!((0..packed.len()).all(|length| Networks::open(&packed[..length]).is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), packed: bool) {
            let bytes: &'static [u8] = if packed { compress(&bytes).unwrap().leak() } else { bytes.leak() };
            decode_locations(bytes);
            decode_networks(bytes);
            section(bytes, *b"LOC4");
            if let Some(networks) = Networks::open(bytes) {
                networks.look_up(0);
            }
        }
    }
}
