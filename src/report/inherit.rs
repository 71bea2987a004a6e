//! From flows without evidence of their own to the app of a neighbouring flow, by the rules of [`crate::app::inherit`].
//!
//! Neighbours end at other times than the flow that inherits from them, so flows wait. That the outcome does not depend on how
//! the captures were cut, only data decides who counts as a neighbour: flows of a window see those whose own windows end at
//! most [`EARLIER`] windows before and [`LATER`] windows after theirs, the first ones by frame where there are too many.

use super::analysis::{Knowledge, Studied};
use crate::app::{Claim, Neighbour, inherit};
use crate::capture::FrameId;
use crate::capture::owner::Owner;
use crate::flow::Flow;
use crate::packet::address_bits;
use crate::route::{Observed, is_system};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Windows (minutes) that a flow waits for neighbours that end later. Sessions wait longer than that for their own end, so this
/// keeps little more.
const LATER: i64 = 2;
/// Windows back that a neighbour may have ended: a call's relay often does so long before the call itself.
const EARLIER: i64 = 60;
/// How many take part, whatever memory there is.
impl Default for Limits {
    fn default() -> Self {
        Self { heirs: 4_096, known: 8_192 }
    }
}

/// How many flows of one window take part: the first by frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limits {
    /// That may inherit; others stay without an app.
    heirs: usize,
    /// That others may inherit from.
    known: usize,
}

impl Limits {
    /// As many as these bytes hold, about.
    pub(super) fn of(bytes: u64) -> Self {
        /// Of a flow that waits, and of what is remembered of one that does not.
        const BYTES: [u64; 2] = [768, 256];
        // Twice as many of either before those that are too many go, and each lane has its own.
        let windows = [2 * (LATER as u64 + 2), 2 * (EARLIER + LATER + 1) as u64];
        let most = Self::default();
        let fit = |at: usize, most: usize| {
            usize::try_from(bytes / 2 / windows[at] / BYTES[at]).unwrap_or(most).clamp(LEAST, most)
        };
        Self { heirs: fit(0, most.heirs), known: fit(1, most.known) }
    }
}

/// Flows that take part however little memory there is.
const LEAST: usize = 64;

/// Flows that could not take part since there were too many in a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unheard {
    /// That might have inherited.
    pub heirs: u64,
    /// That others might have inherited from.
    pub known: u64,
}

/// Neighbours of one flow that are looked at under each rule.
const NEIGHBOURS: usize = 64;

/// What flows of a window are ordered by: their first frames, and what tells those apart that share one.
pub type Order = (FrameId, IpAddr, IpAddr, Option<u16>);

/// Where a flow stands in its window.
pub fn order(flow: &Flow) -> Order {
    (flow.first_frame, flow.client_ip, flow.server_ip, flow.client_port)
}

/// What of a flow outlives it for its neighbours.
#[derive(Clone, Debug)]
struct Known {
    frame: FrameId,
    protocol: u8,
    client: (IpAddr, Option<u16>),
    server: (IpAddr, Option<u16>),
    seen_ns: (i64, i64),
    owner: Option<Arc<Owner>>,
    is_named: bool,
    claim: Option<Claim>,
}

impl Known {
    fn order(&self) -> Order {
        (self.frame, self.client.0, self.server.0, self.client.1)
    }

    fn neighbour(&self) -> Neighbour<'_> {
        Neighbour {
            protocol: self.protocol,
            client: self.client,
            server: self.server,
            seen_ns: self.seen_ns,
            owner: self.owner.as_deref(),
            is_named: self.is_named,
            claim: self.claim.as_ref(),
        }
    }
}

fn neighbour<'a>(studied: &Observed<'a>) -> Neighbour<'a> {
    let flow = studied.flow;
    let (first_ns, last_ns) = (flow.first_seen_ns, flow.last_seen_ns);
    Neighbour {
        protocol: flow.protocol,
        client: (flow.client_ip, flow.client_port),
        server: (flow.server_ip, flow.server_port),
        seen_ns: (first_ns.min(last_ns), first_ns.max(last_ns)),
        owner: flow.owner.as_ref().map(|evidence| &*evidence.owner),
        is_named: !flow.names.is_empty(),
        claim: studied.attribution.chosen.as_ref(),
    }
}

