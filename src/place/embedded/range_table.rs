//! A table of address ranges: blocks of (start, value) pairs to the value that holds an address.
//!
//! The layout is our own (there is no standard), little endian: the number of blocks, of ranges in the last block, and of
//! bytes of the compressed code; the code; the first key of each block; the number of bytes of each block; the blocks, as
//! `range_block` has them. A range reaches to the next start. Opening reads all but the blocks; a block is read as far as
//! needed when an address first falls into it, and decoded and kept when a second does. Value 0 says that nothing is known.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::blob::{compress, decompress};
use super::key::{Key, Value};
use super::range_block::{RANGES_PER_BLOCK, RangeBlock, RangeCode};
use super::range_writer::Writer;

/// Most blocks a directory may claim: four times what the largest table needs.
const MAX_BLOCKS: usize = 1 << 17;
/// Most bytes a code may unpack to: ten times what the largest does.
const MAX_MODEL: usize = 1 << 19;

/// A table over embedded bytes. It is opened at the first look-up.
#[derive(Debug)]
pub struct RangeTable<K, V = u32> {
    data: &'static [u8],
    open: OnceLock<Option<Open<K, V>>>,
}

#[derive(Debug)]
struct Open<K, V> {
    model: RangeCode,
    firsts: Box<[K]>,
    /// Where each block starts, and the last ends.
    offsets: Box<[u32]>,
    /// Ranges in the last block.
    last: usize,
    blocks: Box<[Slot<K, V>]>,
    data: &'static [u8],
}

/// A block that is not decoded yet, or was found damaged, or is there.
#[derive(Debug)]
struct Slot<K, V> {
    /// Whether an address in it was looked up before. Most blocks are only asked for once, so a block is decoded at the second time.
    is_touched: AtomicBool,
    block: OnceLock<Option<Box<RangeBlock<K, V>>>>,
}

impl<K: Key, V: Value> RangeTable<K, V> {
    /// A table over these bytes; if they are damaged, nothing is known of any address.
    pub fn new(data: &'static [u8]) -> Self {
        Self { data, open: OnceLock::new() }
    }

    /// The value of the range that holds this key; 0 if nothing is known.
    pub fn look_up(&self, key: K) -> u32 {
        self.value(key).map_or(0, Into::into)
    }

    /// Decodes every block; the number of ranges, and of blocks that are damaged (one, if all are).
    pub fn decode_all(&self) -> (usize, usize) {
        let Some(open) = self.open() else { return (0, 1) };
        (0..open.blocks.len()).fold((0, 0), |(ranges, damaged), index| match open.block(index) {
            Some(block) => (ranges + block.len(), damaged),
            None => (ranges, damaged + 1),
        })
    }

    /// Whether both keys, and with them all between, lie in one range. Decodes their block.
    pub fn is_one_range(&self, first: K, last: K) -> bool {
        let place = |key: K| {
            let open = self.open()?;
            match open.firsts.partition_point(|&first| first <= key).checked_sub(1) {
                Some(index) => Some((index + 1, open.block(index)?.place(key))),
                // Before the first range.
                None => Some((0, None)),
            }
        };
        place(first).is_some_and(|place_of_first| Some(place_of_first) == place(last))
    }

    /// The first and the last key of the range that holds this key. Decodes its block, and none if the table does not begin yet.
    pub fn range_of(&self, key: K) -> Option<(K, K)> {
        let open = self.open()?;
        let index = open.firsts.partition_point(|&first| first <= key).checked_sub(1)?;
        let block = open.block(index)?;
        let place = block.place(key)?;
        let next = block.start(place + 1).or_else(|| open.firsts.get(index + 1).copied());
        let last = next.map_or(K::low(u64::MAX), |next| K::low(next.number().saturating_sub(1)));
        Some((block.start(place)?, last))
    }

    /// Calls `each` with the first key and the value of every range, in order. Damaged blocks are passed over.
    pub fn for_each(&self, mut each: impl FnMut(u64, u32)) {
        let Some(open) = self.open() else { return };
        for (index, &first) in open.firsts.iter().enumerate() {
            let decoded = open.packed(index).and_then(|(_, count, data)| open.model.decode::<K, V>(first, count, data));
            for (start, value) in decoded.iter().flat_map(|block| block.ranges()) {
                each(start.number(), value.into());
            }
        }
    }

