//! The kind of a session's ICMP messages, where they are all of one kind.

use crate::packet::IcmpKind;
use serde::{Deserialize, Serialize};

/// The kinds of ICMP messages in a session, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) enum Messages {
    /// There are none.
    #[default]
    None,
    /// All are of this kind.
    Of(IcmpKind),
    /// They are of several kinds.
    Several,
}

impl Messages {
    /// Adds the messages of another part of the session.
    pub(in crate::flow) fn merge(&mut self, other: Self) {
        *self = match (*self, other) {
            (all, Self::None) | (Self::None, all) => all,
            (Self::Of(mine), Self::Of(theirs)) if mine == theirs => Self::Of(mine),
            _ => Self::Several,
        };
    }

    /// The kind, if there is one.
    pub(super) const fn kind(self) -> Option<IcmpKind> {
        match self {
            Self::Of(kind) => Some(kind),
            Self::None | Self::Several => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Side;

    #[test]
    fn merging_has_no_order() {
        let of = |kind| Messages::Of(IcmpKind { sender: Side::Low, kind, code: 0 });
        let all = [Messages::None, of(8), of(13), Messages::Several];
        let merged = |mut one: Messages, other| {
            one.merge(other);
            one
        };
        for a in all {
            assert_eq!((merged(a, a), merged(a, Messages::None)), (a, a));
            for b in all {
                assert_eq!(merged(a, b), merged(b, a));
                for c in all {
                    assert_eq!(merged(merged(a, b), c), merged(a, merged(b, c)));
                }
            }
        }
        assert_eq!(merged(of(8), of(13)), Messages::Several);
    }
}
