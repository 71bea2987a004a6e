//! What workers hand over, as rows of one table: what is said of a range, and the bytes of its partials in chunks.

use crate::capture::Outcome;
use crate::fleet::plan::{CONTRACT, MAX_TEXT, Task};
use crate::fleet::reading::{Chunk, Piece, Reading};
use crate::flow::SampleKey;

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    /// What is said of a range.
    Range(Box<Reading>),
    /// A chunk of a partial, and the plan that it is of.
    Part(String, Box<Chunk>),
}

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds; `Null` is none of them.
    pub kind: Kind,
    /// Whether it may be null.
    pub is_optional: bool,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Whole,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A field of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

const fn whole(name: &'static str) -> Column {
    Column { name, kind: Kind::Whole, is_optional: false }
}

const fn maybe(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_optional: true }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text, is_optional: false }
}

/// The columns, in order. `bytes` is the last, so that all others can be read without it.
pub const COLUMNS: [Column; 37] = [
    whole("contract"),
    text("kind"),
    text("plan"),
    whole("capture"),
    whole("from"),
    whole("to"),
    maybe("start", Kind::Whole),
    maybe("key_high", Kind::Whole),
    maybe("key_low", Kind::Whole),
    maybe("captures", Kind::Whole),
    maybe("given", Kind::Text),
    maybe("name", Kind::Text),
    maybe("size", Kind::Whole),
    maybe("modified_ns", Kind::Whole),
    maybe("first", Kind::Text),
    maybe("range_bytes", Kind::Whole),
    maybe("given_start", Kind::Whole),
    maybe("end", Kind::Whole),
    maybe("state", Kind::Text),
    maybe("problem", Kind::Text),
    maybe("format", Kind::Text),
    maybe("frames", Kind::Whole),
    maybe("not_packets", Kind::Whole),
    maybe("wire_bytes", Kind::Whole),
    maybe("captured_bytes", Kind::Whole),
    maybe("first_time_ns", Kind::Whole),
    maybe("last_time_ns", Kind::Whole),
    maybe("owners_left_out", Kind::Whole),
    maybe("lengths_not_believed", Kind::Whole),
    maybe("joined_files", Kind::Whole),
    maybe("secret_blocks", Kind::Whole),
    maybe("parts", Kind::Whole),
    maybe("part", Kind::Whole),
    maybe("base", Kind::Whole),
    maybe("chunk", Kind::Whole),
    maybe("chunks", Kind::Whole),
    maybe("bytes", Kind::Bytes),
];

/// How many columns all rows begin with.
const OF_ALL: usize = 7;
/// How many columns follow that only rows of ranges have.
const OF_RANGES: usize = 25;
/// How many columns follow that only rows of chunks have.
const OF_PARTS: usize = 5;

fn number(value: u64) -> Value {
    // No offset or count of a capture comes near the limit.
    Value::Whole(i64::try_from(value).unwrap_or(i64::MAX))
}

fn or_null<T>(value: Option<T>, make: impl Fn(T) -> Value) -> Value {
    value.map_or(Value::Null, make)
}

impl Row {
    /// The fields, in the order of [`COLUMNS`].
    pub fn into_values(self) -> Vec<Value> {
        match self {
            Self::Range(reading) => reading_values(*reading),
            Self::Part(plan, chunk) => {
                let Chunk { of, base, chunk, chunks, bytes } = *chunk;
                let mut values = vec![
                    Value::Whole(CONTRACT),
                    Value::Text("part".to_owned()),
                    Value::Text(plan),
                    number(of.capture.into()),
                    number(of.from),
                    number(of.to),
                    number(of.start),
                ];
                values.resize(OF_ALL + OF_RANGES, Value::Null);
                let own = [of.part.into(), base, chunk.into(), chunks.into()];
                values.extend(own.map(number));
                values.push(Value::Bytes(bytes));
                values
            }
        }
    }

