//! The body of a TLS or DTLS ClientHello, whole or cut short, into the name asked for and what else it offers.
//!
//! RFC 8446 §4.1.2, RFC 9147 §5.3 (the cookie), RFC 6066 §3 (server name), RFC 7301 (ALPN), RFC 9849 (ECH).

use super::wire::Wire;
use super::{Alpn, EchOffer, Findings, NameSource, Role};

/// Bytes of a ClientHello that are read: post-quantum hellos stay below 4 KiB, tickets may add some; the handshake
/// length could claim 16 MiB.
pub(super) const LENGTH_LIMIT: usize = 64 * 1024;

/// Extensions looked at: browsers send about twenty.
const EXTENSION_LIMIT: usize = 256;

/// ALPN protocols kept of one hello.
const ALPN_LIMIT: usize = 16;

/// Whose framing a hello came in: DTLS has a cookie and its own version numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// TLS over a stream or in QUIC.
    Tls,
    /// DTLS.
    Dtls,
}

/// What a ClientHello says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ClientHello<'a> {
    /// The first host name of the first well-formed server name extension.
    pub(super) sni: Option<&'a str>,
    /// Protocols offered, without GREASE.
    pub(super) alpn: Alpn,
    /// Outer ECH extension.
    pub(super) ech: Option<EchOffer>,
    /// Whether the extension of ECH's forerunner, encrypted SNI, is there.
    pub(super) esni: bool,
}

impl<'a> ClientHello<'a> {
    /// Reads a body, from after the handshake header. `None` where the part at hand is no ClientHello.
    pub(super) fn read(body: &'a [u8], dialect: Dialect) -> Option<Self> {
        let mut hello = Self::default();
        let major = match dialect {
            Dialect::Tls => 0x03,
            Dialect::Dtls => 0xfe,
        };
        if body.first().is_some_and(|version| *version != major) {
            return None;
        }
        if let Some(extensions) = extensions(body, dialect)? {
            hello.read_extensions(extensions);
        }
        Some(hello)
    }

    /// The hello as findings of a protocol.
    pub(super) fn into_findings(self, application: &'static str, source: NameSource) -> Findings {
        let mut findings = Findings::of(application, Some(Role::Client));
        if let Some(name) = self.sni {
            findings.push_name(source, name);
        }
        findings.alpn = self.alpn;
        findings.ech = self.ech;
        findings.esni = self.esni;
        findings
    }

    fn read_extensions(&mut self, block: &'a [u8]) {
        let mut wire = Wire::new(block);
        for _ in 0..EXTENSION_LIMIT {
            // A length past the end is a cut, or nonsense with nothing readable behind it.
            let (Some(kind), Some(content)) = (wire.u16(), wire.vector_u16()) else { return };
            match kind {
                SERVER_NAME if self.sni.is_none() => self.sni = server_name(content),
                ALPN if self.alpn.is_empty() => self.alpn = protocols(content),
                ENCRYPTED_CLIENT_HELLO if self.ech.is_none() => self.ech = ech_outer(content),
                ENCRYPTED_SERVER_NAME => self.esni = true,
                _ => {}
            }
        }
    }
}

/// The part of the extension block that is there: `None` for nonsense before it, `Some(None)` for a cut before it or a
/// hello of the time before extensions.
#[expect(clippy::option_option, reason = "not a hello, no extensions (yet), and extensions are three answers")]
fn extensions(body: &[u8], dialect: Dialect) -> Option<Option<&[u8]>> {
    let mut wire = Wire::new(body);
    let fixed = |wire: &mut Wire<'_>| -> Option<bool> {
        wire.take(2 + 32)?;
        if wire.vector_u8()?.len() > 32 {
            return Some(false);
        }
        if dialect == Dialect::Dtls {
            wire.vector_u8()?;
        }
        let suites = wire.vector_u16()?;
        wire.vector_u8()?;
        Some(suites.len().is_multiple_of(2))
    };
    match fixed(&mut wire) {
        Some(true) => Some(wire.u16().map(|length| wire.take_at_most(usize::from(length)))),
        Some(false) => None,
        None => Some(None),
    }
}

/// The first host name of a `server_name` extension, where it can be a name. Only host names were ever defined.
fn server_name(content: &[u8]) -> Option<&str> {
    const HOST_NAME: u8 = 0;
    let mut list = Wire::new(Wire::new(content).vector_u16()?);
    while let (Some(kind), Some(name)) = (list.u8(), list.vector_u16()) {
        if kind == HOST_NAME {
            return host(name);
        }
    }
    None
}

