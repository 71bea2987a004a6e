//! The secrets of Encrypted Client Hello in key logs, and what they open.
//!
//! A key log is text (RFC 9850 §2): on each line a label, the random of the outer ClientHello and a value, both in hexadecimal.
//! `ECH_SECRET` is the shared secret of the key encapsulation, `ECH_CONFIG` the configuration that it was made for. Other labels are
//! passed by.

use super::outer::Outer;
use super::schedule::{Context, Suite};
use super::{config, inner};
use crate::name::findings::{Findings, FoundName};
use crate::name::source::NameSource;
use crate::name::tls::client_hello::ClientHello;
use crate::name::tls::dialect::Dialect;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// Connections whose values are kept. A browser that logs for weeks opens fewer.
const CONNECTION_LIMIT: usize = 1 << 17;
/// Bytes of all configurations. There are a few hundred bytes in one, and many connections share it.
const CONFIG_BYTES_LIMIT: usize = 32 << 20;
/// Values of one kind for one connection. One is usual; a log may have been written twice.
const VALUE_LIMIT: usize = 4;
/// The longest shared secret that is kept: that of DHKEM(P-521) has 64 bytes.
const SECRET_LIMIT: usize = 64;

/// Secrets by which hellos are opened.
#[derive(Clone, Default)]
pub struct EchKeys {
    connections: HashMap<[u8; 32], Logged, RandomState>,
    /// Each configuration once.
    configs: HashMap<Arc<[u8]>, (), RandomState>,
    config_bytes: usize,
    /// Connections with a secret and a configuration.
    usable: u64,
    left_out: u64,
    malformed: u64,
}

/// What was logged for one connection.
#[derive(Clone, Default)]
struct Logged {
    secrets: SmallVec<[Box<[u8]>; 1]>,
    configs: SmallVec<[Arc<[u8]>; 1]>,
}

/// How much of key logs was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyCounts {
    /// Connections that there are both a secret and a configuration for.
    pub connections: u64,
    /// Lines that were left out, because there are more than are kept.
    pub left_out: u64,
    /// Lines that have one of the labels but not what belongs to it.
    pub malformed: u64,
    /// Blocks of secrets in captures that were not read to their end: they stand behind the first packet, or are too long.
    pub late_blocks: u64,
}

/// Secrets are not shown.
impl fmt::Debug for EchKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EchKeys({} connections)", self.usable)
    }
}

/// What came of opening a hello.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EchOpening {
    /// There is no secret for it.
    NoKey,
    /// There are secrets for it, but none opens it.
    DoesNotFit,
    /// It is open.
    Opened {
        /// The server name in the inner hello.
        name: Option<FoundName>,
        /// The inner hello, with the header of its message.
        inner: Vec<u8>,
        /// Whether it answers a HelloRetryRequest.
        is_second: bool,
    },
}

