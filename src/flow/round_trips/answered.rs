//! Whether the other side of a flow answered.

/// Whether the server of a flow answered. Where it did not, the client sent to it, and exchanged nothing with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Answered {
    /// A packet of the server was captured that is no reset; or, where nothing of the server was captured, the client acknowledged
    /// something of it.
    Yes,
    /// Nothing but resets, or messages of ICMP that packets did not arrive.
    Refused,
    /// Nothing at all.
    #[default]
    No,
}
