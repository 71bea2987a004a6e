//! All databases together: an address to its [`Place`].
//!
//! The user's databases are asked first, the embedded one last. The opinion of each location database is kept. The country is the one
//! that most of them say; of countries that equally many say, it is the one said first. Translation addresses (NAT64, 6to4, Teredo,
//! IPv4-mapped) are looked up by the IPv4 address inside them.

use std::net::IpAddr;
use std::path::PathBuf;

use super::anycast::anycast;
use super::block::Block;
use super::database::{Database, Facts};
use super::embedded::Embedded;
use super::facts::{Country, DatabaseInfo, Opinion, Place, Scope};
use super::operators::Operators;
use super::published::PublishedRegions;
use super::scope::{routed, scope};
use super::steered::steered;
use super::user::{AnycastLists, UserDatabase};
use crate::error::Error;
use rayon::prelude::*;

/// Most files a user may give: each votes on the country, and nobody needs more.
const MAX_USER_DATABASES: usize = 32;

/// All databases, and the table of operators.
pub struct Places {
    users: Vec<Box<dyn Database>>,
    embedded: Embedded,
    published: PublishedRegions,
    operators: Operators,
    anycast: AnycastLists,
}

impl Places {
    /// Opens the embedded database and the user's files.
    ///
    /// # Errors
    /// If a file cannot be read or is no MaxMind DB.
    pub fn open(user: &[PathBuf]) -> Result<Self, Error> {
        if user.len() > MAX_USER_DATABASES {
            let what = format!("--geo names {} files", user.len());
            return Err(Error::usage(what, format!("give at most {MAX_USER_DATABASES}")));
        }
        let open = |path: &PathBuf| Ok(Box::new(UserDatabase::open(path)?) as Box<dyn Database>);
        let users = match user {
            // Outside of a pool, rayon would start threads for the whole process, though there is nothing to open.
            [] => Vec::new(),
            _ => user.par_iter().map(open).collect::<Vec<_>>().into_iter().collect::<Result<_, Error>>()?,
        };
        Ok(Self {
            users,
            embedded: Embedded::open(),
            published: PublishedRegions::embedded(),
            operators: Operators::embedded(),
            anycast: AnycastLists::default(),
        })
    }

    /// The same with the user's own lists of anycast prefixes: what they hold is anycast, whatever else is known of it.
    ///
    /// # Errors
    /// If a list cannot be read, is too large, or has a line that is no prefix.
    pub fn with_anycast(self, lists: &[PathBuf]) -> Result<Self, Error> {
        Ok(Self { anycast: AnycastLists::open(lists)?, ..self })
    }

    /// Everything known of an address. Costs a microsecond or so; [`super::PlaceCache`] keeps answers.
    pub fn locate(&self, ip: IpAddr) -> Place {
        let scope = scope(ip);
        if scope != Scope::Global {
            return Place { scope, ..Place::default() };
        }
        let ip = routed(ip);
        let users = self.users.iter().map(|database| database.look_up(ip));
        let facts: Vec<Facts> = users.chain([self.embedded.look_up(ip)]).flatten().collect();
        self.combine(ip, facts)
    }

    /// Whether all addresses of a block on the public network have one place, as far as that can be told.
    pub(super) fn is_uniform(&self, block: Block) -> bool {
        self.users.iter().all(|database| database.is_uniform(block))
            && self.embedded.is_uniform(block)
            && self.published.is_uniform(block)
            && self.anycast.is_uniform(block)
    }

    /// What the answers come from, the user's files first.
    pub fn databases(&self) -> Vec<DatabaseInfo> {
        let users = self.users.iter().flat_map(|database| database.info());
        users.chain(self.anycast.info()).chain(self.embedded.info()).collect()
    }

    /// The lists of what operators publish of their own addresses: one for each operator.
    pub fn published_lists(&self) -> Vec<DatabaseInfo> {
        self.published.info()
    }

