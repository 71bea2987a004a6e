//! Claims about which app sent a flow. All are kept; the one with the strongest kind of evidence is chosen and shown.

use crate::capture::FrameId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a claim rests on, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EvidenceKind {
    /// The capture names the process or app.
    Owner,
    /// A server name under a domain that belongs to that app alone.
    Name,
    /// A wire format that only that app uses.
    Signature,
    /// Taken over from a neighbouring flow by a stated rule.
    Inherited,
    /// An address in a network that the app's operator alone runs. Weak.
    Operator,
}

impl EvidenceKind {
    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Name => "name",
            Self::Signature => "signature",
            Self::Inherited => "inherited",
            Self::Operator => "operator",
        }
    }
}

/// One claim: this app, on this evidence, by this rule, seen in this frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Catalogue id, or the owner's own name where the catalogue does not know it.
    pub app: Arc<str>,
    /// What it rests on.
    pub kind: EvidenceKind,
    /// The rule that matched: `domain weixin.qq.com`, `signature mmtls`, `AS132203`, `package com.tencent.mm`.
    pub rule: Arc<str>,
    /// The frame in which the evidence was seen.
    pub frame: FrameId,
}

/// Whose service a destination is, from the point of view of the app that used it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Party {
    /// The app developer's own.
    First,
    /// A shared SDK, tracker or advertising service.
    ThirdSdk,
    /// A content delivery network or cloud that serves many.
    ThirdCdn,
    /// Another party.
    Third,
}

/// The result of attributing one flow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attribution {
    /// The strongest claim, if any.
    pub chosen: Option<Claim>,
    /// The other claims, strongest first.
    pub others: Vec<Claim>,
    /// The shared service (SDK, CDN, cloud) whose name the flow carries. It is shown as such, and never credited to
    /// an app.
    pub service: Option<Arc<str>>,
    /// Whose service the destination is, where the app is known.
    pub party: Option<Party>,
}
