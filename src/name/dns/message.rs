//! Turns a DNS message into the addresses and ECH configurations it gives for names (RFC 1035 §4, RFC 9460).
//!
//! The records are walked twice. The first walk notes where the records are, and the second follows the CNAME chain from the
//! question. Names become text only for the records that are kept. Only what was asked for is believed (RFC 2181 §5.4.1, RFC 5452
//! §6): an answer must be for the question's name or an alias of it, and an additional address for a name that a record before it
//! points to.

use super::{name, svcb};
use crate::name::findings::{Answer, EchConfig, Findings};
use crate::name::source::NameSource;
use crate::name::wire::{u16_at, u32_at};
use foldhash::fast::RandomState;
use smallvec::SmallVec;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Length of the header (RFC 1035 §4.1.1). The name of the first question begins after it.
pub(super) const HEADER_LENGTH: usize = 12;

/// Records that are read of one message. A datagram of 1,232 bytes holds about 75 addresses, and zone transfers are not of
/// interest.
const RECORD_LIMIT: usize = 256;

/// CNAMEs that are followed. Resolvers give up after 8 to 16.
const CHAIN_LIMIT: usize = 16;

/// Records before an additional one that are looked at for its name: as many as a datagram holds.
const TARGET_LIMIT: usize = 64;

/// Questions that a message may have to be read. Only multicast DNS has more than one, up to about 30.
const QUESTION_LIMIT: u16 = 64;

const TYPE_A: u16 = 1;
const TYPE_NS: u16 = 2;
const TYPE_CNAME: u16 = 5;
const TYPE_PTR: u16 = 12;
const TYPE_MX: u16 = 15;
const TYPE_AAAA: u16 = 28;
const TYPE_SRV: u16 = 33;
const TYPE_SVCB: u16 = 64;
const TYPE_HTTPS: u16 = 65;

const CLASS_IN: u16 = 1;

/// The name asked for, and the names that it is an alias of, with their hashes. Thanks to the hashes each of many long names is
/// read once, and not once for each link.
#[derive(Default)]
struct Chain {
    links: SmallVec<[(usize, u64); 4]>,
    hasher: RandomState,
}

impl Chain {
    fn hash(&self, message: &[u8], position: usize) -> u64 {
        name::hash(message, position, &self.hasher)
    }

    /// The index of the link that has this name.
    fn place_of(&self, message: &[u8], position: usize) -> Option<usize> {
        if let [(only, _)] = *self.links {
            return name::same(message, only, position).then_some(0);
        }
        let hash = self.hash(message, position);
        self.links.iter().position(|&(link, other)| other == hash && name::same(message, link, position))
    }
}

/// The fields of the header that are needed.
#[derive(Clone, Copy)]
pub(super) struct Header {
    flags: u16,
    /// Number of questions, answers, authority records and additional records.
    counts: [u16; 4],
}

impl Header {
    /// Reads the header. `None` if it cannot be one, which is the case for nearly all bytes that are not DNS.
    #[inline]
    pub(super) fn parse(message: &[u8], is_multicast: bool) -> Option<Self> {
        let flags = u16_at(message, 2)?;
        let counts = [u16_at(message, 4)?, u16_at(message, 6)?, u16_at(message, 8)?, u16_at(message, 10)?];
        let header = Self { flags, counts };
        let [questions, answers, authorities, additional] = counts;
        let is_sane = if is_multicast {
            header.operation() == 0 && questions <= QUESTION_LIMIT
        } else if header.is_response() {
            questions <= 1 && authorities <= 512
        } else {
            // Queries carry at most a cookie, a signature, or a few records (IXFR, UPDATE, NOTIFY).
            questions <= 1 && (answers <= 1 || header.operation() == 5) && authorities <= 64 && additional <= 64
        };
        let is_known = flags & RESERVED == 0 && matches!(header.operation(), 0 | 1 | 2 | 4 | 5 | 6);
        (is_sane && is_known && answers <= 4096 && additional <= 4096).then_some(header)
    }

