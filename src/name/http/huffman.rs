//! Turns Huffman-coded strings of HPACK into bytes (RFC 7541 §5.2, Appendix B).
//!
//! The code is canonical: codes of one length count up in the order of the symbols, so the lengths define the code.

/// Length of each symbol's code in bits. The last symbol is the end of the string.
#[rustfmt::skip]
const CODE_LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

const SYMBOLS: usize = 257;
const LENGTH_MAXIMUM: usize = 30;

/// The canonical code: the symbols by length, and for each length its first code and where its symbols begin.
struct Code {
    symbols: [u16; SYMBOLS],
    first_code: [u32; LENGTH_MAXIMUM + 1],
    start: [u16; LENGTH_MAXIMUM + 1],
    count: [u16; LENGTH_MAXIMUM + 1],
}

static CODE: Code = build();

const fn build() -> Code {
    let mut code = Code {
        symbols: [0; SYMBOLS],
        first_code: [0; LENGTH_MAXIMUM + 1],
        start: [0; LENGTH_MAXIMUM + 1],
        count: [0; LENGTH_MAXIMUM + 1],
    };
    let (mut length, mut next, mut filled) = (1, 0u32, 0);
    while length <= LENGTH_MAXIMUM {
        next <<= 1;
        code.first_code[length] = next;
        code.start[length] = filled as u16;
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if CODE_LENGTHS[symbol] as usize == length {
                code.symbols[filled] = symbol as u16;
                filled += 1;
                next += 1;
            }
            symbol += 1;
        }
        code.count[length] = filled as u16 - code.start[length];
        length += 1;
    }
    code
}

/// The symbol of a code with this length, if it is a code.
fn symbol(bits: u32, length: usize) -> Option<u16> {
    let index = bits.checked_sub(*CODE.first_code.get(length)?)?;
    if index >= u32::from(*CODE.count.get(length)?) {
        return None;
    }
    CODE.symbols.get(usize::from(*CODE.start.get(length)?) + index as usize).copied()
}

/// Decodes a string; `None` if it is malformed or longer than `limit`.
pub(super) fn decode(coded: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity((coded.len() * 8 / 5).min(limit));
    let (mut bits, mut length) = (0u32, 0usize);
    for &byte in coded {
        for place in (0..8).rev() {
            bits = bits << 1 | u32::from(byte >> place & 1);
            length += 1;
            if let Some(symbol) = symbol(bits, length) {
                // The end-of-string symbol must not appear.
                decoded.push(u8::try_from(symbol).ok()?);
                if decoded.len() > limit {
                    return None;
                }
                (bits, length) = (0, 0);
            } else if length >= LENGTH_MAXIMUM {
                return None;
            }
        }
    }
    // Padding is a prefix of the end-of-string symbol: fewer than eight ones.
    (length < 8 && bits == (1 << length) - 1).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_the_examples_of_the_standard() {
        // RFC 7541 §C.4.1 and §C.4.3.
        let authority = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(decode(&authority, 64).as_deref(), Some(&b"www.example.com"[..]));
        let value = [0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf];
        assert_eq!(decode(&value, 64).as_deref(), Some(&b"custom-value"[..]));
        assert_eq!(decode(&authority, 5), None);
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff], 64), None);
        assert_eq!(decode(&[], 64).as_deref(), Some(&b""[..]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&bytes, 100);
        }
    }
}
