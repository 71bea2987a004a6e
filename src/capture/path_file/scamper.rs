//! Reads the traces in what `sc_warts2json` writes of scamper's files: an object on each line, of which other kinds are passed over.

use super::found::Found;
use super::given::GivenPath;
use super::refused::Refused;
use super::text::address;
use serde::Deserialize;

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Trace {
    dst: String,
    #[serde(default)]
    hop_count: u64,
    #[serde(default)]
    hops: Vec<Hop>,
}

#[derive(Deserialize)]
struct Hop {
    addr: String,
    probe_ttl: u8,
    #[serde(default)]
    rtt: Option<f64>,
}

pub(super) fn read(text: &str) -> Result<Found, Refused> {
    let mut found = Found::default();
    for (written, line) in text.lines().zip(1_u64..) {
        if written.trim().is_empty() {
            continue;
        }
        let refuse = |what: &str| Refused::at(line, format!("no object of scamper: {what}"));
        let Kind { kind } = serde_json::from_str(written).map_err(|error| refuse(&error.to_string()))?;
        if kind != "trace" {
            continue;
        }
        let trace: Trace = serde_json::from_str(written).map_err(|error| refuse(&error.to_string()))?;
        let target = address(&trace.dst).ok_or_else(|| refuse("dst is no address"))?;
        let mut path = GivenPath::to("scamper", line, Some(target), None);
        path.tried(u8::try_from(trace.hop_count).unwrap_or(u8::MAX));
        for hop in &trace.hops {
            let router = address(&hop.addr).ok_or_else(|| refuse("addr is no address"))?;
            if hop.probe_ttl == 0 {
                return Err(refuse("a hop at distance 0"));
            }
            path.answered(hop.probe_ttl, router, hop.rtt, 1);
        }
        found.begin(path);
    }
    Ok(found)
}
