//! The pages of a column of a row group (<https://parquet.apache.org/docs/file-format/data-pages/>, `PageHeader` in
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>), unpacked but not decoded.

use crate::fleet::footer::Chunk;
use crate::fleet::origin::Origin;
use crate::fleet::thrift::{Fault, Value, walk};
use bytes::Bytes;

/// Most bytes of the header of a page. Without statistics it has some 50; a writer that shortens none gives the least and the largest value
/// twice each, and a value of `bytes` has up to 1 MiB.
const MAX_HEADER: u64 = 8 << 20;
/// Bytes that are read at first where a header is to be, and how many times more each time that they were too few.
const FIRST_WINDOW: u64 = 4 << 10;
const WINDOW_GROWTH: u64 = 16;
/// Most bytes of a page when it is unpacked. Engines write pages of about 1 MiB, DuckDB up to 100 MB
/// (`MAX_UNCOMPRESSED_PAGE_SIZE` in its Parquet writer).
const MAX_PAGE: usize = 128 << 20;

/// Encodings, `Encoding` in `parquet.thrift`.
pub(super) const PLAIN: i64 = 0;
pub(super) const PLAIN_DICTIONARY: i64 = 2;
pub(super) const RLE: i64 = 3;
pub(super) const RLE_DICTIONARY: i64 = 8;
/// Their names, by number.
pub(super) const ENCODINGS: [&str; 10] = [
    "PLAIN",
    "GROUP_VAR_INT",
    "PLAIN_DICTIONARY",
    "RLE",
    "BIT_PACKED",
    "DELTA_BINARY_PACKED",
    "DELTA_LENGTH_BYTE_ARRAY",
    "DELTA_BYTE_ARRAY",
    "RLE_DICTIONARY",
    "BYTE_STREAM_SPLIT",
];
/// Compressions, `CompressionCodec` there.
const UNCOMPRESSED: i64 = 0;
const ZSTD: i64 = 6;
const CODECS: [&str; 8] = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];

/// A page.
pub(super) enum Page {
    /// Values that data pages refer to.
    Dictionary { count: usize, values: Bytes },
    /// Values.
    Data(Data),
}

/// A page of values.
pub(super) struct Data {
    /// How many there are, with those that are null.
    pub(super) count: usize,
    /// Which are there; none where all are.
    pub(super) levels: Option<Bytes>,
    pub(super) values: Bytes,
    pub(super) encoding: i64,
}

/// The pages of a column of a row group that are still to be read.
pub(super) struct Pages<'a> {
    origin: &'a Origin,
    codec: i64,
    at: u64,
    left: u64,
    /// Whether the values may be null.
    is_optional: bool,
}

pub(super) const CUT: &str = "a page that is cut short";

impl<'a> Pages<'a> {
    /// Those of a chunk of columns that are not nested.
    pub(super) fn of(origin: &'a Origin, chunk: &Chunk, is_optional: bool) -> Self {
        let (at, left) = (chunk.bytes.start, chunk.bytes.end - chunk.bytes.start);
        Self { origin, codec: chunk.codec, at, left, is_optional }
    }

    /// The next page; none after the last. `budget` is how many bytes pages may still come to when they are unpacked.
    ///
    /// # Errors
    /// If it cannot be read or unpacked, is not of a kind that is known, or is larger than a page may be; says so.
    pub(super) fn next(&mut self, budget: &mut u64) -> Result<Option<Page>, String> {
        loop {
            if self.left == 0 {
                return Ok(None);
            }
            // A header takes at least the byte that ends it, so that each turn comes nearer to the end.
            let header = self.header()?;
            let (packed, unpacked) = (header.size(PACKED)?, header.size(UNPACKED)?);
            if packed as u64 > self.left {
                return Err(CUT.to_owned());
            }
            if unpacked > MAX_PAGE {
                return Err(format!("a page of {unpacked} bytes; write pages of at most {MAX_PAGE}"));
            }
            let from = self.at;
            self.step(packed as u64);
            let kind = header.number(KIND)?;
            if kind == INDEX_PAGE {
                continue;
            }
            // Pages that are not packed have the bytes that they have, whatever they claim.
            let cost = if self.codec == UNCOMPRESSED { packed } else { unpacked };
            *budget = budget.checked_sub(cost as u64).ok_or("more pages than those of any rows")?;
            let bytes = self.origin.read(from, packed as u64).map_err(|error| error.to_string())?;
            return self.page(kind, &header, bytes, unpacked).map(Some);
        }
    }

