//! A table of address ranges: blocks of compressed (start, value) pairs to the value that holds an address.
//!
//! The layout is our own (there is no standard): a directory of blocks, each with its first key, then one zstd frame per
//! block holding the varint gaps between starts and the varint values. A range reaches to the next start. Opening reads the
//! directory only; a block is decoded when an address first falls into it. Value 0 says that nothing is known.

use std::sync::OnceLock;

/// Ranges in one block: large enough to compress well, small enough to decode in well under a millisecond.
pub const RANGES_PER_BLOCK: usize = 32_768;

/// Most ranges a block may claim; bounds what a damaged directory can make us allocate.
const MAX_RANGES: usize = 1 << 17;
/// Most blocks a directory may claim: four times what the largest table needs.
const MAX_BLOCKS: usize = 1 << 10;
/// Bytes of one directory entry: first key, compressed length, number of ranges.
const ENTRY_BYTES: usize = 16;
/// Compression level for building; decoding costs the same at any.
const LEVEL: i32 = 22;
/// Longest varint of 64 bits.
const MAX_VARINT_BYTES: usize = 10;

/// A key that ranges start at: an IPv4 address, or the upper half of an IPv6 address.
pub trait Key: Copy + Ord + Send + Sync {
    /// The key from its number, if it fits.
    fn from_number(number: u64) -> Option<Self>;
    /// The key as a number.
    fn number(self) -> u64;
}

impl Key for u32 {
    fn from_number(number: u64) -> Option<Self> {
        Self::try_from(number).ok()
    }

    fn number(self) -> u64 {
        self.into()
    }
}

impl Key for u64 {
    fn from_number(number: u64) -> Option<Self> {
        Some(number)
    }

    fn number(self) -> u64 {
        self
    }
}

/// What a range stands for; narrow where the table allows, since decoded blocks stay in memory.
pub trait Value: Copy + TryFrom<u64> + Into<u32> + Send + Sync {}

impl Value for u16 {}
impl Value for u32 {}

/// A table over embedded bytes.
#[derive(Debug)]
pub struct RangeTable<K, V = u32> {
    entries: Box<[Entry]>,
    blocks: Box<[Slot<K, V>]>,
    data: &'static [u8],
}

/// A block that is not decoded yet, or was found damaged, or is there.
type Slot<K, V> = OnceLock<Option<Block<K, V>>>;

#[derive(Debug)]
struct Entry {
    first: u64,
    offset: usize,
    length: usize,
    count: usize,
}

#[derive(Debug)]
struct Block<K, V> {
    starts: Box<[K]>,
    values: Box<[V]>,
}

impl<K: Key, V: Value> RangeTable<K, V> {
    /// Reads the directory; none if it is damaged.
    pub fn open(data: &'static [u8]) -> Option<Self> {
        let (count, mut rest) = data.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok().filter(|&count| count <= MAX_BLOCKS)?;
        let mut offset = count.checked_mul(ENTRY_BYTES)?.checked_add(4)?;
        let mut entries: Vec<Entry> = Vec::with_capacity(count);
        for _ in 0..count {
            let (first, after) = rest.split_first_chunk::<8>()?;
            let (length, after) = after.split_first_chunk::<4>()?;
            let (ranges, after) = after.split_first_chunk::<4>()?;
            rest = after;
            let entry = Entry {
                first: u64::from_le_bytes(*first),
                offset,
                length: usize::try_from(u32::from_le_bytes(*length)).ok()?,
                count: usize::try_from(u32::from_le_bytes(*ranges)).ok()?,
            };
            offset = offset.checked_add(entry.length).filter(|&end| end <= data.len())?;
            let is_in_order = entries.last().is_none_or(|last| last.first < entry.first);
            if !is_in_order || entry.count == 0 || entry.count > MAX_RANGES {
                return None;
            }
            entries.push(entry);
        }
        let blocks = entries.iter().map(|_| OnceLock::new()).collect();
        Some(Self { entries: entries.into(), blocks, data })
    }

    /// The value of the range that holds this key; 0 if nothing is known.
    pub fn look_up(&self, key: K) -> u32 {
        let number = key.number();
        let Some(index) = self.entries.partition_point(|entry| entry.first <= number).checked_sub(1) else { return 0 };
        let Some(block) = self.block(index) else { return 0 };
        let position = block.starts.partition_point(|&start| start <= key).checked_sub(1);
        position.and_then(|position| block.values.get(position)).map_or(0, |&value| value.into())
    }

    /// Decodes every block; the number of ranges, and of blocks that are damaged.
    pub fn decode_all(&self) -> (usize, usize) {
        (0..self.entries.len()).fold((0, 0), |(ranges, damaged), index| match self.block(index) {
            Some(block) => (ranges + block.starts.len(), damaged),
            None => (ranges, damaged + 1),
        })
    }

    fn block(&self, index: usize) -> Option<&Block<K, V>> {
        let entry = self.entries.get(index)?;
        let data = self.data.get(entry.offset..entry.offset.checked_add(entry.length)?)?;
        self.blocks.get(index)?.get_or_init(|| decode(entry, data)).as_ref()
    }
}

