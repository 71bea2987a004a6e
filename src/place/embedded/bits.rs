//! Reads bits from bytes and writes them, most significant first.

/// Bits of a block, most significant first; past the end, zeros are read, and `is_overdrawn` tells that.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    at: usize,
    pub(super) ahead: u64,
}

impl<'a> BitReader<'a> {
    /// Starts at the first bit.
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, ahead: 0 }
    }

    /// Makes the next 57 bits ready.
    #[inline]
    pub(super) fn refill(&mut self) {
        let rest = self.data.get(self.at >> 3..).unwrap_or(&[]);
        let next = match rest.first_chunk::<8>() {
            Some(chunk) => *chunk,
            None => {
                let mut chunk = [0; 8];
                for (to, &from) in chunk.iter_mut().zip(rest) {
                    *to = from;
                }
                chunk
            }
        };
        self.ahead = u64::from_be_bytes(next) << (self.at & 7);
    }

    /// The next bits of those made ready; at most 57 between two refills.
    #[inline]
    pub(super) fn take(&mut self, bits: u32) -> u64 {
        // in two steps: shifting by 64 is not defined
        let taken = (self.ahead >> 1) >> (63 - (bits & 63));
        self.skip(bits);
        taken
    }

    /// Any number of bits up to 64, with refills before and after.
    // in line, so that the reader's state stays in registers
    #[inline(always)]
    pub(super) fn take_wide(&mut self, bits: u32) -> u64 {
        self.refill();
        let high = self.take(bits.saturating_sub(32).min(32));
        self.refill();
        let low = self.take(bits.min(32));
        self.refill();
        high << 32 | low
    }

    /// Whether more bits were taken than there are.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.at > self.data.len().saturating_mul(8)
    }

    #[inline]
    pub(super) fn skip(&mut self, bits: u32) {
        self.ahead <<= bits & 63;
        self.at += bits as usize;
    }
}

/// Bits to be read by a [`BitReader`].
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    /// Appends the low bits of a number, most significant first.
    pub(super) fn put(&mut self, number: u64, bits: u32) {
        for place in (0..bits.min(64)).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(number >> place & 1 == 1) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    /// The bytes, the last filled up with zeros.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
