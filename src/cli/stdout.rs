//! Writing results: to stdout or to files, never a half-written file in place of a good one.

use crate::error::Error;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

/// Writes bytes to stdout. A closed pipe comes back as an error that [`super::run`] keeps quiet about.
pub(super) fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|source| Error::io("<stdout>", source))
}

/// Whether a file can be written where it is wanted, as far as that can be told before the work: hours of reading must not
/// end in a mistyped folder.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(no_folder(path)),
        _ if path.is_dir() => Err(Error::not_usable(path, "this is a folder", "give the name of a file in it")),
        _ => Ok(()),
    }
}

fn no_folder(path: &Path) -> Error {
    Error::not_usable(path, "there is no such folder", "make it first, or give a file in one that exists")
}

fn could_not_create(path: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => no_folder(path),
        ErrorKind::PermissionDenied => Error::not_usable(
            path,
            "it may not be written by this user",
            "give a file in a folder that you may write to",
        ),
        _ => Error::io(path, error),
    }
}

/// Lets `fill` write to a file, or to stdout where the path is `-`.
pub(super) fn write_to(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
    if path.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout().lock());
        return fill(&mut out).and_then(|()| out.flush()).map_err(|source| Error::io("<stdout>", source));
    }
    let file = std::fs::File::create(path).map_err(|source| could_not_create(path, source))?;
    let mut out = BufWriter::new(file);
    fill(&mut out).and_then(|()| out.flush()).map_err(|source| Error::io(path, source))
}
