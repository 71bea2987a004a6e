//! Gathers the paths of an analysis: those that packets show, and those that the user gives; places their hops by the rules for any
//! address, and tells which destinations they lead to.

use super::line::{HopLine, PathCountry, PathLine};
use crate::analysis::{Judgements, Knowledge, Times, endpoint, judged};
use crate::capture::{FrameId, GivenPath};
use crate::flow::Trail;
use crate::place::{Country, Place, PlaceCache, Scope};
use crate::route::{Probe, RouteMap};
use crate::standing::Standing;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// All paths, found by what they lead to.
#[derive(Default)]
pub(in crate::report) struct Paths {
    lines: Vec<PathLine>,
    by_address: HashMap<IpAddr, Vec<usize>>,
    /// By names that files resolved.
    by_name: HashMap<String, Vec<usize>>,
}

/// A router before it is placed.
struct Router {
    distance: Option<u8>,
    address: Option<IpAddr>,
    name: Option<String>,
    rtt_ns: Option<u64>,
    answers: u64,
}

impl Paths {
    /// Gathers them. The age of tables is counted from these times.
    pub(in crate::report) fn of(
        routes: &RouteMap,
        (knowledge, judgements): (&Knowledge, &Judgements),
        times: Times,
        capture: &dyn Fn(FrameId) -> String,
    ) -> Self {
        let mut paths = Self::default();
        let mut placed = Placed { knowledge, judgements, times, cache: PlaceCache::default() };
        for trail in routes.hops().trails() {
            paths.by_address.entry(trail.target.to_canonical()).or_default().push(paths.lines.len());
            paths.lines.push(placed.seen(&trail, capture));
        }
        for given in &knowledge.paths.paths {
            if let Some(target) = given.target {
                paths.by_address.entry(target).or_default().push(paths.lines.len());
                if let Some(name) = &given.target_name {
                    paths.by_name.entry(plain(name)).or_default().push(paths.lines.len());
                }
            }
            paths.lines.push(placed.given(given));
        }
        paths.meet(routes);
        paths
    }

    /// Notes which paths lead to an endpoint of the captures.
    fn meet(&mut self, routes: &RouteMap) {
        if self.lines.is_empty() {
            return;
        }
        let all = routes.apps.values().chain([&routes.other_owners, &routes.nameless]);
        let mut met = BTreeSet::new();
        for sums in all.flat_map(|sums| sums.destinations.values()) {
            let addresses = sums.addresses.iter().map(|(address, _)| *address);
            met.extend(self.to(addresses, sums.names.iter().map(|(name, _)| &**name)));
        }
        for at in met {
            self.lines.iter_mut().skip(at).take(1).for_each(|line| line.is_met = true);
        }
    }

    /// The paths that lead to one of these addresses or names, by their places in the list.
    pub(in crate::report) fn to<'n>(
        &self,
        addresses: impl Iterator<Item = IpAddr>,
        names: impl Iterator<Item = &'n str>,
    ) -> BTreeSet<usize> {
        if self.lines.is_empty() {
            return BTreeSet::new();
        }
        let by_address = addresses.filter_map(|address| self.by_address.get(&address.to_canonical()));
        let by_name = names.filter_map(|name| self.by_name.get(&plain(name)));
        by_address.chain(by_name).flatten().copied().collect()
    }

    /// The countries seen on these paths.
    pub(in crate::report) fn countries(&self, at: &BTreeSet<usize>) -> Vec<PathCountry> {
        countries(at.iter().filter_map(|at| self.lines.get(*at)).flat_map(|line| &line.hops))
    }

    /// The list.
    pub(in crate::report) fn into_lines(self) -> Vec<PathLine> {
        self.lines
    }
}

/// A name as names are compared.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The countries of hops, each with the best standing that it has, by code.
fn countries<'h>(hops: impl Iterator<Item = &'h HopLine>) -> Vec<PathCountry> {
    let mut seen: BTreeMap<Country, (Standing, BTreeSet<&str>)> = BTreeMap::new();
    for hop in hops {
        let (Some(standing), Some(address)) = (hop.standing, &hop.address) else { continue };
        for &country in &hop.candidates {
            let (best, addresses) = seen.entry(country).or_insert((standing, BTreeSet::new()));
            addresses.insert(address);
            if rank(standing) < rank(*best) {
                *best = standing;
            }
        }
    }
    let line = |(country, (standing, addresses)): (Country, (Standing, BTreeSet<&str>))| PathCountry {
        country,
        label: country.name().map_or_else(|| country.code().to_owned(), str::to_owned),
        standing,
        hops: addresses.len() as u64,
    };
    seen.into_iter().map(line).collect()
}

fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Confirmed => 0,
        Standing::Reported => 1,
        _ => 2,
    }
}

/// Places hops.
struct Placed<'a> {
    knowledge: &'a Knowledge,
    judgements: &'a Judgements,
    times: Times,
    cache: PlaceCache,
}

