//! The structs of transfers in a report.

use super::framework::Group;
use crate::place::Country;
use crate::report::shares::UnplacedLine;
use serde::{Deserialize, Serialize};

/// Where what apps sent ended, by what a framework of law on transfers makes of the countries.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Transfers {
    /// The word of the framework: `eu`.
    pub framework: String,
    /// What it is.
    pub title: String,
    /// The day whose decisions count.
    pub as_of: String,
    /// What these figures are not.
    pub says: String,
    /// Apps in the order of the report, then traffic of no app.
    pub apps: Vec<AppTransfers>,
    /// Decisions on the countries that endpoints are or may be in, whether or not they hold on that day.
    pub decisions: Vec<DecisionLine>,
}

/// What one app sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppTransfers {
    /// Id; none for traffic that no app could be named for.
    pub id: Option<String>,
    /// The name that is shown.
    pub name: String,
    /// Payload sent to endpoints that answered.
    pub bytes: u64,
    /// By group, all of them.
    pub groups: Vec<GroupLine>,
    /// Bytes that cannot be given a country: they may be of any group.
    pub unplaced_bytes: u64,
    /// These in percent, rounded up; none where there are too few bytes.
    pub unplaced_percent: Option<String>,
    /// These by reason, most first.
    pub unplaced: Vec<UnplacedLine>,
}

/// The share of a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupLine {
    /// What it is to every framework.
    pub kind: Group,
    /// The word of this framework: `eea`, `adequate`, `participants`, `other`.
    pub group: String,
    /// What it is called.
    pub label: String,
    /// The countries of it that endpoints are or may be in.
    pub countries: Vec<Country>,
    /// Bytes that certainly ended there.
    pub certain_bytes: u64,
    /// Bytes that may have ended there, or in another group.
    pub possible_bytes: u64,
    /// The share in words: `12 to 40 %`.
    pub share: String,
}

/// A decision on a country.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DecisionLine {
    /// The country.
    pub country: Country,
    /// Its name in English.
    pub label: String,
    /// What the decision makes of it.
    pub kind: Group,
    /// Number.
    pub decision: String,
    /// The day from which it holds.
    pub date: String,
    /// The last day on which it holds, where there is one.
    pub until: Option<String>,
    /// For whom it holds, where not for all.
    pub scope: Option<String>,
    /// Whether it holds on the day that counts.
    pub is_in_force: bool,
    /// Whether somebody read the document; else it is own knowledge, not checked.
    pub is_checked: bool,
}
