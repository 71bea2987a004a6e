//! Flows one after the other, as dictionaries.

use crate::failure::{raise, read};
use crate::flows::Captures;
use crate::wait::polled;
use crate::wait::watched;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

/// An iterator over flows. The captures are read on threads ahead of it, as far as there is room.
#[pyclass(module = "whither", frozen)]
pub(crate) struct Rows {
    captures: Arc<Captures>,
    /// None when all have been given.
    flows: Mutex<Option<whither::Flows>>,
}

impl Rows {
    /// Begins to read.
    pub(crate) fn start(py: Python<'_>, captures: &Arc<Captures>) -> PyResult<Self> {
        let of_work = Arc::clone(captures);
        let flows = watched(py, &Arc::default(), move |_| of_work.analyser.flows(of_work.open()?))?;
        let flows = Mutex::new(Some(flows.map_err(|error| raise(py, error))?));
        Ok(Self { captures: Arc::clone(captures), flows })
    }
}

#[pymethods]
impl Rows {
    fn __iter__(itself: Py<Self>) -> Py<Self> {
        itself
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut flows = match self.flows.try_lock() {
            Ok(flows) => flows,
            Err(TryLockError::Poisoned(flows)) => PoisonError::into_inner(flows),
            Err(TryLockError::WouldBlock) => {
                return Err(PyRuntimeError::new_err("another thread is waiting for the next flow of this iterator"));
            }
        };
        let Some(reading) = flows.as_mut() else { return Ok(None) };
        let next = polled(py, &mut || reading.next_within(crate::wait::POLL)).inspect_err(|_| *flows = None)?;
        match next {
            Some(Ok(flow)) => {
                let text = serde_json::to_string(&flow).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
                json(py, &text).map(Some)
            }
            Some(Err(error)) => {
                *flows = None;
                Err(raise(py, error))
            }
            None => {
                let ended = flows.take();
                if let Some(ended) = &ended {
                    read(py, ended.outcomes(), ended.left_out(), self.captures.errors)?;
                }
                Ok(None)
            }
        }
    }
}

/// A text of JSON as objects of Python.
pub(crate) fn json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOADS.import(py, "json", "loads")?.call1((text,))
}
