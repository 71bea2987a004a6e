//! Prefix codes by context: bits to symbols, and back.
//!
//! Canonical Huffman codes (D. A. Huffman, 1952): a code is given by the lengths of its words alone, and words of one length
//! follow each other in the order of their symbols. Each context has a code of its own, decoded by one look at a table.

use super::bits::{BitReader, BitWriter};
use super::varint::{put_varint, varint};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Longest code word: a table of 2,048 entries per context stays in the cache and costs 1 % more bits than longer words.
pub(super) const LONGEST: u32 = 11;
/// Most symbols of an alphabet: what fits beside a length in 16 bits.
pub(super) const MAX_SYMBOLS: usize = 1 << 12;
/// Entries of a context's table.
const TABLE: usize = 1 << LONGEST;

/// Codes of a number of contexts, for reading.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Per context 2,048 entries: symbol above, length of its word in the low four bits.
    entries: Box<[u16]>,
}

impl Decoder {
    /// Reads the codes of this many contexts for an alphabet of this many symbols; none if they are damaged.
    pub(super) fn read(rest: &mut &[u8], contexts: usize, symbols: usize) -> Option<Self> {
        let mut entries = vec![0; contexts.checked_mul(TABLE)?];
        let mut words: Vec<(u16, u8)> = Vec::new();
        for table in entries.chunks_exact_mut(TABLE) {
            let count = usize::try_from(varint(rest)?).ok().filter(|&count| count <= symbols.min(MAX_SYMBOLS))?;
            words.clear();
            let mut counts = [0_usize; LONGEST as usize + 1];
            let mut next = 0;
            for _ in 0..count {
                let symbol =
                    usize::try_from(varint(rest)?).ok()?.checked_add(next).filter(|&symbol| symbol < symbols)?;
                next = symbol + 1;
                let (&length, after) = rest.split_first()?;
                *rest = after;
                *counts.get_mut(usize::from(length)).filter(|_| length > 0)? += 1;
                words.push((u16::try_from(symbol).ok()?, length));
            }
            let mut starts = [0_usize; LONGEST as usize + 1];
            let mut free = 0;
            for ((start, count), length) in starts.iter_mut().zip(counts).zip(0..) {
                *start = free;
                free += count << (LONGEST - length);
            }
            if free > TABLE {
                return None;
            }
            for &(symbol, length) in &words {
                let start = starts.get_mut(usize::from(length))?;
                let end = *start + (1 << (LONGEST - u32::from(length)));
                table.get_mut(*start..end)?.fill(symbol << 4 | u16::from(length));
                *start = end;
            }
        }
        Some(Self { entries: entries.into() })
    }

    /// The next symbol, of bits made ready.
    #[inline]
    pub(super) fn symbol(&self, context: usize, bits: &mut BitReader<'_>) -> usize {
        let at = context * TABLE + (bits.ahead >> (64 - LONGEST)) as usize;
        let entry = self.entries.get(at).copied().unwrap_or(0);
        bits.skip(u32::from(entry & 15));
        usize::from(entry >> 4)
    }
}

/// Codes of a number of contexts, for writing.
#[derive(Debug)]
pub(super) struct Encoder {
    /// Per context, each symbol's word and its length; 0 for a symbol that does not occur.
    words: Vec<Vec<(u64, u32)>>,
}

impl Encoder {
    /// The codes for alphabets in which symbols occur this often, by context.
    pub(super) fn new(counts: &[Vec<u64>]) -> Self {
        Self { words: counts.iter().map(|counts| words(&lengths(counts))).collect() }
    }

    /// Appends what [`Decoder::read`] reads.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for words in &self.words {
            let used = || words.iter().zip(0_u64..).filter(|((_, length), _)| *length > 0);
            put_varint(out, used().count() as u64);
            let mut next = 0;
            for (&(_, length), symbol) in used() {
                put_varint(out, symbol - next);
                next = symbol + 1;
                out.push(length as u8);
            }
        }
    }

    /// Appends a symbol's word.
    pub(super) fn put(&self, context: usize, symbol: usize, bits: &mut BitWriter) {
        if let Some(&(word, length)) = self.words.get(context).and_then(|words| words.get(symbol)) {
            bits.put(word, length);
        }
    }
}

/// Canonical words of these lengths.
fn words(lengths: &[u32]) -> Vec<(u64, u32)> {
    let mut words: Vec<(u64, u32)> = lengths.iter().map(|&length| (0, length)).collect();
    let mut next = 0;
    for of in 1..=LONGEST {
        for (word, length) in &mut words {
            if *length == of {
                *word = next;
                next += 1;
            }
        }
        next <<= 1;
    }
    words
}

