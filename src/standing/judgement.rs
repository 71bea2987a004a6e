//! The endpoints of a capture to what may be said of each: the table of `docs/evidence.md`, of which the first row that applies counts.

use super::class::Standing;
use super::distances::Distances;
use super::endpoint::{Endpoint, Front};
use super::exclusion::{Exclusion, Verdict};
use super::physics::{Physics, PhysicsState};
use super::votes::{Named, Votes};
use crate::place::{Country, Scope, Vantage};

/// Why an address is confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confirmation {
    /// Independent lineages agree.
    Lineages,
    /// One lineage names the only country within reach of the round trip.
    RoundTrip,
}

/// What may be said of one address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    /// Its standing.
    pub standing: Standing,
    /// The countries that it may be in, sorted: one where confirmed or reported, several where disputed, else none.
    pub candidates: Vec<Country>,
    /// Why it is confirmed.
    pub confirmation: Option<Confirmation>,
    /// Every database that has a claim is more than three years from the capture.
    pub is_stale: bool,
    /// The user asked that the age of databases does not count.
    pub is_age_ignored: bool,
    /// Months between the capture and the database furthest from it of those that have a say.
    pub gap_months: Option<u32>,
    /// Claims that round trips took out, by country. They are no places of the address.
    pub exclusions: Vec<Exclusion>,
    /// How many lineages name a candidate, by candidate.
    pub lineages: Vec<usize>,
}

/// What may be said of the addresses of a capture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// Whether round trips counted.
    pub physics: PhysicsState,
    /// One for each endpoint, in the order they were given.
    pub judged: Vec<Judged>,
}

/// Judges all addresses of a device's captures together: round trips of some tell whether those of others count.
pub fn judge(vantage: Option<&Vantage>, endpoints: &[Endpoint]) -> Judgement {
    judge_from(vantage.map(|vantage| Distances::new(vantage.clone())).as_ref(), endpoints)
}

/// The same, from a vantage whose distances are kept for further captures.
pub fn judge_from(distances: Option<&Distances>, endpoints: &[Endpoint]) -> Judgement {
    let votes: Vec<Votes> = endpoints.iter().map(votes_of).collect();
    let physics = match distances {
        Some(distances) => Physics::of(distances, endpoints, &votes),
        None => Physics::none(PhysicsState::NoVantage),
    };
    let judged = endpoints.iter().zip(&votes).enumerate().map(|(index, (endpoint, votes))| {
        let exclusions = votes.named.iter().filter_map(|named| physics.exclusions.get(&(index, named.country)));
        one(endpoint, votes, exclusions.copied().collect(), physics.only.get(&index).copied())
    });
    Judgement { physics: physics.state, judged: judged.collect() }
}

/// The claims that count. Of an address that no network announces, only databases of the capture's time know anything.
fn votes_of(endpoint: &Endpoint) -> Votes {
    let votes = Votes::of(&endpoint.claims, endpoint.registry);
    let is_known = endpoint.scope == Scope::Global && endpoint.front != Front::Anycast && !endpoint.is_unrouted();
    if is_known { votes } else { Votes { named: Vec::new(), ..votes } }
}

fn one(endpoint: &Endpoint, votes: &Votes, exclusions: Vec<Exclusion>, only: Option<Country>) -> Judged {
    let verdict =
        |named: &&Named| exclusions.iter().find(|exclusion| exclusion.country == named.country).map(|one| one.verdict);
    let is_possible = |named: &&Named| verdict(named) != Some(Verdict::RuledOut);
    let possible: Vec<&Named> = votes.named.iter().filter(is_possible).collect();
    let left: Vec<&Named> = possible.iter().copied().filter(|named| verdict(named).is_none()).collect();
    let mut confirmation = None;
    let (standing, candidates) = if endpoint.scope == Scope::Local {
        (Standing::Local, Vec::new())
    } else if endpoint.scope != Scope::Global {
        (Standing::Special, Vec::new())
    } else if endpoint.front == Front::Anycast {
        (Standing::Anycast, Vec::new())
    } else if endpoint.is_unrouted() {
        (Standing::Unrouted, Vec::new())
    } else if votes.named.is_empty() {
        (if votes.is_registry_only { Standing::RegistryOnly } else { Standing::Unknown }, Vec::new())
    } else if possible.is_empty() {
        (Standing::RuledOut, Vec::new())
    } else if let Some(named) = confirmed(endpoint, votes, &possible, &left) {
        confirmation = Some(Confirmation::Lineages);
        (Standing::Confirmed, vec![named])
    } else if let Some(named) = left.iter().find(|named| !votes.is_stale && Some(named.country) == only) {
        confirmation = Some(Confirmation::RoundTrip);
        (Standing::Confirmed, vec![*named])
    } else {
        match left.as_slice() {
            [] => (Standing::Contradicted, Vec::new()),
            [only]
                if endpoint.repeats_registry && only.lineages.len() == 1 && Some(only.country) == endpoint.registry =>
            {
                (Standing::RegistryOnly, Vec::new())
            }
            [_] => (Standing::Reported, left),
            _ => (Standing::Disputed, left),
        }
    };
    Judged {
        standing,
        confirmation,
        is_stale: votes.is_stale,
        is_age_ignored: false,
        gap_months: votes.gap_months,
        exclusions,
        lineages: candidates.iter().map(|named| named.lineages.len()).collect(),
        candidates: candidates.into_iter().map(|named| named.country).collect(),
    }
}

