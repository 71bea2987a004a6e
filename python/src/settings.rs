//! What the arguments of a call say: which captures, what to hold them against, what to leave out.

use crate::failure::{raise, usage};
use pyo3::prelude::*;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use whither::analysis::Knowledge;
use whither::analysis::budget::LEAST;
use whither::app::Catalogue;
use whither::place::{Places, vantage};
use whither::{Analyser, Error};

/// One of something, or several.
#[derive(FromPyObject)]
pub(crate) enum Several<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> From<Several<T>> for Vec<T> {
    fn from(several: Several<T>) -> Self {
        match several {
            Several::One(one) => vec![one],
            Several::Many(many) => many,
        }
    }
}

/// A path: text, or what has `__fspath__`.
pub(crate) type Paths = Several<PathBuf>;

/// What becomes of captures that broke off, and of files that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errors {
    Raise,
    Warn,
    Ignore,
}

impl<'py> FromPyObject<'_, 'py> for Errors {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let word = object.extract::<String>()?;
        match word.as_str() {
            "raise" => Ok(Self::Raise),
            "warn" => Ok(Self::Warn),
            "ignore" => Ok(Self::Ignore),
            other => Err(usage(format!("errors={other:?}: it is 'raise', 'warn' or 'ignore'"))),
        }
    }
}

/// What all functions that read captures take by name.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) app: Option<Several<String>>,
    pub(crate) device: Option<Several<String>>,
    pub(crate) from: Option<String>,
    pub(crate) geo: Option<Paths>,
    pub(crate) apps: Option<Paths>,
    pub(crate) threads: Option<usize>,
    pub(crate) max_memory: Option<u64>,
}

impl Settings {
    /// What reads captures as they say. It opens databases, so that it takes some hundredths of a second.
    pub(crate) fn analyser(self, py: Python<'_>) -> PyResult<Analyser> {
        let Self { app, device, from, geo, apps, threads, max_memory } = self;
        let (geo, apps): (Vec<_>, Vec<_>) =
            (geo.map_or_else(Vec::new, Vec::from), apps.map_or_else(Vec::new, Vec::from));
        let open = || -> Result<Analyser, Error> {
            let places = Places::open(&geo)?;
            let from = from.map(|text| vantage(&text, places.embedded())).transpose()?;
            Ok(Analyser::with(Knowledge::new(Catalogue::with_user(&apps)?, places, from)))
        };
        let mut analyser = py.detach(open).map_err(|error| raise(py, error))?;
        for app in app.map_or_else(Vec::new, Vec::from) {
            analyser.options.apps.push(known(&analyser.knowledge.catalogue, app)?);
        }
        for device in device.map_or_else(Vec::new, Vec::from) {
            let ip = device.parse().map_err(|_| usage(format!("device={device:?}: this is no address")))?;
            analyser.options.devices.push(ip);
        }
        if let Some(threads) = threads {
            analyser.threads =
                NonZeroUsize::new(threads).ok_or_else(|| usage("threads=0: one is needed".to_owned()))?;
        }
        if let Some(bytes) = max_memory {
            if bytes < LEAST {
                return Err(usage(format!(
                    "max_memory={bytes} is too little: databases and buffers alone take half of {LEAST}"
                )));
            }
            analyser.options.max_memory = Some(bytes);
        }
        Ok(analyser)
    }
}

/// The id of an app as the catalogue writes it. One that it does not know may be an owner's name, unless it is much like one that it
/// knows.
pub(crate) fn known(catalogue: &Catalogue, app: String) -> PyResult<String> {
    let id = app.to_lowercase();
    if catalogue.app(&app).is_some() {
        return Ok(app);
    }
    if catalogue.app(&id).is_some() {
        return Ok(id);
    }
    match catalogue.find(&app).first() {
        Some(similar) => Err(usage(format!("no app has the id {app:?}; did you mean {:?}?", similar.id))),
        None => Ok(app),
    }
}
