//! The report: per app, where its data went.

use crate::failure::{raise, read, usage};
use crate::flows::open;
use crate::rows::json;
use crate::settings::{Errors, Paths, Settings, Several};
use crate::wait::watched;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::Arc;
use whither::capture::{Outcome, Progress};
use whither::output::{Look, format, write_json_compact};
use whither::{Analyser, report};

/// A routing map: per app, which endpoints, where, whose, how much, and how sure that is.
#[pyclass(module = "whither", frozen)]
pub(crate) struct Report {
    pub(crate) report: report::Report,
}

/// The routing map of captures: per app, which endpoints, where, whose, how much, and how sure that is.
///
/// >>> report = whither.map("samples/phone.pcapng", from_="Taipei")
/// >>> report.to_dict()["apps"][0]["name"]
/// 'WeChat / Weixin'
/// >>> report.html().startswith("<!doctype html>")
/// True
///
/// `from_` says where the captures were taken; then round trips are held against what databases claim. The other arguments are those of
/// `flows`.
#[pyfunction]
#[pyo3(signature = (paths, *, from_=None, app=None, device=None, geo=None, apps=None, threads=None, max_memory=None,
                    errors=Errors::Warn),
       text_signature = "(paths, *, from_=None, app=None, device=None, geo=None, apps=None, threads=None, max_memory=None, errors='warn')")]
#[allow(clippy::too_many_arguments, reason = "all but the first are given by name")]
pub(crate) fn map(
    py: Python<'_>,
    paths: Paths,
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
    let (report, _) = reported(py, analyser, paths, errors)?;
    Ok(Report { report })
}

/// Reads captures into a report while signals are looked after.
pub(crate) fn reported(
    py: Python<'_>,
    analyser: Analyser,
    paths: Paths,
    errors: Errors,
) -> PyResult<(report::Report, Analyser)> {
    let (analyser, _, sources) = open(py, analyser, paths.into(), errors)?;
    let work = move |progress: &Progress| (analyser.report_while(sources, progress), analyser);
    let (report, analyser) = watched(py, &Arc::default(), work)?;
    let report = report.map_err(|error| raise(py, error))?;
    told(py, &report, errors)?;
    Ok((report, analyser))
}

/// Tells which captures of a report broke off: what it says of captures is what there is to tell.
pub(crate) fn told(py: Python<'_>, report: &report::Report, errors: Errors) -> PyResult<()> {
    let outcome = |capture: &report::CaptureSummary| Outcome {
        name: capture.name.clone(),
        format: capture.format.clone(),
        frames: capture.frames,
        defect: capture.defect.clone(),
        ..Outcome::default()
    };
    // What was left out stands in its notes.
    read(py, &report.captures.iter().map(outcome).collect::<Vec<_>>(), &[], errors)
}

impl Report {
    /// What a format writes.
    fn written(&self, name: &str) -> PyResult<String> {
        let format = format(name).ok_or_else(|| usage(format!("there is no format {name:?}")))?;
        let mut text = Vec::new();
        (format.write)(&self.report, &Look::default(), &mut text).map_err(failed)?;
        String::from_utf8(text).map_err(failed)
    }
}

#[pymethods]
impl Report {
    /// The whole report as one JSON object, as `whither map --json` writes it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| {
            let mut text = Vec::new();
            write_json_compact(&self.report, &mut text).map_err(failed)?;
            String::from_utf8(text).map_err(failed)
        })
    }

    /// The same as dictionaries and lists.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json(py, &self.to_json(py)?)
    }

    /// The map as one page, which needs nothing else.
    fn html(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.written("html"))
    }

    /// The figure for print.
    fn svg(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.written("svg"))
    }

    /// The page in a frame of its own, so that styles of the notebook and of the page do not meet.
    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let page = self.html(py)?;
        Ok(py.detach(|| {
            let page = page.replace('&', "&amp;").replace('"', "&quot;");
            format!("<iframe title=\"whither\" sandbox=\"allow-scripts allow-popups\" style=\"width: 100%; height: 42em; border: 0\" srcdoc=\"{page}\"></iframe>")
        }))
    }

    fn __repr__(&self) -> String {
        let report::Report { apps, captures, frames, .. } = &self.report;
        format!("<whither.Report: apps={}, captures={}, frames={frames}>", apps.len(), captures.len())
    }
}

fn failed(error: impl std::fmt::Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}
