//! A report for tests: several apps, every kind of place and doubt, and one hostile name.

use crate::app::{EvidenceKind, Party};
use crate::error::Defect;
use crate::place::{Country, DatabaseInfo, JURISDICTION_RULE};
use crate::report::{
    AppRoutes, Candidate, CaptureSummary, CountryLine, Destination, EvidenceShare, Exchange, ExclusionLine, Generator,
    NameEvidence, OpinionLine, Payload, PhysicsLine, Remainder, Report, RttLine, RunLine, SCHEMA, ShareLine, Site,
    SitePlace, Sites, Standing, TablesAge, Tally, Traffic, VantageLine,
};
use crate::standing::Judged;

/// A name as an attacker would send it.
pub(crate) const HOSTILE_NAME: &str = "\u{1b}[2J</script><img src=x onerror=alert(1)>\u{202e}moc.example";

fn country(code: &str) -> Option<Country> {
    Country::new(code)
}

pub(crate) fn traffic(up: u64, down: u64, flows: u64) -> Traffic {
    Traffic {
        bytes_up: up,
        bytes_down: down,
        packets_up: up / 300 + 1,
        packets_down: down / 900 + 1,
        payload_up: up * 9 / 10,
        payload_down: down * 19 / 20,
        flows,
    }
}

/// Place, network and what databases say of a destination.
struct Spot {
    code: &'static str,
    label: &'static str,
    city: Option<&'static str>,
    at: Option<(f64, f64)>,
    asn: u32,
    as_name: &'static str,
    operator: &'static str,
    home: &'static str,
}

const HONG_KONG: Spot = Spot {
    code: "HK",
    label: "Hong Kong",
    city: Some("Hong Kong"),
    at: Some((22.28, 114.17)),
    asn: 132_203,
    as_name: "Tencent Building, Kejizhongyi Avenue",
    operator: "Tencent",
    home: "CN",
};
const SINGAPORE: Spot =
    Spot { code: "SG", label: "Singapore", city: Some("Singapore"), at: Some((1.29, 103.85)), ..HONG_KONG };
const SHENZHEN: Spot = Spot {
    code: "CN",
    label: "China",
    city: Some("Shenzhen"),
    at: Some((22.54, 114.06)),
    asn: 45_090,
    as_name: "Shenzhen Tencent Computer Systems Company Limited",
    ..HONG_KONG
};
const TIKTOK: Spot = Spot { asn: 396_986, as_name: "BYTEDANCE", operator: "ByteDance", ..SINGAPORE };
const AKAMAI: Spot = Spot {
    code: "",
    label: "anycast",
    city: None,
    at: None,
    asn: 20_940,
    as_name: "Akamai International B.V.",
    operator: "Akamai",
    home: "US",
};
const META_TOKYO: Spot = Spot {
    code: "JP",
    label: "Japan",
    city: Some("Tokyo"),
    at: Some((35.68, 139.69)),
    asn: 32_934,
    as_name: "Facebook, Inc.",
    operator: "Meta",
    home: "US",
};
const META_SINGAPORE: Spot = Spot { asn: 32_934, as_name: "Facebook, Inc.", operator: "Meta", home: "US", ..SINGAPORE };
const VIRGINIA: Spot = Spot {
    code: "US",
    label: "United States",
    city: Some("Ashburn"),
    at: Some((39.04, -77.49)),
    asn: 14_618,
    as_name: "AMAZON-AES",
    operator: "Amazon",
    home: "US",
};
const FRANKFURT: Spot = Spot {
    code: "DE",
    label: "Germany",
    city: Some("Frankfurt am Main"),
    at: Some((50.11, 8.68)),
    asn: 16_509,
    as_name: "AMAZON-02",
    operator: "Amazon",
    home: "US",
};
const NOWHERE: Spot =
    Spot { code: "", label: "unknown", city: None, at: None, asn: 0, as_name: "", operator: "", home: "" };

