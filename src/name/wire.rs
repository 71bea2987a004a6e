//! A cursor over bytes whose every read is checked: either the field fits into the bytes that are there, or the answer is
//! `None`.

/// The bytes that have not been read. A copy of the cursor marks a place to come back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a> {
    rest: &'a [u8],
}

impl<'a> Wire<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that have not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// As many of `length` bytes as are there, which is the part of a field that a cut left.
    pub(super) fn take_at_most(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        self.array::<3>()
            .map(|[high, middle, low]| (usize::from(high) << 16) | (usize::from(middle) << 8) | usize::from(low))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u16_le(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32_le(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// An integer of variable length as QUIC writes it (RFC 9000 §16).
    pub(super) fn varint(&mut self) -> Option<u64> {
        let first = self.u8()?;
        let mut value = u64::from(first & 0x3f);
        for byte in self.take((1 << (first >> 6)) - 1)? {
            value = (value << 8) | u64::from(*byte);
        }
        Some(value)
    }

    /// Tag and length of an element in DER (X.690 §8.1). Tags of one byte are read, and lengths that are one byte or stand in
    /// up to `longest` bytes after one.
    pub(super) fn der_head(&mut self, longest: u8) -> Option<(u8, usize)> {
        let (tag, first) = (self.u8()?, self.u8()?);
        let length = match first.checked_sub(0x80) {
            None => usize::from(first),
            Some(bytes) if (1..=longest).contains(&bytes) => {
                self.take(usize::from(bytes))?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            Some(_) => return None,
        };
        Some((tag, length))
    }

    /// The bytes after a length of one byte.
    pub(super) fn vector_u8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// The bytes after a length of two bytes.
    pub(super) fn vector_u16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

/// The two bytes at `offset` in network order.
#[inline]
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

/// The four bytes at `offset` in network order.
#[inline]
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

/// The two bytes at `offset`, least significant first.
#[inline]
pub(super) fn u16_le_at(bytes: &[u8], offset: usize) -> Option<u16> {
    u16_at(bytes, offset).map(u16::swap_bytes)
}

/// The four bytes at `offset`, least significant first.
#[inline]
pub(super) fn u32_le_at(bytes: &[u8], offset: usize) -> Option<u32> {
    u32_at(bytes, offset).map(u32::swap_bytes)
}

/// Whether the byte at `offset` passes the test, or is not there yet.
pub(super) fn agrees(bytes: &[u8], offset: usize, passes: impl FnOnce(u8) -> bool) -> bool {
    bytes.get(offset).is_none_or(|byte| passes(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_in_order() {
        let mut wire = Wire::new(&[1, 0, 2, 0, 0, 3, 4, 0, 2, 9, 9, 1]);
        assert_eq!(wire.u8(), Some(1));
        assert_eq!(wire.u16(), Some(2));
        assert_eq!(wire.u24(), Some(3));
        assert_eq!(wire.u16_le(), Some(4));
        assert_eq!(wire.vector_u8(), Some(&[9, 9][..]));
        assert_eq!(wire.u16(), None);
        assert_eq!(wire.take_at_most(5), [1]);
        assert!(wire.is_empty());
    }

    #[test]
    fn reads_at_a_place_or_not_at_all() {
        assert_eq!((u16_at(&[1, 2, 3], 1), u16_le_at(&[1, 2, 3], 1)), (Some(0x0203), Some(0x0302)));
        assert_eq!((u16_at(&[1, 2, 3], 2), u32_at(&[1, 2, 3], 9)), (None, None));
        assert_eq!(u32_le_at(&[1, 2, 3, 4], 0), Some(0x0403_0201));
    }

    /// The samples of RFC 9000 §A.1.
    #[test]
    fn reads_variable_length_integers() {
        let samples: [(&[u8], u64); 5] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ];
        for (bytes, value) in samples {
            assert_eq!(Wire::new(bytes).varint(), Some(value));
            assert_eq!(Wire::new(&bytes[..bytes.len() - 1]).varint(), None);
        }
    }
}
