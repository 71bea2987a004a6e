//! The shapes that tables name their columns by.

use super::shape::{Kind, Shape};

pub(in crate::output) const TEXT: Shape = Shape::Value(Kind::Text);
pub(in crate::output) const WHOLE: Shape = Shape::Value(Kind::Whole);
pub(in crate::output) const REAL: Shape = Shape::Value(Kind::Real);
pub(in crate::output) const FLAG: Shape = Shape::Value(Kind::Flag);
pub(in crate::output) const TIME: Shape = Shape::Value(Kind::Time);
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "only the table of destinations has bytes"))]
pub(in crate::output) const BYTES: Shape = Shape::Value(Kind::Bytes);
pub(in crate::output) const TEXTS: Shape = Shape::List(&TEXT);
