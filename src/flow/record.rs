//! The resolved flow: one session of one conversation, with direction, names and counts.

use crate::capture::FrameId;
use crate::capture::owner::Owner;
use crate::flow::round_trips::{Answered, RoundTrips, SynAck};
use crate::name::{Alpn, Application, CertificateSubject, EchOffer, NameSource};
use crate::packet::{IcmpPorts, TunnelPath};
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;

/// Packets and bytes in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Packets; each fragment counts as one.
    pub packets: u64,
    /// Frame lengths on the wire, in bytes.
    pub bytes: u64,
    /// Transport payload in bytes, including retransmissions.
    pub payload: u64,
}

/// A name with its evidence. The order is that of choice: the best source first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Name {
    /// Where it was found.
    pub source: NameSource,
    /// The frame that completed it.
    pub frame: FrameId,
    /// The name. It comes from the wire and must be escaped wherever it is shown.
    pub name: Arc<str>,
    /// Why it may not be the server's, although it was found.
    pub doubt: Option<Doubt>,
}

/// Why a name may not be that of the server, although it was found. What leads readers of packets astray on purpose (decoys) is
/// among the reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Doubt {
    /// Another name stands in the same place of the stream. Which of them the server took is not known.
    Competing,
    /// A resolver gave the address for another name since.
    Earlier,
    /// A resolver gave the address to another address of the same device.
    SameDevice,
    /// It stands outside the stream, before the first byte or after the last, so that the server did not take it.
    Outside,
}

impl Doubt {
    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Competing => "competing",
            Self::Earlier => "earlier",
            Self::SameDevice => "same-device",
            Self::Outside => "outside",
        }
    }
}

impl Name {
    /// Whether it is certainly not the server's.
    pub fn is_rejected(&self) -> bool {
        self.doubt == Some(Doubt::Outside)
    }

    /// Whether it comes before another in the order in which names are found.
    pub(super) fn found_before(&self, other: &Self) -> bool {
        (self.frame, self.source, &self.name) < (other.frame, other.source, &other.name)
    }
}

/// The first payload bytes that one side sent. They are kept where an app may be recognised by them, for the wire
/// signatures.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Head {
    /// The first [`Head::LIMIT`] bytes of the side's stream, or of its first datagram.
    #[serde(with = "small")]
    pub bytes: SmallVec<[u8; Head::LIMIT]>,
    /// Payload lengths of the side's first segments or datagrams, at most [`Head::LENGTHS`].
    #[serde(with = "small")]
    pub lengths: SmallVec<[u32; Head::LENGTHS]>,
    /// The frames of these segments or datagrams.
    #[serde(with = "small")]
    pub frames: SmallVec<[FrameId; Head::LENGTHS]>,
}

impl Head {
    /// Bytes kept.
    pub const LIMIT: usize = 128;
    /// Lengths kept.
    pub const LENGTHS: usize = 4;

    /// Whether it is as long as it may be, and each length has its frame.
    pub(super) fn is_sound(&self) -> bool {
        let Self { bytes, lengths, frames } = self;
        bytes.len() <= Self::LIMIT
            && frames.len() <= Self::LENGTHS
            && frames.len() == lengths.len()
            && frames.is_sorted()
    }

    /// The frame with the first byte.
    pub fn frame(&self) -> Option<FrameId> {
        self.frames.first().copied()
    }

    /// Inserts the length of a segment or datagram before the one at `at`. Entries beyond [`Head::LENGTHS`] are
    /// dropped from the end.
    pub(super) fn insert(&mut self, at: usize, frame: FrameId, length: u32) {
        if at >= Self::LENGTHS {
            return;
        }
        self.frames.truncate(Self::LENGTHS - 1);
        self.lengths.truncate(Self::LENGTHS - 1);
        self.frames.insert(at, frame);
        self.lengths.insert(at, length);
    }
}

/// How a round-trip time was measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RttSource {
    /// From the TCP SYN to the SYN-ACK, each seen once.
    TcpHandshake,
    /// From the last TCP SYN to the SYN-ACK, or to the opener's acknowledgment where only its side was captured, where
    /// the SYN was repeated. The time may be too small, so it proves no distance.
    TcpHandshakeRepeated,
    /// From the TCP SYN to a reset. Resets are often sent by something on the way, so this proves no distance.
    TcpReset,
    /// From the TCP SYN, seen once, to the opener's own first acknowledgment, where only its side was captured.
    TcpOneWay,
    /// From the QUIC client's Initial to the server's first datagram; includes the server's work.
    QuicInitial,
}

impl RttSource {
    /// Whether the time is an upper bound on the round trip to the other end, and so limits its distance.
    pub const fn is_bound(self) -> bool {
        !matches!(self, Self::TcpHandshakeRepeated | Self::TcpReset)
    }

    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TcpHandshake => "tcp-handshake",
            Self::TcpHandshakeRepeated => "tcp-handshake-repeated",
            Self::TcpReset => "tcp-reset",
            Self::TcpOneWay => "tcp-one-way",
            Self::QuicInitial => "quic-initial",
        }
    }
}

/// A measured round-trip time. It is 0 where it is below the resolution of the capture's clock, and then proves
/// nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rtt {
    /// Nanoseconds.
    pub ns: u64,
    /// How it was measured.
    pub source: RttSource,
}

/// What the hello and the HTTPS records in the capture say about Encrypted Client Hello (ECH).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Ech {
    /// Probably random filler (GREASE): the server name in clear is the real one.
    Grease,
    /// The server name is a known public name, so the real one is hidden.
    Likely,
    /// The offer uses a configuration that an HTTPS record of this capture published, or keys opened it and the server's hello shows
    /// that it took it.
    Confirmed,
    /// Keys opened the offer, and the server's hello shows that it did not take it: the server name in clear counts.
    Refused,
    /// The encrypted server name of early drafts. A server name in clear beside it, if any, is not the real one.
    Esni,
}

