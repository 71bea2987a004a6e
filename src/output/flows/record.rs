//! One flow, its place and its app as the flow record that leaves the program.

use super::community_id::CommunityId;
use crate::app::{Claim, Party};
use crate::capture::owner::Owner;
use crate::flow::{Doubt, Flow, Name};
use crate::name::{Alpn, encrypted_resolver};
use crate::output::units;
use crate::packet::TunnelPath;
use crate::place::Country;
use crate::route::{Exchange, Observed};
use crate::standing::Judged;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use std::net::IpAddr;

/// What a CSV cell can hold as JSON.
pub(super) use serde::Serialize as Json;

/// A flow record. The field names are stable; new ones may be added.
#[derive(Clone, Debug, Serialize)]
pub struct FlowRecord<'a> {
    /// Capture as the user named it.
    pub capture: &'a str,
    /// Frame number of the first packet, as Wireshark counts.
    pub first_frame: u64,
    /// Time of the first packet.
    pub first_seen: Time,
    /// Time of the last packet.
    pub last_seen: Time,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `sctp`, or the number as text.
    pub protocol: Protocol,
    /// Who opened it.
    pub client_ip: IpAddr,
    /// Port of the client.
    pub client_port: Option<u16>,
    /// Who answered.
    pub server_ip: IpAddr,
    /// Port of the server.
    pub server_port: Option<u16>,
    /// Client to server.
    pub packets_up: u64,
    /// Server to client.
    pub packets_down: u64,
    /// Frame lengths on the wire, client to server.
    pub bytes_up: u64,
    /// Frame lengths on the wire, server to client.
    pub bytes_down: u64,
    /// Transport payload, client to server.
    pub payload_up: u64,
    /// Transport payload, server to client.
    pub payload_down: u64,
    /// Application protocol.
    pub application: Option<&'a str>,
    /// The chosen name.
    pub server_name: Option<&'a str>,
    /// Where it was found.
    pub name_source: Option<&'static str>,
    /// The frame that completed it.
    pub name_frame: Option<u64>,
    /// All names.
    pub names: Names<'a>,
    /// ALPN protocols offered.
    pub alpn: &'a Alpn,
    /// `grease`, `likely`, `confirmed`, `esni`.
    pub ech: Option<&'static str>,
    /// `doh`, `dot`, `doq`: a resolver whose answers are encrypted.
    pub resolver: Option<&'static str>,
    /// Organisation of the server's certificate, where there was no server name.
    pub certificate_organisation: Option<&'a str>,
    /// Its country.
    pub certificate_country: Option<&'a str>,
    /// Catalogue id, or the owner's own name.
    pub app: Option<&'a str>,
    /// What that rests on.
    pub app_evidence: Option<&'static str>,
    /// The rule that matched.
    pub app_rule: Option<&'a str>,
    /// The frame that showed it.
    pub app_frame: Option<u64>,
    /// Competing claims, strongest first.
    pub app_others: Claims<'a>,
    /// Shared service (SDK, CDN, cloud, …) whose name the flow carries: never credited to an app.
    pub service: Option<&'a str>,
    /// Whose service the server is, seen from the app.
    pub party: Option<Party>,
    /// Process or app as the capture named it.
    pub owner: Option<&'a Owner>,
    /// The country, where one is confirmed or reported and no other.
    pub country: Option<Country>,
    /// City by a database that names this country; no source checks it.
    pub city: Option<&'a str>,
    /// Degrees north.
    pub latitude: Option<f32>,
    /// Degrees east.
    pub longitude: Option<f32>,
    /// Where the address block is registered.
    pub registered_country: Option<Country>,
    /// Origin AS.
    pub asn: Option<u32>,
    /// Its name.
    pub as_name: Option<&'a str>,
    /// Where it is registered.
    pub as_country: Option<Country>,
    /// Who runs the network.
    pub operator: Option<&'a str>,
    /// Home jurisdiction of the operator.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: &'a [Country],
    /// Known anycast.
    pub anycast: bool,
    /// Smallest handshake round trip in milliseconds.
    pub rtt_ms: Option<f64>,
    /// How it was measured.
    pub rtt_source: Option<&'static str>,
    /// What may be said of the country: `confirmed`, `reported`, `disputed`, or why there is none.
    pub standing: &'static str,
    /// The countries that the server may be in.
    pub candidates: &'a [Country],
    /// `fresh`, `stale` (every database that names a country is too far from the flow in time), `ignored` (`--ignore-age`).
    pub age: &'static str,
    /// `answered`, `tried`, `person`: how the other end took part.
    pub exchange: Exchange,
    /// Encapsulations, outermost first.
    pub tunnel: Tunnel,
    /// Which client it was, by its hello (JA4).
    pub ja4: Option<&'a str>,
    /// Community ID of version 1, with the seed 0.
    pub community_id: Option<CommunityId>,
}

