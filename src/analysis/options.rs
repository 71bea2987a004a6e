//! What the user asks of an analysis.

use super::budget::Shares;
use crate::capture::{Frame, ReadOptions};
use crate::flow::OpenLimits;
use crate::route::Observed;
use std::net::IpAddr;
use std::sync::Arc;

/// A test of frames by their bytes, such as a BPF program: whether the frame is to be analysed.
pub type FrameFilter = Arc<dyn Fn(&Frame<'_>) -> bool + Send + Sync>;

/// What to leave out, and how to read.
#[derive(Clone, Default)]
pub struct Options {
    /// How captures are cut.
    pub read: ReadOptions,
    /// Frames to analyse; all where none.
    pub filter: Option<FrameFilter>,
    /// Only flows of these apps.
    pub apps: Vec<String>,
    /// Only flows with one of these addresses at one end.
    pub devices: Vec<IpAddr>,
    /// Bytes of memory to take at most, about; no limit where none. What is left out for it is told by
    /// [`Summary::shed`](crate::flow::Summary).
    pub max_memory: Option<u64>,
    /// What may be kept of what is open, in place of its share of `max_memory`: for tests, whose captures are small.
    pub open_limits: Option<OpenLimits>,
}

impl Options {
    /// How memory is shared out, where it is limited.
    pub(super) fn shares(&self) -> Option<Shares> {
        self.max_memory.map(|bytes| {
            let shares = Shares::of(bytes);
            Shares { open: self.open_limits.unwrap_or(shares.open), ..shares }
        })
    }

    /// Bytes that flows may take which wait for their turn in the order of [`flows`](super::flows); no limit where none.
    pub fn waiting_bytes(&self) -> Option<u64> {
        self.shares().map(|shares| shares.waiting)
    }

    /// Whether the user asked for other apps or devices.
    pub fn leaves_out(&self, observed: &Observed<'_>) -> bool {
        let chosen = observed.attribution.chosen.as_ref();
        let is_asked_app = chosen.is_some_and(|claim| self.apps.iter().any(|app| **app == *claim.app));
        let ends = [observed.flow.client_ip, observed.flow.server_ip];
        let is_asked_device = self.devices.iter().any(|ip| ends.contains(ip));
        !self.apps.is_empty() && !is_asked_app || !self.devices.is_empty() && !is_asked_device
    }
}
