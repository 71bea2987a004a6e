//! What may be said of the country of an address.

/// The standing of an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Standing {
    /// The address is not on the public network, and part of no share.
    Local,
    /// Multicast, or reserved: part of no share.
    Special,
    /// Many sites answer for it.
    Anycast,
    /// No network announces it.
    Unrouted,
    /// Round trips rule out every country that is claimed.
    RuledOut,
    /// Two independent lineages agree, or the round trip leaves only this country.
    Confirmed,
    /// What is claimed does not fit the round trip.
    Contradicted,
    /// The database repeats the registry, or only the registry is known.
    RegistryOnly,
    /// Lineages differ.
    Disputed,
    /// One lineage says so, or two whose databases are too far from the capture, or the address is a steered front end's.
    Reported,
    /// Nothing is known.
    #[default]
    Unknown,
}

impl Standing {
    /// All, in the order of the rules.
    pub const ALL: [Self; 11] = [
        Self::Local,
        Self::Special,
        Self::Anycast,
        Self::Unrouted,
        Self::RuledOut,
        Self::Confirmed,
        Self::Contradicted,
        Self::RegistryOnly,
        Self::Disputed,
        Self::Reported,
        Self::Unknown,
    ];

    /// The word used in records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Special => "special",
            Self::Anycast => "anycast",
            Self::Unrouted => "unrouted",
            Self::RuledOut => "ruled_out",
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::RegistryOnly => "registry_only",
            Self::Disputed => "disputed",
            Self::Reported => "reported",
            Self::Unknown => "unknown",
        }
    }

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RuledOut => "ruled out",
            Self::RegistryOnly => "registry only",
            Self::Contradicted => "does not fit",
            other => other.id(),
        }
    }

    /// Whether the address belongs to what shares are made of.
    pub const fn is_shared(self) -> bool {
        !matches!(self, Self::Local | Self::Special)
    }

    /// Why an address of this standing cannot be placed; none where it can, or belongs to no share.
    pub const fn why_unplaced(self) -> Option<&'static str> {
        match self {
            Self::Anycast => Some("many sites answer for their addresses"),
            Self::Unrouted => Some("no network announces their addresses"),
            Self::RuledOut => Some("round trips rule out the countries that databases name"),
            Self::Contradicted => Some("the countries that databases name do not fit the round trips"),
            Self::RegistryOnly => Some("databases only repeat where their addresses are registered"),
            Self::Unknown => Some("no database knows their addresses"),
            Self::Local | Self::Special | Self::Confirmed | Self::Disputed | Self::Reported => None,
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Standing {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Standing".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "What may be said of the country of an endpoint",
            "type": "string",
            "enum": Self::ALL.map(Self::id)
        })
    }
}

impl serde::Serialize for Standing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> serde::Deserialize<'de> for Standing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let standing = Self::ALL.into_iter().find(|standing| standing.id() == word);
        standing.ok_or_else(|| serde::de::Error::custom(format!("no standing is called {word:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_listed_in_order() {
        assert!(Standing::ALL.is_sorted_by(|a, b| a < b));
        let placed: Vec<&str> = Standing::ALL
            .into_iter()
            .filter(|standing| standing.is_shared() && standing.why_unplaced().is_none())
            .map(Standing::word)
            .collect();
        assert_eq!(placed, ["confirmed", "disputed", "reported"]);
    }
}
