//! A block of address ranges: the bits of 128 of them to their starts and values.
//!
//! The layout is our own. Each range is a gap from the start before it and a value. A gap is a piece of the table's list of
//! pieces (one of its commonest gaps, or a class of gaps with the rest in plain bits), in the context of how even the start
//! before is and of the piece before. A value is how long ago it last occurred in the block, or else its number (its upper
//! three bits as a symbol, the rest plain), in the context of how the two values before were told. Both are symbols of a
//! prefix code with fixed codes per table, so that a block is decoded in a few thousand instructions with no set-up.

use super::blob::{put_varint, varint};
use super::prefix_code::{BitReader, BitWriter, Decoder, Encoder, MAX_SYMBOLS};
use std::collections::{BTreeMap, HashMap};

/// Ranges in one block: a cold look-up decodes one per table, and larger ones would save 2 % of the bytes only.
pub const RANGES_PER_BLOCK: usize = 128;

/// Commonest gaps that have a piece of their own.
const PLAIN_PIECES: usize = 160;
/// Values of a block that are remembered.
const RECENT: usize = 32;
/// Classes of numbers: four for each length of 32 bits.
pub(super) const NUMBER_CLASSES: usize = 4 * 33;
/// Symbols of values: the remembered ones, and the classes of others.
const VALUE_SYMBOLS: usize = RECENT + NUMBER_CLASSES;
/// Kinds that one part of a context tells apart.
const KINDS: usize = 8;
/// Contexts of either code.
const CONTEXTS: usize = KINDS * KINDS;
/// Gap bits that can be taken without another refill after the symbol.
const READY_BITS: u8 = 32;

/// A key that ranges start at: an IPv4 address, or the upper half of an IPv6 address.
pub trait Key: Copy + Ord + Default + Send + Sync {
    /// Trailing zeros of a start that are as good as none.
    const UNEVEN: u32;

    /// The key from its number, if it fits.
    fn from_number(number: u64) -> Option<Self>;
    /// The low bits of a number.
    fn low(number: u64) -> Self;
    /// The key as a number.
    fn number(self) -> u64;
}

impl Key for u32 {
    const UNEVEN: u32 = 7;

    fn from_number(number: u64) -> Option<Self> {
        Self::try_from(number).ok()
    }

    fn low(number: u64) -> Self {
        number as Self
    }

    fn number(self) -> u64 {
        self.into()
    }
}

impl Key for u64 {
    const UNEVEN: u32 = 15;

    fn from_number(number: u64) -> Option<Self> {
        Some(number)
    }

    fn low(number: u64) -> Self {
        number
    }

    fn number(self) -> u64 {
        self
    }
}

/// What a range stands for; narrow where the table allows, since decoded blocks stay in memory.
pub trait Value: Copy + Default + TryFrom<u64> + Into<u32> + Send + Sync {}

impl Value for u16 {}
impl Value for u32 {}

/// A class of gaps: `base`, and so many steps of `1 << shift` more as the plain bits say.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Piece {
    base: u64,
    shift: u8,
    bits: u8,
}

impl Piece {
    /// The class of gaps of the same trailing zeros and length.
    fn class(gap: u64) -> Self {
        let shift = gap.trailing_zeros().min(63) as u8;
        let bits = (63 - (gap >> shift | 1).leading_zeros()) as u8;
        Self { base: 1 << (shift + bits), shift, bits }
    }
}

/// How the blocks of one table are coded.
#[derive(Debug)]
pub(super) struct Model {
    pieces: Box<[Piece]>,
    gaps: Decoder,
    values: Decoder,
}

/// The decoded ranges of a block.
#[derive(Debug)]
pub(super) struct Block<K, V> {
    count: usize,
    starts: [K; RANGES_PER_BLOCK],
    values: [V; RANGES_PER_BLOCK],
}

impl<K: Key, V: Value> Block<K, V> {
    /// The value of the range that holds this key.
    pub(super) fn look_up(&self, key: K) -> Option<V> {
        self.values.get(self.place(key)?).copied()
    }

    /// Which of the ranges, in order, holds this key.
    pub(super) fn place(&self, key: K) -> Option<usize> {
        self.starts.get(..self.count)?.partition_point(|&start| start <= key).checked_sub(1)
    }

