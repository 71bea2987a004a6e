//! The table of answers: for which names a client was given an address, by DNS or another resolver, and when.

pub(in crate::flow) mod delivery;
mod times;
mod translator;

use crate::capture::FrameId;
use crate::flow::limit::{KeptPart, SampleKey};
use crate::flow::record::{Doubt, Name};
use crate::flow::stamp::Stamp;
use crate::name::NameSource;
use crate::packet::address_bits;
use delivery::Delivery;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use times::Stamps;
use translator::{Translator, outside, set_aside};

/// How long an answer explains a flow to the address it gave, in ns of the capture's clock. Apps keep addresses far
/// beyond the record's time to live, but seldom for hours without asking again.
pub(in crate::flow) const LIFETIME_NS: i64 = 3 * 3_600 * 1_000_000_000;
/// What lies further back, and still among the frames just before, is so by a clock that was set: nobody waits a day.
const JUMP_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// Other names of an address that are shown beside the latest.
const OTHERS: usize = 7;
/// The addresses from which programs ask a resolver on the same device.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
/// Names kept per client and address: more than a client asks for of one address. Of more, those with the lowest
/// keyed hashes are kept.
const NAME_LIMIT: usize = 256;
/// ECH configurations kept: more than the public names in use.
const ECH_CONFIG_LIMIT: usize = 4096;
/// Prefixes of translators kept: more than the networks that a device visits in a capture.
const TRANSLATOR_LIMIT: usize = 64;

/// Bytes that a client and address take in the table, about.
const ENDS_WEIGHT: u64 = 192;
/// Bytes that a name takes beside its text, about.
const NAME_WEIGHT: u64 = 128;

/// A name that an address was given for, and every time at which it was given. All times are kept, because which
/// answer a flow followed is only known when the flow is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Given {
    /// The keyed hash of name and source. It is computed only when there are too many names; then those with the
    /// lowest hashes are kept.
    #[serde(skip)]
    rank: Option<u64>,
    name: Arc<str>,
    source: NameSource,
    stamps: Stamps,
}

impl Given {
    fn order(&self) -> (&str, NameSource) {
        (&self.name, self.source)
    }

    /// Bytes of memory it takes, about.
    fn weight(&self) -> u64 {
        NAME_WEIGHT + self.name.len() as u64 + self.stamps.weight()
    }
}

/// Identifies an ECH configuration: public name, configuration id, KDF, AEAD.
pub(in crate::flow) type EchKey = (Box<str>, u8, u16, u16);

/// The client that was given an answer, and the address in it. Addresses are kept as integers, which compare faster
/// than [`IpAddr`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Ends {
    client: u128,
    address: u128,
    /// Whether each is an IPv6 address.
    are_v6: [bool; 2],
}

impl Ends {
    #[inline(always)]
    pub(in crate::flow) fn new(client: IpAddr, address: IpAddr) -> Self {
        Self {
            client: address_bits(client),
            address: address_bits(address),
            are_v6: [client.is_ipv6(), address.is_ipv6()],
        }
    }

    /// Whether the client is a program on the device that answers.
    fn is_of_loopback(&self) -> bool {
        let [is_v6, _] = self.are_v6;
        LOOPBACK.iter().any(|own| own.is_ipv6() == is_v6 && address_bits(*own) == self.client)
    }

    /// The same as bytes, equal on every machine: the input of keyed hashes.
    fn to_bytes(self) -> [u8; 34] {
        let mut bytes = [0; 34];
        bytes[..16].copy_from_slice(&self.client.to_be_bytes());
        bytes[16..32].copy_from_slice(&self.address.to_be_bytes());
        bytes[32..].copy_from_slice(&self.are_v6.map(u8::from));
        bytes
    }
}

impl Hash for Ends {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.client);
        state.write_u128(self.address);
    }
}

/// Whether an answer may still be in use when a flow begins: by the clock, or, where the clock jumps ahead between the two, by how few
/// frames lie between.
fn is_recent(stamp: &Stamp, began: Stamp) -> bool {
    let age_ns = began.time_ns.saturating_sub(stamp.time_ns);
    age_ns <= LIFETIME_NS || (age_ns >= JUMP_NS && began.frame.is_soon_after(stamp.frame))
}