fn destination(spot: &Spot, sums: Traffic, rtt_ms: Option<f64>, names: &[(&str, &str, u64)]) -> Destination {
    let candidate = country(spot.code).map(|country| Candidate {
        country,
        label: spot.label.to_owned(),
        city: spot.city.map(str::to_owned),
        latitude: spot.at.map(|at| at.0),
        longitude: spot.at.map(|at| at.1),
        lineages: 2,
    });
    let opinion = |source: &str| OpinionLine {
        source: source.to_owned(),
        country: country(spot.code),
        bytes: sums.bytes(),
        verdict: None,
    };
    let standing = match spot.label {
        "anycast" => Standing::Anycast,
        "unknown" => Standing::Unknown,
        _ => Standing::Confirmed,
    };
    Destination {
        exchange: Exchange::Answered,
        standing,
        age: "fresh".to_owned(),
        gap_months: candidate.as_ref().map(|_| 1),
        label: spot.label.to_owned(),
        exclusions: Vec::new(),
        confirmed_by: candidate.as_ref().map(|_| "independent sources agree".to_owned()),
        opinions: candidate.iter().flat_map(|_| [opinion("DB-IP 2026-06"), opinion("city.mmdb")]).collect(),
        candidates: candidate.into_iter().collect(),
        registered_countries: country(spot.home).into_iter().collect(),
        asn: (spot.asn != 0).then_some(spot.asn),
        as_name: (!spot.as_name.is_empty()).then(|| spot.as_name.to_owned()),
        as_country: country(spot.home),
        operator: (!spot.operator.is_empty()).then(|| spot.operator.to_owned()),
        jurisdiction: country(spot.home),
        also: Vec::new(),
        parties: vec![(Party::First, sums.bytes())],
        services: Vec::new(),
        evidence: vec![(EvidenceKind::Name, sums.bytes())],
        misfit: None,
        payload: Payload { sent: sums.payload_up, received: sums.payload_down, ..Payload::default() },
        run_by: (!spot.operator.is_empty())
            .then(|| RunLine {
                operators: vec![spot.operator.to_owned()],
                jurisdictions: country(spot.home).into_iter().collect(),
                is_twofold: true,
                sent: sums.payload_up,
                received: sums.payload_down,
            })
            .into_iter()
            .collect(),
        traffic: sums,
        share: 0.0,
        names: names
            .iter()
            .map(|&(name, source, frame)| NameEvidence {
                name: name.to_owned(),
                source: source.to_owned(),
                capture: "phone-taipei.pcapng".to_owned(),
                frame,
                bytes: sums.bytes() / names.len() as u64,
                sent: Some(sums.payload_up / names.len() as u64),
                received: Some(sums.payload_down / names.len() as u64),
            })
            .collect(),
        names_total: names.len() as u64,
        addresses: vec!["203.0.113.7".to_owned(), "2001:db8::17".to_owned()],
        addresses_total: 2,
        paths: Vec::new(),
        on_path: Vec::new(),
        rtt: rtt_ms.map(|ms| RttLine { ms, source: "tcp-handshake".to_owned(), samples: sums.flows.min(14) }),
        first_frame: ("phone-taipei.pcapng".to_owned(), names.first().map_or(7, |name| name.2 - 3)),
        first_seen: "2026-06-14T08:12:01.103452000Z".to_owned(),
        last_seen: "2026-06-14T08:24:38.000125000Z".to_owned(),
    }
}

/// The payload of destinations by what may be said of them.
fn tally(destinations: &[Destination]) -> Tally {
    let mut tally = Tally::default();
    for destination in destinations {
        let candidates = destination.candidates.iter().map(|candidate| candidate.country).collect();
        let judged = Judged { standing: destination.standing, candidates, ..Judged::default() };
        tally.add(&destination.payload, Some(&judged), None);
    }
    tally
}

