//! The structs of the report. Field names are stable, and new ones may be added. Strings from the wire are not
//! escaped here; each output escapes them.

use super::paths::{PathCountry, PathLine};
use super::redaction::Redaction;
use super::shares::{EndpointShares, ShareLine};
use super::sites::Sites;
use super::transfers::Transfers;
use super::unseen::Unseen;
use crate::app::{EvidenceKind, Party};
use crate::error::Defect;
use crate::place::{Country, DatabaseInfo};
use crate::route::{Exchange, Payload, Traffic};
use crate::standing::Standing;
use serde::{Deserialize, Serialize};

/// Version of the model. It is raised when a field changes its meaning or is removed.
pub const SCHEMA: u32 = 2;

/// The whole report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Version of the model: [`SCHEMA`].
    pub schema: u32,
    /// The program that made it.
    pub generator: Generator,
    /// The captures read, in the order of their first packets.
    pub captures: Vec<CaptureSummary>,
    /// Frames of all captures.
    pub frames: u64,
    /// Frame lengths on the wire of all captures, in bytes. Attributed, unattributed, local and not-IP bytes add up
    /// to it.
    pub bytes: u64,
    /// Earliest packet, RFC 3339 UTC; none in an empty capture.
    pub first_seen: Option<String>,
    /// Latest packet, RFC 3339 UTC.
    pub last_seen: Option<String>,
    /// Time between them in nanoseconds.
    pub duration_ns: u64,
    /// Where the captures were taken, as the user said.
    pub vantage: Option<VantageLine>,
    /// Whether round trips counted, and why not.
    pub physics: PhysicsLine,
    /// How far the captures are from the tables of places in time.
    pub tables: TablesAge,
    /// Client addresses in the order in which they were first seen, at most 64.
    pub devices: Vec<String>,
    /// Databases used, with dates and attribution.
    pub databases: Vec<DatabaseInfo>,
    /// Number of apps in the catalogue.
    pub catalogue_apps: usize,
    /// The rule that every `jurisdiction` and `also` in the report follows.
    pub jurisdiction_rule: String,
    /// What may be said of all endpoints on the public network.
    pub shares: EndpointShares,
    /// Apps, those that sent most payload first.
    pub apps: Vec<AppRoutes>,
    /// IP traffic to global addresses that was attributed to no app, by reason, most bytes first.
    pub unattributed: Vec<Remainder>,
    /// What may be said of the endpoints of that traffic.
    pub unattributed_shares: EndpointShares,
    /// The destinations of that traffic, in the same shape as an app's.
    pub unattributed_routes: Vec<Destination>,
    /// Of that traffic what has a name that is in no entry of the catalogue: sites and services, by registrable domain.
    #[serde(default)]
    pub sites: Sites,
    /// Traffic that stayed on local, multicast or reserved addresses, by kind.
    pub local: Vec<Remainder>,
    /// Frames that hold no IP packet, by kind.
    pub not_ip: Vec<Remainder>,
    /// What the user or lack of memory left out: `--app`, `--device`, `--filter`, `--max-memory`.
    pub left_out: Vec<Remainder>,
    /// Payload by country that endpoints are or may be in (all apps and unattributed traffic), most certain bytes first.
    pub countries: Vec<CountryLine>,
    /// Paths that lead to destinations, as the captures show them or as the user gave them: those of captures by target, then those of
    /// files by file and line. A hop is no endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathLine>,
    /// What a framework of law on transfers makes of the countries, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers: Option<Transfers>,
    /// Notes that a reader must know: the clock stepped back, packets were cut short, memory limits were reached.
    pub notes: Vec<String>,
    /// What was taken out (`--redact`), where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// Program, version and command line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Generator {
    /// `whither`.
    pub name: String,
    /// Version.
    pub version: String,
    /// The command as given.
    pub command: String,
}

/// One capture that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaptureSummary {
    /// Its name, as the user gave it.
    pub name: String,
    /// `pcap`, `pcapng`, with compression: `pcapng (zstd)`.
    pub format: String,
    /// Frames read.
    pub frames: u64,
    /// Frame lengths on the wire, in bytes.
    pub bytes: u64,
    /// Where and why reading had to stop, if it did.
    pub defect: Option<Defect>,
}

/// Where the captures were taken.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VantageLine {
    /// `Taipei, TW`.
    pub label: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Uncertainty in km.
    pub radius_km: f64,
}