impl<'a> FlowRecord<'a> {
    /// The record of a flow. `capture` is the name of the capture its first frame lies in.
    /// `judged` is what may be said of the end that is located.
    pub fn new(observed: &Observed<'a>, capture: &'a str, judged: &'a Judged) -> Self {
        let &Observed { flow, place, attribution, .. } = observed;
        let name = flow.name();
        let chosen = attribution.chosen.as_ref();
        let country = match judged.candidates.as_slice() {
            [country] => Some(*country),
            _ => None,
        };
        // City and coordinates are of the country that is named.
        let located = (country.is_some() && place.country == country).then_some(&**place);
        let coordinates = located.and_then(|place| place.coordinates);
        Self {
            capture,
            first_frame: flow.first_frame.number(),
            first_seen: Time::new(flow.first_seen_ns),
            last_seen: Time::new(flow.last_seen_ns),
            protocol: Protocol::new(flow.protocol),
            client_ip: flow.client_ip,
            client_port: flow.client_port,
            server_ip: flow.server_ip,
            server_port: flow.server_port,
            packets_up: flow.up.packets,
            packets_down: flow.down.packets,
            bytes_up: flow.up.bytes,
            bytes_down: flow.down.bytes,
            payload_up: flow.up.payload,
            payload_down: flow.down.payload,
            application: flow.application.map(|application| application.0),
            server_name: name.map(|name| &*name.name),
            name_source: name.map(|name| name.source.word()),
            name_frame: name.map(|name| name.frame.number()),
            names: Names { names: &flow.names, has_frames: true },
            alpn: &flow.alpn,
            ech: flow.ech.map(|ech| ech.word()),
            resolver: resolver(flow),
            certificate_organisation: flow.certificate.as_ref().and_then(|subject| subject.organisation.as_deref()),
            certificate_country: flow.certificate.as_ref().and_then(|subject| subject.country.as_deref()),
            app: chosen.map(|claim| &*claim.app),
            app_evidence: chosen.map(|claim| claim.kind.word()),
            app_rule: chosen.map(|claim| &*claim.rule),
            app_frame: chosen.map(|claim| claim.frame.number()),
            app_others: Claims { claims: &attribution.others, has_frames: true },
            service: attribution.service.as_deref(),
            party: attribution.party,
            owner: flow.owner.as_ref().map(|evidence| &*evidence.owner),
            country,
            city: located.and_then(|place| place.city.as_deref()),
            latitude: coordinates.map(|(latitude, _)| latitude),
            longitude: coordinates.map(|(_, longitude)| longitude),
            registered_country: place.registered_country,
            asn: place.asn,
            as_name: place.as_name.as_deref(),
            as_country: place.as_country,
            operator: place.operator.as_deref(),
            jurisdiction: place.jurisdiction,
            also: &place.also,
            anycast: place.is_anycast,
            rtt_ms: flow.rtt.map(|rtt| rtt.ns as f64 / 1e6),
            rtt_source: flow.rtt.map(|rtt| rtt.source.word()),
            standing: judged.standing.id(),
            candidates: &judged.candidates,
            age: judged.age(),
            exchange: observed.exchange(),
            tunnel: Tunnel(flow.tunnel),
            ja4: flow.ja4.as_deref(),
            community_id: CommunityId::of(flow),
        }
    }

