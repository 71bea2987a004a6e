//! A path as a file tells it.

use std::net::IpAddr;

/// Hops kept of one path: a hundred distances with several routers each.
const MAX_HOPS: usize = 512;
/// Letters kept of a name: the longest there are (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;
/// No round trip is longer.
const MAX_MS: f64 = 600_000.0;

/// A path to a target, as a file tells it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GivenPath {
    /// The file, as the user named it.
    pub file: String,
    /// The line at which it begins, from 1.
    pub line: u64,
    /// What wrote it: `mtr`, `traceroute`, `tracert`, `scamper`.
    pub tool: &'static str,
    /// Where it leads.
    pub target: Option<IpAddr>,
    /// The name that was given for it.
    pub target_name: Option<String>,
    /// At which distance the target answered.
    pub reached: Option<u8>,
    /// The greatest distance that was tried.
    pub last: u8,
    /// The routers that answered, by distance; the target is none of them.
    pub hops: Vec<GivenHop>,
    /// Routers that are not kept, because there are too many.
    pub hops_left_out: u64,
}

/// A router that answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenHop {
    /// Distance, from 1.
    pub distance: u8,
    /// Its address, where the file has it.
    pub address: Option<IpAddr>,
    /// Its name, where the file has no address.
    pub name: Option<String>,
    /// The least round trip, in ns.
    pub rtt_ns: Option<u64>,
    /// How often it answered.
    pub answers: u64,
}

impl GivenPath {
    /// A path that begins at a line.
    pub(super) fn to(tool: &'static str, line: u64, target: Option<IpAddr>, name: Option<&str>) -> Self {
        let target = target.map(|address| address.to_canonical());
        // A name that is an address says nothing more.
        let is_name = |name: &&str| !name.is_empty() && name.parse::<IpAddr>().is_err();
        Self { tool, line, target, target_name: name.filter(is_name).map(kept), ..Self::default() }
    }

    /// Notes that this distance was tried.
    pub(super) fn tried(&mut self, distance: u8) {
        self.last = self.last.max(distance);
    }

    /// Adds answers of a router, of which the quickest took this long.
    pub(super) fn answered(&mut self, distance: u8, address: IpAddr, ms: Option<f64>, answers: u64) {
        self.add(GivenHop { distance, address: Some(address.to_canonical()), name: None, rtt_ns: ns(ms), answers });
    }

    /// The same of one whose address is not told.
    pub(super) fn named(&mut self, distance: u8, name: &str, ms: Option<f64>, answers: u64) {
        self.add(GivenHop { distance, address: None, name: Some(kept(name)), rtt_ns: ns(ms), answers });
    }

    fn add(&mut self, hop: GivenHop) {
        self.tried(hop.distance);
        let same =
            |one: &&mut GivenHop| (one.distance, one.address, &one.name) == (hop.distance, hop.address, &hop.name);
        if let Some(known) = self.hops.iter_mut().rev().find(same) {
            known.answers = known.answers.saturating_add(hop.answers);
            known.rtt_ns = known.rtt_ns.into_iter().chain(hop.rtt_ns).min();
        } else if self.hops.len() < MAX_HOPS {
            self.hops.push(hop);
        } else {
            self.hops_left_out += 1;
        }
    }

    /// The path without its end among the hops, which are put in order.
    pub(super) fn ended(mut self) -> Self {
        let is_end = |hop: &GivenHop| self.target.is_some() && hop.address == self.target;
        self.reached = self.hops.iter().filter(|hop| is_end(hop)).map(|hop| hop.distance).min();
        let target = self.target;
        self.hops.retain(|hop| target.is_none() || hop.address != target);
        self.hops.sort_by_key(|hop| hop.distance);
        self
    }
}

fn kept(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

fn ns(ms: Option<f64>) -> Option<u64> {
    // Below a nanosecond it was not measured: mtr writes 0 for what did not come back.
    ms.filter(|ms| (0.000_001..=MAX_MS).contains(ms)).map(|ms| (ms * 1e6).round() as u64)
}
