//! The kind of header that comes next, and where it is. Each reader of a header returns it.

use super::span::Span;

/// What comes next, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next<'a> {
    /// IPv4 or IPv6. The first four bits say which.
    Ip(Span<'a>),
    /// The payload of this EtherType.
    EtherType(u16, Span<'a>),
    /// An Ethernet frame.
    Ethernet(Span<'a>),
    /// An IEEE 802.2 LLC header.
    Llc(Span<'a>),
    /// A Point-to-Point Protocol frame.
    Ppp(Span<'a>),
    /// An MPLS label stack.
    Mpls(Span<'a>),
    /// A Network Service Header.
    Nsh(Span<'a>),
    /// A frame of this link type.
    Link(u16, Span<'a>),
}
