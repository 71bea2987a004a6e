//! The structs of the report. Field names are stable, and new ones may be added. Strings from the wire are not
//! escaped here; each output escapes them.

use crate::app::{EvidenceKind, Party};
use crate::error::Defect;
use crate::place::{Country, DatabaseInfo, LocationCheck};
use crate::route::Traffic;
use serde::Serialize;

/// Version of the model. It is raised when a field changes its meaning or is removed.
pub const SCHEMA: u32 = 1;

/// The whole report.
#[derive(Clone, PartialEq, Debug, Serialize)]
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
    /// Client addresses in the order in which they were first seen, at most 64.
    pub devices: Vec<String>,
    /// Databases used, with dates and attribution.
    pub databases: Vec<DatabaseInfo>,
    /// Number of apps in the catalogue.
    pub catalogue_apps: usize,
    /// The rule that every `jurisdiction` and `also` in the report follows.
    pub jurisdiction_rule: String,
    /// Apps, those with most bytes up first, then down.
    pub apps: Vec<AppRoutes>,
    /// IP traffic to global addresses that was attributed to no app, by reason, most bytes first.
    pub unattributed: Vec<Remainder>,
    /// The destinations of that traffic, in the same shape as an app's.
    pub unattributed_routes: Vec<Destination>,
    /// Traffic that stayed on local, multicast or reserved addresses, by kind.
    pub local: Vec<Remainder>,
    /// Frames that hold no IP packet, by kind.
    pub not_ip: Vec<Remainder>,
    /// Traffic by country of the endpoints (all apps and unattributed traffic), most bytes up first.
    pub countries: Vec<CountryLine>,
    /// Notes that a reader must know: the clock stepped back, packets were cut short, memory limits were reached.
    pub notes: Vec<String>,
}

/// Program, version and command line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Generator {
    /// `whither`.
    pub name: String,
    /// Version.
    pub version: String,
    /// The command as given.
    pub command: String,
}

/// One capture that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
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
#[derive(Clone, PartialEq, Debug, Serialize)]
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
#[derive(Clone, PartialEq, Debug, Serialize)]
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
    /// The evidence by which the flows were attributed, most bytes first.
    pub evidence: Vec<EvidenceShare>,
    /// Destinations grouped by place and network, most bytes up first.
    pub destinations: Vec<Destination>,
}

/// How many bytes rest on one kind of evidence.
#[derive(Clone, PartialEq, Debug, Serialize)]
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

/// What kind of place a destination is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PlaceKind {
    /// A country is named.
    Country,
    /// Anycast: the site that answered is not known.
    Anycast,
    /// Local, multicast or reserved address.
    Local,
    /// No database knows it.
    Unknown,
}

/// Endpoints of one app in one place and one network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Destination {
    /// What `country` means.
    pub kind: PlaceKind,
    /// Probable country.
    pub country: Option<Country>,
    /// Its name in English, or `anycast`, `local`, `unknown`.
    pub label: String,
    /// City most bytes went to, where a database names one.
    pub city: Option<String>,
    /// Degrees north: the mean of the endpoints' probable coordinates weighted by bytes, or the country's if there
    /// are none.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Whether location databases disagree on the country of some endpoint.
    pub is_disputed: bool,
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
    /// Whether the round trip allows the country.
    pub check: LocationCheck,
    /// First frame of the first flow: capture name and frame number.
    pub first_frame: (String, u64),
    /// Earliest packet, RFC 3339 UTC.
    pub first_seen: String,
    /// Latest packet, RFC 3339 UTC.
    pub last_seen: String,
}

/// What one location database says of a group of endpoints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpinionLine {
    /// Database.
    pub source: String,
    /// The country that it names; none if it does not know the endpoints.
    pub country: Option<Country>,
    /// Bytes of the endpoints for which it names this country.
    pub bytes: u64,
}

/// A name and where it was seen first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
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
}

/// A round-trip time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RttLine {
    /// Milliseconds.
    pub ms: f64,
    /// How it was measured.
    pub source: String,
    /// Flows with a round-trip time.
    pub samples: u64,
}

/// Traffic that was attributed to no app, for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
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

/// All endpoints located in one country.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CountryLine {
    /// What `country` means.
    pub kind: PlaceKind,
    /// The country.
    pub country: Option<Country>,
    /// Its name in English, or `anycast`, `local`, `unknown`.
    pub label: String,
    /// Packets, bytes and flows.
    pub traffic: Traffic,
    /// Share of all bytes, 0 to 1.
    pub share: f64,
    /// Apps by bytes, at most 8: id and bytes.
    pub apps: Vec<(String, u64)>,
}
