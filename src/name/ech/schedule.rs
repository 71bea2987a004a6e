//! From the shared secret of a key encapsulation to the key and nonce of HPKE, and from these to what was sealed.
//!
//! RFC 9180 §5.1 (mode base, without a pre-shared key), §5.2 (nonces) and §7 (numbers of algorithms).

use aes_gcm::{AeadInOut, Aes128Gcm, Aes256Gcm, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;
use hkdf::hmac::Hmac;
use hkdf::{GenericHkdf, GenericHkdfExtract, HmacImpl};
use sha2::{Sha256, Sha384, Sha512};

/// The algorithms of an encryption, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Suite {
    /// Key encapsulation. Any will do: its secret is given.
    pub(super) kem: u16,
    /// Key derivation.
    pub(super) kdf: u16,
    /// Encryption.
    pub(super) aead: u16,
}

/// The key and nonce of a sender.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Context {
    aead: u16,
    key: [u8; LONGEST_KEY],
    base_nonce: [u8; NONCE],
}

impl Context {
    /// Derives the context from a shared secret. `None` for algorithms that are not known.
    pub(super) fn derive(suite: Suite, shared_secret: &[u8], info: &[u8]) -> Option<Self> {
        let mut context = Self { aead: suite.aead, key: [0; LONGEST_KEY], base_nonce: [0; NONCE] };
        let key = context.key.get_mut(..key_length(suite.aead)?)?;
        match suite.kdf {
            HKDF_SHA256 => schedule::<Hmac<Sha256>>(suite, shared_secret, info, key, &mut context.base_nonce),
            HKDF_SHA384 => schedule::<Hmac<Sha384>>(suite, shared_secret, info, key, &mut context.base_nonce),
            HKDF_SHA512 => schedule::<Hmac<Sha512>>(suite, shared_secret, info, key, &mut context.base_nonce),
            _ => return None,
        }
        Some(context)
    }

    /// What was sealed as the message of this number, if the tag is right.
    pub(super) fn open(&self, sequence: u8, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let key = self.key.get(..key_length(self.aead)?)?;
        let mut nonce = self.base_nonce;
        *nonce.last_mut()? ^= sequence;
        match self.aead {
            AES_128_GCM => open(&Aes128Gcm::new_from_slice(key).ok()?, nonce, associated, sealed),
            AES_256_GCM => open(&Aes256Gcm::new_from_slice(key).ok()?, nonce, associated, sealed),
            CHACHA20_POLY1305 => open(&ChaCha20Poly1305::new_from_slice(key).ok()?, nonce, associated, sealed),
            _ => None,
        }
    }
}