/// Lengths of a Huffman code's words; counts are levelled until none is longer than allowed.
fn lengths(counts: &[u64]) -> Vec<u32> {
    let mut counts = counts.to_vec();
    loop {
        let lengths = unlimited(&counts);
        if lengths.iter().all(|&length| length <= LONGEST) {
            return lengths;
        }
        for count in counts.iter_mut().filter(|count| **count > 0) {
            *count = *count / 2 + 1;
        }
    }
}

fn unlimited(counts: &[u64]) -> Vec<u32> {
    let symbols: Vec<usize> = (0..counts.len()).filter(|&symbol| counts[symbol] > 0).collect();
    let mut heap: BinaryHeap<Reverse<(u64, usize)>> =
        symbols.iter().enumerate().map(|(node, &symbol)| Reverse((counts[symbol], node))).collect();
    let mut parents = vec![0; symbols.len()];
    while let (Some(Reverse((one, first))), Some(Reverse((other, second)))) = (heap.pop(), heap.pop()) {
        // the last node popped alone is the root
        let parent = parents.len();
        parents.push(0);
        parents[first] = parent;
        parents[second] = parent;
        heap.push(Reverse((one + other, parent)));
        if heap.len() == 1 {
            break;
        }
    }
    let mut depths = vec![0_u32; parents.len()];
    for node in (0..parents.len().saturating_sub(1)).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    let mut lengths = vec![0; counts.len()];
    for (node, &symbol) in symbols.iter().enumerate() {
        lengths[symbol] = depths[node].max(1);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoder(encoder: &Encoder, contexts: usize, symbols: usize) -> Option<Decoder> {
        let mut bytes = Vec::new();
        encoder.write(&mut bytes);
        Decoder::read(&mut bytes.as_slice(), contexts, symbols)
    }

    #[test]
    fn frequent_symbols_have_short_words() {
        assert_eq!(lengths(&[8, 0, 4, 2, 2]), [1, 0, 2, 3, 3]);
        assert_eq!(lengths(&[0, 7]), [0, 1]);
        assert_eq!(lengths(&[]), [0_u32; 0]);
    }

    #[test]
    fn no_word_is_longer_than_a_table_allows() {
        let steep: Vec<u64> = (0..60).map(|place| 1 << place).collect();
        let lengths = lengths(&steep);
        assert_eq!(lengths.iter().max(), Some(&LONGEST));
        let sum: u32 = lengths.iter().map(|&length| 1 << (LONGEST - length)).sum();
        assert_eq!(sum, 1 << LONGEST);
    }

    #[test]
    fn too_many_words_are_refused() {
        // three words of one bit
        assert!(Decoder::read(&mut [3, 0, 1, 0, 1, 0, 1].as_slice(), 1, 3).is_none());
        assert!(Decoder::read(&mut [1, 0, 12].as_slice(), 1, 3).is_none());
        assert!(Decoder::read(&mut [1, 3, 1].as_slice(), 1, 3).is_none());
        assert!(Decoder::read(&mut [2, 0, 1, 0, 1].as_slice(), 1, 3).is_some());
    }

    #[test]
    fn wide_numbers_come_back() {
        let mut writer = BitWriter::default();
        let numbers = [(0, 0), (1, 1), (u64::MAX, 64), (5, 3), (1 << 40, 41), (0x1234_5678, 32)];
        for (number, bits) in numbers {
            writer.put(number, bits);
        }
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        assert!(numbers.iter().all(|&(number, bits)| reader.take_wide(bits) == number));
        assert!(!reader.is_overdrawn());
        reader.take_wide(8);
        assert!(reader.is_overdrawn());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn symbols_come_back(symbols in proptest::collection::vec(0_usize..200, 1..300)) {
            let mut counts = vec![vec![0_u64; 200]; 2];
            for (at, &symbol) in symbols.iter().enumerate() {
                counts[at % 2][symbol] += 1;
            }
            let encoder = Encoder::new(&counts);
            let mut writer = BitWriter::default();
            for (at, &symbol) in symbols.iter().enumerate() {
                encoder.put(at % 2, symbol, &mut writer);
            }
            let bytes = writer.into_bytes();
            let decoder = decoder(&encoder, 2, 200).unwrap();
            let mut reader = BitReader::new(&bytes);
            for (at, &symbol) in symbols.iter().enumerate() {
                reader.refill();
                prop_assert_eq!(decoder.symbol(at % 2, &mut reader), symbol);
            }
            prop_assert!(!reader.is_overdrawn());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(decoder) = Decoder::read(&mut bytes.as_slice(), 2, 50) {
                let mut reader = BitReader::new(&bytes);
                for _ in 0..100 {
                    reader.refill();
                    prop_assert!(decoder.symbol(1, &mut reader) < 50);
                    reader.take_wide(64);
                }
            }
        }
    }
}
