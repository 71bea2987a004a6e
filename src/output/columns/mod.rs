//! Rows as columns of a schema that no capture changes: Parquet files (<https://parquet.apache.org/docs/file-format/>) and record batches
//! of Arrow (<https://arrow.apache.org/docs/format/Columnar.html>).
//!
//! A row is a JSON object, as other formats have it; the table of its columns says what each field is. What does not fit the table is
//! an error, never a column of another type.

#[cfg(feature = "columns")]
mod batch;
mod cell;
#[cfg(feature = "columns")]
mod growing;
#[cfg(feature = "parquet")]
mod leaf;
#[cfg(feature = "parquet")]
mod message;
#[cfg(feature = "columns")]
mod schema;
mod shape;
pub(in crate::output) mod shapes;
#[cfg(feature = "parquet")]
mod table;

#[cfg(feature = "columns")]
pub(in crate::output) use batch::Batch;
pub(in crate::output) use shape::{Column, Shape};
#[cfg(feature = "parquet")]
pub(in crate::output) use table::Table;
