//! What keys showed of a session's encrypted hello.

use crate::capture::FrameId;
use crate::flow::record::{Doubt, Ech, Flow, Name};
use crate::name::FoundName;

/// What came of a hello that there are keys for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::flow) enum Outcome {
    /// The server's hello confirms the inner hello (RFC 9849 §7.2).
    Accepted,
    /// The server's hello does not confirm it: the outer hello is the one that the server took.
    Refused,
    /// It was opened, and no hello of the server was seen that could tell.
    Unconfirmed,
    /// No secret that was logged for it opens it.
    DoesNotFit,
}

/// A hello that there are keys for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::flow) struct OpenedHello {
    pub(super) outcome: Outcome,
    /// The name in the inner hello.
    pub(super) name: Option<FoundName>,
    /// The frame in which the outer hello begins.
    frame: FrameId,
}

impl OpenedHello {
    /// A hello that no secret opens.
    pub(super) const fn closed(frame: FrameId) -> Self {
        Self { outcome: Outcome::DoesNotFit, name: None, frame }
    }

    /// A hello that was opened, and whether the server took it, if that is known.
    pub(super) fn of(frame: FrameId, name: Option<FoundName>, is_accepted: Option<bool>) -> Self {
        let outcome = match is_accepted {
            Some(true) => Outcome::Accepted,
            Some(false) => Outcome::Refused,
            None => Outcome::Unconfirmed,
        };
        Self { outcome, name, frame }
    }

    /// Adds to a flow what is known now. `whole` is the frame with which the outer hello was whole.
    pub(super) fn tell(self, flow: &mut Flow, whole: Option<FrameId>) {
        let doubt = match self.outcome {
            Outcome::Accepted => None,
            // The client wants the server of the inner name; a server that cannot open the hello answers for the outer one.
            Outcome::Unconfirmed => Some(Doubt::Competing),
            Outcome::Refused => {
                flow.ech = Some(Ech::Refused);
                return;
            }
            Outcome::DoesNotFit => return,
        };
        flow.ech = match (doubt, flow.ech) {
            (Some(_), known) if known != Some(Ech::Confirmed) => Some(Ech::Likely),
            _ => Some(Ech::Confirmed),
        };
        if let Some(FoundName { source, name }) = self.name {
            let frame = whole.unwrap_or(self.frame);
            flow.names.insert(0, Name { source, frame, name: (*name).into(), doubt });
        }
    }
}

/// How many hellos there were keys for, by what came of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenedHellos {
    /// The server's hello confirms the inner one.
    pub accepted: u64,
    /// The server's hello does not confirm it.
    pub refused: u64,
    /// No hello of the server was seen that could tell.
    pub unconfirmed: u64,
    /// No secret that was logged for them opens them.
    pub not_fitting: u64,
}

impl OpenedHellos {
    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts one.
    pub(in crate::flow) fn count(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Refused => &mut self.refused,
            Outcome::Unconfirmed => &mut self.unconfirmed,
            Outcome::DoesNotFit => &mut self.not_fitting,
        };
        *count += 1;
    }

    /// Adds others.
    pub(in crate::flow) fn merge(&mut self, other: Self) {
        let Self { accepted, refused, unconfirmed, not_fitting } = other;
        self.accepted += accepted;
        self.refused += refused;
        self.unconfirmed += unconfirmed;
        self.not_fitting += not_fitting;
    }
}
