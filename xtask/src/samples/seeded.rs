//! From a label to the same "random" bytes on each run, for protocol stacks that insist on randomness.
//!
//! Nothing here is secret: the key exchange has one fixed outcome, so both ends agree whatever they send.

use rustls::Error;
use rustls::NamedGroup;
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup,
};
use std::cell::Cell;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Starts the bytes of a conversation.
pub(super) fn seed(label: &str) {
    // FNV-1a, 64 bits.
    STATE.set(
        label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)),
    );
}

/// The next number of the conversation (SplitMix64).
pub(super) fn number() -> u64 {
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Bytes that look like nothing.
pub(super) fn bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&number().to_le_bytes()[..chunk.len()]);
    }
}

#[derive(Debug)]
struct Seeded;

impl SecureRandom for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        fill(bytes);
        Ok(())
    }
}

#[derive(Debug)]
struct Group {
    name: NamedGroup,
    share_bytes: usize,
}

struct Share {
    name: NamedGroup,
    bytes: Vec<u8>,
}

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(Share { name: self.name, bytes: bytes(self.share_bytes) }))
    }

    fn name(&self) -> NamedGroup {
        self.name
    }
}

impl ActiveKeyExchange for Share {
    fn complete(self: Box<Self>, _peer: &[u8]) -> Result<SharedSecret, Error> {
        Ok(SharedSecret::from(vec![0x5a; 32]))
    }

    fn pub_key(&self) -> &[u8] {
        &self.bytes
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}

static RANDOM: Seeded = Seeded;
static X25519: Group = Group { name: NamedGroup::X25519, share_bytes: 32 };
/// Its share, 1216 bytes, makes a ClientHello larger than a segment.
static HYBRID: Group = Group { name: NamedGroup::X25519MLKEM768, share_bytes: 1216 };

/// ring's algorithms with seeded randomness; `has_hybrid` offers a post-quantum share, as browsers do.
pub(super) fn provider(has_hybrid: bool) -> CryptoProvider {
    let groups: [&'static dyn SupportedKxGroup; 2] = [&HYBRID, &X25519];
    CryptoProvider {
        kx_groups: groups[usize::from(!has_hybrid)..].to_vec(),
        secure_random: &RANDOM,
        ..rustls::crypto::ring::default_provider()
    }
}
