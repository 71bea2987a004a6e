//! The two framings that a ClientHello comes in.

/// The framing of a ClientHello. That of DTLS has a longer header, a cookie and its own version numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// TLS over a stream or in QUIC.
    Tls,
    /// DTLS.
    Dtls,
}

impl Dialect {
    /// The high byte of the versions that clients write into their hello.
    pub(super) const fn major(self) -> u8 {
        match self {
            Self::Tls => 0x03,
            Self::Dtls => 0xfe,
        }
    }

    /// Number of bytes between the length of the message and its body. In DTLS these are the message's number, and the offset
    /// and length of the fragment (RFC 9147 §5.2).
    pub(super) const fn fragment_header(self) -> usize {
        match self {
            Self::Tls => 0,
            Self::Dtls => 2 + 3 + 3,
        }
    }
}
