//! Structs in the compact protocol of Thrift
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), as the values in them and where each stands.
//!
//! A Parquet file says in this protocol what is in it. The crate `parquet` 60 is not used to read it. Where that skips a field
//! (`skip_till_depth` in `parquet_thrift.rs`), it does not hold the count of a list against the bytes that are left. Booleans take no byte there, and
//! bytes, numbers with a fraction and UUIDs may lie beyond the end of the file, so that seven bytes keep it busy for two thousand million
//! turns, and lists in lists for longer. A check of the bytes beforehand would not do, since the crate reads the fields that it knows without a
//! look at their types: bytes that are a list by their type are a number and more fields to it.

/// Most structs, lists and their elements around a value. The metadata of a Parquet file nests eight deep, as in the level histogram of a
/// column of a row group.
const MAX_NESTING: usize = 16;

/// What a struct says at one place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Value<'a> {
    /// True or false.
    Flag(bool),
    /// A whole number of 8 to 64 bits.
    Whole(i64),
    /// Bytes, or a text.
    Bytes(&'a [u8]),
    /// The begin of a list or set; its elements follow.
    List,
    /// The begin of a struct; its fields follow.
    Struct,
    /// The begin of a map, a number with a fraction, or a UUID.
    Other,
}

/// Why a struct cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The bytes end before its values do, or it claims more of them than the bytes that are left can hold.
    Cut,
    /// No more bytes would help.
    Wrong(&'static str),
}

/// Takes a value and its path: the number of the field, and in lists the ordinal of the element from 0 on.
type Take<'t, 'a> = dyn FnMut(&[i64], Value<'a>) + 't;

/// Gives what the struct at the begin of these bytes says, in order, and returns how many bytes it takes.
///
/// Each value takes at least one byte, and a list claims no more elements than there are bytes, so that the work grows with the bytes that the
/// struct takes.
///
/// # Errors
/// Where the bytes are cut short or are no such struct; what was given before stands for nothing then.
pub(super) fn walk<'a>(bytes: &'a [u8], take: &mut Take<'_, 'a>) -> Result<usize, Fault> {
    let mut walk = Walk { rest: bytes, path: Vec::with_capacity(MAX_NESTING), take };
    walk.fields()?;
    Ok(bytes.len() - walk.rest.len())
}

/// Types of fields and elements, as the protocol numbers them.
mod kind {
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const UUID: u8 = 13;
}

struct Walk<'a, 't> {
    rest: &'a [u8],
    path: Vec<i64>,
    take: &'t mut Take<'t, 'a>,
}

