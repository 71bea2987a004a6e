//! What the SYN-ACK of a flow looked like when it arrived.

use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The marks by which the SYN-ACKs of two addresses look like those of one machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SynAck {
    /// TTL or hop limit as it arrived.
    pub arrival_ttl: u8,
    /// Kinds of the TCP options, in order, with those that pad.
    #[serde(with = "small")]
    pub option_kinds: SmallVec<[u8; 16]>,
    /// Shift of the window scale option (RFC 7323).
    pub window_scale: Option<u8>,
}