impl Placed<'_> {
    /// A path that packets show.
    fn seen(&mut self, trail: &Trail, capture: &dyn Fn(FrameId) -> String) -> PathLine {
        let first = trail.hops.iter().map(|hop| hop.first_frame).min().unwrap_or_default();
        let last = trail.hops.iter().filter_map(|hop| hop.distance).max().unwrap_or(0);
        let routers = trail.hops.iter().map(|hop| Router {
            distance: hop.distance,
            address: Some(hop.address),
            name: None,
            rtt_ns: hop.rtt_ns,
            answers: hop.answers,
        });
        PathLine {
            target: Some(trail.target.to_string()),
            tool: "capture".to_owned(),
            file: capture(first),
            frame: Some(first.number()),
            source: Some(trail.source.to_string()),
            ..self.line(routers, last)
        }
    }

    /// A path that the user gives.
    fn given(&mut self, given: &GivenPath) -> PathLine {
        let last = given.reached.map_or(given.last, |reached| reached.saturating_sub(1));
        let routers = given.hops.iter().map(|hop| Router {
            distance: Some(hop.distance),
            address: hop.address,
            name: hop.name.clone(),
            rtt_ns: hop.rtt_ns,
            answers: hop.answers,
        });
        PathLine {
            target: given.target.map(|target| target.to_string()),
            target_name: given.target_name.clone(),
            tool: given.tool.to_owned(),
            file: given.file.clone(),
            line: Some(given.line),
            reached: given.reached,
            ..self.line(routers, last)
        }
    }

    /// The hops of a path up to a distance, with what lies between them.
    fn line(&mut self, routers: impl Iterator<Item = Router>, last: u8) -> PathLine {
        let mut hops = Vec::new();
        let mut gaps = 0;
        let mut done = 0_u8;
        // Fills up to the distance before the next hop, which is then done too.
        let mut fill = |hops: &mut Vec<HopLine>, until: u8| {
            if done < until {
                gaps += u64::from(until - done);
                hops.push(gap(done + 1, until));
            }
            done = done.max(until.saturating_add(1));
        };
        let mut is_filled = false;
        for router in routers {
            match router.distance {
                Some(distance) => fill(&mut hops, distance.saturating_sub(1)),
                None if !is_filled => {
                    fill(&mut hops, last);
                    is_filled = true;
                }
                None => {}
            }
            hops.push(self.hop(router));
        }
        if !is_filled {
            fill(&mut hops, last);
        }
        let countries = countries(hops.iter());
        PathLine {
            target: None,
            target_name: None,
            tool: String::new(),
            file: String::new(),
            frame: None,
            line: None,
            source: None,
            is_met: false,
            reached: None,
            hops,
            gaps,
            countries,
        }
    }

    fn hop(&mut self, router: Router) -> HopLine {
        let found = router.address.map(|address| self.place(address));
        let text = |text: Option<&Arc<str>>| text.map(|text| text.to_string());
        let place = found.as_ref().map(|(place, ..)| &**place);
        HopLine {
            distance: router.distance,
            until: None,
            is_gap: false,
            address: router.address.map(|address| address.to_string()),
            name: router.name,
            rtt_ms: router.rtt_ns.map(|ns| ns as f64 / 1e6),
            answers: router.answers,
            standing: found.as_ref().map(|(_, standing, _)| *standing),
            asn: place.and_then(|place| place.asn),
            as_name: text(place.and_then(|place| place.as_name.as_ref())),
            operator: text(place.and_then(|place| place.operator.as_ref())),
            jurisdiction: place.and_then(|place| place.jurisdiction),
            candidates: found.map(|(.., candidates)| candidates).unwrap_or_default(),
        }
    }

    /// What may be said of an address: as of an endpoint if it is one, else by what databases claim. The round trips of paths have no
    /// say: routers answer late, files were measured anywhere, and an answer may come from someone nearer.
    fn place(&mut self, address: IpAddr) -> (Arc<Place>, Standing, Vec<Country>) {
        if let Some(known) = self.judgements.get(address) {
            return (Arc::clone(&known.place), known.judged.standing, known.judged.candidates.clone());
        }
        let places = &self.knowledge.places;
        let place = self.cache.locate(places, address);
        let standing = match place.scope {
            Scope::Local => Standing::Local,
            Scope::Global => {
                let judged = judged(&endpoint(address, &place, &Probe::default(), self.times, places.routes_date()));
                return (place, judged.standing, judged.candidates);
            }
            _ => Standing::Special,
        };
        (place, standing, Vec::new())
    }
}

fn gap(distance: u8, until: u8) -> HopLine {
    HopLine {
        distance: Some(distance),
        until: Some(until),
        is_gap: true,
        address: None,
        name: None,
        rtt_ms: None,
        answers: 0,
        standing: None,
        candidates: Vec::new(),
        asn: None,
        as_name: None,
        operator: None,
        jurisdiction: None,
    }
}
