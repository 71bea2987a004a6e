//! The structs of a comparison of two reports. Strings from the wire are not escaped here; each output escapes them.

use crate::error::Defect;
use crate::report::model::Generator;
use crate::report::redaction::Redaction;
use serde::Serialize;

/// Version of the model. It is raised when a field changes its meaning or is removed.
pub const DIFF_SCHEMA: u32 = 1;

/// What two reports do not have in common.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Diff {
    /// Version of the model: [`DIFF_SCHEMA`].
    pub diff: u32,
    /// The program that compared, and the command.
    pub generator: Generator,
    /// The first side.
    pub a: Side,
    /// The second side.
    pub b: Side,
    /// What a reader must know: the sides were not made alike.
    pub notes: Vec<String>,
    /// Apps of which something differs, those that sent most payload first.
    pub apps: Vec<AppDiff>,
    /// What was taken out of both sides (`--redact`), where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// One of the two reports.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Side {
    /// Its file, as the user named it.
    pub name: String,
    /// Version of the program that read the captures.
    pub version: String,
    /// Captures in it.
    pub captures: usize,
    /// Their frames.
    pub frames: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Earliest packet, RFC 3339 UTC.
    pub first_seen: Option<String>,
    /// Latest packet, RFC 3339 UTC.
    pub last_seen: Option<String>,
    /// Apps in it.
    pub apps: usize,
    /// Captures that could not be read to their ends.
    pub defects: Vec<Defect>,
}

/// What became of something from the first side to the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the second side has it.
    Appeared,
    /// Only the first side has it.
    Vanished,
    /// Both have it, and what is said of it cannot be the same.
    Moved,
}

impl Change {
    /// The word used in records and for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Vanished => "vanished",
            Self::Moved => "moved",
        }
    }

    /// What became of something that the sides have or have not.
    pub(super) const fn of(is_in_a: bool, is_in_b: bool) -> Option<Self> {
        match (is_in_a, is_in_b) {
            (false, true) => Some(Self::Appeared),
            (true, false) => Some(Self::Vanished),
            _ => None,
        }
    }
}

/// What differs of one app.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AppDiff {
    /// Catalogue id, or the owner's own name; none for traffic that no app could be named for.
    pub id: Option<String>,
    /// The name that is shown.
    pub name: String,
    /// `appeared` or `vanished` where one side does not have it.
    pub change: Option<Change>,
    /// Payload sent on the first side.
    pub sent_a: u64,
    /// Payload sent on the second side.
    pub sent_b: u64,
    /// Some destination has more names than a report lists, so that a name may only seem to appear or vanish.
    pub is_partial: bool,
    /// Networks with the places of their endpoints.
    pub destinations: Vec<DestinationDiff>,
    /// Server names.
    pub names: Vec<NameDiff>,
    /// Shares of countries, operators and jurisdictions.
    pub shares: Vec<ShareDiff>,
}

/// A network, and what is said of the places of the app's endpoints in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DestinationDiff {
    /// What became of it.
    pub change: Change,
    /// The network: `Tencent AS132203`.
    pub network: String,
    /// Places on the first side that differ: `Hong Kong`, `anycast`.
    pub places_a: Vec<String>,
    /// Places on the second side that differ.
    pub places_b: Vec<String>,
    /// Payload sent there on the first side.
    pub sent_a: u64,
    /// Payload sent there on the second side.
    pub sent_b: u64,
}

/// A server name, and where its endpoints are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NameDiff {
    /// What became of it.
    pub change: Change,
    /// The name. It comes from the wire: escape it before showing it.
    pub name: String,
    /// Networks and places on the first side: `Tencent AS132203, Hong Kong`.
    pub at_a: Vec<String>,
    /// Networks and places on the second side.
    pub at_b: Vec<String>,
}

/// What a share is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ShareOf {
    /// Endpoints in a country.
    Country,
    /// Endpoints that a company runs.
    Operator,
    /// Endpoints that a law reaches.
    Jurisdiction,
}

impl ShareOf {
    /// The word used in records and for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Operator => "operator",
            Self::Jurisdiction => "jurisdiction",
        }
    }
}

/// A share of the payload of one direction that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ShareDiff {
    /// What became of it. `moved` only where the two intervals, widened by what cannot be placed, have nothing in common.
    pub change: Change,
    /// What it is a share of.
    pub of: ShareOf,
    /// `sent` or `received`.
    pub way: &'static str,
    /// Code of the country, or name of the company.
    pub key: String,
    /// Its name in English.
    pub label: String,
    /// The first side's.
    pub a: ShareSide,
    /// The second side's.
    pub b: ShareSide,
}

/// A share on one side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ShareSide {
    /// Bytes that are certainly its.
    pub certain_bytes: u64,
    /// Bytes that may be its, or another's.
    pub possible_bytes: u64,
    /// Bytes of which nothing is known, at most: they may be its as well.
    pub unplaced_bytes: u64,
    /// Bytes of the direction.
    pub bytes: u64,
    /// The share in words: `12 to 40 %`.
    pub share: String,
}
