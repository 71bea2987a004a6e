//! The end of a Parquet file (<https://parquet.apache.org/docs/file-format/>, `FileMetaData` in
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>), as its columns and where their pages are.

use crate::fleet::origin::Origin;
use crate::fleet::thrift::{Fault, Value, walk};
use std::ops::Range;

/// Most bytes of the metadata. A row group that whither or an engine writes takes some 4 kB of it, so that 4,000 of them fit, which are 64 GB
/// as whither writes them.
const MAX_BYTES: u64 = 16 << 20;
/// Most elements of the schema. The contract has 37, and engines may add others.
const MAX_ELEMENTS: usize = 10_000;
/// Fewest bytes that the metadata of a row group, and that of a column in it, can take: what must be there of either.
const LEAST_BYTES: usize = 16;

/// What a file has.
pub(super) struct Footer {
    /// Its columns with values, in the order of the schema.
    pub(super) columns: Vec<Leaf>,
    /// Its row groups, each with as many chunks as there are columns.
    pub(super) groups: Vec<Group>,
}

/// A column.
pub(super) struct Leaf {
    /// Its name. None where it is within another one, or is no text.
    pub(super) name: Option<String>,
    /// The number of its physical type, such as [`INT64`].
    pub(super) kind: i64,
    /// The number of its repetition: [`REQUIRED`], [`OPTIONAL`] or another.
    pub(super) repetition: i64,
}

/// Physical types, `Type` in `parquet.thrift`.
pub(super) const INT64: i64 = 2;
pub(super) const BYTE_ARRAY: i64 = 6;
/// `FieldRepetitionType` there.
pub(super) const REQUIRED: i64 = 0;
pub(super) const OPTIONAL: i64 = 1;

/// A row group.
#[derive(Default)]
pub(super) struct Group {
    /// How many rows it claims to have.
    pub(super) rows: u64,
    /// Where the pages of each column are.
    pub(super) chunks: Vec<Chunk>,
}

/// Pages of a column, one after the other.
#[derive(Clone)]
pub(super) struct Chunk {
    /// How they are compressed, `CompressionCodec` in `parquet.thrift`.
    pub(super) codec: i64,
    /// Their bytes in the file, all of which are there.
    pub(super) bytes: Range<u64>,
}

impl Footer {
    /// Reads it.
    ///
    /// # Errors
    /// If this is no Parquet file, is encrypted, or the metadata is larger than any that is known or contradicts itself; says so.
    pub(super) fn read(origin: &Origin) -> Result<Self, String> {
        let length = origin.length();
        let read = |from: Option<u64>, count| match from {
            Some(from) => origin.read(from, count).map_err(|error| error.to_string()),
            None => Err("it is too short".to_owned()),
        };
        let tail = read(length.checked_sub(8), 8)?;
        let (count, magic) = tail.split_first_chunk().ok_or("it is too short")?;
        match magic {
            b"PAR1" => (),
            b"PARE" => return Err("it is encrypted".to_owned()),
            _ => return Err("it does not end as one".to_owned()),
        }
        let count = u64::from(u32::from_le_bytes(*count));
        if count > MAX_BYTES {
            return Err(format!("its metadata has more than {MAX_BYTES} bytes"));
        }
        let bytes = read((length - 8).checked_sub(count), count)?;
        let mut found = Found { most: bytes.len() / LEAST_BYTES, ..Found::default() };
        walk(&bytes, &mut |path, value| found.take(path, value)).map_err(|fault| match fault {
            Fault::Cut => "its metadata is cut short, or claims more than there is".to_owned(),
            Fault::Wrong(what) => format!("its metadata has {what}"),
        })?;
        found.check(length)
    }
}

/// What the metadata says, before any of it is checked.
#[derive(Default)]
struct Found {
    /// Most row groups, and most chunks of all of them.
    most: usize,
    is_too_much: bool,
    elements: Vec<Element>,
    /// How many rows a row group has, and which of the places is the first of it.
    groups: Vec<(Option<i64>, usize)>,
    places: Vec<Place>,
}

/// A column, or a group of columns.
#[derive(Default)]
struct Element {
    kind: Option<i64>,
    repetition: Option<i64>,
    name: Option<String>,
    children: Option<i64>,
}

/// Where a chunk is said to be.
#[derive(Default)]
struct Place {
    codec: Option<i64>,
    length: Option<i64>,
    pages: Option<i64>,
    dictionary: Option<i64>,
}

