//! The schema of Arrow that columns have: the one that Arrow's readers of Parquet make of the same columns.

use super::shape::{Column, Kind, Shape};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// The columns as a schema; `facts` are names and values that stand in its metadata.
pub(super) fn schema(columns: &[Column], facts: &[(&str, String)]) -> SchemaRef {
    let facts: HashMap<String, String> = facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Arc::new(Schema::new_with_metadata(fields(columns), facts))
}

/// The same as the fields of an object.
pub(super) fn fields(columns: &[Column]) -> Fields {
    columns.iter().map(|column| Field::new(column.name, data_type(&column.shape), column.is_optional)).collect()
}

/// An element of a list, which is never null.
pub(super) fn element(shape: &Shape) -> Field {
    Field::new("element", data_type(shape), false)
}

fn data_type(shape: &Shape) -> DataType {
    match shape {
        Shape::Value(Kind::Text) => DataType::Utf8,
        Shape::Value(Kind::Whole) => DataType::Int64,
        Shape::Value(Kind::Real) => DataType::Float64,
        Shape::Value(Kind::Flag) => DataType::Boolean,
        Shape::Value(Kind::Time) => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        Shape::Value(Kind::Bytes) => DataType::Binary,
        Shape::List(shape) => DataType::List(Arc::new(element(shape))),
        Shape::Object(columns) => DataType::Struct(fields(columns)),
    }
}