/// The country that two lineages agree on and no other names, unless the address is one of several that DNS chooses from.
fn confirmed<'a>(endpoint: &Endpoint, votes: &Votes, possible: &[&'a Named], left: &[&'a Named]) -> Option<&'a Named> {
    let ([named], [_]) = (possible, left) else { return None };
    let is_confirmed = !votes.is_stale && endpoint.front == Front::Plain && named.confirming.len() >= 2;
    is_confirmed.then_some(*named)
}

impl Judged {
    /// How far the databases are in time, in a word: `fresh`, `stale`, `ignored`.
    pub const fn age(&self) -> &'static str {
        match (self.is_age_ignored, self.is_stale) {
            (true, _) => "ignored",
            (false, true) => "stale",
            (false, false) => "fresh",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bound::{FlowTimes, Measured};
    use super::super::claim::Claim;
    use super::super::lineage::Lineage;
    use super::*;
    use crate::flow::SynAck;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const MS: u64 = 1_000_000;

    fn country(code: &str) -> Country {
        Country::new(code).unwrap()
    }

    fn claims(lineages: &[(Lineage, &str, u32)]) -> Vec<Claim> {
        let claim = |(lineage, code, gap_months): &(Lineage, &str, u32)| Claim {
            lineage: *lineage,
            country: country(code),
            gap_months: *gap_months,
        };
        lineages.iter().map(claim).collect()
    }

    fn endpoint(number: u32) -> Endpoint {
        Endpoint::new(Ipv4Addr::from(0x0808_0000 + number).into())
    }

    fn standing(endpoint: Endpoint) -> (Standing, Vec<Country>) {
        let judgement = judge(None, &[endpoint]);
        assert_eq!(judgement.physics, PhysicsState::NoVantage);
        let judged = judgement.judged.into_iter().next().unwrap();
        (judged.standing, judged.candidates)
    }

    /// An address of this network, claimed by so many lineages, with handshake and hello of so many ms.
    fn measured(network: u32, code: &str, lineages: usize, handshake: u64, hello: Option<u64>) -> Endpoint {
        let mut measured = Measured::default();
        let times =
            FlowTimes::Stream { handshake_ns: handshake * MS, hello_ns: hello.map(|ms| ms * MS), answer_ns: None };
        measured.observe(times, MS / 100);
        let all = [(Lineage::DbIp, code, 1), (Lineage::MaxMind, code, 1)];
        let number = network * 1000 + u32::try_from(handshake).unwrap();
        Endpoint {
            network: Some(network),
            claims: claims(&all[..lineages]),
            measured: Some(measured),
            syn_ack: Some(SynAck {
                arrival_ttl: 40 + (number % 20) as u8,
                option_kinds: [2, 4].into_iter().collect(),
                window_scale: Some(7),
            }),
            ..endpoint(number)
        }
    }

    fn milan() -> Vantage {
        Vantage { label: "Milan, IT".into(), latitude: 45.46, longitude: 9.19, radius_km: 25.0 }
    }

    fn honest() -> Vec<Endpoint> {
        [("IT", 8), ("DE", 14), ("US", 95), ("SG", 160), ("JP", 230), ("BR", 200)]
            .into_iter()
            .enumerate()
            .map(|(network, (code, ms))| measured(network as u32, code, 2, ms, Some(ms + 2)))
            .collect()
    }

    #[test]
    fn the_first_row_that_applies_counts() {
        let two = [(Lineage::DbIp, "SG", 2), (Lineage::MaxMind, "SG", 12)];
        let of = |claims: Vec<Claim>| Endpoint { claims, ..endpoint(1) };
        let known = |list: &[(Lineage, &str, u32)]| standing(of(claims(list)));
        let only = |standing: Standing| (standing, Vec::new());
        let singapore = vec![country("SG")];
        assert_eq!(standing(Endpoint { scope: Scope::Local, ..of(claims(&two)) }), only(Standing::Local));
        assert_eq!(standing(Endpoint { scope: Scope::Multicast, ..of(claims(&two)) }), only(Standing::Special));
        assert_eq!(standing(Endpoint { front: Front::Anycast, ..of(claims(&two)) }), only(Standing::Anycast));
        assert_eq!(standing(Endpoint { is_announced: false, ..of(claims(&two)) }), only(Standing::Unrouted));
        assert_eq!(known(&two), (Standing::Confirmed, singapore.clone()));
        assert_eq!(
            standing(Endpoint { front: Front::Steered, ..of(claims(&two)) }),
            (Standing::Reported, singapore.clone())
        );
        assert_eq!(
            known(&[(Lineage::DbIp, "SG", 2), (Lineage::MaxMind, "SG", 13)]),
            (Standing::Reported, singapore.clone())
        );
        assert_eq!(
            known(&[(Lineage::DbIp, "SG", 2), (Lineage::Operator, "SG", 36)]),
            (Standing::Confirmed, singapore.clone())
        );
        assert_eq!(known(&two[..1]), (Standing::Reported, singapore.clone()));
        let disputed = known(&[(Lineage::DbIp, "SG", 2), (Lineage::MaxMind, "HK", 2), (Lineage::IpInfo, "SG", 2)]);
        assert_eq!(disputed, (Standing::Disputed, vec![country("HK"), country("SG")]));
        assert_eq!(known(&[]), only(Standing::Unknown));
        assert_eq!(known(&[(Lineage::Registry, "SG", 2)]), only(Standing::RegistryOnly));
        let repeats = Endpoint { repeats_registry: true, registry: Some(country("SG")), ..of(claims(&two[..1])) };
        assert_eq!(standing(repeats.clone()), only(Standing::RegistryOnly));
        assert_eq!(standing(Endpoint { claims: claims(&two), ..repeats }), (Standing::Confirmed, singapore));
    }

    #[test]
    fn stale_tables_confirm_nothing_and_those_of_the_time_may_place_what_is_announced_no_more() {
        let old =
            Endpoint { claims: claims(&[(Lineage::DbIp, "SG", 110), (Lineage::MaxMind, "SG", 110)]), ..endpoint(1) };
        let judged = judge(None, std::slice::from_ref(&old)).judged.remove(0);
        assert_eq!((judged.standing, judged.is_stale, judged.gap_months), (Standing::Reported, true, Some(110)));
        let gone = Endpoint { is_announced: false, routes_gap_months: 110, ..old };
        assert_eq!(standing(gone.clone()).0, Standing::Unrouted);
        let of_the_time = claims(&[(Lineage::DbIp, "SG", 110), (Lineage::MaxMind, "CN", 1)]);
        assert_eq!(standing(Endpoint { claims: of_the_time, ..gone }), (Standing::Reported, vec![country("CN")]));
    }

    #[test]
    fn a_claim_too_far_for_light_is_ruled_out_where_the_capture_holds() {
        let mut endpoints = honest();
        endpoints.push(measured(9, "AU", 1, 37, Some(40)));
        let judgement = judge(Some(&milan()), &endpoints);
        assert_eq!(judgement.physics, PhysicsState::On);
        let judged = &judgement.judged[6];
        assert_eq!((judged.standing, judged.candidates.len()), (Standing::RuledOut, 0));
        assert_eq!(judged.exclusions[0].verdict, Verdict::RuledOut);
        assert!(judgement.judged[..6].iter().all(|judged| judged.standing == Standing::Confirmed));
        // Without a hello it only does not fit.
        endpoints[6] = measured(9, "AU", 1, 37, None);
        assert_eq!(judge(Some(&milan()), &endpoints).judged[6].standing, Standing::Contradicted);
        // One claim of two is left.
        endpoints[6] = measured(9, "AU", 1, 37, Some(40));
        endpoints[6].claims.extend(claims(&[(Lineage::MaxMind, "IT", 1)]));
        let judged = judge(Some(&milan()), &endpoints).judged.remove(6);
        assert_eq!((judged.standing, judged.candidates), (Standing::Reported, vec![country("IT")]));
    }

    #[test]
    fn something_near_that_answers_for_all_turns_round_trips_off() {
        let endpoints: Vec<Endpoint> = [("IT", 8), ("DE", 14), ("US", 3), ("SG", 3), ("JP", 3), ("BR", 4)]
            .into_iter()
            .enumerate()
            .map(|(network, (code, ms))| measured(network as u32, code, 2, ms, Some(ms + 90)))
            .collect();
        let judgement = judge(Some(&milan()), &endpoints);
        assert_eq!(judgement.physics, PhysicsState::Refused);
        assert!(judgement.judged.iter().all(|judged| judged.standing == Standing::Confirmed));
    }

    #[test]
    fn a_wrong_vantage_is_suspected_before_the_servers() {
        // Taken in Sydney, said to be in Milan.
        let mut endpoints = Vec::new();
        for (network, (code, ms)) in
            [("AU", 4), ("NZ", 28), ("SG", 95), ("JP", 110), ("US", 150), ("US", 160)].into_iter().enumerate()
        {
            endpoints.push(measured(network as u32, code, 2, ms, Some(ms + 1)));
        }
        let judgement = judge(Some(&milan()), &endpoints);
        assert!(judgement.judged.iter().all(|judged| judged.standing != Standing::RuledOut), "{judgement:?}");
    }

    #[test]
    fn one_network_may_be_wrong_alone() {
        // Everything far lies in one network and does not fit; what is near does.
        let endpoints = vec![
            measured(1, "IT", 2, 8, Some(9)),
            measured(2, "IT", 2, 9, Some(12)),
            measured(3, "AU", 1, 37, Some(38)),
            measured(3, "AU", 1, 36, None),
        ];
        let judgement = judge(Some(&milan()), &endpoints);
        assert_eq!(judgement.physics, PhysicsState::OneNetwork);
        let standings: Vec<Standing> = judgement.judged.iter().map(|judged| judged.standing).collect();
        use Standing::{Confirmed, Contradicted};
        assert_eq!(standings, [Confirmed, Confirmed, Contradicted, Contradicted]);
    }

    /// An address as a real capture shows it: handshake and hello in tenths of a ms, arrival TTL.
    fn real(number: u32, network: u32, code: &str, handshake: u64, hello: Option<u64>, arrival_ttl: u8) -> Endpoint {
        let mut measured = Measured::default();
        let tenths = |time: u64| time * MS / 10;
        let times = FlowTimes::Stream { handshake_ns: tenths(handshake), hello_ns: hello.map(tenths), answer_ns: None };
        measured.observe(times, 2_000);
        Endpoint {
            network: Some(network),
            claims: claims(&[(Lineage::DbIp, code, 1)]),
            measured: Some(measured),
            syn_ack: Some(SynAck {
                arrival_ttl,
                option_kinds: [2, 4, 8, 1, 3].into_iter().collect(),
                window_scale: None,
            }),
            ..endpoint(number)
        }
    }

    #[test]
    fn a_hello_that_does_not_fit_either_keeps_the_claims_of_one_network_out() {
        // wa_voice.pcap from Milan: three addresses of Meta, two of them said to be in Australia.
        let endpoints = [
            real(1, 32934, "IT", 197, Some(185), 84),
            real(2, 32934, "AU", 372, Some(395), 83),
            real(3, 32934, "AU", 407, Some(1676), 83),
        ];
        let judgement = judge(Some(&milan()), &endpoints);
        assert_eq!(judgement.physics, PhysicsState::OneNetwork);
        let standings: Vec<Standing> = judgement.judged.iter().map(|judged| judged.standing).collect();
        assert_eq!(standings, [Standing::Reported, Standing::Contradicted, Standing::Contradicted]);
    }

    #[test]
    fn other_networks_that_fit_keep_the_claims_of_one_network_out() {
        // weibo.pcap from Milan: two addresses of a content network that are said to be in Brazil, without hellos.
        let endpoints = [
            real(1, 9304, "HK", 3401, None, 41),
            real(2, 54994, "BR", 291, None, 56),
            real(3, 54994, "BR", 267, None, 56),
            real(4, 4812, "CN", 3788, None, 49),
            real(5, 24429, "US", 1563, None, 50),
        ];
        let judgement = judge(Some(&milan()), &endpoints);
        assert_eq!(judgement.physics, PhysicsState::OneNetwork);
        let standings: Vec<Standing> = judgement.judged.iter().map(|judged| judged.standing).collect();
        use Standing::{Contradicted, Reported};
        assert_eq!(standings, [Reported, Contradicted, Contradicted, Reported, Reported]);
    }

    #[test]
    fn the_only_country_within_reach_is_confirmed() {
        let alice = Vantage { label: "Alice Springs".into(), latitude: -23.7, longitude: 133.88, radius_km: 25.0 };
        let mut endpoints: Vec<Endpoint> = [("NZ", 60), ("US", 180), ("SG", 60), ("JP", 90), ("BR", 250)]
            .into_iter()
            .enumerate()
            .map(|(network, (code, ms))| measured(network as u32, code, 1, ms, Some(ms + 1)))
            .collect();
        endpoints.push(measured(8, "AU", 1, 7, Some(7)));
        let judgement = judge(Some(&alice), &endpoints);
        assert_eq!(judgement.judged[5].standing, Standing::Confirmed);
        assert_eq!(judgement.judged[5].confirmation, Some(Confirmation::RoundTrip));
        assert!(judgement.judged[..5].iter().all(|judged| judged.standing == Standing::Reported));
    }

    #[test]
    fn a_hundred_thousand_addresses_are_judged_at_once() {
        let codes = ["IT", "DE", "US", "SG", "JP", "BR", "AU", "CN", "IN", "ZA"];
        let endpoints: Vec<Endpoint> = (0..100_000_u32)
            .map(|number| {
                let ms = if number % 51 == 0 { 20 } else { 150 + u64::from(number % 97) };
                Endpoint {
                    address: Ipv4Addr::from(number).into(),
                    ..measured(number % 400, codes[number as usize % 10], 1 + number as usize % 2, ms, Some(ms + 3))
                }
            })
            .collect();
        let begin = std::time::Instant::now();
        let judgement = judge(Some(&milan()), &endpoints);
        // Unoptimised and on a busy machine; under 0.3 s otherwise.
        assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
        assert!(judgement.judged.iter().any(|judged| !judged.exclusions.is_empty()));
    }

    fn any_endpoint() -> impl Strategy<Value = Endpoint> {
        let parts = (0..6_u32, 0..7_usize, 0..3_usize, 1..250_u64, proptest::option::of(0..60_u64), 0..4_u8, 0..12_u8);
        parts.prop_map(|(network, code, lineages, handshake, more, kind, ttl)| {
            let codes = ["IT", "US", "AU", "CN", "HK", "GB", "PR"];
            let mut one = measured(network, codes[code], lineages, handshake, more.map(|more| handshake + more));
            one.syn_ack = one.syn_ack.map(|syn_ack| SynAck { arrival_ttl: ttl, ..syn_ack });
            one.front = if kind == 0 { Front::Steered } else { Front::Plain };
            one.claims.extend(claims(&[(Lineage::Ip2Location, codes[(code + 1) % 7], 40)]));
            one
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn order_does_not_matter_and_what_is_excluded_is_no_place(
            endpoints in proptest::collection::vec(any_endpoint(), 1..24), turn in 0..24_usize,
        ) {
            let judgement = judge(Some(&milan()), &endpoints);
            let mut turned = endpoints.clone();
            turned.rotate_left(turn % endpoints.len());
            turned.reverse();
            let mut other = judge(Some(&milan()), &turned);
            other.judged.reverse();
            other.judged.rotate_right(turn % endpoints.len());
            prop_assert_eq!(&other, &judgement);
            for judged in &judgement.judged {
                prop_assert!(judged.exclusions.iter().all(|exclusion| !judged.candidates.contains(&exclusion.country)));
                let count = judged.candidates.len();
                let is_right = match judged.standing {
                    Standing::Confirmed | Standing::Reported => count == 1,
                    Standing::Disputed => count > 1,
                    _ => count == 0,
                };
                prop_assert!(is_right);
                prop_assert!(judgement.physics.is_on() || judged.exclusions.is_empty());
            }
        }
    }
}