    /// How many ranges there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

impl Model {
    /// Reads a model; none if it is damaged.
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
            pieces.push(Piece { base, shift, bits });
        }
        let gaps = Decoder::read(rest, CONTEXTS, count)?;
        let values = Decoder::read(rest, CONTEXTS, VALUE_SYMBOLS)?;
        Some(Self { pieces: pieces.into(), gaps, values })
    }

    /// Decodes a block of `count` ranges, the first of which starts at `first`; none if it is damaged.
    pub(super) fn decode<K: Key, V: Value>(&self, first: K, count: usize, data: &[u8]) -> Option<Box<Block<K, V>>> {
        let mut block = Box::new(Block {
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

    /// As decoding and looking up, but only as far as needed, and nothing is kept.
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
    model: &'a Model,
    bits: BitReader<'a>,
    start: u64,
    is_first: bool,
    is_beyond: bool,
    piece_kind: usize,
    told: Told,
    recent: [V; RECENT],
}

impl<'a, V: Value> Ranges<'a, V> {
    fn new(model: &'a Model, start: u64, data: &'a [u8]) -> Self {
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

    /// Whether all bits taken were there, and all starts fit: they only rise, so that if the last fits, all do.
    fn is_whole<K: Key>(&self) -> bool {
        !self.is_beyond && !self.bits.is_overdrawn() && K::from_number(self.start).is_some()
    }
}

/// How even a start is: the kind of its trailing zeros.
#[inline]
fn evenness<K: Key>(start: u64) -> usize {
    (start.trailing_zeros().saturating_sub(K::UNEVEN) as usize).min(KINDS - 1)
}

/// How the last two values were told.
struct Told {
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
    fn context(&self) -> usize {
        self.last * KINDS + self.before
    }

    #[inline]
    fn note(&mut self, symbol: usize) {
        self.before = self.last;
        self.last = if symbol < RECENT { symbol.min(KINDS - 2) } else { KINDS - 1 };
    }
}

/// The least number of a class, and how many bits of it are plain.
#[inline]
pub(super) fn number_class(class: usize) -> (u64, u32) {
    match class as u64 {
        small @ ..8 => (small, 0),
        class => {
            let plain = ((class >> 2) as u32).saturating_sub(3);
            ((4 | class & 3) << plain, plain)
        }
    }
}

/// The class of a number.
pub(super) fn class_of(number: u32) -> usize {
    let length = u32::BITS - number.leading_zeros();
    match length {
        ..=3 => number as usize,
        _ => (length * 4 + (number >> (length - 3) & 3)) as usize,
    }
}

/// One symbol of a block with the plain bits behind it.
struct Step {
    is_gap: bool,
    context: usize,
    symbol: usize,
    plain: u64,
    bits: u32,
}

/// Makes the model of a table, and its blocks.
#[derive(Debug)]
pub(super) struct Writer {
    pieces: Vec<Piece>,
    symbol_of: HashMap<u64, usize>,
    class_at: HashMap<(u8, u8), usize>,
    gaps: Encoder,
    values: Encoder,
}

impl Writer {
    /// Fits a model to ranges with keys of this kind.
    pub(super) fn new<K: Key>(ranges: &[(u64, u32)]) -> Self {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        for block in ranges.chunks(RANGES_PER_BLOCK) {
            for (before, after) in block.iter().zip(block.iter().skip(1)) {
                *counts.entry(after.0 - before.0).or_default() += 1;
            }
        }
        let mut gaps: Vec<(u64, u64)> = counts.into_iter().collect();
        gaps.sort_by_key(|&(gap, count)| (std::cmp::Reverse(count), gap));
        let mut writer = Self {
            pieces: Vec::new(),
            symbol_of: HashMap::new(),
            class_at: HashMap::new(),
            gaps: Encoder::new(&[]),
            values: Encoder::new(&[]),
        };
        for &(gap, _) in gaps.iter().take(PLAIN_PIECES) {
            writer.symbol_of.insert(gap, writer.pieces.len());
            writer.pieces.push(Piece { base: gap, shift: 0, bits: 0 });
        }
        for &(gap, _) in gaps.iter().skip(PLAIN_PIECES) {
            let piece = Piece::class(gap);
            let next = writer.pieces.len();
            if *writer.class_at.entry((piece.shift, piece.bits)).or_insert(next) == next {
                writer.pieces.push(piece);
            }
        }
        let mut gap_counts = vec![vec![0; writer.pieces.len()]; CONTEXTS];
        let mut value_counts = vec![vec![0; VALUE_SYMBOLS]; CONTEXTS];
        for block in ranges.chunks(RANGES_PER_BLOCK) {
            for step in writer.steps::<K>(block) {
                let counts = if step.is_gap { &mut gap_counts } else { &mut value_counts };
                counts[step.context][step.symbol] += 1;
            }
        }
        writer.gaps = Encoder::new(&gap_counts);
        writer.values = Encoder::new(&value_counts);
        writer
    }

    /// Appends the model.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_varint(out, self.pieces.len() as u64);
        for piece in &self.pieces {
            out.extend_from_slice(&[piece.shift, piece.bits]);
            put_varint(out, piece.base);
        }
        self.gaps.write(out);
        self.values.write(out);
    }

    /// Encodes a block, but for its first start and number of ranges.
    pub(super) fn encode<K: Key>(&self, block: &[(u64, u32)]) -> Vec<u8> {
        let mut bits = BitWriter::default();
        for step in self.steps::<K>(block) {
            let code = if step.is_gap { &self.gaps } else { &self.values };
            code.put(step.context, step.symbol, &mut bits);
            bits.put(step.plain, step.bits);
        }
        bits.into_bytes()
    }

    fn steps<K: Key>(&self, block: &[(u64, u32)]) -> Vec<Step> {
        let mut steps = Vec::with_capacity(2 * block.len());
        let mut before = None;
        let mut piece_kind = 0;
        let mut told = Told::default();
        let mut recent = Vec::new();
        for &(start, value) in block {
            if let Some(before) = before {
                let gap = start - before;
                let context = evenness::<K>(before) * KINDS + piece_kind;
                let (symbol, plain, bits) = match self.symbol_of.get(&gap) {
                    Some(&symbol) => (symbol, 0, 0),
                    None => {
                        let class = Piece::class(gap);
                        let symbol = self.class_at.get(&(class.shift, class.bits)).copied().unwrap_or_default();
                        (symbol, (gap - class.base) >> class.shift, class.bits.into())
                    }
                };
                piece_kind = symbol.min(KINDS - 1);
                steps.push(Step { is_gap: true, context, symbol, plain, bits });
            }
            before = Some(start);
            let context = told.context();
            let (symbol, plain, bits) = match recent.iter().position(|&other| other == value) {
                Some(place) => {
                    recent.remove(place);
                    (place, 0, 0)
                }
                None => {
                    recent.truncate(RECENT - 1);
                    let class = class_of(value);
                    let (base, bits) = number_class(class);
                    (RECENT + class, u64::from(value) - base, bits)
                }
            };
            recent.insert(0, value);
            told.note(symbol);
            steps.push(Step { is_gap: false, context, symbol, plain, bits });
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model<K: Key>(ranges: &[(u64, u32)]) -> (Writer, Model) {
        let writer = Writer::new::<K>(ranges);
        let mut bytes = Vec::new();
        writer.write(&mut bytes);
        let model = Model::read(&mut bytes.as_slice()).unwrap();
        for length in 0..bytes.len() {
            assert!(Model::read(&mut &bytes[..length]).is_none(), "cut at {length}");
        }
        (writer, model)
    }

    #[test]
    fn numbers_and_their_classes_agree() {
        for number in (0..5000).chain([u32::MAX, u32::MAX / 3, 1 << 31]) {
            let (base, plain) = number_class(class_of(number));
            assert!((base..base + (1 << plain)).contains(&u64::from(number)), "{number}");
            assert!(class_of(number) + RECENT < VALUE_SYMBOLS);
        }
    }

    #[test]
    fn gaps_and_their_pieces_agree() {
        for gap in (1..3000).chain([u64::MAX, 1 << 63, (1 << 63) + 1, 0x1f_0000_0000]) {
            let piece = Piece::class(gap);
            let plain = (gap - piece.base) >> piece.shift;
            assert_eq!((piece.base + (plain << piece.shift), plain >> piece.bits), (gap, 0), "{gap}");
        }
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
            let model = Model::read(&mut bytes.as_slice()).unwrap();
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
            let model = Model::read(&mut model_bytes.as_slice()).unwrap();
            model.decode::<u32, u16>(first as u32, RANGES_PER_BLOCK, &bytes);
            model.decode::<u64, u32>(first, 50, &bytes);
            Model::read(&mut bytes.as_slice());
        }
    }
}
