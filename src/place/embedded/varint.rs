//! Numbers of variable length (LEB128).

/// Longest varint of 64 bits.
const MAX_VARINT_BYTES: usize = 10;

/// The next LEB128 number.
#[inline]
pub(crate) fn varint(rest: &mut &[u8]) -> Option<u64> {
    // nearly all are short
    if let Some((&byte @ 0..0x80, after)) = rest.split_first() {
        *rest = after;
        return Some(byte.into());
    }
    let mut number = 0_u64;
    for place in 0..MAX_VARINT_BYTES {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Appends a LEB128 number.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn numbers_come_back(number: u64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            prop_assert_eq!(varint(&mut bytes.as_slice()), Some(number));
            prop_assert_eq!(varint(&mut &bytes[..bytes.len() - 1]), None);
        }
    }
}