/// Whether a flow is to wait for its neighbours: it has no app, or one on weak evidence only, and could have one.
fn is_heir(studied: &Observed<'_>) -> bool {
    let word = studied.flow.application.map(|application| application.0);
    studied.flow.server_port.is_some() && !word.is_some_and(is_system) && neighbour(studied).may_inherit()
}

/// The windows before which all flows can be settled, given the first window that is not complete.
pub(super) fn settled(complete_window: i64) -> i64 {
    if complete_window == i64::MAX { i64::MAX } else { complete_window.saturating_sub(LATER) }
}

/// Hashes of what a flow looks for neighbours by, if it is one that waits for them. Of all that wait for each other the hasher
/// is the same.
pub(super) fn seeks(studied: &Observed<'_>, hasher: &RandomState) -> Option<[u32; 3]> {
    is_heir(studied).then(|| {
        let seen = neighbour(studied);
        let mut hashes = sought(&seen).map(|key| hash(hasher, &key));
        let first = hashes.next().unwrap_or_default();
        [first, hashes.next().unwrap_or(first), hashes.next().unwrap_or(first)]
    })
}

/// Many of a kind, in batches: written one after the other and read so again, never moved, and without stores that grow by
/// doubling.
#[derive(Debug)]
struct Batches<T>(Vec<Vec<T>>);

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Batches<T> {
    /// Items of a full batch: enough to be worth a task, too few to matter where there are few.
    const FULL: usize = 64;

    /// Adds an item; whether that began a batch.
    #[inline]
    fn push(&mut self, one: T) -> bool {
        let is_first = self.0.is_empty();
        let room = self.0.last_mut().filter(|batch| batch.len() < Self::FULL);
        let begins = room.is_none();
        match room {
            Some(batch) => batch.push(one),
            None => {
                // The first batch grows as it fills: most windows of most captures have few flows.
                let mut batch = Vec::with_capacity(if is_first { 1 } else { Self::FULL });
                batch.push(one);
                self.0.push(batch);
            }
        }
        begins
    }

    /// Takes over those of another, batch by batch.
    fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// Keeps the first by order, and hands back the others, in batches as well.
    fn keep_first(&mut self, limit: usize, order: impl Fn(&T) -> Order) -> Vec<Vec<T>> {
        if self.count() <= limit {
            return Vec::new();
        }
        let mut all: Vec<T> = Vec::with_capacity(self.count());
        all.extend(std::mem::take(&mut self.0).into_iter().flatten());
        let rest = keep_first(&mut all, limit, order);
        self.0 = batches(all);
        batches(rest)
    }
}

/// Cuts what is long into batches. Long ones are never handed to another thread: memory that another thread gives back is of
/// little use to the allocator, and the longer the pieces, the less.
fn batches<T>(long: Vec<T>) -> Vec<Vec<T>> {
    let mut long = long.into_iter();
    let cut = || Some(long.by_ref().take(Batches::<T>::FULL).collect()).filter(|batch: &Vec<T>| !batch.is_empty());
    std::iter::from_fn(cut).collect()
}

/// How many there are in batches.
fn count<T>(batches: &[Vec<T>]) -> u64 {
    batches.iter().map(|batch| batch.len() as u64).sum()
}

/// The flows of a window that wait.
#[derive(Debug, Default)]
pub(super) struct Queue(Batches<Studied>);

impl Queue {
    /// Adds a flow; whether there may be too many now.
    #[inline]
    pub(super) fn push(&mut self, one: Studied) -> bool {
        self.0.push(one)
    }

    /// Adds those of another.
    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Takes out those that are too many to inherit.
    pub(super) fn shed(&mut self, limits: Limits) -> Vec<Vec<Studied>> {
        let order = |one: &Studied| order(&one.flow);
        if self.0.count() < 2 * limits.heirs { Vec::new() } else { self.0.keep_first(limits.heirs, order) }
    }

