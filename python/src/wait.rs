//! Waits for what other threads do, without Python's lock, and looks after signals meanwhile, so that Ctrl-C works.

use pyo3::prelude::*;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;
use whither::capture::Progress;
use whither::library::NotYet;

/// After so long signals are looked after: nobody feels it, and it costs nothing.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// Does something on a thread of its own. If a signal makes an exception of it, the reading that `progress` belongs to is stopped, and
/// the thread ends by itself.
pub(crate) fn watched<T: Send + 'static>(
    py: Python<'_>,
    progress: &Arc<Progress>,
    work: impl FnOnce(&Progress) -> T + Send + 'static,
) -> PyResult<T> {
    let (done, result) = sync_channel(1);
    let of_work = Arc::clone(progress);
    // Whoever was interrupted does not wait for the result.
    let thread = std::thread::Builder::new().spawn(move || drop(done.send(work(&of_work))))?;
    let mut wait = move || match result.recv_timeout(POLL) {
        Ok(result) => Ok(Some(result)),
        Err(RecvTimeoutError::Timeout) => Err(NotYet),
        Err(RecvTimeoutError::Disconnected) => Ok(None),
    };
    let ended = polled(py, &mut wait).inspect_err(|_| progress.stop())?;
    match (ended, thread.join()) {
        (Some(result), _) => Ok(result),
        (None, Err(panic)) => std::panic::resume_unwind(panic),
        (None, Ok(())) => Err(pyo3::exceptions::PyRuntimeError::new_err("the thread gave nothing")),
    }
}

/// Asks again and again, until there is an answer or a signal makes an exception.
pub(crate) fn polled<T: Send>(py: Python<'_>, ask: &mut (impl FnMut() -> Result<T, NotYet> + Send)) -> PyResult<T> {
    loop {
        match py.detach(&mut *ask) {
            Ok(answer) => return Ok(answer),
            Err(NotYet) => py.check_signals()?,
        }
    }
}
