//! Writes blocks of address ranges as `range_block` reads them.

use super::bits::BitWriter;
use super::gap_class::GapClass;
use super::key::Key;
use super::number_class::{class_of, number_class};
use super::prefix_code::Encoder;
use super::range_block::{CONTEXTS, KINDS, RANGES_PER_BLOCK, RECENT, Told, VALUE_SYMBOLS, evenness};
use super::varint::put_varint;
use std::collections::{BTreeMap, HashMap};

/// Commonest gaps that have a class of their own.
const PLAIN_PIECES: usize = 160;

/// One symbol of a block with the plain bits behind it.
struct Step {
    is_gap: bool,
    context: usize,
    symbol: usize,
    plain: u64,
    bits: u32,
}

/// Makes the code of a table, and its blocks.
#[derive(Debug)]
pub(super) struct Writer {
    pieces: Vec<GapClass>,
    symbol_of: HashMap<u64, usize>,
    class_at: HashMap<(u8, u8), usize>,
    gaps: Encoder,
    values: Encoder,
}

impl Writer {
    /// Fits a code to ranges with keys of this kind.
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
            writer.pieces.push(GapClass { base: gap, shift: 0, bits: 0 });
        }
        for &(gap, _) in gaps.iter().skip(PLAIN_PIECES) {
            let piece = GapClass::of(gap);
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

    /// Appends the code.
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
                        let class = GapClass::of(gap);
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