    fn page(&self, kind: i64, header: &Header, bytes: Bytes, unpacked: usize) -> Result<Page, String> {
        match kind {
            DICTIONARY_PAGE => {
                if ![PLAIN, PLAIN_DICTIONARY].contains(&header.number((7, 2))?) {
                    return Err("a dictionary whose values are not plain".to_owned());
                }
                Ok(Page::Dictionary { count: header.size((7, 1))?, values: self.unpacked(bytes, unpacked)? })
            }
            DATA_PAGE => {
                let (count, encoding) = (header.size((5, 1))?, header.number((5, 2))?);
                let mut values = self.unpacked(bytes, unpacked)?;
                let mut levels = None;
                if self.is_optional {
                    if header.number((5, 3))? != RLE {
                        return Err("a page whose nulls are not in the encoding RLE".to_owned());
                    }
                    let length = u32::from_le_bytes(*values.first_chunk().ok_or(CUT)?) as usize;
                    let end = length.checked_add(4).filter(|end| *end <= values.len()).ok_or(CUT)?;
                    levels = Some(values.slice(4..end));
                    values = values.slice(end..);
                }
                Ok(Page::Data(Data { count, levels, values, encoding }))
            }
            DATA_PAGE_V2 => {
                let (count, encoding) = (header.size((8, 1))?, header.number((8, 4))?);
                let (definition, repetition) = (header.size((8, 5))?, header.size((8, 6))?);
                // The levels come first and are not packed.
                let end = repetition.checked_add(definition).filter(|end| *end <= bytes.len()).ok_or(CUT)?;
                let rest = unpacked.checked_sub(end).ok_or(CUT)?;
                let levels = self.is_optional.then(|| bytes.slice(repetition..end));
                let values = bytes.slice(end..);
                let is_packed = header.get((8, 7)) != Some(0);
                let values = if is_packed { self.unpacked(values, rest)? } else { values };
                Ok(Page::Data(Data { count, levels, values, encoding }))
            }
            other => Err(format!("a page of the type {other}, which is not known")),
        }
    }

    fn unpacked(&self, bytes: Bytes, length: usize) -> Result<Bytes, String> {
        match self.codec {
            UNCOMPRESSED => Ok(bytes),
            // Without values there may be no bytes at all.
            ZSTD if length == 0 => Ok(Bytes::new()),
            ZSTD => {
                let unpacked = zstd::bulk::decompress(&bytes, length).map_err(|error| error.to_string())?;
                if unpacked.len() == length {
                    Ok(unpacked.into())
                } else {
                    Err("a page of another size than it claims".to_owned())
                }
            }
            other => {
                let name = usize::try_from(other).ok().and_then(|at| CODECS.get(at)).unwrap_or(&"that is not known");
                Err(format!("pages in the compression {name}; write them as ZSTD or without one"))
            }
        }
    }

    /// Reads the header that comes next.
    fn header(&mut self) -> Result<Header, String> {
        let most = self.left.min(MAX_HEADER);
        let mut window = FIRST_WINDOW.min(most);
        loop {
            let bytes = self.origin.read(self.at, window).map_err(|error| error.to_string())?;
            let mut header = Header::default();
            match walk(&bytes, &mut |path, value| header.take(path, value)) {
                Ok(length) => {
                    self.step(length as u64);
                    return Ok(header);
                }
                Err(Fault::Cut) if window < most => window = (window * WINDOW_GROWTH).min(most),
                Err(Fault::Cut) if most < self.left => {
                    return Err(format!("a page whose header has more than {MAX_HEADER} bytes"));
                }
                Err(Fault::Cut) => {
                    return Err("a page whose header is cut short, or claims more than there is".to_owned());
                }
                Err(Fault::Wrong(what)) => return Err(format!("a page whose header has {what}")),
            }
        }
    }

    fn step(&mut self, length: u64) {
        self.at += length;
        self.left -= length;
    }
}

/// A field of `PageHeader`, or one of a struct in it, by the number of the struct (0 is the header itself) and that of the field. Of the
/// structs, 5 is `DataPageHeader`, 7 `DictionaryPageHeader` and 8 `DataPageHeaderV2`.
type Field = (usize, usize);

const KIND: Field = (0, 1);
const UNPACKED: Field = (0, 2);
const PACKED: Field = (0, 3);
/// Kinds of pages, `PageType` in `parquet.thrift`.
const DATA_PAGE: i64 = 0;
const INDEX_PAGE: i64 = 1;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_V2: i64 = 3;