impl EchKeys {
    /// Adds what a key log holds. Lines of other labels, and comments, are passed by.
    pub fn read(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let is_secret = match words.next() {
                Some(b"ECH_SECRET") => true,
                Some(b"ECH_CONFIG") => false,
                _ => continue,
            };
            let (random, value) = (words.next().and_then(bytes), words.next().and_then(bytes));
            let random = random.and_then(|random| <[u8; 32]>::try_from(random).ok());
            let (Some(random), Some(value), None) = (random, value, words.next()) else {
                self.malformed += 1;
                continue;
            };
            if value.is_empty()
                || is_secret && value.len() > SECRET_LIMIT
                || !is_secret && config::kem(&value).is_none()
            {
                self.malformed += 1;
            } else if !self.add(random, is_secret, value) {
                self.left_out += 1;
            }
        }
    }

    /// Adds a value. Returns whether there was room.
    fn add(&mut self, random: [u8; 32], is_secret: bool, value: Vec<u8>) -> bool {
        if self.connections.len() >= CONNECTION_LIMIT && !self.connections.contains_key(&random) {
            return false;
        }
        if is_secret {
            let logged = self.connections.entry(random).or_default();
            if logged.secrets.iter().any(|known| **known == *value) {
                return true;
            }
            let has_room = logged.secrets.len() < VALUE_LIMIT;
            if has_room {
                self.usable += u64::from(logged.secrets.is_empty() && !logged.configs.is_empty());
                logged.secrets.push(value.into());
            }
            return has_room;
        }
        let config = match self.configs.get_key_value(&*value) {
            Some((known, ())) => Arc::clone(known),
            None if self.config_bytes + value.len() > CONFIG_BYTES_LIMIT => return false,
            None => {
                self.config_bytes += value.len();
                let new: Arc<[u8]> = value.into();
                self.configs.insert(Arc::clone(&new), ());
                new
            }
        };
        let logged = self.connections.entry(random).or_default();
        if logged.configs.contains(&config) {
            return true;
        }
        let has_room = logged.configs.len() < VALUE_LIMIT;
        if has_room {
            self.usable += u64::from(logged.configs.is_empty() && !logged.secrets.is_empty());
            logged.configs.push(config);
        }
        has_room
    }

    /// Whether no hello can be opened.
    pub fn is_empty(&self) -> bool {
        self.usable == 0
    }

    /// How much was read.
    pub fn counts(&self) -> KeyCounts {
        KeyCounts { connections: self.usable, left_out: self.left_out, malformed: self.malformed, late_blocks: 0 }
    }

    /// The server name in the encrypted hello that a ClientHello carries, if these keys open it. `message` is the whole handshake
    /// message, from its type on. Whether the server took that hello is another matter.
    pub fn server_name(&self, message: &[u8]) -> Option<Box<str>> {
        match self.open(message, NameSource::TlsEch) {
            EchOpening::Opened { name, .. } => name.map(|found| found.name),
            EchOpening::NoKey | EchOpening::DoesNotFit => None,
        }
    }

    /// Opens the hello within a hello. `message` is the whole message of the outer one; the name is found as of `source`.
    pub(crate) fn open(&self, message: &[u8], source: NameSource) -> EchOpening {
        let Some(outer) = Outer::read(message) else { return EchOpening::NoKey };
        let logged = <&[u8; 32]>::try_from(outer.fields.random).ok().and_then(|random| self.connections.get(random));
        let Some(logged) = logged.filter(|logged| !logged.secrets.is_empty() && !logged.configs.is_empty()) else {
            return EchOpening::NoKey;
        };
        let associated = outer.associated();
        for (config, secret) in
            logged.configs.iter().flat_map(|one| logged.secrets.iter().map(move |secret| (one, secret)))
        {
            let Some(inner) = unseal(&outer, config, secret, &associated) else { continue };
            let mut findings = Findings::default();
            if let Some(name) = ClientHello::read(&inner, Dialect::Tls).and_then(|hello| hello.sni) {
                findings.push_name(source, name);
            }
            let name = findings.names.pop();
            return EchOpening::Opened { name, inner, is_second: outer.is_second };
        }
        EchOpening::DoesNotFit
    }
}

/// The inner hello, if this secret opens it.
fn unseal(outer: &Outer<'_>, config: &[u8], secret: &[u8], associated: &[u8]) -> Option<Vec<u8>> {
    let suite = Suite { kem: config::kem(config)?, kdf: outer.kdf, aead: outer.aead };
    let context = Context::derive(suite, secret, &[b"tls ech\0", config].concat())?;
    let encoded = context.open(outer.is_second.into(), associated, outer.payload())?;
    inner::rebuild(&encoded, &outer.fields)
}

