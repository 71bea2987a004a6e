//! Flows as a stream of Arrow's C interface (<https://arrow.apache.org/docs/format/CStreamInterface.html>).
//!
//! Another package asks for batches, on any thread, and with Python's lock or without it. On the thread on which the stream was made,
//! signals are looked after while nothing comes. On others Python is left alone: whoever holds its lock may be waiting for us.

use crate::failure::{broken_off, read};
use crate::flows::Captures;
use crate::settings::Errors;
use crate::wait::{POLL, polled};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use whither::{Batches, Error};

/// Batches of a reading that begins when the first is asked for: some ask for a stream only to see its schema.
pub(crate) struct Stream {
    captures: Arc<Captures>,
    schema: SchemaRef,
    maker: ThreadId,
    state: State,
}

enum State {
    NotBegun,
    Reading(Batches),
    Over,
}

/// A stream for others, which lives until they release it.
pub(crate) fn stream(stream: Stream) -> FFI_ArrowArrayStream {
    FFI_ArrowArrayStream::new(Box::new(stream))
}

impl Stream {
    pub(crate) fn new(captures: Arc<Captures>) -> Self {
        Self { captures, schema: Batches::schema(), maker: thread::current().id(), state: State::NotBegun }
    }

    /// Does something with Python on the thread of the maker, as long as there is a Python.
    fn with_python<T>(&self, work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
        (thread::current().id() == self.maker).then(|| Python::try_attach(work)).flatten()
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let mut batches = match std::mem::replace(&mut self.state, State::Over) {
            State::NotBegun => {
                let sources = self.captures.open().map_err(failed)?;
                self.captures.analyser.batches(sources).map_err(failed)?
            }
            State::Reading(batches) => batches,
            State::Over => return Ok(None),
        };
        let next = match self
            .with_python(|py| polled(py, &mut || batches.next_within(POLL)).map_err(|error| interrupted(py, error)))
        {
            Some(next) => next?,
            None => batches.next(),
        };
        match next {
            Some(batch) => {
                self.state = State::Reading(batches);
                batch.map(Some).map_err(failed)
            }
            None => self.tell_end(&batches).map(|()| None),
        }
    }

    /// Tells what was left out, and which captures broke off.
    fn tell_end(&self, batches: &Batches) -> Result<(), ArrowError> {
        let (outcomes, errors) = (batches.outcomes(), self.captures.errors);
        let tell = |py: Python<'_>| read(py, outcomes, batches.left_out(), errors);
        let told = self.with_python(|py| tell(py).map_err(|error| external(error.to_string())));
        let has_packets = outcomes.iter().any(|outcome| outcome.frames > outcome.not_packets);
        match told {
            Some(told) => told,
            None if errors == Errors::Raise || !has_packets => {
                let mut broken = outcomes.iter().filter_map(|outcome| broken_off(outcome, has_packets));
                broken.next().map_or(Ok(()), |(_, what)| Err(external(what)))
            }
            None => Ok(()),
        }
    }
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// What the stream says when a signal ends it. A stream can only say that something failed, so that Ctrl-C is raised once more: Python
/// makes its own exception of it as soon as it runs again.
fn interrupted(py: Python<'_>, error: PyErr) -> ArrowError {
    let failed = external(format!("interrupted: {error}"));
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        // The last that is done here, since Python makes the exception as soon as it can. Without it, the exception of the package that
        // reads the stream is all there is.
        let _ = py.import("_thread").and_then(|module| module.call_method0("interrupt_main"));
    }
    failed
}

fn failed(error: Error) -> ArrowError {
    external(error.to_string())
}

fn external(what: String) -> ArrowError {
    ArrowError::ExternalError(what.into())
}
