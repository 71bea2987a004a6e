//! Reads files of paths. What they begin with tells the format.

use super::found::{Found, MAX_PATHS};
use super::given::GivenPath;
use super::refused::{HINT, Refused};
use super::{mtr, scamper, text, traceroute, tracert};
use crate::error::Error;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file read: a path takes a few kilobytes.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// Most files a user may give.
const MAX_FILES: usize = 64;

/// The paths in files that the user gives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GivenPaths {
    /// By file and line.
    pub paths: Vec<GivenPath>,
    /// Paths that are not kept, because there are too many.
    pub paths_left_out: u64,
}

impl GivenPaths {
    /// Reads all files.
    ///
    /// # Errors
    /// If a file cannot be read, is too large, or is none that is understood.
    pub fn open(files: &[PathBuf]) -> Result<Self, Error> {
        if files.len() > MAX_FILES {
            let what = format!("--path names {} files", files.len());
            return Err(Error::usage(what, format!("give at most {MAX_FILES}")));
        }
        let mut files: Vec<&PathBuf> = files.iter().collect();
        files.sort();
        files.dedup();
        let mut all = Self::default();
        for path in files {
            let refuse = |refused: Refused| {
                let what =
                    if refused.line == 0 { refused.what } else { format!("line {}: {}", refused.line, refused.what) };
                Error::not_usable(path, what, refused.hint)
            };
            let Found { mut paths, left_out, .. } = read(&bytes(path)?).map_err(refuse)?;
            let room = MAX_PATHS.saturating_sub(all.paths.len());
            all.paths_left_out += left_out + paths.len().saturating_sub(room) as u64;
            paths.truncate(room);
            let name = path.display().to_string();
            all.paths.extend(paths.into_iter().map(|one| GivenPath { file: name.clone(), ..one }));
        }
        Ok(all)
    }
}

/// The contents of a file, if it is not too large.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|error| Error::opening(path, error, HINT))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::not_usable(path, format!("larger than {} MiB", MAX_FILE_BYTES >> 20), HINT));
    }
    Ok(bytes)
}

/// What tells the two formats of JSON apart.
#[derive(Deserialize)]
struct First {
    report: Option<IgnoredAny>,
    #[serde(rename = "type")]
    kind: Option<IgnoredAny>,
}

/// The paths in the bytes of a file.
pub(super) fn read(bytes: &[u8]) -> Result<Found, Refused> {
    let text = text::decoded(bytes);
    let start = text.trim_start();
    let mut found = if start.starts_with('{') {
        match serde_json::Deserializer::from_str(start).into_iter::<First>().next() {
            Some(Ok(First { report: Some(_), .. })) => mtr::read(&text)?,
            Some(Ok(First { kind: Some(_), .. })) => scamper::read(&text)?,
            Some(Err(error)) => return Err(Refused::at(error.line() as u64, format!("no JSON: {error}"))),
            _ => return Err(Refused::at(1, "neither `report` (mtr) nor `type` (scamper) is in the first object")),
        }
    } else if text.lines().any(traceroute::is_head) {
        traceroute::read(&text)?
    } else {
        tracert::read(&text)?
    };
    found.end();
    if found.paths.is_empty() {
        return Err(Refused::at(0, "no path is in it"));
    }
    Ok(found)
}

/// Paths in the bytes of a file, for the fuzzer.
#[doc(hidden)]
pub fn read_bytes(bytes: &[u8]) -> Option<Vec<GivenPath>> {
    read(bytes).ok().map(|found| found.paths)
}
