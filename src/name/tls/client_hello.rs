//! Reads a ClientHello of TLS, QUIC or DTLS, whole or cut short: the name asked for, and what else the client offers.
//!
//! RFC 8446 §4.1.2, RFC 9147 §5.3 (the cookie), RFC 6066 §3 (server name), RFC 7301 (ALPN), RFC 9849 (ECH).
//!
//! The crate tls-parser reads every hello that is whole and well-formed. The walk in this file reads the others: it takes what
//! is there of a hello that is cut short, and continues after a malformed extension, where tls-parser rejects the whole hello.
//! A property test makes sure that both give the same answer.

use super::dialect::Dialect;
use super::extensions::{self, ALPN, ENCRYPTED_CLIENT_HELLO, ENCRYPTED_SERVER_NAME, SERVER_NAME};
use super::ja4::ja4;
use super::offer::Offer;
use crate::name::alpn::Alpn;
use crate::name::findings::{EchOffer, Findings, FoundName, Role};
use crate::name::host::host;
use crate::name::source::NameSource;
use crate::name::wire::{Wire, u16_at};
use tls_parser::{
    DTLSMessage, DTLSMessageHandshakeBody, SNIType, TlsCipherSuiteID, TlsExtension, TlsExtensionType, TlsVersion,
    parse_dtls_message_handshake, parse_tls_client_hello_extension, parse_tls_handshake_client_hello,
};

/// Bytes of a ClientHello that are read. Hellos with post-quantum keys stay below 4 KiB, and tickets may add some; the length
/// in the message could claim 16 MiB.
pub(crate) const LENGTH_LIMIT: usize = 64 * 1024;

/// Extensions that are looked at. Browsers send about twenty.
const EXTENSION_LIMIT: usize = 256;

/// What a ClientHello says.
///
/// ```
/// use whither::name::{ClientHello, Dialect};
///
/// // Type and length, then version, random, no session, one cipher suite, no compression and no extensions.
/// let mut message = vec![1, 0, 0, 41, 3, 3];
/// message.extend([7; 32]);
/// message.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
/// let hello = ClientHello::read(&message, Dialect::Tls).expect("this is a ClientHello");
/// assert_eq!(hello.sni, None);
/// assert_eq!(hello.offer.expect("it is whole").cipher_suites, [0x1301]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ClientHello<'a> {
    /// The first host name of the first well-formed server name extension.
    pub sni: Option<&'a str>,
    /// Protocols offered, without GREASE.
    pub alpn: Alpn,
    /// The ECH extension of type outer.
    pub ech: Option<EchOffer>,
    /// Whether the hello has the extension for an encrypted server name, which came before ECH.
    pub esni: bool,
    /// Everything that the client offers. `None` unless the hello is whole and well-formed, since a part of a hello would look
    /// like the hello of another client.
    pub offer: Option<Offer<'a>>,
}

impl<'a> ClientHello<'a> {
    /// Reads a handshake message that begins with its header, and no further than its length says. A message of DTLS must be in
    /// the form of a single fragment. `None` if the bytes are not those of a ClientHello.
    pub fn read(message: &'a [u8], dialect: Dialect) -> Option<Self> {
        let mut wire = Wire::new(message);
        if wire.u8().is_some_and(|kind| kind != CLIENT_HELLO) {
            return None;
        }
        // If the header is cut short, nothing of the hello is there.
        let (Some(length), Some(_)) = (wire.u24(), wire.take(dialect.fragment_header())) else {
            return Some(Self::default());
        };
        let body = wire.take_at_most(length);
        if body.first().is_some_and(|major| *major != dialect.major()) {
            return None;
        }
        let whole = if body.len() == length { Self::parse(message, body, dialect) } else { None };
        whole.or_else(|| Self::walk(body, dialect))
    }