    pub(super) const fn is_response(self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// Whether recursion is asked for or offered.
    pub(super) const fn has_recursion_bits(self) -> bool {
        self.flags & 0x0180 != 0
    }

    pub(super) const fn questions(self) -> u16 {
        self.counts[0]
    }

    /// The kind of query (OPCODE): query, status, notify or update.
    const fn operation(self) -> u16 {
        self.flags >> 11 & 0xf
    }
}

/// The Z bit, which must be zero (RFC 1035 §4.1.1; RFC 2535 took the two bits beside it).
const RESERVED: u16 = 0x0040;

/// The place of a record in the message.
#[derive(Clone, Copy)]
struct Record {
    owner: usize,
    kind: u16,
    data: usize,
    data_length: usize,
    /// Whether it stands in the answer section.
    is_answer: bool,
}

impl Record {
    /// Offset of the name that it points to, whose addresses may stand in the additional section (RFC 1035 §3.3, RFC 2782, RFC 9460
    /// §4.2).
    const fn target(&self) -> Option<usize> {
        match self.kind {
            TYPE_NS => Some(self.data),
            TYPE_MX | TYPE_SVCB | TYPE_HTTPS => Some(self.data + 2),
            TYPE_SRV => Some(self.data + 6),
            _ => None,
        }
    }

    /// Whether the name that it points to may end here: parameters follow that of a service, and nothing follows the others.
    const fn may_end_name_at(&self, end: usize) -> bool {
        let data_end = self.data + self.data_length;
        end == data_end || (self.is_service() && end < data_end)
    }

    /// Whether it describes a service, whose owner may name a port and a scheme.
    const fn is_service(&self) -> bool {
        matches!(self.kind, TYPE_HTTPS | TYPE_SVCB)
    }
}

/// A message whose questions were understood.
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    header: Header,
    records: SmallVec<[Record; 24]>,
    /// Whether the header announces more records than are read.
    pub(super) has_more: bool,
    /// Offset of the end of the last record that was read.
    pub(super) end: usize,
}

/// The reasons why bytes are no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoMessage {
    /// The bytes end within the question.
    CutShort,
    /// The bytes are not DNS.
    NotDns,
}

impl<'a> Message<'a> {
    /// Reads the questions, and notes the place of each record that is whole.
    pub(super) fn parse(bytes: &'a [u8], header: Header) -> Result<Self, NoMessage> {
        let mut message = Self { bytes, header, records: SmallVec::new(), has_more: false, end: HEADER_LENGTH };
        for _ in 0..header.questions() {
            message.end = question_end(bytes, message.end)?;
        }
        // Only responses carry what is looked for. The counts of a query are checked with its header.
        let announced = header.counts.iter().skip(1).map(|&count| usize::from(count)).sum::<usize>();
        message.has_more = announced > RECORD_LIMIT;
        for at in 0..announced.min(RECORD_LIMIT) {
            let is_answer = at < usize::from(header.counts[1]);
            let Some(end) = message.push_record(is_answer) else { return Ok(message) };
            message.end = end;
        }
        Ok(message)
    }

    /// Notes the record at `end`, and returns the new end; `None` if the record is cut short or malformed.
    fn push_record(&mut self, is_answer: bool) -> Option<usize> {
        let fixed = name::end(self.bytes, self.end)?;
        let kind = u16_at(self.bytes, fixed)?;
        let class = u16_at(self.bytes, fixed + 2)?;
        let _lifetime = u32_at(self.bytes, fixed + 4)?;
        let data_length = usize::from(u16_at(self.bytes, fixed + 8)?);
        let data = fixed + 10;
        let end = data + data_length;
        self.bytes.get(data..end)?;
        // Multicast DNS uses the top bit of the class to say "flush the cache" (RFC 6762 §10.2).
        let is_wanted = matches!(
            kind,
            TYPE_A | TYPE_AAAA | TYPE_CNAME | TYPE_PTR | TYPE_SVCB | TYPE_HTTPS | TYPE_NS | TYPE_MX | TYPE_SRV
        );
        if is_wanted && class & 0x7fff == CLASS_IN {
            self.records.push(Record { owner: self.end, kind, data, data_length, is_answer });
        }
        Some(end)
    }

    /// Whether the message is a response.
    pub(super) const fn is_response(&self) -> bool {
        self.header.is_response()
    }