fn app(
    (id, name, developer, home): (&str, &str, &str, &str),
    evidence: &[(EvidenceKind, &str, u64)],
    mut destinations: Vec<Destination>,
) -> AppRoutes {
    let mut sums = Traffic::default();
    destinations.iter().for_each(|destination| sums.add(&destination.traffic));
    for destination in &mut destinations {
        destination.share = destination.traffic.bytes() as f64 / sums.bytes() as f64;
    }
    AppRoutes {
        id: id.to_owned(),
        name: name.to_owned(),
        developer: Some(developer.to_owned()),
        category: None,
        operator: Some(developer.to_owned()),
        jurisdiction: country(home),
        also: Vec::new(),
        jurisdiction_source: None,
        traffic: sums,
        share: 0.0,
        unseen: crate::report::Unseen::default(),
        on_path: Vec::new(),
        shares: tally(&destinations).shares(name, None),
        evidence: evidence
            .iter()
            .map(|&(kind, rule, percent)| EvidenceShare {
                kind,
                rule: rule.to_owned(),
                bytes: sums.bytes() * percent / 100,
                share: percent as f64 / 100.0,
            })
            .collect(),
        destinations,
    }
}

fn remainder(reason: &str, frames: u64, bytes: u64, flows: u64, examples: &[&str]) -> Remainder {
    Remainder {
        reason: reason.to_owned(),
        frames,
        bytes,
        flows,
        examples: examples.iter().map(|&example| example.to_owned()).collect(),
    }
}

/// A report with several apps.
pub(crate) fn report() -> Report {
    let mut disputed = destination(
        &SHENZHEN,
        traffic(341_220, 912_410, 7),
        Some(9.1),
        &[("dns.weixin.qq.com", "http-host", 98), ("mmsns.qpic.cn", "dns", 1_204)],
    );
    disputed.standing = Standing::Disputed;
    disputed.confirmed_by = None;
    disputed.label = "China or Hong Kong".to_owned();
    disputed.opinions[1].country = country("HK");
    disputed.candidates.push(Candidate {
        country: country("HK").unwrap(),
        label: "Hong Kong".to_owned(),
        city: None,
        latitude: Some(22.28),
        longitude: Some(114.17),
        lineages: 1,
    });
    let mut excluded =
        destination(&VIRGINIA, traffic(61_002, 118_233, 9), Some(31.4), &[("graph.tiktokv.example", "tls-sni", 2_210)]);
    excluded.standing = Standing::RuledOut;
    excluded.label = "ruled out".to_owned();
    excluded.candidates.clear();
    excluded.confirmed_by = None;
    excluded.exclusions = vec![ExclusionLine {
        country: country("US").unwrap(),
        verdict: "ruled out".to_owned(),
        says: "United States is ruled out: it is at least 10000 km away".to_owned(),
        reach_km: 1013,
        least_km: 10_000,
    }];
    excluded.opinions.iter_mut().for_each(|opinion| opinion.verdict = Some("ruled out".to_owned()));
    excluded.services = vec!["Amazon Web Services".to_owned()];
    excluded.parties = vec![(Party::ThirdCdn, 179_235)];
    let wechat = app(
        ("wechat", "WeChat", "Tencent", "CN"),
        &[(EvidenceKind::Name, "domain weixin.qq.com", 83), (EvidenceKind::Signature, "signature mmtls", 17)],
        vec![
            destination(
                &HONG_KONG,
                traffic(2_204_811, 7_132_900, 41),
                Some(31.0),
                &[
                    ("long.weixin.qq.com", "tls-sni", 112),
                    ("hkshort.weixin.qq.com", "http-host", 215),
                    ("hklong.weixin.qq.com", "dns", 90),
                    ("a-very-long-label-that-no-person-would-choose.extshort.weixin.qq.com", "dns", 91),
                    ("wx.qlogo.cn", "tls-sni", 3_310),
                ],
            ),
            destination(
                &SINGAPORE,
                traffic(560_120, 1_713_400, 12),
                Some(52.7),
                &[("sgshort.wechat.com", "http-host", 901)],
            ),
            disputed,
        ],
    );
    let tiktok = app(
        ("tiktok", "TikTok", "ByteDance", "CN"),
        &[(EvidenceKind::Name, "domain tiktokv.com", 100)],
        vec![
            destination(
                &TIKTOK,
                traffic(768_334, 9_002_144, 55),
                Some(50.2),
                &[("api16-normal.tiktokv.example", "quic-sni", 1_811), ("mon.tiktokv.example", "tls-sni", 1_902)],
            ),
            destination(
                &AKAMAI,
                traffic(432_001, 4_930_001, 31),
                Some(3.2),
                &[("v16.tiktokcdn.example", "quic-sni", 1_833)],
            ),
            excluded,
        ],
    );
    let whatsapp = app(
        ("whatsapp", "WhatsApp", "Meta", "US"),
        &[(EvidenceKind::Owner, "package com.whatsapp", 60), (EvidenceKind::Operator, "AS32934", 40)],
        vec![
            destination(
                &META_SINGAPORE,
                traffic(351_000, 541_000, 6),
                Some(49.0),
                &[("g.whatsapp.net", "tls-sni", 402), (HOSTILE_NAME, "http-host", 417)],
            ),
            destination(
                &META_TOKYO,
                traffic(48_000, 71_000, 2),
                Some(33.0),
                &[("media.whatsapp.example", "tls-sni", 3_001)],
            ),
            destination(&FRANKFURT, traffic(9_000, 12_000, 1), None, &[]),
        ],
    );
    let apps = vec![wechat, tiktok, whatsapp];
    let unattributed_routes = vec![
        destination(&VIRGINIA, traffic(81_000, 140_122, 14), Some(188.0), &[("ingest.sdk.example", "tls-sni", 511)]),
        destination(&NOWHERE, traffic(12_400, 31_000, 5), None, &[]),
    ];
    let unattributed_bytes = unattributed_routes.iter().map(|route| route.traffic.bytes()).sum::<u64>();
    let unattributed = vec![
        remainder("shared service", 310, unattributed_bytes - 61_000, 14, &["ingest.sdk.example"]),
        remainder("no name", 99, 43_000, 4, &["198.51.100.3", "2001:db8:9::1"]),
        remainder("encrypted client hello", 31, 18_000, 1, &["cloudflare-ech.com"]),
    ];
    let local = vec![
        remainder("private address", 1_802, 410_220, 33, &["192.168.1.1"]),
        remainder("multicast", 310, 61_002, 9, &[]),
    ];
    let not_ip = vec![remainder("arp", 402, 24_120, 0, &[]), remainder("lldp", 4, 1_212, 0, &[])];
    finish(apps, unattributed, unattributed_routes, local, not_ip)
}

