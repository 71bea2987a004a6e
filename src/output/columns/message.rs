//! The schema of Parquet that columns have.

use super::shape::{Column, Kind, Shape};
use std::fmt::Write;

impl Shape {
    /// How many columns of values it takes.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Value(_) => 1,
            Self::List(element) => element.leaves(),
            Self::Object(columns) => columns.iter().map(|column| column.shape.leaves()).sum(),
        }
    }

    /// The kinds of these columns, in order.
    pub(super) fn kinds(&self, into: &mut Vec<Kind>) {
        match self {
            Self::Value(kind) => into.push(*kind),
            Self::List(element) => element.kinds(into),
            Self::Object(columns) => columns.iter().for_each(|column| column.shape.kinds(into)),
        }
    }
}

/// The columns as a message of Parquet's schema language.
pub(super) fn message(name: &str, columns: &[Column]) -> String {
    let mut text = format!("message {name} {{\n");
    columns.iter().for_each(|column| field(&mut text, column.name, &column.shape, column.is_optional));
    text.push_str("}\n");
    text
}

fn field(text: &mut String, name: &str, shape: &Shape, is_optional: bool) {
    let presence = if is_optional { "OPTIONAL" } else { "REQUIRED" };
    // Writing to text cannot fail.
    let _ = match shape {
        Shape::Value(Kind::Text) => writeln!(text, "{presence} BYTE_ARRAY {name} (STRING);"),
        Shape::Value(Kind::Whole) => writeln!(text, "{presence} INT64 {name};"),
        Shape::Value(Kind::Real) => writeln!(text, "{presence} DOUBLE {name};"),
        Shape::Value(Kind::Flag) => writeln!(text, "{presence} BOOLEAN {name};"),
        Shape::Value(Kind::Time) => writeln!(text, "{presence} INT64 {name} (TIMESTAMP(NANOS,true));"),
        Shape::Value(Kind::Bytes) => writeln!(text, "{presence} BYTE_ARRAY {name};"),
        Shape::List(element) => {
            let _ = writeln!(text, "{presence} group {name} (LIST) {{\nREPEATED group list {{");
            field(text, "element", element, false);
            writeln!(text, "}}\n}}")
        }
        Shape::Object(columns) => {
            let _ = writeln!(text, "{presence} group {name} {{");
            columns.iter().for_each(|column| field(text, column.name, &column.shape, column.is_optional));
            writeln!(text, "}}")
        }
    };
}
