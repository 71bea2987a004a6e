//! What may be said of the endpoints of a group of flows: payload by country, operator and law, as intervals.

use crate::standing::{Interval, Percent, Shares, Standing};
use serde::{Deserialize, Serialize};

/// What may be said of the endpoints of a group of flows.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndpointShares {
    /// Payload sent to endpoints that answered.
    pub sent: WayShares,
    /// Payload received from them.
    pub received: WayShares,
    /// Payload sent to endpoints from which nothing came back. It is in no share.
    pub tried_bytes: u64,
    /// Flows to them.
    pub tried_flows: u64,
    /// Payload sent to devices of other people. It is in no share.
    pub person_sent_bytes: u64,
    /// Payload received from them.
    pub person_received_bytes: u64,
}

/// Payload of one direction. Confirmed, reported, disputed and unplaced bytes add up to all.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WayShares {
    /// All bytes.
    pub bytes: u64,
    /// Bytes of endpoints whose country is confirmed.
    pub confirmed_bytes: u64,
    /// Bytes of endpoints of which one source names the country.
    pub reported_bytes: u64,
    /// Bytes of endpoints of which sources name different countries.
    pub disputed_bytes: u64,
    /// Bytes of endpoints that cannot be given a country.
    pub unplaced_bytes: u64,
    /// What cannot be given a country, in percent, rounded up; none where there are too few bytes.
    pub unplaced_percent: Option<String>,
    /// By country, those with most certain bytes first.
    pub countries: Vec<ShareLine>,
    /// Bytes that cannot be given a country, by reason, most first.
    pub unplaced: Vec<UnplacedLine>,
    /// By the company that runs the endpoints: certain where network and server name agree, possible where one of them says it.
    pub operators: Vec<ShareLine>,
    /// By the law that reaches these companies.
    pub jurisdictions: Vec<ShareLine>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// The share of one country, company or law.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareLine {
    /// Code of the country, or name of the company.
    pub key: String,
    /// Its name in English.
    pub label: String,
    /// Bytes that are certainly its.
    pub certain_bytes: u64,
    /// Bytes that may be its, or another's.
    pub possible_bytes: u64,
    /// Of them, bytes of which a single source speaks, so that nothing else is named.
    pub reported_bytes: u64,
    /// The share in words: `12 to 40 %`, `up to 20 %`.
    pub share: String,
}

/// Bytes that cannot be given a country, for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnplacedLine {
    /// The standing of the endpoints.
    pub standing: Standing,
    /// Why, in words.
    pub why: String,
    /// Bytes.
    pub bytes: u64,
}

impl ShareLine {
    /// The share of one key.
    pub(super) fn of<K: Ord + Clone, R: Ord + Copy>(
        shares: &Shares<K, R>,
        key: &K,
        code: String,
        label: String,
    ) -> Self {
        let interval = shares.interval(key);
        let (certain_bytes, possible_bytes) = (interval.certain, interval.possible);
        Self { key: code, label, certain_bytes, possible_bytes, reported_bytes: 0, share: interval.to_string() }
    }
}

/// All lines of shares, those with most certain bytes first. `names` gives the code of a key and its label.
pub(super) fn lines<K: Ord + Clone, R: Ord + Copy>(
    shares: &Shares<K, R>,
    names: impl Fn(&K) -> (String, String),
) -> Vec<ShareLine> {
    let line = |(key, _): &(K, Interval)| {
        let (code, label) = names(key);
        ShareLine::of(shares, key, code, label)
    };
    shares.intervals().iter().map(line).collect()
}

/// The share that cannot be placed in words; none where there are too few bytes for percentages.
pub(super) fn unplaced_percent<K: Ord + Clone, R: Ord + Copy>(shares: &Shares<K, R>) -> Option<String> {
    let percent: Percent = shares.unplaced();
    (!shares.is_small()).then(|| format!("{percent} %"))
}
