//! Rows as columns: Parquet files (<https://parquet.apache.org/docs/file-format/>) of a schema that no capture changes.
//!
//! A row is a JSON object, as other formats have it; the table of its columns says what each field is. What does not fit the table is
//! an error, never a column of another type.

mod leaf;
mod shape;
pub(in crate::output) mod shapes;
mod table;

pub(in crate::output) use shape::{Column, Shape};
pub(in crate::output) use table::Table;
