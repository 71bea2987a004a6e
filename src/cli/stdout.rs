//! Writing results: to stdout or to files, never a half-written file in place of a good one.

use crate::error::Error;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes bytes to stdout. A closed pipe comes back as an error that [`super::run`] keeps quiet about.
pub(super) fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|source| Error::io("<stdout>", source))
}

/// Lets `fill` write to a file, or to stdout where the path is `-`.
pub(super) fn write_to(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
    if path.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout().lock());
        return fill(&mut out).and_then(|()| out.flush()).map_err(|source| Error::io("<stdout>", source));
    }
    let file = std::fs::File::create(path).map_err(|source| Error::io(path, source))?;
    let mut out = BufWriter::new(file);
    fill(&mut out).and_then(|()| out.flush()).map_err(|source| Error::io(path, source))
}
