//! Where a name comes from, in the order in which names are chosen.

use serde::{Deserialize, Serialize};

/// The source of a name. The order is the order of choice: the first source gives the best name for a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameSource {
    /// The server name in the inner hello of Encrypted Client Hello over TCP, opened with keys that were given (RFC 9849).
    TlsEch,
    /// The same in QUIC.
    QuicEch,
    /// The Server Name Indication in a TLS ClientHello over TCP (RFC 6066 §3).
    TlsSni,
    /// The Server Name Indication in QUIC's CRYPTO stream, or `SNI` in the CHLO of Google's QUIC.
    QuicSni,
    /// The Server Name Indication in a DTLS ClientHello.
    DtlsSni,
    /// The server name in Facebook's zero-round-trip protocol.
    Fbzero,
    /// The Host field, an absolute URI, or `:authority`.
    HttpHost,
    /// The target of an HTTP CONNECT, which is the name behind a proxy.
    HttpConnect,
    /// The target of a SOCKS request.
    Socks,
    /// The host of the URL that an RTMP client connects for.
    Rtmp,
    /// The server that an app's own protocol names in its first message (Agora, Minecraft).
    AppHello,
    /// The name that a QUIC connection was opened for, where the connection goes on between other addresses or ports.
    QuicMoved,
    /// A name that this client had looked up before, with this address among the answers.
    Dns,
    /// A list of names and addresses that the app itself fetched (WeChat's `newgetdns`).
    AppResolver,
    /// A name in the server's certificate (TLS 1.2 and earlier).
    TlsCertificate,
    /// The name that a reverse lookup (PTR) of this client gave for the address, which is what its network calls the machine.
    DnsReverse,
    /// The realm of STUN or TURN.
    StunRealm,
    /// A domain in a SIP message.
    Sip,
    /// The realm of Kerberos.
    Kerberos,
    /// A NetBIOS name.
    Netbios,
    /// A host name in an SMB or NTLM exchange.
    Smb,
    /// A name in a multicast DNS record.
    Mdns,
    /// A name that the flow itself asked a resolver for. It says what the client wanted to know, never whom it talks to.
    DnsQuestion,
}

impl NameSource {
    /// The word that records and reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TlsEch => "tls-ech",
            Self::QuicEch => "quic-ech",
            Self::TlsSni => "tls-sni",
            Self::QuicSni => "quic-sni",
            Self::DtlsSni => "dtls-sni",
            Self::Fbzero => "fbzero",
            Self::HttpHost => "http-host",
            Self::HttpConnect => "http-connect",
            Self::Socks => "socks",
            Self::Rtmp => "rtmp",
            Self::AppHello => "app-hello",
            Self::QuicMoved => "quic-moved",
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
