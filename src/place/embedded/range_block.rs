//! A block of address ranges: the bits of 128 of them to their starts and values.
//!
//! The layout is our own. Each range is stored as the gap from the start before it, and its value. A gap is an entry of the table's
//! list of classes: one of its commonest gaps, or a class of gaps with the rest in plain bits. Its context is the number of trailing
//! zeros of the start before, and the class before. A value is stored as how long ago it last occurred in the block, or else as its
//! number: the upper three bits as a symbol, the rest plain. Its context is how the two values before were stored. Both are symbols
//! of a prefix code that is fixed for the table, so that a block is decoded in a few thousand instructions with no set-up.

use super::bits::BitReader;
use super::gap_class::GapClass;
use super::key::{Key, Value};
use super::number_class::{NUMBER_CLASSES, number_class};
use super::prefix_code::{Decoder, MAX_SYMBOLS};
use super::varint::varint;

/// Ranges in one block: a cold look-up decodes one per table, and larger ones would save 2 % of the bytes only.
pub const RANGES_PER_BLOCK: usize = 128;

/// Values of a block that are remembered.
pub(super) const RECENT: usize = 32;
/// Symbols of values: the remembered ones, and the classes of others.
pub(super) const VALUE_SYMBOLS: usize = RECENT + NUMBER_CLASSES;
/// Kinds that one part of a context tells apart.
pub(super) const KINDS: usize = 8;
/// Contexts of either code.
pub(super) const CONTEXTS: usize = KINDS * KINDS;
/// Gap bits that can be taken without another refill after the symbol.
const READY_BITS: u8 = 32;

/// How the blocks of one table are coded.
#[derive(Debug)]
pub(super) struct RangeCode {
    pieces: Box<[GapClass]>,
    gaps: Decoder,
    values: Decoder,
}

/// The decoded ranges of a block.
#[derive(Debug)]
pub(super) struct RangeBlock<K, V> {
    count: usize,
    starts: [K; RANGES_PER_BLOCK],
    values: [V; RANGES_PER_BLOCK],
}

impl<K: Key, V: Value> RangeBlock<K, V> {
    /// The value of the range that holds this key.
    pub(super) fn look_up(&self, key: K) -> Option<V> {
        self.values.get(self.place(key)?).copied()
    }

    /// Which of the ranges, in order, holds this key.
    pub(super) fn place(&self, key: K) -> Option<usize> {
        self.starts.get(..self.count)?.partition_point(|&start| start <= key).checked_sub(1)
    }

    /// The first key of one of the ranges, in order.
    pub(super) fn start(&self, place: usize) -> Option<K> {
        self.starts.get(..self.count)?.get(place).copied()
    }

    /// The ranges in order: first key and value.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (K, V)> {
        self.starts.iter().copied().zip(self.values.iter().copied()).take(self.count)
    }

    /// How many ranges there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

impl RangeCode {
    /// Reads a code; none if it is damaged.
    pub(super) fn read(rest: &mut &[u8]) -> Option<Self> {
        let count = usize::try_from(varint(rest)?).ok().filter(|&count| count <= MAX_SYMBOLS)?;
        let mut pieces = Vec::with_capacity(count);
        for _ in 0..count {
            let (&[shift, bits], after) = rest.split_first_chunk::<2>()?;
            *rest = after;
            let base = varint(rest)?;
            if u32::from(shift) + u32::from(bits) >= u64::BITS {
                return None;
            }
            pieces.push(GapClass { base, shift, bits });
        }
        let gaps = Decoder::read(rest, CONTEXTS, count)?;
        let values = Decoder::read(rest, CONTEXTS, VALUE_SYMBOLS)?;
        Some(Self { pieces: pieces.into(), gaps, values })
    }

