//! The devices of captures: addresses of clients, the first by frame.

use crate::capture::FrameId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How many addresses are kept.
const LIMIT: usize = 64;

/// Addresses of clients with their first frames. Only the first are kept, so that they are the same in any order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Devices(BTreeSet<(FrameId, IpAddr)>);

impl Devices {
    /// Adds an address that was seen in this frame.
    pub fn add(&mut self, frame: FrameId, device: IpAddr) {
        if self.0.len() >= LIMIT && self.0.last().is_some_and(|(last, _)| frame > *last) {
            return;
        }
        if let Some(&known) = self.0.iter().find(|(_, known)| *known == device) {
            if known.0 <= frame {
                return;
            }
            self.0.remove(&known);
        }
        self.0.insert((frame, device));
        if self.0.len() > LIMIT {
            self.0.pop_last();
        }
    }

    /// Adds those of another part.
    pub(super) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(frame, device)| self.add(frame, device));
    }

    /// Whether there are no more than are kept.
    pub(super) fn is_sound(&self) -> bool {
        self.0.len() <= LIMIT
    }

    /// In the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.0.iter().map(|&(_, device)| device)
    }
}