    /// Turns the hello into the findings of a protocol.
    pub(crate) fn into_findings(self, application: &'static str, source: NameSource) -> Findings {
        let mut findings = Findings::of(application, Some(Role::Client));
        if let Some(name) = self.sni {
            findings.push_name(source, name);
        }
        findings.alpn = self.alpn;
        findings.ech = self.ech;
        findings.esni = self.esni;
        findings.ja4 = self.offer.map(|offer| FoundName { source, name: ja4(source, &offer) });
        findings
    }

    /// Reads a whole message with tls-parser. `None` if anything in it is malformed.
    fn parse(message: &'a [u8], body: &'a [u8], dialect: Dialect) -> Option<Self> {
        let (version, suites, extensions, fields) = match dialect {
            Dialect::Tls => {
                let (rest, hello) = parse_tls_handshake_client_hello(body).ok()?;
                (hello.version, hello.ciphers, hello.ext, body.len() - rest.len())
            }
            Dialect::Dtls => {
                // tls-parser does not say how much of the body it read.
                let DTLSMessage::Handshake(message) = parse_dtls_message_handshake(message).ok()?.1 else {
                    return None;
                };
                let DTLSMessageHandshakeBody::ClientHello(hello) = message.body else { return None };
                let variable = [hello.session_id.unwrap_or_default().len(), hello.cookie.len(), hello.comp.len()];
                let fields = 2 + 32 + 1 + 1 + 2 + 2 * hello.ciphers.len() + 1 + variable.iter().sum::<usize>();
                (hello.version, hello.ciphers, hello.ext, fields)
            }
        };
        // tls-parser finds no extensions if they are longer than the message. The walk takes what is there of them.
        if extensions.is_none() && fields != body.len() {
            return None;
        }
        Self::of_fields(version, suites, extensions.unwrap_or_default())
    }

    /// Reads the extensions of a whole hello.
    fn of_fields(version: TlsVersion, suites: Vec<TlsCipherSuiteID>, mut extensions: &'a [u8]) -> Option<Self> {
        let (mut hello, mut offer) = (Self::default(), Offer { version: version.0, ..Offer::default() });
        offer.cipher_suites = suites.into_iter().map(|suite| suite.0).collect();
        while !extensions.is_empty() && offer.extensions.len() < EXTENSION_LIMIT {
            offer.extensions.push(u16_at(extensions, 0)?);
            let (rest, extension) = parse_tls_client_hello_extension(extensions).ok()?;
            extensions = rest;
            match extension {
                TlsExtension::SNI(names) if hello.sni.is_none() => {
                    let first = names.iter().find(|(kind, _)| *kind == SNIType::HostName);
                    hello.sni = first.and_then(|(_, name)| host(name));
                }
                TlsExtension::ALPN(protocols) if hello.alpn.is_empty() => {
                    hello.alpn = extensions::readable(protocols.iter().copied());
                    offer.protocols = protocols;
                }
                TlsExtension::Unknown(TlsExtensionType(ENCRYPTED_CLIENT_HELLO), content) if hello.ech.is_none() => {
                    hello.ech = extensions::ech_outer(content);
                }
                TlsExtension::EncryptedServerName { .. } => hello.esni = true,
                TlsExtension::SupportedVersions(versions) => {
                    offer.supported_versions = versions.into_iter().map(|version| version.0).collect();
                }
                TlsExtension::SignatureAlgorithms(algorithms) => offer.signature_algorithms = algorithms,
                TlsExtension::EllipticCurves(groups) => {
                    offer.groups = groups.into_iter().map(|group| group.0).collect();
                }
                TlsExtension::EcPointFormats(formats) => offer.point_formats = formats,
                _ => {}
            }
        }
        hello.offer = Some(offer);
        extensions.is_empty().then_some(hello)
    }

    /// Reads as much of a body as is there, and skips what is malformed.
    fn walk(body: &'a [u8], dialect: Dialect) -> Option<Self> {
        let mut hello = Self::default();
        if let Some(block) = extensions::block(body, dialect)? {
            hello.walk_extensions(block);
        }
        Some(hello)
    }

