//! The values in pages of a Parquet file (<https://parquet.apache.org/docs/file-format/data-pages/>), for flat columns of whole numbers
//! and of bytes.
//!
//! The crate that writes them is not used to read them: its decoders end the program where a page is of an encoding that another
//! one announced, and a file of rows may come from anyone.

use crate::fleet::pages::{CUT, Data, ENCODINGS, PLAIN, PLAIN_DICTIONARY, Page, Pages, RLE_DICTIONARY};

/// Most values of a dictionary: as many as rows of a row group that is read. Engines may keep one that has more values than the group has rows.
const MAX_DICTIONARY: usize = 1 << 18;

/// A value of a column.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// Nothing.
    Null,
    /// A whole number.
    Whole(i64),
    /// Text or bytes.
    Bytes(bytes::Bytes),
}

/// A column of a row group.
pub(super) struct Values<'a> {
    pub(super) pages: Pages<'a>,
    /// Whether its values are numbers, not bytes.
    pub(super) is_whole: bool,
}

impl Values<'_> {
    /// Gives the values to `take`; there must be this many. `budget` is how many bytes pages may still come to.
    pub(super) fn each(
        mut self,
        count: usize,
        budget: &mut u64,
        take: &mut dyn FnMut(Raw) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut dictionary = None;
        let mut left = count;
        while left > 0 {
            match self.pages.next(budget)?.ok_or("a column that is shorter than its row group")? {
                Page::Dictionary { .. } if dictionary.is_some() => return Err("two dictionaries".to_owned()),
                Page::Dictionary { count, .. } if count > MAX_DICTIONARY => {
                    return Err(format!("a dictionary of more than {MAX_DICTIONARY} values"));
                }
                Page::Dictionary { count, values } => dictionary = Some(self.plain(values, count)?),
                Page::Data(data) => {
                    left = left.checked_sub(data.count).ok_or("a column that is longer than its row group")?;
                    self.values(data, dictionary.as_deref().unwrap_or_default(), take)?;
                }
            }
        }
        Ok(())
    }

    fn values(
        &self,
        data: Data,
        dictionary: &[Raw],
        take: &mut dyn FnMut(Raw) -> Result<(), String>,
    ) -> Result<(), String> {
        let Data { count, levels, values, encoding } = data;
        let there = match &levels {
            Some(levels) => hybrid(levels, 1, count).ok_or(CUT)?,
            None => vec![1; count],
        };
        let present = there.iter().filter(|level| **level == 1).count();
        let found = match encoding {
            PLAIN => self.plain(values, present)?,
            // All values are null.
            RLE_DICTIONARY | PLAIN_DICTIONARY if present == 0 => Vec::new(),
            RLE_DICTIONARY | PLAIN_DICTIONARY => {
                let (width, indexes) = values.split_first().ok_or(CUT)?;
                let indexes = hybrid(indexes, *width, present).ok_or(CUT)?;
                let look_up = |index: u32| dictionary.get(index as usize).cloned();
                indexes.into_iter().map(look_up).collect::<Option<_>>().ok_or("a value beyond its dictionary")?
            }
            other => {
                let name = usize::try_from(other).ok().and_then(|at| ENCODINGS.get(at)).unwrap_or(&"that is not known");
                return Err(format!("a page in the encoding {name}; write it as plain or with a dictionary"));
            }
        };
        let mut found = found.into_iter();
        for level in there {
            take(if level == 1 { found.next().ok_or(CUT)? } else { Raw::Null })?;
        }
        Ok(())
    }

    fn plain(&self, bytes: bytes::Bytes, count: usize) -> Result<Vec<Raw>, String> {
        let mut values = Vec::new();
        let mut at = 0_usize;
        for _ in 0..count {
            let rest = bytes.get(at..).unwrap_or_default();
            if self.is_whole {
                values.push(Raw::Whole(i64::from_le_bytes(*rest.first_chunk().ok_or(CUT)?)));
                at += 8;
                continue;
            }
            let length = u32::from_le_bytes(*rest.first_chunk().ok_or(CUT)?) as usize;
            let end = (at + 4).checked_add(length).filter(|end| *end <= bytes.len()).ok_or(CUT)?;
            values.push(Raw::Bytes(bytes.slice(at + 4..end)));
            at = end;
        }
        Ok(values)
    }
}

/// Numbers of so many bits, in runs of one number and in groups of eight that are packed
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/>, "RLE"). None if there are fewer than `count`.
fn hybrid(mut bytes: &[u8], width: u8, count: usize) -> Option<Vec<u32>> {
    if width > 32 {
        return None;
    }
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let mut header = 0_u64;
        let mut shift = 0;
        loop {
            let (byte, rest) = bytes.split_first()?;
            bytes = rest;
            header |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 28 {
                return None;
            }
        }
        let left = count - numbers.len();
        let length = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let (value, rest) = bytes.split_at_checked(usize::from(width.div_ceil(8)))?;
            bytes = rest;
            let value = value.iter().rev().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
            if length == 0 {
                return None;
            }
            numbers.extend(std::iter::repeat_n(value, length.min(left)));
            continue;
        }
        let packed = length.checked_mul(usize::from(width))?;
        // The last group may be cut where no more values follow.
        let (group, rest) = bytes.split_at_checked(packed).unwrap_or((bytes, &[]));
        bytes = rest;
        let wanted = length.checked_mul(8)?.min(left);
        if length == 0 || group.len() * 8 < wanted * usize::from(width) {
            return None;
        }
        for at in 0..wanted {
            let bits = (0..usize::from(width)).map(|bit| {
                let place = at * usize::from(width) + bit;
                u32::from(group.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)) << bit
            });
            numbers.push(bits.fold(0, |number, bit| number | bit));
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard: the numbers 0 to 7 with three bits each.
    #[test]
    fn runs_and_packed_groups_are_read() {
        assert_eq!(hybrid(&[3, 0b1000_1000, 0b1100_0110, 0b1111_1010], 3, 8), Some(vec![0, 1, 2, 3, 4, 5, 6, 7]));
        assert_eq!(hybrid(&[3, 0b1000_1000, 0b1100_0110, 0b1111_1010], 3, 5), Some(vec![0, 1, 2, 3, 4]));
        assert_eq!(hybrid(&[10, 1, 4, 0], 1, 7), Some(vec![1, 1, 1, 1, 1, 0, 0]));
        assert_eq!(hybrid(&[0xc8, 0x01, 7], 3, 100), Some(vec![7; 100]));
        assert_eq!(hybrid(&[6], 0, 3), Some(vec![0; 3]));
    }

    #[test]
    fn what_is_cut_or_without_end_is_none() {
        for bytes in [&[][..], &[10], &[0, 1], &[3, 1], &[1], &[0xff; 9], &[4, 1]] {
            assert_eq!(hybrid(bytes, 3, 4), None, "{bytes:?}");
        }
        assert_eq!(hybrid(&[2, 0, 0, 0, 0, 1], 33, 1), None);
    }
}
