//! The structs of the report. Field names are stable; new ones may be added. Strings from the wire are unescaped here and
//! escaped by each output.

use crate::app::{EvidenceKind, Party};
use crate::error::Defect;
use crate::place::{Country, DatabaseInfo, LocationCheck};
use crate::route::Traffic;
use serde::Serialize;

/// Version of the model. Raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// The whole answer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What made it.
    pub generator: Generator,
    /// The captures read, in the order of their first packets.
    pub captures: Vec<CaptureSummary>,
    /// Sum over the captures: all frames.
    pub frames: u64,
    /// Sum over the captures: frame lengths on the wire, in bytes. Attributed, unattributed, local and not-IP bytes sum to it.
    pub bytes: u64,
    /// Earliest packet, RFC 3339 UTC; none in an empty capture.
    pub first_seen: Option<String>,
    /// Latest packet, RFC 3339 UTC.
    pub last_seen: Option<String>,
    /// Time between them in nanoseconds.
    pub duration_ns: u64,
    /// Where the captures were taken, as the user said.
    pub vantage: Option<VantageLine>,
    /// Client addresses, first seen first, at most 64.
    pub devices: Vec<String>,
    /// Databases used, with dates and attribution.
    pub databases: Vec<DatabaseInfo>,
    /// Number of apps in the catalogue.
    pub catalogue_apps: usize,
    /// Per app, most bytes up first, then down.
    pub apps: Vec<AppRoutes>,
    /// IP traffic to global addresses that no app could be named for, by reason, most bytes first.
    pub unattributed: Vec<Remainder>,
    /// The destinations of that traffic, in the same shape as an app's.
    pub unattributed_routes: Vec<Destination>,
    /// Traffic that stayed on local, multicast or reserved addresses, by kind.
    pub local: Vec<Remainder>,
    /// Frames that hold no IP packet, by kind.
    pub not_ip: Vec<Remainder>,
    /// Per country of the endpoints (all apps and unattributed traffic), most bytes up first.
    pub countries: Vec<CountryLine>,
    /// What a reader must know: clock stepped back, packets cut short, memory limits reached.
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
    /// As the user named it.
    pub name: String,
    /// `pcap`, `pcapng`, with compression: `pcapng (zstd)`.
    pub format: String,
    /// Frames read.
    pub frames: u64,
    /// Frame lengths on the wire, in bytes.
    pub bytes: u64,
    /// Where reading had to stop, if it did.
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
    /// As shown.
    pub name: String,
    /// Developer, where the catalogue knows the app.
    pub developer: Option<String>,
    /// Operator.
    pub operator: Option<String>,
    /// Home jurisdiction of the operator.
    pub jurisdiction: Option<Country>,
    /// Further countries with a legal claim.
    pub other_jurisdictions: Vec<Country>,
    /// Sums.
    pub traffic: Traffic,
    /// Share of all bytes of the captures, 0 to 1.
    pub share: f64,
    /// On what evidence the flows were attributed, most bytes first.
    pub evidence: Vec<EvidenceShare>,
    /// Destinations grouped by place and network, most bytes up first.
    pub destinations: Vec<Destination>,
}

/// How many bytes rest on one kind of evidence.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EvidenceShare {
    /// The kind.
    pub kind: EvidenceKind,
    /// The rule that brought most bytes: `domain weixin.qq.com`.
    pub rule: String,
    /// Bytes.
    pub bytes: u64,
    /// Share of the app's bytes, 0 to 1.
    pub share: f64,
}

/// What stands where a country would.
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
    /// Degrees north, mean of the endpoints' probable coordinates weighted by bytes; the country's where there is none.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Location databases disagree on the country of some endpoint.
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
    /// Home jurisdiction of the network's operator.
    pub jurisdiction: Option<Country>,
    /// Whose service it is, seen from the app, where known: party and bytes, most bytes first.
    pub parties: Vec<(Party, u64)>,
    /// Shared services (SDK, CDN, cloud) whose names were used.
    pub services: Vec<String>,
    /// Sums.
    pub traffic: Traffic,
    /// Share of the app's bytes, 0 to 1.
    pub share: f64,
    /// Names, most bytes first, at most 32.
    pub names: Vec<NameEvidence>,
    /// Distinct names.
    pub names_total: u64,
    /// Addresses, first seen first, at most 32.
    pub addresses: Vec<String>,
    /// Distinct addresses.
    pub addresses_total: u64,
    /// Smallest handshake round trip.
    pub rtt: Option<RttLine>,
    /// What it says of the country.
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
    /// Country it names; none where it does not know.
    pub country: Option<Country>,
    /// Bytes of the endpoints it says so of.
    pub bytes: u64,
}

/// A name and where it was seen first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NameEvidence {
    /// From the wire: escape before showing.
    pub name: String,
    /// Source word: `tls-sni`, `dns`, ….
    pub source: String,
    /// Capture it was first seen in.
    pub capture: String,
    /// Frame number there, as Wireshark counts.
    pub frame: u64,
    /// Bytes of the flows whose chosen name it is.
    pub bytes: u64,
}

/// A round-trip time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RttLine {
    /// Milliseconds.
    pub ms: f64,
    /// How it was measured.
    pub source: String,
    /// Flows that had one.
    pub samples: u64,
}

/// Bytes that no app got, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Remainder {
    /// In words, for people: `name not in the catalogue`, `shared service: Akamai`, `private addresses`, `ARP`, ….
    pub reason: String,
    /// Frames.
    pub frames: u64,
    /// Bytes.
    pub bytes: u64,
    /// Flows, where there are any.
    pub flows: u64,
    /// Examples: names or addresses of flows, first seen first, at most 8. From the wire.
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
    /// Sums.
    pub traffic: Traffic,
    /// Share of all bytes, 0 to 1.
    pub share: f64,
    /// Apps by bytes, at most 8: id and bytes.
    pub apps: Vec<(String, u64)>,
}
