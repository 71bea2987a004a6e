//! Builds the report from the routing map: ranks, names and shares.

use super::model::*;
use crate::analysis::{Analysed, Knowledge, TooMany};
use crate::capture::FrameId;
use crate::packet::NotIp;
use crate::place::{Country, JURISDICTION_RULE, LocationCheck};
use crate::route::{
    AppSums, DestinationKey, DestinationSums, Geography, Reason, RouteMap, SAMPLE_LIMIT, Shortage, Traffic, Where,
};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Names, addresses and examples listed per destination.
const LISTED: usize = 32;
/// Apps listed per country.
const COUNTRY_APPS: usize = 8;
/// Destinations that one task builds; fewer would not be worth a task.
const DESTINATIONS_PER_TASK: usize = 16;
/// The name shown for all networks of a place that are not kept apart.
const OTHER_NETWORKS: &str = "other networks";
/// The name shown for all apps that only owners name and that are not kept apart.
const OTHER_OWNERS: &str = "other owners";

/// Builds the report of an analysis. `command` is the command line that it shows.
pub fn build(routes: &RouteMap, analysed: &Analysed, knowledge: &Knowledge, command: String) -> Report {
    let captures: Vec<CaptureSummary> = analysed
        .outcomes
        .iter()
        .map(|outcome| CaptureSummary {
            name: outcome.name.clone(),
            format: outcome.format.clone(),
            frames: outcome.frames,
            bytes: outcome.wire_bytes,
            defect: outcome.defect.clone(),
        })
        .collect();
    let bytes = captures.iter().map(|capture| capture.bytes).sum();
    let builder = Builder { captures: &captures, bytes, knowledge };
    let mut apps: Vec<AppRoutes> = routes.apps.iter().map(|(id, sums)| builder.app(id, sums)).collect();
    if let Some(Shortage { owners, .. }) = routes.shortage().filter(|shortage| shortage.owners > 0) {
        let others = builder.app(OTHER_OWNERS, &routes.other_owners);
        apps.push(AppRoutes { name: format!("{OTHER_OWNERS} (about {owners})"), ..others });
    }
    apps.sort_by(|a, b| by_traffic(&a.traffic, &b.traffic).then_with(|| a.id.cmp(&b.id)));
    let (local, unattributed) = builder.remainders(routes);
    let span = analysed.summary.span;
    Report {
        schema: SCHEMA,
        generator: Generator { name: "whither".into(), version: env!("CARGO_PKG_VERSION").into(), command },
        frames: captures.iter().map(|capture| capture.frames).sum(),
        bytes,
        first_seen: span.map(|span| rfc3339(span.earliest_ns)),
        last_seen: span.map(|span| rfc3339(span.latest_ns)),
        duration_ns: span.map_or(0, |span| span.latest_ns.abs_diff(span.earliest_ns)),
        vantage: knowledge.vantage.as_ref().map(|vantage| VantageLine {
            label: vantage.label.clone(),
            latitude: vantage.latitude,
            longitude: vantage.longitude,
            radius_km: vantage.radius_km,
        }),
        devices: routes.devices().map(|ip| ip.to_string()).collect(),
        databases: knowledge.places.databases(),
        catalogue_apps: knowledge.catalogue.len(),
        jurisdiction_rule: JURISDICTION_RULE.into(),
        unattributed,
        unattributed_routes: builder.destinations(&routes.nameless),
        local,
        not_ip: not_ip(analysed),
        countries: builder.countries(routes),
        notes: notes(analysed, routes),
        apps,
        captures,
    }
}

/// Compares by bytes up, then by bytes down, then by flows; most come first.
fn by_traffic(a: &Traffic, b: &Traffic) -> std::cmp::Ordering {
    (b.bytes_up, b.bytes_down, b.flows).cmp(&(a.bytes_up, a.bytes_down, a.flows))
}

/// A time, in ns since 1970 UTC, as RFC 3339 text in UTC.
pub fn rfc3339(ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).map(|time| time.to_string()).unwrap_or_default()
}