    /// The database that the program carries.
    pub fn embedded(&self) -> &Embedded {
        &self.embedded
    }

    /// The date of the embedded table of routes, which says who announces an address: `YYYY-MM-DD`.
    pub fn routes_date(&self) -> &str {
        self.embedded.routes_date()
    }

    fn combine(&self, ip: IpAddr, facts: Vec<Facts>) -> Place {
        let registered_country = facts.iter().find_map(|facts| facts.registered_country);
        let asn = facts.iter().find_map(|facts| facts.asn);
        let is_announced = facts.iter().any(|facts| facts.is_announced);
        let facts_repeat = facts.iter().any(|facts| facts.repeats_registry);
        let same_network = || facts.iter().filter(|facts| facts.asn == asn);
        let as_name = same_network().find_map(|facts| facts.as_name.clone());
        let as_country = same_network().find_map(|facts| facts.as_country);
        let operator = asn.and_then(|asn| self.operators.of(asn));
        let is_anycast = operator.is_some_and(|operator| operator.is_anycast)
            || anycast(ip, asn).is_some()
            || self.anycast.holds(ip);
        let opinions: Vec<Opinion> = facts.into_iter().filter_map(|facts| facts.opinion).collect();
        let (country, is_disputed) = vote(&opinions);
        let mut place = Place {
            scope: Scope::Global,
            is_disputed,
            published: self.published.look_up(ip),
            registered_country,
            repeats_registry: facts_repeat,
            is_announced,
            asn,
            as_name,
            as_country,
            operator: operator.map(|operator| operator.name.clone()),
            operator_group: operator.map(|operator| operator.group.clone()),
            is_content: operator.is_some_and(|operator| operator.is_content),
            jurisdiction: operator.and_then(|operator| operator.jurisdiction),
            also: operator.map(|operator| operator.also.clone()).unwrap_or_default(),
            jurisdiction_source: operator.map(|operator| operator.jurisdiction_source.clone()),
            is_anycast,
            is_steered: !is_anycast && steered(ip, asn).is_some(),
            ..Place::default()
        };
        if !is_anycast {
            let mut agreeing = opinions.iter().filter(|opinion| opinion.country == country);
            // city and coordinates of one database, not a mixture
            let finest = agreeing.clone().find(|opinion| opinion.city.is_some() && opinion.coordinates.is_some());
            let finest = finest.or_else(|| agreeing.clone().find(|opinion| opinion.coordinates.is_some()));
            let finest = finest.or_else(|| agreeing.next());
            place.country = country;
            place.city = finest.and_then(|opinion| opinion.city.clone());
            place.coordinates = finest.and_then(|opinion| opinion.coordinates);
        }
        place.opinions = opinions;
        place
    }
}