impl Found {
    /// Takes in a value. The paths are fields of `FileMetaData`: its schema is field 2, its row groups are field 4, and the columns of those field 1.
    fn take(&mut self, path: &[i64], value: Value<'_>) {
        match (path, value) {
            // A field that comes twice counts as it comes last.
            ([2], _) => self.elements.clear(),
            ([2, _], Value::Struct) if self.elements.len() < MAX_ELEMENTS => self.elements.push(Element::default()),
            ([4], _) => {
                self.groups.clear();
                self.places.clear();
            }
            ([4, _], Value::Struct) if self.groups.len() < self.most => self.groups.push((None, self.places.len())),
            ([2 | 4, _], _) => self.is_too_much = true,
            ([2, _, field], value) => {
                let Some(element) = self.elements.last_mut() else { return };
                match (field, value) {
                    (1, Value::Whole(number)) => element.kind = Some(number),
                    (3, Value::Whole(number)) => element.repetition = Some(number),
                    (4, Value::Bytes(name)) => element.name = str::from_utf8(name).ok().map(str::to_owned),
                    (5, Value::Whole(number)) => element.children = Some(number),
                    _ => (),
                }
            }
            ([4, _, rest @ ..], value) => {
                let Some((rows, first)) = self.groups.last_mut() else { return };
                match (rest, value) {
                    ([1], _) => self.places.truncate(*first),
                    ([1, _], Value::Struct) if self.places.len() < self.most => self.places.push(Place::default()),
                    ([1, _], _) => self.is_too_much = true,
                    ([3], Value::Whole(number)) => *rows = Some(number),
                    // `ColumnMetaData` is field 3 of a column.
                    ([1, _, 3, field], Value::Whole(number)) => {
                        let Some(place) = self.places.last_mut() else { return };
                        match field {
                            4 => place.codec = Some(number),
                            7 => place.length = Some(number),
                            9 => place.pages = Some(number),
                            11 => place.dictionary = Some(number),
                            _ => (),
                        }
                    }
                    _ => (),
                }
            }
            _ => (),
        }
    }

    /// What it comes to in a file of this length.
    fn check(self, length: u64) -> Result<Footer, String> {
        if self.is_too_much {
            return Err("its metadata claims more columns or row groups than there can be".to_owned());
        }
        let columns = leaves(self.elements)?;
        let mut left = length;
        let mut groups = Vec::with_capacity(self.groups.len());
        let ends = self.groups.iter().skip(1).map(|(_, first)| *first).chain([self.places.len()]);
        for ((rows, first), end) in self.groups.iter().copied().zip(ends) {
            let places = self.places.get(first..end).unwrap_or_default();
            let rows = rows.and_then(|rows| u64::try_from(rows).ok()).ok_or("a row group of less than no rows")?;
            if places.len() != columns.len() {
                return Err("a row group of other columns than the file has".to_owned());
            }
            let chunks = places.iter().map(|place| place.chunk(length)).collect::<Result<Vec<_>, _>>()?;
            for chunk in &chunks {
                // Otherwise a short file could have the same pages read again and again.
                left = left
                    .checked_sub(chunk.bytes.end - chunk.bytes.start)
                    .ok_or("its columns have more bytes than the file")?;
            }
            groups.push(Group { rows, chunks });
        }
        Ok(Footer { columns, groups })
    }
}

impl Place {
    fn chunk(&self, file_length: u64) -> Result<Chunk, String> {
        let (Some(codec), Some(length), Some(pages)) = (self.codec, self.length, self.pages) else {
            return Err("its metadata does not say where a column is".to_owned());
        };
        // Some writers have 0 where there is no dictionary.
        let from = self.dictionary.filter(|from| (1..pages).contains(from)).unwrap_or(pages);
        let range = u64::try_from(from).ok().zip(u64::try_from(length).ok());
        let range = range.and_then(|(from, length)| Some(from..from.checked_add(length)?));
        match range.filter(|range| range.end <= file_length) {
            Some(bytes) => Ok(Chunk { codec, bytes }),
            None => Err("a column lies outside of the file".to_owned()),
        }
    }
}