    /// Decodes a block of `count` ranges, the first of which starts at `first`; none if it is damaged.
    pub(super) fn decode<K: Key, V: Value>(
        &self,
        first: K,
        count: usize,
        data: &[u8],
    ) -> Option<Box<RangeBlock<K, V>>> {
        let mut block = Box::new(RangeBlock {
            count,
            starts: [K::default(); RANGES_PER_BLOCK],
            values: [V::default(); RANGES_PER_BLOCK],
        });
        let mut ranges = Ranges::<V>::new(self, first.number(), data);
        for (start, value) in block.starts.get_mut(..count)?.iter_mut().zip(&mut block.values) {
            let (next, its_value) = ranges.next::<K>()?;
            (*start, *value) = (K::low(next), its_value);
        }
        ranges.is_whole::<K>().then_some(block)
    }

    /// Looks up a key in a block that is decoded only as far as needed, and not kept.
    pub(super) fn scan<K: Key, V: Value>(&self, first: K, count: usize, data: &[u8], key: K) -> Option<V> {
        let mut ranges = Ranges::<V>::new(self, first.number(), data);
        let mut found = None;
        for _ in 0..count.min(RANGES_PER_BLOCK) {
            let (start, value) = ranges.next::<K>()?;
            if start > key.number() {
                break;
            }
            found = Some(value);
        }
        found.filter(|_| ranges.is_whole::<u64>())
    }
}

/// The ranges of a block, one after the other.
struct Ranges<'a, V> {
    model: &'a RangeCode,
    bits: BitReader<'a>,
    start: u64,
    is_first: bool,
    is_beyond: bool,
    piece_kind: usize,
    told: Told,
    recent: [V; RECENT],
}

impl<'a, V: Value> Ranges<'a, V> {
    fn new(model: &'a RangeCode, start: u64, data: &'a [u8]) -> Self {
        Self {
            model,
            bits: BitReader::new(data),
            start,
            is_first: true,
            is_beyond: false,
            piece_kind: 0,
            told: Told::default(),
            recent: [V::default(); RECENT],
        }
    }

    #[inline(always)]
    fn next<K: Key>(&mut self) -> Option<(u64, V)> {
        self.bits.refill();
        if self.is_first {
            self.is_first = false;
        } else {
            let context = evenness::<K>(self.start) * KINDS + self.piece_kind;
            let symbol = self.model.gaps.symbol(context, &mut self.bits);
            let piece = self.model.pieces.get(symbol)?;
            self.piece_kind = symbol.min(KINDS - 1);
            let mut gap = piece.base;
            if piece.bits > 0 {
                let plain = match piece.bits {
                    wide if wide > READY_BITS => self.bits.take_wide(wide.into()),
                    few => self.bits.take(few.into()),
                };
                gap = gap.wrapping_add(plain << piece.shift);
                self.bits.refill();
            }
            let (next, is_beyond) = self.start.overflowing_add(gap);
            self.is_beyond |= is_beyond;
            self.start = next;
        }
        let symbol = self.model.values.symbol(self.told.context(), &mut self.bits);
        self.told.note(symbol);
        let value = match symbol.checked_sub(RECENT) {
            None => {
                let value = *self.recent.get(symbol)?;
                // mostly the one or two before: cheaper than a copy
                for place in (0..symbol).rev() {
                    self.recent[place + 1] = self.recent[place];
                }
                value
            }
            Some(class) => {
                let (base, plain) = number_class(class);
                // of fixed length, so that it is done in a few vector moves
                let kept: [V; RECENT - 1] = *self.recent.first_chunk()?;
                *self.recent.last_chunk_mut()? = kept;
                V::try_from(base | self.bits.take(plain)).ok()?
            }
        };
        if let Some(last) = self.recent.first_mut() {
            *last = value;
        }
        Some((self.start, value))
    }

    /// Whether all bits were there, and all starts fit the key. Starts only rise, so that all fit if the last one does.
    fn is_whole<K: Key>(&self) -> bool {
        !self.is_beyond && !self.bits.is_overdrawn() && K::from_number(self.start).is_some()
    }
}