    /// The batches, for as many threads.
    pub(super) fn into_batches(self) -> impl Iterator<Item = Vec<Studied>> {
        self.0.0.into_iter()
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Studied> {
        self.0.0.iter_mut().flatten()
    }
}

/// Keeps the first by order, and hands back the others.
fn keep_first<T>(items: &mut Vec<T>, limit: usize, order: impl Fn(&T) -> Order) -> Vec<T> {
    if items.len() <= limit {
        return Vec::new();
    }
    items.sort_by_cached_key(|item| order(item));
    items.split_off(limit)
}

/// The flows of one window that others may inherit from.
#[derive(Debug, Default)]
struct Window {
    known: Batches<Known>,
    /// Hashes of what each is found by, once the window is complete: what is searched is a small part of what is kept.
    hashes: Vec<[u32; 2]>,
}

impl Window {
    /// Adds a flow; returns how many had to go for it.
    fn push(&mut self, one: Known, limits: Limits) -> u64 {
        if self.known.push(one) { self.bound(limits) } else { 0 }
    }

    /// Adds those of another; returns how many had to go.
    fn append(&mut self, mut theirs: Self, limits: Limits) -> u64 {
        self.known.append(&mut theirs.known);
        self.bound(limits)
    }

    fn bound(&mut self, limits: Limits) -> u64 {
        if self.known.count() < 2 * limits.known {
            return 0;
        }
        count(&self.known.keep_first(limits.known, Known::order))
    }

    /// Nothing more comes: makes it ready to be searched. Returns how many had to go.
    fn seal(&mut self, hasher: &RandomState, limits: Limits) -> u64 {
        let gone = count(&self.known.keep_first(limits.known, Known::order));
        if self.hashes.len() != self.known.count() {
            // A flow without a second key has the first one twice.
            let hashes = |known: &Known| {
                let [socket, server] = keys(&known.neighbour()).map(|key| key.map(|key| hash(hasher, &key)));
                let server = server.unwrap_or_default();
                [socket.unwrap_or(server), server]
            };
            self.hashes = self.known.iter().map(hashes).collect();
        }
        gone
    }
}

fn hash(hasher: &RandomState, key: &Key) -> u32 {
    hasher.hash_one(key) as u32
}

/// A set of hashes that may hold more than was put into it.
struct Sieve {
    words: Vec<u64>,
}

impl Sieve {
    /// Bits per hash: one in so many others passes.
    const ROOM: usize = 32;

    fn new(hashes: impl Iterator<Item = u32>, count: usize) -> Self {
        let mut new = Self { words: vec![0; (count * Self::ROOM / 64).next_power_of_two()] };
        for hash in hashes {
            let at = new.at(hash);
            new.words[at] |= 1 << (hash % 64);
        }
        new
    }

    fn at(&self, hash: u32) -> usize {
        (hash / 64) as usize & (self.words.len() - 1)
    }

    fn passes(&self, hash: u32) -> bool {
        self.words[self.at(hash)] >> (hash % 64) & 1 != 0
    }
}

/// The flows that others may inherit from, by window.
#[derive(Debug, Default)]
pub(super) struct Estate {
    windows: BTreeMap<i64, Window>,
    limits: Limits,
    /// Flows that could not take part.
    pub(super) unheard: Unheard,
}

impl Estate {
    /// An empty one.
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes note of a flow.
    pub(super) fn observe(&mut self, window: i64, studied: &Observed<'_>) {
        let seen = neighbour(studied);
        if !seen.has_say() || seen.server.1.is_none() || studied.flow.is_lookup() {
            return;
        }
        let Neighbour { protocol, client, server, seen_ns, is_named, .. } = seen;
        let owner = studied.flow.owner.as_ref().map(|evidence| Arc::clone(&evidence.owner));
        let claim = studied.attribution.chosen.clone();
        let frame = studied.flow.first_frame;
        let known = Known { frame, protocol, client, server, seen_ns, owner, is_named, claim };
        self.unheard.known += self.windows.entry(window).or_default().push(known, self.limits);
    }

    /// Takes over what another has noted.
    pub(super) fn append(&mut self, other: &mut Self) {
        let Unheard { heirs, known } = std::mem::take(&mut other.unheard);
        self.unheard.heirs += heirs;
        self.unheard.known += known;
        for (window, theirs) in std::mem::take(&mut other.windows) {
            self.unheard.known += self.windows.entry(window).or_default().append(theirs, self.limits);
        }
    }

