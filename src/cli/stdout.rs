//! Standard output: where results go unless told otherwise.

use crate::error::Error;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// What errors call it.
const NAME: &str = "<stdout>";

/// Whether standard output was closed when the program started. Known on Unix only.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks at standard output before `main`. Rust's runtime opens `/dev/null` in place of a closed stream, and that cannot be
/// told from the `/dev/null` that other programs hand to the ones that they start.
#[cfg(unix)]
#[ctor::ctor]
fn look() {
    WAS_CLOSED.store(rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err(), Ordering::Relaxed);
}

/// Standard output for a result. On Unix without the standard library's own, which passes over some errors in silence.
pub(super) fn open() -> Result<impl Write + Send + 'static, Error> {
    if WAS_CLOSED.load(Ordering::Relaxed) {
        let what = "standard output is closed, so that there is nowhere to write the result";
        return Err(Error::usage(what, "let it go to a file, or to /dev/null"));
    }
    own().map_err(failed)
}

#[cfg(unix)]
fn own() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from)
}

// A console takes other characters than a file; the standard library converts them.
#[cfg(not(unix))]
fn own() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

/// Refuses a standard output that is closed, or cannot be written to, before the work is done.
pub(super) fn check() -> Result<(), Error> {
    let mut out = open()?;
    // Of no bytes, so that nothing happens; but one that is open only for reading, or a full device, is an error.
    out.write(&[]).map(drop).map_err(failed)
}

/// Writes bytes to stdout. A closed pipe comes back as an error that [`super::run`] keeps quiet about.
pub(super) fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut out = open()?;
    out.write_all(bytes).and_then(|()| out.flush()).map_err(failed)
}

/// Lets `fill` write to stdout.
pub(super) fn write_with(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::new(open()?);
    fill(&mut out).and_then(|()| out.flush()).map_err(failed)
}

/// Why stdout could not be written to.
pub(super) fn failed(source: io::Error) -> Error {
    Error::io(NAME, source)
}