fn open<A>(aead: &A, nonce: [u8; NONCE], associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>>
where
    A: AeadInOut<NonceSize = aes_gcm::aead::consts::U12, TagSize = aes_gcm::aead::consts::U16>,
{
    let (text, tag) = sealed.split_last_chunk::<16>()?;
    let mut text = text.to_vec();
    aead.decrypt_inout_detached(&nonce.into(), associated, text.as_mut_slice().into(), &(*tag).into()).ok()?;
    Some(text)
}

/// `KeySchedule<ROLE>` of RFC 9180 §5.1, in mode base.
fn schedule<H: HmacImpl>(suite: Suite, shared_secret: &[u8], info: &[u8], key: &mut [u8], base_nonce: &mut [u8]) {
    const MODE_BASE: u8 = 0;
    let mut id = *b"HPKE\0\0\0\0\0\0";
    let numbers = [suite.kem, suite.kdf, suite.aead].into_iter().flat_map(u16::to_be_bytes);
    id.iter_mut().skip(4).zip(numbers).for_each(|(place, byte)| *place = byte);
    let psk_id_hash = labeled_extract::<H>(id, &[], b"psk_id_hash", &[]).0;
    let info_hash = labeled_extract::<H>(id, &[], b"info_hash", info).0;
    let context = [&[MODE_BASE][..], &psk_id_hash, &info_hash].concat();
    let secret = labeled_extract::<H>(id, shared_secret, b"secret", &[]).1;
    labeled_expand(id, &secret, b"key", &context, key);
    labeled_expand(id, &secret, b"base_nonce", &context, base_nonce);
}

/// `LabeledExtract` of RFC 9180 §4.
fn labeled_extract<H: HmacImpl>(id: [u8; 10], salt: &[u8], label: &[u8], secret: &[u8]) -> (Vec<u8>, GenericHkdf<H>) {
    let mut extract = GenericHkdfExtract::<H>::new(Some(salt));
    [VERSION, &id, label, secret].into_iter().for_each(|part| extract.input_ikm(part));
    let (key, hkdf) = extract.finalize();
    (key.to_vec(), hkdf)
}

/// `LabeledExpand` of RFC 9180 §4.
fn labeled_expand<H: HmacImpl>(id: [u8; 10], secret: &GenericHkdf<H>, label: &[u8], context: &[u8], into: &mut [u8]) {
    let length = (into.len() as u16).to_be_bytes();
    // This fails only for more than 255 hash lengths; the outputs here are at most one.
    let _ = secret.expand_multi_info(&[&length, VERSION, &id, label, context], into);
}

fn key_length(aead: u16) -> Option<usize> {
    match aead {
        AES_128_GCM => Some(16),
        AES_256_GCM | CHACHA20_POLY1305 => Some(LONGEST_KEY),
        _ => None,
    }
}

const VERSION: &[u8] = b"HPKE-v1";
const NONCE: usize = 12;
const LONGEST_KEY: usize = 32;
const HKDF_SHA256: u16 = 1;
const HKDF_SHA384: u16 = 2;
const HKDF_SHA512: u16 = 3;
const AES_128_GCM: u16 = 1;
const AES_256_GCM: u16 = 2;
const CHACHA20_POLY1305: u16 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::hex;

    const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    const TEXT: &[u8] = b"Beauty is truth, truth beauty";

    fn context(kem: u16, kdf: u16, aead: u16, shared_secret: &str) -> Context {
        Context::derive(Suite { kem, kdf, aead }, &hex(shared_secret), &hex(INFO)).unwrap()
    }

    /// RFC 9180 §A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
    #[test]
    fn opens_the_sample_with_aes_128() {
        let context = context(32, 1, 1, "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc");
        assert_eq!(context.key[..16], hex("4531685d41d65f03dc48f6b8302c05b0"));
        assert_eq!(context.base_nonce[..], hex("56d890e5accaaf011cff4b7d"));
        let first = hex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a");
        let second = hex("af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84");
        assert_eq!(context.open(0, b"Count-0", &first).as_deref(), Some(TEXT));
        assert_eq!(context.open(1, b"Count-1", &second).as_deref(), Some(TEXT));
        for (sequence, associated, sealed) in
            [(1, "Count-0", &first[..]), (0, "Count-1", &first), (0, "Count-0", &first[1..]), (0, "Count-0", &[7; 15])]
        {
            assert_eq!(context.open(sequence, associated.as_bytes(), sealed), None);
        }
    }

    /// RFC 9180 §A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
    #[test]
    fn opens_the_sample_with_chacha20() {
        let context = context(32, 1, 3, "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7");
        assert_eq!(context.key[..], hex("ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91"));
        assert_eq!(context.base_nonce[..], hex("5c4d98150661b848853b547f"));
        let sealed = hex("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
        assert_eq!(context.open(0, b"Count-0", &sealed).as_deref(), Some(TEXT));
    }

    #[test]
    fn what_is_not_registered_is_not_tried() {
        for (kdf, aead) in [(0, 1), (4, 1), (1, 0), (1, 4), (1, 0xffff)] {
            assert!(Context::derive(Suite { kem: 32, kdf, aead }, &[1; 32], &[]).is_none());
        }
        for kdf in 1..=3 {
            for aead in 1..=3 {
                assert!(Context::derive(Suite { kem: 32, kdf, aead }, &[1; 32], &[]).is_some());
            }
        }
    }
}
