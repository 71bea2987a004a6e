//! Numbers that look like chance and are the same for the same seed: SplitMix64 (Steele, Lea and Flood, 2014).

/// The numbers that follow from a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another, which is small beside 2^32 and not 0; the bias is of no consequence here.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        (((self.number() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// Whether one chance in a hundred, taken `percent` times, came true.
    pub(crate) fn is_in(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// A length from a Pareto distribution with shape 1: many short, few very long.
    pub(crate) fn pareto(&mut self, least: u32, most: u32) -> u32 {
        let chance = self.below(1 << 24) + 1;
        let length = u64::from(least) * (1 << 24) / u64::from(chance);
        u32::try_from(length).unwrap_or(most).min(most)
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
    }
}
