//! The reasons why a frame gives no IP packet.

use serde::{Deserialize, Serialize};

/// The reason why a frame gave no IP packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum NotIp {
    /// Another network protocol, by its EtherType or by a number of the link type's own.
    Protocol(u16),
    /// A control, management or empty frame of the link layer.
    LinkControl,
    /// The link layer's payload is encrypted (Wi-Fi, MACsec).
    Encrypted,
    /// A link type that whither does not read.
    UnknownLinkType(u16),
    /// Headers that the snap length cut short.
    CutShort,
    /// Headers that contradict themselves.
    Malformed,
    /// Headers nested deeper than any network has them: reading them was given up.
    TooDeep,
}