/// The bytes that a word of hexadecimal digits stands for.
fn bytes(word: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = word.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::samples::client;
    use super::*;
    use fixtures::ech::{Client, Seal};
    use proptest::prelude::*;

    fn name(opening: EchOpening) -> Option<String> {
        match opening {
            EchOpening::Opened { name, .. } => Some(name?.name.into()),
            _ => None,
        }
    }

    fn open(keys: &EchKeys, message: &[u8]) -> EchOpening {
        keys.open(message, NameSource::TlsEch)
    }

    #[test]
    fn every_encryption_is_opened() {
        for seal in [Seal::Aes128Gcm, Seal::Aes256Gcm, Seal::ChaCha20Poly1305] {
            let client = Client::new("public.example", "Hidden.example", seal);
            let mut keys = EchKeys::default();
            keys.read(client.key_log().as_bytes());
            for is_second in [false, true] {
                let opening = open(&keys, &client.hello(is_second));
                let EchOpening::Opened { name, inner, is_second: read } = &opening else { panic!("{opening:?}") };
                assert_eq!(
                    name.as_ref().unwrap(),
                    &FoundName { source: NameSource::TlsEch, name: "hidden.example".into() }
                );
                assert_eq!((*read, inner), (is_second, &client.inner()));
            }
        }
    }

    #[test]
    fn a_wrong_secret_changes_nothing() {
        let (client, keys) = client();
        let hello = client.hello(false);
        assert_eq!(open(&EchKeys::default(), &hello), EchOpening::NoKey);
        for wrong in [client.key_log().replacen("_SECRET", "_OTHER", 1), client.key_log().replace("ECH_CONFIG", "#")] {
            let mut keys = EchKeys::default();
            keys.read(wrong.as_bytes());
            assert_eq!((open(&keys, &hello), keys.is_empty()), (EchOpening::NoKey, true));
        }
        let mut wrong = EchKeys::default();
        wrong.read(client.wrong_key_log().as_bytes());
        assert_eq!(open(&wrong, &hello), EchOpening::DoesNotFit);
        // Both: the one that fits opens it.
        wrong.read(client.key_log().as_bytes());
        assert_eq!(name(open(&wrong, &hello)).as_deref(), Some("hidden.example"));
        for at in 0..hello.len() {
            let mut damaged = hello.clone();
            damaged[at] ^= 1;
            assert_eq!(name(open(&keys, &damaged)), None, "{at}");
            assert_eq!(open(&keys, &hello[..at]), EchOpening::NoKey);
        }
    }

    #[test]
    fn lines_that_are_not_as_they_should_be_are_counted() {
        let (client, _) = client();
        let mut keys = EchKeys::default();
        keys.read(client.key_log().replace('\n', "\r\n").as_bytes());
        assert_eq!(keys.counts(), KeyCounts { connections: 1, ..KeyCounts::default() });
        keys.read(b"# ECH_SECRET\nCLIENT_RANDOM 00 00\nECH_SECRET\nECH_SECRET 00 00\nECH_CONFIG zz");
        keys.read(format!("ECH_SECRET {} {}\nECH_CONFIG {0} 00 00", "0".repeat(64), "0".repeat(130)).as_bytes());
        assert_eq!(keys.counts(), KeyCounts { connections: 1, malformed: 5, ..KeyCounts::default() });
        assert_eq!(format!("{keys:?}"), "EchKeys(1 connections)");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut keys = EchKeys::default();
        for secret in 0..10 {
            keys.read(format!("ECH_SECRET {} {secret:02}", "0".repeat(64)).as_bytes());
        }
        assert_eq!(keys.left_out, 6);
        let lines: String = (0..CONNECTION_LIMIT + 5).map(|at| format!("ECH_SECRET {at:064x} 01\n")).collect();
        keys.read(lines.as_bytes());
        assert_eq!((keys.connections.len(), keys.left_out), (CONNECTION_LIMIT, 11));
    }

    proptest! {
        #[test]
        fn survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..400) {
            let (client, mut keys) = client();
            keys.read(&bytes);
            let mut hello = client.hello(false);
            let end = hello.len().min(at + bytes.len());
            hello.splice(at.min(end)..end, bytes);
            open(&keys, &hello);
        }
    }
}
