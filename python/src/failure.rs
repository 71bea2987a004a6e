//! What goes wrong, as exceptions and warnings of Python. Their classes stand in `whither/errors.py`.

use crate::settings::Errors;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use std::path::PathBuf;
use whither::Error;
use whither::capture::{Opened, Outcome, Source, advice};
use whither::error::Defect;

/// An argument that makes no sense.
pub(crate) fn usage(what: String) -> PyErr {
    PyValueError::new_err(what)
}

/// A class of `whither.errors`.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    Ok(py.import("whither.errors")?.getattr(name)?.cast_into::<PyType>()?)
}

/// A `CaptureError` at a place.
fn capture_error(py: Python<'_>, what: &str, path: Option<PathBuf>, defect: Option<&Defect>) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let named = PyDict::new(py);
        // As text: Python's paths have no two slashes in a row, as URLs do.
        named.set_item("path", path.map(PathBuf::into_os_string))?;
        named.set_item("offset", defect.map(|defect| defect.offset))?;
        named.set_item("frame", defect.map(|defect| defect.frame))?;
        Ok(PyErr::from_value(class(py, "CaptureError")?.call((what,), Some(&named))?))
    };
    make().unwrap_or_else(|error| error)
}

/// The exception for an error. Arguments that contradict each other are a `ValueError`, all else is a `CaptureError` with the path.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    let what = error.to_string();
    match error {
        Error::Io { path, .. } | Error::NotUsable { path, .. } => capture_error(py, &what, Some(path), None),
        _ => usage(what),
    }
}

/// The captures that were opened. Files that were found in folders and cannot be read are told as the caller wants it.
pub(crate) fn opened(py: Python<'_>, opened: Opened, errors: Errors) -> PyResult<Vec<Source>> {
    for error in opened.unreadable {
        match errors {
            Errors::Raise => return Err(raise(py, error)),
            Errors::Warn => warn(py, &format!("{error}; it is missing from the result"))?,
            Errors::Ignore => {}
        }
    }
    Ok(opened.sources)
}

/// Tells what was left out for lack of memory, and which captures broke off, as the caller wants it. If nothing was read at all, it is an
/// error in any case.
pub(crate) fn read(py: Python<'_>, outcomes: &[Outcome], left_out: &[String], errors: Errors) -> PyResult<()> {
    if errors != Errors::Ignore {
        left_out.iter().try_for_each(|what| warn(py, what))?;
    }
    let has_packets = outcomes.iter().any(|outcome| outcome.frames > outcome.not_packets);
    for (defect, what) in outcomes.iter().filter_map(|outcome| broken_off(outcome, has_packets)) {
        match errors {
            Errors::Ignore if has_packets => {}
            Errors::Warn if has_packets => warn(py, &what)?,
            _ => return Err(capture_error(py, &what, Some(defect.capture.clone().into()), Some(defect))),
        }
    }
    Ok(())
}

/// Where a capture broke off, if it did, in words.
pub(crate) fn broken_off(outcome: &Outcome, has_packets: bool) -> Option<(&Defect, String)> {
    let defect = outcome.defect.as_ref()?;
    let became = if has_packets { "everything before it is in the result" } else { "nothing was read" };
    let advice = advice(outcome).map(|advice| format!("; {advice}")).unwrap_or_default();
    Some((defect, format!("{defect}; {became}{advice}")))
}

/// Warns with a `CaptureWarning`.
pub(crate) fn warn(py: Python<'_>, what: &str) -> PyResult<()> {
    let category = class(py, "CaptureWarning")?;
    py.import("warnings")?.call_method1("warn", (what, category, 2)).map(drop)
}