    /// Leaves out the numbers of frames: 0, which no frame has, stands for them.
    pub(super) fn leave_frames_out(&mut self) {
        (self.first_frame, self.name_frame, self.app_frame) = (0, None, None);
        (self.names.has_frames, self.app_others.has_frames) = (false, false);
    }
}

/// The encrypted protocol of a resolver, where the server is one: why other flows of this client may lack their names.
fn resolver(flow: &Flow) -> Option<&'static str> {
    let is_encrypted = matches!(flow.application.map(|application| application.0), Some("tls" | "quic" | "dtls"));
    let name = flow.name().map(|name| &*name.name);
    is_encrypted.then(|| encrypted_resolver(name, flow.server_port.unwrap_or(0), &flow.alpn)).flatten()
}

/// A time as RFC 3339 in UTC with nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Time([u8; units::TIME_LENGTH]);

impl Time {
    fn new(ns: i64) -> Self {
        Self(units::time(ns))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An IP protocol as a word, or its number as text where records have no word for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocol {
    text: [u8; 6],
    length: u8,
}

impl Protocol {
    fn new(number: u8) -> Self {
        // IANA protocol numbers.
        let word: &[u8] = match number {
            1 => b"icmp",
            6 => b"tcp",
            17 => b"udp",
            58 => b"icmpv6",
            132 => b"sctp",
            other => {
                let digits = [other / 100 + b'0', other / 10 % 10 + b'0', other % 10 + b'0'];
                let skipped = if other >= 100 {
                    0
                } else if other >= 10 {
                    1
                } else {
                    2
                };
                return Self::of(digits.get(skipped..).unwrap_or_default());
            }
        };
        Self::of(word)
    }

    fn of(word: &[u8]) -> Self {
        let mut text = [0; 6];
        for (slot, byte) in text.iter_mut().zip(word) {
            *slot = *byte;
        }
        Self { text, length: word.len().min(6) as u8 }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.text.get(..usize::from(self.length)).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// All names of a flow: objects of `name`, `source`, `frame` and, where there is one, `doubt`.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    names: &'a [Name],
    has_frames: bool,
}

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names.iter().map(|name| NameRecord(name, self.has_frames)))
    }
}

struct NameRecord<'a>(&'a Name, bool);

impl Serialize for NameRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let doubt = self.0.doubt.map(Doubt::word);
        let mut object = serializer.serialize_struct("Name", 3 + usize::from(doubt.is_some()))?;
        object.serialize_field("name", &*self.0.name)?;
        object.serialize_field("source", self.0.source.word())?;
        object.serialize_field("frame", &if self.1 { self.0.frame.number() } else { 0 })?;
        if let Some(doubt) = doubt {
            object.serialize_field("doubt", doubt)?;
        }
        object.end()
    }
}

/// Claims about a flow's app: objects of `app`, `evidence`, `rule` and `frame`.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    claims: &'a [Claim],
    has_frames: bool,
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.claims.iter().map(|claim| ClaimRecord(claim, self.has_frames)))
    }
}

struct ClaimRecord<'a>(&'a Claim, bool);

impl Serialize for ClaimRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Claim", 4)?;
        object.serialize_field("app", &*self.0.app)?;
        object.serialize_field("evidence", self.0.kind.word())?;
        object.serialize_field("rule", &*self.0.rule)?;
        object.serialize_field("frame", &if self.1 { self.0.frame.number() } else { 0 })?;
        object.end()
    }
}

