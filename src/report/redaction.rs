//! The list of what was taken out of a report before it was written.

use serde::{Deserialize, Serialize};

/// What was taken out of a report, and what a reader cannot check any more.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Redaction {
    /// What was taken out or replaced, by kind.
    pub removed: Vec<RemovedLine>,
    /// What can no longer be checked, in sentences.
    pub not_checkable: Vec<String>,
}

/// What was taken out of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RemovedLine {
    /// What it is: `local addresses`.
    pub what: String,
    /// How many different ones; none where they were not counted.
    pub count: Option<u64>,
}