    /// A row of fields in the order of [`COLUMNS`], which may come from anyone. The bytes may be left out, and are empty then.
    ///
    /// # Errors
    /// Says what is wrong where no worker writes such a row.
    pub fn from_values(values: Vec<Value>) -> Result<Self, String> {
        let mut fields = Fields { values: values.into_iter(), at: 0 };
        let contract = fields.whole()?;
        if contract != CONTRACT.unsigned_abs() {
            return Err(format!("it has contract {contract}, and this version of whither reads contract {CONTRACT}"));
        }
        match &*fields.text()? {
            "range" => fields.reading().map(|reading| Self::Range(Box::new(reading))),
            "part" => fields.part(),
            other => {
                Err(format!("there is no kind of row that is called {:?}", other.chars().take(40).collect::<String>()))
            }
        }
    }
}

fn reading_values(reading: Reading) -> Vec<Value> {
    let Reading { task, start, end, problem, counted, parts } = reading;
    let state = match (start, &problem) {
        (None, _) => "none",
        (_, Some(_)) => "broken",
        (_, None) => "whole",
    };
    let [high, low] = task.key.words().map(|word| Value::Whole(word.cast_signed()));
    let mut values = vec![
        Value::Whole(CONTRACT),
        Value::Text("range".to_owned()),
        Value::Text(task.plan),
        number(task.capture.into()),
        number(task.from),
        number(task.to),
        or_null(start, number),
        high,
        low,
        number(task.captures.into()),
        Value::Text(task.given),
        Value::Text(task.name),
        number(task.size),
        Value::Whole(task.modified_ns),
        Value::Text(task.first),
        number(task.range_bytes),
        or_null(task.start, number),
        number(end),
        Value::Text(state.to_owned()),
        or_null(problem, Value::Text),
        Value::Text(counted.format),
        number(counted.frames),
        number(counted.not_packets),
        number(counted.wire_bytes),
        number(counted.captured_bytes),
        or_null(counted.first_time_ns, Value::Whole),
        or_null(counted.last_time_ns, Value::Whole),
        number(counted.owners_left_out),
        number(counted.lengths_not_believed),
        number(counted.joined_files),
        number(counted.secret_blocks),
        number(parts.into()),
    ];
    values.resize(values.len() + OF_PARTS, Value::Null);
    values
}

/// Takes fields one after another.
struct Fields {
    values: std::vec::IntoIter<Value>,
    at: usize,
}

impl Fields {
    fn next(&mut self) -> Value {
        self.at += 1;
        self.values.next().unwrap_or(Value::Null)
    }

    fn wrong(&self) -> String {
        let name = COLUMNS.get(self.at.saturating_sub(1)).map_or("", |column| column.name);
        format!("the column {name} does not hold what it should")
    }

