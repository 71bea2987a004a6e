//! From captures to the ranges that workers read.

use crate::capture::{self, Source, Stamp};
use crate::error::Error;
use crate::flow::SampleKey;
use crate::output::escape::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Version of the columns of rows and of what they mean.
pub const CONTRACT: i64 = 1;
/// Most bytes of a text in a row: as many as a path may have on any system.
pub(super) const MAX_TEXT: usize = 1 << 15;
/// Bytes of a range where it is not said. A worker takes some sixteen times as much memory for a hostile one.
pub const USUAL_RANGE_BYTES: u64 = 64 << 20;
/// The smallest size of a range: less is not worth the row.
const LEAST_RANGE_BYTES: u64 = 64;
/// Most ranges of a plan: 64 TB in ranges of the usual size.
pub(super) const MAX_RANGES: u64 = 1 << 20;

/// One range of a capture, with all that a worker needs to read it, or to see that the capture is another one now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The plan that it is part of: SHA-256 of all that decides what its ranges come to, in hexadecimal digits.
    pub plan: String,
    /// The key by which is chosen what is kept, which all ranges of a plan share.
    pub key: SampleKey,
    /// The ordinal of the capture, from 0 on.
    pub capture: u32,
    /// How many captures the plan has.
    pub captures: u32,
    /// The captures as the user gave them, files or folders, as words of a command line; empty where that would be too long.
    pub given: String,
    /// The path of the capture, or its URL.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in ns since 1970 UTC.
    pub modified_ns: i64,
    /// SHA-256 of its first packets, in hexadecimal digits.
    pub first: String,
    /// Bytes of each range; 0 where the capture is one range, because it is compressed or pcapng.
    pub range_bytes: u64,
    /// Offset at which the range begins.
    pub from: u64,
    /// Offset at which the next one begins.
    pub to: u64,
    /// Where its first record starts, if that is proven; else the worker guesses.
    pub start: Option<u64>,
}

/// Captures and the ranges into which they are cut.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The first range of each capture, in the order of the captures.
    firsts: Vec<Task>,
}

/// What decides what ranges come to.
#[derive(Serialize)]
struct Identity<'a> {
    contract: i64,
    version: &'a str,
    filter: Option<&'a str>,
    captures: Vec<(&'a str, u64, i64, &'a str, u64)>,
}

impl Plan {
    /// Plans the reading of captures, in the order in which [`capture::open`](crate::capture::open) gave them. `given` is what the user
    /// gave to be opened, as words of a command line; `filter` is the text of the filter that frames pass, if there is one.
    ///
    /// # Errors
    /// If one is a pipe, which cannot be read by others, or its path is no UTF-8; if there would be too many ranges.
    pub fn of(sources: &[Source], given: &str, range_bytes: u64, filter: Option<&str>) -> Result<Self, Error> {
        let key = SampleKey::of(sources.iter().map(Source::digest_of_first));
        let captures = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        let mut firsts = Vec::with_capacity(sources.len());
        for (capture, source) in (0..).zip(sources) {
            let Some(Stamp { size, modified_ns }) = source.stamp()? else {
                let hint = "write it to a file whose path is UTF-8 and which all workers can read";
                return Err(Error::not_usable(source.name(), "workers cannot read this", hint));
            };
            let is_cut = source.has_ranges();
            let mut task = Task {
                plan: String::new(),
                key,
                capture,
                captures,
                given: if given.len() <= MAX_TEXT { given.to_owned() } else { String::new() },
                name: source.name().to_owned(),
                size,
                modified_ns,
                first: hex(&source.digest_of_first()),
                range_bytes: if is_cut { range_bytes.max(LEAST_RANGE_BYTES) } else { 0 },
                from: 0,
                to: size,
                start: None,
            };
            task.to = task.limit(0);
            firsts.push(task);
        }
        let ranges = firsts.iter().fold(0_u64, |sum, task| sum.saturating_add(task.ranges()));
        if ranges > MAX_RANGES {
            let what = format!("these captures have {ranges} ranges, more than {MAX_RANGES}");
            return Err(Error::usage(what, "make the ranges larger, or read fewer captures at once"));
        }
        let identity = Identity {
            contract: CONTRACT,
            version: env!("CARGO_PKG_VERSION"),
            filter,
            captures: firsts
                .iter()
                .map(|task| (&*task.name, task.size, task.modified_ns, &*task.first, task.range_bytes))
                .collect(),
        };
        let plan = hex(&Sha256::digest(serde_json::to_vec(&identity).unwrap_or_default()));
        firsts.iter_mut().for_each(|task| task.plan.clone_from(&plan));
        Ok(Self { firsts })
    }

    /// All ranges, in the order of captures and offsets.
    pub fn tasks(&self) -> impl Iterator<Item = Task> {
        self.firsts.iter().flat_map(|first| (0..first.ranges()).map(|index| first.range(index)))
    }

    /// The first range of each capture, in order.
    pub fn firsts(&self) -> &[Task] {
        &self.firsts
    }

    /// How many ranges there are.
    pub fn len(&self) -> u64 {
        self.firsts.iter().map(Task::ranges).sum()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.firsts.is_empty()
    }
}

impl Task {
    /// How many ranges the capture has.
    pub(super) fn ranges(&self) -> u64 {
        if self.range_bytes == 0 { 1 } else { self.size.div_ceil(self.range_bytes).max(1) }
    }

    /// How many of its ranges begin before an offset.
    pub(super) fn ranges_before(&self, offset: u64) -> u64 {
        if self.range_bytes == 0 { 1 } else { offset.div_ceil(self.range_bytes) }
    }

    /// Whether it ends where one of the ranges does: it is one of them, or several that were joined.
    pub(super) fn ends_with_a_range(&self) -> bool {
        let is_limit = self.range_bytes > 0 && self.to.is_multiple_of(self.range_bytes) && self.to < self.size;
        self.to == self.size || self.to > self.from && is_limit
    }

    /// Where its range of this index ends.
    fn limit(&self, index: u64) -> u64 {
        if self.range_bytes == 0 { self.size } else { (index + 1).saturating_mul(self.range_bytes).min(self.size) }
    }

    /// Its range of this index, to be guessed.
    pub(super) fn range(&self, index: u64) -> Self {
        let from = index.saturating_mul(self.range_bytes);
        Self { from, to: self.limit(index), start: None, ..self.clone() }
    }

    /// The same range from a start that is proven.
    pub fn at(&self, start: Option<u64>) -> Self {
        Self { start, ..self.clone() }
    }

    /// Whether another one is of the same capture and plan.
    pub(super) fn is_of_same_capture(&self, other: &Self) -> bool {
        let all = |task: &Self| {
            (task.captures, task.name.clone(), task.size, task.modified_ns, task.first.clone(), task.range_bytes)
        };
        self.plan == other.plan && self.key == other.key && all(self) == all(other)
    }

    /// Refuses a capture that is not what was planned.
    pub(super) fn check_unchanged(&self) -> Result<(), Error> {
        let path = Path::new(&self.name);
        let Stamp { size, modified_ns } = capture::stamp(path)?;
        let what = match (size, modified_ns) {
            (size, _) if size != self.size => {
                format!("it has changed since the plan was made: it had {} bytes, and has {size}", self.size)
            }
            (_, time) if time != self.modified_ns => {
                "it has changed since the plan was made: it was written to at another time".to_owned()
            }
            _ => return Ok(()),
        };
        Err(self.changed(what))
    }

    pub(super) fn changed(&self, what: impl Into<String>) -> Error {
        Error::not_usable(&self.name, what, "let nothing write to it, and begin anew with all of its ranges")
    }
}
