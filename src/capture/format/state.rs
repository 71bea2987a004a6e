//! What must be known to read on from a record, for either format.

use super::classic::Layout;
use super::pcapng::{self, Section};
use super::visit::{Stop, Visit};

/// What must be known to read on from a record: the format, and for pcapng the section so far.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Classic pcap; only another file that was joined to it changes it.
    Classic(Layout),
    /// pcapng; section, interface and other blocks change it.
    Pcapng(Section),
}

impl State {
    /// Visits the records in `bytes` whose header starts before `limit`, from the one that starts at 0. Returns where
    /// the first record not visited starts.
    #[inline]
    pub(crate) fn walk<V: Visit>(&mut self, bytes: &[u8], limit: usize, visit: &mut V) -> (usize, Stop) {
        let (mut position, mut rest) = (0, bytes);
        loop {
            let (used, stop) = match self {
                Self::Classic(layout) => layout.walk(rest, limit.saturating_sub(position), visit),
                Self::Pcapng(section) => section.walk(rest, limit.saturating_sub(position), visit),
            };
            position += used;
            rest = rest.get(used..).unwrap_or_default();
            match stop {
                Stop::Bad(_) | Stop::NeedMore(_) if position < limit => match self.joined(rest) {
                    Some((state, header)) => {
                        visit.joined_file();
                        *self = state;
                        position += header;
                        rest = rest.get(header..).unwrap_or_default();
                    }
                    None => return (position, stop),
                },
                _ => return (position, stop),
            }
        }
    }

    /// The state behind the header of another file that was joined to this one, and the length of that header; `None` if these bytes
    /// are none, or one of the same kind, which its own reader knows.
    #[cold]
    fn joined(&self, bytes: &[u8]) -> Option<(Self, usize)> {
        match self {
            Self::Classic(_) if pcapng::is_pcapng(bytes) => Some((Self::Pcapng(Section::default()), 0)),
            Self::Classic(own) => {
                let other = Layout::of_joined(bytes).filter(|other| other != own)?;
                Some((Self::Classic(other), other.file_header))
            }
            Self::Pcapng(_) => Layout::of_joined(bytes).map(|other| (Self::Classic(other), other.file_header)),
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
            (after, Self::Classic(before), Self::Classic(truth)) => (before == truth).then_some(after),
            (Self::Pcapng(after), Self::Pcapng(before), Self::Pcapng(truth)) => {
                after.proven(before, truth, is_whole).map(Self::Pcapng)
            }
            _ => None,
        }
    }
}
