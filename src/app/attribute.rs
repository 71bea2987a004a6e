//! From a flow and its server's place to claims about the app: owner, names, wire signatures, operator, in that order.
//!
//! Names count in three classes. What the client *said* (server names, hosts, proxy targets) decides. What was *resolved*
//! to the address decides where the client said nothing. Names in a *certificate* decide where there is nothing else and
//! they point to one operator. Within a class the first name the catalogue knows decides: an app is claimed, a shared
//! service is named as such and nothing is claimed. All else is kept as competing evidence.

use super::catalogue::{App, Catalogue, Hit, HitTarget, ServiceKind, SignatureTarget};
use super::evidence::{Attribution, Claim, EvidenceKind, Party};
use super::signature::{Confidence, Probe, SIGNATURES};
use crate::capture::FrameId;
use crate::flow::{Ech, Flow, OwnerEvidence};
use crate::name::NameSource;
use crate::place::Place;
use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;

/// How much a name's source says about this very flow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Said,
    Resolved,
    Certificate,
    /// Names that say nothing of whose service it is: of local hosts and realms.
    Other,
}

const fn class_of(source: NameSource) -> Class {
    match source {
        NameSource::TlsSni
        | NameSource::QuicSni
        | NameSource::DtlsSni
        | NameSource::Fbzero
        | NameSource::HttpHost
        | NameSource::HttpConnect
        | NameSource::Socks
        | NameSource::StunRealm
        | NameSource::Sip => Class::Said,
        NameSource::Dns | NameSource::AppResolver => Class::Resolved,
        NameSource::TlsCertificate => Class::Certificate,
        _ => Class::Other,
    }
}

/// Claims of one flow; few flows have more than one.
#[derive(Default)]
struct Claims {
    /// That may be chosen, strongest first.
    eligible: SmallVec<[Claim; 3]>,
    /// That may not: they compete only.
    competing: SmallVec<[Claim; 2]>,
}

impl Claims {
    fn push(&mut self, is_eligible: bool, app: &Arc<str>, kind: EvidenceKind, rule: &Arc<str>, frame: FrameId) {
        let is_known = |claim: &Claim| claim.kind == kind && claim.app == *app;
        if self.eligible.iter().chain(&self.competing).any(is_known) {
            return;
        }
        let claim = Claim { app: Arc::clone(app), kind, rule: Arc::clone(rule), frame };
        if is_eligible {
            self.eligible.push(claim);
        } else {
            self.competing.push(claim);
        }
    }
}

/// What the names came to.
#[derive(Default)]
struct Named<'a> {
    /// The rule of the name that decided.
    decided: Option<Hit<'a>>,
    /// The shared service whose name the flow carries.
    service: Option<Arc<str>>,
    /// The client said a name that the catalogue does not know.
    is_unknown: bool,
}

impl Catalogue {
    /// Which app sent this flow, on what evidence, and whose service its server is.
    pub fn attribute(&self, flow: &Flow, place: &Place) -> Attribution {
        let mut claims = Claims::default();
        if let Some(owner) = &flow.owner {
            self.claim_owner(owner, &mut claims);
        }
        let mut named = self.claim_names(flow, &mut claims);
        if let Some(probe) = Probe::of(flow, place) {
            self.claim_signatures(&probe, flow, &mut claims, &mut named);
        }
        if named.decided.is_none() && named.service.is_none() {
            self.claim_operator(flow, place, &mut claims);
        }
        let Claims { eligible, competing } = claims;
        let mut eligible = eligible.into_iter();
        let chosen = eligible.next();
        let mut others: Vec<Claim> = eligible.chain(competing).collect();
        others.sort_by_key(|claim| claim.kind);
        let party =
            chosen.as_ref().and_then(|claim| self.app(&claim.app)).and_then(|app| self.party_of(app, &named, place));
        Attribution { chosen, others, service: named.service, party }
    }

    /// Whose service a name at a place is, seen from an app of the catalogue.
    pub fn party(&self, app: &App, name: Option<&str>, place: &Place) -> Option<Party> {
        let decided = name.and_then(|name| self.look_up(name));
        let named = Named { decided, service: None, is_unknown: name.is_some() && decided.is_none() };
        self.party_of(app, &named, place)
    }

