//! The kinds of captures that are simulated: what stands between the device and the servers, and how the capture was made.

/// Something near the device that answers for servers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Near {
    /// Round trip to it, in ms.
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
    /// How long it works on a hello at most, in ms.
    pub(super) work_ms: f64,
}

const fn near(from_ms: f64, to_ms: f64) -> Near {
    Near { from_ms, to_ms, work_ms: 2.0 }
}

/// What becomes of a flow's times.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// Of this part of the flows, times are longer than the path by up to a second.
    Longer(f64),
    /// Of this part of the flows, the handshake seems shorter than it was: its first SYN is missing.
    ShortHandshake(f64),
    /// Of this part of the flows, handshake or hello seem shorter: the clock was set back in between.
    ClockSetBack(f64),
    /// Something near answers the handshake of this part of the addresses; hellos go through, or are not there.
    Proxy { part: f64, near: Near, hides_hello: bool },
    /// Something near answers handshake and hello of this part of the addresses.
    Breaks { part: f64, near: Near, looks: Looks },
    /// As above, for all addresses of one network.
    ProxyOfOneNetwork(Near),
    /// As above, for all addresses of one network.
    BreaksOneNetwork(Near),
}

/// What the SYN-ACKs of something that breaks TLS look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Looks {
    /// All the same.
    Own,
    /// The same but for the window scale.
    OwnWithWindowScales,
    /// As the server's.
    Copied,
}

/// How fast paths are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Path {
    Glass,
    /// Hardly longer than the great circle.
    TightGlass,
    /// Satellites with lasers between them.
    Satellite,
    HollowCore,
    /// All goes over a server far away.
    FarVpn,
}

/// What flows are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flows {
    Tcp,
    Quic,
    Stun,
}

/// One kind of capture.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// What is demanded of it.
    pub(super) demand: Demand,
    pub(super) effect: Effect,
    pub(super) path: Path,
    pub(super) flows: Flows,
    /// Step of the clock in ms.
    pub(super) clock_ms: f64,
    /// How far the device is from where it is said to be, in km: from and to.
    pub(super) off_km: (f64, f64),
    /// Networks of a capture, if always as many.
    pub(super) networks: Option<u32>,
}

/// What is demanded of a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Demand {
    /// No true claim is taken out at all.
    Clean,
    /// No true claim is ruled out.
    NeverRuledOut,
    /// At most 1.5 of 1,000 true claims are ruled out.
    SeldomRuledOut,
    /// Nothing: the rules are known to err more often, and `docs/evidence.md` says how often.
    Stated,
}

const fn kind(name: &'static str, demand: Demand) -> Kind {
    Kind {
        name,
        demand,
        effect: Effect::None,
        path: Path::Glass,
        flows: Flows::Tcp,
        clock_ms: 0.001,
        off_km: (0.0, 20.0),
        networks: None,
    }
}

const fn honest(name: &'static str, effect: Effect) -> Kind {
    Kind { effect, ..kind(name, Demand::NeverRuledOut) }
}

const fn odd(name: &'static str, effect: Effect) -> Kind {
    Kind { effect, ..kind(name, Demand::SeldomRuledOut) }
}

const fn proxy(name: &'static str, near: Near) -> Kind {
    odd(name, Effect::Proxy { part: 1.0, near, hides_hello: false })
}

const fn breaks(name: &'static str, part: f64, near: Near, looks: Looks) -> Kind {
    odd(name, Effect::Breaks { part, near, looks })
}

const fn wrong_from(name: &'static str, from: f64, to: f64) -> Kind {
    Kind { off_km: (from, to), ..odd(name, Effect::None) }
}

const BOX: Near = near(0.2, 3.0);
/// One that works on hellos as long as servers do.
const SLOW_BOX: Near = Near { work_ms: 15.0, ..BOX };