fn label(place: Where) -> (PlaceKind, Option<Country>, String) {
    match place {
        Where::Country(country) => {
            let name = country.name().map_or_else(|| country.code().to_owned(), str::to_owned);
            (PlaceKind::Country, Some(country), name)
        }
        Where::Anycast => (PlaceKind::Anycast, None, "anycast".into()),
        Where::Local => (PlaceKind::Local, None, "local".into()),
        Where::Unknown => (PlaceKind::Unknown, None, "unknown".into()),
    }
}

fn notes(analysed: &Analysed, routes: &RouteMap) -> Vec<String> {
    let mut notes = Vec::new();
    let summary = &analysed.summary;
    if let Some(step_ns) = summary.clock_stepped_back_ns() {
        let seconds = step_ns / 1_000_000_000;
        notes.push(format!(
            "the clock of the captures steps back by up to {seconds} s: sessions may be split or joined wrongly"
        ));
    }
    if summary.dropped.frames > 0 {
        notes.push(format!("the capture marks {} frames as never sent on the wire", summary.dropped.frames));
    }
    if summary.repeated.frames > 0 {
        notes.push(format!(
            "{} frames repeat a packet (same packet id); each packet is counted once",
            summary.repeated.frames
        ));
    }
    let shed = summary.shed;
    if shed.sessions > 0 {
        notes.push(format!(
            "{} flows ({} frames) were left out for lack of memory, chosen by a hash of their endpoints: give more with --max-memory",
            shed.sessions, shed.frames.frames
        ));
    }
    if shed.fragments.frames > 0 {
        notes.push(format!(
            "{} fragments were left out for lack of memory, chosen by a hash of what identifies their datagrams: give more with \
             --max-memory",
            shed.fragments.frames
        ));
    }
    if shed.answers > 0 {
        notes.push(format!(
            "{} addresses that resolvers gave were forgotten for lack of memory, so that names may be missing: give more with \
             --max-memory",
            shed.answers
        ));
    }
    let owners_left_out: u64 = analysed.outcomes.iter().map(|outcome| outcome.owners_left_out).sum();
    if owners_left_out > 0 {
        notes.push(format!(
            "{owners_left_out} owners were left out, because the tables of processes and apps in the captures are longer than on any real system"
        ));
    }
    if shed.owner_packets > 0 {
        notes.push(format!(
            "the owners of {} packets were not counted, because the packets of a flow name too many owners",
            shed.owner_packets
        ));
    }
    let TooMany { seekers, known } = analysed.too_many;
    if seekers > 0 {
        notes.push(format!(
            "{seekers} flows without evidence of their own could not inherit an app: too many flows ended within a minute"
        ));
    }
    if known > 0 {
        notes.push(format!(
            "{known} flows of known apps could not pass their app on: too many flows ended within a minute"
        ));
    }
    if let Some(Shortage { one_name_of, destinations, owners }) = routes.shortage() {
        let also = [
            (destinations, "destinations are shown as \"other networks\" of their country"),
            (owners, "owners as \"other owners\""),
        ];
        let also = also.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", about {count} {what}"));
        notes.push(format!(
            "for lack of memory one in {one_name_of} names, addresses and cities of each destination is kept{}, chosen by a hash; \
             their bytes are counted: give more with --max-memory",
            also.collect::<String>()
        ));
    } else if !routes.is_whole() {
        notes.push(format!(
            "a destination has more than {SAMPLE_LIMIT} names or addresses: those shown are of a sample, their number is estimated"
        ));
    }
    notes
}