    fn value(&self, key: K) -> Option<V> {
        let open = self.open()?;
        let index = open.firsts.partition_point(|&first| first <= key).checked_sub(1)?;
        let slot = open.blocks.get(index)?;
        if slot.block.get().is_none() && !slot.is_touched.swap(true, Ordering::Relaxed) {
            let (first, count, data) = open.packed(index)?;
            return open.model.scan(first, count, data, key);
        }
        open.block(index)?.look_up(key)
    }

    fn open(&self) -> Option<&Open<K, V>> {
        self.open.get_or_init(|| Open::read(self.data)).as_ref()
    }
}

impl<K: Key, V: Value> Open<K, V> {
    fn read(data: &'static [u8]) -> Option<Self> {
        let mut rest = data;
        let mut number = || {
            let (number, after) = rest.split_first_chunk::<4>()?;
            rest = after;
            usize::try_from(u32::from_le_bytes(*number)).ok()
        };
        let (count, last, model) = (number()?, number()?, number()?);
        if count > MAX_BLOCKS || last > RANGES_PER_BLOCK {
            return None;
        }
        let (model, rest) = rest.split_at_checked(model)?;
        let (firsts, rest) = rest.split_at_checked(count.checked_mul(size_of::<K>())?)?;
        let (lengths, data) = rest.split_at_checked(count.checked_mul(2)?)?;
        let model = RangeCode::read(&mut decompress(model, MAX_MODEL)?.as_slice())?;
        let firsts: Box<[K]> = firsts.chunks_exact(size_of::<K>()).map(from_bytes).collect();
        let mut end = 0_u32;
        let mut offsets = Vec::with_capacity(count + 1);
        offsets.push(end);
        for &length in lengths.as_chunks::<2>().0 {
            // at most MAX_BLOCKS times 64 KiB: no more than 32 bits hold, or the blocks are not there
            end = end.checked_add(u16::from_le_bytes(length).into())?;
            offsets.push(end);
        }
        if !firsts.is_sorted() || usize::try_from(end).ok()? != data.len() {
            return None;
        }
        let blocks = std::iter::repeat_with(|| Slot { is_touched: AtomicBool::new(false), block: OnceLock::new() });
        let blocks = blocks.take(count).collect();
        Some(Self { model, firsts, offsets: offsets.into(), last, blocks, data })
    }

    fn block(&self, index: usize) -> Option<&RangeBlock<K, V>> {
        let decode = || {
            let (first, count, data) = self.packed(index)?;
            self.model.decode(first, count, data)
        };
        self.blocks.get(index)?.block.get_or_init(decode).as_deref()
    }

    /// First key of a block, number of its ranges, and its bits.
    fn packed(&self, index: usize) -> Option<(K, usize, &'static [u8])> {
        let from = usize::try_from(*self.offsets.get(index)?).ok()?;
        let to = usize::try_from(*self.offsets.get(index + 1)?).ok()?;
        let count = if index + 1 == self.blocks.len() { self.last } else { RANGES_PER_BLOCK };
        Some((*self.firsts.get(index)?, count, self.data.get(from..to)?))
    }
}

/// A key of up to eight bytes.
fn from_bytes<K: Key>(bytes: &[u8]) -> K {
    let mut number = [0; 8];
    for (to, &from) in number.iter_mut().zip(bytes) {
        *to = from;
    }
    K::low(u64::from_le_bytes(number))
}

