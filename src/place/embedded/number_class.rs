//! Classes of numbers: a number is its class, which tells the three highest bits, and the rest as plain bits.

/// Classes of numbers: four for each length of 32 bits.
pub(super) const NUMBER_CLASSES: usize = 4 * 33;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_their_classes_agree() {
        for number in (0..5000).chain([u32::MAX, u32::MAX / 3, 1 << 31]) {
            let (base, plain) = number_class(class_of(number));
            assert!((base..base + (1 << plain)).contains(&u64::from(number)), "{number}");
            assert!(class_of(number) < NUMBER_CLASSES);
        }
    }
}
