//! Sections of rows: locations, and autonomous systems, with their names.
//!
//! Rows are in blocks of eight, decoded when one of them is first asked for. A section is the number of blocks, the length of the
//! compressed code, the code, the lengths of the blocks (16 bits each), the blocks. `locations` and `networks` say what their codes and
//! blocks hold.

use super::bits::{BitReader, BitWriter};
use super::blob::{compress, decompress};
use crate::place::facts::Country;
use std::sync::OnceLock;

/// Rows in one block: what is decoded to get at one.
pub(super) const ROWS_PER_BLOCK: usize = 8;
/// Most blocks of a section: five times what the AS table has.
pub(super) const MAX_BLOCKS: usize = 1 << 16;
/// Most bytes a code may unpack to: ten times what the largest does.
const MAX_CODE: usize = 1 << 19;

/// How the rows of a section are read.
pub(super) trait Code: Sized {
    type Row: std::fmt::Debug;

    fn read(rest: &mut &[u8]) -> Option<Self>;
    /// A block of so many rows; none if it is damaged.
    fn rows(&self, bits: &mut BitReader<'_>) -> Option<Box<[Self::Row]>>;
}

/// A section of rows. It is opened at the first look-up.
#[derive(Debug)]
pub(super) struct Section<C: Code> {
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
    pub(super) fn new(data: &'static [u8]) -> Self {
        Self { data, open: OnceLock::new() }
    }

    pub(super) fn at(&self, index: usize) -> Option<&C::Row> {
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
pub(super) fn section(code: &[u8], blocks: &[Vec<u8>]) -> std::io::Result<Vec<u8>> {
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

/// Rows of a block, less one, in three bits.
pub(super) fn count(bits: &mut BitReader<'_>) -> usize {
    bits.refill();
    bits.take(3) as usize + 1
}

pub(super) fn put_count(bits: &mut BitWriter, count: usize) {
    bits.put(count.saturating_sub(1) as u64, 3);
}

pub(super) fn code_of(country: Option<Country>) -> [u8; 2] {
    country.map_or([0; 2], |country| country.0)
}

pub(super) fn country_of(code: [u8; 2]) -> Option<Country> {
    std::str::from_utf8(&code).ok().and_then(Country::new)
}