    /// Adds the name asked for, without the labels of a port and a scheme. Messages that maintain zones ask for no name.
    pub(super) fn add_question(&self, findings: &mut Findings) {
        if self.header.questions() == 1
            && self.header.operation() == 0
            && let Some(asked) = name::text(self.bytes, HEADER_LENGTH)
        {
            findings.push_name(NameSource::DnsQuestion, without_service_labels(asked.as_str()));
        }
    }

    /// Adds the addresses and ECH configurations given for names.
    pub(super) fn add_answers(&self, findings: &mut Findings) {
        let chain = self.chain();
        let mut last = None;
        let is_tellable =
            |record: &&Record| matches!(record.kind, TYPE_A | TYPE_AAAA | TYPE_PTR | TYPE_SVCB | TYPE_HTTPS);
        for record in self.records.iter().filter(is_tellable) {
            // Records of one name mostly follow each other, with pointers to the same place.
            let owner = (name::start(self.bytes, record.owner), record.is_service(), record.is_answer);
            if last.as_ref().is_none_or(|(known, _)| *known != owner) {
                last = Some((owner, self.names_of(record, &chain)));
            }
            let Some((_, Some((owner, canonical)))) = &last else { continue };
            match record.kind {
                TYPE_A | TYPE_AAAA => {
                    if let Some(address) = self.address(record) {
                        let (name, canonical) = (owner.clone(), canonical.clone());
                        findings.answers.push(Answer { name, canonical, address, source: NameSource::Dns });
                    }
                }
                TYPE_PTR => self.add_reverse(record, owner, findings),
                TYPE_HTTPS | TYPE_SVCB => self.add_service(record, owner, canonical.clone(), findings),
                _ => {}
            }
        }
    }

    /// Adds the names of hosts that gave their own address (multicast DNS and LLMNR).
    pub(super) fn add_host_names(&self, source: NameSource, findings: &mut Findings) {
        for record in &self.records {
            if matches!(record.kind, TYPE_A | TYPE_AAAA)
                && let Some(owner) = name::text(self.bytes, record.owner)
            {
                findings.push_name(source, owner.as_str());
            }
        }
    }

    /// The name in the question, and the names that its CNAMEs lead to.
    fn chain(&self) -> Chain {
        let mut chain = Chain::default();
        if self.header.questions() != 1 {
            return chain;
        }
        let aliases = self.records.iter().filter(|record| record.kind == TYPE_CNAME);
        let aliases: SmallVec<[_; 4]> =
            aliases.map(|record| (record.data, record.owner, chain.hash(self.bytes, record.owner))).collect();
        // If there is no alias, the hash is not needed.
        let asked = if aliases.is_empty() { 0 } else { chain.hash(self.bytes, HEADER_LENGTH) };
        chain.links.push((HEADER_LENGTH, asked));
        let mut at = 0;
        while let Some(&(link, hash)) = chain.links.get(at) {
            at += 1;
            // A name should have one alias (RFC 2181 §10.1), but some servers give several.
            for &(data, owner, other) in &aliases {
                if other == hash && chain.links.len() <= CHAIN_LIMIT && name::same(self.bytes, owner, link) {
                    let target = chain.hash(self.bytes, data);
                    let is_known =
                        |&(known, other): &(usize, u64)| other == target && name::same(self.bytes, known, data);
                    if !chain.links.iter().any(is_known) {
                        chain.links.push((data, target));
                    }
                }
            }
        }
        chain
    }

    /// The name that a record answers for, and the last name of the chain if they differ.
    fn names_of(&self, record: &Record, chain: &Chain) -> Option<(Box<str>, Option<Box<str>>)> {
        let place = chain.place_of(self.bytes, record.owner);
        if place.is_none() && self.header.questions() == 1 && !self.is_pointed_to(record) {
            return None;
        }
        let owner = name::text(self.bytes, if place.is_some() { HEADER_LENGTH } else { record.owner })?;
        let owner = if record.is_service() { without_service_labels(owner.as_str()) } else { owner.as_str() };
        if owner.is_empty() {
            return None;
        }
        let canonical = match place {
            Some(1..) => name::text(self.bytes, record.owner).map(|text| text.as_str().into()),
            _ => None,
        };
        Some((owner.into(), canonical))
    }

