//! What a reader found in an opening: names with their source, the protocol, and the role of the sender.

use super::alpn::{self, Alpn};
use super::source::NameSource;
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::net::IpAddr;

/// The application protocol that was recognised in an opening, as the word that flow records show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Application(pub &'static str);

/// The role that the sender of the examined bytes plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Role {
    /// The sender opened the conversation.
    Client,
    /// The sender answered.
    Server,
}

/// A name as a reader found it on the wire: in lower case and without a trailing dot, but not escaped and not to be trusted.
/// `flow` adds the frame that completed it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct FoundName {
    /// Where it was found.
    pub source: NameSource,
    /// The name itself, at most 255 bytes.
    pub name: Box<str>,
}

/// One address that a resolver, or an app's own resolver, gave for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The name that was asked for, which is the start of a CNAME chain.
    pub name: Box<str>,
    /// The last name of the CNAME chain, if there was one.
    pub canonical: Option<Box<str>>,
    /// The address given.
    pub address: IpAddr,
    /// The kind of answer: [`NameSource::Dns`], [`NameSource::AppResolver`] or [`NameSource::DnsReverse`].
    pub source: NameSource,
}

/// An `encrypted_client_hello` extension (RFC 9849) of type outer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EchOffer {
    /// HPKE key derivation function.
    pub kdf: u16,
    /// HPKE AEAD.
    pub aead: u16,
    /// Identifier of the configuration that is used. It is random in GREASE.
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
    /// The name that clients show instead of the owner.
    pub public_name: Box<str>,
    /// Identifier that clients repeat in their offer.
    pub config_id: u8,
    /// HPKE suites as pairs of KDF and AEAD.
    pub suites: Vec<(u16, u16)>,
}

/// The subject of a server's certificate: whom the certificate says it belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CertificateSubject {
    /// Organisation (O).
    pub organisation: Option<Box<str>>,
    /// Country (C).
    pub country: Option<Box<str>>,
}

/// Everything that a reader found in an opening.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Findings {
    /// The protocol that is spoken.
    pub application: Option<Application>,
    /// Role of the sender of these bytes.
    pub role: Option<Role>,
    /// Names, in the order found; at most [`Findings::NAME_LIMIT`].
    #[serde(with = "small")]
    pub names: SmallVec<[FoundName; 1]>,
    /// ALPN protocols offered (RFC 7301).
    #[serde(with = "alpn::text")]
    pub alpn: Alpn,
    /// The ECH extension of a ClientHello.
    pub ech: Option<EchOffer>,
    /// Whether a ClientHello carries the encrypted server name of ECH's drafts (extension 0xffce).
    pub esni: bool,
    /// The JA4 of a ClientHello that is whole, with the source that the name in it has.
    pub ja4: Option<FoundName>,
    /// Addresses of names that were given to the receiver of these bytes.
    pub answers: Vec<Answer>,
    /// ECH configurations that were published to the receiver of these bytes.
    pub ech_configs: Vec<EchConfig>,
    /// The subject of the server's certificate.
    pub certificate: Option<CertificateSubject>,
    /// In a stream, the sequence number of the opening's first byte; `flow` sets it.
    pub position: u32,
}

impl Findings {
    /// The same, read in an opening that begins at this sequence number.
    pub(crate) fn at(mut self: Box<Self>, position: u32) -> Box<Self> {
        self.position = position;
        self
    }
}

impl Findings {
    /// Names that are kept of one opening. No honest message carries more.
    pub const NAME_LIMIT: usize = 64;

    /// The findings of a protocol that a sender in this role speaks.
    pub fn of(application: &'static str, role: Option<Role>) -> Self {
        debug_assert!(Application::known(application).is_some(), "{application} is not in the table of words");
        Self { application: Some(Application(application)), role, ..Self::default() }
    }

    /// Whether they say what a lookup asks for.
    pub(crate) fn asks(&self) -> bool {
        self.names.iter().any(|found| found.source == NameSource::DnsQuestion)
    }

    /// Adds a name in lower case and without a trailing dot. Names that are empty or too long are left out.
    pub fn push_name(&mut self, source: NameSource, name: &str) {
        let name = name.trim_end_matches('.');
        if name.is_empty() || name.len() > 255 || self.names.len() >= Self::NAME_LIMIT {
            return;
        }
        // Most names are in lower case already, and testing that is quicker than making it.
        let is_lower =
            name.bytes().fold(true, |is_lower, byte| is_lower & byte.is_ascii() & !byte.is_ascii_uppercase());
        let name = if is_lower { name.into() } else { name.to_lowercase().into() };
        let found = FoundName { source, name };
        if !self.names.contains(&found) {
            self.names.push(found);
        }
    }
}
