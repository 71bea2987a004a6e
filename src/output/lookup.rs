//! What is known of an address or a name, each fact with its source.

use super::escape;
use super::terminal::Style;
use crate::app::{App, Basis, Catalogue, Hit, HitTarget, Service};
use crate::place::{Country, DatabaseInfo, JURISDICTION_RULE, Place, Published, Scope};
use serde::Serialize;
use std::fmt::Write;
use std::net::IpAddr;

/// The answer to one subject.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Answer {
    /// An address.
    Address {
        /// The address.
        ip: IpAddr,
        /// What is known of it.
        #[serde(serialize_with = "place_json")]
        place: Place,
    },
    /// A name.
    Name {
        /// As asked.
        name: String,
        /// The rule of the catalogue that covers it: `domain weixin.qq.com`.
        rule: Option<String>,
        /// What that rule rests on.
        basis: Option<Basis>,
        /// The app it belongs to.
        app: Option<String>,
        /// The shared service it belongs to.
        service: Option<String>,
        /// Who runs that.
        operator: Option<String>,
        /// Jurisdiction of the operator.
        jurisdiction: Option<Country>,
        /// Further countries, by the same rule.
        also: Vec<Country>,
        /// What the jurisdiction rests on.
        jurisdiction_source: Option<String>,
        /// The public suffix with one label more (publicsuffix.org).
        registrable_domain: Option<String>,
    },
}

impl Answer {
    /// What the catalogue says of a name.
    pub fn name(name: &str, catalogue: &Catalogue) -> Self {
        let wanted = name.trim_end_matches('.').to_lowercase();
        let hit = catalogue.look_up(&wanted);
        let (app, service, runs) = match hit.map(|hit| hit.target) {
            Some(HitTarget::App(app)) => (Some(app.id.to_string()), None, Some(Runs::of_app(app, hit))),
            Some(HitTarget::Service(service)) => {
                (None, Some(service.name.to_string()), Some(Runs::of_service(service)))
            }
            None => (None, None, None),
        };
        let Runs { operator, jurisdiction, also, jurisdiction_source } = runs.unwrap_or_default();
        Self::Name {
            registrable_domain: psl::domain_str(&wanted).map(str::to_owned),
            name: wanted,
            rule: hit.map(|hit| hit.rule.to_string()),
            basis: hit.map(|hit| hit.basis),
            app,
            service,
            operator,
            jurisdiction,
            also,
            jurisdiction_source,
        }
    }
}

/// Who runs what a name belongs to, and under which jurisdiction.
#[derive(Default)]
struct Runs {
    operator: Option<String>,
    jurisdiction: Option<Country>,
    also: Vec<Country>,
    jurisdiction_source: Option<String>,
}

impl Runs {
    fn of_app(app: &App, hit: Option<Hit<'_>>) -> Self {
        let (operator, jurisdiction, also, source) = match hit.and_then(|hit| app.part(hit.rule)) {
            Some(part) => (Some(&part.operator), part.jurisdiction, &part.also, Some(&part.jurisdiction_source)),
            None => (app.operator.as_ref(), app.jurisdiction, &app.also, app.jurisdiction_source.as_ref()),
        };
        Self {
            operator: operator.map(ToString::to_string),
            jurisdiction,
            also: also.clone(),
            jurisdiction_source: source.map(ToString::to_string),
        }
    }

    fn of_service(service: &Service) -> Self {
        Self {
            operator: Some(service.operator.to_string()),
            jurisdiction: service.jurisdiction,
            also: service.also.clone(),
            jurisdiction_source: Some(service.jurisdiction_source.to_string()),
        }
    }
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    scope: &'static str,
    country: Option<Country>,
    city: Option<&'a str>,
    latitude: Option<f32>,
    longitude: Option<f32>,
    is_disputed: bool,
    is_anycast: bool,
    is_steered: bool,
    opinions: Vec<OpinionJson<'a>>,
    published: Option<&'a Published>,
    is_announced: bool,
    registered_country: Option<Country>,
    asn: Option<u32>,
    as_name: Option<&'a str>,
    as_country: Option<Country>,
    operator: Option<&'a str>,
    jurisdiction: Option<Country>,
    also: &'a [Country],
    jurisdiction_source: Option<&'a str>,
}

#[derive(Serialize)]
struct OpinionJson<'a> {
    source: &'a str,
    date: &'a str,
    country: Option<Country>,
    city: Option<&'a str>,
    latitude: Option<f32>,
    longitude: Option<f32>,
    radius_km: Option<u16>,
}

const fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Global => "global",
        Scope::Local => "local",
        Scope::Multicast => "multicast",
        Scope::Reserved => "reserved",
    }
}

