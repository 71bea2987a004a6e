//! From an analysed flow to what a proof must show of it.

use crate::app::EvidenceKind;
use crate::capture::FrameId;
use crate::flow::{Ech, Flow};
use crate::name::NameSource;
use crate::packet::FlowKey;
use crate::route::Observed;
use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;

/// A flow that a proof must show.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The app that sent it.
    pub app: Arc<str>,
    /// The end that is located.
    pub peer: IpAddr,
    /// The address of that end in packets.
    pub(super) peer_in_packets: IpAddr,
    pub(super) key: FlowKey,
    pub(super) first_frame: FrameId,
    /// The frames by which its names and its app were found, be they its own or those of another flow.
    pub(super) evidence: SmallVec<[FrameId; 4]>,
    pub(super) need: Need,
}

/// How much of the payload of a flow the report was made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Need {
    /// It is not meant itself: of its frames those are kept by which a round trip is measured, and those that are evidence.
    pub(super) is_brief: bool,
    /// It speaks HTTP: heads are kept, and bodies are not.
    pub(super) is_http: bool,
    /// It speaks QUIC: a hello may go over several datagrams.
    pub(super) is_quic: bool,
    /// Its first bytes may be looked at by a wire signature, or say which protocol it is.
    pub(super) has_head: bool,
    /// The server's hello and what follows it is needed: no server name was found, so the certificate may say one; or keys opened the
    /// client's hello, and the server's tells whether it took it.
    pub(super) has_certificate: bool,
}

/// The key of a flow's packets.
pub(super) fn key(flow: &Flow) -> FlowKey {
    let (client, server) = (flow.client_port.unwrap_or(0), flow.server_port.unwrap_or(0));
    FlowKey::between(flow.protocol, (flow.client_ip, client), (flow.server_ip, server)).0
}

impl Wanted {
    /// Of a flow that is attributed to an app; none of another.
    pub fn of(observed: &Observed<'_>) -> Option<Self> {
        /// Protocols that need no head, for their hellos are kept whole and what follows is protected.
        const HELLOS: [&str; 3] = ["tls", "quic", "dtls"];
        let Observed { flow, peer, attribution, .. } = *observed;
        let chosen = attribution.chosen.as_ref()?;
        let claims = || std::iter::once(chosen).chain(&attribution.others);
        let has_signature = claims().any(|claim| claim.kind == EvidenceKind::Signature);
        let application = flow.application.map_or("", |application| application.0);
        let has_own_name =
            flow.names.iter().any(|name| name.source < NameSource::Dns && name.source != NameSource::HttpConnect);
        let is_opened =
            flow.ech == Some(Ech::Refused) || flow.names.iter().any(|name| name.source == NameSource::TlsEch);
        let frames = flow.names.iter().map(|name| name.frame).chain(claims().map(|claim| claim.frame));
        let frames = frames.chain(flow.translated.map(|(_, frame)| frame));
        Some(Self {
            app: Arc::clone(&chosen.app),
            peer,
            peer_in_packets: if observed.is_server_located() { flow.server_ip } else { peer },
            key: key(flow),
            first_frame: flow.first_frame,
            evidence: frames.collect(),
            need: Need {
                is_brief: false,
                is_http: application == "http",
                is_quic: application == "quic",
                has_head: has_signature || !application.is_empty() && !HELLOS.contains(&application),
                has_certificate: !has_own_name || is_opened,
            },
        })
    }
}
