//! One simulated capture: addresses with claims that are true or not, and the round trips that the capture shows.

use super::kind::{Effect, Flows, Kind, Looks, Near, Path};
use super::world::{Point, between, chance, km, land, moved, one, site};
use crate::synth::random::Random;
use std::net::Ipv4Addr;
use whither::flow::SynAck;
use whither::place::Country;
use whither::place::country::CountryRow;
use whither::standing::{Claim, Endpoint, FlowTimes, Lineage, Measured};

/// Round trip per km through glass at 0.68 of the speed of light, and through air or vacuum.
const GLASS_MS_PER_KM: f64 = 1.0 / 101.9;
const LIGHT_MS_PER_KM: f64 = 1.0 / 149.8;
/// Percent of right and of wrong claims on which two lineages agree.
const RIGHT_AGREED: u32 = 85;
const WRONG_AGREED: u32 = 10;
/// How long a server works on a hello at most.
const WORK_MS: f64 = 15.0;
/// Percent of addresses with a hello.
const HELLOS: u32 = 85;
/// Ports of TCP options that servers send.
const LAYOUTS: [&[u8]; 6] = [&[2, 4, 8, 1, 3], &[2, 1, 3, 1, 1, 8, 4], &[2, 4, 1, 3], &[2, 1, 3], &[2, 3, 4, 8], &[2]];

/// An address and what is true of it.
pub(super) struct Server {
    pub(super) endpoint: Endpoint,
    /// Where it stands.
    pub(super) country: Country,
    /// What is claimed.
    pub(super) claimed: Country,
    /// The least handshake in ms, for the rule that was used before.
    pub(super) least_handshake_ms: f64,
}

/// What all servers of a capture share.
struct Surroundings {
    kind: Kind,
    device: Point,
    access_ms: f64,
    vpn: Point,
    near_ms: f64,
    near_work_ms: f64,
    box_syn_ack: SynAck,
    /// The network that something on the way answers for.
    picked: u32,
}

