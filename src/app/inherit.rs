//! The rules by which a flow without evidence of its own takes over a neighbour's app. Such a claim is shown as
//! `inherited`.
//!
//! 1. **Socket.** A UDP flow from or to the client address *and port* of a flow whose app is known, if both overlap
//!    in time: one socket belongs to one process. This finds the peers of a call whose relay was recognised,
//!    including peers that called in.
//! 2. **Server.** A flow of the same client to the same server address, port and protocol as flows whose app is
//!    known, if it began within a minute of one of them, and if *all* claims of that client to that address agree.
//!
//! Neither rule goes from one owner to another: where the capture names owners, a flow without an owner, or with
//! another, inherits nothing. Only claims by owner, name and signature are passed on, never by operator or
//! inheritance, so that inheritance does not chain. One neighbour that disagrees under a rule is enough for the rule
//! not to apply. A client is an address: behind one NAT address several devices look like one, which is why this kind
//! of evidence ranks last but one.

use super::evidence::{Claim, EvidenceKind};
use crate::capture::owner::Owner;
use crate::packet::protocol::UDP;
use std::net::IpAddr;
use std::sync::Arc;

/// How far apart two flows to one server may begin. Apps open further connections within seconds of the first; a
/// minute leaves room for retries.
const BEGUN_WITHIN_NS: i64 = 60_000_000_000;

/// The part of a flow that the rules of inheritance look at.
#[derive(Clone, Debug)]
pub struct Neighbour<'a> {
    /// IP protocol number.
    pub protocol: u8,
    /// Client address and port.
    pub client: (IpAddr, Option<u16>),
    /// Server address and port.
    pub server: (IpAddr, Option<u16>),
    /// Times of the first and last frame, ns.
    pub seen_ns: (i64, i64),
    /// The owner the capture names.
    pub owner: Option<&'a Owner>,
    /// Whether the flow carries a name of its own, known to the catalogue or not.
    pub is_named: bool,
    /// The claim that was chosen for it.
    pub claim: Option<&'a Claim>,
}

impl Neighbour<'_> {
    /// Whether it may take over a neighbour's app: it has no evidence of its own, or weak evidence only.
    pub fn may_inherit(&self) -> bool {
        !self.is_named && self.claim.is_none_or(|claim| claim.kind > EvidenceKind::Inherited)
    }

    /// Whether it has evidence of its own, so that it can pass its app on, or keep another neighbour's app from being
    /// passed on.
    pub fn has_own_evidence(&self) -> bool {
        self.is_named || self.owner.is_some() || self.claim.is_some_and(|claim| claim.kind < EvidenceKind::Inherited)
    }
}

/// The claim that `flow` takes over from its neighbours, if a rule gives one. The order of neighbours does not
/// matter.
pub fn inherit(flow: &Neighbour<'_>, neighbours: &[Neighbour<'_>]) -> Option<Claim> {
    if !flow.may_inherit() {
        return None;
    }
    agreed(neighbours.iter().filter(|other| is_same_socket(flow, other)), flow, "same socket as")
        .or_else(|| agreed(neighbours.iter().filter(|other| is_same_server(flow, other)), flow, "same server as"))
}

fn is_same_socket(flow: &Neighbour<'_>, other: &Neighbour<'_>) -> bool {
    flow.protocol == UDP
        && other.protocol == UDP
        && (flow.client == other.client || flow.server == other.client)
        && other.client.1.is_some()
        && flow.seen_ns.0 <= other.seen_ns.1
        && other.seen_ns.0 <= flow.seen_ns.1
}

fn is_same_server(flow: &Neighbour<'_>, other: &Neighbour<'_>) -> bool {
    flow.protocol == other.protocol
        && flow.client.0 == other.client.0
        && flow.server == other.server
        && flow.seen_ns.0.abs_diff(other.seen_ns.0) <= BEGUN_WITHIN_NS.unsigned_abs()
}

