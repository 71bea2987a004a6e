//! What the thread that looks for owners is asked, and what it answers.

use crate::capture::{Frame, LinkType};
use crate::output::pcapng;
use crate::packet::{Dissected, Transport, dissect};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Most questions that wait for an answer. A packet whose question finds no room is written without an owner.
pub(super) const QUESTIONS_MAX: usize = 1_024;

/// A process, as far as the system tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Process {
    pub(super) id: u32,
    pub(super) name: Option<String>,
    pub(super) path: Option<String>,
    pub(super) user_id: Option<u32>,
    pub(super) started_ns: Option<u64>,
}

impl Process {
    /// As it is written to a capture.
    pub(super) fn described(&self) -> pcapng::Process<'_> {
        pcapng::Process {
            id: self.id,
            name: self.name.as_deref(),
            path: self.path.as_deref(),
            user_id: self.user_id,
            started_ns: self.started_ns,
        }
    }
}

/// The two ends of a packet, from its sender to its receiver: on the loopback interface, each may be another process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Ends {
    pub(super) is_tcp: bool,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
}

impl Ends {
    /// Of a frame, and whether it opens a connection. None where it is not TCP or UDP of this machine's own: what is inside a
    /// tunnel is somebody else's.
    pub(super) fn of(link_type: LinkType, bytes: &[u8]) -> Option<(Self, bool)> {
        let frame = Frame {
            id: crate::capture::FrameId::default(),
            time_ns: 0,
            link_type,
            bytes,
            wire_length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            note: None,
        };
        let Dissected::Packet(packet) = dissect(&frame) else { return None };
        if !packet.tunnel.is_empty() || packet.fragment.is_some() {
            return None;
        }
        let (is_tcp, opens) = match packet.transport {
            Transport::Tcp(segment) => (true, segment.flags.is_syn() && !segment.flags.is_ack()),
            Transport::Udp => (false, false),
            Transport::Other => return None,
        };
        let end = |side| SocketAddr::new(packet.key.address(side).to_canonical(), packet.key.port(side));
        Some((Self { is_tcp, source: end(packet.side), destination: end(packet.side.opposite()) }, opens))
    }
}

/// A question.
pub(super) enum Question {
    /// Who owns packets between these ends?
    Owner(Ends),
    /// Which addresses has this machine?
    Addresses,
}

/// An answer; answers come in the order of the questions.
pub(super) enum Reply {
    Owner(Ends, Option<Arc<Process>>),
    Addresses(HashSet<IpAddr>),
}