fn place_json<S: serde::Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    PlaceJson {
        scope: scope_word(place.scope),
        country: place.country,
        city: place.city.as_deref(),
        latitude: place.coordinates.map(|c| c.0),
        longitude: place.coordinates.map(|c| c.1),
        is_disputed: place.is_disputed,
        is_anycast: place.is_anycast,
        is_steered: place.is_steered,
        opinions: place
            .opinions
            .iter()
            .map(|opinion| OpinionJson {
                source: &opinion.source,
                date: &opinion.database.date,
                country: opinion.country,
                city: opinion.city.as_deref(),
                latitude: opinion.coordinates.map(|c| c.0),
                longitude: opinion.coordinates.map(|c| c.1),
                radius_km: opinion.radius_km,
            })
            .collect(),
        published: place.published.as_ref(),
        is_announced: place.is_announced,
        registered_country: place.registered_country,
        asn: place.asn,
        as_name: place.as_name.as_deref(),
        as_country: place.as_country,
        operator: place.operator.as_deref(),
        jurisdiction: place.jurisdiction,
        also: &place.also,
        jurisdiction_source: place.jurisdiction_source.as_deref(),
    }
    .serialize(serializer)
}

/// One JSON object on a line.
pub fn json(answer: &Answer) -> String {
    serde_json::to_string(answer).map(|text| text + "\n").unwrap_or_default()
}

/// The answer as text.
pub fn render(answer: &Answer, databases: &[DatabaseInfo], style: &Style) -> String {
    let mut text = String::new();
    match answer {
        Answer::Address { ip, place } => {
            let _ = writeln!(text, "{ip}");
            address(&mut text, place);
        }
        Answer::Name { name, rule, basis, app, service, operator, registrable_domain, .. } => {
            let _ = writeln!(text, "{}", escape::terminal(name, style.ascii));
            let mut line = |label: &str, value: Option<&str>, source: &str| fact(&mut text, label, value, source);
            let basis = match basis {
                Some(Basis::Listed) => "in the public lists named in data/apps.toml",
                Some(Basis::ParentOnly) => "a parent or child is in the public lists",
                Some(Basis::Unverified) => "own knowledge, not verified",
                Some(Basis::User) => "your file",
                None => "",
            };
            line("app", app.as_deref().or(service.is_none().then_some("not in the catalogue")), "");
            line("shared service", service.as_deref(), "no evidence for an app");
            line("rule", rule.as_deref(), basis);
            line("operator", operator.as_deref(), "");
            line("registrable", registrable_domain.as_deref().map(|d| escape::terminal(d, style.ascii)).as_deref(), "");
            if let Answer::Name { jurisdiction, also, jurisdiction_source, .. } = answer {
                jurisdictions(&mut text, *jurisdiction, also, jurisdiction_source.as_deref());
            }
        }
    }
    if matches!(answer, Answer::Address { place, .. } if place.scope == Scope::Global) {
        let sources: Vec<String> = databases.iter().map(|db| format!("{} {}", db.name, db.date)).collect();
        let _ = writeln!(text, "  sources         {}", sources.join(", "));
    }
    text
}

fn country(country: Country) -> String {
    match country.name() {
        Some(name) => format!("{name} ({})", country.code()),
        None => country.code().to_owned(),
    }
}

fn fact(text: &mut String, label: &str, value: Option<&str>, source: &str) {
    if let Some(value) = value {
        let line = format!("  {label:<15} {value:<34} {source}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn address(text: &mut String, place: &Place) {
    if place.scope != Scope::Global {
        fact(text, "scope", Some(scope_word(place.scope)), "IANA special-purpose registries");
        return;
    }
    for opinion in &place.opinions {
        let mut where_ = opinion.country.map_or("unknown".to_owned(), country);
        if let Some(city) = &opinion.city {
            where_ = format!("{city}, {where_}");
        }
        fact(text, "located", Some(&where_), &opinion.source);
    }
    if let Some(published) = &place.published {
        let name = published.country.name().unwrap_or(published.country.code());
        let by = format!("by {}: {} ({name}), {}", published.operator, published.region, published.date);
        fact(text, "published", Some(&by), "");
    }
    if place.is_anycast {
        fact(text, "", Some("anycast: the site that answers is not known"), "");
    } else if place.is_disputed {
        fact(text, "", Some("? databases disagree"), "");
    }
    if place.is_steered {
        fact(text, "", Some("front end: DNS chooses the site for each client"), "");
    }
    fact(text, "registered", place.registered_country.map(country).as_deref(), "block, by the regional registry");
    if !place.is_announced {
        fact(text, "network", Some("none announces this address"), "");
    }
    if let Some(asn) = place.asn {
        let name = format!("AS{asn} {}", place.as_name.as_deref().unwrap_or_default());
        fact(text, "network", Some(&name), "");
        fact(text, "AS registered", place.as_country.map(country).as_deref(), "");
    }
    fact(text, "operator", place.operator.as_deref(), "data/operators.toml");
    jurisdictions(text, place.jurisdiction, &place.also, place.jurisdiction_source.as_deref());
}

/// The country of the operator's ultimate parent, further ones, the rule, and what it rests on.
fn jurisdictions(text: &mut String, jurisdiction: Option<Country>, also: &[Country], source: Option<&str>) {
    let Some(jurisdiction) = jurisdiction else { return };
    fact(text, "jurisdiction", Some(&country(jurisdiction)), JURISDICTION_RULE);
    let others: Vec<String> = also.iter().copied().map(country).collect();
    fact(text, "also", Some(others.join(", ")).filter(|others| !others.is_empty()).as_deref(), "");
    fact(text, "", source, "");
}
