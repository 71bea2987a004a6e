//! The catalogue: the indexes in which flows are looked up, of `data/apps.toml`, `data/operators.toml` and the user's files.

mod build;
mod file;

use super::domain::DomainIndex;
use super::entry::{App, Basis, Hit, HitTarget, Network, Service};
use crate::error::Error;
use crate::place::Parents;
use file::{embedded, parse};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The committed catalogue, `data/apps.toml`, in the JSON that `build.rs` makes of it.
const APPS: &str = include_str!(concat!(env!("OUT_DIR"), "/apps.json"));
/// Who runs the most important networks: `data/operators.toml`, as JSON.
const OPERATORS: &str = include_str!(concat!(env!("OUT_DIR"), "/operators.json"));
/// The largest catalogue file that is read from the user, in bytes: far above any list that a person keeps.
const FILE_LIMIT: u64 = 16 << 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Target {
    App(u32),
    Service(u32),
}

#[derive(Clone, Debug)]
struct Rule {
    target: Target,
    text: Arc<str>,
    basis: Basis,
}

/// What a row of the table of signatures refers to in this catalogue.
#[derive(Clone, Debug)]
pub(super) enum SignatureTarget {
    /// An app's id with the rule texts, by confidence.
    App(Arc<str>, [Arc<str>; 3]),
    /// A platform's id.
    Service(Arc<str>),
    /// The catalogue has no such entry.
    None,
}

/// All apps, shared services and networks, indexed.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    apps: Vec<App>,
    ids: HashMap<Arc<str>, u32, FixedState>,
    services: Vec<Service>,
    rules: Vec<Rule>,
    index: DomainIndex,
    owners: HashMap<Box<str>, (u32, Arc<str>), FixedState>,
    operators: HashMap<u32, (u32, Arc<str>), FixedState>,
    networks: HashMap<u32, Arc<Network>, FixedState>,
    parents: Parents,
    pub(super) signatures: Vec<SignatureTarget>,
}

impl Catalogue {
    /// The catalogue that comes with the program.
    pub fn embedded() -> Result<Self, Error> {
        Self::with_user::<&Path>(&[])
    }

