//! The values of one column of a row group, with the levels that say where they stand in a row (Dremel encoding, as Parquet has it).

use super::cell;
use super::shape::Kind;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use serde_json::Value;

/// Where a value stands: how many optional and repeated fields above it are there, and at which of the repeated ones a new element
/// begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    pub(super) definition: i16,
    pub(super) repetition: i16,
}

/// The values of a column.
#[derive(Debug)]
enum Values {
    Texts(Vec<ByteArray>),
    Wholes(Vec<i64>),
    Reals(Vec<f64>),
    Flags(Vec<bool>),
}

/// A column of a row group that is being filled.
#[derive(Debug)]
pub(super) struct Leaf {
    kind: Kind,
    values: Values,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl Leaf {
    pub(super) fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Bytes => Values::Texts(Vec::new()),
            Kind::Whole | Kind::Time => Values::Wholes(Vec::new()),
            Kind::Real => Values::Reals(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
        };
        Self { kind, values, definitions: Vec::new(), repetitions: Vec::new() }
    }

    /// Appends that nothing is there.
    pub(super) fn skip(&mut self, levels: Levels) {
        self.definitions.push(levels.definition);
        self.repetitions.push(levels.repetition);
    }

    /// Appends a value; its bytes in memory, or none if it is of another kind.
    pub(super) fn push(&mut self, value: &Value, levels: Levels) -> Option<usize> {
        /// A number with its levels.
        const FIXED: usize = 12;
        let bytes = match (&mut self.values, self.kind) {
            (Values::Texts(texts), Kind::Bytes) => {
                let bytes = cell::bytes(value)?;
                let length = bytes.len();
                texts.push(ByteArray::from(bytes));
                length + FIXED
            }
            (Values::Texts(texts), _) => {
                let text = value.as_str()?;
                texts.push(ByteArray::from(text.as_bytes().to_vec()));
                text.len() + FIXED
            }
            (Values::Wholes(wholes), Kind::Time) => {
                wholes.push(cell::time_ns(value)?);
                FIXED
            }
            (Values::Wholes(wholes), _) => {
                wholes.push(value.as_i64()?);
                FIXED
            }
            (Values::Reals(reals), _) => {
                reals.push(value.as_f64()?);
                FIXED
            }
            (Values::Flags(flags), _) => {
                flags.push(value.as_bool()?);
                FIXED
            }
        };
        self.skip(levels);
        Some(bytes)
    }

    /// Writes the column and forgets it.
    pub(super) fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let levels = (Some(self.definitions.as_slice()), Some(self.repetitions.as_slice()));
        match &self.values {
            Values::Texts(texts) => column.typed::<ByteArrayType>().write_batch(texts, levels.0, levels.1)?,
            Values::Wholes(wholes) => column.typed::<Int64Type>().write_batch(wholes, levels.0, levels.1)?,
            Values::Reals(reals) => column.typed::<DoubleType>().write_batch(reals, levels.0, levels.1)?,
            Values::Flags(flags) => column.typed::<BoolType>().write_batch(flags, levels.0, levels.1)?,
        };
        *self = Self::new(self.kind);
        Ok(())
    }
}
