//! Property tests: however short memory is, sums are complete, nothing is counted twice, and neither order nor parts
//! change the result.

use super::address::AddressSums;
use super::bounds::Bounds;
use super::destination::{DestinationKey, NameSums};
use super::map::{RouteMap, Shortage};
use super::observed::Observed;
use crate::app::{Attribution, Claim, EvidenceKind};
use crate::capture::FrameId;
use crate::flow::{CannotMerge, Counters, Flow, Name, SampleKey};
use crate::name::NameSource;
use crate::place::{Country, Place};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// A flow: app, country, network, address, name, bytes.
type Drawn = (Option<u8>, u8, u8, u16, Option<u8>, u16);

/// What is shown of a destination: flows, bytes, names, addresses.
type Shown = (u64, u64, Vec<(String, NameSums)>, Vec<(IpAddr, AddressSums)>);

struct Given {
    flow: Flow,
    place: Arc<Place>,
    attribution: Attribution,
}

fn given(at: usize, &(app, country, asn, address, name, bytes): &Drawn) -> Given {
    let frame = FrameId::new(0, at as u64);
    let [high, low] = address.to_be_bytes();
    let server = IpAddr::from([198, 51, high, low]);
    let client = IpAddr::from([192, 0, 2, 1]);
    let mut flow = Flow {
        first_frame: frame,
        up: Counters { packets: 1, bytes: u64::from(bytes), payload: 0 },
        ..Flow::between(6, (client, Some(5_000)), (server, Some(443)))
    };
    if let Some(name) = name {
        flow.names.push(Name {
            source: NameSource::TlsSni,
            frame,
            name: format!("n{name}.example").into(),
            doubt: None,
        });
    }
    let place = Place {
        country: Country::new(["DE", "FR", "JP", "US"][usize::from(country) % 4]),
        city: Some(format!("city {}", address % 7).into()),
        asn: Some(u32::from(asn)),
        ..Place::default()
    };
    let chosen = app.map(|app| Claim {
        app: format!("app {app}").into(),
        kind: EvidenceKind::Owner,
        rule: format!("name app {app}").into(),
        frame,
    });
    Given { flow, place: Arc::new(place), attribution: Attribution { chosen, ..Attribution::default() } }
}

fn bounds(bytes: u64) -> Bounds {
    let catalogued = ["app 0", "app 1"].map(Arc::from).into_iter().collect();
    Bounds { key: SampleKey::from_words(5, 7), bytes, owners: usize::MAX, catalogued: Arc::new(catalogued) }
}

fn add(map: &mut RouteMap, Given { flow, place, attribution }: &Given) {
    map.add(&Observed { flow, peer: flow.server_ip, place, attribution });
}

/// A map of some hundred flows that keeps within so many bytes.
pub(super) fn map_of(flows: u16, bytes: u64) -> RouteMap {
    let mut map = RouteMap::new(bounds(bytes));
    for at in 0..flows {
        let app = (at % 5 != 0).then_some((at % 7) as u8);
        let name = (at % 3 != 0).then_some((at % 31) as u8);
        add(&mut map, &given(at.into(), &(app, (at % 4) as u8, (at % 11) as u8, at % 97, name, at)));
    }
    map
}

/// The map as another process reads it.
fn carried(map: RouteMap) -> RouteMap {
    let mut bytes = Vec::new();
    map.write_to(&mut bytes).unwrap();
    let read = RouteMap::read_from(&mut &*bytes, u64::MAX).unwrap();
    assert_eq!(read.weight(), map.weight());
    let mut again = Vec::new();
    read.write_to(&mut again).unwrap();
    assert!(bytes == again, "equal maps are equal bytes");
    read
}

/// Everything that a map keeps.
pub(super) fn shown(map: &RouteMap) -> (BTreeMap<(String, DestinationKey), Shown>, Option<Shortage>) {
    let apps = map.apps.iter().map(|(app, sums)| (app.to_string(), sums));
    let all = apps.chain([("other owners".to_owned(), &map.other_owners), (String::new(), &map.nameless)]);
    let rows = all.flat_map(|(app, sums)| sums.destinations.iter().map(move |row| (app.clone(), row)));
    let rows = rows.map(|(app, (key, sums))| {
        let mut names: Vec<_> = sums.names.iter().map(|(name, sums)| (name.to_string(), sums.clone())).collect();
        let mut addresses: Vec<_> = sums.addresses.iter().map(|(ip, sums)| (*ip, sums.clone())).collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        addresses.sort_by_key(|address| address.0);
        ((app, *key), (sums.traffic.flows, sums.traffic.bytes(), names, addresses))
    });
    (rows.collect(), map.shortage())
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let name = prop::option::of(0_u8..40);
    prop::collection::vec((prop::option::of(0_u8..12), 0_u8..4, 0_u8..40, 0_u16..300, name, any::<u16>()), 1..250)
}