/// The app that all these neighbours claim, as a claim for `flow`; none if they disagree or one has another owner.
fn agreed<'a>(others: impl Iterator<Item = &'a Neighbour<'a>>, flow: &Neighbour<'_>, rule: &str) -> Option<Claim> {
    let mut first: Option<&Claim> = None;
    for other in others {
        if other.owner != flow.owner {
            return None;
        }
        let Some(claim) = other.claim else {
            // A name that belongs to no known app disagrees as well: the client also uses this server for something
            // else.
            if other.is_named {
                return None;
            }
            continue;
        };
        if matches!(claim.kind, EvidenceKind::Operator | EvidenceKind::Inherited) {
            continue;
        }
        match first {
            Some(held) if held.app != claim.app => return None,
            Some(held) if (held.frame, &held.rule) <= (claim.frame, &claim.rule) => {}
            _ => first = Some(claim),
        }
    }
    first.map(|claim| Claim {
        app: Arc::clone(&claim.app),
        kind: EvidenceKind::Inherited,
        rule: Arc::from(format!("{rule} frame {} ({})", claim.frame.number(), claim.rule)),
        frame: claim.frame,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameId;
    use crate::capture::owner::OwnerFormat;
    use std::net::Ipv4Addr;

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    fn claim(app: &str, kind: EvidenceKind) -> Claim {
        Claim { app: app.into(), kind, rule: "signature x".into(), frame: FrameId::new(0, 4) }
    }

    fn neighbour<'a>(server: u8, claim: Option<&'a Claim>) -> Neighbour<'a> {
        Neighbour {
            protocol: UDP,
            client: (address(1), Some(5000)),
            server: (address(server), Some(3478)),
            seen_ns: (0, 100),
            owner: None,
            is_named: false,
            claim,
        }
    }

    #[test]
    fn peers_of_a_call_share_its_socket() {
        let call = claim("whatsapp", EvidenceKind::Signature);
        let relay = neighbour(2, Some(&call));
        let peer = neighbour(3, None);
        let got = inherit(&peer, std::slice::from_ref(&relay)).expect("inherits");
        assert_eq!((&*got.app, got.kind, got.frame), ("whatsapp", EvidenceKind::Inherited, call.frame));
        assert_eq!(&*got.rule, "same socket as frame 5 (signature x)");
        let later = Neighbour { seen_ns: (200, 300), ..peer.clone() };
        assert_eq!(inherit(&later, std::slice::from_ref(&relay)), None);
        let inbound = Neighbour { client: peer.server, server: peer.client, ..peer.clone() };
        assert!(inherit(&inbound, std::slice::from_ref(&relay)).is_some());
        let other_port = Neighbour { client: (address(1), Some(5001)), ..peer.clone() };
        assert_eq!(inherit(&other_port, std::slice::from_ref(&relay)), None);
        let tcp = Neighbour { protocol: 6, ..peer };
        assert_eq!(inherit(&tcp, &[relay]), None);
    }

    #[test]
    fn same_server_needs_agreement() {
        let (a, b) = (claim("line", EvidenceKind::Name), claim("telegram", EvidenceKind::Name));
        let bare = Neighbour { protocol: 6, client: (address(1), Some(6000)), ..neighbour(2, None) };
        let tcp = |claim| Neighbour { protocol: 6, ..neighbour(2, claim) };
        assert!(inherit(&bare, &[tcp(Some(&a)), tcp(None)]).is_some());
        assert_eq!(inherit(&bare, &[tcp(Some(&a)), tcp(Some(&b))]), None);
        assert_eq!(inherit(&bare, &[tcp(Some(&a)), Neighbour { is_named: true, ..tcp(None) }]), None);
        assert_eq!(
            inherit(&bare, &[Neighbour { seen_ns: (BEGUN_WITHIN_NS + 1, BEGUN_WITHIN_NS + 2), ..tcp(Some(&a)) }]),
            None
        );
        assert_eq!(inherit(&Neighbour { is_named: true, ..bare.clone() }, &[tcp(Some(&a))]), None);
    }

    #[test]
    fn never_across_owners_nor_from_weak_claims() {
        let a = claim("line", EvidenceKind::Owner);
        let owner = Owner::new(OwnerFormat::Pktap);
        let bare = neighbour(3, None);
        assert_eq!(inherit(&bare, &[Neighbour { owner: Some(&owner), ..neighbour(2, Some(&a)) }]), None);
        for kind in [EvidenceKind::Operator, EvidenceKind::Inherited] {
            let weak = claim("line", kind);
            assert_eq!(inherit(&bare, &[neighbour(2, Some(&weak))]), None);
        }
    }
}