/// A kind of frame without an IP packet, in words.
fn kind_of(kind: NotIp) -> String {
    match kind {
        NotIp::Protocol(0x0806) => "ARP".into(),
        NotIp::Protocol(0x888e) => "EAPOL".into(),
        NotIp::Protocol(0x88cc) => "LLDP".into(),
        NotIp::Protocol(0x88e5) => "MACsec".into(),
        NotIp::Protocol(number) => format!("EtherType 0x{number:04x}"),
        NotIp::LinkControl => "link-layer control".into(),
        NotIp::UnknownLinkType(number) => format!("link type {number}, not read by whither"),
        NotIp::Encrypted => "encrypted on the link".into(),
        NotIp::CutShort => "headers cut short by the snap length".into(),
        NotIp::Malformed => "headers that contradict themselves".into(),
    }
}

fn not_ip(analysed: &Analysed) -> Vec<Remainder> {
    let summary = &analysed.summary;
    let kinds = summary.others.iter().map(|(&kind, sums)| (kind_of(kind), *sums));
    let dropped = (summary.dropped.frames > 0).then(|| ("dropped by the operating system".to_owned(), summary.dropped));
    let repeated = (summary.repeated.frames > 0).then(|| ("repeats of a packet".to_owned(), summary.repeated));
    let skipped = (summary.skipped.frames > 0).then(|| ("left out by --filter".to_owned(), summary.skipped));
    let shed = summary.shed.left_out();
    let shed = (shed.frames > 0).then(|| ("left out for lack of memory".to_owned(), shed));
    let mut lines: Vec<Remainder> = kinds
        .chain(dropped)
        .chain(repeated)
        .chain(skipped)
        .chain(shed)
        .map(|(reason, sums)| Remainder {
            reason,
            frames: sums.frames,
            bytes: sums.bytes,
            flows: 0,
            examples: Vec::new(),
        })
        .collect();
    lines.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.reason.cmp(&b.reason)));
    lines
}

struct Builder<'a> {
    captures: &'a [CaptureSummary],
    bytes: u64,
    knowledge: &'a Knowledge,
}

