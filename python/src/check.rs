//! A policy held against captures.

use crate::failure::{raise, usage};
use crate::report::reported;
use crate::rows::json;
use crate::settings::{Errors, Paths, Settings, known};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};
use whither::Error;
use whither::output::check::{FORMATS, Shown};
use whither::policy::{Leniency, evaluate, parse};

/// What came of a policy.
#[pyclass(module = "whither", frozen)]
pub(crate) struct Check {
    /// Whether all rules pass.
    #[pyo3(get)]
    ok: bool,
    json: String,
}

/// Holds a policy against captures: `docs/check.md` says what is in one.
///
/// >>> outcome = whither.check("samples/claim.toml", "samples/claim-taipei.pcap")
/// >>> outcome.ok
/// False
///
/// `undecidable='pass'` lets rules pass that cannot be decided, `require_observed=True` lets none pass whose apps were not seen. The other
/// arguments are those of `map`.
#[pyfunction]
#[pyo3(signature = (policy, paths, *, from_=None, undecidable="fail", require_observed=false, geo=None, apps=None, threads=None,
                    max_memory=None, errors=Errors::Warn),
       text_signature = "(policy, paths, *, from_=None, undecidable='fail', require_observed=False, geo=None, apps=None, threads=None, max_memory=None, errors='warn')")]
#[allow(clippy::too_many_arguments, reason = "all but the first two are given by name")]
pub(crate) fn check(
    py: Python<'_>,
    policy: PathBuf,
    paths: Paths,
    from_: Option<String>,
    undecidable: &str,
    require_observed: bool,
    geo: Option<Paths>,
    apps: Option<Paths>,
    threads: Option<usize>,
    max_memory: Option<u64>,
    errors: Errors,
) -> PyResult<Check> {
    let undecidable = match undecidable {
        "fail" => false,
        "pass" => true,
        other => return Err(usage(format!("undecidable={other:?}: it is 'fail' or 'pass'"))),
    };
    let leniency = Leniency { undecidable, not_observed: !require_observed };
    let text = read(&policy).map_err(|error| raise(py, error))?;
    let analyser = Settings { from: from_, geo, apps, threads, max_memory, ..Settings::default() }.analyser(py)?;
    let rules = parse(&text, &policy, &analyser.knowledge.catalogue).map_err(|error| raise(py, error))?;
    let (report, analyser) = reported(py, analyser, paths, errors)?;
    let is_seen = |app: &str| report.apps.iter().any(|routes| routes.id == app);
    // A rule on an app that there is not would hold for ever.
    for app in rules.rules.iter().flat_map(|rule| &rule.apps).filter(|app| !is_seen(&app.value)) {
        known(&analyser.knowledge.catalogue, app.value.clone())?;
    }
    let shown =
        &Shown { checked: &evaluate(&report, &rules), policy: &policy.display().to_string(), leniency, findings: &[] };
    let [format] = FORMATS.iter().filter(|format| format.name == "json").collect::<Vec<_>>()[..] else {
        return Err(PyRuntimeError::new_err("there is no format for checks"));
    };
    let mut json = Vec::new();
    (format.write)(shown, &mut json)?;
    Ok(Check { ok: shown.passes(), json: String::from_utf8(json)? })
}

/// The text of a policy.
fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::io(path, error))
}

#[pymethods]
impl Check {
    /// The outcome of each rule with the rows that show it, as `whither check --json` writes it.
    fn to_json(&self) -> &str {
        &self.json
    }

    /// The same as dictionaries and lists.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json(py, &self.json)
    }

    /// A check in an `if` or an `assert` is whether all rules pass.
    fn __bool__(&self) -> bool {
        self.ok
    }

    fn __repr__(&self) -> String {
        format!("<whither.Check: ok={}>", if self.ok { "True" } else { "False" })
    }
}
