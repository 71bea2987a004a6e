//! Rows in Parquet files, written by whither or rewritten by an engine; and files of rows as a [`Store`].

use crate::error::Error;
use crate::fleet::footer::{BYTE_ARRAY, Footer, INT64, OPTIONAL, REQUIRED};
use crate::fleet::origin::Origin;
use crate::fleet::page::{Raw, Values};
use crate::fleet::pages::Pages;
use crate::fleet::plan::CONTRACT;
use crate::fleet::read::MAX_PARTIAL;
use crate::fleet::reading::{Piece, Reading};
use crate::fleet::row::{COLUMNS, Column, Kind, Row, Value};
use crate::fleet::store::{Chunks, Plans, Store};
use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a row group that is written, about.
const GROUP_BYTES: usize = 16 << 20;
/// Rows of a row group that is written, at most.
const GROUP_ROWS: usize = 4_096;
/// Most rows of all files that are read together: two for each range of the largest plan, and as many chunks again.
const MAX_ROWS: usize = 1 << 22;
/// Most rows of a row group that is read.
const MAX_GROUP_ROWS: usize = 1 << 18;
/// Most bytes of all texts of all files.
const MAX_TEXT: usize = 1 << 30;
/// Most bytes that all pages of all files come to, but for those of partials: a number in each column of the most rows, and the texts, twice.
const MAX_PAGES: u64 = 2 * (MAX_ROWS as u64 * COLUMNS.len() as u64 * 8 + MAX_TEXT as u64);
/// The same of the pages of the partials in a row group, which are in memory together: the bytes, and of each the length and whether it is there.
const MAX_GROUP_PAGES: u64 = MAX_PARTIAL as u64 + 64 * MAX_GROUP_ROWS as u64;
/// Row groups whose bytes are kept: as many as partials of neighbouring ranges may be in.
const KEPT_GROUPS: usize = 2;

/// A Parquet file of rows that is being written.
pub struct RowFile<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl<W: Write + Send> RowFile<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(out: W) -> std::io::Result<Self> {
        let schema = parse_message_type(&message()).map_err(failed)?;
        let facts = vec![KeyValue::new("whither.partials".to_owned(), CONTRACT.to_string())];
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("whither {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(facts))
            // The bytes of partials are no values that anyone looks for.
            .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
            .set_column_dictionary_enabled("bytes".into(), false)
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        Ok(Self { file, rows: Vec::new(), bytes: 0 })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn row(&mut self, row: Row) -> std::io::Result<()> {
        if let Row::Part(_, chunk) = &row {
            self.bytes += chunk.bytes.len();
        }
        self.rows.push(row.into_values());
        if self.bytes >= GROUP_BYTES || self.rows.len() >= GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    /// Writes what is left, and the end of the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> std::io::Result<W> {
        if !self.rows.is_empty() {
            self.end_group()?;
        }
        self.file.into_inner().map_err(failed)
    }

    fn end_group(&mut self) -> std::io::Result<()> {
        let mut columns: Vec<Vec<Value>> = COLUMNS.iter().map(|_| Vec::with_capacity(self.rows.len())).collect();
        for row in self.rows.drain(..) {
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
        self.bytes = 0;
        let mut group = self.file.next_row_group().map_err(failed)?;
        for (column, values) in COLUMNS.iter().zip(columns) {
            let Some(mut writer) = group.next_column().map_err(failed)? else { break };
            write_column(&mut writer, *column, values).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        group.close().map(drop).map_err(failed)
    }
}

fn write_column(
    writer: &mut SerializedColumnWriter<'_>,
    column: Column,
    values: Vec<Value>,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(*value != Value::Null)).collect();
    let levels = column.is_optional.then_some(&*levels);
    if column.kind == Kind::Whole {
        let numbers = values.into_iter().filter_map(|value| match value {
            Value::Whole(number) => Some(number),
            _ => None,
        });
        return writer.typed::<Int64Type>().write_batch(&numbers.collect::<Vec<_>>(), levels, None).map(drop);
    }
    let texts = values.into_iter().filter_map(|value| match value {
        Value::Text(text) => Some(ByteArray::from(text.into_bytes())),
        Value::Bytes(bytes) => Some(ByteArray::from(bytes)),
        _ => None,
    });
    writer.typed::<ByteArrayType>().write_batch(&texts.collect::<Vec<_>>(), levels, None).map(drop)
}

/// The columns as a message of Parquet's schema language.
fn message() -> String {
    let fields = COLUMNS.iter().map(|Column { name, kind, is_optional }| {
        let presence = if *is_optional { "OPTIONAL" } else { "REQUIRED" };
        match kind {
            Kind::Whole => format!("{presence} INT64 {name};"),
            Kind::Text => format!("{presence} BYTE_ARRAY {name} (STRING);"),
            Kind::Bytes => format!("{presence} BYTE_ARRAY {name};"),
        }
    });
    format!("message partials {{\n{}\n}}", fields.collect::<Vec<_>>().join("\n"))
}

fn failed(error: ParquetError) -> std::io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => *source,
            Err(source) => std::io::Error::other(source),
        },
        other => std::io::Error::other(other),
    }
}