fn decode<K: Key, V: Value>(entry: &Entry, data: &[u8]) -> Option<Block<K, V>> {
    let plain = decompress(data, entry.count.checked_mul(2 * MAX_VARINT_BYTES)?)?;
    let mut rest = plain.as_slice();
    let mut starts = Vec::with_capacity(entry.count);
    let mut start = entry.first;
    starts.push(K::from_number(start)?);
    for _ in 1..entry.count {
        start = start.checked_add(varint(&mut rest)?)?;
        starts.push(K::from_number(start)?);
    }
    let mut values = Vec::with_capacity(entry.count);
    for _ in 0..entry.count {
        values.push(V::try_from(varint(&mut rest)?).ok()?);
    }
    Some(Block { starts: starts.into(), values: values.into() })
}

/// One zstd frame, if it is whole and no longer than `limit` when unpacked.
pub(super) fn decompress(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    zstd::bulk::decompress(data, limit).ok()
}

/// The next LEB128 number.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..MAX_VARINT_BYTES {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Appends a LEB128 number.
pub fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

/// Encodes ranges, given as rising starts with their values, into a table.
///
/// # Errors
/// If the compressor fails, or the table is larger than its directory can say.
pub fn encode(ranges: &[(u64, u32)]) -> std::io::Result<Vec<u8>> {
    let mut directory = Vec::new();
    let mut payload = Vec::new();
    let too_large = |_| std::io::Error::other("range table too large");
    let chunks = ranges.chunks(RANGES_PER_BLOCK);
    directory.extend_from_slice(&u32::try_from(chunks.len()).map_err(too_large)?.to_le_bytes());
    for chunk in chunks {
        let mut plain = Vec::new();
        for (before, after) in chunk.iter().zip(chunk.iter().skip(1)) {
            put_varint(&mut plain, after.0 - before.0);
        }
        for &(_, value) in chunk {
            put_varint(&mut plain, value.into());
        }
        let packed = compress(&plain)?;
        directory.extend_from_slice(&chunk.first().map_or(0, |range| range.0).to_le_bytes());
        directory.extend_from_slice(&u32::try_from(packed.len()).map_err(too_large)?.to_le_bytes());
        directory.extend_from_slice(&u32::try_from(chunk.len()).map_err(too_large)?.to_le_bytes());
        payload.extend_from_slice(&packed);
    }
    directory.append(&mut payload);
    Ok(directory)
}

/// One zstd frame at the level used for embedded data.
///
/// # Errors
/// If the compressor fails.
pub fn compress(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(plain, LEVEL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(ranges: &[(u64, u32)]) -> RangeTable<u64> {
        RangeTable::open(encode(ranges).unwrap().leak()).unwrap()
    }

    #[test]
    fn an_address_belongs_to_the_range_that_starts_at_or_before_it() {
        let table = table(&[(10, 7), (20, 0), (30, 300)]);
        let values: Vec<u32> = [0, 9, 10, 19, 20, 29, 30, u64::MAX].map(|key| table.look_up(key)).to_vec();
        assert_eq!(values, [0, 0, 7, 7, 0, 0, 300, 300]);
    }

    #[test]
    fn ranges_spread_over_blocks_are_all_found() {
        let ranges: Vec<(u64, u32)> =
            (0..u32::try_from(RANGES_PER_BLOCK).unwrap() * 2 + 5).map(|n| (u64::from(n) * 3, n + 1)).collect();
        let table = table(&ranges);
        assert_eq!(table.entries.len(), 3);
        assert_eq!(table.decode_all(), (ranges.len(), 0));
        assert!(ranges.iter().step_by(97).all(|&(start, value)| table.look_up(start + 2) == value));
    }

    #[test]
    fn a_table_cut_at_any_length_is_refused_or_answers_nothing() {
        let whole: &'static [u8] = encode(&[(1, 1), (5, 2), (9, 3)]).unwrap().leak();
        for length in 0..whole.len() {
            assert!(RangeTable::<u32, u32>::open(&whole[..length]).is_none(), "cut at {length}");
        }
    }

    #[test]
    fn a_key_that_does_not_fit_makes_the_block_unknown() {
        let bytes: &'static [u8] = encode(&[(1, 1), (u64::MAX, 2)]).unwrap().leak();
        assert_eq!(RangeTable::<u32, u32>::open(bytes).unwrap().look_up(3), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), key: u64) {
            if let Some(table) = RangeTable::<u64, u32>::open(bytes.leak()) {
                table.look_up(key);
            }
        }

        #[test]
        fn a_flipped_byte_never_panics(at in 0_usize..60, bit in 0_u32..8, key: u32) {
            let mut bytes = encode(&[(0, 1), (500, 2), (90_000, 3)]).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Some(table) = RangeTable::<u32, u32>::open(bytes.leak()) {
                table.look_up(key);
            }
        }

        #[test]
        fn what_is_encoded_is_found(starts in proptest::collection::btree_map(any::<u64>(), 0_u32..100_000, 1..50)) {
            let ranges: Vec<(u64, u32)> = starts.into_iter().collect();
            let table = table(&ranges);
            for (start, value) in ranges {
                prop_assert_eq!(table.look_up(start), value);
            }
        }
    }
}
