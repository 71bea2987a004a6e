//! Many flows at once, as a profile's shape says: each packet is the next of a flow picked by chance, and a flow that is over
//! makes room for a new one.

use super::Generate;
use super::frame::{Ends, Frame};
use super::random::Random;
use super::sites::SITES;
use super::talk::{Kind, Scratch, Sizes, Talk};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first packet's time: 2026-06-20 12:00 UTC.
const EPOCH_US: u64 = 1_781_956_800_000_000;

/// What a profile's traffic looks like.
pub(super) struct Shape {
    /// Flows under way.
    concurrent: usize,
    /// Mean time between packets.
    gap_us: u32,
    /// Devices.
    clients: u32,
    /// Networks of each site, of 16, and hosts in each, of 254.
    servers: (u32, u32),
    /// Flows over IPv6, where the site has it, in a hundred.
    v6_percent: u32,
    /// What is spoken, in a hundred.
    kinds: &'static [(u32, Kind)],
    /// Least and most packets of data; few flows are long.
    data: (u32, u32),
    sizes: Sizes,
    has_lookup: bool,
}

pub(super) const PHONE: Shape = Shape {
    concurrent: 6,
    gap_us: 400,
    clients: 3,
    servers: (2, 12),
    v6_percent: 30,
    kinds: &[(60, Kind::Tls), (40, Kind::Quic)],
    data: (40, 60_000),
    sizes: Sizes::Full,
    has_lookup: true,
};

pub(super) const MIX: Shape = Shape {
    concurrent: 4_096,
    gap_us: 200,
    clients: 50_000,
    servers: (16, 254),
    v6_percent: 25,
    kinds: &[(40, Kind::Tls), (4, Kind::Quic), (6, Kind::Http), (25, Kind::Dns), (20, Kind::Udp), (5, Kind::Refused)],
    data: (2, 400),
    sizes: Sizes::Small,
    has_lookup: false,
};

pub(super) const FLOWS: Shape = Shape {
    concurrent: 1_024,
    gap_us: 40,
    clients: 10_000_000,
    servers: (16, 254),
    v6_percent: 15,
    kinds: &[(50, Kind::Refused), (25, Kind::Dns), (25, Kind::Udp)],
    data: (1, 2),
    sizes: Sizes::Small,
    has_lookup: false,
};

/// The router of a network, who answers lookups over IPv6.
pub(super) fn router(client: Ipv6Addr) -> IpAddr {
    let [a, b, c, d, ..] = client.segments();
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 1).into()
}

/// See the module.
pub(super) struct Traffic {
    shape: &'static Shape,
    random: Random,
    talks: Vec<Talk>,
    scratch: Scratch,
    time_us: u64,
    flows: u64,
    /// Flows to begin.
    limit: u64,
}

impl Traffic {
    pub(super) fn new(shape: &'static Shape, seed: u64, limit: u64) -> Self {
        let mut traffic = Self {
            shape,
            random: Random::new(seed),
            talks: Vec::with_capacity(shape.concurrent),
            scratch: Scratch::default(),
            time_us: EPOCH_US,
            flows: 0,
            limit,
        };
        while traffic.talks.len() < shape.concurrent && traffic.flows < limit {
            let talk = traffic.begin();
            traffic.talks.push(talk);
        }
        traffic
    }

    fn begin(&mut self) -> Talk {
        self.flows += 1;
        let (shape, random) = (self.shape, &mut self.random);
        let mut chance = random.below(100);
        let kind = shape.kinds.iter().find(|(percent, _)| {
            let is_it = chance < *percent;
            chance = chance.saturating_sub(*percent);
            is_it
        });
        let kind = kind.map_or(Kind::Udp, |(_, kind)| *kind);
        let site = random.below(SITES.len() as u32) as usize;
        let is_v6 = SITES[site].has_v6() && random.is_in(shape.v6_percent);
        let server = SITES[site].address(is_v6, random.below(shape.servers.0), random.below(shape.servers.1));
        let client = random.below(shape.clients);
        let client = if is_v6 {
            // Documentation prefix (RFC 3849), a network for every 256 devices.
            Ipv6Addr::new(
                0x2001,
                0xdb8,
                (client >> 16) as u16,
                (client >> 8) as u16,
                0,
                0,
                0,
                0x100 + (client & 0xff) as u16,
            )
            .into()
        } else {
            IpAddr::from(Ipv4Addr::from(0x0a00_0002 + client))
        };
        let server_port = match kind {
            Kind::Tls | Kind::Quic | Kind::Refused => 443,
            Kind::Http => 80,
            Kind::Dns => 53,
            Kind::Udp => 1_024 + random.below(40_000) as u16,
        };
        let client_port = 32_768 + random.below(28_000) as u16;
        let numbers = random.number();
        Talk {
            kind,
            ends: Ends { client, server, client_port, server_port },
            site,
            seed: random.number(),
            has_lookup: shape.has_lookup,
            data: random.pareto(shape.data.0, shape.data.1),
            sizes: shape.sizes,
            step: 0,
            is_closing: false,
            next: [numbers as u32, (numbers >> 32) as u32],
        }
    }
}

impl Generate for Traffic {
    fn next(&mut self, frame: &mut Frame) -> Option<u64> {
        if self.talks.is_empty() {
            return None;
        }
        let at = self.random.below(self.talks.len() as u32) as usize;
        let has_more = self.talks[at].packet(&mut self.random, &mut self.scratch, frame);
        if !has_more {
            if self.flows < self.limit {
                self.talks[at] = self.begin();
            } else {
                self.talks.swap_remove(at);
            }
        }
        self.time_us += u64::from(self.random.below(2 * self.shape.gap_us));
        Some(self.time_us)
    }

    fn flows(&self) -> u64 {
        self.flows
    }
}