    fn walk_extensions(&mut self, block: &'a [u8]) {
        let mut wire = Wire::new(block);
        for _ in 0..EXTENSION_LIMIT {
            // A length past the end means that the hello is cut, or malformed, and nothing readable follows.
            let (Some(kind), Some(content)) = (wire.u16(), wire.vector_u16()) else { return };
            match kind {
                SERVER_NAME if self.sni.is_none() => self.sni = extensions::server_name(content),
                ALPN if self.alpn.is_empty() => self.alpn = extensions::protocols(content),
                ENCRYPTED_CLIENT_HELLO if self.ech.is_none() => self.ech = extensions::ech_outer(content),
                ENCRYPTED_SERVER_NAME => self.esni = true,
                _ => {}
            }
        }
    }
}

/// The type of the handshake message.
const CLIENT_HELLO: u8 = 1;

#[cfg(test)]
mod tests {
    use super::super::samples::{body, extension, message, sni};
    use super::*;
    use proptest::prelude::*;

    /// A hello of a dialect with these extensions, in the header of its message.
    fn hello(dialect: Dialect, extensions: &[Vec<u8>]) -> Vec<u8> {
        framed(dialect, &body(dialect, extensions))
    }

    /// A body in the header of a message that came in one fragment.
    fn framed(dialect: Dialect, body: &[u8]) -> Vec<u8> {
        let mut bytes = message(CLIENT_HELLO, body);
        if dialect == Dialect::Dtls {
            bytes.splice(4..4, [&[0; 5][..], &(body.len() as u32).to_be_bytes()[1..]].concat());
        }
        bytes
    }

