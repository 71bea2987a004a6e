//! Classes of gaps between the starts of address ranges: a gap is its class and some plain bits.

/// A class of gaps: `base`, and so many steps of `1 << shift` more as the plain bits say.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct GapClass {
    pub(super) base: u64,
    pub(super) shift: u8,
    pub(super) bits: u8,
}

impl GapClass {
    /// The class of gaps of the same trailing zeros and length.
    pub(super) fn of(gap: u64) -> Self {
        let shift = gap.trailing_zeros().min(63) as u8;
        let bits = (63 - (gap >> shift | 1).leading_zeros()) as u8;
        Self { base: 1 << (shift + bits), shift, bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_their_classes_agree() {
        for gap in (1..3000).chain([u64::MAX, 1 << 63, (1 << 63) + 1, 0x1f_0000_0000]) {
            let class = GapClass::of(gap);
            let plain = (gap - class.base) >> class.shift;
            assert_eq!((class.base + (plain << class.shift), plain >> class.bits), (gap, 0), "{gap}");
        }
    }
}
