//! Captures read in ranges by many processes: a plan, the rows of a range, what is to be repeated, the report of all rows.
//!
//! A row is a tuple of whole numbers, texts, bytes and `None`, so that it goes through any scheduler and needs no other package.

use crate::failure::{opened, raise, usage, warn};
use crate::report::{Report, told};
use crate::settings::{Errors, Paths, Settings, Several};
use crate::wait::{POLL, polled, watched};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString, PyTuple};
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use whither::fleet::{COLUMNS, Kind, Memory, Ordered, Plan, Reading, Row, Store, Task, USUAL_RANGE_BYTES, Value};
use whither::library::NotYet;
use whither::output::escape;
use whither::report::build;
use whither::{Analyser, Error, fleet};

/// Rows that wait between who reads them and who takes them: 1 MiB each at most.
const AHEAD: usize = 4;

/// The columns of rows, in order: names, and `int`, `str` or `bytes`. All may be `None`.
pub(crate) fn columns() -> Vec<(&'static str, &'static str)> {
    let of = |kind| match kind {
        Kind::Whole => "int",
        Kind::Text => "str",
        Kind::Bytes => "bytes",
    };
    COLUMNS.iter().map(|column| (column.name, of(column.kind))).collect()
}

/// Cuts captures into ranges. Each task is a text that says all that is needed to read one of them on any machine that has the captures
/// under the same paths.
///
/// >>> tasks = whither.fleet.plan("samples/phone.pcap", range_bytes=500_000)
/// >>> len(tasks)
/// 3
///
/// Captures that are compressed or pcapng are one range each. `errors` says what becomes of files in folders that cannot be read.
#[pyfunction]
#[pyo3(signature = (paths, *, range_bytes=USUAL_RANGE_BYTES, errors=Errors::Warn),
       text_signature = "(paths, *, range_bytes=67108864, errors='warn')")]
pub(crate) fn plan(py: Python<'_>, paths: Paths, range_bytes: u64, errors: Errors) -> PyResult<Vec<String>> {
    let paths: Vec<PathBuf> = paths.into();
    let words: Vec<_> = paths.iter().map(|path| escape::shell(&path.to_string_lossy()).into_owned()).collect();
    let analyser = Settings::default().analyser(py)?;
    // On threads of its own, which end with it, so that processes may be forked afterwards.
    let found = watched(py, &Arc::default(), move |_| analyser.open(&paths))?;
    let sources = opened(py, found.map_err(|error| raise(py, error))?, errors)?;
    let planned = Plan::of(&sources, &words.join(" "), range_bytes, None);
    let plan = planned.map_err(|error| raise(py, error))?;
    plan.tasks().map(|task| serde_json::to_string(&task).map_err(|error| usage(error.to_string()))).collect()
}

/// The rows of one range, while it is read or joined.
#[pyclass(module = "whither", frozen)]
pub(crate) struct RangeRows {
    /// None when all have been given.
    rows: Mutex<Option<Receiver<Result<Row, Error>>>>,
}

/// Reads the range of a task. The rows come while it is read, the last of them says what the range is.
///
/// >>> task = whither.fleet.plan("samples/phone.pcap")[0]
/// >>> *parts, whole = whither.fleet.read(task)
/// >>> len(whole) == len(whither.fleet.COLUMNS), whole[1], parts[0][1]
/// (True, 'range', 'part')
///
/// A capture that is not what was planned is a `CaptureError`, before its range is read and after it.
#[pyfunction]
pub(crate) fn read(task: &str) -> PyResult<RangeRows> {
    let task = parsed(task)?;
    emitted(move |emit| fleet::read(&task, None, emit))
}

