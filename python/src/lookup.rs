//! What is known of an address or a name.

use crate::failure::{raise, usage};
use crate::rows::json;
use pyo3::prelude::*;
use std::net::IpAddr;
use std::sync::OnceLock;
use whither::Analyser;
use whither::output::lookup::{Answer, json as written};

/// What is known of an address or a name, each fact with its source.
///
/// >>> whither.lookup("203.205.239.154")["place"]["asn"]
/// 132203
/// >>> whither.lookup("long.weixin.qq.com")["app"]
/// 'wechat'
#[pyfunction]
pub(crate) fn lookup<'py>(py: Python<'py>, subject: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // An address may be one of the module ipaddress.
    let subject = subject.str()?.to_string();
    let text = subject.trim_matches(['[', ']']).to_owned();
    let analyser = analyser(py)?;
    let answer = match text.parse::<IpAddr>() {
        Ok(ip) => py.detach(|| Answer::Address { ip, place: analyser.locate(ip) }),
        Err(_) if is_number(&text) => return Err(usage(format!("{subject:?} is no address"))),
        Err(_) => Answer::name(&text, &analyser.knowledge.catalogue),
    };
    json(py, &written(&answer))
}

/// Opened once: many addresses are looked up.
fn analyser(py: Python<'_>) -> PyResult<&'static Analyser> {
    static ANALYSER: OnceLock<Analyser> = OnceLock::new();
    if let Some(analyser) = ANALYSER.get() {
        return Ok(analyser);
    }
    let opened = py.detach(Analyser::new).map_err(|error| raise(py, error))?;
    Ok(ANALYSER.get_or_init(|| opened))
}

/// Whether this is meant for an address: no name has a colon, or a number for its last label (RFC 3696 §2).
fn is_number(subject: &str) -> bool {
    let last = subject.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let number = last.split('/').next().unwrap_or_default();
    subject.contains(':') || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