    fn maybe_signed(&mut self) -> Result<Option<i64>, String> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Whole(number) => Ok(Some(number)),
            _ => Err(self.wrong()),
        }
    }

    fn maybe_whole(&mut self) -> Result<Option<u64>, String> {
        let number = self.maybe_signed()?;
        number.map(|number| u64::try_from(number).map_err(|_| self.wrong())).transpose()
    }

    fn whole(&mut self) -> Result<u64, String> {
        self.maybe_whole()?.ok_or_else(|| self.wrong())
    }

    fn small(&mut self) -> Result<u32, String> {
        self.whole().and_then(|number| u32::try_from(number).map_err(|_| self.wrong()))
    }

    fn signed(&mut self) -> Result<i64, String> {
        self.maybe_signed()?.ok_or_else(|| self.wrong())
    }

    fn maybe_text(&mut self) -> Result<Option<String>, String> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Text(text) if text.len() <= MAX_TEXT => Ok(Some(text)),
            _ => Err(self.wrong()),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        self.maybe_text()?.ok_or_else(|| self.wrong())
    }

    fn reading(&mut self) -> Result<Reading, String> {
        let (plan, capture, from, to) = (self.text()?, self.small()?, self.whole()?, self.whole()?);
        let start = self.maybe_whole()?;
        let key = SampleKey::from_words(self.signed()?.cast_unsigned(), self.signed()?.cast_unsigned());
        let task = Task {
            plan,
            key,
            capture,
            from,
            to,
            captures: self.small()?,
            given: self.maybe_text()?.unwrap_or_default(),
            name: self.text()?,
            size: self.whole()?,
            modified_ns: self.signed()?,
            first: self.text()?,
            range_bytes: self.whole()?,
            start: self.maybe_whole()?,
        };
        let (end, state, problem) = (self.whole()?, self.text()?, self.maybe_text()?);
        let counted = Outcome {
            name: task.name.clone(),
            format: self.text()?,
            frames: self.whole()?,
            not_packets: self.whole()?,
            wire_bytes: self.whole()?,
            captured_bytes: self.whole()?,
            first_time_ns: self.maybe_signed()?,
            last_time_ns: self.maybe_signed()?,
            owners_left_out: self.whole()?,
            lengths_not_believed: self.whole()?,
            joined_files: self.whole()?,
            secret_blocks: self.whole()?,
            defect: None,
        };
        let reading = Reading { task, start, end, problem, counted, parts: self.small()? };
        let is_state = match (reading.start, &reading.problem) {
            (None, _) => state == "none",
            (_, Some(_)) => state == "broken",
            (_, None) => state == "whole",
        };
        if !is_state {
            return Err("its state is not what its other columns say".to_owned());
        }
        reading.check().map_err(|what| format!("it tells of {what}"))?;
        Ok(reading)
    }

    fn part(&mut self) -> Result<Row, String> {
        let (plan, capture, from, to) = (self.text()?, self.small()?, self.whole()?, self.whole()?);
        let start = self.whole()?;
        while self.at < OF_ALL + OF_RANGES {
            self.next();
        }
        let of = Piece { capture, from, to, start, part: self.small()? };
        let (base, chunk, chunks) = (self.whole()?, self.small()?, self.small()?);
        let bytes = match self.next() {
            Value::Null => Vec::new(),
            Value::Bytes(bytes) => bytes,
            _ => return Err(self.wrong()),
        };
        if chunk >= chunks {
            return Err(self.wrong());
        }
        Ok(Row::Part(plan, Box::new(Chunk { of, base, chunk, chunks, bytes })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of each kind, in which no column is null that the kind has.
    fn both() -> [Row; 2] {
        let task = Task {
            plan: "aa".repeat(32),
            key: SampleKey::from_words(u64::MAX, 7),
            capture: 1,
            captures: 2,
            given: "day/*.pcap".to_owned(),
            name: "day/b.pcap".to_owned(),
            size: 5_000,
            modified_ns: -1,
            first: "bb".repeat(32),
            range_bytes: 1_000,
            from: 2_000,
            to: 3_000,
            start: Some(2_040),
        };
        let counted = Outcome {
            name: task.name.clone(),
            format: "pcap".to_owned(),
            frames: 3,
            first_time_ns: Some(-5),
            last_time_ns: Some(9),
            ..Outcome::default()
        };
        let problem = Some("record header says 4,294,967,295 bytes".to_owned());
        let reading = Reading { task, start: Some(2_040), end: 2_900, problem, counted, parts: 4 };
        let of = reading.piece(3);
        let chunk = Chunk { of, base: 2, chunk: 5, chunks: 6, bytes: vec![1, 2, 3] };
        [Row::Part(reading.task.plan.clone(), Box::new(chunk)), Row::Range(Box::new(reading))]
    }

    #[test]
    fn rows_are_read_from_the_fields_that_they_are_written_as() {
        for row in both() {
            assert_eq!(Row::from_values(row.clone().into_values()), Ok(row));
        }
    }

    #[test]
    fn columns_of_both_kinds_come_first_then_those_of_ranges_then_those_of_parts() {
        let [part, range] = both().map(|row| row.into_values().into_iter().map(|value| value != Value::Null));
        let kinds: Vec<_> = part.zip(range).collect();
        assert_eq!(kinds.len(), COLUMNS.len());
        let expected =
            [[(true, true)].repeat(OF_ALL), [(false, true)].repeat(OF_RANGES), [(true, false)].repeat(OF_PARTS)];
        assert_eq!(kinds, expected.concat());
        let names = COLUMNS.map(|column| column.name);
        assert_eq!(names[..OF_ALL], ["contract", "kind", "plan", "capture", "from", "to", "start"]);
        let required = COLUMNS.iter().filter(|column| !column.is_optional).count();
        assert!(COLUMNS.iter().take(required).all(|column| !column.is_optional), "only columns of both kinds");
    }
}