/// Where a chunk is: file, row group, row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    file: usize,
    group: usize,
    row: usize,
}

/// Files of rows. What is said of ranges is in memory; the bytes of partials are read when they are asked for.
pub struct Files {
    files: Vec<(PathBuf, RowsFile)>,
    readings: Vec<Reading>,
    partials: BTreeMap<Piece, Chunks<Place>>,
    /// The bytes of the row groups that were used last, by file and group.
    groups: Vec<((usize, usize), Group)>,
}

/// A file that is open, and what it says that it has.
struct RowsFile {
    origin: Origin,
    footer: Footer,
}

impl RowsFile {
    fn new(path: &Path, origin: Origin) -> Result<Self, Error> {
        match Footer::read(&origin) {
            Ok(footer) => Ok(Self { origin, footer }),
            Err(what) => Err(refused(path, format!("it is no Parquet file that can be read: {what}"))),
        }
    }
}

/// The bytes of the rows of a row group.
type Group = Vec<Option<Bytes>>;

impl Files {
    /// Reads all rows of files but the bytes of partials.
    ///
    /// # Errors
    /// If a file cannot be read, or no worker wrote such rows; the error names it.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        Self::of(paths.iter().map(AsRef::as_ref).map(|path| {
            let origin = File::open(path).and_then(Origin::file).map_err(|error| Error::io(path, error))?;
            Ok((path.to_owned(), RowsFile::new(path, origin)?))
        }))
    }

    /// The same of a file in memory, under a name of the caller's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn memory(name: &Path, bytes: Vec<u8>) -> Result<Self, Error> {
        let file = RowsFile::new(name, Origin::Memory(Bytes::from(bytes)))?;
        Self::of(std::iter::once(Ok((name.to_owned(), file))))
    }

    fn of(files: impl Iterator<Item = Result<(PathBuf, RowsFile), Error>>) -> Result<Self, Error> {
        let mut all = Self { files: Vec::new(), readings: Vec::new(), partials: BTreeMap::new(), groups: Vec::new() };
        let mut plans = Plans::default();
        let mut budget = Budget { rows: MAX_ROWS, text_bytes: MAX_TEXT, page_bytes: MAX_PAGES };
        for file in files {
            all.files.push(file?);
            all.take_in(all.files.len() - 1, &mut plans, &mut budget)?;
        }
        Ok(all)
    }

    /// Takes in the rows of a file.
    fn take_in(&mut self, file: usize, plans: &mut Plans, budget: &mut Budget) -> Result<(), Error> {
        let Self { files, readings, partials, .. } = self;
        let Some((path, source)) = files.get(file) else { return Ok(()) };
        for group in 0..source.footer.groups.len() {
            let light = COLUMNS.get(..COLUMNS.len() - 1).unwrap_or_default();
            let table = group_rows(source, group, light, budget).map_err(|what| refused(path, what))?;
            for (row, values) in table.into_iter().enumerate() {
                let parsed = Row::from_values(values);
                let refused = |what: String| refused(path, format!("row {row} of row group {group}: {what}"));
                match parsed.map_err(refused)? {
                    Row::Range(reading) => {
                        plans.note(&reading.task.plan).map_err(refused)?;
                        readings.push(*reading);
                    }
                    Row::Part(plan, chunk) => {
                        plans.note(&plan).map_err(refused)?;
                        let place = Place { file, group, row };
                        let chunks = partials.entry(chunk.of).or_default();
                        chunks.add(chunk.base, chunk.chunk, chunk.chunks, place);
                    }
                }
            }
        }
        Ok(())
    }

    /// The bytes of the chunk at a place.
    fn chunk(&mut self, place: Place) -> Result<Bytes, Error> {
        let wanted = (place.file, place.group);
        let Some((path, file)) = self.files.get(place.file) else { return Ok(Bytes::new()) };
        let at = match self.groups.iter().position(|(group, _)| *group == wanted) {
            Some(at) => at,
            None => {
                let bytes = group_bytes(file, place.group).map_err(|what| refused(path, what))?;
                if self.groups.len() >= KEPT_GROUPS {
                    self.groups.remove(0);
                }
                self.groups.push((wanted, bytes));
                self.groups.len() - 1
            }
        };
        let chunk = self.groups.get(at).and_then(|(_, bytes)| bytes.get(place.row)?.clone());
        chunk.ok_or_else(|| refused(path, format!("row {} of row group {} has no bytes", place.row, place.group)))
    }
}

impl Store for Files {
    fn readings(&self) -> &[Reading] {
        &self.readings
    }

    fn has(&self, piece: &Piece) -> bool {
        self.partials.get(piece).is_some_and(Chunks::is_whole)
    }

