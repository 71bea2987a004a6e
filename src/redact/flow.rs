//! A flow to the same without what tells whose it is.

use super::clock::Clock;
use super::redactor::Redactor;
use super::removed::{Removed, What};
use super::rows::remember_time;
use crate::app::{Attribution, Claim};
use crate::capture::owner::Owner;
use crate::flow::{Flow, Name, OwnerEvidence};
use crate::place::{Place, Scope};
use crate::report::rfc3339;
use crate::route::{Exchange, Observed};
use crate::standing::Judged;
use std::net::IpAddr;
use std::sync::Arc;

/// A flow that was redacted, with what is known of it.
#[derive(Clone, Debug)]
pub struct RedactedFlow {
    flow: Flow,
    peer: IpAddr,
    place: Arc<Place>,
    attribution: Attribution,
    judged: Judged,
}

impl RedactedFlow {
    /// The flow in the form in which outputs take it.
    pub fn observed(&self) -> Observed<'_> {
        let Self { flow, peer, place, attribution, .. } = self;
        Observed { flow, peer: *peer, place, attribution }
    }

    /// What may be said of the end that is located.
    pub const fn judged(&self) -> &Judged {
        &self.judged
    }
}

impl Redactor<'_> {
    /// A flow without what tells whose it is. Numbers of frames stay in it: whoever writes it leaves them out.
    pub fn flow(&self, observed: &Observed<'_>, judged: &Judged, clock: Clock, removed: &mut Removed) -> RedactedFlow {
        let &Observed { flow, peer, place, attribution } = observed;
        let exchange = observed.exchange();
        let is_person = exchange == Exchange::Person;
        // What never answered, has no name, and is in no network of an operator of services may be a person's device as well.
        let is_hidden = is_person
            || exchange == Exchange::Tried && flow.name().is_none() && place.operator.is_none() && !place.is_anycast;
        if !self.keeps_frames {
            removed.note(What::Frame);
        }
        let device = self.address(observed.device(), true, What::Address, removed);
        let what = if is_hidden { What::Person } else { What::Address };
        let moved_peer = self.address(peer, is_hidden, what, removed);
        let (client_ip, server_ip) = if !observed.is_server_located() {
            (moved_peer, device)
        } else if flow.translated.is_some() {
            // Behind the prefix of a network the address of the server says whose network it is.
            (device, self.address(flow.server_ip, true, What::Address, removed))
        } else {
            (device, moved_peer)
        };
        RedactedFlow {
            flow: self.session(flow, (client_ip, server_ip, moved_peer), observed, clock, removed),
            peer: moved_peer,
            place: if is_person {
                Arc::new(Place { scope: Scope::Global, ..Place::default() })
            } else {
                Arc::clone(place)
            },
            attribution: self.attribution(attribution, removed),
            judged: if is_person { Judged::default() } else { judged.clone() },
        }
    }

    fn session(
        &self,
        flow: &Flow,
        (client_ip, server_ip, moved_peer): (IpAddr, IpAddr, IpAddr),
        observed: &Observed<'_>,
        clock: Clock,
        removed: &mut Removed,
    ) -> Flow {
        let Flow {
            first_frame,
            first_seen_ns,
            last_seen_ns,
            protocol,
            client_ip: _,
            client_port,
            server_ip: _,
            server_port,
            icmp,
            up,
            down,
            application,
            names,
            alpn,
            ech_offer: _,
            ech,
            ja4,
            certificate,
            rtt,
            round_trips: _,
            syn_ack: _,
            answered,
            is_call_media,
            owner,
            client_head: _,
            server_head: _,
            tunnel,
            translated: _,
            is_in_tunnel,
            is_doubled,
        } = flow;
        let mut time = |ns: i64| {
            remember_time(&rfc3339(ns), &rfc3339(clock.moved(ns)), removed);
            clock.moved(ns)
        };
        let (first_seen_ns, last_seen_ns) = (time(*first_seen_ns), time(*last_seen_ns));
        let mut kept: Vec<Name> = Vec::new();
        for Name { source, frame, name, doubt } in names {
            if let Some(name) = self.name(name, removed)
                && !kept.iter().any(|one| *one.name == *name && one.source == *source)
            {
                kept.push(Name { source: *source, frame: *frame, name: name.into(), doubt: *doubt });
            }
        }
        // A certificate of a device in somebody's home may bear a name.
        let app = observed.attribution.chosen.as_ref();
        let is_service = observed.place.operator.is_some() || app.is_some_and(|claim| self.is_known(&claim.app));
        if let (false, Some(subject)) = (is_service, certificate) {
            subject.organisation.iter().for_each(|text| removed.remove(What::Name, text));
        }
        let is_person = observed.exchange() == Exchange::Person;
        Flow {
            first_frame: *first_frame,
            first_seen_ns,
            last_seen_ns,
            protocol: *protocol,
            client_ip,
            client_port: *client_port,
            server_ip,
            server_port: *server_port,
            icmp: *icmp,
            up: *up,
            down: *down,
            application: *application,
            names: kept.into(),
            alpn: alpn.clone(),
            ech_offer: None,
            ech: *ech,
            // What a program offers says nothing of who uses it.
            ja4: ja4.clone(),
            certificate: certificate.clone().filter(|_| is_service),
            rtt: rtt.filter(|_| !is_person),
            round_trips: None,
            syn_ack: None,
            answered: *answered,
            is_call_media: *is_call_media,
            owner: owner.as_ref().map(|evidence| Box::new(self.evidence(evidence, removed))),
            client_head: None,
            server_head: None,
            tunnel: *tunnel,
            translated: observed
                .is_server_located()
                .then_some(moved_peer)
                .filter(|peer| *peer != server_ip)
                .zip(Some(*first_frame)),
            is_in_tunnel: *is_in_tunnel,
            is_doubled: *is_doubled,
        }
    }

    /// An owner as a packet in a file names it: with a number in place of those that the system gave. A program that has no name but its
    /// path's gets that.
    pub fn numbered_owner(&self, owner: &Owner, number: i64) -> Owner {
        let Owner { format, name, package, path, pid, uid } = owner;
        let mut removed = Removed::default();
        let mut label = |text: &str| self.owner(text, &mut removed).into_boxed_str();
        let last = path.as_deref().map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path));
        let name = name.as_deref().or(last.filter(|_| package.is_none())).map(&mut label);
        let package = package.as_deref().map(&mut label);
        let has_package = package.is_some() || pid.is_none() && uid.is_some();
        let (pid, uid) = if has_package { (None, Some(number)) } else { (Some(number), None) };
        Owner { format: *format, name, package, path: None, pid: pid.map(|id| id as _), uid: uid.map(|id| id as _) }
    }

    fn evidence(&self, evidence: &OwnerEvidence, removed: &mut Removed) -> OwnerEvidence {
        let OwnerEvidence { owner, votes, votes_total, frame, others: _, left_out } = evidence;
        let Owner { format, name, package, path, pid, uid } = &**owner;
        if let Some(path) = path {
            removed.remove(What::File, path);
            // Its last part is what an owner is called that has no other name.
            self.owner(path.rsplit(['/', '\\']).next().unwrap_or(path), removed);
        }
        if pid.is_some() || uid.is_some() {
            removed.note(What::Owner);
        }
        let label = |text: &Option<Box<str>>, removed: &mut Removed| {
            text.as_deref().map(|text| self.owner(text, removed).into_boxed_str())
        };
        let (name, package) = (label(name, removed), label(package, removed));
        let owner = Owner { format: *format, name, package, path: None, pid: None, uid: None };
        OwnerEvidence {
            owner: Arc::new(owner),
            votes: *votes,
            votes_total: *votes_total,
            frame: *frame,
            others: Vec::new(),
            left_out: *left_out,
        }
    }

    fn attribution(&self, attribution: &Attribution, removed: &mut Removed) -> Attribution {
        let Attribution { chosen, others, service, party } = attribution;
        let mut claim = |claim: &Claim| {
            let Claim { app, kind, rule, frame } = claim;
            let rule = self.rule(app, *kind, rule, removed).into();
            Claim { app: self.app(app, removed).into(), kind: *kind, rule, frame: *frame }
        };
        Attribution {
            chosen: chosen.as_ref().map(&mut claim),
            others: others.iter().map(&mut claim).collect(),
            service: service.clone(),
            party: *party,
        }
    }
}