/// Makes one range of consecutive ranges of one capture, so that there are fewer rows to merge. Its rows come while it is made, the last of them
/// says what the range is. `verify`, `merge` and `join` take them as they take those of `read`.
///
/// >>> tasks = whither.fleet.plan("samples/phone.pcap", range_bytes=500_000)
/// >>> rows = [row for task in tasks for row in whither.fleet.read(task)]
/// >>> whither.fleet.verify(rows, tasks)
/// []
/// >>> joined = list(whither.fleet.join(rows))
/// >>> sum(row[1] == "range" for row in joined), whither.fleet.verify(joined, tasks)
/// (1, [])
///
/// The first range has to be proven; the others are joined where they follow, and are an error where they do not.
#[pyfunction]
pub(crate) fn join(py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<RangeRows> {
    let mut store = taken(py, rows)?;
    emitted(move |emit| fleet::join(&mut store, emit))
}

/// The rows that some work gives, while it does.
fn emitted<W>(work: W) -> PyResult<RangeRows>
where
    W: FnOnce(&mut (dyn FnMut(Row) -> Result<(), Error> + Send)) -> Result<(), Error> + Send + 'static,
{
    let (send, rows) = sync_channel(AHEAD);
    let work = move || {
        // One thread: whoever gives out tasks gives as many at once as there are processors.
        let Ok(pool) = ThreadPoolBuilder::new().num_threads(1).build() else { return };
        let gone = || Error::usage("nobody takes the rows", "take all of them");
        let done = pool.install(|| work(&mut |row| send.send(Ok(row)).map_err(|_| gone())));
        if let Err(error) = done {
            // Where nobody waits for it, nobody needs it.
            let _ = send.send(Err(error));
        }
    };
    std::thread::Builder::new().spawn(work)?;
    Ok(RangeRows { rows: Mutex::new(Some(rows)) })
}

#[pymethods]
impl RangeRows {
    fn __iter__(itself: Py<Self>) -> Py<Self> {
        itself
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Ok(mut rows) = self.rows.try_lock() else {
            return Err(PyRuntimeError::new_err("another thread is waiting for the next row of this iterator"));
        };
        let Some(receiver) = rows.take() else { return Ok(None) };
        let receiver = Mutex::new(receiver);
        let mut ask = || match receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(POLL) {
            Ok(row) => Ok(Some(row)),
            Err(RecvTimeoutError::Timeout) => Err(NotYet),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
        };
        match polled(py, &mut ask)? {
            Some(row) => {
                let row = row.map_err(|error| raise(py, error))?;
                let is_last = matches!(row, Row::Range(_));
                let row = given(py, row)?;
                if !is_last {
                    *rows = Some(receiver.into_inner().unwrap_or_else(PoisonError::into_inner));
                }
                Ok(Some(row))
            }
            None => Err(PyRuntimeError::new_err("reading ended without the row of its range")),
        }
    }
}

/// Which tasks are to be repeated before the rows come to a report: ranges that began at the wrong place, with the right one, and those
/// that are missing. When there are none, all is proven.
///
/// >>> tasks = whither.fleet.plan("samples/phone.pcap", range_bytes=500_000)
/// >>> rows = [row for task in tasks[1:] for row in whither.fleet.read(task)]
/// >>> whither.fleet.verify(rows, tasks) == tasks[:1]
/// True
///
/// `tasks` is the plan. The last column, the bytes, may be left out of the rows.
#[pyfunction]
pub(crate) fn verify(py: Python<'_>, rows: &Bound<'_, PyAny>, tasks: Vec<String>) -> PyResult<Vec<String>> {
    let tasks = tasks.iter().map(|task| parsed(task)).collect::<PyResult<Vec<Task>>>()?;
    let store = taken(py, rows)?;
    let again = py.detach(|| to_repeat(&store, tasks)).map_err(|error| raise(py, error))?;
    again.iter().map(|task| serde_json::to_string(task).map_err(|error| usage(error.to_string()))).collect()
}

/// What is not proven of a plan.
fn to_repeat(store: &Memory, tasks: Vec<Task>) -> Result<Vec<Task>, Error> {
    let readings = store.readings();
    let Some(first) = readings.first() else { return Ok(tasks) };
    if tasks.iter().any(|task| task.plan != first.task.plan) {
        let hint = "give the tasks that `whither.fleet.plan` gave, and the rows that were read of them";
        return Err(Error::usage("the rows are of another plan than the tasks", hint));
    }
    let verified = fleet::verify(store)?;
    let seen: BTreeSet<u32> = readings.iter().map(|reading| reading.task.capture).collect();
    let missing = tasks.into_iter().filter(|task| !seen.contains(&task.capture));
    Ok(verified.again.into_iter().map(|again| again.task).chain(missing).collect())
}

/// The rows of ranges that are proven, in the order in which they are merged: of each only the first, and none that does not count.
///
/// >>> task = whither.fleet.plan("samples/phone.pcap")[0]
/// >>> rows = [*whither.fleet.read(task), *whither.fleet.read(task)]
/// >>> whither.fleet.proven(rows) == [rows[-1]]
/// True
///
/// The last column, the bytes, may be left out of the rows.
#[pyfunction]
pub(crate) fn proven<'py>(py: Python<'py>, rows: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyTuple>>> {
    let store = taken(py, rows)?;
    let verified = py.detach(|| fleet::verify(&store)).map_err(|error| raise(py, error))?;
    let readings = verified.proven.iter().filter_map(|&at| store.readings().get(at));
    readings.map(|reading| given(py, Row::Range(Box::new(reading.clone())))).collect()
}

/// The report of all rows, which is that of `map`. Rows that are there twice count once; what is not proven is refused.
///
/// >>> rows = [row for task in whither.fleet.plan("samples/phone.pcap") for row in whither.fleet.read(task)]
/// >>> whither.fleet.merge(rows).to_json() == whither.map("samples/phone.pcap").to_json()
/// True
///
/// With `proofs`, the rows of all ranges, `rows` are taken one by one and are not kept. Those of partials have to be sorted by `capture`, `from`,
/// `to`, `start`, `part` and `chunk`, and are an error where they are not.
///
/// >>> proofs = [row for row in rows if row[1] == "range"]
/// >>> whither.fleet.merge(iter(rows), proofs=proofs).to_json() == whither.map("samples/phone.pcap").to_json()
/// True
///
/// The other arguments are those of `map`.
#[pyfunction]
#[pyo3(signature = (rows, *, proofs=None, from_=None, app=None, device=None, geo=None, apps=None, threads=None, max_memory=None,
                    errors=Errors::Warn),
       text_signature = "(rows, *, proofs=None, from_=None, app=None, device=None, geo=None, apps=None, threads=None, max_memory=None, errors='warn')")]