/// A host name as clients write it, ASCII or not: not empty, no more than 255 bytes, nothing invisible.
pub(super) fn host(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let plain = |character: char| !character.is_control() && !character.is_whitespace();
    // Nearly all are ASCII, which needs no table of characters.
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic()) || name.chars().all(plain);
    (!name.is_empty() && name.len() <= 255 && is_plain).then_some(name)
}

fn protocols(content: &[u8]) -> Alpn {
    let mut list = Wire::new(Wire::new(content).vector_u16().unwrap_or_default());
    std::iter::from_fn(|| list.vector_u8())
        .filter(|protocol| !protocol.is_empty() && protocol.iter().all(u8::is_ascii_graphic) && !is_grease(protocol))
        .take(ALPN_LIMIT)
        .filter_map(|protocol| std::str::from_utf8(protocol).ok())
        .collect()
}

/// The values reserved to keep servers tolerant (RFC 8701 §2).
fn is_grease(value: &[u8]) -> bool {
    matches!(value, [first, second] if first == second && first & 0x0f == 0x0a)
}

/// An outer `encrypted_client_hello`. The inner form, a single byte, is never seen in the clear.
fn ech_outer(content: &[u8]) -> Option<EchOffer> {
    let mut wire = Wire::new(content);
    if wire.u8()? != 0 {
        return None;
    }
    let (kdf, aead, config_id) = (wire.u16()?, wire.u16()?, wire.u8()?);
    let enc_length = wire.u16()?;
    wire.take(usize::from(enc_length))?;
    let payload_length = wire.u16()?;
    wire.take(usize::from(payload_length))?;
    Some(EchOffer { kdf, aead, config_id, enc_length, payload_length })
}

/// Finds the server name in a piece from the middle of a ClientHello.
///
/// Only where it cannot be mistaken: the three nested lengths of the extension agree, the name is an ASCII host name
/// with a dot, the next extension header (or the end) follows, and there is only one such place.
pub(crate) fn server_name_in_piece(piece: &[u8]) -> Option<Box<str>> {
    let mut found = None;
    for at in memchr::memmem::find_iter(piece, &[0, 0]) {
        let Some(name) = piece.get(at..).and_then(extension_here) else { continue };
        if found.is_some_and(|earlier: &str| earlier != name) {
            return None;
        }
        found = Some(name);
    }
    found.map(Into::into)
}

fn extension_here(bytes: &[u8]) -> Option<&str> {
    let mut wire = Wire::new(bytes);
    wire.u16()?;
    let mut content = Wire::new(wire.vector_u16()?);
    let mut list = Wire::new(content.vector_u16()?);
    let kind = list.u8()?;
    let name = list.vector_u16()?;
    if kind != 0 || !content.is_empty() || !list.is_empty() || name.len() < 4 {
        return None;
    }
    // What follows is another extension, whose type is below 64, GREASE, or of the few high ones in use.
    if let Some(next) = wire.u16() {
        let likely = next < 0x0040 || is_grease(&next.to_be_bytes()) || matches!(next >> 8, 0x33 | 0x44 | 0xfe | 0xff);
        if !likely {
            return None;
        }
    }
    let letters = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (name.contains(&b'.') && name.iter().all(letters)).then(|| std::str::from_utf8(name).ok()).flatten()
}

