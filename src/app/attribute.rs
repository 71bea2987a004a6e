//! Attributes a flow to an app: turns the flow and the place of its server into claims by owner, name, wire signature
//! and operator, in that order.
//!
//! Names count in three classes. What the client *said* (server names, hosts, proxy targets) decides. What was
//! *resolved* to the address decides if the client said nothing. Names in a *certificate* decide if there is nothing
//! else and they belong to one operator. A lookup belongs to the app whose names it asks for, if it asks for no one
//! else's. Within a class the first name that the catalogue knows decides: for an app, the app is claimed; for a
//! shared service, the service is named and nothing is claimed. Everything else is kept as competing evidence.

use super::catalogue::{Catalogue, SignatureTarget};
use super::entry::{App, Hit, HitTarget, ServiceKind};
use super::evidence::{Attribution, Claim, EvidenceKind, Party};
use super::signature::{Confidence, Probe, SIGNATURES};
use crate::capture::FrameId;
use crate::flow::{Doubt, Ech, Flow, OwnerEvidence};
use crate::name::{NameSource, is_ip_literal};
use crate::place::Place;
use smallvec::SmallVec;
use std::sync::Arc;

/// Classes of sources of names, by how much they say about the flow itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Said,
    Resolved,
    Certificate,
    /// Names of local hosts and realms, which do not tell whose service it is.
    Other,
}

const fn class_of(source: NameSource) -> Class {
    match source {
        NameSource::TlsEch
        | NameSource::QuicEch
        | NameSource::TlsSni
        | NameSource::QuicSni
        | NameSource::DtlsSni
        | NameSource::Fbzero
        | NameSource::HttpHost
        | NameSource::HttpConnect
        | NameSource::Socks
        | NameSource::Rtmp
        | NameSource::AppHello
        | NameSource::QuicMoved
        | NameSource::StunRealm
        | NameSource::Sip => Class::Said,
        NameSource::Dns | NameSource::AppResolver => Class::Resolved,
        NameSource::TlsCertificate => Class::Certificate,
        _ => Class::Other,
    }
}

/// The claims of one flow; few flows have more than one.
#[derive(Default)]
struct Claims {
    /// Claims that may be chosen, strongest first.
    eligible: SmallVec<[Claim; 3]>,
    /// Claims that may not be chosen and are only shown beside the chosen one.
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

/// The result of looking up the names of a flow.
#[derive(Default)]
struct Named<'a> {
    /// The rule of the name that decided.
    decided: Option<Hit<'a>>,
    /// The shared service whose name the flow carries.
    service: Option<Arc<str>>,
    /// Whether the client said a name that the catalogue does not know.
    is_unknown: bool,
}

impl Catalogue {
    /// Finds which app sent this flow, on what evidence, and whose service its server is.
    pub fn attribute(&self, flow: &Flow, place: &Place) -> Attribution {
        if flow.owner.is_none() && flow.names.is_empty() && Probe::of(flow, place).is_none() {
            return self.attribute_by_operator(flow, place);
        }
        let mut claims = Claims::default();
        if let Some(owner) = &flow.owner {
            self.claim_owner(owner, &mut claims);
        }
        if flow.is_lookup() {
            self.claim_lookup(flow, &mut claims);
        }
        let mut named = self.claim_names(flow, &mut claims);
        if let Some(probe) = Probe::of(flow, place) {
            self.claim_signatures(&probe, flow, &mut claims, &mut named);
        }
        if let Some(owner) = &flow.owner {
            claim_process(owner, &mut claims);
        }
        // The network of a resolver does not tell who asks it.
        if named.decided.is_none() && named.service.is_none() && !flow.is_lookup() {
            self.claim_operator(flow, place, &mut claims);
        }
        let Claims { mut eligible, mut competing } = claims;
        let chosen = (!eligible.is_empty()).then(|| eligible.remove(0));
        let mut others = Vec::new();
        if !(eligible.is_empty() && competing.is_empty()) {
            others.extend(eligible.drain(..).chain(competing.drain(..)));
            others.sort_by_key(|claim| claim.kind);
        }
        let party =
            chosen.as_ref().and_then(|claim| self.app(&claim.app)).and_then(|app| self.party_of(app, &named, place));
        Attribution { chosen, others, service: named.service, party }
    }

    /// The same for a flow of which only the addresses are known, such as scans and lost packets; in some captures
    /// half of the flows are of this kind.
    fn attribute_by_operator(&self, flow: &Flow, place: &Place) -> Attribution {
        let Some((app, rule)) = place.asn.and_then(|asn| self.operated_by(asn)) else { return Attribution::default() };
        let (kind, frame) = (EvidenceKind::Operator, flow.first_frame);
        Attribution {
            chosen: Some(Claim { app: Arc::clone(&app.id), kind, rule: Arc::clone(rule), frame }),
            party: self.party_of(app, &Named::default(), place),
            ..Attribution::default()
        }
    }