    /// Forgets what no flow of this window or a later one can inherit from.
    pub(super) fn forget_before(&mut self, window: i64) {
        self.windows = self.windows.split_off(&window.saturating_sub(EARLIER));
    }

    /// Lets the flows of these windows inherit. All windows up to [`LATER`] after them must be complete.
    pub(super) fn settle(&mut self, ready: &mut BTreeMap<i64, Queue>, hasher: &RandomState, knowledge: &Knowledge) {
        let (Some((&first, _)), Some((&last, _))) = (ready.first_key_value(), ready.last_key_value()) else { return };
        let mut heirs: Vec<(i64, [u32; 3], &mut Studied)> = Vec::new();
        for (&window, flows) in ready {
            let mut of_window: Vec<_> = flows.iter_mut().filter_map(|one| Some((one.learned.sought?, one))).collect();
            let gone = keep_first(&mut of_window, self.limits.heirs, |(_, studied)| order(&studied.flow));
            self.unheard.heirs += gone.len() as u64;
            heirs.extend(of_window.into_iter().map(|(sought, studied)| (window, sought, studied)));
        }
        let sieve = Sieve::new(heirs.iter().flat_map(|(_, sought, _)| *sought), 3 * heirs.len());
        let range = first.saturating_sub(EARLIER)..=last.saturating_add(LATER);
        for window in self.windows.range_mut(range.clone()).map(|(_, window)| window) {
            self.unheard.known += window.seal(hasher, self.limits);
        }
        let found = self.search(range, &sieve, hasher);
        let sieve = Sieve::new(found.keys().map(|key| hash(hasher, key)), found.len());
        let mut near: HashMap<(i64, Key), Vec<&Known>, RandomState> = HashMap::default();
        for (window, hashes, heir) in heirs {
            if !hashes.iter().any(|&hash| sieve.passes(hash)) {
                continue;
            }
            let seen = neighbour(&heir.observed());
            let range = window.saturating_sub(EARLIER)..=window.saturating_add(LATER);
            let mut neighbours: SmallVec<[Neighbour<'_>; 4]> = SmallVec::new();
            for key in sought(&seen) {
                let Some(list) = found.get(&key) else { continue };
                let near = near.entry((window, key)).or_insert_with(|| {
                    // Few of each window are in the list: see `search`.
                    let from = list.partition_point(|(window, _)| window < range.start());
                    let of_range = list[from..].iter().take_while(|(window, _)| range.contains(window));
                    let mut first: Vec<&Known> = of_range.map(|&(_, known)| known).collect();
                    first.sort_unstable_by_key(|known| known.order());
                    first.truncate(NEIGHBOURS);
                    first
                });
                neighbours.extend(near.iter().map(|known| known.neighbour()));
            }
            if let Some(claim) = inherit(&seen, &neighbours) {
                bequeath(heir, claim, knowledge);
            }
        }
    }

    /// What is found in these windows by hashes that pass: each list by windows, and of each window the first [`NEIGHBOURS`] in
    /// order. No heir sees more of them, and a list that is as long as the capture is not walked for each heir.
    fn search(
        &self,
        windows: RangeInclusive<i64>,
        sieve: &Sieve,
        hasher: &RandomState,
    ) -> HashMap<Key, Vec<(i64, &Known)>, RandomState> {
        let mut found: HashMap<Key, Vec<(i64, &Known)>, RandomState> = HashMap::default();
        for (&number, window) in self.windows.range(windows) {
            for (known, hashes) in window.known.iter().zip(&window.hashes) {
                if !hashes.iter().any(|&hash| sieve.passes(hash)) {
                    continue;
                }
                for key in keys(&known.neighbour()).into_iter().flatten() {
                    if sieve.passes(hash(hasher, &key)) {
                        found.entry(key).or_default().push((number, known));
                    }
                }
            }
        }
        for list in found.values_mut() {
            list.sort_unstable_by_key(|(window, known)| (*window, known.order()));
            let (mut current, mut count) = (i64::MIN, 0);
            list.retain(|(window, _)| {
                count = if *window == current { count + 1 } else { 1 };
                current = *window;
                count <= NEIGHBOURS
            });
        }
        found
    }
}

/// What neighbours have in common: the client's socket, or client and server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Socket(IpAddr, Option<u16>),
    Server(u8, IpAddr, (IpAddr, Option<u16>)),
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, (ip, port)) = match *self {
            Self::Socket(ip, port) => (0, (ip, port)),
            Self::Server(protocol, client, server) => {
                state.write_u128(address_bits(client));
                (0x100 | u32::from(protocol), server)
            }
        };
        state.write_u128(address_bits(ip));
        state.write_u64(u64::from(kind) << 32 | port.map_or(1 << 16, u64::from));
    }
}

