//! A section of autonomous systems, with their names and countries.
//!
//! The code of the section is that of the names, of the gaps between AS numbers and of countries (0: that of the row before); a
//! block starts with its first number.

use super::bits::{BitReader, BitWriter};
use super::number_class::{NUMBER_CLASSES, class_of, number_class};
use super::prefix_code::{Decoder, Encoder};
use super::rows::{Code, ROWS_PER_BLOCK, Section, code_of, count, country_of, put_count, section};
use super::text_code::{TextCode, TextWriter};
use super::varint::{put_varint, varint};
use crate::place::facts::Country;
use std::sync::Arc;

/// Most countries of a code.
const MAX_COUNTRIES: usize = 1 << 10;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn networks_come_back_from_every_block() {
        let table = Networks::new(encode_networks(&networks(2000)).unwrap().leak());
        assert!(networks(2000).into_iter().enumerate().all(|(index, network)| table.look_up(index) == Some(&network)));
        assert_eq!(table.look_up(2000), None);
    }

    #[test]
    fn cut_sections_answer_nothing() {
        let packed: &'static [u8] = encode_networks(&networks(10)).unwrap().leak();
        assert!((0..packed.len()).all(|length| Networks::new(&packed[..length]).look_up(0).is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), packed: bool) {
            let section: &'static [u8] = section(&bytes, &[]).unwrap().leak();
            let bytes: &'static [u8] = if packed { section } else { bytes.leak() };
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
