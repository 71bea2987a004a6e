//! What a reader found in an opening: names with their source, protocol, and which role the sender plays.

use super::alpn::Alpn;
use super::source::NameSource;
use smallvec::SmallVec;
use std::net::IpAddr;

/// The application protocol recognised in an opening. The word is what flow records show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Application(pub &'static str);

/// Which role the sender of the examined bytes plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// It opened the conversation.
    Client,
    /// It answered.
    Server,
}

/// A name as found on the wire: lower case, no trailing dot, otherwise unescaped and untrusted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FoundName {
    /// Where it was found.
    pub source: NameSource,
    /// The name itself, at most 255 bytes.
    pub name: Box<str>,
}

/// One address that a resolver, or an app's own resolver, gave for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CertificateSubject {
    /// Organisation (O) of the subject.
    pub organisation: Option<Box<str>>,
    /// Country (C) of the subject.
    pub country: Option<Box<str>>,
}

/// Everything a reader found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// The protocol spoken.
    pub application: Option<Application>,
    /// Role of the sender of these bytes.
    pub role: Option<Role>,
    /// Names, in the order found; at most [`Findings::NAME_LIMIT`].
    pub names: SmallVec<[FoundName; 1]>,
    /// ALPN protocols offered (RFC 7301).
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
        let found = FoundName { source, name };
        if !self.names.contains(&found) {
            self.names.push(found);
        }
    }
}
