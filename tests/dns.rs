//! Our reader of DNS against the crate `domain`: both give the same name asked for and the same addresses in the same
//! messages, whole or cut short.

use domain::base::iana::{Class, Opcode, Rtype};
use domain::base::message::Section;
use domain::base::name::ParsedName;
use domain::base::{Message, ParsedRecord};
use domain::rdata::svcb::value::AllValues;
use domain::rdata::{A, Aaaa, Cname, Https, Ns, Ptr, Svcb};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use whither::name::table::DATAGRAM_READERS;
use whither::name::{Answer, Datagram, NameSource, Reading};

/// What a message says: the name asked for, and the addresses given for names.
type Said = (Option<String>, Vec<Answer>);

/// What our reader says of a message; `None` where it is not DNS.
fn ours(bytes: &[u8]) -> Option<Said> {
    let datagram = Datagram { payload: bytes, source_port: 53, destination_port: 50_000 };
    let reader = DATAGRAM_READERS.iter().find(|reader| (reader.starts)(&datagram))?;
    let Reading::Done { findings, .. } = (reader.read)(&[datagram]) else { return None };
    Some((findings.names.first().map(|found| found.name.to_string()), findings.answers))
}

type Name<'a> = ParsedName<&'a [u8]>;

/// What `domain` says of a message.
fn theirs(bytes: &[u8]) -> Option<Said> {
    let message = Message::from_slice(bytes).ok()?;
    let mut questions = message.question();
    let Some(Ok(question)) = questions.next() else { return Some((None, Vec::new())) };
    let asked = *question.qname();
    let asks = message.header().opcode() == Opcode::QUERY;
    let name = asks.then(|| without_service_labels(&text(&asked)).to_owned()).filter(|name| !name.is_empty());
    if !message.header().qr() {
        return Some((name, Vec::new()));
    }
    // A message that is cut short ends with an error.
    let all: Vec<_> = message.iter().map_while(Result::ok).collect();
    let all: Vec<_> = all.iter().filter(|(record, _)| record.class() == Class::IN).collect();
    let records: Vec<_> = all.iter().map(|(record, _)| record).collect();
    let chain = chain(asked, &records);
    // An answer is believed if it was asked for, and what stands beside it if a record before it points to its owner.
    let is_believed = |at: usize| {
        let (record, section) = &all[at];
        chain.contains(&record.owner())
            || (*section != Section::Answer && records[..at].iter().any(|other| target(other) == Some(record.owner())))
    };
    let answers = (0..all.len()).filter(|&at| is_believed(at)).flat_map(|at| answers(records[at], &chain)).collect();
    Some((name, answers))
}

/// The name that a record points to.
fn target<'a>(record: &ParsedRecord<'a, [u8]>) -> Option<Name<'a>> {
    match record.rtype() {
        Rtype::NS => record.to_record::<Ns<Name<'a>>>().ok()?.map(|record| *record.data().nsdname()),
        Rtype::HTTPS => record.to_record::<Https<&[u8], Name<'a>>>().ok()?.map(|record| *record.data().target()),
        Rtype::SVCB => record.to_record::<Svcb<&[u8], Name<'a>>>().ok()?.map(|record| *record.data().target()),
        _ => None,
    }
}

