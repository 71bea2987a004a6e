//! Where a name comes from, in the order in which names are chosen.

use serde::Serialize;

/// Where a name comes from. The order is the order of choice: the first is the best name for a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
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
