//! A code for names: bits to short texts, each coded by itself, so that one can be read without the others.
//!
//! A text is a row of pieces (single bytes, and the commonest words with the space before them) and an end, in a prefix code
//! whose context is the last byte of the piece before. Names of networks take a third of their bytes this way, no more than with
//! a general compressor over blocks of hundreds, and are decoded in a few hundred instructions.

use super::bits::{BitReader, BitWriter};
use super::prefix_code::{Decoder, Encoder, MAX_SYMBOLS};
use super::varint::{put_varint, varint};
use std::collections::HashMap;

/// Words that have a piece of their own: 1,000 more would save 3 %.
const WORDS: usize = 1200;
/// Longest word of those.
const LONGEST_WORD: usize = 16;
/// Longest text; one that is longer is cut. The longest name we know of has 200 bytes.
const MAX_TEXT: usize = 1000;
/// Contexts: the kinds of bytes, by [`kind`].
const CONTEXTS: usize = 60;
/// The piece that ends a text.
const END: usize = 0;

/// A code for reading.
#[derive(Debug)]
pub(super) struct TextCode {
    pieces: Box<[Box<[u8]>]>,
    code: Decoder,
}

impl TextCode {
    /// Reads a code; none if it is damaged.
    pub(super) fn read(rest: &mut &[u8]) -> Option<Self> {
        let count = usize::try_from(varint(rest)?).ok().filter(|&count| count <= MAX_SYMBOLS)?;
        let mut pieces = Vec::with_capacity(count);
        for _ in 0..count {
            let (&length, after) = rest.split_first()?;
            let (piece, after) = after.split_at_checked(length.into())?;
            *rest = after;
            pieces.push(piece.into());
        }
        Some(Self { pieces: pieces.into(), code: Decoder::read(rest, CONTEXTS, count)? })
    }

    /// The next text; none if it does not end or is no UTF-8. `buffer` is room to work in.
    pub(super) fn text<'a>(&self, bits: &mut BitReader<'_>, buffer: &'a mut Vec<u8>) -> Option<&'a str> {
        buffer.clear();
        for _ in 0..=MAX_TEXT {
            bits.refill();
            match self.code.symbol(buffer.last().copied().map_or(0, kind), bits) {
                END => return std::str::from_utf8(buffer).ok(),
                piece => match &**self.pieces.get(piece)? {
                    &[byte] => buffer.push(byte),
                    word => buffer.extend_from_slice(word),
                },
            }
        }
        None
    }
}

/// The context that a byte gives to the next: itself if it is a letter, else its kind.
#[inline]
fn kind(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => 1 + usize::from(byte - b'a'),
        b'A'..=b'Z' => 27 + usize::from(byte - b'A'),
        b'0'..=b'9' => 53,
        b' ' => 54,
        b'-' => 55,
        b',' => 56,
        b'.' => 57,
        0..128 => 58,
        _ => 59,
    }
}

/// A code for writing.
#[derive(Debug)]
pub(super) struct TextWriter {
    pieces: Vec<Vec<u8>>,
    symbol_of: HashMap<Vec<u8>, usize>,
    code: Encoder,
}

impl TextWriter {
    /// Fits a code to texts.
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut words: HashMap<&[u8], usize> = HashMap::new();
        let mut is_used = [false; 256];
        for text in texts.clone().map(|text| cut(text).as_bytes()) {
            let mut start = 0;
            for (at, &byte) in text.iter().enumerate() {
                is_used[usize::from(byte)] = true;
                if byte == b' ' && at > start {
                    *words.entry(&text[start..at]).or_default() += 1;
                    start = at;
                }
            }
            *words.entry(&text[start..]).or_default() += 1;
        }
        let mut words: Vec<(&[u8], usize)> =
            words.into_iter().filter(|(word, count)| (2..=LONGEST_WORD).contains(&word.len()) && *count > 1).collect();
        words.sort_by_key(|&(word, count)| (std::cmp::Reverse(count * (word.len() - 1)), word));
        let bytes = (0..=u8::MAX).filter(|&byte| is_used[usize::from(byte)]).map(|byte| vec![byte]);
        let pieces: Vec<Vec<u8>> =
            [Vec::new()].into_iter().chain(bytes).chain(words.iter().take(WORDS).map(|word| word.0.to_vec())).collect();
        let symbol_of = pieces.iter().cloned().zip(0..).collect();
        let mut writer = Self { pieces, symbol_of, code: Encoder::new(&[]) };
        let mut counts = vec![vec![0; writer.pieces.len()]; CONTEXTS];
        for text in texts {
            writer.each(text, |context, symbol| counts[context][symbol] += 1);
        }
        writer.code = Encoder::new(&counts);
        writer
    }

    /// Appends the code.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_varint(out, self.pieces.len() as u64);
        for piece in &self.pieces {
            out.push(piece.len() as u8);
            out.extend_from_slice(piece);
        }
        self.code.write(out);
    }

    /// Appends a text.
    pub(super) fn put(&self, text: &str, bits: &mut BitWriter) {
        self.each(text, |context, symbol| self.code.put(context, symbol, bits));
    }

    /// Context and symbol of each piece, the longest first, and of the end.
    fn each(&self, text: &str, mut then: impl FnMut(usize, usize)) {
        let mut rest = cut(text).as_bytes();
        let mut context = 0;
        while !rest.is_empty() {
            let found = (1..=rest.len().min(LONGEST_WORD)).rev().find_map(|length| {
                let (piece, after) = rest.split_at_checked(length)?;
                Some((*self.symbol_of.get(piece)?, piece, after))
            });
            let Some((symbol, piece, after)) = found else { break };
            then(context, symbol);
            context = piece.last().copied().map_or(0, kind);
            rest = after;
        }
        then(context, END);
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(texts: &[&str]) -> (TextWriter, TextCode) {
        let writer = TextWriter::new(texts.iter().copied());
        let mut bytes = Vec::new();
        writer.write(&mut bytes);
        let code = TextCode::read(&mut bytes.as_slice()).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            assert!(TextCode::read(&mut &bytes[..length]).is_none(), "cut at {length}");
        }
        (writer, code)
    }

    #[test]
    fn texts_come_back() {
        let long = "long ".repeat(300);
        let texts = ["Zürich", "", "東京 Limited", "Test Limited", " Limited  ", "a\nb", &long];
        let (writer, code) = code(&texts);
        let mut bits = BitWriter::default();
        texts.iter().for_each(|text| writer.put(text, &mut bits));
        let bytes = bits.into_bytes();
        let mut reader = BitReader::new(&bytes);
        let mut buffer = Vec::new();
        for text in texts {
            assert_eq!(code.text(&mut reader, &mut buffer), Some(cut(text)));
        }
        assert!(!reader.is_overdrawn());
    }

    #[test]
    fn words_are_worth_a_piece() {
        let texts = ["North Telecom Limited", "South Telecom Limited", "West Telecom Limited"];
        let (writer, _) = code(&texts);
        assert!(writer.symbol_of.contains_key(b" Telecom".as_slice()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn random_bits_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let (_, code) = code(&["aé", "b c", "b c d"]);
            code.text(&mut BitReader::new(&bytes), &mut Vec::new());
            TextCode::read(&mut bytes.as_slice());
        }
    }
}