/// The name asked for, and those that the aliases lead to.
fn chain<'a>(asked: Name<'a>, records: &[&ParsedRecord<'a, [u8]>]) -> Vec<Name<'a>> {
    let aliases: Vec<_> = records.iter().filter_map(|record| record.to_record::<Cname<Name<'a>>>().ok()?).collect();
    let mut chain = vec![asked];
    let mut at = 0;
    while let Some(link) = chain.get(at).copied() {
        at += 1;
        let targets = aliases.iter().filter(|alias| *alias.owner() == link).map(|alias| *alias.data().cname());
        for target in targets {
            if chain.len() <= 16 && !chain.contains(&target) {
                chain.push(target);
            }
        }
    }
    chain
}

/// The answers in a record.
fn answers<'a>(record: &ParsedRecord<'a, [u8]>, chain: &[Name<'a>]) -> Vec<Answer> {
    let place = chain.iter().position(|link| *link == record.owner());
    let owner = text(&place.map_or_else(|| record.owner(), |_| chain[0]));
    let canonical = matches!(place, Some(1..)).then(|| text(&record.owner()));
    let answer = |name: &str, canonical: Option<String>, address, source| {
        let (name, canonical): (Box<str>, _) = (name.into(), canonical.map(String::into_boxed_str));
        (!name.is_empty()).then_some(Answer { name, canonical, address, source })
    };
    let service = |priority: u16, target: &Name<'_>, hints: Vec<IpAddr>| {
        let target = Some(text(target)).filter(|target| !target.is_empty());
        let hints = if priority == 0 { Vec::new() } else { hints };
        let name = without_service_labels(&owner);
        let of = |hint| answer(name, target.clone().or(canonical.clone()), hint, NameSource::Dns);
        hints.into_iter().filter_map(of).collect()
    };
    match record.rtype() {
        Rtype::A => match record.to_record::<A>() {
            Ok(Some(record)) => {
                answer(&owner, canonical, record.data().addr().into(), NameSource::Dns).into_iter().collect()
            }
            _ => Vec::new(),
        },
        Rtype::AAAA => match record.to_record::<Aaaa>() {
            Ok(Some(record)) => {
                answer(&owner, canonical, record.data().addr().into(), NameSource::Dns).into_iter().collect()
            }
            _ => Vec::new(),
        },
        Rtype::PTR => match (record.to_record::<Ptr<Name<'_>>>(), reversed_address(&owner)) {
            (Ok(Some(record)), Some(address)) => {
                answer(&text(record.data().ptrdname()), None, address, NameSource::DnsReverse).into_iter().collect()
            }
            _ => Vec::new(),
        },
        Rtype::HTTPS => match record.to_record::<Https<&[u8], Name<'_>>>() {
            Ok(Some(record)) => {
                let data = record.data();
                service(data.priority(), data.target(), hints(data.params().iter_all()))
            }
            _ => Vec::new(),
        },
        Rtype::SVCB => match record.to_record::<Svcb<&[u8], Name<'_>>>() {
            Ok(Some(record)) => {
                let data = record.data();
                service(data.priority(), data.target(), hints(data.params().iter_all()))
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The addresses among the parameters of a service.
fn hints<'a, E>(values: impl Iterator<Item = Result<AllValues<&'a [u8]>, E>>) -> Vec<IpAddr> {
    let of = |value: Result<AllValues<&'a [u8]>, E>| match value {
        Ok(AllValues::Ipv4Hint(hints)) => hints.iter().map(IpAddr::V4).collect(),
        Ok(AllValues::Ipv6Hint(hints)) => hints.iter().map(IpAddr::V6).collect(),
        _ => Vec::new(),
    };
    values.flat_map(of).collect()
}

/// A name in lower case, as `domain` writes it.
fn text(name: &Name<'_>) -> String {
    name.to_string().to_ascii_lowercase()
}

fn without_service_labels(name: &str) -> &str {
    match name.split_once('.') {
        Some((label, rest)) if label.starts_with('_') => without_service_labels(rest),
        _ => name,
    }
}

/// The address that a name of a reverse lookup stands for.
fn reversed_address(name: &str) -> Option<IpAddr> {
    let octets: Vec<u8> =
        name.strip_suffix(".in-addr.arpa")?.rsplit('.').map(|label| label.parse().ok()).collect::<Option<_>>()?;
    Some(<[u8; 4]>::try_from(octets).ok()?.into())
}

/// The labels of a name.
type Labels = Vec<Vec<u8>>;

fn labels(name: &str) -> Labels {
    name.split('.').map(|label| label.as_bytes().to_vec()).collect()
}

/// A name out of few, so that records of one message have names in common; sometimes one of odd bytes.
fn name() -> impl Strategy<Value = Labels> {
    let few = ["www.example.com", "WWW.Example.com", "cdn.example.com", "example.com", "com", "edge.cdn.example"];
    let service =
        ["_8443._https.www.example.com", "_dns.example.com", "7.113.0.203.in-addr.arpa", "113.0.203.in-addr.arpa"];
    let odd = prop::collection::vec(
        prop::collection::vec(
            any::<u8>()
                .prop_filter("bytes that both write alike", |byte| *byte != b' ' && *byte != b'.' && *byte != b'_'),
            1..9,
        ),
        0..4,
    );
    prop_oneof![
        6 => prop::sample::select(few.to_vec()).prop_map(labels),
        2 => prop::sample::select(service.to_vec()).prop_map(labels),
        1 => odd,
    ]
}

/// The data of a record.
#[derive(Clone, Debug)]
enum Data {
    Address(IpAddr),
    Alias(Labels),
    Reverse(Labels),
    Service {
        is_https: bool,
        priority: u16,
        target: Labels,
        hints: (Vec<Ipv4Addr>, Vec<Ipv6Addr>),
    },
    /// Anything of a type that nobody asks for, or of a length that is wrong for the type.
    Other {
        kind: u16,
        bytes: Vec<u8>,
    },
}

fn data() -> impl Strategy<Value = Data> {
    let hints = (prop::collection::vec(any::<Ipv4Addr>(), 0..4), prop::collection::vec(any::<Ipv6Addr>(), 0..4));
    let target = prop_oneof![Just(Vec::new()), name()];
    prop_oneof![
        4 => any::<Ipv4Addr>().prop_map(|address| Data::Address(address.into())),
        3 => any::<Ipv6Addr>().prop_map(|address| Data::Address(address.into())),
        4 => name().prop_map(Data::Alias),
        2 => name().prop_map(Data::Reverse),
        2 => (any::<bool>(), 0_u16..3, target, hints)
            .prop_map(|(is_https, priority, target, hints)| Data::Service { is_https, priority, target, hints }),
        1 => (prop::sample::select(vec![1_u16, 28, 2, 16, 41, 47]), prop::collection::vec(any::<u8>(), 0..9))
            .prop_filter("an address of the right length is no other", |(kind, bytes)| *kind != 1 || bytes.len() != 4)
            .prop_map(|(kind, bytes)| Data::Other { kind, bytes }),
    ]
}

/// A message in the making.
struct Writer {
    bytes: Vec<u8>,
    /// Where each name that is written ends in which labels; a later one may point there.
    known: Vec<(Labels, usize)>,
    compresses: bool,
}

impl Writer {
    fn name(&mut self, labels: &[Vec<u8>]) {
        for (index, label) in labels.iter().enumerate() {
            let rest = &labels[index..];
            if let Some((_, at)) = self.known.iter().find(|(known, _)| self.compresses && known == rest) {
                self.bytes.extend((0xc000 | *at as u16).to_be_bytes());
                return;
            }
            self.known.push((rest.to_vec(), self.bytes.len()));
            self.bytes.push(label.len() as u8);
            self.bytes.extend(label);
        }
        self.bytes.push(0);
    }

    fn u16(&mut self, value: u16) {
        self.bytes.extend(value.to_be_bytes());
    }

    /// A record; `kind`, `class` and the data with their length.
    fn record(&mut self, owner: &[Vec<u8>], class: u16, data: &Data) {
        self.name(owner);
        let kind = match data {
            Data::Address(IpAddr::V4(_)) => 1,
            Data::Address(IpAddr::V6(_)) => 28,
            Data::Alias(_) => 5,
            Data::Reverse(_) => 12,
            Data::Service { is_https, .. } => 64 + u16::from(*is_https),
            Data::Other { kind, .. } => *kind,
        };
        self.u16(kind);
        self.u16(class);
        self.bytes.extend([0, 0, 0, 60]);
        let length_at = self.bytes.len();
        self.u16(0);
        match data {
            Data::Address(IpAddr::V4(address)) => self.bytes.extend(address.octets()),
            Data::Address(IpAddr::V6(address)) => self.bytes.extend(address.octets()),
            Data::Alias(name) | Data::Reverse(name) => self.name(name),
            Data::Service { priority, target, hints, .. } => {
                self.u16(*priority);
                // RFC 9460 §2.2: the target is not compressed.
                let compresses = std::mem::replace(&mut self.compresses, false);
                self.name(target);
                self.compresses = compresses;
                self.bytes.extend([0, 1, 0, 3, 2, b'h', b'2']);
                for (key, octets) in [
                    (4, hints.0.iter().flat_map(Ipv4Addr::octets).collect::<Vec<_>>()),
                    (6, hints.1.iter().flat_map(Ipv6Addr::octets).collect()),
                ] {
                    if !octets.is_empty() {
                        self.u16(key);
                        self.u16(octets.len() as u16);
                        self.bytes.extend(octets);
                    }
                }
            }
            Data::Other { bytes, .. } => self.bytes.extend(bytes),
        }
        let length = (self.bytes.len() - length_at - 2) as u16;
        self.bytes[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_message_says_the_same_to_both(
        flags in prop::sample::select(vec![0x8180_u16, 0x8180, 0x8180, 0x0100, 0x8183, 0xa800]),
        question in name(),
        records in prop::collection::vec((name(), prop::sample::select(vec![1_u16, 1, 1, 3]), data()), 0..12),
        compresses: bool,
        parts in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        kept in prop::option::of(any::<prop::sample::Index>()),
    ) {
        // Queries have no answers.
        let count = if flags & 0x8000 == 0 { 0 } else { records.len() };
        let mut ends = [parts.0.index(count + 1), parts.1.index(count + 1)];
        ends.sort_unstable();
        let mut writer = Writer { bytes: vec![0x12, 0x34], known: Vec::new(), compresses };
        for field in [flags, 1, ends[0] as u16, (ends[1] - ends[0]) as u16, (count - ends[1]) as u16] {
            writer.u16(field);
        }
        writer.name(&question);
        writer.u16(1);
        writer.u16(1);
        for (owner, class, data) in records.iter().take(count) {
            writer.record(owner, *class, data);
        }
        let mut bytes = writer.bytes;
        // A header that is cut short is not DNS to either.
        bytes.truncate(kept.map_or(bytes.len(), |kept| kept.index(bytes.len())));
        prop_assert_eq!(ours(&bytes), theirs(&bytes));
    }
}