    /// Whose service a name at a place is, from the point of view of an app of the catalogue.
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
            // No rule applies: the network decides, if it is an important one or the app's own.
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
            // The catalogue does not know the owner: its own name is used.
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

    /// Claims the app to which all names that were asked for belong, if there is one such app and the catalogue knows
    /// all the names.
    fn claim_lookup(&self, flow: &Flow, claims: &mut Claims) {
        let mut agreed: Option<(&App, Hit<'_>, FrameId)> = None;
        if flow.names.len() >= Flow::NAME_LIMIT {
            return;
        }
        for name in flow.names.iter().filter(|name| name.source == NameSource::DnsQuestion) {
            let Some(hit @ Hit { target: HitTarget::App(app), .. }) = self.look_up(&name.name) else { return };
            match agreed {
                Some((held, ..)) if held.id != app.id => return,
                Some((_, _, frame)) if frame <= name.frame => {}
                _ => agreed = Some((app, hit, name.frame)),
            }
        }
        if let Some((app, hit, frame)) = agreed {
            let rule = Arc::from(format!("{}, asked of a resolver", hit.rule));
            claims.push(true, &app.id, EvidenceKind::Name, &rule, frame);
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
            // What the server did not take says nothing of it, and of several answers for the address the latest counts.
            if matches!(name.doubt, Some(Doubt::Outside | Doubt::Earlier)) {
                continue;
            }
            if class == Class::Other || front == Some(&*name.name) {
                continue;
            }
            let hit = self.look_up(&name.name);
            if is_hidden && matches!(name.source, NameSource::TlsSni | NameSource::QuicSni | NameSource::DtlsSni) {
                // This is the public name of Encrypted Client Hello: it may be named as a service, but is never
                // credited to an app.
                front = Some(&name.name);
                if let Some(Hit { target: HitTarget::Service(service), .. }) = hit {
                    named.service = Some(Arc::clone(&service.id));
                }
                continue;
            }
            if class == Class::Said && !is_ip_literal(&name.name) {
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
        // The surest are tried first. A flow hardly ever matches more than one row.
        let mut found: SmallVec<[(Confidence, &SignatureTarget); 2]> = SmallVec::new();
        for (signature, target) in SIGNATURES.iter().zip(&self.signatures) {
            if signature.over.holds(flow.protocol)
                && let Some(confidence) = (signature.read)(probe)
            {
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

    /// Claims the app whose operator alone runs the network of the address. This is weak evidence, and adds nothing
    /// if another claim names the same app.
    fn claim_operator(&self, flow: &Flow, place: &Place, claims: &mut Claims) {
        if let Some((app, rule)) = place.asn.and_then(|asn| self.operated_by(asn))
            && !claims.eligible.iter().any(|claim| claim.app == app.id)
        {
            claims.push(true, &app.id, EvidenceKind::Operator, rule, flow.first_frame);
        }
    }
}

/// Claims a process of which only the number is known. That is certain, but tells people less than a name or a
/// signature, so it is chosen only if there is neither.
fn claim_process(evidence: &OwnerEvidence, claims: &mut Claims) {
    let owner = &evidence.owner;
    let is_bare = owner.name.is_none() && owner.package.is_none() && owner.path.is_none() && owner.uid.is_none();
    if let Some(pid) = owner.pid.filter(|_| is_bare) {
        let text: Arc<str> = Arc::from(format!("pid {pid}"));
        claims.push(true, &text, EvidenceKind::Owner, &text, evidence.frame);
    }
}

/// The frame in which a signature was seen: that of the client's first payload, or else of the server's.
fn signature_frame(flow: &Flow) -> FrameId {
    let head = flow.client_head.as_ref().filter(|head| !head.bytes.is_empty()).or(flow.server_head.as_ref());
    head.and_then(|head| head.frame()).unwrap_or(flow.first_frame)
}

/// The last component of a path of either kind.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Counts the names of a certificate by the app or service they belong to.
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

/// Claims an app by the names of a certificate. A certificate serves everyone it names, so it decides only if all its
/// names belong to one operator. Then it decides for the app with most names; a tie decides nothing.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::owner::{Owner, OwnerFormat};
    use crate::flow::{Head, Name};
    use std::net::IpAddr;

    fn flow(names: &[(NameSource, &str)]) -> Flow {
        let names = names.iter().zip(3..).map(|(&(source, name), frame)| Name {
            source,
            frame: FrameId::new(0, frame),
            name: name.into(),
            doubt: None,
        });
        let [client, server] = [[192, 0, 2, 1], [198, 51, 100, 1]].map(IpAddr::from);
        Flow {
            first_frame: FrameId::new(0, 1),
            names: names.collect(),
            ..Flow::between(6, (client, Some(50_000)), (server, Some(443)))
        }
    }

    fn owned(mut flow: Flow, package: &str) -> Flow {
        let mut owner = Owner::new(OwnerFormat::Pcapdroid);
        owner.package = Some(package.into());
        flow.owner = Some(Box::new(OwnerEvidence {
            owner: Arc::new(owner),
            votes: 1,
            votes_total: 1,
            frame: FrameId::new(0, 1),
            others: Vec::new(),
            left_out: 0,
        }));
        flow
    }

    fn at(asn: u32) -> Place {
        Place { asn: Some(asn), ..Place::default() }
    }

    /// `app kind rule`, the others, service, party.
    fn shown(flow: &Flow, place: &Place) -> (String, Vec<String>, String, Option<Party>) {
        let catalogue = Catalogue::embedded().expect("usable");
        let got = catalogue.attribute(flow, place);
        let line = |claim: &Claim| format!("{} {} {}", claim.app, claim.kind.word(), claim.rule);
        (
            got.chosen.as_ref().map(line).unwrap_or_default(),
            got.others.iter().map(line).collect(),
            got.service.as_deref().unwrap_or_default().to_owned(),
            got.party,
        )
    }

    #[test]
    fn owner_goes_before_name_and_both_are_kept() {
        let named = flow(&[(NameSource::TlsSni, "www.tiktok.com")]);
        let (chosen, others, service, party) = shown(&owned(named, "com.tencent.mm:push"), &Place::default());
        assert_eq!(chosen, "wechat owner package com.tencent.mm");
        assert_eq!(others, ["tiktok name domain tiktok.com"]);
        assert_eq!((service.as_str(), party), ("", Some(Party::Third)));
        let (chosen, ..) = shown(&owned(flow(&[]), "org.example.unknown"), &Place::default());
        assert_eq!(chosen, "org.example.unknown owner package org.example.unknown");
    }

    #[test]
    fn what_was_said_goes_before_what_was_resolved() {
        let place = Place::default();
        let said = flow(&[(NameSource::TlsSni, "www.tiktok.com"), (NameSource::Dns, "www.reddit.com")]);
        let (chosen, others, _, party) = shown(&said, &place);
        assert_eq!((chosen.as_str(), party), ("tiktok name domain tiktok.com", Some(Party::First)));
        assert_eq!(others, ["reddit name domain reddit.com"]);
        let unknown = flow(&[(NameSource::TlsSni, "unknown.example"), (NameSource::Dns, "www.reddit.com")]);
        let (chosen, others, ..) = shown(&unknown, &place);
        assert_eq!((chosen.as_str(), others.len()), ("", 1));
        let resolved = flow(&[(NameSource::Dns, "www.reddit.com")]);
        assert_eq!(shown(&resolved, &place).0, "reddit name domain reddit.com");
    }

    #[test]
    fn shared_services_are_named_and_nobodys() {
        let sdk = flow(&[(NameSource::TlsSni, "graph.facebook.com")]);
        let (chosen, others, service, party) = shown(&sdk, &at(32934));
        assert_eq!((chosen.as_str(), others.len(), service.as_str(), party), ("", 0, "meta-sdk", None));
        let (chosen, _, service, party) = shown(&owned(sdk.clone(), "com.duolingo"), &at(32934));
        assert_eq!(chosen, "duolingo owner package com.duolingo");
        assert_eq!((service.as_str(), party), ("meta-sdk", Some(Party::ThirdSdk)));
        let (_, _, _, party) = shown(&owned(sdk, "com.facebook.katana"), &at(32934));
        assert_eq!(party, Some(Party::First));
        let platform = flow(&[(NameSource::TlsSni, "www.qq.com")]);
        let (chosen, _, service, _) = shown(&platform, &at(132203));
        assert_eq!((chosen.as_str(), service.as_str()), ("", "tencent-platform"));
        let cdn = owned(flow(&[(NameSource::TlsSni, "d1.cloudfront.net")]), "com.duolingo");
        assert_eq!(shown(&cdn, &at(16509)).3, Some(Party::ThirdCdn));
    }

    #[test]
    fn fronts_of_hidden_names_are_not_credited() {
        let mut hidden = flow(&[(NameSource::TlsSni, "discord.com")]);
        hidden.ech = Some(Ech::Likely);
        assert_eq!(shown(&hidden, &Place::default()).0, "");
        hidden.ech = Some(Ech::Grease);
        assert_eq!(shown(&hidden, &Place::default()).0, "discord name domain discord.com");
        let mut resolved = flow(&[(NameSource::TlsSni, "cloudflare-ech.com"), (NameSource::Dns, "discord.com")]);
        resolved.ech = Some(Ech::Confirmed);
        assert_eq!(shown(&resolved, &Place::default()).0, "discord name domain discord.com");
    }

    #[test]
    fn certificates_decide_only_for_one_operator() {
        let source = NameSource::TlsCertificate;
        let meta =
            flow(&[(source, "facebook.com"), (source, "fb.com"), (source, "fbcdn.net"), (source, "messenger.com")]);
        let (chosen, others, ..) = shown(&meta, &Place::default());
        assert_eq!(chosen, "facebook name domain facebook.com");
        assert_eq!(others, ["messenger name domain messenger.com"]);
        let many = flow(&[(source, "reddit.com"), (source, "www.reddit.com"), (source, "tinder.com")]);
        assert_eq!(shown(&many, &Place::default()).0, "");
    }

    /// Whatever the network: an address alone makes an app only with the word "weak".
    #[test]
    fn operators_alone_are_weak() {
        let catalogue = Catalogue::embedded().expect("usable");
        let asns: std::collections::BTreeSet<u32> = catalogue.apps().flat_map(|app| app.asns.iter().copied()).collect();
        let mut claimed = 0;
        for asn in asns {
            if let Some(claim) = catalogue.attribute(&flow(&[]), &at(asn)).chosen {
                claimed += 1;
                assert_eq!((claim.kind, &*claim.rule), (EvidenceKind::Operator, &*format!("AS{asn} (weak)")));
            }
        }
        assert!(claimed > 3, "{claimed}");
    }

    #[test]
    fn lookups_belong_to_what_they_ask_for() {
        let question = NameSource::DnsQuestion;
        let asked = |names: &[&str]| flow(&names.iter().map(|name| (question, *name)).collect::<Vec<_>>());
        let (chosen, others, service, party) = shown(&asked(&["g.whatsapp.net", "v.whatsapp.net"]), &at(15169));
        assert_eq!(chosen, "whatsapp name domain whatsapp.net, asked of a resolver");
        assert_eq!((others.len(), service.as_str(), party), (0, "", Some(Party::ThirdCdn)));
        for names in [&["g.whatsapp.net", "www.tiktok.com"][..], &["g.whatsapp.net", "unknown.example"]] {
            assert_eq!(shown(&asked(names), &at(62041)).0, "", "{names:?}");
        }
        assert_eq!(shown(&asked(&["graph.facebook.com"]), &Place::default()).0, "", "shared");
        let mut many = flow(&[]);
        many.names = (0..Flow::NAME_LIMIT as u64)
            .map(|at| Name {
                source: question,
                frame: FrameId::new(0, at),
                name: format!("{at}.whatsapp.net").into(),
                doubt: None,
            })
            .collect();
        assert_eq!(shown(&many, &Place::default()).0, "", "what came after is not known");
        assert_eq!(many.name(), None);
    }

    #[test]
    fn signature_then_operator() {
        let mut call = flow(&[]);
        call.client_head = Some(Box::new(Head {
            bytes: b"WA\x01\x05\0\0"[..].into(),
            lengths: [6][..].into(),
            frames: [FrameId::new(0, 9)][..].into(),
        }));
        let (chosen, others, ..) = shown(&call, &at(62041));
        assert_eq!(chosen, "whatsapp signature signature whatsapp");
        assert_eq!(others, ["telegram operator AS62041 (weak)"]);
        let (chosen, _, _, party) = shown(&flow(&[]), &at(62041));
        assert_eq!((chosen.as_str(), party), ("telegram operator AS62041 (weak)", Some(Party::First)));
        assert_eq!(shown(&flow(&[]), &at(16509)).0, "");
        let mut quic = flow(&[]);
        quic.protocol = 17;
        quic.client_head = Some(Box::new(Head {
            bytes: [0xc9, 0xfa, 0xce, 0xb0, 0x02, 8, 1, 2, 3, 4, 5, 6, 7, 8][..].into(),
            lengths: [14][..].into(),
            frames: [FrameId::new(0, 9)][..].into(),
        }));
        let (chosen, _, service, _) = shown(&quic, &at(32934));
        assert_eq!((chosen.as_str(), service.as_str()), ("", "meta-platform"));
    }

    #[test]
    fn local_names_say_nothing() {
        let local = flow(&[(NameSource::Mdns, "tiktok.com"), (NameSource::Netbios, "reddit.com")]);
        assert_eq!(shown(&local, &Place::default()).0, "");
    }
}
