//! What a reader found in an opening: names with their source, protocol, and which role the sender plays.

use crate::stored::small;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;
use std::net::IpAddr;

/// Where a name comes from. The order is the order of choice: the first is the best name for a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameSource {
    /// Server Name Indication in a TLS ClientHello over TCP (RFC 6066 §3).
    TlsSni,
    /// Server Name Indication in QUIC's CRYPTO stream, or `SNI` in gQUIC's CHLO.
    QuicSni,
    /// Server Name Indication in a DTLS ClientHello.
    DtlsSni,
    /// Facebook's zero-round-trip protocol.
    Fbzero,
    /// Host header, absolute URI or `:authority`.
    HttpHost,
    /// The target of an HTTP CONNECT: the name behind a proxy.
    HttpConnect,
    /// The target of a SOCKS request.
    Socks,
    /// The host of the URL that an RTMP client connects for.
    Rtmp,
    /// A name this client had looked up before, with this address among the answers.
    Dns,
    /// A name-to-address list the app fetched itself (WeChat's `newgetdns`).
    AppResolver,
    /// A name in the server's certificate (TLS 1.2 and earlier).
    TlsCertificate,
    /// What a reverse lookup of this client (PTR) gave for the address: the name its network gives a machine.
    DnsReverse,
    /// STUN or TURN realm.
    StunRealm,
    /// SIP domain.
    Sip,
    /// Kerberos realm.
    Kerberos,
    /// NetBIOS name.
    Netbios,
    /// A host name in an SMB or NTLM exchange.
    Smb,
    /// A name in a multicast DNS record.
    Mdns,
    /// A name that the flow itself asked a resolver for: what it wanted to know, never who it talks to.
    DnsQuestion,
}

impl NameSource {
    /// The word used in records and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TlsSni => "tls-sni",
            Self::QuicSni => "quic-sni",
            Self::DtlsSni => "dtls-sni",
            Self::Fbzero => "fbzero",
            Self::HttpHost => "http-host",
            Self::HttpConnect => "http-connect",
            Self::Socks => "socks",
            Self::Rtmp => "rtmp",
            Self::Dns => "dns",
            Self::AppResolver => "app-resolver",
            Self::TlsCertificate => "tls-certificate",
            Self::DnsReverse => "dns-reverse",
            Self::StunRealm => "stun-realm",
            Self::Sip => "sip",
            Self::Kerberos => "kerberos",
            Self::Netbios => "netbios",
            Self::Smb => "smb",
            Self::Mdns => "mdns",
            Self::DnsQuestion => "dns-question",
        }
    }
}

/// The application protocol recognised in an opening. The word is what flow records show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Application(pub &'static str);

/// Protocols that a client offers to speak (ALPN, RFC 7301), in its order. Those kept are printable ASCII without spaces, so that
/// one text holds them all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Alpn(Option<Box<str>>);

impl Alpn {
    /// None offered.
    pub const NONE: Self = Self(None);

    /// Whether none was offered.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All of them in one text, for [`Self::of_text`]; none if none was offered.
    pub(crate) fn into_text(self) -> Option<Box<str>> {
        self.0
    }

    /// The same the other way.
    pub(crate) const fn of_text(text: Option<Box<str>>) -> Self {
        Self(text)
    }

    /// The protocols.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|protocols| protocols.split(' '))
    }
}

impl<'a> FromIterator<&'a str> for Alpn {
    fn from_iter<I: IntoIterator<Item = &'a str>>(protocols: I) -> Self {
        let mut text = String::with_capacity(24);
        for protocol in protocols {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(protocol);
        }
        Self((!text.is_empty()).then(|| text.into()))
    }
}

/// How ALPN is written to be read again: as it is kept. Flow records show it as a list.
mod alpn_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(alpn: &Alpn, serializer: S) -> Result<S::Ok, S::Error> {
        alpn.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Alpn, D::Error> {
        Option::<Box<str>>::deserialize(deserializer).map(Alpn)
    }
}

impl Serialize for Alpn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Which role the sender of the examined bytes plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Role {
    /// It opened the conversation.
    Client,
    /// It answered.
    Server,
}

/// A name as found on the wire: lower case, no trailing dot, otherwise unescaped and untrusted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NameFound {
    /// Where it was found.
    pub source: NameSource,
    /// The name itself, at most 255 bytes.
    pub name: Box<str>,
}

