//! A flow record that owns what it holds: read again from a line of newline-delimited JSON.
//!
//! The fields are those of [`FlowRecord`](super::FlowRecord), which says what each means.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A flow record on its own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are documented where they are borrowed")]
pub struct OwnedRecord {
    pub capture: String,
    pub first_frame: u64,
    pub first_seen: String,
    pub last_seen: String,
    pub protocol: String,
    pub client_ip: IpAddr,
    pub client_port: Option<u16>,
    pub server_ip: IpAddr,
    pub server_port: Option<u16>,
    pub packets_up: u64,
    pub packets_down: u64,
    pub bytes_up: u64,
    pub bytes_down: u64,
    pub payload_up: u64,
    pub payload_down: u64,
    pub application: Option<String>,
    pub server_name: Option<String>,
    pub name_source: Option<String>,
    pub name_frame: Option<u64>,
    pub names: Vec<OwnedName>,
    pub alpn: Vec<String>,
    pub ech: Option<String>,
    pub resolver: Option<String>,
    pub certificate_organisation: Option<String>,
    pub certificate_country: Option<String>,
    pub app: Option<String>,
    pub app_evidence: Option<String>,
    pub app_rule: Option<String>,
    pub app_frame: Option<u64>,
    pub app_others: Vec<OwnedClaim>,
    pub service: Option<String>,
    pub party: Option<String>,
    pub owner: Option<OwnedOwner>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub latitude: Option<f32>,
    pub longitude: Option<f32>,
    pub registered_country: Option<String>,
    pub asn: Option<u32>,
    pub as_name: Option<String>,
    pub as_country: Option<String>,
    pub operator: Option<String>,
    pub jurisdiction: Option<String>,
    pub also: Vec<String>,
    pub anycast: bool,
    pub rtt_ms: Option<f64>,
    pub rtt_source: Option<String>,
    pub standing: String,
    pub candidates: Vec<String>,
    pub age: String,
    pub exchange: String,
    pub tunnel: Vec<String>,
    pub ja4: Option<String>,
    pub community_id: Option<String>,
}

/// A name of a flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OwnedName {
    /// The name.
    pub name: String,
    /// Where it was found.
    pub source: String,
    /// The frame that completed it.
    pub frame: u64,
    /// Why it may not be the server's, if there is a doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// A claim about a flow's app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OwnedClaim {
    /// The app.
    pub app: String,
    /// What the claim rests on.
    pub evidence: String,
    /// The rule that matched.
    pub rule: String,
    /// The frame that showed it.
    pub frame: u64,
}

/// Who the capture says owned a flow's packets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OwnedOwner {
    /// Where this comes from.
    pub format: String,
    /// App label or process name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Package or bundle identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Path of the executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i64>,
    /// User id; on Android the app's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<i64>,
}

impl OwnedRecord {
    /// Reads a line, which `whither flows` wrote.
    ///
    /// # Errors
    /// If it is no record.
    pub fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}
