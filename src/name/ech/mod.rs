//! Opens Encrypted Client Hello with secrets that a client logged, and tells whether the server accepted it.
//!
//! RFC 9849 (ECH), RFC 9850 (`ECH_SECRET` and `ECH_CONFIG` in a key log), RFC 9180 §5.1 (the key schedule of HPKE). The shared secret of
//! the key encapsulation is in the log, so that no private key and no curve is needed: the rest is HKDF and one of three AEADs.

mod config;
mod confirmation;
mod inner;
mod keys;
mod outer;
mod schedule;

pub(crate) use confirmation::accepts;
pub(crate) use keys::EchOpening;
pub use keys::{EchKeys, KeyCounts};
#[cfg(test)]
pub(crate) use outer::samples;