    /// Whether a record of the additional section is for a name that a record before it points to.
    fn is_pointed_to(&self, record: &Record) -> bool {
        if record.is_answer {
            return false;
        }
        let before = self.records.iter().take_while(|other| other.owner < record.owner).take(TARGET_LIMIT);
        before.filter_map(|other| Some((other.target()?, other))).any(|(target, other)| {
            let is_within = name::end(self.bytes, target).is_some_and(|end| other.may_end_name_at(end));
            is_within && name::same(self.bytes, target, record.owner)
        })
    }

    fn address(&self, record: &Record) -> Option<IpAddr> {
        let data = self.bytes.get(record.data..record.data + record.data_length)?;
        match record.kind {
            TYPE_A => <[u8; 4]>::try_from(data).ok().map(|octets| Ipv4Addr::from(octets).into()),
            _ => <[u8; 16]>::try_from(data).ok().map(|octets| Ipv6Addr::from(octets).into()),
        }
    }

    /// Adds the name that a reverse lookup gave for an address.
    fn add_reverse(&self, record: &Record, owner: &str, findings: &mut Findings) {
        let data = self.bytes.get(..record.data + record.data_length).unwrap_or_default();
        if let Some(address) = name::reversed_address(owner)
            && let Some(target) = name::text(data, record.data).filter(|target| !target.as_str().is_empty())
        {
            let name = target.as_str().into();
            findings.answers.push(Answer { name, canonical: None, address, source: NameSource::DnsReverse });
        }
    }

    /// Adds the hints and ECH configurations of an HTTPS or SVCB record.
    fn add_service(&self, record: &Record, owner: &str, canonical: Option<Box<str>>, findings: &mut Findings) {
        let data_end = record.data + record.data_length;
        let Some(priority) = u16_at(self.bytes, record.data) else { return };
        let Some(target_end) = name::end(self.bytes, record.data + 2).filter(|&end| end <= data_end) else { return };
        let Some(parameters) = self.bytes.get(target_end..data_end) else { return };
        if priority == 0 {
            // An alias has no parameters (RFC 9460 §2.4.2).
            return;
        }
        let target = name::text(self.bytes, record.data + 2).filter(|target| !target.as_str().is_empty());
        let canonical = target.map(|target| target.as_str().into()).or(canonical);
        let parameters = svcb::parameters(parameters);
        for address in parameters.addresses {
            if findings.answers.len() >= RECORD_LIMIT {
                break;
            }
            let (name, canonical) = (owner.into(), canonical.clone());
            findings.answers.push(Answer { name, canonical, address, source: NameSource::Dns });
        }
        for config in parameters.configs {
            if findings.ech_configs.len() >= RECORD_LIMIT {
                break;
            }
            findings.ech_configs.push(EchConfig {
                owner: owner.into(),
                public_name: config.public_name.to_ascii_lowercase().into(),
                config_id: config.config_id,
                suites: config.suites,
            });
        }
    }
}

/// Offset of the end of the question at `position`.
fn question_end(bytes: &[u8], position: usize) -> Result<usize, NoMessage> {
    let Some(end) = name::end(bytes, position) else {
        return Err(if is_cut_short(bytes, position) { NoMessage::CutShort } else { NoMessage::NotDns });
    };
    let (Some(kind), Some(class)) = (u16_at(bytes, end), u16_at(bytes, end + 2)) else {
        return Err(NoMessage::CutShort);
    };
    // The top bit asks for a unicast answer in multicast DNS (RFC 6762 §5.4). RFC 6895 §3.2 lists the classes.
    let is_class = matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255);
    if kind == 0 || !is_class || !name::is_valid(bytes, position) {
        return Err(NoMessage::NotDns);
    }
    Ok(end + 4)
}

/// Whether the name at `position` has no end because the bytes end, and not because it is malformed.
fn is_cut_short(bytes: &[u8], mut position: usize) -> bool {
    let limit = position + 255;
    while position < limit {
        match bytes.get(position) {
            None => return true,
            Some(&length @ 1..=63) => position += 1 + usize::from(length),
            Some(0xc0..) => return position + 1 >= bytes.len(),
            Some(_) => return false,
        }
    }
    false
}

/// A name without the labels that name a port and a scheme, as in `_8443._https.example.org` (RFC 9460 §9.1).
fn without_service_labels(mut name: &str) -> &str {
    while let Some((label, rest)) = name.split_once('.')
        && label.starts_with('_')
    {
        name = rest;
    }
    name
}