    fn partial(&mut self, piece: &Piece) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let Some(chunks) = self.partials.get(piece).filter(|chunks| chunks.is_whole()) else { return Ok(None) };
        let (base, places) = (chunks.base(), chunks.iter().copied().collect::<Vec<_>>());
        let mut bytes = Vec::new();
        for place in places {
            bytes.extend_from_slice(&self.chunk(place)?);
            if bytes.len() > MAX_PARTIAL {
                let path = self.files.get(place.file).map(|(path, _)| path.clone()).unwrap_or_default();
                return Err(refused(&path, format!("a partial has more than {MAX_PARTIAL} bytes")));
            }
        }
        Ok(Some((base, bytes)))
    }
}

fn refused(path: &Path, what: String) -> Error {
    Error::not_usable(path, what, "give what `whither partials` wrote")
}

/// What all files together may still take of memory, whatever they say.
struct Budget {
    rows: usize,
    text_bytes: usize,
    page_bytes: u64,
}

/// How many rows a row group has.
fn row_count(file: &RowsFile, group: usize) -> Result<usize, String> {
    let rows = file.footer.groups.get(group).map_or(0, |group| group.rows);
    let count = usize::try_from(rows).ok().filter(|count| *count <= MAX_GROUP_ROWS);
    count.ok_or_else(|| format!("a row group of more than {MAX_GROUP_ROWS} rows; write smaller ones"))
}

/// The rows of a row group, with these columns; what is not there is null.
fn group_rows(
    file: &RowsFile,
    group: usize,
    columns: &[Column],
    budget: &mut Budget,
) -> Result<Vec<Vec<Value>>, String> {
    let count = row_count(file, group)?;
    budget.rows = budget.rows.checked_sub(count).ok_or_else(|| format!("there are more than {MAX_ROWS} rows"))?;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let mut row = 0;
        each_value(file, group, *column, &mut budget.page_bytes, &mut |value| {
            let value = match value {
                Raw::Null => Value::Null,
                Raw::Whole(number) => Value::Whole(number),
                Raw::Bytes(bytes) => {
                    let left = budget.text_bytes.checked_sub(bytes.len());
                    budget.text_bytes = left.ok_or("more text than that of any ranges")?;
                    let text = std::str::from_utf8(&bytes).map_err(|_| "a text that is no UTF-8")?;
                    Value::Text(text.to_owned())
                }
            };
            if at == 0 {
                rows.push(Vec::with_capacity(columns.len()));
            }
            rows.get_mut(row).ok_or("columns of different lengths")?.push(value);
            row += 1;
            Ok(())
        })?;
        if row != rows.len() {
            return Err("columns of different lengths".to_owned());
        }
    }
    Ok(rows)
}

/// The bytes of the partials in a row group.
fn group_bytes(file: &RowsFile, group: usize) -> Result<Vec<Option<Bytes>>, String> {
    let [.., column] = &COLUMNS;
    let (mut all, mut length) = (Vec::new(), 0);
    let mut page_bytes = MAX_GROUP_PAGES;
    each_value(file, group, *column, &mut page_bytes, &mut |value| {
        let bytes = match value {
            Raw::Bytes(bytes) => Some(bytes),
            _ => None,
        };
        length += bytes.as_ref().map_or(0, Bytes::len);
        if length > MAX_PARTIAL {
            return Err("a row group of more bytes than are read at once; write smaller ones".to_owned());
        }
        all.push(bytes);
        Ok(())
    })?;
    Ok(all)
}

/// Gives the values of a column of a row group, one for each of its rows. A column that is not there is null throughout, but for those that
/// every row has.
fn each_value(
    file: &RowsFile,
    group: usize,
    column: Column,
    page_bytes: &mut u64,
    take: &mut dyn FnMut(Raw) -> Result<(), String>,
) -> Result<(), String> {
    let RowsFile { origin, footer } = file;
    let count = row_count(file, group)?;
    let place = footer.columns.iter().position(|leaf| leaf.name.as_deref() == Some(column.name));
    let found = place.and_then(|at| Some((footer.columns.get(at)?, footer.groups.get(group)?.chunks.get(at)?)));
    let Some((leaf, chunk)) = found else {
        if column.is_optional {
            return (0..count).try_for_each(|_| take(Raw::Null));
        }
        return Err(format!("it has no column {}", column.name));
    };
    let is_whole = column.kind == Kind::Whole;
    let wanted = if is_whole { INT64 } else { BYTE_ARRAY };
    if leaf.kind != wanted || ![REQUIRED, OPTIONAL].contains(&leaf.repetition) {
        return Err(format!("its column {} is of another type", column.name));
    }
    let values = Values { pages: Pages::of(origin, chunk, leaf.repetition == OPTIONAL), is_whole };
    values.each(count, page_bytes, take).map_err(|what| format!("its column {}: {what}", column.name))
}