    fn party_of(&self, app: &App, named: &Named<'_>, place: &Place) -> Option<Party> {
        match named.decided.map(|hit| hit.target) {
            Some(HitTarget::App(other)) => Some(if other.group == app.group { Party::First } else { Party::Third }),
            Some(HitTarget::Service(service)) => Some(match service.kind {
                _ if service.group == app.group => Party::First,
                ServiceKind::Sdk | ServiceKind::Ads | ServiceKind::Analytics => Party::ThirdSdk,
                ServiceKind::Cdn | ServiceKind::Cloud => Party::ThirdCdn,
                ServiceKind::Dns | ServiceKind::Pki | ServiceKind::Ntp | ServiceKind::Platform => Party::Third,
            }),
            // No rule: the network tells, where it is an important one or the app's own.
            None => {
                let asn = place.asn?;
                let network = self.network(asn);
                match network {
                    _ if self.operated_by(asn).is_some_and(|(owner, _)| owner.group == app.group) => Some(Party::First),
                    Some(network) if network.group == app.group => Some(Party::First),
                    Some(network) if matches!(&*network.kind, "cdn" | "cloud") => Some(Party::ThirdCdn),
                    Some(network) if &*network.kind == "content" && !named.is_unknown => Some(Party::Third),
                    _ => None,
                }
            }
        }
    }

    fn claim_owner(&self, evidence: &OwnerEvidence, claims: &mut Claims) {
        let owners = std::iter::once(&evidence.owner).chain(evidence.others.iter().map(|(owner, _)| owner));
        for owner in owners {
            let file_name = owner.path.as_deref().map(file_name);
            // `com.tencent.mm:push` is a process of the package.
            let keys = [owner.package.as_deref(), owner.name.as_deref(), file_name];
            let known = keys
                .into_iter()
                .flatten()
                .find_map(|key| self.owned_by(key).or_else(|| self.owned_by(key.split_once(':')?.0)));
            if let Some((app, rule)) = known {
                claims.push(true, &app.id, EvidenceKind::Owner, rule, evidence.frame);
                continue;
            }
            // Unknown to the catalogue: the owner's own words.
            let own = [("name", owner.name.as_deref()), ("package", owner.package.as_deref()), ("path", file_name)];
            if let Some((word, text)) =
                own.into_iter().find_map(|(word, text)| Some((word, text.filter(|t| !t.is_empty())?)))
            {
                let rule = Arc::from(format!("{word} {text}"));
                claims.push(true, &Arc::from(text), EvidenceKind::Owner, &rule, evidence.frame);
            } else if let Some(uid) = owner.uid {
                let text: Arc<str> = Arc::from(format!("uid {uid}"));
                claims.push(true, &text, EvidenceKind::Owner, &text, evidence.frame);
            }
        }
    }

