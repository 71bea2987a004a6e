//! The key by which addresses and labels are replaced.

use hkdf::Hkdf;
use sha2::Sha256;

/// A secret from which the keys of all mappings are derived (HKDF with SHA-256, RFC 5869). It is never written anywhere.
#[derive(Clone)]
pub struct Key(Hkdf<Sha256>);

impl Key {
    /// The key of a secret of any length: random bytes, or what a user keeps in a file. The same secret gives the same key.
    pub fn new(secret: &[u8]) -> Self {
        Self(Hkdf::new(Some(b"whither redact"), secret))
    }

    /// The part of the key for one purpose.
    pub(super) fn part<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let mut part = [0; N];
        // This fails only for parts of more than 8,160 bytes.
        let _ = self.0.expand(purpose.as_bytes(), &mut part);
        part
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}
