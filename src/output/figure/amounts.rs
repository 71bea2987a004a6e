//! What a map draws: payload by country and standing, what was ruled out, and what has no country.

use super::view::Place;
use crate::output::words;
use crate::place::Country;
use crate::place::geometry::outline;
use crate::report::{AppRoutes, Destination, EndpointShares, Report, ShareLine, Standing, WayShares};
use std::collections::BTreeMap;

/// How far outside a coarse outline the phone may be to be in the country, in km: a town on the coast.
const COAST_KM: f64 = 6.0;
/// Stubs drawn of what was ruled out: the largest.
const STUB_LIMIT: usize = 6;

/// Payload of one country.
pub(super) struct Flow<'a> {
    /// Its share.
    pub(super) line: &'a ShareLine,
    /// The country.
    pub(super) country: Country,
    /// Where it is drawn: a point inside, since no source checks cities.
    pub(super) place: Place,
    /// Bytes that are confirmed, reported, and of which sources differ.
    pub(super) lanes: [u64; 3],
}

impl Flow<'_> {
    /// Bytes that are or may be there.
    pub(super) fn bytes(&self) -> u64 {
        self.lanes.iter().fold(0, |sum, lane| sum.saturating_add(*lane))
    }
}

/// Payload to endpoints for which every country that is named is ruled out. The country gives the direction only; it is not named.
pub(super) struct Stub {
    pub(super) toward: Place,
    /// How far the endpoints can be.
    pub(super) reach_km: f64,
    pub(super) bytes: u64,
}

/// Payload without a country.
pub(super) struct Unplaced {
    pub(super) word: &'static str,
    pub(super) bytes: u64,
    /// Its share; empty where it is in no share.
    pub(super) share: String,
    /// Whether round trips took its country away.
    pub(super) is_excluded: bool,
    /// Whether it is no part of the whole that shares are of.
    pub(super) is_apart: bool,
}

/// What one map draws.
pub(super) struct Amounts<'a> {
    /// The direction that is drawn.
    pub(super) way: &'a WayShares,
    /// The country of the phone.
    pub(super) home: Option<Flow<'a>>,
    /// All others, most bytes first.
    pub(super) flows: Vec<Flow<'a>>,
    pub(super) stubs: Vec<Stub>,
    pub(super) unplaced: Vec<Unplaced>,
}

impl<'a> Amounts<'a> {
    /// Of all apps, and of what no app was named for.
    pub(super) fn of_all(report: &'a Report) -> Self {
        let rows = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
        Self::of(report, &report.shares, rows)
    }

    /// Of one app.
    pub(super) fn of_app(report: &'a Report, app: &'a AppRoutes) -> Self {
        Self::of(report, &app.shares, app.destinations.iter())
    }

    fn of(report: &Report, shares: &'a EndpointShares, rows: impl Iterator<Item = &'a Destination>) -> Self {
        let is_received = is_received(report);
        let way = if is_received { &shares.received } else { &shares.sent };
        let mut flows: Vec<Flow<'a>> = way.countries.iter().filter_map(flow).filter(|flow| flow.bytes() > 0).collect();
        flows.sort_by_key(|flow| std::cmp::Reverse(flow.bytes()));
        let home = home(report);
        let home = flows.iter().position(|flow| Some(flow.country) == home).map(|at| flows.remove(at));
        let mut stubs: BTreeMap<Country, Stub> = BTreeMap::new();
        for row in rows.filter(|row| row.standing == Standing::RuledOut) {
            let Some((exclusion, toward)) = row.exclusions.first().and_then(|one| Some((one, one.country.centroid()?)))
            else {
                continue;
            };
            let stub = stubs.entry(exclusion.country).or_insert(Stub { toward, reach_km: 0.0, bytes: 0 });
            stub.reach_km = stub.reach_km.max(exclusion.reach_km.into());
            stub.bytes = stub.bytes.saturating_add(if is_received { row.payload.received } else { row.payload.sent });
        }
        let mut stubs: Vec<Stub> = stubs.into_values().filter(|stub| stub.bytes > 0 && stub.reach_km > 0.0).collect();
        stubs.sort_by_key(|stub| std::cmp::Reverse(stub.bytes));
        stubs.truncate(STUB_LIMIT);
        Self { way, home, flows, stubs, unplaced: unplaced(shares, way, is_received) }
    }

    /// Bytes of everything that is drawn as one mark.
    pub(super) fn marks(&self) -> impl Iterator<Item = u64> {
        let flows = self.home.iter().chain(&self.flows).map(Flow::bytes);
        flows.chain(self.unplaced.iter().map(|one| one.bytes))
    }

    /// Where something is drawn, without the phone itself.
    pub(super) fn places(&self, from: Option<Place>) -> Vec<Place> {
        let flows = self.flows.iter().chain(&self.home).map(|flow| flow.place);
        let ends = |from| self.stubs.iter().map(move |stub| super::view::on_the_way(from, stub.toward, stub.reach_km));
        match from {
            // The phone stands for its own country.
            Some(from) => self.flows.iter().map(|flow| flow.place).chain(ends(from)).collect(),
            None => flows.collect(),
        }
    }
}

/// Whether the picture is of what was received, because nothing was sent.
pub(super) fn is_received(report: &Report) -> bool {
    report.shares.sent.bytes == 0 && report.shares.received.bytes > 0
}

fn flow(line: &ShareLine) -> Option<Flow<'_>> {
    let country = Country::new(&line.key)?;
    let differ = line.possible_bytes.saturating_sub(line.reported_bytes);
    let lanes = [line.certain_bytes, line.reported_bytes.min(line.possible_bytes), differ];
    Some(Flow { line, country, place: country.centroid()?, lanes })
}