#[test]
fn maps_that_left_something_out_by_different_keys_are_not_one() {
    let keyed = |key, bytes| RouteMap::new(Bounds { key, ..bounds(bytes) });
    let (one, other) = (SampleKey::from_words(1, 1), SampleKey::from_words(2, 2));
    let short = |key| {
        let mut map = keyed(key, 1);
        add(&mut map, &given(0, &(Some(0), 0, 0, 0, Some(0), 9)));
        map
    };
    assert!(short(one).shortage().is_some());
    assert_eq!(short(one).merge(short(other)), Err(CannotMerge::DifferentKeys));
    assert_eq!(carried(short(one)).merge(carried(short(other))), Err(CannotMerge::DifferentKeys));
    assert_eq!(carried(short(one)).merge(short(one)), Ok(()));
    assert_eq!(short(one).merge(short(one)), Ok(()));
    assert_eq!(keyed(one, u64::MAX).merge(keyed(other, u64::MAX)), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn neither_order_nor_parts_matter_however_short_memory_is(
        drawn in drawn(), bytes in prop_oneof![0_u64..20_000, 20_000_u64..700_000, Just(u64::MAX)],
        owners in prop_oneof![0_usize..9, Just(usize::MAX)], seed in any::<u64>(), parts in 1_usize..6,
    ) {
        let bounds = |bytes| Bounds { owners, ..bounds(bytes) };
        let flows: Vec<Given> = drawn.iter().enumerate().map(|(at, one)| given(at, one)).collect();
        let mut whole = RouteMap::new(bounds(bytes));
        flows.iter().for_each(|one| add(&mut whole, one));

        let mut shuffled: Vec<usize> = (0..flows.len()).collect();
        shuffled.sort_by_key(|&at| (at as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        let mut pieces: Vec<RouteMap> = (0..parts).map(|_| RouteMap::new(bounds(bytes))).collect();
        for (turn, &at) in shuffled.iter().enumerate() {
            let piece = &mut pieces[turn % parts];
            add(piece, &flows[at]);
            // From time to time the sums of a piece are moved to the next piece.
            if seed >> (turn % 61) & 7 == 0 && parts > 1 {
                let full = std::mem::take(piece);
                let full = if turn % 2 == 0 { carried(full) } else { full };
                pieces[(turn + 1) % parts].append(full);
                let fresh = pieces[(turn + 1) % parts].another();
                pieces[turn % parts] = fresh;
            }
        }
        if seed % 2 == 0 {
            pieces = pieces.into_iter().map(carried).collect();
        }
        let mut merged = pieces.pop().unwrap();
        for piece in pieces {
            merged.append(piece);
        }
        prop_assert_eq!(shown(&whole), shown(&merged));
        prop_assert_eq!(shown(&whole), shown(&carried(merged)));

        let total: u64 = drawn.iter().map(|one| u64::from(one.5)).sum();
        let (rows, shortage) = shown(&whole);
        prop_assert_eq!(rows.values().map(|row| row.1).sum::<u64>(), total, "sums are whole");
        prop_assert_eq!(rows.values().map(|row| row.0).sum::<u64>(), drawn.len() as u64, "nothing is counted twice");
        // At least one destination of each app is always kept.
        prop_assert!(whole.weight() <= bytes.max(40_000), "{} of {}", whole.weight(), bytes);
        let unbounded = {
            let mut map = RouteMap::new(Bounds { owners: usize::MAX, ..bounds(u64::MAX) });
            flows.iter().for_each(|one| add(&mut map, one));
            map
        };
        let named: BTreeSet<u8> = drawn.iter().filter_map(|one| one.0).filter(|app| *app > 1).collect();
        prop_assert!(whole.apps.keys().filter(|app| !["app 0", "app 1"].contains(&&***app)).count() <= owners);
        prop_assert_eq!(shortage.is_some(), unbounded.weight() > bytes || named.len() > owners);
    }
}

#[test]
fn countries_stay_apart_longer_than_networks_and_the_catalogue_longer_than_owners() {
    let flows: Vec<Drawn> = (0..6_000_u16)
        .map(|at| (Some((at % 60) as u8), (at % 4) as u8, (at / 24) as u8, at % 600, None, 100))
        .collect();
    let mut map = RouteMap::new(bounds(600_000));
    for (at, one) in flows.iter().enumerate() {
        add(&mut map, &given(at, one));
    }
    let shortage = map.shortage().unwrap();
    assert!(shortage.one_name_of >= 16 && shortage.destinations > 0 && shortage.owners > 0, "{shortage:?}");
    assert!(map.apps.contains_key("app 0") && map.apps.contains_key("app 1"));
    assert!(map.apps.len() < 60 && map.other_owners.traffic.flows > 0);
    let rest = |sums: &super::AppSums| {
        sums.destinations.iter().filter(|(key, _)| key.is_rest).map(|(_, sums)| sums.traffic.bytes()).sum::<u64>()
    };
    assert!(rest(&map.other_owners) > 0);
    assert!(map.weight() <= 600_000);
}