/// IP protocol number of UDP (IANA).
const UDP: u8 = 17;

/// Under what a flow is found by those that inherit from it.
fn keys(seen: &Neighbour<'_>) -> [Option<Key>; 2] {
    let socket = (seen.protocol == UDP).then_some(Key::Socket(seen.client.0, seen.client.1));
    [socket, Some(Key::Server(seen.protocol, seen.client.0, seen.server))]
}

/// Under what an heir looks for neighbours: its own socket may be at either end.
fn sought(seen: &Neighbour<'_>) -> impl Iterator<Item = Key> {
    let inbound = (seen.protocol == UDP).then_some(Key::Socket(seen.server.0, seen.server.1));
    keys(seen).into_iter().flatten().chain(inbound)
}

/// Gives a flow the app that it inherits; what it had on weaker evidence stays beside it.
fn bequeath(heir: &mut Studied, claim: Claim, knowledge: &Knowledge) {
    let app = knowledge.catalogue.app(&claim.app);
    let attribution = &mut heir.learned.attribution;
    attribution.party = app.and_then(|app| knowledge.catalogue.party(app, None, &heir.learned.place));
    if let Some(weaker) = attribution.chosen.replace(claim) {
        attribution.others.push(weaker);
        attribution.others.sort_by_key(|claim| claim.kind);
    }
}

#[cfg(test)]
mod tests {
    use super::super::analysis::Learned;
    use super::*;
    use crate::app::{Attribution, Catalogue, EvidenceKind};
    use crate::capture::owner::OwnerFormat;
    use crate::flow::{Flow, OwnerEvidence};
    use crate::place::{LocationCheck, Place, Places};
    use proptest::prelude::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn studied(frame: u64, port: u16, server: u8, seen_s: (i64, i64), app: Option<&str>) -> Studied {
        let frame = FrameId::new(0, frame - 1);
        let chosen =
            app.map(|app| Claim { app: app.into(), kind: EvidenceKind::Signature, rule: "signature x".into(), frame });
        Studied {
            flow: Flow {
                first_frame: frame,
                first_seen_ns: seen_s.0 * 1_000_000_000,
                last_seen_ns: seen_s.1 * 1_000_000_000,
                ..Flow::between(UDP, (address(1), Some(port)), (address(server), Some(3478)))
            },
            learned: Learned {
                peer: address(server),
                place: Arc::new(Place::default()),
                attribution: Attribution { chosen, ..Attribution::default() },
                check: LocationCheck::Unsupported,
                sought: None,
            },
        }
    }

    fn knowledge() -> Knowledge {
        let places = Places::open(&[]).expect("embedded");
        Knowledge::new(Catalogue::default(), places, None)
    }

    /// Frame, app and kind of each flow, where flows arrive as `arrival` says and `steps` windows complete at a time.
    fn run(flows: &[(i64, Studied)], arrival: &[usize], steps: i64, knowledge: &Knowledge) -> Vec<(u64, String)> {
        limited(Limits::default(), flows, arrival, steps, knowledge).0
    }

