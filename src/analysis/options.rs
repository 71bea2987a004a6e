//! The options of an analysis.

use super::budget::Shares;
use crate::capture::{Frame, ReadOptions, Source};
use crate::flow::OpenLimits;
use crate::name::EchKeys;
use crate::route::Observed;
use std::net::IpAddr;
use std::sync::Arc;

/// A test of a frame by its bytes, such as a BPF program. It returns whether the frame is to be analysed.
pub type FrameFilter = Arc<dyn Fn(&Frame<'_>) -> bool + Send + Sync>;

/// What to leave out of an analysis, and how to read the captures.
#[derive(Clone, Default)]
pub struct Options {
    /// How the captures are read.
    pub read: ReadOptions,
    /// Which frames to analyse; none means all.
    pub filter: Option<FrameFilter>,
    /// If not empty, only flows of these apps are counted or given out.
    pub apps: Vec<String>,
    /// If not empty, only flows with one of these addresses at one end are counted or given out.
    pub devices: Vec<IpAddr>,
    /// Keys that open encrypted hellos, beside those that captures hold.
    pub keys: Arc<EchKeys>,
    /// How many bytes of memory to use at most, about; none means no limit. What is left out because of it is counted
    /// in [`Summary::shed`](crate::flow::Summary).
    pub max_memory: Option<u64>,
    /// How much of what is open may be kept, in place of the share of `max_memory`. This is for tests, whose captures
    /// are small.
    pub open_limits: Option<OpenLimits>,
}

impl Options {
    /// The keys, with those that stand ahead of the first packets of these captures.
    pub fn keys_with(&self, sources: &[Source]) -> Arc<EchKeys> {
        let mut keys = Arc::clone(&self.keys);
        for secrets in sources.iter().map(Source::secrets).filter(|secrets| !secrets.is_empty()) {
            Arc::make_mut(&mut keys).read(secrets);
        }
        keys
    }

    /// The shares of memory, if it is limited.
    pub(super) fn shares(&self) -> Option<Shares> {
        self.max_memory.map(|bytes| {
            let shares = Shares::of(bytes);
            Shares { open: self.open_limits.unwrap_or(shares.open), ..shares }
        })
    }

    /// How many bytes may be used by flows that wait to be given out in the order of [`flows`](super::flows); none
    /// means no limit.
    pub fn waiting_bytes(&self) -> Option<u64> {
        self.shares().map(|shares| shares.waiting)
    }

    /// How the captures are read, within the memory that there is.
    pub(crate) fn reading(&self) -> ReadOptions {
        let mut read = self.read;
        read.most_range_bytes = self.shares().map(|shares| shares.range);
        read.memory_bytes = read.memory_bytes.or(self.max_memory);
        read
    }

    /// Whether a flow is left out because the user asked for other apps or devices.
    pub fn leaves_out(&self, observed: &Observed<'_>) -> bool {
        let chosen = observed.attribution.chosen.as_ref();
        let is_asked_app = chosen.is_some_and(|claim| self.apps.iter().any(|app| **app == *claim.app));
        let ends = [observed.flow.client_ip, observed.flow.server_ip];
        let is_asked_device = self.devices.iter().any(|ip| ends.contains(ip));
        !self.apps.is_empty() && !is_asked_app || !self.devices.is_empty() && !is_asked_device
    }
}
