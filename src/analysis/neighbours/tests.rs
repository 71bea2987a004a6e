//! Tests of inheritance: how the rules are applied, and that neither order nor cuts change the result.

use super::{Limits, Neighbours, Seekers, TooMany, is_seeker, order, settled};
use crate::analysis::{Knowledge, Learned, Studied};
use crate::app::{Attribution, Catalogue, Claim, EvidenceKind};
use crate::capture::FrameId;
use crate::capture::owner::{Owner, OwnerFormat};
use crate::flow::{Flow, OwnerEvidence};
use crate::packet::protocol::UDP;
use crate::place::{Place, Places};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

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
        },
    }
}

fn knowledge() -> Knowledge {
    let places = Places::open(&[]).expect("embedded");
    Knowledge::new(Catalogue::default(), places, None)
}

/// Frame, and app with kind and rule, of each flow, if flows arrive in the order `arrival` and `steps` windows become
/// complete at a time.
fn run(flows: &[(i64, Studied)], arrival: &[usize], steps: i64, knowledge: &Knowledge) -> Vec<(u64, String)> {
    limited(Limits::default(), flows, arrival, steps, knowledge).0
}

/// The same with these limits, and how many flows could not take part.
fn limited(
    limits: Limits,
    flows: &[(i64, Studied)],
    arrival: &[usize],
    steps: i64,
    knowledge: &Knowledge,
) -> (Vec<(u64, String)>, TooMany) {
    let last = flows.iter().map(|(window, _)| *window).max().unwrap_or(0);
    let (mut neighbours, mut waiting) = (Neighbours::new(limits), BTreeMap::<i64, Seekers>::new());
    let mut shown = Vec::new();
    let mut complete = 0;
    while complete <= last {
        let next = complete + steps;
        let mut stores = [Neighbours::new(limits), Neighbours::new(limits)];
        for &at in arrival.iter().filter(|&&at| (complete..next).contains(&flows[at].0)) {
            let (window, studied) = &flows[at];
            stores[at % 2].observe(*window, &studied.observed());
            if is_seeker(&studied.observed()) {
                waiting.entry(*window).or_default().push(studied.clone());
            } else {
                shown.push((*window, studied.clone()));
            }
        }
        stores.iter_mut().for_each(|store| neighbours.append(store));
        complete = next;
        let until = settled(if complete > last { i64::MAX } else { complete });
        let later = waiting.split_off(&until);
        let mut ready = std::mem::replace(&mut waiting, later);
        neighbours.settle(&mut ready, knowledge);
        for (window, flows) in ready {
            shown.extend(flows.into_batches().into_iter().flatten().map(|studied| (window, studied)));
        }
        neighbours.forget_before(until);
    }
    shown.sort_by_key(|(window, studied)| (*window, order(&studied.flow)));
    let text = |(_, studied): (i64, Studied)| {
        let chosen = studied.learned.attribution.chosen.as_ref();
        let text = chosen.map(|claim| format!("{} {} {}", claim.app, claim.kind.word(), claim.rule));
        (studied.flow.first_frame.number(), text.unwrap_or_default())
    };
    (shown.into_iter().map(text).collect(), neighbours.too_many)
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
        let limits = Limits { seekers: 3, known: 2 };
        let whole = limited(limits, &flows, &straight, 100, &knowledge);
        prop_assert_eq!(&whole, &limited(limits, &flows, &shuffled, steps, &knowledge));
        let mut of_window = BTreeMap::<i64, u64>::new();
        for (window, _) in flows.iter().filter(|(_, one)| one.learned.attribution.chosen.is_none()) {
            *of_window.entry(*window).or_default() += 1;
        }
        let too_many: u64 = of_window.values().map(|count| count.saturating_sub(3)).sum();
        prop_assert_eq!(whole.1.seekers, too_many, "each is counted once");
    }
}