/// One address that a resolver, or an app's own resolver, gave for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The name that was asked for (the head of a CNAME chain).
    pub name: Box<str>,
    /// The last name of the CNAME chain, where there was one.
    pub canonical: Option<Box<str>>,
    /// The address given.
    pub address: IpAddr,
    /// [`NameSource::Dns`], [`NameSource::AppResolver`] or [`NameSource::DnsReverse`].
    pub source: NameSource,
}

/// An `encrypted_client_hello` extension (RFC 9849) of type outer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EchOffer {
    /// HPKE key derivation function.
    pub kdf: u16,
    /// HPKE AEAD.
    pub aead: u16,
    /// Identifier of the configuration used; random in GREASE.
    pub config_id: u8,
    /// Length of the encapsulated key in bytes.
    pub enc_length: u16,
    /// Length of the encrypted hello in bytes.
    pub payload_length: u16,
}

/// An ECH configuration published in an HTTPS record (RFC 9848).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EchConfig {
    /// The name that owns the HTTPS record.
    pub owner: Box<str>,
    /// The name that clients show instead.
    pub public_name: Box<str>,
    /// Identifier to be repeated in the offer.
    pub config_id: u8,
    /// HPKE suites as (KDF, AEAD).
    pub suites: Vec<(u16, u16)>,
}

/// Who a server certificate says it belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CertificateSubject {
    /// Organisation (O) of the subject.
    pub organisation: Option<Box<str>>,
    /// Country (C) of the subject.
    pub country: Option<Box<str>>,
}

/// Everything a reader found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Findings {
    /// The protocol spoken.
    pub application: Option<Application>,
    /// Role of the sender of these bytes.
    pub role: Option<Role>,
    /// Names, in the order found; at most [`Findings::NAME_LIMIT`].
    #[serde(with = "small")]
    pub names: SmallVec<[NameFound; 1]>,
    /// ALPN protocols offered (RFC 7301).
    #[serde(with = "alpn_text")]
    pub alpn: Alpn,
    /// ECH extension of a ClientHello.
    pub ech: Option<EchOffer>,
    /// Whether a ClientHello carries the encrypted server name of ECH's drafts (extension 0xffce).
    pub esni: bool,
    /// Addresses given for names, to the receiver of these bytes.
    pub answers: Vec<Answer>,
    /// ECH configurations published to the receiver of these bytes.
    pub ech_configs: Vec<EchConfig>,
    /// Subject of the server's certificate.
    pub certificate: Option<CertificateSubject>,
}

impl Findings {
    /// Names kept of one opening: more than any honest message carries.
    pub const NAME_LIMIT: usize = 64;

    /// Findings of a protocol, from a sender in this role.
    pub fn of(application: &'static str, role: Option<Role>) -> Self {
        debug_assert!(Application::known(application).is_some(), "{application} is not in the table of words");
        Self { application: Some(Application(application)), role, ..Self::default() }
    }

    /// Adds a name after normalising it: lower case, no trailing dot; empty and over-long ones are passed by.
    pub fn push_name(&mut self, source: NameSource, name: &str) {
        let name = name.trim_end_matches('.');
        if name.is_empty() || name.len() > 255 || self.names.len() >= Self::NAME_LIMIT {
            return;
        }
        // Most are in lower case already, which shows faster than it is made.
        let is_lower =
            name.bytes().fold(true, |is_lower, byte| is_lower & byte.is_ascii() & !byte.is_ascii_uppercase());
        let name = if is_lower { name.into() } else { name.to_lowercase().into() };
        let found = NameFound { source, name };
        if !self.names.contains(&found) {
            self.names.push(found);
        }
    }
}

/// How far a reader got with the bytes so far. Final for `Done` and `No`: more bytes never change them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reading {
    /// This is not what the reader reads.
    No,
    /// It may be; more bytes are needed. What is certain by now, if anything, counts should no more bytes come.
    NeedMore(Option<Box<Findings>>),
    /// Everything this opening carries was read; for a stream, `consumed` bytes of it (another opening may follow there).
    Done {
        /// What was found.
        findings: Box<Findings>,
        /// Bytes read, from the start; at most the bytes given.
        consumed: usize,
    },
}
