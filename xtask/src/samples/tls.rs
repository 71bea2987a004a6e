//! From a server name to the bytes that rustls' client and server really exchange.

use super::seeded;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection};
use rustls::{SignatureScheme, SupportedProtocolVersion};
use std::io::{Read, Write};
use std::sync::Arc;

/// What one side sends before it waits for the other.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) is_up: bool,
    pub(super) bytes: Vec<u8>,
}

impl Flight {
    pub(super) fn up(bytes: impl Into<Vec<u8>>) -> Self {
        Self { is_up: true, bytes: bytes.into() }
    }

    pub(super) fn down(bytes: impl Into<Vec<u8>>) -> Self {
        Self { is_up: false, bytes: bytes.into() }
    }
}

/// Versions a client may offer.
type Versions = &'static [&'static SupportedProtocolVersion];
static ANY: Versions = &[&TLS13, &TLS12];
pub(super) static ONLY_1_2: Versions = &[&TLS12];
pub(super) static ONLY_1_3: Versions = &[&TLS13];

/// How a client says hello.
#[derive(Clone)]
pub(super) struct Hello {
    pub(super) name: &'static str,
    pub(super) alpn: &'static [&'static str],
    pub(super) has_sni: bool,
    pub(super) has_hybrid: bool,
    pub(super) versions: Versions,
}

impl Hello {
    /// TLS 1.3 or 1.2, with server name and ALPN of the web.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, alpn: &["h2", "http/1.1"], has_sni: true, has_hybrid: false, versions: ANY }
    }

    /// The same as an app's own protocol says it.
    pub(super) fn bare(name: &'static str) -> Self {
        Self { alpn: &[], ..Self::new(name) }
    }

    pub(super) fn server_name(&self) -> ServerName<'static> {
        ServerName::try_from(self.name).expect("names of samples are valid")
    }

    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(Arc::new(seeded::provider(self.has_hybrid)))
            .with_protocol_versions(self.versions)
            .expect("ring speaks these versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate))
            .with_no_client_auth();
        config.alpn_protocols = self.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config.enable_sni = self.has_sni;
        config.resumption = Resumption::disabled();
        config
    }

    pub(super) fn server(&self) -> ServerConfig {
        let (certificate, key) = certificate(self.name);
        let mut config = ServerConfig::builder_with_provider(Arc::new(seeded::provider(self.has_hybrid)))
            .with_protocol_versions(self.versions)
            .expect("ring speaks these versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("the certificate fits its key");
        config.alpn_protocols = self.alpn.iter().take(1).map(|protocol| protocol.as_bytes().to_vec()).collect();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config
    }

    /// The first flight alone: one record with the ClientHello.
    pub(super) fn record(&self) -> Vec<u8> {
        seeded::seed(self.name);
        let mut client = ClientConnection::new(Arc::new(self.client()), self.server_name()).expect("a valid config");
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("writing to memory");
        bytes
    }

    /// The whole conversation: handshake, then rounds of application data up and down (in bytes).
    pub(super) fn talk(&self, rounds: &[(usize, usize)]) -> Vec<Flight> {
        seeded::seed(self.name);
        let mut client = ClientConnection::new(Arc::new(self.client()), self.server_name()).expect("a valid config");
        let mut server = ServerConnection::new(Arc::new(self.server())).expect("a valid config");
        client.set_buffer_limit(None);
        server.set_buffer_limit(None);
        let mut flights = Vec::new();
        exchange(&mut client, &mut server, &mut flights);
        assert!(!client.is_handshaking() && !server.is_handshaking(), "{}", self.name);
        for (up, down) in rounds {
            client.writer().write_all(&seeded::bytes(*up)).expect("writing to memory");
            exchange(&mut client, &mut server, &mut flights);
            server.writer().write_all(&seeded::bytes(*down)).expect("writing to memory");
            exchange(&mut client, &mut server, &mut flights);
        }
        client.send_close_notify();
        exchange(&mut client, &mut server, &mut flights);
        flights
    }
}

/// Passes bytes to and fro until nobody has anything left to say.
fn exchange(client: &mut ClientConnection, server: &mut ServerConnection, flights: &mut Vec<Flight>) {
    let mut sink = Vec::new();
    loop {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        while client.wants_write() {
            client.write_tls(&mut up).expect("writing to memory");
        }
        let mut unread = up.as_slice();
        while !unread.is_empty() {
            server.read_tls(&mut unread).expect("reading from memory");
            server.process_new_packets().expect("rustls understands rustls");
            let _ = server.reader().read_to_end(&mut sink);
        }
        while server.wants_write() {
            server.write_tls(&mut down).expect("writing to memory");
        }
        let mut unread = down.as_slice();
        while !unread.is_empty() {
            client.read_tls(&mut unread).expect("reading from memory");
            client.process_new_packets().expect("rustls understands rustls");
            let _ = client.reader().read_to_end(&mut sink);
        }
        if up.is_empty() && down.is_empty() {
            return;
        }
        flights.extend([Flight::up(up), Flight::down(down)].into_iter().filter(|flight| !flight.bytes.is_empty()));
    }
}

/// A certificate for a name, signed by its own fixed key (Ed25519 signs the same bytes the same way).
pub(super) fn certificate(name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    // PKCS#8 of an Ed25519 key (RFC 8410 §7), its 32 bytes made up.
    let mut key = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    key.extend(1..=32);
    let key = PrivatePkcs8KeyDer::from(key);
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key, &rcgen::PKCS_ED25519).expect("a valid key");
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a valid name");
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let certificate = params.self_signed(&pair).expect("a valid certificate");
    (certificate.der().clone(), PrivateKeyDer::Pkcs8(key))
}

/// Believes every certificate: these are made up.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256, SignatureScheme::ED25519]
    }
}

/// The record with one more extension at the ClientHello's end, all lengths mended.
pub(super) fn with_extension(record: &[u8], kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = record.to_vec();
    let added = [&kind.to_be_bytes()[..], &(body.len() as u16).to_be_bytes(), body].concat();
    // Record header 5, handshake header 4, version 2, random 32; then session id, cipher suites, compression methods.
    let mut at = 5 + 4 + 2 + 32;
    at += 1 + usize::from(bytes[at]);
    at += 2 + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    at += 1 + usize::from(bytes[at]);
    for place in [3, 7, at] {
        let length = u16::from_be_bytes([bytes[place], bytes[place + 1]]) + added.len() as u16;
        bytes[place..place + 2].copy_from_slice(&length.to_be_bytes());
    }
    bytes.extend(added);
    bytes
}

/// An outer ECH extension (RFC 9849 §5) around bytes that only look encrypted.
pub(super) fn ech(config: u8, payload_bytes: usize) -> Vec<u8> {
    let mut body = vec![0, 0, 1, 0, 1, config, 0, 32];
    body.extend(seeded::bytes(32));
    body.extend((payload_bytes as u16).to_be_bytes());
    body.extend(seeded::bytes(payload_bytes));
    body
}
