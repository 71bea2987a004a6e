//! The shape of `apps.toml` and `operators.toml` as written: TOML text to plain structs. The fields are explained at the top
//! of `data/apps.toml` and `data/operators.toml`.

use serde::Deserialize;

/// One file of apps and shared services: the embedded catalogue, or the user's.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueFile {
    #[serde(default)]
    pub(super) app: Vec<AppEntry>,
    #[serde(default)]
    pub(super) shared: Vec<SharedEntry>,
}

/// An app: `[[app]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppEntry {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) developer: Option<String>,
    pub(super) group: Option<String>,
    pub(super) operator: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) jurisdiction: Option<String>,
    #[serde(default)]
    pub(super) also: Vec<String>,
    #[serde(default)]
    pub(super) part: Vec<PartEntry>,
    #[serde(default)]
    pub(super) category: String,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    #[serde(default)]
    pub(super) domains_parent_only: Vec<String>,
    #[serde(default)]
    pub(super) domains_unverified: Vec<String>,
    #[serde(default)]
    pub(super) asns: Vec<u32>,
    #[serde(default)]
    pub(super) android_packages: Vec<String>,
    #[serde(default)]
    pub(super) bundle_ids: Vec<String>,
    #[serde(default)]
    pub(super) process_names: Vec<String>,
    #[serde(default)]
    pub(super) confidence: super::Confidence,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) notes: String,
}

/// A part of an app's service: `[[app.part]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartEntry {
    pub(super) domains: Vec<String>,
    pub(super) operator: String,
    pub(super) parent: Option<String>,
    pub(super) jurisdiction: String,
    #[serde(default)]
    pub(super) also: Vec<String>,
}

/// A shared service: `[[shared]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SharedEntry {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) operator: Option<String>,
    pub(super) group: Option<String>,
    pub(super) jurisdiction: Option<String>,
    #[serde(default)]
    pub(super) also: Vec<String>,
    pub(super) kind: super::ServiceKind,
    #[serde(default)]
    pub(super) purpose: String,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    #[serde(default)]
    pub(super) domains_unverified: Vec<String>,
    #[serde(default)]
    pub(super) apps: Vec<String>,
    #[serde(default)]
    pub(super) asns: Vec<u32>,
    #[serde(default)]
    pub(super) confidence: super::Confidence,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) notes: String,
}

/// The file `operators.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorFile {
    #[serde(default)]
    pub(super) operator: Vec<OperatorEntry>,
}

/// An operator: `[[operator]]`. Jurisdiction and anycast are used by the place layer; here they are only declared so
/// that unknown fields are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorEntry {
    pub(super) asns: Vec<u32>,
    pub(super) name: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the place layer"))]
    pub(super) jurisdiction: String,
    #[serde(default)]
    #[expect(dead_code, reason = "read by the place layer")]
    pub(super) also: Vec<String>,
    #[expect(dead_code, reason = "read by the place layer")]
    pub(super) parent: Option<String>,
    pub(super) group: Option<String>,
    pub(super) kind: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file, and the test that holds AS names")]
    pub(super) differences: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the file"))]
    pub(super) source: String,
    #[expect(dead_code, reason = "for readers of the file")]
    pub(super) confidence: super::Confidence,
    #[serde(default)]
    #[expect(dead_code, reason = "read by the place layer")]
    pub(super) anycast: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    pub(super) notes: String,
}