    /// Numbers of two bytes each.
    fn numbers(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    /// Bytes after their length in two bytes.
    fn counted(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
    }

    fn full() -> Vec<u8> {
        let ech = [&[0_u8, 0, 1, 0, 1, 42, 0, 32][..], &[9; 32], &[0, 208], &[8; 208]].concat();
        let esni = [&[0x13, 1, 0, 29][..], &[0; 6]].concat();
        hello(
            Dialect::Tls,
            &[
                extension(0x2a2a, &[]),
                sni(b"Example.com"),
                extension(ALPN, b"\0\x0f\x02jj\x02h2\x08http/1.1"),
                extension(ENCRYPTED_CLIENT_HELLO, &ech),
                extension(ENCRYPTED_SERVER_NAME, &esni),
                extension(43, &[4, 0x3a, 0x3a, 3, 4]),
                extension(13, &counted(&numbers(&[0x0403, 0x0804]))),
                extension(10, &counted(&numbers(&[0x4a4a, 29]))),
                extension(11, &[1, 0]),
            ],
        )
    }

    #[test]
    fn reads_everything_offered() {
        let message = full();
        let hello = ClientHello::read(&message, Dialect::Tls).unwrap();
        let ech = EchOffer { kdf: 1, aead: 1, config_id: 42, enc_length: 32, payload_length: 208 };
        let offer = Offer {
            version: 0x0303,
            cipher_suites: vec![0x1a1a, 0x1301],
            extensions: vec![0x2a2a, 0, 16, 0xfe0d, 0xffce, 43, 13, 10, 11],
            protocols: vec![b"jj", b"h2", b"http/1.1"],
            supported_versions: vec![0x3a3a, 0x0304],
            signature_algorithms: vec![0x0403, 0x0804],
            groups: vec![0x4a4a, 29],
            point_formats: &[0],
        };
        assert_eq!(
            hello,
            ClientHello {
                sni: Some("Example.com"),
                alpn: ["h2", "http/1.1"].into_iter().collect(),
                ech: Some(ech),
                esni: true,
                offer: Some(offer),
            }
        );
        let findings = hello.into_findings("tls", NameSource::TlsSni);
        assert_eq!(&*findings.names[0].name, "example.com");
        assert!(findings.ja4.unwrap().name.starts_with("t13d0108h2_"));
    }

    /// A part would look like another client.
    #[test]
    fn only_a_whole_and_well_formed_hello_has_an_offer() {
        for dialect in [Dialect::Tls, Dialect::Dtls] {
            let message = hello(dialect, &[extension(43, &[2, 3, 4])]);
            let offer = ClientHello::read(&message, dialect).unwrap().offer.unwrap();
            assert_eq!((offer.version >> 8, offer.supported_versions), (dialect.major().into(), vec![0x0304]));
            // A hello of the time before extensions.
            let fields = body(dialect, &[]);
            let old = framed(dialect, &fields[..fields.len() - 2]);
            assert_eq!(ClientHello::read(&old, dialect).unwrap().offer.unwrap().extensions, [0_u16; 0]);
            for length in 0..message.len() {
                assert_eq!(ClientHello::read(&message[..length], dialect).unwrap().offer, None, "{length}");
            }
            let malformed = hello(dialect, &[sni(b"a.example"), extension(43, &[3, 3, 4, 3])]);
            let malformed = ClientHello::read(&malformed, dialect).unwrap();
            assert_eq!((malformed.sni, malformed.offer), (Some("a.example"), None));
        }
    }

    #[test]
    fn a_cut_hello_keeps_the_name_that_is_there() {
        let message = full();
        let name_end = memchr::memmem::find(&message, b"Example.com").unwrap() + 11;
        for length in 0..message.len() {
            let hello = ClientHello::read(&message[..length], Dialect::Tls).unwrap();
            assert_eq!(hello.sni.is_some(), length >= name_end, "{length}");
        }
    }

    #[test]
    fn passes_by_malformed_and_doubled_extensions() {
        let malformed = extension(SERVER_NAME, &[0, 200, 0, 0, 1, b'x']);
        let message = hello(Dialect::Tls, &[malformed, sni(b"a.example"), sni(b"b.example")]);
        assert_eq!(ClientHello::read(&message, Dialect::Tls).unwrap().sni, Some("a.example"));
        for name in [&b"a b"[..], b"a\0b", b"\xff", b""] {
            assert_eq!(ClientHello::read(&hello(Dialect::Tls, &[sni(name)]), Dialect::Tls).unwrap().sni, None);
        }
        for name in ["_x.local", "localhost", "192.0.2.1", "bücher.example"] {
            let message = hello(Dialect::Tls, &[sni(name.as_bytes())]);
            assert_eq!(ClientHello::read(&message, Dialect::Tls).unwrap().sni, Some(name));
        }
    }

    #[test]
    fn the_dialects_differ() {
        let message = hello(Dialect::Dtls, &[sni(b"a.example")]);
        assert_eq!(ClientHello::read(&message, Dialect::Dtls).unwrap().sni, Some("a.example"));
        let as_tls = framed(Dialect::Tls, &body(Dialect::Dtls, &[sni(b"a.example")]));
        assert_eq!(ClientHello::read(&as_tls, Dialect::Tls), None);
    }

    /// An extension as clients send it, or nearly.
    fn any_extension() -> impl Strategy<Value = Vec<u8>> {
        let names =
            prop::collection::vec((0_u8..2, prop::sample::select(vec!["a.example", "B.example", "a b", ""])), 0..3);
        let names = names.prop_map(|names| {
            let list = names.iter().map(|(kind, name)| [&[*kind][..], &counted(name.as_bytes())].concat());
            extension(SERVER_NAME, &counted(&list.collect::<Vec<_>>().concat()))
        });
        let protocols =
            prop::collection::vec(prop::sample::select(vec!["h2", "h3", "jj", "http/1.1", "\u{e9}", ""]), 0..20);
        let protocols = protocols.prop_map(|protocols| {
            let list = protocols.iter().map(|protocol| [&[protocol.len() as u8], protocol.as_bytes()].concat());
            extension(ALPN, &counted(&list.collect::<Vec<_>>().concat()))
        });
        let ech = (0_u8..2, prop::collection::vec(any::<u8>(), 0..9)).prop_map(|(kind, payload)| {
            let fields = [&[kind, 0, 1, 0, 1, 42][..], &counted(&[9; 4]), &counted(&payload)].concat();
            extension(ENCRYPTED_CLIENT_HELLO, &fields)
        });
        let esni = any::<bool>().prop_map(|is_whole| {
            extension(ENCRYPTED_SERVER_NAME, if is_whole { &[0x13, 1, 0, 29, 0, 0, 0, 0, 0, 0] } else { &[1] })
        });
        let kinds =
            prop::sample::select(vec![0_u16, 1, 5, 10, 11, 13, 16, 22, 23, 28, 35, 43, 45, 51, 0x5a5a, 13172, 0xff01]);
        let other =
            (kinds, prop::collection::vec(any::<u8>(), 0..9)).prop_map(|(kind, content)| extension(kind, &content));
        let lists = (prop::sample::select(vec![10_u16, 13, 50]), prop::collection::vec(any::<u16>(), 0..5))
            .prop_map(|(kind, list)| extension(kind, &counted(&numbers(&list))));
        prop_oneof![3 => names, 3 => protocols, 1 => ech, 1 => esni, 2 => lists, 2 => other]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        /// What tells of names is the same by tls-parser, where that can read a hello, and by the walk.
        #[test]
        fn both_readers_say_the_same(
            is_datagram: bool,
            extensions in prop::collection::vec(any_extension(), 0..8),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            kept in prop::option::of(any::<prop::sample::Index>()),
            added in prop::collection::vec(any::<u8>(), 0..3),
        ) {
            let dialect = if is_datagram { Dialect::Dtls } else { Dialect::Tls };
            let mut body = [body(dialect, &extensions), added].concat();
            for (at, byte) in changes {
                let at = at.index(body.len());
                body[at] = byte;
            }
            body.truncate(kept.map_or(body.len(), |kept| kept.index(body.len())));
            let major_agrees = body.first().is_none_or(|major| *major == dialect.major());
            let walked = if major_agrees { ClientHello::walk(&body, dialect) } else { None };
            let message = framed(dialect, &body);
            let read = ClientHello::read(&message, dialect).map(|hello| ClientHello { offer: None, ..hello });
            prop_assert_eq!(read, walked);
        }

        /// A hello of which nothing is malformed is read by tls-parser.
        #[test]
        fn a_whole_hello_is_read_by_the_library(
            is_datagram: bool,
            names in prop::collection::vec("[a-z]{1,9}\\.example", 0..3),
            versions in prop::collection::vec(any::<u16>(), 2..5),
            algorithms in prop::collection::vec(any::<u16>(), 0..5),
        ) {
            let dialect = if is_datagram { Dialect::Dtls } else { Dialect::Tls };
            let listed = [vec![2 * versions.len() as u8], numbers(&versions)].concat();
            let mut extensions = vec![extension(43, &listed), extension(13, &counted(&numbers(&algorithms)))];
            extensions.extend(names.iter().map(|name| sni(name.as_bytes())));
            let message = hello(dialect, &extensions);
            let hello = ClientHello::read(&message, dialect).unwrap();
            prop_assert_eq!(hello.sni, names.first().map(String::as_str));
            let offer = hello.offer.unwrap();
            prop_assert_eq!((offer.supported_versions, offer.signature_algorithms), (versions, algorithms));
            prop_assert_eq!(offer.extensions.len(), extensions.len());
        }

        #[test]
        fn survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..200) {
            for dialect in [Dialect::Tls, Dialect::Dtls] {
                ClientHello::read(&bytes, dialect);
                ClientHello::read(&framed(dialect, &bytes), dialect);
            }
            let mut hello = full();
            let end = hello.len().min(at + bytes.len());
            hello.splice(at.min(end)..end, bytes);
            ClientHello::read(&hello, Dialect::Tls);
        }
    }
}
