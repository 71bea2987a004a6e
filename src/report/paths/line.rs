//! The structs of the report that tell paths.

use crate::place::Country;
use crate::standing::Standing;
use serde::{Deserialize, Serialize};

/// A path to a target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PathLine {
    /// The address that it leads to; none where the file does not tell it.
    pub target: Option<String>,
    /// The name that the tool was given.
    pub target_name: Option<String>,
    /// What measured it: `capture` where packets show it, `mtr`, `traceroute`, `tracert`, `scamper`.
    pub tool: String,
    /// The capture or the file.
    pub file: String,
    /// The frame of the first answer, in a capture.
    pub frame: Option<u64>,
    /// The line at which it begins, in a file.
    pub line: Option<u64>,
    /// Who sent the probes, in a capture.
    pub source: Option<String>,
    /// Whether an endpoint of the captures is its target.
    pub is_met: bool,
    /// At which distance the target answered, where a file tells it.
    pub reached: Option<u8>,
    /// The hops by distance, with the gaps; those of which the distance is not known come last.
    pub hops: Vec<HopLine>,
    /// Distances at which nobody answered.
    pub gaps: u64,
    /// Countries of the hops.
    pub countries: Vec<PathCountry>,
}

/// A router that answered, or a gap.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HopLine {
    /// Distance from where the path was measured, from 1; none where it is not known.
    pub distance: Option<u8>,
    /// The last distance of a gap.
    pub until: Option<u8>,
    /// Whether nobody answered: nothing else is known then.
    pub is_gap: bool,
    /// Its address.
    pub address: Option<String>,
    /// Its name, where the file has no address.
    pub name: Option<String>,
    /// The least round trip. It has no part in what is said of places.
    pub rtt_ms: Option<f64>,
    /// How often it answered.
    pub answers: u64,
    /// What may be said of its country.
    pub standing: Option<Standing>,
    /// The countries that it may be in: one where confirmed or reported, several where databases differ, else none.
    pub candidates: Vec<Country>,
    /// Origin AS.
    pub asn: Option<u32>,
    /// Name of the AS.
    pub as_name: Option<String>,
    /// Who runs the network.
    pub operator: Option<String>,
    /// Jurisdiction of the network's operator, by the rule of the report.
    pub jurisdiction: Option<Country>,
}

/// A country seen on a path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PathCountry {
    /// The country.
    pub country: Country,
    /// Its name in English.
    pub label: String,
    /// `confirmed` if it is of one hop, else `reported`, else `disputed`: it is possible, as others are.
    pub standing: Standing,
    /// Addresses of hops that are or may be there.
    pub hops: u64,
}
