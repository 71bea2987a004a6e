//! What must be known to read on from a record, for either format.

use super::classic::Layout;
use super::pcapng::Section;
use super::visit::{Stop, Visit};

/// What must be known to read on from a record: the format, and for pcapng the section so far.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Classic pcap; nothing changes it.
    Classic(Layout),
    /// pcapng; section, interface and other blocks change it.
    Pcapng(Section),
}

impl State {
    /// Visits the records in `bytes` whose header starts before `limit`, from the one that starts at 0. Returns where
    /// the first record not visited starts.
    #[inline]
    pub(crate) fn walk<V: Visit>(&mut self, bytes: &[u8], limit: usize, visit: &mut V) -> (usize, Stop) {
        match self {
            Self::Classic(layout) => layout.walk(bytes, limit, visit),
            Self::Pcapng(section) => section.walk(bytes, limit, visit),
        }
    }

    /// Forgets what was used and changed so far, before a range is read.
    pub(crate) fn start_range(&mut self) {
        if let Self::Pcapng(section) = self {
            section.start_range();
        }
    }

    /// The state in which the next range begins. The range was read from `before` and ended with `self`; the proven state at its
    /// start is `truth`. `None` if the range may have been misread because the two differ. `is_whole`: no error was found in the
    /// range.
    pub(crate) fn proven(self, before: &Self, truth: &Self, is_whole: bool) -> Option<Self> {
        match (self, before, truth) {
            (after @ Self::Classic(_), _, _) => Some(after),
            (Self::Pcapng(after), Self::Pcapng(before), Self::Pcapng(truth)) => {
                after.proven(before, truth, is_whole).map(Self::Pcapng)
            }
            _ => None,
        }
    }
}