impl Builder<'_> {
    fn share(&self, bytes: u64, of: u64) -> f64 {
        if of == 0 { 0.0 } else { bytes as f64 / of as f64 }
    }

    fn capture(&self, frame: FrameId) -> String {
        self.captures.get(frame.capture() as usize).map(|capture| capture.name.clone()).unwrap_or_default()
    }

    fn app(&self, id: &str, sums: &AppSums) -> AppRoutes {
        let known = self.knowledge.catalogue.app(id);
        AppRoutes {
            id: id.to_owned(),
            name: known.map_or_else(|| id.to_owned(), |app| app.name.to_string()),
            developer: known.map(|app| app.developer.to_string()),
            operator: known.map(|app| app.operator.to_string()),
            jurisdiction: known.and_then(|app| app.jurisdiction),
            also: known.map(|app| app.also.clone()).unwrap_or_default(),
            jurisdiction_source: known.map(|app| app.jurisdiction_source.to_string()),
            traffic: sums.traffic,
            share: self.share(sums.traffic.bytes(), self.bytes),
            evidence: self.evidence(sums),
            destinations: self.destinations(sums),
        }
    }

    fn evidence(&self, sums: &AppSums) -> Vec<EvidenceShare> {
        // For each kind of evidence, the rule with most bytes is shown.
        let mut best: BTreeMap<_, (Reverse<u64>, &str)> = BTreeMap::new();
        for ((kind, rule), &bytes) in sums.rules.iter() {
            let candidate = (Reverse(bytes), &**rule);
            let held = best.entry(*kind).or_insert(candidate);
            *held = (*held).min(candidate);
        }
        let total = sums.traffic.bytes();
        let mut lines: Vec<EvidenceShare> = sums
            .evidence
            .iter()
            .map(|(&kind, &bytes)| EvidenceShare {
                kind,
                rule: best.get(&kind).map(|(_, rule)| (*rule).to_owned()).unwrap_or_default(),
                bytes,
                share: self.share(bytes, total),
            })
            .collect();
        lines.sort_by_key(|line| (Reverse(line.bytes), line.kind));
        lines
    }

    fn destinations(&self, sums: &AppSums) -> Vec<Destination> {
        let total = sums.traffic.bytes();
        let mut ranked: Vec<_> = sums.destinations.iter().map(|(key, sums)| (key, &**sums)).collect();
        ranked.sort_by(|a, b| by_traffic(&a.1.traffic, &b.1.traffic).then_with(|| a.0.cmp(b.0)));
        let destination = |(key, sums): (&DestinationKey, &DestinationSums)| self.destination(key, sums, total);
        ranked.into_par_iter().with_min_len(DESTINATIONS_PER_TASK).map(destination).collect()
    }

    fn destination(&self, key: &DestinationKey, sums: &DestinationSums, total: u64) -> Destination {
        let (kind, country, label) = label(key.place);
        let geography = &sums.geography;
        // Where many networks are summed, the facts of the first do not hold for all.
        let facts = sums.facts.as_deref().filter(|_| !key.is_rest).cloned().unwrap_or_default();
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let coordinates =
            (kind == PlaceKind::Country).then(|| mean(geography).or_else(|| country?.centroid())).flatten();
        let most = geography.cities.iter().max_by_key(|&(city, &bytes)| (bytes, Reverse(city)));
        let city = most.and_then(|(city, _)| city.clone());
        let mut opinions: Vec<OpinionLine> = geography
            .opinions
            .iter()
            .map(|((source, country), &bytes)| OpinionLine { source: source.to_string(), country: *country, bytes })
            .collect();
        opinions
            .sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.source, a.country).cmp(&(&b.source, b.country))));
        let mut parties: Vec<_> = sums.parties.iter().map(|(&party, &bytes)| (party, bytes)).collect();
        parties.sort_by_key(|&(party, bytes)| (Reverse(bytes), party));
        let first = sums.first_frame.unwrap_or_default();
        Destination {
            kind,
            country,
            label,
            city: text(&city),
            latitude: coordinates.map(|c| c.0),
            longitude: coordinates.map(|c| c.1),
            is_disputed: geography.is_disputed,
            opinions,
            registered_countries: geography.registered.iter().copied().collect(),
            asn: key.asn,
            as_name: if key.is_rest { Some(OTHER_NETWORKS.to_owned()) } else { text(&facts.as_name) },
            as_country: facts.as_country,
            operator: text(&facts.operator),
            jurisdiction: facts.jurisdiction,
            also: facts.also.to_vec(),
            parties,
            services: sums.services.iter().map(|service| self.service(service)).collect(),
            traffic: sums.traffic,
            share: self.share(sums.traffic.bytes(), total),
            names: self.names(sums),
            names_total: sums.names.total(),
            addresses: sums.ranked_addresses().into_iter().take(LISTED).map(|ip| ip.to_string()).collect(),
            addresses_total: sums.addresses.total(),
            rtt: sums.rtt.map(|(ns, source)| RttLine {
                ms: ns as f64 / 1e6,
                source: source.word().to_owned(),
                samples: sums.rtt_samples,
            }),
            check: sums.check.unwrap_or(LocationCheck::Unsupported),
            first_frame: (self.capture(first), first.number()),
            first_seen: rfc3339(sums.first_seen_ns.unwrap_or_default()),
            last_seen: rfc3339(sums.last_seen_ns.unwrap_or_default()),
        }
    }

    fn service(&self, id: &str) -> String {
        self.knowledge.catalogue.service(id).map_or_else(|| id.to_owned(), |service| service.name.to_string())
    }

    fn names(&self, sums: &DestinationSums) -> Vec<NameEvidence> {
        let listed = sums.ranked_names().into_iter().take(LISTED);
        listed
            .map(|(name, sums)| NameEvidence {
                name: name.to_string(),
                source: sums.source.word().to_owned(),
                capture: self.capture(sums.frame),
                frame: sums.frame.number(),
                bytes: sums.bytes,
            })
            .collect()
    }

    /// Traffic that was attributed to no app: on local addresses, and on the public network.
    fn remainders(&self, routes: &RouteMap) -> (Vec<Remainder>, Vec<Remainder>) {
        let (mut local, mut unattributed) = (Vec::new(), Vec::new());
        for (reason, sums) in &routes.reasons {
            let (list, reason) = match reason {
                Reason::Private => (&mut local, "private addresses".to_owned()),
                Reason::Multicast => (&mut local, "multicast and broadcast".to_owned()),
                Reason::Reserved => (&mut local, "reserved addresses".to_owned()),
                Reason::SharedService(id) => (&mut unattributed, format!("shared service: {}", self.service(id))),
                Reason::EncryptedHello => (&mut unattributed, "name hidden by Encrypted Client Hello".to_owned()),
                Reason::NameNotInCatalogue => (&mut unattributed, "name not in the catalogue".to_owned()),
                Reason::SystemProtocol(application) => {
                    (&mut unattributed, format!("system protocol: {}", application.0))
                }
                Reason::NoNameIn(application) => (&mut unattributed, format!("no name: {}", application.0)),
                Reason::NoName => (&mut unattributed, "no name, protocol not recognised".to_owned()),
                Reason::LeftOut => (&mut unattributed, "left out by --app or --device".to_owned()),
            };
            list.push(Remainder {
                reason,
                frames: sums.traffic.packets(),
                bytes: sums.traffic.bytes(),
                flows: sums.traffic.flows,
                examples: sums.examples.iter().map(|(_, example)| example.to_string()).collect(),
            });
        }
        for list in [&mut local, &mut unattributed] {
            list.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.reason.cmp(&b.reason)));
        }
        (local, unattributed)
    }

    fn countries(&self, routes: &RouteMap) -> Vec<CountryLine> {
        let mut lines: HashMap<Where, (Traffic, BTreeMap<&str, u64>)> = HashMap::new();
        let apps = routes.apps.iter().map(|(id, sums)| (Some(&**id), sums));
        for (id, sums) in apps.chain([(Some(OTHER_OWNERS), &routes.other_owners), (None, &routes.nameless)]) {
            for (key, destination) in &sums.destinations {
                let line = lines.entry(key.place).or_default();
                line.0.add(&destination.traffic);
                if let Some(id) = id {
                    *line.1.entry(id).or_default() += destination.traffic.bytes();
                }
            }
        }
        let mut ranked: Vec<_> = lines.into_iter().collect();
        ranked.sort_by(|a, b| by_traffic(&a.1.0, &b.1.0).then_with(|| a.0.cmp(&b.0)));
        ranked
            .into_iter()
            .map(|(place, (traffic, apps))| {
                let (kind, country, label) = label(place);
                let mut apps: Vec<(String, u64)> = apps.into_iter().map(|(id, bytes)| (id.to_owned(), bytes)).collect();
                apps.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                apps.truncate(COUNTRY_APPS);
                CountryLine { kind, country, label, traffic, share: self.share(traffic.bytes(), self.bytes), apps }
            })
            .collect()
    }
}
/// The mean of the coordinates, weighted by bytes. It is computed on the sphere, so that the date line does not
/// disturb it.
fn mean(geography: &Geography) -> Option<(f64, f64)> {
    let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
    let mut all: Vec<_> = geography.coordinates.iter().collect();
    // Sums of floating-point numbers depend on their order.
    all.sort_unstable();
    for (&(latitude, longitude), &bytes) in all {
        let (latitude, longitude) = (f64::from(latitude) / 1000.0, f64::from(longitude) / 1000.0);
        let (latitude, longitude, weight) = (latitude.to_radians(), longitude.to_radians(), bytes as f64);
        x += weight * latitude.cos() * longitude.cos();
        y += weight * latitude.cos() * longitude.sin();
        z += weight * latitude.sin();
    }
    let length = (x * x + y * y + z * z).sqrt();
    let round = |degrees: f64| (degrees * 100.0).round() / 100.0;
    (length > 0.0).then(|| (round((z / length).asin().to_degrees()), round(y.atan2(x).to_degrees())))
}
