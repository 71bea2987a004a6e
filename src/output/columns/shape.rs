//! What a column holds. The schemas of Parquet and of Arrow both follow from it.

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::output) enum Kind {
    /// Text.
    Text,
    /// A whole number of 64 bits with sign: engines differ in what they make of numbers without.
    Whole,
    /// A number of double precision.
    Real,
    /// True or false.
    Flag,
    /// A time in UTC, in nanoseconds. The row has it as text, as RFC 3339 writes it.
    Time,
    /// Bytes. The row has them as text of hexadecimal digits.
    #[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "only the table of destinations has bytes"))]
    Bytes,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::output) enum Shape {
    /// One value.
    Value(Kind),
    /// A list of which no element is null. It may be empty, and is never null.
    List(&'static Shape),
    /// Fields of its own.
    Object(&'static [Column]),
}

/// A field of a row.
#[derive(Clone, Copy, Debug)]
pub(in crate::output) struct Column {
    /// Its name.
    pub(in crate::output) name: &'static str,
    /// What it holds.
    pub(in crate::output) shape: Shape,
    /// Whether it may be null or absent.
    pub(in crate::output) is_optional: bool,
}

impl Column {
    /// A field that every row has.
    pub(in crate::output) const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, is_optional: false }
    }

    /// A field that may be null.
    pub(in crate::output) const fn maybe(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, is_optional: true }
    }
}
