//! The entries of the catalogue: apps, shared services and networks, with the source of each.

use crate::place::Country;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// How sure an entry is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Confidence {
    /// Not checked.
    Low,
    /// Probable.
    #[default]
    Medium,
    /// Well supported.
    High,
}

/// What the assignment of a domain to an entry rests on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Basis {
    /// It is in the public lists named at the top of `data/apps.toml`.
    Listed,
    /// A parent or a child of it is in these lists.
    ParentOnly,
    /// It is known to the authors of the catalogue, but not verified.
    Unverified,
    /// The user's own file says so.
    User,
}

/// A domain rule of an app or a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Domain {
    /// The pattern as written.
    pub pattern: Box<str>,
    /// What its assignment rests on.
    pub basis: Basis,
}

/// One app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct App {
    /// Id.
    pub id: Arc<str>,
    /// The name that is shown.
    pub name: Box<str>,
    /// Developer.
    pub developer: Box<str>,
    /// The group of companies to which the developer belongs. It decides what counts as first party.
    pub group: Box<str>,
    /// The entity or entities that run the service, where that has a source.
    pub operator: Option<Box<str>>,
    /// The country of the effective headquarters of the ultimate parent, where that is known.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Vec<Country>,
    /// What the jurisdiction rests on, where there is one.
    pub jurisdiction_source: Option<Box<str>>,
    /// Parts of the service that another company runs.
    pub parts: Vec<Part>,
    /// Kind of app.
    pub category: Box<str>,
    /// Domains that belong to this app alone.
    pub domains: Vec<Domain>,
    /// Networks the operator runs.
    pub asns: Vec<u32>,
    /// Android packages.
    pub android_packages: Vec<Box<str>>,
    /// Apple bundle identifiers.
    pub bundle_ids: Vec<Box<str>>,
    /// Process names.
    pub process_names: Vec<Box<str>>,
    /// How sure the entry is.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: Box<str>,
    /// Notes.
    pub notes: Box<str>,
    /// The user's file, where it comes from one.
    pub file: Option<PathBuf>,
}

/// A part of an app's service that another company runs than the rest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part {
    /// Those of the app's domains that are of this part, as written.
    pub domains: Vec<Box<str>>,
    /// Who runs it.
    pub operator: Box<str>,
    /// The country of the effective headquarters of that company's ultimate parent.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Vec<Country>,
    /// What the jurisdiction rests on.
    pub jurisdiction_source: Box<str>,
}

/// What a shared service is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ServiceKind {
    /// Built into other developers' apps.
    Sdk,
    /// Advertising.
    Ads,
    /// Analytics and attribution.
    Analytics,
    /// Content delivery network.
    Cdn,
    /// Hosting.
    Cloud,
    /// Resolver.
    Dns,
    /// Certificates and their revocation.
    Pki,
    /// Time.
    Ntp,
    /// Common back end of several apps of one operator.
    Platform,
}

impl ServiceKind {
    /// The word used in the catalogue.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Ads => "ads",
            Self::Analytics => "analytics",
            Self::Cdn => "cdn",
            Self::Cloud => "cloud",
            Self::Dns => "dns",
            Self::Pki => "pki",
            Self::Ntp => "ntp",
            Self::Platform => "platform",
        }
    }
}

/// A service that many apps use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Service {
    /// Id.
    pub id: Arc<str>,
    /// The name that is shown.
    pub name: Box<str>,
    /// Who runs it.
    pub operator: Box<str>,
    /// The group of companies to which the operator belongs.
    pub group: Box<str>,
    /// The country of the effective headquarters of the operator's ultimate parent.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Vec<Country>,
    /// What the jurisdiction rests on.
    pub jurisdiction_source: Box<str>,
    /// The kind of service.
    pub kind: ServiceKind,
    /// A closer description.
    pub purpose: Box<str>,
    /// Domains.
    pub domains: Vec<Domain>,
    /// For a platform: the apps it narrows the choice to.
    pub apps: Vec<Box<str>>,
    /// Networks.
    pub asns: Vec<u32>,
    /// How sure the entry is.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: Box<str>,
    /// Notes.
    pub notes: Box<str>,
}

/// Who runs an AS, as far as it is needed to tell parties apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// Operator.
    pub name: Box<str>,
    /// The group of companies to which the operator belongs.
    pub group: Box<str>,
    /// `cloud`, `cdn`, `content`, `telecom`, `dns`, ….
    pub kind: Box<str>,
}

impl App {
    /// The part of the service that a rule of this app belongs to, where that is not the whole.
    pub fn part(&self, rule: &str) -> Option<&Part> {
        let pattern = rule.strip_prefix("domain ")?;
        self.parts.iter().find(|part| part.domains.iter().any(|domain| **domain == *pattern))
    }
}

/// The entry whose rule covers a name.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum HitTarget<'a> {
    /// An app's.
    App(&'a App),
    /// A shared service's.
    Service(&'a Service),
}

/// The rule that covers a name.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// Whose rule it is.
    pub target: HitTarget<'a>,
    /// The rule as claims show it: `domain weixin.qq.com`.
    pub rule: &'a Arc<str>,
    /// What its assignment rests on.
    pub basis: Basis,
}