/// One app and where its traffic went.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppRoutes {
    /// Catalogue id, or the owner's own name.
    pub id: String,
    /// The name that is shown.
    pub name: String,
    /// Developer, where the catalogue knows the app.
    pub developer: Option<String>,
    /// Operator.
    pub operator: Option<String>,
    /// Jurisdiction of the operator, by the rule of the report.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Vec<Country>,
    /// What the jurisdiction rests on, where the catalogue knows the app.
    pub jurisdiction_source: Option<String>,
    /// Packets, bytes and flows.
    pub traffic: Traffic,
    /// Share of all bytes of the captures, 0 to 1.
    pub share: f64,
    /// What may be said of its endpoints.
    pub shares: EndpointShares,
    /// The evidence by which the flows were attributed, most bytes first.
    pub evidence: Vec<EvidenceShare>,
    /// How much of the next capture would be new.
    #[serde(default)]
    pub unseen: Unseen,
    /// Countries seen on the paths to its destinations: routed through, apart from where they end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_path: Vec<PathCountry>,
    /// Destinations grouped by what may be said of their place, and by network; most bytes sent first.
    pub destinations: Vec<Destination>,
}

/// How many bytes rest on one kind of evidence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EvidenceShare {
    /// The kind.
    pub kind: EvidenceKind,
    /// The rule with most bytes: `domain weixin.qq.com`.
    pub rule: String,
    /// Bytes.
    pub bytes: u64,
    /// Share of the app's bytes, 0 to 1.
    pub share: f64,
}

/// Whether round trips counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PhysicsLine {
    /// `on`, `one_network`, `no_vantage`, `nothing_measured`, `nothing_tested`, `refused`.
    pub state: String,
    /// The same in a sentence.
    pub says: String,
    /// What round trips cannot tell from here of the countries that are named.
    pub limits: Vec<String>,
}

/// How far captures and tables are apart in time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TablesAge {
    /// Months between the packet furthest from them and the tables of places.
    pub gap_months: u32,
    /// Whether the captures are older than the tables.
    pub is_capture_older: bool,
    /// Whether the tables are too far away to confirm anything.
    pub is_stale: bool,
    /// Whether the user asked that age does not count.
    pub is_ignored: bool,
}

/// A country that endpoints may be in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// The country.
    pub country: Country,
    /// Its name in English.
    pub label: String,
    /// The city that most bytes went to by a database that names this country. No source checks it.
    pub city: Option<String>,
    /// Degrees north: the mean of the endpoints' coordinates by such databases, weighted by bytes, or the country's.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Independent sources that name it.
    pub lineages: usize,
}

/// A country that databases name and round trips exclude. It is no place of the endpoints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExclusionLine {
    /// The country.
    pub country: Country,
    /// `ruled out` or `does not fit the round trip`.
    pub verdict: String,
    /// What that rests on, in a sentence.
    pub says: String,
    /// How far from the capture an endpoint can be that answers so soon, in km.
    #[serde(default)]
    pub reach_km: u32,
    /// How far the country is at least, in km.
    #[serde(default)]
    pub least_km: u32,
}

/// Endpoints of one app of which the same may be said, in one network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Destination {
    /// How the endpoints took part.
    pub exchange: Exchange,
    /// What may be said of their country.
    pub standing: Standing,
    /// `fresh`, `stale` (every database that names a country is too far from the captures in time), `ignored` (`--ignore-age`).
    pub age: String,
    /// Months between the captures and the database furthest from them.
    pub gap_months: Option<u32>,
    /// The countries that they may be in: one where confirmed or reported, several where databases differ, else none.
    pub candidates: Vec<Candidate>,
    /// The names of these countries, or why there is none: `Hong Kong or Singapore`, `anycast`, `no answer`.
    pub label: String,
    /// Countries that databases name and round trips exclude.
    pub exclusions: Vec<ExclusionLine>,
    /// Why they are confirmed: `sources agree`, `only this country is within reach`.
    pub confirmed_by: Option<String>,
    /// What each location database says, with bytes.
    pub opinions: Vec<OpinionLine>,
    /// Countries where the address blocks are registered.
    pub registered_countries: Vec<Country>,
    /// Origin AS.
    pub asn: Option<u32>,
    /// Name of the AS.
    pub as_name: Option<String>,
    /// Where the AS is registered.
    pub as_country: Option<Country>,
    /// Who runs the network.
    pub operator: Option<String>,
    /// Jurisdiction of the network's operator, by the rule of the report.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Vec<Country>,
    /// Whose service it is from the point of view of the app, if known: party and bytes, most bytes first.
    pub parties: Vec<(Party, u64)>,
    /// Shared services (SDK, CDN, cloud) whose names were used.
    pub services: Vec<String>,
    /// Bytes by kind of evidence for the app, most first.
    pub evidence: Vec<(EvidenceKind, u64)>,
    /// What is said where the name does not fit the network: a name of one company on an address of another that serves only itself.
    pub misfit: Option<String>,
    /// Payload in bytes, seen from the device, by how the endpoints took part.
    pub payload: Payload,
    /// Its parts by who runs the endpoints, as far as network and server name say; where nothing says it, there is none.
    pub run_by: Vec<RunLine>,
    /// Packets, bytes and flows.
    pub traffic: Traffic,
    /// Share of the app's bytes, 0 to 1.
    pub share: f64,
    /// Names, most bytes first, at most 32.
    pub names: Vec<NameEvidence>,
    /// Distinct names.
    pub names_total: u64,
    /// Addresses in the order in which they were first seen, at most 32.
    pub addresses: Vec<String>,
    /// Distinct addresses.
    pub addresses_total: u64,
    /// Smallest handshake round trip.
    pub rtt: Option<RttLine>,
    /// Paths that lead to one of its addresses, or to one of its names as a file resolved it: places in the report's list, from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<usize>,
    /// Countries seen on these paths: routed through, apart from where they end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_path: Vec<PathCountry>,
    /// First frame of the first flow: capture name and frame number.
    pub first_frame: (String, u64),
    /// Earliest packet, RFC 3339 UTC.
    pub first_seen: String,
    /// Latest packet, RFC 3339 UTC.
    pub last_seen: String,
}

