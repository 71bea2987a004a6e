//! Why a file is refused.

/// What to do with a file that is no file of paths.
pub(super) const HINT: &str = "give what `mtr -n -j`, `traceroute`, `tracert` or `sc_warts2json` wrote";

/// Why a file is refused: the line, and what is wrong there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub(super) line: u64,
    pub(super) what: String,
    pub(super) hint: &'static str,
}

impl Refused {
    pub(super) fn at(line: u64, what: impl Into<String>) -> Self {
        Self { line, what: what.into(), hint: HINT }
    }
}