#[allow(clippy::too_many_arguments, reason = "all but the first are given by name")]
pub(crate) fn merge(
    py: Python<'_>,
    rows: &Bound<'_, PyAny>,
    proofs: Option<&Bound<'_, PyAny>>,
    from_: Option<String>,
    app: Option<Several<String>>,
    device: Option<Several<String>>,
    geo: Option<Paths>,
    apps: Option<Paths>,
    threads: Option<usize>,
    max_memory: Option<u64>,
    errors: Errors,
) -> PyResult<Report> {
    let analyser = Settings { app, device, from: from_, geo, apps, threads, max_memory }.analyser(py)?;
    let made = match proofs {
        Some(proofs) => in_order(py, rows, taken(py, proofs)?.readings().to_vec(), analyser)?,
        None => {
            let mut store = taken(py, rows)?;
            watched(py, &Arc::default(), move |_| merged(&analyser, &mut store))?
        }
    };
    let (report, is_exact) = made.map_err(|error| raise(py, error))?;
    if !is_exact && errors != Errors::Ignore {
        let what = "memory was short, and what was left out is not what one machine would leave out; give more with max_memory";
        warn(py, what)?;
    }
    told(py, &report, errors)?;
    Ok(Report { report })
}

/// A report, and whether it is that of one machine.
type Made = Result<(whither::report::Report, bool), Error>;