/// The numbers in the header of a page, by struct and field; flags are 0 or 1.
#[derive(Default)]
struct Header([[Option<i64>; 9]; 9]);

impl Header {
    fn take(&mut self, path: &[i64], value: Value<'_>) {
        let (in_struct, field) = match *path {
            [field] => (0, field),
            [in_struct, field] => (in_struct, field),
            _ => return,
        };
        let number = match value {
            Value::Whole(number) => number,
            Value::Flag(flag) => flag.into(),
            _ => return,
        };
        let place = usize::try_from(in_struct).ok().and_then(|at| self.0.get_mut(at));
        if let Some(place) = place.and_then(|fields| fields.get_mut(usize::try_from(field).ok()?)) {
            *place = Some(number);
        }
    }

    fn get(&self, (in_struct, field): Field) -> Option<i64> {
        *self.0.get(in_struct)?.get(field)?
    }

    fn number(&self, field: Field) -> Result<i64, String> {
        self.get(field).ok_or_else(|| "a page whose header does not say all of it".to_owned())
    }

    /// A number of bytes or values.
    fn size(&self, field: Field) -> Result<usize, String> {
        usize::try_from(self.number(field)?).map_err(|_| "a page of a size below zero".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::thrift::written::{bytes, fields, flag, i32};

    /// A page: its type, what it claims to have unpacked, its bytes, and the struct of its type.
    fn page(kind: i32, unpacked: i32, body: &[u8], of_kind: (i16, (u8, Vec<u8>))) -> Vec<u8> {
        let all = [(1, i32(kind)), (2, i32(unpacked)), (3, i32(body.len() as i32)), of_kind];
        [fields(&all).1, body.to_vec()].concat()
    }

    fn data(count: i32) -> (i16, (u8, Vec<u8>)) {
        (5, fields(&[(1, i32(count)), (2, i32(0)), (3, i32(3)), (4, i32(3))]))
    }

    fn second(definition: i32, repetition: i32, is_packed: bool) -> (i16, (u8, Vec<u8>)) {
        let levels = [(5, i32(definition)), (6, i32(repetition)), (7, flag(is_packed))];
        (8, fields(&[&[(1, i32(1)), (4, i32(8))][..], &levels].concat()))
    }

    /// Each page as text, and the problem that ends them.
    fn said(codec: i64, file: Vec<u8>, is_optional: bool) -> Vec<String> {
        let end = file.len() as u64;
        let origin = Origin::Memory(file.into());
        let mut pages = Pages::of(&origin, &Chunk { codec, bytes: 0..end }, is_optional);
        let (mut said, mut budget) = (Vec::new(), 1 << 20);
        loop {
            said.push(match pages.next(&mut budget) {
                Ok(None) => return said,
                Err(what) => format!("no: {what}"),
                Ok(Some(Page::Dictionary { count, values })) => format!("{count} {values:?}"),
                Ok(Some(Page::Data(Data { count, levels, values, encoding }))) => {
                    format!("{count} {levels:?} {values:?} {encoding}")
                }
            });
            if said.last().is_some_and(|last| last.starts_with("no: ")) {
                return said;
            }
        }
    }

    fn one(codec: i64, file: Vec<u8>) -> String {
        said(codec, file, false).swap_remove(0)
    }

    #[test]
    fn each_kind_of_page_is_read() {
        let packed = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).unwrap();
        let dictionary = (7, fields(&[(1, i32(2)), (2, i32(2))]));
        let file = [
            page(2, 4, &packed(b"dict"), dictionary),
            page(1, 9, b"an index", (6, fields(&[]))),
            page(0, 9, &packed(b"\x02\0\0\0\x03\x01val"), data(3)),
            page(3, 6, &[b"rdd", &*packed(b"val")].concat(), second(2, 1, true)),
            page(3, 6, b"rddval", second(2, 1, false)),
            page(3, 3, b"rdd", second(2, 1, true)),
        ];
        let expected = [
            r#"2 b"dict""#,
            r#"3 Some(b"\x03\x01") b"val" 0"#,
            r#"1 Some(b"dd") b"val" 8"#,
            r#"1 Some(b"dd") b"val" 8"#,
            r#"1 Some(b"dd") b"" 8"#,
        ];
        assert_eq!(said(ZSTD, file.concat(), true), expected);
        assert_eq!(one(UNCOMPRESSED, page(0, 1, b"val", data(3))), r#"3 None b"val" 0"#);
    }

    #[test]
    fn pages_of_no_bytes_come_to_an_end() {
        let file = vec![page(1, 0, b"", (6, fields(&[]))); 10_000].concat();
        assert_eq!(said(ZSTD, file, false), [""; 0]);
        let file = vec![page(0, 0, b"", data(0)); 10_000].concat();
        assert_eq!(said(ZSTD, file, false).len(), 10_000);
    }

    #[test]
    fn pages_that_cannot_be_are_refused() {
        let large = format!("no: a page of {} bytes; write pages of at most {MAX_PAGE}", i32::MAX);
        assert_eq!(one(ZSTD, page(0, i32::MAX, b"x", data(1))), large);
        assert_eq!(one(ZSTD, page(0, -1, b"x", data(1))), "no: a page of a size below zero");
        assert_eq!(one(ZSTD, fields(&[(1, i32(0)), (2, i32(1)), (3, i32(-1))]).1), "no: a page of a size below zero");
        assert_eq!(one(ZSTD, fields(&[(1, i32(0)), (2, i32(1)), (3, i32(1))]).1), format!("no: {CUT}"));
        assert_eq!(one(ZSTD, fields(&[(1, i32(0))]).1), "no: a page whose header does not say all of it");
        assert_eq!(one(ZSTD, page(9, 1, b"x", data(1))), "no: a page of the type 9, which is not known");
        assert_eq!(one(UNCOMPRESSED, page(0, 1, b"x", data(-1))), "no: a page of a size below zero");
        let compression = "no: pages in the compression SNAPPY; write them as ZSTD or without one";
        assert_eq!(one(1, page(0, 1, b"x", data(1))), compression);
        assert!(one(-1, page(0, 1, b"x", data(1))).contains("that is not known"));
        let odd = (7, fields(&[(1, i32(2)), (2, i32(5))]));
        assert_eq!(one(UNCOMPRESSED, page(2, 1, b"x", odd)), "no: a dictionary whose values are not plain");
        for (definition, repetition) in [(4, 0), (2, 2), (i32::MAX, i32::MAX)] {
            let file = page(3, 3, b"abc", second(definition, repetition, false));
            assert_eq!(one(UNCOMPRESSED, file), format!("no: {CUT}"));
        }
        assert_eq!(said(UNCOMPRESSED, page(0, 3, b"\x04\0\0\0abc", data(1)), true), [format!("no: {CUT}")]);
        let packed = zstd::bulk::compress(&[0; 100], 1).unwrap();
        assert_eq!(one(ZSTD, page(0, 101, &packed, data(1))), "no: a page of another size than it claims");
        assert!(one(ZSTD, page(0, 99, &packed, data(1))).starts_with("no: "));
    }

    #[test]
    fn a_header_is_read_to_its_end_and_no_further_than_its_column() {
        let statistics =
            |length| (5, fields(&[(1, i32(3)), (2, i32(0)), (5, fields(&[(1, bytes(&vec![7; length]))]))]));
        for length in [0, 4_000, 70_000, 2 << 20] {
            assert_eq!(one(UNCOMPRESSED, page(0, 1, b"val", statistics(length))), r#"3 None b"val" 0"#, "{length}");
        }
        let long = page(0, 1, b"val", statistics(MAX_HEADER as usize));
        assert_eq!(one(UNCOMPRESSED, long), format!("no: a page whose header has more than {MAX_HEADER} bytes"));
        let file = page(0, 1, b"", statistics(5_000));
        for end in (1..file.len()).step_by(7) {
            let what = "no: a page whose header is cut short, or claims more than there is";
            assert_eq!(one(UNCOMPRESSED, file[..end].to_vec()), what, "{end}");
        }
        // A million that are true, and as many numbers with a fraction, of which no byte is there.
        for kind in [0xf1, 0xf7] {
            let many = page(0, 1, b"val", (99, (9, vec![kind, 0xc0, 0x84, 0x3d])));
            assert_eq!(one(UNCOMPRESSED, many), "no: a page whose header is cut short, or claims more than there is");
        }
    }

    #[test]
    fn pages_come_to_no_more_than_their_budget() {
        let packed = zstd::bulk::compress(&vec![0; 600 << 10], 1).unwrap();
        let said = said(ZSTD, vec![page(0, 600 << 10, &packed, data(1)); 2].concat(), false);
        assert_eq!(said.len(), 2);
        assert_eq!(said[1], "no: more pages than those of any rows");
    }
}