impl Ech {
    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grease => "grease",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Esni => "esni",
        }
    }
}

/// The owner that the packets of a flow name, and how many packets name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnerEvidence {
    /// The owner that most packets name.
    pub owner: Arc<Owner>,
    /// Packets that name it.
    pub votes: u64,
    /// Packets that name any owner that was counted.
    pub votes_total: u64,
    /// First frame that names it.
    pub frame: FrameId,
    /// The next few owners named, most votes first.
    pub others: Vec<(Arc<Owner>, u64)>,
    /// Packets that name an owner that was not counted, because the flow has too many.
    pub left_out: u64,
}

/// One session of one conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// The first frame; its identity includes the ordinal of the capture.
    pub first_frame: FrameId,
    /// Time of the first frame in record order, ns since 1970 UTC.
    pub first_seen_ns: i64,
    /// Time of the last frame in record order, ns since 1970 UTC.
    pub last_seen_ns: i64,
    /// IP protocol number.
    pub protocol: u8,
    /// Address of the client: the side that opened the conversation.
    pub client_ip: IpAddr,
    /// Port of the client, where the protocol has ports.
    pub client_port: Option<u16>,
    /// Address of the server: the side that answered.
    pub server_ip: IpAddr,
    /// Port of the server, where the protocol has ports.
    pub server_port: Option<u16>,
    /// What stands in the place of ports, where all packets are ICMP messages of one kind.
    pub icmp: Option<IcmpPorts>,
    /// What went from client to server.
    pub up: Counters,
    /// What went from server to client.
    pub down: Counters,
    /// The application protocol that was recognised, if any.
    pub application: Option<Application>,
    /// All names found, the best first.
    pub names: SmallVec<[Name; 1]>,
    /// ALPN protocols offered.
    pub alpn: Alpn,
    /// ECH extension as offered.
    pub ech_offer: Option<EchOffer>,
    /// What the offer means.
    pub ech: Option<Ech>,
    /// Which client it was by the hello that counts (JA4), where one is whole.
    pub ja4: Option<Arc<str>>,
    /// Subject of the server's certificate, if there was no server name.
    pub certificate: Option<Box<CertificateSubject>>,
    /// Smallest handshake round trip.
    pub rtt: Option<Rtt>,
    /// Round trips that may bound the distance of the server; none if the times of the first packets do not differ.
    pub round_trips: Option<RoundTrips>,
    /// What the server's SYN-ACK looked like: of the one by which the handshake was measured, else of the first.
    pub syn_ack: Option<Box<SynAck>>,
    /// Whether the server answered.
    pub answered: Answered,
    /// Whether it looks like the media of a call: over UDP, with packets of STUN, DTLS or RTP, and without a name.
    pub is_call_media: bool,
    /// The owner of the packets, as noted in the capture.
    pub owner: Option<Box<OwnerEvidence>>,
    /// First bytes of the client, if wire signatures may look at them.
    pub client_head: Option<Box<Head>>,
    /// First bytes of the server, if wire signatures may look at them.
    pub server_head: Option<Box<Head>>,
    /// The encapsulations around the packets, outermost first.
    pub tunnel: TunnelPath,
    /// The IPv4 address that the network hands the server's on to, and the frame whose answer shows the prefix for it (RFC 7050).
    pub translated: Option<(IpAddr, FrameId)>,
    /// Whether it was captured on the interface of a tunnel, without a link layer.
    pub is_in_tunnel: bool,
    /// Whether its first packets stand twice in the capture.
    pub is_doubled: bool,
}

impl Flow {
    /// Names kept per flow, the first by frame. A connection that is used for many requests shows the first hosts
    /// asked for.
    pub const NAME_LIMIT: usize = 32;

    /// A flow of which only the two ends are known, each with its port if the protocol has ports.
    pub const fn between(protocol: u8, client: (IpAddr, Option<u16>), server: (IpAddr, Option<u16>)) -> Self {
        const NOTHING: Counters = Counters { packets: 0, bytes: 0, payload: 0 };
        Self {
            first_frame: FrameId::new(0, 0),
            first_seen_ns: 0,
            last_seen_ns: 0,
            protocol,
            client_ip: client.0,
            client_port: client.1,
            server_ip: server.0,
            server_port: server.1,
            icmp: None,
            up: NOTHING,
            down: NOTHING,
            application: None,
            names: SmallVec::new_const(),
            alpn: Alpn::NONE,
            ech_offer: None,
            ech: None,
            ja4: None,
            certificate: None,
            rtt: None,
            round_trips: None,
            syn_ack: None,
            answered: Answered::No,
            is_call_media: false,
            owner: None,
            client_head: None,
            server_head: None,
            tunnel: TunnelPath::NONE,
            translated: None,
            is_in_tunnel: false,
            is_doubled: false,
        }
    }

    /// The address by which the server is located: the one inside, where the network translates it.
    pub fn located_server(&self) -> IpAddr {
        self.translated.map_or(self.server_ip, |(inside, _)| inside)
    }

    /// Drops what only wire signatures need.
    pub fn forget_heads(&mut self) {
        (self.client_head, self.server_head) = (None, None);
    }

    /// Whether the flow is a lookup: it asked a resolver for names.
    pub fn is_lookup(&self) -> bool {
        self.names.last().is_some_and(|name| name.source == NameSource::DnsQuestion)
    }

    /// The best name of the server, if any. The name that a lookup asked for does not count.
    pub fn name(&self) -> Option<&Name> {
        self.names.iter().find(|name| !name.is_rejected()).filter(|name| name.source != NameSource::DnsQuestion)
    }
}