/// A capture seen from a vantage. Wrong claims fall on whole networks where `is_clustered`.
pub(super) fn capture(
    random: &mut Random,
    kind: Kind,
    vantage: Point,
    near: &[&'static CountryRow],
    is_clustered: bool,
) -> Vec<Server> {
    let count = 6 + random.below(35);
    let networks = kind.networks.unwrap_or_else(|| 3 + random.below(10));
    let wrong = between(random, 0.0, 0.3);
    let (bearing, away) = (between(random, 0.0, 360.0), between(random, kind.off_km.0, kind.off_km.1));
    let device = moved(vantage, bearing, away);
    let near_vpn = (between(random, 0.0, 360.0), between(random, 500.0, 8000.0));
    let surroundings = Surroundings {
        kind,
        device,
        access_ms: between(random, 0.3, 15.0),
        vpn: moved(device, near_vpn.0, near_vpn.1),
        near_ms: near_of(kind.effect).map_or(0.0, |near| between(random, near.from_ms, near.to_ms)),
        near_work_ms: near_of(kind.effect).map_or(0.0, |near| near.work_ms),
        box_syn_ack: syn_ack(random),
        picked: random.below(networks),
    };
    // A wrong network claims one country for all its addresses: where its operator is at home.
    let homes: Vec<Option<Country>> = (0..networks)
        .map(|_| {
            let home = land(random, near)?.country;
            (is_clustered && chance(random) < wrong).then_some(home)
        })
        .collect();
    let mut servers = Vec::new();
    for number in 0..count {
        let Some(row) = land(random, near) else { continue };
        let network = random.below(networks);
        let home = homes.get(usize::try_from(network).unwrap_or(0)).copied().flatten();
        let wrong_claim = match home {
            Some(home) => Some(home),
            None if !is_clustered && chance(random) < wrong => land(random, near).map(|row| row.country),
            None => None,
        };
        let claimed = wrong_claim.unwrap_or(row.country);
        servers.extend(server(random, &surroundings, number, network, row, claimed));
    }
    servers
}

fn near_of(effect: Effect) -> Option<Near> {
    match effect {
        Effect::Proxy { near, .. } | Effect::Breaks { near, .. } => Some(near),
        Effect::ProxyOfOneNetwork(near) | Effect::BreaksOneNetwork(near) => Some(near),
        _ => None,
    }
}

fn server(
    random: &mut Random,
    around: &Surroundings,
    number: u32,
    network: u32,
    row: &CountryRow,
    claimed: Country,
) -> Option<Server> {
    let at = site(random, row);
    let path_ms = path_ms(random, around, at);
    let is_right = claimed == row.country;
    let lineages: &[Lineage] = match random.is_in(if is_right { RIGHT_AGREED } else { WRONG_AGREED }) {
        true => &[Lineage::DbIp, Lineage::MaxMind],
        false => &[Lineage::DbIp],
    };
    let claims = lineages.iter().map(|lineage| Claim { lineage: *lineage, country: claimed, gap_months: 1 });
    let mut endpoint = Endpoint::new(Ipv4Addr::from(0x0900_0000 + number).into());
    endpoint.network = Some(network + 100);
    endpoint.claims = claims.collect();
    let own = syn_ack(random);
    let is_picked = network == around.picked;
    let (handshake_near, hello_near, hides_hello) = match around.kind.effect {
        Effect::Proxy { part, hides_hello, .. } => {
            let is_hit = chance(random) < part;
            (is_hit, false, is_hit && hides_hello)
        }
        Effect::Breaks { part, .. } => {
            let is_hit = chance(random) < part;
            (is_hit, is_hit, false)
        }
        Effect::ProxyOfOneNetwork(_) => (is_picked, false, false),
        Effect::BreaksOneNetwork(_) => (is_picked, is_picked, false),
        _ => (false, false, false),
    };
    let syn_ack = match around.kind.effect {
        Effect::Breaks { looks: Looks::Copied, .. } => own,
        Effect::Breaks { looks: Looks::OwnWithWindowScales, .. } if handshake_near => {
            SynAck { window_scale: Some(6 + random.below(4) as u8), ..around.box_syn_ack.clone() }
        }
        _ if handshake_near => around.box_syn_ack.clone(),
        _ => own,
    };
    endpoint.syn_ack = (around.kind.flows == Flows::Tcp).then_some(syn_ack);
    let has_hello = random.is_in(HELLOS) && !hides_hello;
    let mut measured = Measured::default();
    let mut least_handshake_ms = f64::INFINITY;
    for _ in 0..1 + random.below(4) {
        let jitter =
            |random: &mut Random, is_near: bool| -(1.0 - chance(random)).ln() * if is_near { 0.3 } else { 2.0 };
        let at = |random: &mut Random, is_near: bool| {
            let base = if is_near { around.near_ms } else { path_ms };
            base + jitter(random, is_near)
        };
        let mut handshake = at(random, handshake_near);
        let mut hello =
            at(random, hello_near) + between(random, 0.3, if hello_near { around.near_work_ms } else { WORK_MS });
        disturb(random, around.kind.effect, &mut handshake, &mut hello);
        let clock_ms = around.kind.clock_ms;
        let (handshake, hello) = (clocked(random, handshake, clock_ms), clocked(random, hello, clock_ms));
        least_handshake_ms = least_handshake_ms.min(handshake);
        let ns = |ms: f64| (ms.max(0.0) * 1e6) as u64;
        let times = match around.kind.flows {
            Flows::Tcp => FlowTimes::Stream {
                handshake_ns: ns(handshake),
                hello_ns: has_hello.then_some(ns(hello)),
                answer_ns: None,
            },
            Flows::Quic => FlowTimes::Datagram { answer_ns: ns(hello) },
            Flows::Stun => FlowTimes::Datagram { answer_ns: ns(handshake) },
        };
        measured.observe(times, ns(clock_ms));
    }
    endpoint.measured = Some(measured);
    Some(Server { endpoint, country: row.country, claimed, least_handshake_ms })
}

/// The round trip over the path, without what varies from flow to flow.
fn path_ms(random: &mut Random, around: &Surroundings, to: Point) -> f64 {
    let distance = km(around.device, to);
    let stretch = 1.05 + chance(random).powi(2) * 1.5;
    let glass = |distance: f64, stretch: f64| distance * stretch * GLASS_MS_PER_KM;
    around.access_ms
        + match around.kind.path {
            Path::Glass => glass(distance, stretch),
            Path::TightGlass => glass(distance, 1.03),
            Path::Satellite => 18.0 + distance * between(random, 1.05, 1.3) * LIGHT_MS_PER_KM,
            Path::HollowCore => distance * between(random, 1.02, 1.3) * LIGHT_MS_PER_KM,
            Path::FarVpn => glass(km(around.device, around.vpn), 1.2) + glass(km(around.vpn, to), stretch),
        }
}

fn disturb(random: &mut Random, effect: Effect, handshake: &mut f64, hello: &mut f64) {
    match effect {
        Effect::Longer(part) => {
            for time in [handshake, hello] {
                if chance(random) < part {
                    *time += between(random, 20.0, 1000.0);
                }
            }
        }
        Effect::ShortHandshake(part) if chance(random) < part => *handshake *= chance(random),
        Effect::ClockSetBack(part) => {
            for time in [handshake, hello] {
                if chance(random) < part {
                    *time = (*time - between(random, 0.0, 300.0)).max(0.0);
                }
            }
        }
        _ => {}
    }
}

/// A time as a clock of this step shows it.
fn clocked(random: &mut Random, time: f64, step: f64) -> f64 {
    let begin = between(random, 0.0, step);
    ((begin + time) / step).floor() * step
}

fn syn_ack(random: &mut Random) -> SynAck {
    let first = one(random, &[64_u8, 128, 255]).unwrap_or(64);
    SynAck {
        arrival_ttl: first - 5 - random.below(22) as u8,
        option_kinds: one(random, &LAYOUTS).unwrap_or(&[2]).iter().copied().collect(),
        window_scale: one(random, &[None, Some(6), Some(7), Some(8), Some(9), Some(14)]).flatten(),
    }
}
