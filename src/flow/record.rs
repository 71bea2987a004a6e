//! The resolved flow: one session of one conversation, with direction, names and counts.

use crate::capture::FrameId;
use crate::capture::owner::Owner;
use crate::name::{Alpn, Application, CertificateSubject, EchOffer, NameSource};
use crate::packet::TunnelPath;
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;

/// What went one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Packets (fragments count each).
    pub packets: u64,
    /// Frame lengths on the wire, in bytes.
    pub bytes: u64,
    /// Transport payload in bytes, retransmissions included.
    pub payload: u64,
}

/// A name with its evidence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// Where it was found.
    pub source: NameSource,
    /// The frame that completed it.
    pub frame: FrameId,
    /// The name: from the wire, untrusted, to be escaped wherever it is shown.
    pub name: Arc<str>,
}

/// The first payload bytes one side sent, kept where an app may give itself away by them: what wire
/// signatures look at.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Head {
    /// The first [`Head::LIMIT`] bytes of the side's stream, or of its first datagram.
    #[serde(with = "small")]
    pub bytes: SmallVec<[u8; Head::LIMIT]>,
    /// Payload lengths of the side's first segments or datagrams, at most [`Head::LENGTHS`].
    #[serde(with = "small")]
    pub lengths: SmallVec<[u32; Head::LENGTHS]>,
    /// Their frames.
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

    /// Frame that brought the first byte.
    pub fn frame(&self) -> Option<FrameId> {
        self.frames.first().copied()
    }

    /// Adds the length of a segment or datagram in front of the one at `at`; what is too much at the end goes.
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
pub enum RttSource {
    /// TCP SYN to SYN-ACK, each seen once.
    TcpHandshake,
    /// TCP last SYN to SYN-ACK where the SYN was repeated: may be too small, so it proves no distance.
    TcpHandshakeRepeated,
    /// TCP SYN to a reset: often sent by something in between, so it proves no distance.
    TcpReset,
    /// TCP SYN to the opener's own first acknowledgment, where only its side was captured.
    TcpOneWay,
    /// QUIC client Initial to the server's first datagram (includes server work).
    QuicInitial,
}

impl RttSource {
    /// Whether it is an upper bound on the round trip to the other end, so that it may bound the distance.
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

/// A measured round-trip time. 0 where it is below the resolution of the capture's clock: no bound on anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rtt {
    /// Nanoseconds.
    pub ns: u64,
    /// How it was measured.
    pub source: RttSource,
}

/// What the hello and the capture's HTTPS records say about Encrypted Client Hello.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ech {
    /// Probably a random filler: the server name stands in clear.
    Grease,
    /// The server name is a known public name: the real one is hidden.
    Likely,
    /// The offer repeats a configuration from an HTTPS record of this capture.
    Confirmed,
    /// Its forerunner, the encrypted server name of early drafts: what stands in clear beside it, if anything, is a cover.
    Esni,
}

impl Ech {
    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grease => "grease",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
            Self::Esni => "esni",
        }
    }
}

/// The owner a flow's packets name, and how clearly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnerEvidence {
    /// The owner most packets name.
    pub owner: Arc<Owner>,
    /// Packets that name it.
    pub votes: u64,
    /// Packets that name any owner that was counted.
    pub votes_total: u64,
    /// First frame that names it.
    pub frame: FrameId,
    /// Other owners named, most votes first: the first few.
    pub others: Vec<(Arc<Owner>, u64)>,
    /// Packets that name an owner that was not counted: there are too many.
    pub left_out: u64,
}

/// One session of one conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// First frame, with the capture's ordinal.
    pub first_frame: FrameId,
    /// Time of the first frame in record order, ns since 1970 UTC.
    pub first_seen_ns: i64,
    /// Time of the last frame in record order, ns since 1970 UTC.
    pub last_seen_ns: i64,
    /// IP protocol number.
    pub protocol: u8,
    /// Who opened it.
    pub client_ip: IpAddr,
    /// Port of the client, where the protocol has ports.
    pub client_port: Option<u16>,
    /// Who answered.
    pub server_ip: IpAddr,
    /// Port of the server, where the protocol has ports.
    pub server_port: Option<u16>,
    /// Client to server.
    pub up: Counters,
    /// Server to client.
    pub down: Counters,
    /// The application protocol recognised.
    pub application: Option<Application>,
    /// All names, best first.
    pub names: SmallVec<[Name; 1]>,
    /// ALPN protocols offered.
    pub alpn: Alpn,
    /// ECH extension as offered.
    pub ech_offer: Option<EchOffer>,
    /// What it means.
    pub ech: Option<Ech>,
    /// Subject of the server's certificate, where there was no server name.
    pub certificate: Option<Box<CertificateSubject>>,
    /// Smallest handshake round trip.
    pub rtt: Option<Rtt>,
    /// Who the capture says owned the packets.
    pub owner: Option<Box<OwnerEvidence>>,
    /// First bytes of the client, where wire signatures may look at them.
    pub client_head: Option<Box<Head>>,
    /// First bytes of the server, likewise.
    pub server_head: Option<Box<Head>>,
    /// Encapsulations around it, outermost first.
    pub tunnel: TunnelPath,
}

impl Flow {
    /// Names kept per flow, the first by frame: a connection reused for many requests shows its first hosts.
    pub const NAME_LIMIT: usize = 32;

    /// A flow of which only the ends are known, each with its port where the protocol has ports.
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
            up: NOTHING,
            down: NOTHING,
            application: None,
            names: SmallVec::new_const(),
            alpn: Alpn::NONE,
            ech_offer: None,
            ech: None,
            certificate: None,
            rtt: None,
            owner: None,
            client_head: None,
            server_head: None,
            tunnel: TunnelPath::NONE,
        }
    }

    /// Lets go of what only wire signatures look at.
    pub fn forget_heads(&mut self) {
        (self.client_head, self.server_head) = (None, None);
    }

    /// Whether it asked a resolver for names.
    pub fn is_lookup(&self) -> bool {
        self.names.last().is_some_and(|name| name.source == NameSource::DnsQuestion)
    }

    /// The best name of the server, if any; what a lookup asked for is none.
    pub fn name(&self) -> Option<&Name> {
        self.names.first().filter(|name| name.source != NameSource::DnsQuestion)
    }
}
