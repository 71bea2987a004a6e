//! The reasons why a frame gives no IP packet.

/// Why a frame gave no IP packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NotIp {
    /// Another network protocol, by EtherType (or a number of the link type's own).
    Protocol(u16),
    /// A control, management or empty frame of the link layer.
    LinkControl,
    /// The link layer's payload is encrypted (Wi-Fi, MACsec).
    Encrypted,
    /// A link type that whither does not read.
    UnknownLinkType(u16),
    /// Headers cut short by the snap length.
    CutShort,
    /// Headers that contradict themselves.
    Malformed,
}