/// The country that the phone is in.
fn home(report: &Report) -> Option<Country> {
    let vantage = report.vantage.as_ref()?;
    let told = vantage.label.rsplit_once(", ").and_then(|(_, code)| Country::new(code));
    let nearest = || {
        let distance = |country| outline::distance_km(country, vantage.latitude, vantage.longitude);
        let near = outline::all().filter_map(|(country, _)| Some((distance(country)?, country)));
        near.filter(|(km, _)| *km <= COAST_KM).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, country)| country)
    };
    told.filter(|country| country.centroid().is_some()).or_else(nearest)
}

/// What has no country, by reason, most bytes first; then what is in no share.
fn unplaced(shares: &EndpointShares, way: &WayShares, is_received: bool) -> Vec<Unplaced> {
    let mut sums: BTreeMap<Standing, u64> = BTreeMap::new();
    for line in &way.unplaced {
        let sum = sums.entry(line.standing).or_default();
        *sum = sum.saturating_add(line.bytes);
    }
    let shared = sums.into_iter().map(|(standing, bytes)| Unplaced {
        word: standing.word(),
        bytes,
        share: words::at_most(bytes, way.bytes),
        is_excluded: matches!(standing, Standing::RuledOut | Standing::Contradicted),
        is_apart: false,
    });
    let apart = [
        ("a person’s device", if is_received { shares.person_received_bytes } else { shares.person_sent_bytes }),
        ("no answer", if is_received { 0 } else { shares.tried_bytes }),
    ];
    let apart = apart.into_iter().map(|(word, bytes)| Unplaced {
        word,
        bytes,
        share: String::new(),
        is_excluded: false,
        is_apart: true,
    });
    let mut all: Vec<Unplaced> = shared.chain(apart).filter(|one| one.bytes > 0).collect();
    all.sort_by_key(|one| (one.is_apart, std::cmp::Reverse(one.bytes)));
    all
}

/// How large so many bytes are drawn: bands are as wide, and circles as large in area, as they have bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    most: f64,
    /// Width of the widest band.
    pub(super) widest: f64,
}

impl Scale {
    /// The thinnest mark: what is less is drawn so, and the caption says it.
    pub(super) const THINNEST: f64 = 1.0;
    /// Radius of the largest circle, as a part of the widest band.
    const RADIUS: f64 = 0.75;

    /// One scale for all these marks.
    pub(super) fn of(marks: impl Iterator<Item = u64>, widest: f64) -> Self {
        Self { most: marks.max().unwrap_or(0).max(1) as f64, widest }
    }

    /// The width of so many bytes, however thin.
    pub(super) fn exactly(self, bytes: u64) -> f64 {
        bytes as f64 / self.most * self.widest
    }

    /// The width that is drawn.
    pub(super) fn width(self, bytes: u64) -> f64 {
        self.exactly(bytes).max(Self::THINNEST)
    }

    /// The radius of a circle for so many bytes.
    pub(super) fn radius(self, bytes: u64) -> f64 {
        self.widest * Self::RADIUS * (bytes as f64 / self.most).sqrt()
    }

    /// Round numbers of bytes whose widths explain the scale, widest first.
    pub(super) fn examples(self) -> Vec<u64> {
        let nice = |width: f64| {
            let bytes = width / self.widest * self.most;
            let power = 10_f64.powf(bytes.max(1.0).log10().floor());
            let step = [5.0, 3.0, 2.0, 1.0].into_iter().find(|step| step * power <= bytes).unwrap_or(1.0);
            (step * power) as u64
        };
        let mut all = vec![nice(self.widest), nice(self.widest / 3.0), nice(self.widest / 12.0)];
        all.retain(|bytes| *bytes > 0);
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn marks_add_up_to_what_was_sent() {
        let report = example::report();
        let all = Amounts::of_all(&report);
        let disputed: u64 = all.flows.iter().chain(&all.home).map(|flow| flow.lanes[2]).sum();
        assert!(disputed == 0 || disputed >= all.way.disputed_bytes);
        let certain: u64 = all.flows.iter().chain(&all.home).map(|flow| flow.lanes[0]).sum();
        assert_eq!(certain, all.way.confirmed_bytes);
        let unplaced: u64 = all.unplaced.iter().filter(|one| !one.is_apart).map(|one| one.bytes).sum();
        assert_eq!(unplaced, all.way.unplaced_bytes);
    }

    #[test]
    fn the_phones_country_is_told_or_found() {
        let mut report = example::report();
        let mut at = |label: &str, latitude, longitude| {
            let vantage = report.vantage.as_mut().unwrap();
            (vantage.label, vantage.latitude, vantage.longitude) = (label.to_owned(), latitude, longitude);
            home(&report).map(|country| country.code().to_owned())
        };
        assert_eq!(at("Taipei, TW", 0.0, 0.0).as_deref(), Some("TW"));
        assert_eq!(at("22.3, 114.2", 22.3, 114.2).as_deref(), Some("HK"));
        assert_eq!(at("0, -30", 0.0, -30.0), None);
    }

    #[test]
    fn examples_are_round_and_no_wider_than_the_widest() {
        for most in [1, 9, 142_000, 999, 5_000_000_000, u64::MAX] {
            let scale = Scale::of([most, 3].into_iter(), 26.0);
            let examples = scale.examples();
            assert!(!examples.is_empty() && examples.iter().all(|bytes| scale.exactly(*bytes) <= 26.0 + 1e-9));
        }
        assert_eq!(Scale::of([142_000].into_iter(), 26.0).examples(), [100_000, 30_000, 10_000]);
    }
}