/// Extension types (IANA, TLS ExtensionType Values).
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
/// draft-ietf-tls-esni-02 §4.1.
const ENCRYPTED_SERVER_NAME: u16 = 0xffce;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An extension in its frame.
    pub(in crate::name) fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend((content.len() as u16).to_be_bytes());
        bytes.extend(content);
        bytes
    }

    /// A `server_name` extension.
    pub(in crate::name) fn sni(name: &[u8]) -> Vec<u8> {
        let mut content = ((name.len() + 3) as u16).to_be_bytes().to_vec();
        content.push(0);
        content.extend((name.len() as u16).to_be_bytes());
        content.extend(name);
        extension(SERVER_NAME, &content)
    }

    /// A ClientHello body with these extensions.
    pub(in crate::name) fn body(dialect: Dialect, extensions: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = if dialect == Dialect::Tls { vec![3, 3] } else { vec![0xfe, 0xfd] };
        bytes.extend([7; 32]);
        bytes.push(0);
        if dialect == Dialect::Dtls {
            bytes.extend([3, 1, 2, 3]);
        }
        bytes.extend([0, 4, 0x1a, 0x1a, 0x13, 0x01, 1, 0]);
        let block = extensions.concat();
        bytes.extend((block.len() as u16).to_be_bytes());
        bytes.extend(block);
        bytes
    }

    /// The handshake message around a body.
    pub(in crate::name) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend(&(body.len() as u32).to_be_bytes()[1..]);
        bytes.extend(body);
        bytes
    }

    fn full() -> Vec<u8> {
        let ech = [&[0_u8, 0, 1, 0, 1, 42, 0, 32][..], &[9; 32], &[0, 208], &[8; 208]].concat();
        body(
            Dialect::Tls,
            &[
                extension(0x2a2a, &[]),
                sni(b"Example.com"),
                extension(ALPN, b"\0\x0f\x02jj\x02h2\x08http/1.1"),
                extension(ENCRYPTED_CLIENT_HELLO, &ech),
                extension(ENCRYPTED_SERVER_NAME, &[1]),
            ],
        )
    }

    #[test]
    fn reads_everything_offered() {
        let body = full();
        let hello = ClientHello::read(&body, Dialect::Tls).unwrap();
        let ech = EchOffer { kdf: 1, aead: 1, config_id: 42, enc_length: 32, payload_length: 208 };
        assert_eq!(
            hello,
            ClientHello {
                sni: Some("Example.com"),
                alpn: ["h2", "http/1.1"].into_iter().collect(),
                ech: Some(ech),
                esni: true
            }
        );
        let findings = hello.into_findings("tls", NameSource::TlsSni);
        assert_eq!(&*findings.names[0].name, "example.com");
    }

    #[test]
    fn a_cut_hello_keeps_the_name_that_is_there() {
        let body = full();
        let name_end = memchr::memmem::find(&body, b"Example.com").unwrap() + 11;
        for length in 0..body.len() {
            let hello = ClientHello::read(&body[..length], Dialect::Tls).unwrap();
            assert_eq!(hello.sni.is_some(), length >= name_end, "{length}");
        }
    }

    #[test]
    fn passes_by_malformed_and_doubled_extensions() {
        let malformed = extension(SERVER_NAME, &[0, 200, 0, 0, 1, b'x']);
        let hello = body(Dialect::Tls, &[malformed, sni(b"a.example"), sni(b"b.example")]);
        assert_eq!(ClientHello::read(&hello, Dialect::Tls).unwrap().sni, Some("a.example"));
        for name in [&b"a b"[..], b"a\0b", b"\xff", b""] {
            assert_eq!(ClientHello::read(&body(Dialect::Tls, &[sni(name)]), Dialect::Tls).unwrap().sni, None);
        }
        for name in ["_x.local", "localhost", "192.0.2.1", "bücher.example"] {
            let hello = body(Dialect::Tls, &[sni(name.as_bytes())]);
            assert_eq!(ClientHello::read(&hello, Dialect::Tls).unwrap().sni, Some(name));
        }
    }

    #[test]
    fn the_dialects_differ() {
        let hello = body(Dialect::Dtls, &[sni(b"a.example")]);
        assert_eq!(ClientHello::read(&hello, Dialect::Dtls).unwrap().sni, Some("a.example"));
        assert_eq!(ClientHello::read(&hello, Dialect::Tls), None);
    }

    #[test]
    fn a_piece_yields_only_an_unmistakable_name() {
        let piece = [&[1, 2, 3][..], &sni(b"a.example"), &extension(ALPN, b"\0\x03\x02h2")].concat();
        assert_eq!(server_name_in_piece(&piece).as_deref(), Some("a.example"));
        for length in 0..3 + 9 + 9 {
            assert_eq!(server_name_in_piece(&piece[..length]), None);
        }
        assert_eq!(server_name_in_piece(&[&piece[..], &sni(b"b.example")].concat()), None);
        assert_eq!(server_name_in_piece(&[sni(b"a.example"), vec![0x77, 0x77, 0, 0]].concat()), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..200) {
            ClientHello::read(&bytes, Dialect::Tls);
            ClientHello::read(&bytes, Dialect::Dtls);
            server_name_in_piece(&bytes);
            let mut hello = full();
            let end = hello.len().min(at + bytes.len());
            hello.splice(at.min(end)..end, bytes);
            ClientHello::read(&hello, Dialect::Tls);
        }
    }
}