/// The kind of a start by the number of its trailing zeros.
#[inline]
pub(super) fn evenness<K: Key>(start: u64) -> usize {
    (start.trailing_zeros().saturating_sub(K::UNEVEN) as usize).min(KINDS - 1)
}

/// How the last two values were stored.
pub(super) struct Told {
    last: usize,
    before: usize,
}

impl Default for Told {
    fn default() -> Self {
        Self { last: KINDS - 1, before: KINDS - 1 }
    }
}

impl Told {
    #[inline]
    pub(super) fn context(&self) -> usize {
        self.last * KINDS + self.before
    }

    #[inline]
    pub(super) fn note(&mut self, symbol: usize) {
        self.before = self.last;
        self.last = if symbol < RECENT { symbol.min(KINDS - 2) } else { KINDS - 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::super::range_writer::Writer;
    use super::*;
    use proptest::prelude::*;

    fn model<K: Key>(ranges: &[(u64, u32)]) -> (Writer, RangeCode) {
        let writer = Writer::new::<K>(ranges);
        let mut bytes = Vec::new();
        writer.write(&mut bytes);
        let model = RangeCode::read(&mut bytes.as_slice()).unwrap();
        for length in 0..bytes.len() {
            assert!(RangeCode::read(&mut &bytes[..length]).is_none(), "cut at {length}");
        }
        (writer, model)
    }

    #[test]
    fn a_block_cut_short_is_refused() {
        let ranges: Vec<(u64, u32)> = (0..100).map(|n| (n * n * 1000, (n * 77 % 1234) as u32)).collect();
        let (writer, model) = model::<u32>(&ranges);
        let bytes = writer.encode::<u32>(&ranges);
        assert!(model.decode::<u32, u32>(0, ranges.len(), &bytes).is_some());
        for length in 0..bytes.len() {
            assert!(model.decode::<u32, u32>(0, ranges.len(), &bytes[..length]).is_none(), "cut at {length}");
        }
        assert!(model.decode::<u32, u32>(0, RANGES_PER_BLOCK + 1, &bytes).is_none());
    }

    #[test]
    fn keys_and_values_that_do_not_fit_are_refused() {
        let ranges = [(1, 70_000), (1 << 40, 2)];
        let (writer, model) = model::<u64>(&ranges);
        let bytes = writer.encode::<u64>(&ranges);
        assert!(model.decode::<u64, u32>(1, 2, &bytes).is_some());
        assert!(model.decode::<u32, u32>(1, 2, &bytes).is_none());
        assert!(model.decode::<u64, u16>(1, 2, &bytes).is_none());
        assert!(model.decode::<u64, u32>(u64::MAX, 2, &bytes).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn ranges_come_back(starts in proptest::collection::btree_map(any::<u64>(), any::<u32>(), 1..=RANGES_PER_BLOCK)) {
            let ranges: Vec<(u64, u32)> = starts.into_iter().collect();
            let writer = Writer::new::<u64>(&ranges);
            let mut bytes = Vec::new();
            writer.write(&mut bytes);
            let model = RangeCode::read(&mut bytes.as_slice()).unwrap();
            let block = model.decode::<u64, u32>(ranges[0].0, ranges.len(), &writer.encode::<u64>(&ranges)).unwrap();
            for &(start, value) in &ranges {
                prop_assert_eq!(block.look_up(start), Some(value));
            }
        }

        #[test]
        fn random_bits_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), first: u64) {
            let ranges: Vec<(u64, u32)> = (0..50).map(|n| (n * n * 1000, (n * 77 % 1234) as u32)).collect();
            let writer = Writer::new::<u32>(&ranges);
            let mut model_bytes = Vec::new();
            writer.write(&mut model_bytes);
            let model = RangeCode::read(&mut model_bytes.as_slice()).unwrap();
            model.decode::<u32, u16>(first as u32, RANGES_PER_BLOCK, &bytes);
            model.decode::<u64, u32>(first, 50, &bytes);
            RangeCode::read(&mut bytes.as_slice());
        }
    }
}