/// A site that is in no entry of the catalogue, one with a hostile name, and others.
fn sites(all: u64) -> Sites {
    let place = |code: &str, label: &str, sent: u64| SitePlace {
        standing: Standing::Reported,
        age: "fresh".to_owned(),
        candidates: country(code).into_iter().collect(),
        label: label.to_owned(),
        asn: Some(24_940),
        as_name: Some("Hetzner Online GmbH".to_owned()),
        operator: Some("Hetzner Online GmbH".to_owned()),
        jurisdiction: country("DE"),
        bytes: 4 * sent,
        sent,
        received: 3 * sent,
    };
    let site = |domain: &str, names: &[&str], places: Vec<SitePlace>| {
        let of = |figure: fn(&SitePlace) -> u64| places.iter().map(figure).sum::<u64>();
        let bytes = of(|place| place.bytes);
        Site {
            domain: domain.to_owned(),
            bytes,
            share: bytes as f64 / all.max(1) as f64,
            sent: of(|place| place.sent),
            received: of(|place| place.received),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            names_total: names.len() as u64,
            name_source: "tls-sni".to_owned(),
            first_frame: ("phone-taipei.pcapng".to_owned(), 511),
            places,
        }
    };
    let shop = vec![place("DE", "Germany", 8_100), place("FI", "Finland", 900)];
    Sites {
        listed: vec![
            site("shop.example", &["www.shop.example", "img.shop.example"], shop),
            site(HOSTILE_NAME, &[HOSTILE_NAME], vec![place("DE", "Germany", 310)]),
        ],
        more: 3,
        more_bytes: 1_204,
        not_kept_bytes: 0,
    }
}

