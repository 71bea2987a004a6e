//! Messages of ICMP (RFC 792, RFC 4443 §2.1), and which of them ask and answer.

use super::key::Side;
use super::protocol::{ICMP, ICMPV6};
use serde::{Deserialize, Serialize};

/// The kind of a message, by type and code. A question and its answer are of one kind: the answer is written as the question that the
/// lower endpoint would ask, or the answer that it would give, whoever sent it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct IcmpKind {
    /// The endpoint that sends such messages.
    pub(crate) sender: Side,
    /// Its type.
    pub(crate) kind: u8,
    /// The code of a message that is no question and no answer; 0 of one that is.
    pub(crate) code: u8,
}

impl IcmpKind {
    /// The kind of the message that a packet of this protocol carries; `None` if it is another protocol, or cut.
    pub(crate) fn of(protocol: u8, sender: Side, payload: &[u8]) -> Option<Self> {
        let &[kind, code, ..] = payload else { return None };
        if protocol != ICMP && protocol != ICMPV6 {
            return None;
        }
        Some(match (counterpart(protocol, kind), sender) {
            (None, _) => Self { sender, kind, code },
            (Some(_), Side::Low) => Self { sender, kind, code: 0 },
            (Some(other), Side::High) => Self { sender: Side::Low, kind: other, code: 0 },
        })
    }
}

/// What stands in the place of ports in a conversation by ICMP, as the Community ID specification has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpPorts {
    /// In the place of the client's port.
    pub client: u8,
    /// In the place of the server's port.
    pub server: u8,
    /// Whether the client sent the messages, where they are no questions and answers.
    pub is_from_client: Option<bool>,
}

impl IcmpPorts {
    /// Whether the server's messages say that packets did not arrive, or should go elsewhere. Whoever sends them need not be at the
    /// end of the path.
    pub fn is_error(self, protocol: u8) -> bool {
        self.is_from_client == Some(false)
            && matches!((protocol, self.server), (ICMP, 3 | 4 | 5 | 11 | 12) | (ICMPV6, 1..=4 | 137))
    }
}

impl IcmpKind {
    /// The numbers in the place of ports, where this side is the client.
    pub(crate) fn ports(self, protocol: u8, client: Side) -> IcmpPorts {
        let other = counterpart(protocol, self.kind);
        let (mine, theirs) = (self.kind, other.unwrap_or(self.code));
        let is_from_client = self.sender == client;
        let (client, server) = if is_from_client { (mine, theirs) } else { (theirs, mine) };
        IcmpPorts { client, server, is_from_client: other.is_none().then_some(is_from_client) }
    }
}

/// The type of the messages that answer those of this type, or that they answer: the pairs of the Community ID specification, which are
/// those of Zeek.
const fn counterpart(protocol: u8, kind: u8) -> Option<u8> {
    Some(match (protocol, kind) {
        (ICMP, 0) => 8,
        (ICMP, 8) => 0,
        (ICMP, 9) => 10,
        (ICMP, 10) => 9,
        (ICMP, 13) => 14,
        (ICMP, 14) => 13,
        (ICMP, 15) => 16,
        (ICMP, 16) => 15,
        (ICMP, 17) => 18,
        (ICMP, 18) => 17,
        (ICMPV6, 128) => 129,
        (ICMPV6, 129) => 128,
        (ICMPV6, 130) => 131,
        (ICMPV6, 131) => 130,
        (ICMPV6, 133) => 134,
        (ICMPV6, 134) => 133,
        (ICMPV6, 135) => 136,
        (ICMPV6, 136) => 135,
        (ICMPV6, 139) => 140,
        (ICMPV6, 140) => 139,
        (ICMPV6, 144) => 145,
        (ICMPV6, 145) => 144,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_are_pairs() {
        for protocol in [ICMP, ICMPV6] {
            for kind in 0..=u8::MAX {
                let back = counterpart(protocol, kind).map(|other| (kind != other, counterpart(protocol, other)));
                assert!(back.is_none_or(|back| back == (true, Some(kind))), "{protocol} {kind}");
            }
        }
    }

    #[test]
    fn an_answer_is_of_the_kind_of_its_question() {
        let [low, high] = [Side::Low, Side::High];
        let kind = |sender, bytes: &[u8]| IcmpKind::of(ICMP, sender, bytes);
        assert_eq!(kind(low, &[8, 0, 1]), kind(high, &[0, 0]));
        assert_ne!(kind(low, &[8, 0]), kind(high, &[8, 0]));
        assert_ne!(kind(low, &[3, 1]), kind(high, &[3, 1]));
        let echo = kind(low, &[8, 0]).unwrap();
        assert_eq!(echo.ports(ICMP, low), IcmpPorts { client: 8, server: 0, is_from_client: None });
        assert_eq!(echo.ports(ICMP, high), IcmpPorts { client: 0, server: 8, is_from_client: None });
        let unreachable = kind(high, &[3, 1]).unwrap();
        assert_eq!(unreachable.ports(ICMP, low), IcmpPorts { client: 1, server: 3, is_from_client: Some(false) });
        assert!(unreachable.ports(ICMP, low).is_error(ICMP) && !unreachable.ports(ICMP, high).is_error(ICMP));
        assert_eq!((kind(low, &[8]), IcmpKind::of(6, low, &[8, 0])), (None, None));
    }
}