/// The encapsulations around a flow, outermost first.
#[derive(Clone, Copy, Debug)]
pub struct Tunnel(TunnelPath);

impl Serialize for Tunnel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for encapsulation in self.0.iter() {
            list.serialize_element(encapsulation.name())?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FORMATS, csv::COLUMNS};
    use super::*;
    use crate::app::{Attribution, EvidenceKind};
    use crate::capture::FrameId;
    use crate::capture::owner::OwnerFormat;
    use crate::flow::{Answered, Counters, Ech, OwnerEvidence, Rtt, RttSource};
    use crate::name::{Application, NameSource};
    use crate::packet::Encapsulation;
    use crate::place::Place;
    use crate::standing::Standing;
    use std::sync::Arc;

    fn flow() -> Flow {
        let mut owner = Owner::new(OwnerFormat::Pcapdroid);
        owner.name = Some("WeChat".into());
        owner.package = Some("com.tencent.mm".into());
        owner.uid = Some(10_123);
        Flow {
            first_frame: FrameId::new(0, 109),
            first_seen_ns: 1_781_424_721_103_452_000,
            last_seen_ns: 1_781_424_800_000_000_001,
            protocol: 6,
            client_ip: "192.168.1.23".parse().unwrap(),
            client_port: Some(51_034),
            server_ip: "203.205.254.7".parse().unwrap(),
            server_port: Some(443),
            icmp: None,
            up: Counters { packets: 12, bytes: 3_411, payload: 2_600 },
            down: Counters { packets: 14, bytes: 9_001, payload: 8_100 },
            application: Some(Application("tls")),
            names: smallvec::smallvec![
                Name {
                    source: NameSource::TlsSni,
                    frame: FrameId::new(0, 111),
                    name: "long.weixin.qq.com".into(),
                    doubt: None
                },
                Name {
                    source: NameSource::Dns,
                    frame: FrameId::new(0, 89),
                    name: "=weixin\",qq.com".into(),
                    doubt: None
                },
            ],
            alpn: ["h2", "http/1.1"].into_iter().collect(),
            ech_offer: None,
            ech: Some(Ech::Grease),
            ja4: Some("t13d1516h2_8daaf6152771_e5627efa2ab1".into()),
            certificate: None,
            rtt: Some(Rtt { ns: 31_042_117, source: RttSource::TcpHandshake }),
            round_trips: None,
            syn_ack: None,
            answered: Answered::Yes,
            is_call_media: false,
            owner: Some(Box::new(OwnerEvidence {
                owner: Arc::new(owner),
                votes: 26,
                votes_total: 26,
                frame: FrameId::new(0, 109),
                others: Vec::new(),
                left_out: 0,
            })),
            client_head: None,
            server_head: None,
            tunnel: TunnelPath::NONE.entered(Encapsulation::Gre).unwrap(),
            translated: None,
            is_in_tunnel: false,
            is_doubled: false,
        }
    }

    fn place() -> Place {
        Place {
            country: Country::new("HK"),
            city: Some("Hong Kong".into()),
            coordinates: Some((22.28, 114.17)),
            registered_country: Country::new("CN"),
            asn: Some(132_203),
            as_name: Some("Tencent Building, Kejizhongyi Avenue".into()),
            as_country: Country::new("CN"),
            operator: Some("Tencent".into()),
            jurisdiction: Country::new("CN"),
            also: ["KY", "SG"].into_iter().filter_map(Country::new).collect(),
            ..Place::default()
        }
    }

    fn attribution() -> Attribution {
        Attribution {
            chosen: Some(Claim {
                app: "wechat".into(),
                kind: EvidenceKind::Name,
                rule: "domain weixin.qq.com".into(),
                frame: FrameId::new(0, 111),
            }),
            others: vec![Claim {
                app: "qq".into(),
                kind: EvidenceKind::Operator,
                rule: "AS132203".into(),
                frame: FrameId::new(0, 109),
            }],
            party: Some(Party::First),
            ..Attribution::default()
        }
    }

    fn written(format: &str, flow: &Flow, place: &Place, attribution: &Attribution) -> String {
        let mut writer = (super::super::format(format).unwrap().writer)();
        let mut out = Vec::new();
        writer.header(&mut out);
        let (peer, place) = (flow.server_ip, &Arc::new(place.clone()));
        let judged = Judged {
            standing: Standing::Reported,
            candidates: place.country.filter(|_| !place.is_anycast).into_iter().collect(),
            ..Judged::default()
        };
        let observed = Observed { flow, peer, place, attribution };
        writer.record(&FlowRecord::new(&observed, "phone.pcapng", &judged), &mut out);
        writer.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn full_record() {
        insta::assert_snapshot!("flow_ndjson", written("ndjson", &flow(), &place(), &attribution()));
        insta::assert_snapshot!("flow_csv", written("csv", &flow(), &place(), &attribution()).replace("\r\n", "\n"));
    }

    #[test]
    fn bare_record_has_nulls_and_anycast_has_no_place() {
        let bare = Flow {
            protocol: 47,
            client_port: None,
            server_port: None,
            application: None,
            names: smallvec::SmallVec::new(),
            alpn: Alpn::NONE,
            ech: None,
            rtt: None,
            owner: None,
            tunnel: TunnelPath::NONE,
            ..flow()
        };
        let anycast = Place { is_anycast: true, ..place() };
        let line = written("ndjson", &bare, &anycast, &Attribution::default());
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        for field in ["client_port", "server_name", "owner", "app", "country", "city", "latitude", "rtt_ms", "ech"] {
            assert!(value[field].is_null(), "{field}");
        }
        assert_eq!((&value["protocol"], &value["anycast"]), (&"47".into(), &true.into()));
        assert_eq!((&value["tunnel"], &value["asn"]), (&serde_json::json!([]), &132_203.into()));
    }

    #[test]
    fn columns_are_the_fields_in_order() {
        let line = written("ndjson", &flow(), &place(), &attribution());
        let mut from = 0;
        for column in COLUMNS {
            let at = line[from..].find(&format!("\"{column}\":")).unwrap_or_else(|| panic!("{column}"));
            from += at;
        }
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value.as_object().unwrap().len(), COLUMNS.len());
        assert!(FORMATS.len() >= 2);
    }

    #[test]
    fn protocols_without_a_word_are_numbers() {
        let words: Vec<_> =
            [0, 1, 6, 9, 17, 50, 58, 132, 255].map(Protocol::new).iter().map(|p| p.as_str().to_owned()).collect();
        assert_eq!(words, ["0", "icmp", "tcp", "9", "udp", "50", "icmpv6", "sctp", "255"]);
    }

    #[test]
    fn hostile_names_stay_inside_their_cell() {
        let mut hostile = flow();
        hostile.names[0].name = "a\r\nb,\"c\u{202e}".into();
        let text = written("csv", &hostile, &place(), &attribution());
        assert_eq!(text.matches("\r\n").count(), 2);
        assert!(text.contains("\"a\\u{d}\\u{a}b,\"\"c\\u{202e}\""));
    }

    /// The literals for DuckDB and Polars in docs/flow-record.md name every field, in order.
    #[test]
    fn types_in_the_documentation_are_those_of_the_fields() {
        let text = include_str!("../../../docs/flow-record.md");
        let between = |start: &str, end: &str| text.split_once(start).unwrap().1.split_once(end).unwrap().0;
        let names = |part: &str| -> Vec<String> {
            let lines = part.lines().filter_map(|line| line.trim().split_once(": "));
            lines.map(|(name, _)| name.trim_matches('"').to_owned()).collect()
        };
        assert_eq!(names(between("columns = {\n", "\n})")), COLUMNS);
        assert_eq!(names(between("schema={\n", "\n})")), COLUMNS);
    }
}