/// The name of a forward lookup among these that was given last before a flow began: by the order of records, or else by the clock,
/// since tools that write their own captures put records out of order. Captures without times tell nothing by them.
fn forward(names: &Names, began: Stamp) -> Option<Name> {
    let is_recent = |stamp: &Stamp| is_recent(stamp, began);
    let candidates = || names.iter().filter(|given| given.source != NameSource::DnsReverse);
    let by_frame = candidates()
        .filter_map(|given| Some((given.stamps.before(began.frame).filter(is_recent)?.frame, given)))
        .max_by_key(|&(frame, given)| (frame, &given.name, given.source));
    let by_clock = || {
        let last = |given: &Given| given.stamps.earlier_than(began.time_ns).filter(is_recent);
        let last = candidates().filter_map(|given| Some((last(given)?, given)));
        let last = last.max_by_key(|&(stamp, given)| (stamp.time_ns, stamp.frame, &given.name, given.source));
        last.map(|(stamp, given)| (stamp.frame, given))
    };
    let (frame, given) = by_frame.or_else(by_clock)?;
    Some(Name { source: given.source, frame, name: given.name.clone(), doubt: None })
}

/// The names that a client was given one address for, in the order of name and source.
type Names = SmallVec<[Given; 1]>;

/// All answers, by client and address.
#[derive(Clone, Debug, Default)]
pub(in crate::flow) struct Answers {
    given: HashMap<Ends, Names, RandomState>,
    /// The first frame that published each ECH configuration, in the order of their ranks.
    ech_configs: BTreeMap<(u64, EchKey), FrameId>,
    /// The first frame that showed each prefix of a translator, in the order of their ranks.
    translators: BTreeMap<(u64, Translator), FrameId>,
    sample_key: SampleKey,
    /// Which pairs of client and address are kept, by their hashes.
    part: KeptPart,
    /// Bytes that answers take, about.
    weight: u64,
    /// Whether any were given to a program on the device itself.
    has_loopback: bool,
    /// How many were dropped: addresses with all their names, and names of addresses that have too many.
    pub(in crate::flow) shed: u64,
}

/// Answers as they were written: names by client and address, configurations, prefixes of translators, how many were let go of.
#[derive(Deserialize)]
pub(in crate::flow) struct WrittenAnswers(
    Vec<(Ends, Vec<Given>)>,
    Vec<(EchKey, FrameId)>,
    Vec<(Translator, FrameId)>,
    u64,
);

/// What changed when a name was added.
#[derive(Default)]
struct Added {
    /// Bytes added.
    more: u64,
    /// Bytes removed.
    less: u64,
    /// Names dropped because there were too many.
    shed: u64,
}

/// Adds a name to those of a client and address. The names form a set, so the order in which they are added does not
/// matter.
fn add(names: &mut Names, new: Given, sample_key: &SampleKey) -> Added {
    match names.binary_search_by(|known| known.order().cmp(&new.order())) {
        Ok(at) => Added { more: names[at].stamps.merge(new.stamps), ..Added::default() },
        Err(at) => {
            let more = new.weight();
            names.insert(at, new);
            if names.len() <= NAME_LIMIT {
                return Added { more, ..Added::default() };
            }
            for given in names.iter_mut() {
                given.rank.get_or_insert_with(|| rank(sample_key, &given.name, &[given.source as u8]));
            }
            let last = (0..names.len()).max_by_key(|&at| names[at].rank);
            let less = last.map_or(0, |last| names.remove(last).weight());
            Added { more, less, shed: 1 }
        }
    }
}