    /// The same with the user's entries. An entry replaces the one with its id, and its domains, packages and AS
    /// numbers take precedence over those of other entries. Later files take precedence over earlier ones.
    pub fn with_user<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        let mut layers = Vec::with_capacity(paths.len() + 1);
        layers.push((None, embedded("apps", APPS)?));
        for path in paths {
            let path = path.as_ref();
            let size = std::fs::metadata(path).map_err(|source| Error::io(path, source))?.len();
            if size > FILE_LIMIT {
                return Err(Error::not_usable(
                    path,
                    format!("{size} bytes"),
                    "a catalogue file is at most 16 MiB of TOML",
                ));
            }
            let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, source))?;
            layers.push((Some(path.to_path_buf()), parse(&text, path)?));
        }
        Self::build(layers, embedded("operators", OPERATORS)?)
    }

    /// Number of apps.
    pub fn len(&self) -> usize {
        self.apps.len()
    }

    /// Whether there are no apps.
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty()
    }

    /// The apps, the user's first, then by id.
    pub fn apps(&self) -> impl ExactSizeIterator<Item = &App> {
        self.apps.iter()
    }

    /// The shared services, the user's first, then by id.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.iter()
    }

    /// The app with this id.
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.get(*self.ids.get(id)? as usize)
    }

    /// The shared service with this id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| *service.id == *id)
    }

    /// The apps that a text given by the user may mean: the one with that id; else the one under whose domains it
    /// falls; else those whose id, name, developer, group or package contains it.
    pub fn find(&self, text: &str) -> Vec<&App> {
        let text = text.trim().to_lowercase();
        if text.is_empty() {
            return Vec::new();
        }
        if let Some(app) = self.app(&text) {
            return vec![app];
        }
        if let Some(Hit { target: HitTarget::App(app), .. }) = self.look_up(&text) {
            return vec![app];
        }
        let has = |field: &str| field.to_lowercase().contains(&text);
        self.apps
            .iter()
            .filter(|app| {
                [&*app.id, &app.name, &app.developer, &app.group].into_iter().any(has)
                    || app.android_packages.iter().chain(&app.bundle_ids).any(|key| has(key))
            })
            .collect()
    }

    /// The longest domain rule that covers a name, which must be in lower case.
    pub fn look_up(&self, name: &str) -> Option<Hit<'_>> {
        let rule = self.rules.get(self.index.find(name)? as usize)?;
        let target = match rule.target {
            Target::App(number) => HitTarget::App(self.apps.get(number as usize)?),
            Target::Service(number) => HitTarget::Service(self.services.get(number as usize)?),
        };
        Some(Hit { target, rule: &rule.text, basis: rule.basis })
    }

    /// The app to which a package, bundle identifier or process name belongs, with the rule. Case does not matter.
    pub fn owned_by(&self, key: &str) -> Option<(&App, &Arc<str>)> {
        // Packages and process names are short; the catalogue has no longer ones.
        let mut buffer = [0u8; 128];
        let lowered = buffer.get_mut(..key.len())?;
        lowered.copy_from_slice(key.as_bytes());
        lowered.make_ascii_lowercase();
        let (number, rule) = self.owners.get(std::str::from_utf8(lowered).ok()?)?;
        Some((self.apps.get(*number as usize)?, rule))
    }

    /// The app whose operator alone runs this AS, with the rule.
    pub fn operated_by(&self, asn: u32) -> Option<(&App, &Arc<str>)> {
        let (number, rule) = self.operators.get(&asn)?;
        Some((self.apps.get(*number as usize)?, rule))
    }

    /// All families of companies that run apps, services or networks. One may come several times.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let apps = self.apps.iter().map(|app| &*app.group);
        let services = self.services().map(|service| &*service.group);
        let networks = self.networks.values().map(|network| &*network.group);
        apps.chain(services).chain(networks).filter(|group| !group.is_empty())
    }

    /// Who runs an AS, if it is one of the important ones.
    pub fn network(&self, asn: u32) -> Option<&Network> {
        self.networks.get(&asn).map(Arc::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::schema::{CatalogueFile, OperatorFile};
    use crate::place::{Country, NOT_CHECKED};
    use std::io::Write;

    /// ISO 3166-1 alpha-2.
    const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

    fn catalogue() -> Catalogue {
        Catalogue::embedded().expect("the embedded catalogue is usable")
    }

    fn owner_of(catalogue: &Catalogue, name: &str) -> String {
        match catalogue.look_up(name).map(|hit| hit.target) {
            Some(HitTarget::App(app)) => app.id.to_string(),
            Some(HitTarget::Service(service)) => format!("[{}]", service.id),
            None => "-".into(),
        }
    }

    fn user(text: &str) -> Result<Catalogue, Error> {
        let mut file = tempfile::NamedTempFile::new().expect("temporary file");
        file.write_all(text.as_bytes()).expect("written");
        Catalogue::with_user(&[file.path()])
    }

    /// Holds jurisdictions to the list of countries, and to the parent of the group where it is known.
    fn is_by_the_rule<'a>(
        catalogue: &Catalogue,
        id: &str,
        group: &str,
        jurisdiction: Option<Country>,
        all: impl Iterator<Item = &'a Country>,
    ) {
        let all: Vec<&Country> = all.collect();
        assert!(jurisdiction.is_some() || all.is_empty(), "{id}: {all:?}");
        assert!(all.iter().all(|country| COUNTRIES.split(' ').any(|code| code == country.code())), "{id}: {all:?}");
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len(), "{id}: {all:?}");
        if let Some(parent) = catalogue.parents.of(group) {
            assert_eq!(jurisdiction, Some(parent.jurisdiction), "{id}");
            assert!(parent.also.iter().all(|country| all.contains(&country)), "{id}: {all:?}");
        }
    }

    /// What nobody could source says so, and is not called sure.
    #[test]
    fn every_entry_has_a_source() {
        let catalogue = catalogue();
        let apps = catalogue.apps().map(|app| (&app.id, &app.source, app.confidence));
        let services = catalogue.services().map(|service| (&service.id, &service.source, service.confidence));
        for (id, source, confidence) in apps.chain(services) {
            let is_own = &**source == NOT_CHECKED;
            let is_cited = ["v2fly", "ndpi", "asn-table"].iter().any(|list| source.contains(list));
            assert!(is_own || is_cited, "{id}: {source}");
            assert!(!is_own || confidence != super::super::Confidence::High, "{id}");
        }
        let operators: OperatorFile = embedded("operators", OPERATORS).expect("usable");
        assert!(operators.operator.iter().all(|operator| operator.source.starts_with("asn-table")));
    }

    #[test]
    fn what_another_company_runs_has_its_own_jurisdiction() {
        let catalogue = catalogue();
        let tiktok = catalogue.app("tiktok").expect("there");
        let part = tiktok.part("domain tiktokv.us").expect("a part");
        assert_eq!((part.jurisdiction, &*part.also), (Country::new("US"), &[Country([b'C', b'N'])][..]));
        assert_eq!(tiktok.part("domain tiktokv.com"), None);
        let of = |id: &str| catalogue.app(id).and_then(|app| app.jurisdiction).map(|country| country.code().to_owned());
        assert_eq!(
            ["tiktok", "lazada", "riot", "temu"].map(of),
            ["CN", "CN", "CN", "IE"].map(|code| Some(code.to_owned()))
        );
    }

    /// Building it proves more: no domain in two entries, none a public suffix, no id twice.
    #[test]
    fn entries_are_sorted_and_whole() {
        let catalogue = catalogue();
        assert!(catalogue.len() >= 700);
        assert!(catalogue.apps.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(catalogue.services.windows(2).all(|pair| pair[0].id < pair[1].id));
        for app in catalogue.apps() {
            assert!(!app.developer.is_empty() && !app.source.is_empty() && !app.category.is_empty(), "{}", app.id);
            assert!(app.operator.as_deref().is_none_or(|operator| !operator.is_empty()), "{}", app.id);
            assert_eq!(app.jurisdiction.is_some(), app.jurisdiction_source.is_some(), "{}", app.id);
            assert!(!(app.domains.is_empty() && app.bundle_ids.is_empty()), "{}", app.id);
            let countries = app.jurisdiction.iter().chain(&app.also);
            is_by_the_rule(&catalogue, &app.id, &app.group, app.jurisdiction, countries);
            for part in &app.parts {
                assert!(part.jurisdiction.is_some() && !part.domains.is_empty(), "{}", app.id);
                assert!(
                    part.domains.iter().all(|own| app.domains.iter().any(|domain| domain.pattern == *own)),
                    "{}",
                    app.id
                );
            }
        }
        for service in catalogue.services() {
            assert!(!service.operator.is_empty() && !service.source.is_empty(), "{}", service.id);
            let countries = service.jurisdiction.iter().chain(&service.also);
            is_by_the_rule(&catalogue, &service.id, &service.group, service.jurisdiction, countries);
            for app in &service.apps {
                assert!(catalogue.app(app).is_some(), "{}: {app}", service.id);
            }
        }
    }

    #[test]
    fn lists_are_sorted_and_as_numbers_are_allocated() {
        let file: CatalogueFile = embedded("apps", APPS).expect("usable");
        let ascends = |list: &[String]| list.windows(2).all(|pair| pair[0] < pair[1]);
        // IANA: 0, 23456, 64496 to 131071 and 4200000000 up are no operator's.
        let is_allocated = |asn: &u32| matches!(asn, 1..=23455 | 23457..=64495 | 131_072..=401_308);
        let mut packages = std::collections::BTreeSet::new();
        for app in &file.app {
            for list in [&app.domains, &app.domains_parent_only, &app.domains_unverified, &app.process_names] {
                assert!(ascends(list), "{}: {list:?}", app.id);
            }
            for package in app.android_packages.iter().chain(&app.bundle_ids) {
                packages.insert((package.to_lowercase(), app.id.clone()));
            }
            assert!(app.asns.windows(2).all(|pair| pair[0] < pair[1]), "{}", app.id);
            assert!(app.asns.iter().all(is_allocated), "{}", app.id);
        }
        let mut packages: Vec<_> = packages.into_iter().map(|(package, _)| package).collect();
        let all = packages.len();
        packages.dedup();
        assert_eq!(packages.len(), all, "a package is in two apps");
        for shared in &file.shared {
            assert!(ascends(&shared.domains) && ascends(&shared.domains_unverified), "{}", shared.id);
            assert!(shared.asns.iter().all(is_allocated), "{}", shared.id);
        }
        let operators: OperatorFile = embedded("operators", OPERATORS).expect("usable");
        let mut asns = std::collections::BTreeSet::new();
        assert!(operators.operator.windows(2).all(|pair| pair[0].name.to_lowercase() < pair[1].name.to_lowercase()));
        for operator in &operators.operator {
            assert!(COUNTRIES.split(' ').any(|code| code == operator.jurisdiction), "{}", operator.name);
            assert!(matches!(&*operator.kind, "cloud" | "cdn" | "content" | "dns" | "telecom"), "{}", operator.name);
            for asn in &operator.asns {
                assert!(is_allocated(asn) && asns.insert(*asn), "{} AS{asn}", operator.name);
            }
        }
    }

    #[test]
    fn names_find_their_app_or_service() {
        let catalogue = catalogue();
        for (name, owner) in [
            ("szshort.weixin.qq.com", "wechat"),
            ("res.wx.qq.com", "wechat"),
            ("web.wechat.com", "wechat"),
            ("qzone.qq.com", "qq"),
            ("www.qq.com", "[tencent-platform]"),
            ("work.weixin.qq.com", "wecom"),
            ("api16-normal-useast5.tiktokv.us", "tiktok"),
            ("p16-tiktokcdn-com.akamaized.net", "tiktok"),
            ("log.byteoversea.com", "[bytedance-shared]"),
            ("aweme.snssdk.com", "[bytedance-shared]"),
            ("api.amemv.com", "douyin"),
            ("g.whatsapp.net", "whatsapp"),
            ("media.fmct2-1.fna.whatsapp.net", "whatsapp"),
            ("www.facebook.com", "facebook"),
            ("graph.facebook.com", "[meta-sdk]"),
            ("scontent.xx.fbcdn.net", "[meta-platform]"),
            ("instagram.fmct2-1.fna.fbcdn.net", "instagram"),
            ("edge-mqtt.facebook.com", "messenger"),
            ("igcdn-photos-a-a.akamaihd.net", "instagram"),
            ("legy.line-apps.com", "line"),
            ("query.hicloud.com", "huawei"),
            ("www.vmall.com", "vmall"),
            ("app.nubia.com", "nubia"),
            ("qyapi.weixin.qq.com", "wecom"),
            ("multimedia.nt.qq.com.cn", "qq"),
            ("url.cn", "[tencent-platform]"),
            ("cdn.shopify.com", "shopify"),
            ("one.myshopify.com", "[shopify-sites]"),
            ("fota.ztems.com", "zte"),
            ("www.google.co.jp", "google-services"),
            ("fonts.googleapis.com", "[google-apis]"),
            ("youtubei.googleapis.com", "youtube"),
            ("e1.akamaiedge.net", "[akamai]"),
            ("example.org", "-"),
        ] {
            assert_eq!(owner_of(&catalogue, name), owner, "{name}");
        }
    }

    #[test]
    fn apps_are_found_by_what_people_type() {
        let catalogue = catalogue();
        let ids = |text| catalogue.find(text).iter().map(|app| app.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids("wechat"), ["wechat"]);
        assert_eq!(ids("mp.weixin.qq.com"), ["wechat"]);
        assert!(ids("bytedance").contains(&"tiktok".to_owned()));
        assert!(ids("").is_empty());
        assert_eq!(catalogue.owned_by("com.tencent.mm").map(|(app, _)| &*app.id), Some("wechat"));
        assert_eq!(
            catalogue.owned_by("WECHAT.EXE").map(|(app, rule)| (&*app.id, &**rule)),
            Some(("wechat", "process WeChat.exe"))
        );
        assert!(catalogue.owned_by(&"x".repeat(500)).is_none());
        assert_eq!(catalogue.operated_by(62041).map(|(app, _)| &*app.id), Some("telegram"));
        assert!(catalogue.operated_by(32934).is_none() && catalogue.operated_by(13335).is_none());
    }

    #[test]
    fn user_entries_go_before() {
        let text = r#"
            [[app]]
            id = "our-app"
            jurisdiction = "NL"
            domains = ["our.example", "mp.weixin.qq.com", "graph.facebook.com"]
            asns = [62041]
            android_packages = ["com.tencent.mm"]
            [[app]]
            id = "line"
            domains = ["line.me"]
            [[shared]]
            id = "our-tracker"
            kind = "sdk"
            domains = ["tracker.example", "tinder.com"]
        "#;
        let catalogue = user(text).expect("usable");
        for (name, owner) in [
            ("a.our.example", "our-app"),
            ("mp.weixin.qq.com", "our-app"),
            ("long.weixin.qq.com", "wechat"),
            ("graph.facebook.com", "our-app"),
            ("line.me", "line"),
            ("legy.line-apps.com", "-"),
            ("x.tracker.example", "[our-tracker]"),
            ("tinder.com", "[our-tracker]"),
        ] {
            assert_eq!(owner_of(&catalogue, name), owner, "{name}");
        }
        assert_eq!(catalogue.operated_by(62041).map(|(app, _)| &*app.id), Some("our-app"));
        assert_eq!(catalogue.owned_by("com.tencent.mm").map(|(app, _)| &*app.id), Some("our-app"));
    }

    #[test]
    fn user_mistakes_are_named() {
        for (text, words) in [
            ("[[app]]\nid = 'a'\ndomains = ['co.uk']", "public suffix"),
            ("[[app]]\nid = 'A b'", "id `A b`"),
            ("[[app]]\nid = 'a'\njurisdiction = 'Narnia'", "jurisdiction `Narnia`"),
            ("[[app]]\nid = 'a'\ndomain = ['a.org']", "unknown field"),
            ("[[app]]\nid = 'a'\ndomains = ['a.org', 'a.org']", "twice"),
            ("[[app]]\nid = 'a'\n[[app]]\nid = 'a'", "twice"),
            ("[[shared]]\nid = 'a'\nkind = 'spy'", "unknown variant"),
            ("\u{0}", "line 1, column 2: key with no value"),
            ("[[app]]\nid = 'a'\n  name = 5", "line 3, column 10: invalid type"),
        ] {
            let error = user(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(matches!(Catalogue::with_user(&["/nowhere/at/all.toml"]), Err(Error::Io { .. })));
    }
}