impl<'a> Walk<'a, '_> {
    fn fields(&mut self) -> Result<(), Fault> {
        let mut last = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            let id = match head >> 4 {
                0 => i16::try_from(self.signed()?).ok(),
                delta => last.checked_add(i16::from(delta)),
            };
            last = id.ok_or(Fault::Wrong("a field of a number that there cannot be"))?;
            match head & 0xf {
                // The type of a field that is true or false is its value.
                kind @ (kind::TRUE | kind::FALSE) => self.at(last.into(), |walk| {
                    walk.give(Value::Flag(kind == kind::TRUE));
                    Ok(())
                })?,
                kind => self.value(last.into(), kind)?,
            }
        }
    }

    /// A value with bytes of its own, at a step below the path so far.
    fn value(&mut self, step: i64, kind: u8) -> Result<(), Fault> {
        self.at(step, |walk| {
            let value = match kind {
                kind::TRUE | kind::FALSE => match walk.byte()? {
                    1 => Value::Flag(true),
                    // The first versions of the specification had 0 for false.
                    0 | 2 => Value::Flag(false),
                    _ => return Err(Fault::Wrong("a value that is neither true nor false")),
                },
                kind::BYTE => Value::Whole(walk.byte()?.cast_signed().into()),
                kind::I16 => Value::Whole(i16::try_from(walk.signed()?).map_err(|_| LARGE)?.into()),
                kind::I32 => Value::Whole(i32::try_from(walk.signed()?).map_err(|_| LARGE)?.into()),
                kind::I64 => Value::Whole(walk.signed()?),
                kind::BINARY => {
                    let length = walk.unsigned()?;
                    Value::Bytes(walk.take_bytes(length)?)
                }
                kind::DOUBLE | kind::UUID => {
                    walk.take_bytes(if kind == kind::UUID { 16 } else { 8 })?;
                    Value::Other
                }
                kind::LIST | kind::SET => {
                    walk.give(Value::List);
                    return walk.list();
                }
                kind::MAP => {
                    walk.give(Value::Other);
                    return walk.map();
                }
                kind::STRUCT => {
                    walk.give(Value::Struct);
                    return walk.fields();
                }
                _ => return Err(Fault::Wrong("a value of a type that there is not")),
            };
            walk.give(value);
            Ok(())
        })
    }

    fn list(&mut self) -> Result<(), Fault> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            count => count.into(),
        };
        // Even an empty struct takes the byte that ends it, and true and false take one each.
        if count > self.rest.len() as u64 {
            return Err(Fault::Cut);
        }
        (0..).zip(0..count).try_for_each(|(at, _)| self.value(at, head & 0xf))
    }

    fn map(&mut self) -> Result<(), Fault> {
        let count = self.unsigned()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        if count > self.rest.len() as u64 / 2 {
            return Err(Fault::Cut);
        }
        (0..).zip(0..count).try_for_each(|(at, _)| {
            self.value(at, kinds >> 4)?;
            self.value(at, kinds & 0xf)
        })
    }

    fn at(&mut self, step: i64, inner: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.path.len() == MAX_NESTING {
            return Err(Fault::Wrong("values that nest deeper than any that are known"));
        }
        self.path.push(step);
        inner(self)?;
        self.path.pop();
        Ok(())
    }

    fn give(&mut self, value: Value<'a>) {
        (self.take)(&self.path, value);
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let (byte, rest) = self.rest.split_first().ok_or(Fault::Cut)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn take_bytes(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(length).map_err(|_| Fault::Cut)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Fault::Cut)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A number in groups of seven bits, the lowest first: 64 bits are in at most ten bytes, of which the last has one bit.
    fn unsigned(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(LARGE);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(LARGE)
    }

    /// The same of a number whose lowest bit says whether it is below zero ("zigzag").
    fn signed(&mut self) -> Result<i64, Fault> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

const LARGE: Fault = Fault::Wrong("a number of more bits than its type has");

/// Structs as they are written, for tests.
#[cfg(test)]
pub(super) mod written {
    use super::kind;

    fn unsigned(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number > 0x7f {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    fn signed(number: i64) -> Vec<u8> {
        unsigned((number << 1 ^ number >> 63).cast_unsigned())
    }

    /// A struct of these fields, which have numbers of their own.
    pub(in crate::fleet) fn fields(fields: &[(i16, (u8, Vec<u8>))]) -> (u8, Vec<u8>) {
        let mut bytes = Vec::new();
        for (id, (kind, value)) in fields {
            bytes.push(*kind);
            bytes.extend(signed((*id).into()));
            bytes.extend(value);
        }
        bytes.push(0);
        (kind::STRUCT, bytes)
    }

    pub(in crate::fleet) fn i32(number: i32) -> (u8, Vec<u8>) {
        (kind::I32, signed(number.into()))
    }

    pub(in crate::fleet) fn i64(number: i64) -> (u8, Vec<u8>) {
        (kind::I64, signed(number))
    }

    pub(in crate::fleet) fn bytes(value: &[u8]) -> (u8, Vec<u8>) {
        (kind::BINARY, [unsigned(value.len() as u64), value.to_vec()].concat())
    }

    pub(in crate::fleet) fn flag(flag: bool) -> (u8, Vec<u8>) {
        (if flag { kind::TRUE } else { kind::FALSE }, Vec::new())
    }

    /// A list of values that are all of the type of the first.
    pub(in crate::fleet) fn list(values: &[(u8, Vec<u8>)]) -> (u8, Vec<u8>) {
        let kind = values.first().map_or(kind::STRUCT, |(kind, _)| *kind);
        let mut bytes = [vec![0xf0 | kind], unsigned(values.len() as u64)].concat();
        bytes.extend(values.iter().flat_map(|(_, value)| value));
        (super::kind::LIST, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::written::{bytes, fields, flag, i32, i64, list};
    use super::*;
    use proptest::prelude::*;

    /// What is walked, each value as text.
    fn said(bytes: &[u8]) -> (Result<usize, Fault>, Vec<String>) {
        let mut said = Vec::new();
        let result = walk(bytes, &mut |path, value| said.push(format!("{path:?} {value:?}")));
        (result, said)
    }

    #[test]
    fn each_type_is_read() {
        let short = [
            0x11, // field 1: true
            0x12, // field 2: false
            0x13, 0xff, // field 3: -1 in a byte
            0x14, 0x03, // field 4: -2 in 16 bits
            0x15, 0xd8, 0x04, // field 5: 300 in 32 bits
            0x26, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, // field 7: the least of 64 bits
            0x17, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, // field 8: 1.0
            0x18, 2, b'a', b'b', // field 9: two bytes
            0x19, 0x32, 1, 2, 0, // field 10: a list of true, false, and false as it once was
            0x1a, 0xf5, 1, 4, // field 11: a set of the number 2, its count in bytes of its own
            0x1b, 0, // field 12: an empty map
            0x1b, 1, 0x58, 6, 0, // field 13: a map of 3 and no bytes
            0x1c, 0x15, 2, 0, // field 14: a struct whose field 1 is 1
            0x1d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // field 15: a UUID
            0x19, 0, // field 16: an empty list, of no type as some write it
            0x05, 0x80, 0x08, 0x02, // field 512, whose number is in bytes of its own: 1
            0,
        ];
        let expected = [
            "[1] Flag(true)",
            "[2] Flag(false)",
            "[3] Whole(-1)",
            "[4] Whole(-2)",
            "[5] Whole(300)",
            "[7] Whole(-9223372036854775808)",
            "[8] Other",
            "[9] Bytes([97, 98])",
            "[10] List",
            "[10, 0] Flag(true)",
            "[10, 1] Flag(false)",
            "[10, 2] Flag(false)",
            "[11] List",
            "[11, 0] Whole(2)",
            "[12] Other",
            "[13] Other",
            "[13, 0] Whole(3)",
            "[13, 0] Bytes([])",
            "[14] Struct",
            "[14, 1] Whole(1)",
            "[15] Other",
            "[16] List",
            "[512] Whole(1)",
        ];
        let longer = [&short[..], &[1, 2, 3]].concat();
        let (result, found) = said(&longer);
        assert_eq!(found, expected);
        assert_eq!(result, Ok(short.len()));
        for end in 0..short.len() {
            assert_eq!(said(&short[..end]).0, Err(Fault::Cut), "{end}");
        }
    }

    #[test]
    fn what_claims_more_than_there_is_is_cut() {
        let million = [0xc0, 0x84, 0x3d];
        let many = |head: &[u8], rest: &[u8]| [head, &million, rest, &[0; 40]].concat();
        for (bytes, what) in [
            (many(&[0x19, 0xf1], &[]), "a list of true and false"),
            (many(&[0x19, 0xf2], &[]), "the same, of the other type that stands for them"),
            (many(&[0x1a, 0xfc], &[]), "a set of empty structs"),
            (many(&[0x19, 0x29, 0xf2], &[]), "a list in a list"),
            (many(&[0x1b], &[0x11]), "a map of true and false"),
            (many(&[0x18], &[]), "bytes"),
            ([&[0x1b, 21, 0x11][..], &[1; 41]].concat(), "a map of one more pair than there is"),
            ([&[0x18][..], &[0xff; 9], &[1]].concat(), "bytes of the largest number"),
        ] {
            assert_eq!(said(&bytes).0, Err(Fault::Cut), "{what}");
        }
    }

    #[test]
    fn what_no_more_bytes_would_mend_is_wrong() {
        let deep = |depth: usize| [vec![0x1c; depth], vec![0x11], vec![0; depth + 1]].concat();
        assert_eq!(said(&deep(MAX_NESTING - 1)).0, Ok(2 * MAX_NESTING));
        let lists = [&[0x19][..], &[0x19; 70], &[0; 70]].concat();
        for (bytes, what) in [
            (deep(MAX_NESTING), "a value in too many structs"),
            (lists, "lists in lists"),
            ([&[0x16][..], &[0xff; 9], &[2, 0]].concat(), "a number of 65 bits"),
            ([&[0x16][..], &[0x80; 10], &[0, 0]].concat(), "a number in eleven bytes"),
            (vec![0x14, 0x80, 0x80, 0x04, 0], "a number of 16 bits that has 17"),
            (vec![0x15, 0x80, 0x80, 0x80, 0x80, 0x10, 0], "a number of 32 bits that has 33"),
            (vec![0x01, 0x80, 0x80, 0x04, 0], "the number of a field that has 17 bits"),
            (vec![0x01, 0xfe, 0xff, 0x03, 0x11, 0], "a field after the last one"),
            (vec![0x1e, 0], "a field of type 14"),
            (vec![0x10, 0], "a field of type 0"),
            (vec![0x19, 0x1e, 0, 0], "an element of type 14"),
            (vec![0x19, 0x11, 3, 0], "neither true nor false"),
        ] {
            assert!(matches!(said(&bytes).0, Err(Fault::Wrong(_))), "{what}");
        }
    }

    #[test]
    fn what_is_written_for_tests_is_read() {
        let (_, all) = fields(&[
            (1, i32(-7)),
            (300, i64(i64::MAX)),
            (2, bytes(b"x")),
            (3, list(&[i32(1), i32(2)])),
            (4, fields(&[(1, flag(true))])),
        ]);
        let (result, found) = said(&all);
        assert_eq!(result, Ok(all.len()));
        let expected = [
            "[1] Whole(-7)",
            "[300] Whole(9223372036854775807)",
            "[2] Bytes([120])",
            "[3] List",
            "[3, 0] Whole(1)",
            "[3, 1] Whole(2)",
            "[4] Struct",
            "[4, 1] Flag(true)",
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        /// Each value takes at least a byte, whatever the bytes are. Small bytes make more lists.
        #[test]
        fn any_bytes_give_at_most_as_many_values(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..32], 0..4_096)) {
            let mut values = 0;
            let result = walk(&bytes, &mut |path, _| {
                values += 1;
                assert!(path.len() <= MAX_NESTING);
            });
            prop_assert!(values <= bytes.len());
            prop_assert!(result.is_err() || result.is_ok_and(|length| length <= bytes.len()));
        }
    }
}