    fn claim_names<'a>(&'a self, flow: &Flow, claims: &mut Claims) -> Named<'a> {
        let mut named = Named::default();
        let is_hidden = matches!(flow.ech, Some(Ech::Likely | Ech::Confirmed));
        let mut front: Option<&str> = None;
        let mut has_said = false;
        let mut certificate: SmallVec<[(Hit<'a>, usize, FrameId); 4]> = SmallVec::new();
        for name in &flow.names {
            let class = class_of(name.source);
            if class == Class::Other || front == Some(&*name.name) {
                continue;
            }
            let hit = self.look_up(&name.name);
            if is_hidden && matches!(name.source, NameSource::TlsSni | NameSource::QuicSni | NameSource::DtlsSni) {
                // The front of Encrypted Client Hello: it may be named as a service, never credited to an app.
                front = Some(&name.name);
                if let Some(Hit { target: HitTarget::Service(service), .. }) = hit {
                    named.service = Some(Arc::clone(&service.id));
                }
                continue;
            }
            if class == Class::Said && name.name.parse::<IpAddr>().is_err() {
                has_said = true;
                named.is_unknown |= hit.is_none();
            }
            let Some(hit) = hit else { continue };
            if class == Class::Certificate {
                tally(&mut certificate, hit, name.frame);
                continue;
            }
            let may_decide = named.decided.is_none() && (class == Class::Said || !has_said);
            match hit.target {
                HitTarget::App(app) => claims.push(may_decide, &app.id, EvidenceKind::Name, hit.rule, name.frame),
                HitTarget::Service(service) if may_decide => named.service = Some(Arc::clone(&service.id)),
                HitTarget::Service(_) => {}
            }
            if may_decide {
                named.decided = Some(hit);
            }
        }
        let may_decide = named.decided.is_none() && !has_said;
        claim_certificate(&certificate, may_decide, claims, &mut named);
        named
    }

    fn claim_signatures(&self, probe: &Probe<'_>, flow: &Flow, claims: &mut Claims, named: &mut Named<'_>) {
        // Surest first; a flow matches one row about always.
        let mut found: SmallVec<[(Confidence, &SignatureTarget); 2]> = SmallVec::new();
        for (signature, target) in SIGNATURES.iter().zip(&self.signatures) {
            if let Some(confidence) = (signature.read)(probe) {
                found.push((confidence, target));
            }
        }
        found.sort_by_key(|&(confidence, _)| confidence);
        for (confidence, target) in found {
            match target {
                SignatureTarget::App(app, rules) => {
                    let Some(rule) = rules.get(confidence as usize) else { continue };
                    claims.push(true, app, EvidenceKind::Signature, rule, signature_frame(flow));
                }
                SignatureTarget::Service(id) if named.service.is_none() && named.decided.is_none() => {
                    named.service = Some(Arc::clone(id));
                }
                SignatureTarget::Service(_) | SignatureTarget::None => {}
            }
        }
    }

    /// Weak: the address lies in a network that one app's operator alone runs. Adds nothing where a claim says so already.
    fn claim_operator(&self, flow: &Flow, place: &Place, claims: &mut Claims) {
        if let Some((app, rule)) = place.asn.and_then(|asn| self.operated_by(asn))
            && !claims.eligible.iter().any(|claim| claim.app == app.id)
        {
            claims.push(true, &app.id, EvidenceKind::Operator, rule, flow.first_frame);
        }
    }
}

/// The frame that showed a signature: the client's first payload, else the server's.
fn signature_frame(flow: &Flow) -> FrameId {
    let head = flow.client_head.as_ref().filter(|head| !head.bytes.is_empty()).or(flow.server_head.as_ref());
    head.map_or(flow.first_frame, |head| head.frame)
}

/// The last component of a path of either kind.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Counts a certificate's names by whose they are.
fn tally<'a>(certificate: &mut SmallVec<[(Hit<'a>, usize, FrameId); 4]>, hit: Hit<'a>, frame: FrameId) {
    match certificate.iter_mut().find(|(held, _, _)| target_id(held) == target_id(&hit)) {
        Some((_, count, _)) => *count += 1,
        None => certificate.push((hit, 1, frame)),
    }
}

fn target_id<'a>(hit: &Hit<'a>) -> (&'a Arc<str>, &'a str) {
    match hit.target {
        HitTarget::App(app) => (&app.id, &app.group),
        HitTarget::Service(service) => (&service.id, &service.group),
    }
}

/// A certificate serves whoever it names: it decides only where all it names is one operator's, for the app most names are
/// of. A tie decides nothing.
fn claim_certificate<'a>(
    certificate: &[(Hit<'a>, usize, FrameId)],
    may_decide: bool,
    claims: &mut Claims,
    named: &mut Named<'a>,
) {
    let Some((first, _, _)) = certificate.first() else {
        return;
    };
    let is_one_operator = certificate.iter().all(|(hit, _, _)| target_id(hit).1 == target_id(first).1);
    let app_count = |hit: &Hit<'_>, count: usize| if matches!(hit.target, HitTarget::App(_)) { count } else { 0 };
    let most = certificate.iter().map(|(hit, count, _)| app_count(hit, *count)).max().unwrap_or(0);
    let is_alone = certificate.iter().filter(|(hit, count, _)| app_count(hit, *count) == most).count() == 1;
    for (hit, count, frame) in certificate {
        match hit.target {
            HitTarget::App(app) => {
                let decides = may_decide && is_one_operator && is_alone && *count == most;
                claims.push(decides, &app.id, EvidenceKind::Name, hit.rule, *frame);
                if decides {
                    named.decided = Some(*hit);
                }
            }
            HitTarget::Service(service) if may_decide && most == 0 && named.service.is_none() => {
                named.service = Some(Arc::clone(&service.id));
                named.decided = Some(*hit);
            }
            HitTarget::Service(_) => {}
        }
    }
}
