//! The parts of a table of address ranges: the keys at which ranges start, and their values.

/// A key that ranges start at: an IPv4 address, or the upper half of an IPv6 address.
pub trait Key: Copy + Ord + Default + Send + Sync {
    /// Starts with so many trailing zeros, or fewer, are all alike.
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

/// The value of a range. It is as narrow as the table allows, because decoded blocks stay in memory.
pub trait Value: Copy + Default + TryFrom<u64> + Into<u32> + Send + Sync {}

impl Value for u16 {}
impl Value for u32 {}