/// The country that most say, the first of equals, and whether others say otherwise.
fn vote(opinions: &[Opinion]) -> (Option<Country>, bool) {
    let countries: Vec<Country> = opinions.iter().filter_map(|opinion| opinion.country).collect();
    let votes = |country: &Country| countries.iter().filter(|other| *other == country).count();
    // the last of equal maxima wins, hence from the back
    let chosen = countries.iter().rev().max_by_key(|country| votes(country)).copied();
    let is_disputed = countries.iter().any(|&country| Some(country) != chosen);
    (chosen, is_disputed)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use proptest::prelude::*;

    struct Fixed(&'static str, &'static str, Option<u32>);

    impl Database for Fixed {
        fn look_up(&self, _: IpAddr) -> Option<Facts> {
            let opinion = Opinion {
                source: self.0.into(),
                database: Arc::default(),
                country: Country::new(self.1),
                city: None,
                coordinates: None,
                radius_km: None,
            };
            Some(Facts { opinion: Some(opinion), asn: self.2, ..Facts::default() })
        }

        fn info(&self) -> Vec<DatabaseInfo> {
            Vec::new()
        }
    }

    fn places(users: Vec<Fixed>) -> Places {
        let mut places = Places::open(&[]).unwrap();
        places.users = users.into_iter().map(|user| Box::new(user) as Box<dyn Database>).collect();
        places
    }

    fn locate(users: Vec<Fixed>, ip: &str) -> Place {
        places(users).locate(ip.parse().unwrap())
    }

    #[test]
    fn an_address_of_tencent_has_each_fact_from_its_own_source() {
        let place = locate(Vec::new(), "203.205.254.1");
        assert_eq!(place.country, Country::new("HK"));
        assert_eq!(place.registered_country, Country::new("CN"));
        assert_eq!(place.as_country, Country::new("CN"));
        assert_eq!(place.jurisdiction, Country::new("CN"));
        assert_eq!(place.asn, Some(132_203));
        assert!(place.operator.is_some_and(|operator| operator.contains("Tencent")));
        assert!(!place.is_disputed && !place.is_anycast);
        assert_eq!(place.city.as_deref(), Some("Hong Kong"));
        assert_eq!(place.opinions.len(), 1);
        assert_eq!(&*place.opinions[0].source, "DB-IP 2026-06");
        assert_eq!(&*place.opinions[0].database.date, "2026-06-05");
    }

    #[test]
    fn what_the_operator_publishes_stands_beside_what_databases_say() {
        let place = locate(Vec::new(), "96.0.48.1");
        let published = place.published.unwrap();
        assert_eq!((published.country, &*published.operator), (Country::new("CL").unwrap(), "Amazon"));
        assert_eq!((&*published.region, &*published.date), ("us-east-1-scl-1", "2026-08-22"));
        assert_eq!(place.country, place.opinions[0].country);
        assert_eq!(locate(Vec::new(), "64:ff9b::96.0.48.1").published.unwrap(), published);
        assert_eq!(places(Vec::new()).published_lists().len(), 6);
    }

    #[test]
    fn what_no_network_announces_is_told_from_what_one_does() {
        assert!(locate(Vec::new(), "203.205.147.171").is_announced);
        assert!(!locate(Vec::new(), "203.205.151.162").is_announced, "registered, but without a route");
        assert!(locate(Vec::new(), "2001:200::1").is_announced && !locate(Vec::new(), "10.0.0.1").is_announced);
        assert_eq!(places(Vec::new()).routes_date(), "2026-06-17");
    }

    #[test]
    fn anycast_addresses_have_no_country_but_keep_opinions() {
        for ip in ["1.1.1.1", "8.8.8.8", "9.9.9.9", "151.101.1.69", "2606:4700:4700::1111", "13.248.212.111"] {
            let place = locate(Vec::new(), ip);
            assert!(place.is_anycast, "{ip}");
            assert_eq!((place.country, place.city, place.coordinates), (None, None, None), "{ip}");
            assert!(!place.opinions.is_empty() && place.registered_country.is_some(), "{ip}");
        }
    }

    #[test]
    fn steered_front_ends_keep_their_country_and_anycast_wins() {
        for ip in ["13.32.1.1", "142.250.1.1", "157.240.1.35", "151.101.5.1", "23.48.23.1", "2a00:1450:4001::1"] {
            let place = locate(Vec::new(), ip);
            assert!(place.is_steered && !place.is_anycast && place.country.is_some(), "{ip}");
        }
        for ip in ["129.134.30.1", "151.101.1.69", "8.8.8.8", "1.1.1.1"] {
            let place = locate(Vec::new(), ip);
            assert!(place.is_anycast && !place.is_steered, "{ip}");
        }
        assert!(!locate(Vec::new(), "3.2.93.1").is_steered);
    }

    #[test]
    fn what_the_users_list_holds_is_anycast() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("mine.txt");
        std::fs::write(&list, "203.205.254.0/28\n13.32.0.0/15 # CloudFront\n").unwrap();
        let places = places(Vec::new()).with_anycast(&[list]).unwrap();
        let locate = |ip: &str| places.locate(ip.parse().unwrap());
        let place = locate("203.205.254.1");
        assert_eq!((place.is_anycast, place.country, place.opinions.len()), (true, None, 1));
        assert!(locate("64:ff9b::203.205.254.1").is_anycast && !locate("203.205.254.16").is_anycast);
        assert!(locate("13.32.1.1").is_anycast && !locate("13.32.1.1").is_steered);
        assert!(!places.is_uniform(Block::of("203.205.254.1".parse().unwrap())));
        assert_eq!(places.databases()[0].name, "mine");
    }

    #[test]
    fn most_votes_win_and_the_users_database_breaks_a_tie() {
        let tie = locate(vec![Fixed("mine", "CN", None)], "203.205.254.1");
        assert_eq!((tie.country, tie.is_disputed, tie.city), (Country::new("CN"), true, None));
        let outvoted = locate(vec![Fixed("mine", "CN", None), Fixed("yours", "HK", None)], "203.205.254.1");
        assert_eq!((outvoted.country, outvoted.is_disputed), (Country::new("HK"), true));
        assert_eq!(outvoted.city.as_deref(), Some("Hong Kong"));
        let sources: Vec<Arc<str>> = outvoted.opinions.into_iter().map(|opinion| opinion.source).collect();
        assert_eq!(sources, ["mine".into(), "yours".into(), "DB-IP 2026-06".into()]);
    }

    #[test]
    fn a_network_of_the_users_database_does_not_borrow_another_ones_name() {
        let place = locate(vec![Fixed("mine", "HK", Some(64_500))], "203.205.254.1");
        assert_eq!((place.asn, place.as_name, place.as_country), (Some(64_500), None, None));
    }

    #[test]
    fn what_is_not_global_has_a_scope_and_no_facts() {
        for (ip, scope) in [("10.0.0.1", Scope::Local), ("ff02::1", Scope::Multicast), ("192.0.2.1", Scope::Reserved)] {
            assert_eq!(locate(vec![Fixed("mine", "CN", None)], ip), Place { scope, ..Place::default() });
        }
    }

    #[test]
    fn translation_addresses_have_the_facts_of_the_address_inside() {
        let plain = locate(Vec::new(), "203.205.254.1");
        for ip in ["64:ff9b::203.205.254.1", "::ffff:203.205.254.1", "2002:cbcd:fe01::1"] {
            assert_eq!(locate(Vec::new(), ip), plain, "{ip}");
        }
    }

    #[test]
    fn every_country_of_the_embedded_data_has_a_name() {
        let places = places(Vec::new());
        let mut nameless = std::collections::BTreeSet::new();
        for n in (0..u32::MAX).step_by(65_521) {
            let place = places.locate(IpAddr::V4(n.into()));
            for country in [place.country, place.registered_country, place.as_country, place.jurisdiction] {
                nameless.extend(country.filter(|country| country.name().is_none()));
            }
        }
        assert_eq!(nameless.into_iter().collect::<Vec<_>>(), []);
    }

    #[test]
    fn users_files_are_opened_and_named() {
        let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mmdb/flat-v4.mmdb"));
        let places = Places::open(&[file]).unwrap();
        assert_eq!(places.databases()[0].name, "flat-v4");
        assert_eq!(places.databases().len(), 5);
        let place = places.locate("203.205.128.100".parse().unwrap());
        assert_eq!(place.coordinates, Some((1.28967, 103.85)));
        assert!(Places::open(&[PathBuf::from("/no/such.mmdb")]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_address_is_answered(four: u32, six: u128) {
            static PLACES: std::sync::OnceLock<Places> = std::sync::OnceLock::new();
            let places = PLACES.get_or_init(|| places(Vec::new()));
            places.locate(IpAddr::V4(four.into()));
            let place = places.locate(IpAddr::V6((six >> 3 | 1 << 125).into()));
            prop_assert!(place.city.is_none() || place.country.is_some());
        }
    }
}