/// The columns with values of a schema, which has each group before what is in it.
fn leaves(elements: Vec<Element>) -> Result<Vec<Leaf>, String> {
    const ODD: &str = "a schema whose groups do not fit its columns";
    let children = |element: &Element| u64::try_from(element.children.unwrap_or(0)).map_err(|_| ODD);
    let mut elements = elements.into_iter();
    // How many elements are still to come, of each group that is open.
    let mut open = vec![children(&elements.next().ok_or("it has no schema")?)?];
    let mut leaves = Vec::new();
    for element in elements {
        while open.last() == Some(&0) {
            open.pop();
        }
        let is_top = open.len() == 1;
        *open.last_mut().ok_or(ODD)? -= 1;
        match element.kind {
            Some(kind) => {
                let name = element.name.filter(|_| is_top);
                leaves.push(Leaf { name, kind, repetition: element.repetition.unwrap_or(REQUIRED) });
            }
            None => open.push(children(&element)?),
        }
    }
    if open.iter().any(|left| *left > 0) { Err(ODD.to_owned()) } else { Ok(leaves) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::thrift::written::{bytes, fields, i32, i64, list};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::file::writer::SerializedFileWriter;
    use std::sync::Arc;

    fn read(file: Vec<u8>) -> Result<Footer, String> {
        Footer::read(&Origin::Memory(file.into()))
    }

    fn problem(file: Vec<u8>) -> String {
        read(file).err().unwrap()
    }

    /// A file of the crate's own writer, with nested columns, statistics and two row groups.
    fn written() -> Vec<u8> {
        use parquet::data_type::{ByteArrayType, Int64Type};
        let message = "message m { REQUIRED INT64 a; OPTIONAL group g { OPTIONAL INT64 b; REPEATED INT64 c; } REPEATED BYTE_ARRAY d (STRING); }";
        let schema = parquet::schema::parser::parse_message_type(message).unwrap();
        let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).unwrap();
        for rows in [3, 5] {
            let mut group = file.next_row_group().unwrap();
            let (numbers, zeros) = (vec![7; rows], vec![0_i16; rows]);
            for column in 0..4 {
                let mut writer = group.next_column().unwrap().unwrap();
                let levels = (column > 0).then_some(&*zeros);
                let repeats = (column > 1).then_some(&*zeros);
                match column {
                    0 => writer.typed::<Int64Type>().write_batch(&numbers, None, None).unwrap(),
                    3 => writer.typed::<ByteArrayType>().write_batch(&[], levels, repeats).unwrap(),
                    _ => writer.typed::<Int64Type>().write_batch(&[], levels, repeats).unwrap(),
                };
                writer.close().unwrap();
            }
            group.close().unwrap();
        }
        file.into_inner().unwrap()
    }

    #[test]
    fn a_file_of_the_crate_is_read_as_the_crate_reads_it() {
        let file = written();
        let footer = read(file.clone()).unwrap();
        let names: Vec<_> = footer.columns.iter().map(|leaf| leaf.name.as_deref()).collect();
        assert_eq!(names, [Some("a"), None, None, Some("d")]);
        let kinds: Vec<_> = footer.columns.iter().map(|leaf| (leaf.kind, leaf.repetition)).collect();
        assert_eq!(kinds, [(INT64, REQUIRED), (INT64, OPTIONAL), (INT64, 2), (BYTE_ARRAY, 2)]);
        let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
        assert_eq!(footer.groups.len(), reader.num_row_groups());
        for (group, expected) in footer.groups.iter().zip(reader.metadata().row_groups()) {
            assert_eq!(group.rows.cast_signed(), expected.num_rows());
            let ranges = group.chunks.iter().map(|chunk| (chunk.bytes.start, chunk.bytes.end - chunk.bytes.start));
            assert_eq!(
                ranges.collect::<Vec<_>>(),
                expected.columns().iter().map(|c| c.byte_range()).collect::<Vec<_>>()
            );
            assert!(group.chunks.iter().all(|chunk| chunk.codec == 0));
        }
    }

    #[test]
    fn a_footer_that_is_cut_is_refused_at_every_length() {
        let file = written();
        let count = u32::from_le_bytes(*file[file.len() - 8..].first_chunk().unwrap()) as usize;
        let metadata = &file[file.len() - 8 - count..file.len() - 8];
        assert!(read(end_with(&file, metadata)).is_ok());
        for end in 0..count {
            let what = problem(end_with(&file, &metadata[..end]));
            assert_eq!(what, "its metadata is cut short, or claims more than there is", "{end}");
        }
        for end in 0..file.len() {
            assert!(read(file[..end].to_vec()).is_err(), "{end}");
        }
    }

    fn end_with(file: &[u8], metadata: &[u8]) -> Vec<u8> {
        [file, metadata, &(metadata.len() as u32).to_le_bytes(), b"PAR1"].concat()
    }

    type Written = (u8, Vec<u8>);

    fn element(children: Option<i32>, kind: Option<i32>) -> Written {
        let all = [(1, kind.map(i32)), (4, Some(bytes(b"x"))), (5, children.map(i32))];
        fields(&all.into_iter().filter_map(|(id, value)| Some((id, value?))).collect::<Vec<_>>())
    }

    fn chunk(length: i64, pages: i64, dictionary: i64) -> Written {
        fields(&[(3, fields(&[(4, i32(6)), (7, i64(length)), (9, i64(pages)), (11, i64(dictionary))]))])
    }

    fn group(rows: i64, chunks: &[Written]) -> Written {
        fields(&[(1, list(chunks)), (3, i64(rows))])
    }

    /// A file of 1,000 bytes and metadata of this schema and these groups.
    fn file(schema: &[Written], groups: &[Written]) -> Vec<u8> {
        end_with(&[0; 1_000], &fields(&[(2, list(schema)), (4, list(groups))]).1)
    }

    fn flat() -> [Written; 2] {
        [element(Some(1), None), element(None, Some(2))]
    }

    #[test]
    fn where_pages_begin_is_where_the_dictionary_is_if_there_is_one() {
        for (dictionary, expected) in [(50, 50..150), (0, 100..200), (-1, 100..200), (120, 100..200)] {
            let footer = read(file(&flat(), &[group(1, &[chunk(100, 100, dictionary)])])).unwrap();
            assert_eq!((footer.groups[0].rows, footer.groups[0].chunks[0].bytes.clone()), (1, expected));
        }
    }

    #[test]
    fn what_lies_outside_or_contradicts_itself_is_refused() {
        let outside = "a column lies outside of the file";
        for (length, pages) in [(-1, 4), (4, -1), (i64::MAX, 4), (4, i64::MAX), (2_000, 4), (4, 2_000)] {
            assert_eq!(problem(file(&flat(), &[group(1, &[chunk(length, pages, 0)])])), outside);
        }
        let twice = group(1, &[chunk(700, 4, 0)]);
        assert_eq!(
            problem(file(&flat(), &[twice.clone(), twice.clone()])),
            "its columns have more bytes than the file"
        );
        assert_eq!(problem(file(&flat(), &[group(-1, &[chunk(1, 4, 0)])])), "a row group of less than no rows");
        let others = "a row group of other columns than the file has";
        assert_eq!(problem(file(&flat(), &[group(1, &[chunk(1, 4, 0), chunk(1, 5, 0)])])), others);
        let nothing = fields(&[(2, i64(8))]);
        assert_eq!(problem(file(&flat(), &[group(1, &[nothing])])), "its metadata does not say where a column is");
        let odd = "a schema whose groups do not fit its columns";
        let leaf = element(None, Some(2));
        for schema in [
            vec![element(Some(2), None), leaf.clone()],
            vec![element(Some(1), None), leaf.clone(), leaf.clone()],
            vec![element(Some(-1), None), leaf.clone()],
            vec![element(Some(1), None), element(Some(i32::MAX), None)],
        ] {
            assert_eq!(problem(file(&schema, &[])), odd);
        }
        assert_eq!(problem(file(&[], &[])), "it has no schema");
    }

    #[test]
    fn more_than_there_can_be_takes_no_memory() {
        let what = "its metadata claims more columns or row groups than there can be";
        let empty = fields(&[]);
        assert_eq!(problem(file(&vec![empty.clone(); MAX_ELEMENTS + 1], &[])), what);
        assert_eq!(problem(file(&flat(), &vec![empty.clone(); 1_000])), what);
        assert_eq!(problem(file(&flat(), &[group(1, &vec![empty; 1_000])])), what);
        assert_eq!(
            problem([&[0; 8][..], b"\x01\x00\x00\x01PAR1"].concat()),
            "its metadata has more than 16777216 bytes"
        );
        assert_eq!(problem([&[0; 8][..], b"\x09\x00\x00\x00PAR1"].concat()), "it is too short");
        assert_eq!(problem([&[0; 8][..], b"\x01\x00\x00\x00PARE"].concat()), "it is encrypted");
        assert_eq!(problem(vec![0; 16]), "it does not end as one");
        assert_eq!(problem(Vec::new()), "it is too short");
    }
}