/// The keyed hash of a name and of `more`, which tells two entries with the same name apart.
fn rank(sample_key: &SampleKey, name: &str, more: &[u8]) -> u64 {
    let mut bytes = SmallVec::<[u8; 288]>::from_slice(name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(more);
    sample_key.hash(&bytes)
}

/// Remembers the first frame of a key, and of too many keys those with the lowest ranks.
fn keep_first<K: Ord>(all: &mut BTreeMap<K, FrameId>, key: K, frame: FrameId, most: usize) {
    let first = all.entry(key).or_insert(frame);
    *first = (*first).min(frame);
    if all.len() > most {
        all.pop_last();
    }
}

impl Answers {
    /// An empty table. When memory is short, this key decides which answers are kept.
    pub(in crate::flow) fn new(sample_key: SampleKey) -> Self {
        Self { sample_key, ..Self::default() }
    }

    /// What of them is written: in order, so that equal answers are equal bytes.
    pub(in crate::flow) fn written(&self) -> impl Serialize + '_ {
        let mut given: Vec<(&Ends, &[Given])> = self.given.iter().map(|(ends, names)| (ends, &names[..])).collect();
        given.sort_unstable_by_key(|(ends, _)| **ends);
        let configs: Vec<(&EchKey, FrameId)> = self.ech_configs.iter().map(|((_, key), &frame)| (key, frame)).collect();
        let translators: Vec<(Translator, FrameId)> =
            self.translators.iter().map(|(&(_, translator), &frame)| (translator, frame)).collect();
        (given, configs, translators, self.shed)
    }

    /// Those that were written; none where a client and address have no names, which is never written.
    pub(in crate::flow) fn restored(
        sample_key: SampleKey,
        WrittenAnswers(written, configs, translators, shed): WrittenAnswers,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) -> Option<Self> {
        let mut answers = Self { shed, ..Self::new(sample_key) };
        for (ends, names) in written {
            names.first()?;
            names.into_iter().for_each(|given| answers.add(ends, Given { name: intern(&given.name), ..given }));
        }
        configs.into_iter().for_each(|(key, frame)| answers.publish((answers.ech_rank(&key), key), frame));
        translators.into_iter().for_each(|(translator, frame)| answers.show(translator, frame));
        Some(answers)
    }

    /// Adds what `client` was told.
    pub(in crate::flow) fn deliver(
        &mut self,
        client: IpAddr,
        delivery: Delivery,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) {
        for answer in delivery.answers {
            if let Some(translator) = Translator::shown(&answer.name, answer.address) {
                self.show(translator, delivery.stamp.frame);
            }
            let (name, source) = (intern(&answer.name), answer.source);
            let given = Given { rank: None, name, source, stamps: Stamps::of(delivery.stamp) };
            self.add(Ends::new(client, answer.address), given);
        }
        for config in delivery.ech_configs {
            for &(kdf, aead) in &config.suites {
                let config = (config.public_name.clone(), config.config_id, kdf, aead);
                self.publish((self.ech_rank(&config), config), delivery.stamp.frame);
            }
        }
    }

    fn ech_rank(&self, (name, config_id, kdf, aead): &EchKey) -> u64 {
        let [[a, b], [c, d]] = [kdf.to_be_bytes(), aead.to_be_bytes()];
        rank(&self.sample_key, name, &[*config_id, a, b, c, d])
    }

    fn add(&mut self, ends: Ends, given: Given) {
        self.has_loopback |= ends.is_of_loopback();
        let names = self.given.entry(ends).or_insert_with(|| {
            self.weight += ENDS_WEIGHT;
            Names::new()
        });
        let Added { more, less, shed } = add(names, given, &self.sample_key);
        self.weight = self.weight + more - less;
        self.shed += shed;
    }

    /// Appends the answers of the frames that follow, as far as they are to be kept. `right` is left empty, with its
    /// tables allocated.
    pub(in crate::flow) fn merge(&mut self, right: &mut Self) {
        self.shed += std::mem::take(&mut right.shed);
        if self.given.is_empty() && self.part.is_all() {
            std::mem::swap(&mut self.given, &mut right.given);
            std::mem::swap(&mut self.weight, &mut right.weight);
            self.has_loopback |= right.has_loopback;
        } else {
            // The map is taken out while it is drained, so that the borrow of `right` ends here.
            let mut given = std::mem::take(&mut right.given);
            for (ends, theirs) in given.drain() {
                if self.part.holds(|| self.sample_key.hash(&ends.to_bytes())) {
                    theirs.into_iter().for_each(|given| self.add(ends, given));
                } else {
                    self.shed += 1;
                }
            }
            right.given = given;
        }
        right.weight = 0;
        std::mem::take(&mut right.ech_configs).into_iter().for_each(|(config, frame)| self.publish(config, frame));
        for ((_, translator), frame) in std::mem::take(&mut right.translators) {
            self.show(translator, frame);
        }
    }

    fn show(&mut self, translator: Translator, frame: FrameId) {
        let rank = self.sample_key.hash(&translator.to_bytes());
        keep_first(&mut self.translators, (rank, translator), frame, TRANSLATOR_LIMIT);
    }

    /// The IPv4 address that an address of IPv6 is handed on to, as far as was known before that frame.
    fn translated(&self, address: IpAddr, frame: FrameId) -> Option<IpAddr> {
        set_aside(address).or_else(|| Some(self.handed_on(address, frame)?.0))
    }

    /// The same under the prefixes that answers have shown, with the frame of the answer: of several that fit the longest, which was
    /// shown first.
    pub(in crate::flow) fn handed_on(&self, address: IpAddr, frame: FrameId) -> Option<(IpAddr, FrameId)> {
        let shown = self.translators.iter().filter(|(_, first)| **first < frame);
        let fits =
            |(&(_, one), &first): (&(u64, Translator), &FrameId)| Some((one.length(), first, one.inside(address)?));
        let best = shown.filter_map(fits).min_by_key(|&(length, first, _)| (Reverse(length), first))?;
        Some((best.2, best.1))
    }

    fn publish(&mut self, config: (u64, EchKey), frame: FrameId) {
        keep_first(&mut self.ech_configs, config, frame, ECH_CONFIG_LIMIT);
    }

    /// Whether an ECH configuration had been published before that frame.
    pub(in crate::flow) fn has_ech_config(&self, config: EchKey, frame: FrameId) -> bool {
        if self.ech_configs.is_empty() {
            return false;
        }
        self.ech_configs.get(&(self.ech_rank(&config), config)).is_some_and(|first| *first < frame)
    }

    /// The name for which `client` had last been given `address` when a flow began at `began`. Later answers are not
    /// considered: whether they are known by now depends on how the capture is cut.
    pub(in crate::flow) fn find(&self, client: IpAddr, address: IpAddr, began: Stamp) -> Option<Name> {
        if self.given.is_empty() {
            return None;
        }
        let names = self.given.get(&Ends::new(client, address))?;
        let last = |given: &'_ Given| {
            let stamp = given.stamps.before(began.frame)?;
            is_recent(&stamp, began).then_some(stamp.frame)
        };
        let candidates = names.iter().filter_map(|given| Some((last(given)?, given)));
        // The answer of a reverse lookup counts only where there is no other.
        let is_forward = |given: &Given| given.source != NameSource::DnsReverse;
        let (frame, given) =
            candidates.max_by_key(|&(frame, given)| (is_forward(given), frame, &given.name, given.source))?;
        Some(Name { source: given.source, frame, name: given.name.clone(), doubt: None })
    }

    /// The other names for which the address of a flow was given before it began, the latest first; `chosen` is the name that counts.
    pub(in crate::flow) fn others(
        &self,
        (client, address): (IpAddr, IpAddr),
        began: Stamp,
        chosen: &Name,
    ) -> Vec<Name> {
        let names = self.given.get(&Ends::new(client, address)).map_or(&[][..], |names| names);
        let mut others: Vec<Name> = names
            .iter()
            .filter(|given| given.source != NameSource::DnsReverse && given.name != chosen.name)
            .filter_map(|given| {
                let stamp = given.stamps.before(began.frame)?;
                let (frame, doubt) = (stamp.frame, Some(Doubt::Earlier));
                is_recent(&stamp, began).then(|| Name { source: given.source, frame, name: given.name.clone(), doubt })
            })
            .collect();
        others.sort_by(|a, b| b.frame.cmp(&a.frame).then_with(|| a.name.cmp(&b.name)).then(a.source.cmp(&b.source)));
        others.truncate(OTHERS);
        others
    }

    /// The name for which a client's device was given the address of its server: by an answer to the client itself; or, where there
    /// is none, by one for the IPv4 address inside that of the server (NAT64), or by one to another address of the same device.
    pub(in crate::flow) fn explain(
        &self,
        client: IpAddr,
        server: IpAddr,
        began: Stamp,
        others: impl FnOnce() -> SmallVec<[IpAddr; 4]>,
    ) -> Option<Name> {
        if self.given.is_empty() {
            return None;
        }
        let own = self.given.get(&Ends::new(client, server));
        if let Some(found) = own.and_then(|names| forward(names, began)) {
            return Some(found);
        }
        let inner = self.translated(server, began.frame);
        let of = |client: IpAddr, server: IpAddr| forward(self.given.get(&Ends::new(client, server))?, began);
        if let Some(found) = inner.and_then(|inner| of(client, inner)) {
            return Some(found);
        }
        // Where the device itself translates (464XLAT, RFC 6877), it asks for the address outside and programs connect to that inside.
        let outer = outside(server);
        if let Some(found) = outer.and_then(|outer| of(client, outer)) {
            return Some(found);
        }
        let any = |client: IpAddr| of(client, server).or_else(|| of(client, inner?)).or_else(|| of(client, outer?));
        let mut of_device: Vec<Name> = others().into_iter().filter_map(any).collect();
        if of_device.is_empty() && self.has_loopback {
            // A resolver on the device itself answers to an address that never leaves it.
            of_device.extend(LOOPBACK.into_iter().filter(|own| *own != client).filter_map(any));
        }
        of_device.sort_by(|a, b| b.frame.cmp(&a.frame).then_with(|| a.name.cmp(&b.name)));
        let found = of_device.into_iter().next().map(|name| Name { doubt: Some(Doubt::SameDevice), ..name });
        found.or_else(|| own.and_then(|_| self.find(client, server, began)))
    }

    /// Forgets the answers that no flow beginning after `clock_ns` can use. `open` gives the frames, in order, in
    /// which the flows between a client and an address began that are still open; the answers that these flows
    /// followed are kept.
    pub(in crate::flow) fn forget_before<'a>(&mut self, clock_ns: i64, open: impl Fn(&Ends) -> &'a [FrameId]) {
        let is_old = |stamp: &Stamp| clock_ns.saturating_sub(stamp.time_ns) > LIFETIME_NS;
        let weight = &mut self.weight;
        self.given.retain(|ends, names| {
            let began = open(ends);
            names.retain(|given| {
                *weight -= given.stamps.forget(is_old, began);
                let is_kept = !given.stamps.is_empty();
                *weight -= if is_kept { 0 } else { given.weight() };
                is_kept
            });
            *weight -= if names.is_empty() { ENDS_WEIGHT } else { 0 };
            !names.is_empty()
        });
    }

    /// How many pairs of client and address the table has room for without growing.
    pub(in crate::flow) fn room(&self) -> usize {
        self.given.capacity()
    }

    /// Bytes that answers take, about.
    pub(in crate::flow) fn weight(&self) -> u64 {
        self.weight
    }

    /// If all answers take more than `limit` bytes, drops some of them, chosen by a hash of client and address.
    pub(in crate::flow) fn shed(&mut self, limit: u64) {
        while self.weight > limit && !self.part.is_empty() {
            self.part.halve();
            let Self { given, part, sample_key, weight, shed, .. } = self;
            given.retain(|ends, names| {
                let is_kept = part.holds(|| sample_key.hash(&ends.to_bytes()));
                if !is_kept {
                    *weight -= ENDS_WEIGHT + names.iter().map(Given::weight).sum::<u64>();
                    *shed += 1;
                }
                is_kept
            });
        }
        if self.given.capacity() > 4 * self.given.len().max(1 << 12) {
            self.given.shrink_to_fit();
        }
    }

    /// Adds `base` to all frame identities, once the range's position in the capture is known.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.given.values_mut().flatten().for_each(|given| given.stamps.rebase(base));
        self.ech_configs.values_mut().for_each(|frame| *frame = frame.rebased(base));
        self.translators.values_mut().for_each(|frame| *frame = frame.rebased(base));
    }
}
