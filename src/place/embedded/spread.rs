//! The networks that have addresses in three countries or more, from `data/geo/spread.bin`.
//!
//! Of such a network, a location database that has the country of the registry for a whole block may only repeat the registry. The file
//! is derived from `places.bin` by `cargo xtask spread`: AS numbers in rising order, each as its distance from the one before (LEB128).

use std::sync::OnceLock;

use super::varint::{put_varint, varint};

/// The file, as the program carries it.
static FILE: &[u8] = include_bytes!("../../../data/geo/spread.bin");

/// A network with addresses in so many countries is in the file.
pub const LEAST_COUNTRIES: usize = 3;

/// Whether the network is in the file.
pub(super) fn holds(asn: u32) -> bool {
    static NUMBERS: OnceLock<Vec<u32>> = OnceLock::new();
    NUMBERS.get_or_init(|| decode(FILE)).binary_search(&asn).is_ok()
}

/// The bytes of a file with these AS numbers, which rise.
pub fn encode(numbers: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0;
    for &number in numbers {
        put_varint(&mut out, u64::from(number.saturating_sub(before)));
        before = number;
    }
    out
}

/// The AS numbers of a file, as far as it is whole.
fn decode(mut file: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut last = 0_u32;
    while let Some(number) = varint(&mut file).and_then(|gap| last.checked_add(u32::try_from(gap).ok()?)) {
        numbers.push(number);
        last = number;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::embedded::Embedded;

    #[test]
    fn numbers_come_back_and_a_damaged_file_ends_early() {
        let numbers = [1, 174, 4_294_967_295];
        let file = encode(&numbers);
        assert_eq!(decode(&file), numbers);
        assert_eq!(decode(&file[..file.len() - 1]), numbers[..2]);
        assert_eq!(decode(&[&file[..], &[9]].concat()), numbers);
    }

    #[test]
    fn the_file_is_derived_from_the_tables_that_the_program_carries() {
        let numbers = Embedded::open().spread_networks(LEAST_COUNTRIES);
        assert!(numbers == decode(FILE), "places.bin and spread.bin differ: run `cargo xtask spread`");
        assert!(holds(132_203) && !holds(2500), "Tencent has addresses in many countries, WIDE in one");
    }
}