/// Merges rows while they come. They are taken from Python on the thread that called, which is the one that whoever gives them knows.
fn in_order(py: Python<'_>, rows: &Bound<'_, PyAny>, readings: Vec<Reading>, analyser: Analyser) -> PyResult<Made> {
    let (send, received) = sync_channel(AHEAD);
    let work = move || merged(&analyser, &mut Ordered::new(readings, received.into_iter().map(Ok)));
    let thread = std::thread::Builder::new().spawn(work)?;
    // Where the rows end with an exception, what was merged of them is of no use. Where merging failed, no more are needed.
    each_row(rows, &mut |row| Ok(py.detach(|| send.send(row)).is_ok()))?;
    drop(send);
    let joined = watched(py, &Arc::default(), move |_| thread.join())?;
    joined.or_else(|panic| std::panic::resume_unwind(panic))
}

/// The report of rows.
fn merged(analyser: &Analyser, store: &mut (dyn Store + Send)) -> Made {
    let failed =
        |error: ThreadPoolBuildError| Error::usage(format!("threads cannot be started: {error}"), "ask for fewer");
    let pool = ThreadPoolBuilder::new().num_threads(analyser.threads.get()).build().map_err(failed)?;
    pool.install(|| {
        let verified = fleet::verify(store)?;
        let merged = fleet::merge(store, &verified, &analyser.options, &analyser.knowledge)?;
        let report = build(&merged.routes, &merged.analysed, &analyser.knowledge, String::new());
        Ok((report, merged.is_exact))
    })
}

/// A task of a text, which may come from anyone.
fn parsed(task: &str) -> PyResult<Task> {
    serde_json::from_str(task).map_err(|error| usage(format!("this is no task of whither.fleet.plan: {error}")))
}

/// A row for Python.
fn given(py: Python<'_>, row: Row) -> PyResult<Bound<'_, PyTuple>> {
    let object = |value| -> PyResult<Bound<'_, PyAny>> {
        Ok(match value {
            Value::Null => py.None().into_bound(py),
            Value::Whole(number) => number.into_pyobject(py)?.into_any(),
            Value::Text(text) => PyString::new(py, &text).into_any(),
            Value::Bytes(bytes) => PyBytes::new(py, &bytes).into_any(),
        })
    };
    PyTuple::new(py, row.into_values().into_iter().map(object).collect::<PyResult<Vec<_>>>()?)
}

/// Rows from Python, all of them.
fn taken(py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Memory> {
    let mut store = Memory::default();
    each_row(rows, &mut |row| store.add(row).map(|()| true).map_err(|error| raise(py, error)))?;
    Ok(store)
}

/// Rows from Python, one after another, until no more are wanted.
fn each_row(rows: &Bound<'_, PyAny>, take: &mut dyn FnMut(Row) -> PyResult<bool>) -> PyResult<()> {
    for (at, row) in rows.try_iter()?.enumerate() {
        let wrong = |what: String| usage(format!("row {at}: {what}"));
        let mut values = Vec::with_capacity(COLUMNS.len());
        for value in row?.try_iter()? {
            if values.len() == COLUMNS.len() {
                return Err(wrong(format!("it has more than {} fields", COLUMNS.len())));
            }
            values.push(field(&value?).ok_or_else(|| wrong("it has a field of a type that no row has".to_owned()))?);
        }
        if !take(Row::from_values(values).map_err(wrong)?)? {
            break;
        }
    }
    Ok(())
}

/// A field, if it is one.
fn field(value: &Bound<'_, PyAny>) -> Option<Value> {
    if value.is_none() {
        Some(Value::Null)
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        Some(Value::Bytes(bytes.as_bytes().to_vec()))
    } else if let Ok(bytes) = value.cast::<PyByteArray>() {
        Some(Value::Bytes(bytes.to_vec()))
    } else if let Ok(text) = value.extract::<String>() {
        Some(Value::Text(text))
    } else {
        value.extract::<i64>().ok().map(Value::Whole)
    }
}