/// All kinds.
pub(super) const KINDS: &[Kind] = &[
    kind("device", Demand::Clean),
    Kind { clock_ms: 0.01, ..kind("router", Demand::Clean) },
    Kind { path: Path::TightGlass, ..honest("tight glass", Effect::None) },
    honest("repeated SYN or SYN-ACK", Effect::Longer(0.1)),
    honest("delayed ACK", Effect::Longer(0.3)),
    honest("late SYN-ACK", Effect::Longer(0.2)),
    honest("one-sided", Effect::Longer(0.5)),
    Kind { clock_ms: 1.0, ..honest("clock of 1 ms", Effect::None) },
    Kind { flows: Flows::Quic, ..honest("QUIC", Effect::None) },
    honest("PCAPdroid", Effect::Longer(0.05)),
    honest("user-mode NAT", Effect::Longer(0.05)),
    Kind { path: Path::FarVpn, ..honest("far VPN", Effect::None) },
    Kind { off_km: (30.0, 30.0), ..honest("user 30 km off", Effect::None) },
    Kind { flows: Flows::Stun, ..honest("STUN", Effect::Longer(0.1)) },
    Kind { networks: Some(3), ..honest("three networks", Effect::None) },
    odd("one-sided, late SYN-ACK", Effect::Longer(0.7)),
    Kind { clock_ms: 5.0, ..odd("clock of 5 ms", Effect::None) },
    Kind { clock_ms: 10.0, ..odd("clock of 10 ms", Effect::None) },
    Kind { clock_ms: 15.6, ..odd("clock of 15.6 ms", Effect::None) },
    Kind { flows: Flows::Quic, ..odd("repeated QUIC Initial", Effect::Longer(0.4)) },
    proxy("TCP proxy on the device", near(0.05, 0.8)),
    proxy("TCP proxy in the LAN", near(0.5, 5.0)),
    proxy("TCP proxy of the ISP", near(4.0, 20.0)),
    Kind { path: Path::FarVpn, ..proxy("tun of a VPN", near(0.05, 1.0)) },
    odd("web cache", Effect::Proxy { part: 0.6, near: near(2.0, 15.0), hides_hello: true }),
    odd("first SYN never seen", Effect::ShortHandshake(1.0)),
    odd("first SYN of 20 % not seen", Effect::ShortHandshake(0.2)),
    odd("5 % dropped", Effect::ShortHandshake(0.005)),
    odd("15 % dropped", Effect::ShortHandshake(0.015)),
    odd("clock steps", Effect::ClockSetBack(0.04)),
    Kind { path: Path::Satellite, ..odd("LEO with laser links", Effect::None) },
    Kind { path: Path::HollowCore, ..odd("hollow core", Effect::None) },
    breaks("TLS broken near, all names", 1.0, BOX, Looks::Own),
    breaks("TLS broken near, 70 % of names", 0.7, BOX, Looks::Own),
    breaks("TLS broken near, 30 % of names", 0.3, BOX, Looks::Own),
    breaks("the same, window scales differ", 0.3, BOX, Looks::OwnWithWindowScales),
    breaks("the same, SYN-ACK copied", 0.3, BOX, Looks::Copied),
    breaks("the same, slow", 0.3, SLOW_BOX, Looks::Own),
    Kind { demand: Demand::Stated, ..breaks("the same, slow, SYN-ACK copied", 0.3, SLOW_BOX, Looks::Copied) },
    breaks("TLS broken at a cloud node", 0.5, near(4.0, 30.0), Looks::Own),
    odd("TCP proxy for one operator", Effect::ProxyOfOneNetwork(near(2.0, 20.0))),
    Kind { demand: Demand::Stated, ..odd("TLS broken for one operator", Effect::BreaksOneNetwork(near(2.0, 20.0))) },
    wrong_from("wrong --from by 800 to 3,000 km", 800.0, 3000.0),
    wrong_from("wrong --from by 3,000 to 8,000 km", 3000.0, 8000.0),
    wrong_from("wrong --from by over 8,000 km", 8000.0, 18_000.0),
    wrong_from("wrong --from by any distance", 100.0, 18_000.0),
];
