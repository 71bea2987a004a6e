//! Standard error: where everything goes that is not the result.

use std::io::Write;

/// Writes one line to stderr. That stderr may be closed is no error.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
