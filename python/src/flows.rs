//! Flows of captures: an Arrow stream for other packages, rows for a loop.

use crate::failure::{opened, raise};
use crate::rows::Rows;
use crate::settings::{Errors, Paths, Settings, Several};
use crate::stream::{Stream, stream};
use crate::wait::watched;
use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use whither::capture::{Opened, Progress, Source};
use whither::{Analyser, Batches, Error};

/// Flows of captures. Each time they are asked for, the captures are read from the start.
#[pyclass(module = "whither", frozen)]
pub(crate) struct Flows {
    pub(crate) captures: Arc<Captures>,
}

/// Captures and how they are read.
pub(crate) struct Captures {
    pub(crate) analyser: Analyser,
    paths: Vec<PathBuf>,
    /// Opened when they were named, for the first who reads them.
    sources: Mutex<Option<Vec<Source>>>,
    pub(crate) errors: Errors,
}

impl Captures {
    /// The captures, opened. What cannot be read in folders was told when they were named.
    pub(crate) fn open(&self) -> Result<Vec<Source>, Error> {
        let first = self.sources.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.map_or_else(|| self.analyser.open(&self.paths).map(|opened| opened.sources), Ok)
    }
}

/// Flows of captures: a stream of Arrow record batches for pyarrow, Polars, DuckDB and pandas, or dictionaries in a loop.
///
/// They are read while they are asked for, and not collected, so that memory does not grow with the captures. The columns are the same
/// for every capture.
///
/// >>> import pyarrow as pa
/// >>> pa.table(whither.flows("samples/phone.pcapng", app="wechat")).column("app").unique().to_pylist()
/// ['wechat']
/// >>> next(iter(whither.flows("samples/phone.pcapng")))["capture"]
/// 'samples/phone.pcapng'
///
/// `app` and `device` leave out the flows of others. `geo` are location databases in MaxMind's format, `apps` catalogues of your own.
/// `max_memory` is in bytes. `errors` says what becomes of captures that broke off: 'raise', 'warn' or 'ignore'.
#[pyfunction]
#[pyo3(signature = (paths, *, app=None, device=None, geo=None, apps=None, threads=None, max_memory=None, errors=Errors::Warn),
       text_signature = "(paths, *, app=None, device=None, geo=None, apps=None, threads=None, max_memory=None, errors='warn')")]
#[allow(clippy::too_many_arguments, reason = "all but the first are given by name")]
pub(crate) fn flows(
    py: Python<'_>,
    paths: Paths,
    app: Option<Several<String>>,
    device: Option<Several<String>>,
    geo: Option<Paths>,
    apps: Option<Paths>,
    threads: Option<usize>,
    max_memory: Option<u64>,
    errors: Errors,
) -> PyResult<Flows> {
    let analyser = Settings { app, device, from: None, geo, apps, threads, max_memory }.analyser(py)?;
    let (analyser, paths, sources) = open(py, analyser, paths.into(), errors)?;
    let sources = Mutex::new(Some(sources));
    Ok(Flows { captures: Arc::new(Captures { analyser, paths, sources, errors }) })
}

/// Opens captures while signals are looked after.
pub(crate) fn open(
    py: Python<'_>,
    analyser: Analyser,
    paths: Vec<PathBuf>,
    errors: Errors,
) -> PyResult<(Analyser, Vec<PathBuf>, Vec<Source>)> {
    let work = move |_: &Progress| -> (Analyser, Vec<PathBuf>, Result<Opened, Error>) {
        let found = analyser.open(&paths);
        (analyser, paths, found)
    };
    let (analyser, paths, found) = watched(py, &Arc::default(), work)?;
    let sources = opened(py, found.map_err(|error| raise(py, error))?, errors)?;
    Ok((analyser, paths, sources))
}

#[pymethods]
impl Flows {
    /// The stream of record batches, by Arrow's PyCapsule interface. A schema that is asked for is not heeded, as the interface
    /// allows: whoever asks compares the schema that comes.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        PyCapsule::new_with_value(py, stream(Stream::new(Arc::clone(&self.captures))), c"arrow_array_stream")
    }

    /// The schema of all batches, of any capture.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        FlowRecord.__arrow_c_schema__(py)
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Rows> {
        Rows::start(py, &self.captures)
    }

    fn __repr__(&self) -> String {
        format!("whither.flows({:?})", self.captures.paths)
    }
}

/// The schema of flow records without a capture, for those who must say it before they read one.
#[pyclass(module = "whither", frozen)]
pub(crate) struct FlowRecord;

#[pymethods]
impl FlowRecord {
    #[new]
    fn new() -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "the interface is one of objects")]
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&*Batches::schema())
            .map_err(|error| pyo3::exceptions::PyRuntimeError::new_err(error.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}