#[cfg(test)]
impl Destination {
    /// A row of which nothing is known, for tests.
    pub(crate) fn empty() -> Self {
        Self {
            exchange: Exchange::Answered,
            standing: Standing::Unknown,
            age: "fresh".to_owned(),
            gap_months: None,
            candidates: Vec::new(),
            label: String::new(),
            exclusions: Vec::new(),
            confirmed_by: None,
            opinions: Vec::new(),
            registered_countries: Vec::new(),
            asn: None,
            as_name: None,
            as_country: None,
            operator: None,
            jurisdiction: None,
            also: Vec::new(),
            parties: Vec::new(),
            services: Vec::new(),
            evidence: Vec::new(),
            misfit: None,
            payload: Payload::default(),
            traffic: Traffic::default(),
            share: 0.0,
            names: Vec::new(),
            names_total: 0,
            addresses: Vec::new(),
            addresses_total: 0,
            rtt: None,
            paths: Vec::new(),
            on_path: Vec::new(),
            first_frame: (String::new(), 0),
            first_seen: String::new(),
            last_seen: String::new(),
            run_by: Vec::new(),
        }
    }
}

/// Payload of a row by who runs the endpoints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunLine {
    /// The families of companies that may run them: of the network, of the server name.
    pub operators: Vec<String>,
    /// The jurisdictions of these.
    pub jurisdictions: Vec<Country>,
    /// Both network and server name say who it is. Where they say the same, it is certain.
    pub is_twofold: bool,
    /// Payload sent.
    pub sent: u64,
    /// Payload received.
    pub received: u64,
}

/// What one location database says of a group of endpoints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpinionLine {
    /// Database.
    pub source: String,
    /// The country that it names; none if it does not know the endpoints.
    pub country: Option<Country>,
    /// Bytes of the endpoints for which it names this country.
    pub bytes: u64,
    /// `ruled out` or `does not fit the round trip`, where round trips exclude the country.
    pub verdict: Option<String>,
}

/// A name and where it was seen first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NameEvidence {
    /// The name. It comes from the wire: escape it before showing it.
    pub name: String,
    /// The word for its source: `tls-sni`, `dns`, ….
    pub source: String,
    /// Capture it was first seen in.
    pub capture: String,
    /// Frame number there, as Wireshark counts.
    pub frame: u64,
    /// Bytes of the flows whose best name it is.
    pub bytes: u64,
    /// Payload sent in these flows to endpoints of this row that answered; none where they may be in another row.
    pub sent: Option<u64>,
    /// Payload received from them; likewise.
    pub received: Option<u64>,
}

/// A round-trip time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RttLine {
    /// Milliseconds.
    pub ms: f64,
    /// How it was measured.
    pub source: String,
    /// Flows with a round-trip time.
    pub samples: u64,
}

/// Traffic that was attributed to no app, for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remainder {
    /// The reason in words for people: `name not in the catalogue`, `shared service: Akamai`, `private addresses`,
    /// `ARP`, ….
    pub reason: String,
    /// Frames.
    pub frames: u64,
    /// Bytes.
    pub bytes: u64,
    /// Flows, where there are any.
    pub flows: u64,
    /// Examples, at most 8: names or addresses of the first flows. They come from the wire.
    pub examples: Vec<String>,
}

/// Payload of all endpoints that are or may be in one country.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CountryLine {
    /// The country.
    pub country: Country,
    /// Its name in English.
    pub label: String,
    /// Sent to endpoints there.
    pub sent: ShareLine,
    /// Received from endpoints there.
    pub received: ShareLine,
    /// Apps by bytes sent and received that are or may be there, at most 8: id and bytes.
    pub apps: Vec<(String, u64)>,
}
