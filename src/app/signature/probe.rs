//! What signatures look at in a flow, and what they answer.

use crate::flow::Flow;
use crate::packet::protocol::{TCP, UDP};
use crate::place::Place;
use std::net::IpAddr;

/// The name that the reader of WeChat's MMTLS gives this protocol, which only WeChat uses.
pub(super) const MMTLS: &str = "mmtls";

/// The name that the reader of Minecraft's handshake gives its protocol.
pub(super) const MINECRAFT: &str = "minecraft";

/// The name that the reader of Agora's opening gives its protocol.
pub(super) const AGORA: &str = "agora";

/// Protocols that one app or service alone speaks, so that no bytes are needed beside them.
pub(super) const OF_ONE_APP: [&str; 3] = [AGORA, MINECRAFT, MMTLS];

/// How sure a signature is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Confidence {
    /// Hardly ever occurs by chance or in another app.
    Certain,
    /// Marks and address agree, but other apps could use the same format.
    Probable,
    /// A hint.
    Weak,
}

impl Confidence {
    /// All, surest first. The order is that of the tables that have one entry per confidence.
    pub const ALL: [Self; 3] = [Self::Certain, Self::Probable, Self::Weak];

    /// The word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Probable => "probable",
            Self::Weak => "weak",
        }
    }
}

/// What a signature identifies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Says {
    /// The app with this catalogue id.
    App(&'static str),
    /// Only the operator: the catalogue's platform with this id.
    Platform(&'static str),
}

/// The transport over which a wire format is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Over {
    /// TCP alone.
    Tcp,
    /// UDP alone.
    Udp,
    /// Either.
    Either,
}

impl Over {
    /// Whether the wire format may be used over this IP protocol.
    pub const fn holds(self, protocol: u8) -> bool {
        match self {
            Self::Tcp => protocol == TCP,
            Self::Udp => protocol == UDP,
            Self::Either => true,
        }
    }
}

/// The first bytes that one side sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side<'a> {
    /// At most [`crate::flow::Head::LIMIT`] bytes of the stream or the first datagram.
    pub bytes: &'a [u8],
    /// Payload lengths of the first segments or datagrams.
    pub lengths: &'a [u32],
}

impl Side<'_> {
    /// Length of the first segment or datagram.
    pub fn first_length(&self) -> usize {
        self.lengths.first().map_or(self.bytes.len(), |&length| length as usize)
    }

    /// The big-endian 16-bit number at an offset.
    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(self.bytes.get(at..at + 2)?.try_into().ok()?))
    }

    /// The little-endian 16-bit number at an offset.
    pub(super) fn u16_little(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes.get(at..at + 2)?.try_into().ok()?))
    }

    /// The little-endian 32-bit number at an offset.
    pub(super) fn u32_little(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?))
    }

    /// The big-endian 32-bit number at an offset.
    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?))
    }

    /// Whether these bytes are at an offset.
    pub(super) fn has(&self, at: usize, bytes: &[u8]) -> bool {
        self.bytes.get(at..at + bytes.len()) == Some(bytes)
    }
}

/// The part of a flow that signatures look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Probe<'a> {
    /// Over TCP.
    pub is_tcp: bool,
    /// Over UDP.
    pub is_udp: bool,
    /// What the client sent.
    pub client: Side<'a>,
    /// What the server sent.
    pub server: Side<'a>,
    /// Port of the client.
    pub client_port: u16,
    /// Port of the server.
    pub server_port: u16,
    /// Origin AS of the server's address.
    pub asn: u32,
    /// The protocol that a reader recognised, as flow records show it; empty if none did.
    pub application: &'static str,
    /// The server's name; empty where none is known.
    pub name: &'a str,
    /// The server's address.
    pub server_ip: Option<IpAddr>,
    /// The organisation that the server's certificate is for; empty where none is known.
    pub organisation: &'a str,
    /// Whether the server's address is IPv6 and contains `face:b00c`, which Meta puts into its addresses.
    pub is_face_book: bool,
}

impl<'a> Probe<'a> {
    /// The probe of a flow; none if signatures can recognise nothing in it, because it has neither first bytes, nor a
    /// protocol that only one app or service uses, nor a certificate.
    pub fn of(flow: &'a Flow, place: &Place) -> Option<Self> {
        let speaks_one = flow.application.is_some_and(|application| OF_ONE_APP.contains(&application.0));
        if flow.client_head.is_none() && flow.server_head.is_none() && flow.certificate.is_none() && !speaks_one {
            return None;
        }
        let side = |head: &'a Option<Box<crate::flow::Head>>| {
            head.as_ref().map_or(Side::default(), |head| Side { bytes: &head.bytes, lengths: &head.lengths })
        };
        Some(Self {
            is_tcp: flow.protocol == TCP,
            is_udp: flow.protocol == UDP,
            client: side(&flow.client_head),
            server: side(&flow.server_head),
            client_port: flow.client_port.unwrap_or(0),
            server_port: flow.server_port.unwrap_or(0),
            asn: place.asn.unwrap_or(0),
            application: flow.application.map_or("", |application| application.0),
            name: flow.name().map_or("", |name| &name.name),
            server_ip: Some(flow.server_ip),
            organisation: flow
                .certificate
                .as_ref()
                .and_then(|certificate| certificate.organisation.as_deref())
                .unwrap_or_default(),
            is_face_book: match flow.server_ip {
                IpAddr::V6(ip) => ip.segments()[4..6] == [0xface, 0xb00c],
                IpAddr::V4(_) => false,
            },
        })
    }

    /// Either side, the client first.
    pub(super) fn sides(&self) -> [Side<'a>; 2] {
        [self.client, self.server]
    }

    /// Whether the server's address is in one of these ASes.
    pub(super) fn is_in(&self, asns: &[u32]) -> bool {
        asns.contains(&self.asn)
    }

    /// How sure a mark in the bytes is: certain if the server is in one of the operator's own networks, probable
    /// elsewhere.
    pub(super) fn judge(&self, is_marked: bool, asns: &[u32]) -> Option<Confidence> {
        is_marked.then(|| if self.is_in(asns) { Confidence::Certain } else { Confidence::Probable })
    }
}

/// One wire format.
pub struct Signature {
    /// The name that claims show: `signature mmtls`.
    pub name: &'static str,
    /// Which app or operator uses it.
    pub says: Says,
    /// What it looks for, in a sentence.
    pub about: &'static str,
    /// The transport over which it is used.
    pub over: Over,
    /// Tests whether a flow uses it, and how sure that is.
    pub read: fn(&Probe<'_>) -> Option<Confidence>,
}
