//! The values of one column of a record batch, while rows come.

use super::cell::{bytes, time_ns, wrong};
use super::schema::{element, fields};
use super::shape::{Column, Kind, Shape};
use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, NullBufferBuilder, StringBuilder,
    TimestampNanosecondBuilder,
};
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, FieldRef, Fields};
use serde_json::Value;
use std::io;
use std::sync::Arc;

/// A column that grows.
#[derive(Debug)]
pub(super) enum Growing {
    Texts(StringBuilder),
    Wholes(Int64Builder),
    Reals(Float64Builder),
    Flags(BooleanBuilder),
    Times(TimestampNanosecondBuilder),
    Bytes(BinaryBuilder),
    List(Box<List>),
    Object(Object),
}

/// Lists, whose elements are a column of their own.
#[derive(Debug)]
pub(super) struct List {
    field: FieldRef,
    /// Elements of each list.
    lengths: Vec<usize>,
    elements: Growing,
    is_there: NullBufferBuilder,
}

/// Objects, each field of which is a column of its own.
#[derive(Debug)]
pub(super) struct Object {
    fields: Fields,
    columns: &'static [Column],
    parts: Vec<Growing>,
    is_there: NullBufferBuilder,
}

impl Growing {
    /// A column without values.
    pub(super) fn new(shape: &Shape) -> Self {
        match shape {
            Shape::Value(Kind::Text) => Self::Texts(StringBuilder::new()),
            Shape::Value(Kind::Whole) => Self::Wholes(Int64Builder::new()),
            Shape::Value(Kind::Real) => Self::Reals(Float64Builder::new()),
            Shape::Value(Kind::Flag) => Self::Flags(BooleanBuilder::new()),
            Shape::Value(Kind::Time) => Self::Times(TimestampNanosecondBuilder::new().with_timezone("UTC")),
            Shape::Value(Kind::Bytes) => Self::Bytes(BinaryBuilder::new()),
            Shape::List(shape) => Self::List(Box::new(List {
                field: Arc::new(element(shape)),
                lengths: Vec::new(),
                elements: Self::new(shape),
                is_there: NullBufferBuilder::new(0),
            })),
            Shape::Object(columns) => Self::Object(Object {
                fields: fields(columns),
                columns,
                parts: columns.iter().map(|column| Self::new(&column.shape)).collect(),
                is_there: NullBufferBuilder::new(0),
            }),
        }
    }

    /// Appends a field of a row; its bytes in memory, about.
    ///
    /// # Errors
    /// If it is not what the column holds.
    pub(super) fn field(&mut self, column: &Column, value: Option<&Value>) -> io::Result<usize> {
        match value {
            None | Some(Value::Null) if column.is_optional => {
                self.skip();
                Ok(FIXED)
            }
            value => self.value(column.name, value.ok_or_else(|| wrong(column.name))?),
        }
    }

    fn value(&mut self, name: &str, value: &Value) -> io::Result<usize> {
        let wrong = || wrong(name);
        let bytes = match self {
            Self::Texts(texts) => {
                let text = value.as_str().ok_or_else(wrong)?;
                texts.append_value(text);
                text.len()
            }
            Self::Wholes(wholes) => {
                wholes.append_value(value.as_i64().ok_or_else(wrong)?);
                0
            }
            Self::Reals(reals) => {
                reals.append_value(value.as_f64().ok_or_else(wrong)?);
                0
            }
            Self::Flags(flags) => {
                flags.append_value(value.as_bool().ok_or_else(wrong)?);
                0
            }
            Self::Times(times) => {
                times.append_value(time_ns(value).ok_or_else(wrong)?);
                0
            }
            Self::Bytes(all) => {
                let bytes = bytes(value).ok_or_else(wrong)?;
                all.append_value(&bytes);
                bytes.len()
            }
            Self::List(list) => {
                let values = value.as_array().ok_or_else(wrong)?;
                list.lengths.push(values.len());
                list.is_there.append_non_null();
                values
                    .iter()
                    .try_fold(0, |bytes, value| Ok::<_, io::Error>(bytes + list.elements.value(name, value)?))?
            }
            Self::Object(object) => {
                let values = value.as_object().ok_or_else(wrong)?;
                object.is_there.append_non_null();
                let mut bytes = 0;
                for (column, part) in object.columns.iter().zip(&mut object.parts) {
                    bytes += part.field(column, values.get(column.name))?;
                }
                bytes
            }
        };
        Ok(bytes + FIXED)
    }

    /// Appends that nothing is there.
    fn skip(&mut self) {
        match self {
            Self::Texts(texts) => texts.append_null(),
            Self::Wholes(wholes) => wholes.append_null(),
            Self::Reals(reals) => reals.append_null(),
            Self::Flags(flags) => flags.append_null(),
            Self::Times(times) => times.append_null(),
            Self::Bytes(all) => all.append_null(),
            Self::List(list) => {
                list.lengths.push(0);
                list.is_there.append_null();
            }
            Self::Object(object) => {
                object.is_there.append_null();
                object.skip();
            }
        }
    }

    /// Appends something that stands where the whole object is null. It is no null: some engines take the columns of an object apart, and
    /// then find none where none may be.
    fn fill(&mut self) {
        match self {
            Self::Texts(texts) => texts.append_value(""),
            Self::Wholes(wholes) => wholes.append_value(0),
            Self::Reals(reals) => reals.append_value(0.0),
            Self::Flags(flags) => flags.append_value(false),
            Self::Times(times) => times.append_value(0),
            Self::Bytes(all) => all.append_value(b""),
            Self::List(list) => {
                list.lengths.push(0);
                list.is_there.append_non_null();
            }
            Self::Object(object) => {
                object.is_there.append_non_null();
                object.skip();
            }
        }
    }

    /// The column; none of it is left here.
    pub(super) fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Texts(texts) => Arc::new(texts.finish()),
            Self::Wholes(wholes) => Arc::new(wholes.finish()),
            Self::Reals(reals) => Arc::new(reals.finish()),
            Self::Flags(flags) => Arc::new(flags.finish()),
            Self::Times(times) => Arc::new(times.finish()),
            Self::Bytes(all) => Arc::new(all.finish()),
            Self::List(list) => {
                let offsets = OffsetBuffer::from_lengths(std::mem::take(&mut list.lengths));
                let (elements, field) = (list.elements.take()?, Arc::clone(&list.field));
                Arc::new(ListArray::try_new(field, offsets, elements, list.is_there.finish())?)
            }
            Self::Object(object) => {
                let parts = object.parts.iter_mut().map(Self::take).collect::<Result<_, _>>()?;
                Arc::new(StructArray::try_new(object.fields.clone(), parts, object.is_there.finish())?)
            }
        })
    }
}

impl Object {
    /// Appends nothing to each of its columns.
    fn skip(&mut self) {
        for (column, part) in self.columns.iter().zip(&mut self.parts) {
            if column.is_optional { part.skip() } else { part.fill() }
        }
    }
}

/// Bytes of a number or an offset, and of the bit that says whether it is there.
const FIXED: usize = 9;