    /// The same where fewer may take part, and how many could not.
    fn limited(
        limits: Limits,
        flows: &[(i64, Studied)],
        arrival: &[usize],
        steps: i64,
        knowledge: &Knowledge,
    ) -> (Vec<(u64, String)>, Unheard) {
        let last = flows.iter().map(|(window, _)| *window).max().unwrap_or(0);
        let (mut estate, mut waiting) = (Estate::new(limits), BTreeMap::<i64, Queue>::new());
        let hasher = RandomState::default();
        let mut shown = Vec::new();
        let mut complete = 0;
        while complete <= last {
            let next = complete + steps;
            let mut lanes = [Estate::new(limits), Estate::new(limits)];
            for &at in arrival.iter().filter(|&&at| (complete..next).contains(&flows[at].0)) {
                let (window, studied) = &flows[at];
                lanes[at % 2].observe(*window, &studied.observed());
                let mut studied = studied.clone();
                studied.learned.sought = seeks(&studied.observed(), &hasher);
                waiting.entry(*window).or_default().push(studied);
            }
            lanes.iter_mut().for_each(|lane| estate.append(lane));
            complete = next;
            let until = settled(if complete > last { i64::MAX } else { complete });
            let later = waiting.split_off(&until);
            let mut ready = std::mem::replace(&mut waiting, later);
            estate.settle(&mut ready, &hasher, knowledge);
            for flows in ready.into_values() {
                let mut sorted: Vec<Studied> = flows.into_batches().flatten().collect();
                sorted.sort_by_key(|one| order(&one.flow));
                shown.extend(sorted.into_iter().map(|studied| {
                    let chosen = studied.learned.attribution.chosen.as_ref();
                    let text = chosen.map(|claim| format!("{} {} {}", claim.app, claim.kind.word(), claim.rule));
                    (studied.flow.first_frame.number(), text.unwrap_or_default())
                }));
            }
            estate.forget_before(until);
        }
        (shown, estate.unheard)
    }

    #[test]
    fn a_call_goes_on_after_its_relay_and_others_do_not_join() {
        let knowledge = knowledge();
        let mut owned = studied(5, 5000, 4, (0, 50), None);
        owned.flow.owner = Some(Box::new(OwnerEvidence {
            owner: Arc::new(Owner::new(OwnerFormat::Pktap)),
            votes: 1,
            votes_total: 1,
            frame: FrameId::default(),
            others: Vec::new(),
            left_out: 0,
        }));
        let flows = [
            (3, studied(1, 5000, 2, (0, 20), Some("whatsapp"))),
            (40, studied(2, 5000, 3, (10, 2_300), None)),
            (3, studied(3, 5001, 3, (10, 20), None)),
            (80, studied(4, 5000, 9, (15, 4_700), None)),
        ];
        let shown = run(&flows, &[0, 1, 2, 3], 1, &knowledge);
        let inherited = "whatsapp inherited same socket as frame 1 (signature x)".to_owned();
        let expected = [(1, "whatsapp signature signature x".to_owned()), (3, String::new()), (2, inherited)];
        assert_eq!(shown[..3], expected);
        assert_eq!(shown[3], (4, String::new()), "ended too long after");
        let mut with_owner = flows[..2].to_vec();
        with_owner.push((3, owned));
        assert_eq!(run(&with_owner, &[0, 1, 2], 1, &knowledge)[2], (2, String::new()), "the socket has an owner");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn order_and_pieces_do_not_matter(
            drawn in prop::collection::vec((0_u16..4, 2_u8..6, 0_i64..300, 0_i64..400, prop::option::weighted(0.3, 0_usize..2)), 1..40),
            seed in any::<u64>(), steps in 1_i64..9,
        ) {
            let knowledge = knowledge();
            let flows: Vec<(i64, Studied)> = drawn.iter().enumerate().map(|(at, &(port, server, first, length, app))| {
                let seen = (first, first + length);
                (seen.1 / 60 + 3, studied(at as u64 + 1, port, server, seen, app.map(|app| ["line", "signal"][app])))
            }).collect();
            let straight: Vec<usize> = (0..flows.len()).collect();
            let mut shuffled = straight.clone();
            shuffled.sort_by_key(|&at| (at as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
            prop_assert_eq!(run(&flows, &straight, 100, &knowledge), run(&flows, &shuffled, steps, &knowledge));
            let limits = Limits { heirs: 3, known: 2 };
            let whole = limited(limits, &flows, &straight, 100, &knowledge);
            prop_assert_eq!(&whole, &limited(limits, &flows, &shuffled, steps, &knowledge));
            let mut of_window = BTreeMap::<i64, u64>::new();
            for (window, _) in flows.iter().filter(|(_, one)| one.learned.attribution.chosen.is_none()) {
                *of_window.entry(*window).or_default() += 1;
            }
            let too_many: u64 = of_window.values().map(|count| count.saturating_sub(3)).sum();
            prop_assert_eq!(whole.1.heirs, too_many, "each is counted once");
        }
    }
}
