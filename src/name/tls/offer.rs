//! What a client offers in its hello.

/// Everything that a client offers, in the client's order and with its GREASE values. These tell clients apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Offer<'a> {
    /// The version field. Clients of TLS 1.3 write the version of TLS 1.2 here and list their own in `supported_versions`.
    pub version: u16,
    /// Cipher suites.
    pub cipher_suites: Vec<u16>,
    /// Types of the extensions.
    pub extensions: Vec<u16>,
    /// Protocols, as they are written (ALPN, extension 16).
    pub protocols: Vec<&'a [u8]>,
    /// Versions (extension 43).
    pub supported_versions: Vec<u16>,
    /// Signature algorithms (extension 13).
    pub signature_algorithms: Vec<u16>,
    /// Groups for the key exchange (extension 10).
    pub groups: Vec<u16>,
    /// Formats of points on elliptic curves (extension 11).
    pub point_formats: &'a [u8],
}