/// Sums up the parts so that all bytes are accounted for.
pub(crate) fn finish(
    mut apps: Vec<AppRoutes>,
    unattributed: Vec<Remainder>,
    unattributed_routes: Vec<Destination>,
    local: Vec<Remainder>,
    not_ip: Vec<Remainder>,
) -> Report {
    let rest = || unattributed.iter().chain(&local).chain(&not_ip);
    let bytes = apps.iter().map(|app| app.traffic.bytes()).chain(rest().map(|rest| rest.bytes)).sum::<u64>();
    for app in &mut apps {
        app.share = app.traffic.bytes() as f64 / bytes.max(1) as f64;
    }
    let mut all = tally(&unattributed_routes);
    apps.iter().for_each(|app| all.merge(&tally(&app.destinations)));
    let apps_in = |country: Country| {
        let is_there = |app: &&AppRoutes| app.shares.sent.countries.iter().any(|line| line.key == country.code());
        apps.iter().filter(is_there).map(|app| (app.id.clone(), app.traffic.bytes())).collect()
    };
    let line = |(country, sent, received): (Country, ShareLine, ShareLine)| CountryLine {
        country,
        label: sent.label.clone(),
        sent,
        received,
        apps: apps_in(country),
    };
    let countries: Vec<CountryLine> = all.countries().into_iter().map(line).collect();
    let frames = 48_213;
    Report {
        schema: SCHEMA,
        generator: Generator {
            name: "whither".to_owned(),
            version: "0.1.0".to_owned(),
            command: "whither map phone-taipei.pcapng --from Taipei".to_owned(),
        },
        captures: vec![CaptureSummary {
            name: "phone-taipei.pcapng".to_owned(),
            format: "pcapng (zstd)".to_owned(),
            frames,
            bytes,
            defect: Some(Defect {
                capture: "phone-taipei.pcapng".to_owned(),
                offset: 31_002_114,
                frame: 48_214,
                what: "record ends after 12 of 1,440 bytes".to_owned(),
            }),
        }],
        frames,
        bytes,
        first_seen: Some("2026-06-14T08:12:01.000000000Z".to_owned()),
        last_seen: Some("2026-06-14T08:24:42.000000000Z".to_owned()),
        duration_ns: 761_000_000_000,
        vantage: Some(VantageLine {
            label: "Taipei, TW".to_owned(),
            latitude: 25.04,
            longitude: 121.56,
            radius_km: 25.0,
        }),
        devices: vec!["192.168.1.23".to_owned()],
        databases: vec![
            DatabaseInfo {
                name: "DB-IP".to_owned(),
                date: "2026-06".to_owned(),
                used_for: "location".to_owned(),
                attribution: "IP Geolocation by DB-IP, https://db-ip.com, CC BY 4.0".to_owned(),
            },
            DatabaseInfo {
                name: "NRO".to_owned(),
                date: "2026-06-17".to_owned(),
                used_for: "registration of address blocks".to_owned(),
                attribution: "NRO extended delegated statistics".to_owned(),
            },
            DatabaseInfo {
                name: "RouteViews".to_owned(),
                date: "2026-06-17".to_owned(),
                used_for: "origin AS".to_owned(),
                attribution: "University of Oregon RouteViews project".to_owned(),
            },
        ],
        catalogue_apps: 224,
        jurisdiction_rule: JURISDICTION_RULE.to_owned(),
        shares: all.shares("All traffic", None),
        physics: PhysicsLine {
            state: "on".to_owned(),
            says: "Round trips are held against a phone in Taipei, TW.".to_owned(),
            limits: Vec::new(),
        },
        tables: TablesAge { gap_months: 1, is_capture_older: false, is_stale: false, is_ignored: false },
        apps,
        unattributed,
        unattributed_shares: tally(&unattributed_routes).shares("Traffic of no app", None),
        unattributed_routes,
        sites: sites(bytes),
        local,
        not_ip,
        left_out: Vec::new(),
        countries,
        transfers: None,
        redaction: None,
        paths: Vec::new(),
        notes: vec!["12 packets were cut short by the capture; names in them may be missing".to_owned()],
    }
}
