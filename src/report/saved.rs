//! A report that was written as JSON, read again.

use super::model::{Report, SCHEMA};
use std::io::Read;

/// Why a report cannot be read, in words.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is longer than was allowed.
    #[error("longer than the {0} bytes that a saved report may have here")]
    TooLong(u64),
    /// Another version of the model.
    #[error("a report of schema {0}; this version reads schema {SCHEMA}")]
    Schema(u32),
    /// It is not what the model says.
    #[error("not a whole report: {0}")]
    NotWhole(serde_json::Error),
}

/// The schema of a report, if a file that begins with these bytes is one that this program wrote, in any version.
pub fn schema_of(head: &[u8]) -> Option<u32> {
    /// More than the first keys take up.
    const START: usize = 256;
    let start: Vec<u8> = head.iter().take(START).filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    let schema = start.strip_prefix(b"{\"schema\":")?;
    let digits = schema.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = schema.split_at_checked(digits)?;
    let is_own = rest.starts_with(b",\"generator\":{\"name\":\"whither\",");
    is_own.then(|| std::str::from_utf8(number).ok()?.parse().ok()).flatten()
}

impl Report {
    /// Reads a report that was written as JSON, of at most so many bytes. A file may come from anyone: strings in it are as they
    /// stand there, and each output escapes them.
    ///
    /// # Errors
    /// If it cannot be read, is longer, is of another schema, or is no report.
    pub fn read_json(input: impl Read, most_bytes: u64) -> Result<Self, SavedError> {
        let mut text = Vec::new();
        input.take(most_bytes.saturating_add(1)).read_to_end(&mut text)?;
        if text.len() as u64 > most_bytes {
            return Err(SavedError::TooLong(most_bytes));
        }
        if let Some(other) = schema_of(&text).filter(|schema| *schema != SCHEMA) {
            return Err(SavedError::Schema(other));
        }
        let report: Self = serde_json::from_slice(&text).map_err(SavedError::NotWhole)?;
        if report.schema == SCHEMA { Ok(report) } else { Err(SavedError::Schema(report.schema)) }
    }
}
