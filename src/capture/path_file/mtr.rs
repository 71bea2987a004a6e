//! Reads mtr's reports in JSON (`mtr -j`, best with `-n` or `-b`, so that addresses are in it).

use super::found::Found;
use super::given::GivenPath;
use super::refused::{HINT, Refused};
use super::text::{address, enclosed};
use serde::Deserialize;
use std::net::IpAddr;

/// mtr stops at its target, or at this distance.
const LAST: u8 = 30;

#[derive(Deserialize)]
struct Written {
    report: Report,
}

#[derive(Deserialize)]
struct Report {
    mtr: Head,
    #[serde(default)]
    hubs: Vec<Hub>,
}

#[derive(Deserialize)]
struct Head {
    dst: String,
}

#[derive(Deserialize)]
struct Hub {
    /// A text in old versions.
    count: Figure,
    host: String,
    #[serde(rename = "Best", default)]
    best: Option<Figure>,
    #[serde(rename = "Avg", default)]
    mean: Option<Figure>,
    #[serde(rename = "Snt", default)]
    sent: Option<Figure>,
    #[serde(rename = "Loss%", default)]
    loss: Option<Figure>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Figure {
    Number(f64),
    Text(String),
}

impl Figure {
    fn value(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().trim_end_matches('%').parse().ok(),
        }
        .filter(|number| number.is_finite())
    }
}

pub(super) fn read(text: &str) -> Result<Found, Refused> {
    let mut reports = serde_json::Deserializer::from_str(text).into_iter::<Written>();
    let mut found = Found::default();
    loop {
        let before = text.get(..reports.byte_offset()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64 + 1;
        match reports.next() {
            None => return Ok(found),
            Some(Ok(Written { report })) => found.begin(path(&report, line)?),
            Some(Err(error)) => {
                let line = error.line() as u64;
                return Err(Refused { line, what: format!("no report of mtr: {error}"), hint: HINT });
            }
        }
    }
}

fn path(report: &Report, line: u64) -> Result<GivenPath, Refused> {
    let name = report.mtr.dst.trim();
    let mut path = GivenPath::to("mtr", line, address(name), Some(name));
    for hub in &report.hubs {
        let distance = hub.count.value().filter(|count| (1.0..=255.0).contains(count)).map(|count| count as u8);
        let Some(distance) = distance else {
            return Err(Refused::at(line, "a hub whose count is no distance from 1 to 255"));
        };
        path.tried(distance);
        let figure = |figure: &Option<Figure>| figure.as_ref().and_then(Figure::value);
        let lost = figure(&hub.loss).unwrap_or(0.0).clamp(0.0, 100.0);
        let answers = figure(&hub.sent).map_or(1.0, |sent| (sent * (1.0 - lost / 100.0)).round().max(1.0)) as u64;
        let ms = figure(&hub.best).or(figure(&hub.mean));
        match hub.host.trim() {
            "" | "???" => {}
            host => match host_address(host) {
                Some(address) => path.answered(distance, address, ms, answers),
                None => path.named(distance, host, ms, answers),
            },
        }
    }
    // A name is not resolved in the file, but mtr stops at what it was resolved to.
    if path.target.is_none() && path.last < LAST {
        let last = path.hops.iter().filter(|hop| hop.distance == path.last);
        path.target = last.filter_map(|hop| hop.address).next();
    }
    Ok(path)
}

/// `192.0.2.1`, or `router.example (192.0.2.1)`.
fn host_address(host: &str) -> Option<IpAddr> {
    address(host).or_else(|| enclosed(host.rsplit(' ').next()?, ['(', ')']))
}
