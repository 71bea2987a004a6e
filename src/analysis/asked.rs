//! Whether the devices that the user asked for are in the captures.

use super::worker::lock;
use crate::route::{Devices, Observed};
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The devices asked for, and the devices that there are. It does nothing where none was asked for.
pub(super) struct AskedDevices {
    asked: Vec<(IpAddr, AtomicBool)>,
    present: Mutex<Devices>,
}

/// Devices that were asked for and that no flow has at either end.
#[derive(Clone, Debug, Default)]
pub struct MissingDevices {
    /// Those asked for, in the order in which they were.
    pub missing: Vec<IpAddr>,
    /// The clients of the captures, the first by frame.
    pub present: Vec<IpAddr>,
}

impl AskedDevices {
    pub(super) fn new(devices: &[IpAddr]) -> Self {
        let asked = devices.iter().map(|device| (*device, AtomicBool::new(false))).collect();
        Self { asked, present: Mutex::default() }
    }

    /// Looks at a flow.
    pub(super) fn look(&self, observed: &Observed<'_>) {
        if self.asked.is_empty() {
            return;
        }
        let flow = observed.flow;
        let ends = [flow.client_ip, flow.server_ip];
        let found = self.asked.iter().filter(|(device, _)| ends.contains(device));
        found.for_each(|(_, is_seen)| is_seen.store(true, Ordering::Relaxed));
        lock(&self.present).add(flow.first_frame, observed.device());
    }

    /// What was found when all flows have been looked at.
    pub(super) fn finish(self) -> MissingDevices {
        let missing = self.asked.into_iter().filter(|(_, is_seen)| !is_seen.load(Ordering::Relaxed));
        MissingDevices {
            missing: missing.map(|(device, _)| device).collect(),
            present: lock(&self.present).iter().collect(),
        }
    }
}