/// Encodes ranges, given as rising starts with their values, into a table with keys of this kind.
///
/// # Errors
/// If the compressor fails, a start is no such key, or the table is larger than its directory can say.
pub fn encode<K: Key>(ranges: &[(u64, u32)]) -> std::io::Result<Vec<u8>> {
    let too_large = |_| std::io::Error::other("range table too large");
    if ranges.iter().any(|&(start, _)| K::from_number(start).is_none()) {
        return Err(std::io::Error::other("a start that is no key"));
    }
    let writer = Writer::new::<K>(ranges);
    let mut model = Vec::new();
    writer.write(&mut model);
    let model = compress(&model)?;
    let chunks = ranges.chunks(RANGES_PER_BLOCK);
    let last = chunks.clone().last().map_or(0, <[_]>::len);
    let mut table = Vec::new();
    for number in [chunks.len(), last, model.len()] {
        table.extend_from_slice(&u32::try_from(number).map_err(too_large)?.to_le_bytes());
    }
    table.extend_from_slice(&model);
    let (mut lengths, mut payload) = (Vec::new(), Vec::new());
    for chunk in chunks {
        let first = chunk.first().map_or(0, |range| range.0);
        table.extend(first.to_le_bytes().into_iter().take(size_of::<K>()));
        let block = writer.encode::<K>(chunk);
        lengths.extend_from_slice(&u16::try_from(block.len()).map_err(too_large)?.to_le_bytes());
        payload.extend_from_slice(&block);
    }
    table.append(&mut lengths);
    table.append(&mut payload);
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(ranges: &[(u64, u32)]) -> RangeTable<u64> {
        RangeTable::new(encode::<u64>(ranges).unwrap().leak())
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
            (0..u32::try_from(RANGES_PER_BLOCK).unwrap() * 20 + 5).map(|n| (u64::from(n) * 3, n + 1)).collect();
        let table = table(&ranges);
        assert_eq!(table.open().unwrap().blocks.len(), 21);
        assert_eq!(table.decode_all(), (ranges.len(), 0));
        assert!(ranges.iter().all(|&(start, value)| table.look_up(start + 2) == value));
    }

    #[test]
    fn a_range_reaches_to_the_next_start_in_its_block_and_beyond() {
        let ranges: Vec<(u64, u32)> =
            (1..=u32::try_from(RANGES_PER_BLOCK).unwrap() + 1).map(|n| (u64::from(n) * 10, n)).collect();
        let table = table(&ranges);
        let last = u64::try_from(RANGES_PER_BLOCK).unwrap() * 10;
        let found = [9, 10, 15, last + 3, last + 13].map(|key| table.range_of(key));
        let wanted = [None, Some((10, 19)), Some((10, 19)), Some((last, last + 9)), Some((last + 10, u64::MAX))];
        assert_eq!(found, wanted);
        let mut told = Vec::new();
        table.for_each(|start, value| told.push((start, value)));
        assert_eq!(told, ranges);
    }

    #[test]
    fn a_table_cut_at_any_length_answers_nothing() {
        let whole: &'static [u8] = encode::<u32>(&[(1, 1), (5, 2), (9, 3)]).unwrap().leak();
        assert_eq!(RangeTable::<u32, u32>::new(whole).look_up(6), 2);
        for length in 0..whole.len() {
            let table = RangeTable::<u32, u32>::new(&whole[..length]);
            assert_eq!((table.look_up(6), table.decode_all()), (0, (0, 1)), "cut at {length}");
        }
    }

    #[test]
    fn an_empty_table_knows_nothing() {
        assert_eq!(table(&[]).look_up(3), 0);
        assert_eq!(table(&[]).decode_all(), (0, 0));
    }

    #[test]
    fn a_start_that_is_no_key_is_refused() {
        assert!(encode::<u32>(&[(1, 1), (u64::MAX, 2)]).is_err());
    }

    /// Looks up a key in a table of which one bit is wrong.
    fn look_up_flipped(at: usize, bit: u32, key: u32) {
        let mut bytes = encode::<u32>(&[(0, 1), (500, 2), (90_000, 3)]).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        RangeTable::<u32, u32>::new(bytes.leak()).look_up(key);
    }

    /// What the property below has found before.
    #[test]
    fn a_flipped_byte_that_once_panicked_does_not() {
        look_up_flipped(41, 3, 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), key: u64) {
            RangeTable::<u64, u32>::new(bytes.leak()).look_up(key);
        }

        #[test]
        fn a_flipped_byte_never_panics(at in 0_usize..200, bit in 0_u32..8, key: u32) {
            look_up_flipped(at, bit, key);
        }

        #[test]
        fn what_is_encoded_is_found(starts in proptest::collection::btree_map(any::<u64>(), 0_u32..100_000, 1..300)) {
            let ranges: Vec<(u64, u32)> = starts.into_iter().collect();
            let table = table(&ranges);
            for (start, value) in ranges {
                prop_assert_eq!(table.look_up(start), value);
            }
        }
    }
}
