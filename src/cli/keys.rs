//! The files that are given with `--keys`.

use crate::capture::{is_capture, secrets_in};
use crate::error::Error;
use crate::name::EchKeys;
use crate::output::units;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a key log. A browser writes some 200 bytes for each connection, of all labels.
const LIMIT: u64 = 256 << 20;

/// Reads key logs, and captures that hold some.
pub(super) fn open(paths: &[PathBuf]) -> Result<Arc<EchKeys>, Error> {
    let mut keys = EchKeys::default();
    for path in paths {
        keys.read(&key_log(path)?);
    }
    Ok(Arc::new(keys))
}

fn key_log(path: &Path) -> Result<Vec<u8>, Error> {
    const ONLY: &str = "only its lines ECH_SECRET and ECH_CONFIG are used: give a file of these";
    if is_capture(path) {
        return match secrets_in(path)? {
            (_, true) => Err(Error::not_usable(path, "it holds more secrets than are read", ONLY)),
            (lines, false) => Ok(lines),
        };
    }
    let file = File::open(path).map_err(|error| Error::opening(path, error, "check the path"))?;
    let mut text = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut text).map_err(|error| Error::io(path, error))?;
    if text.len() as u64 > LIMIT {
        return Err(Error::not_usable(path, format!("it is longer than {}", units::bytes(LIMIT)), ONLY));
    }
    Ok(text)
}
