//! What few sessions have, or have for a short while: openings being read, names, owners.

use super::datagram::DatagramOpening;
use super::gather::{Segment, Stamp};
use super::record::{Flow, Head};
use super::repeats::Repeats;
use super::stream::StreamSide;
use crate::capture::owner::Owner;
use crate::capture::{Direction, FrameId};
use crate::name::{Answer, Application, CertificateSubject, EchConfig, EchOffer, Findings, NameSource, Role};
use crate::packet::Side;
use std::net::IpAddr;
use std::sync::Arc;

/// Names kept per session, the first by frame.
const NAME_LIMIT: usize = Flow::NAME_LIMIT;
/// Application protocols kept per session.
const APPLICATION_LIMIT: usize = 4;
/// Owners kept per session: a packet's process can be wrong, but not wrong in more ways than this.
const OWNER_LIMIT: usize = 8;

/// Datagrams of each side whose lengths wire signatures may look at; of the first, the bytes too.
pub(super) const HEAD_DATAGRAMS: usize = 4;

/// A name as found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) frame: FrameId,
    pub(super) source: NameSource,
    pub(super) name: Arc<str>,
}

/// How often packets named an owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Votes {
    pub(super) owner: Arc<Owner>,
    pub(super) first: FrameId,
    /// By [`Direction`]: unknown, inbound, outbound.
    pub(super) packets: [u64; 3],
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Cold {
    pub(super) streams: [StreamSide; 2],
    pub(super) datagrams: Vec<DatagramOpening>,
    /// First datagrams of each side, for wire signatures.
    pub(super) heads: [Vec<Segment>; 2],
    pub(super) names: Vec<Found>,
    pub(super) applications: Vec<(FrameId, Application)>,
    /// Which side a reader took for the client.
    pub(super) client: Option<(FrameId, Side)>,
    pub(super) alpn: Option<(FrameId, Vec<Box<str>>)>,
    pub(super) ech: Option<(FrameId, EchOffer)>,
    pub(super) certificate: Option<(FrameId, CertificateSubject)>,
    pub(super) owners: Vec<Votes>,
    /// Records with a packet id, which may repeat each other.
    pub(super) repeats: Repeats,
    /// Answers on their way to the answer table.
    pub(super) outbox: Vec<Delivery>,
}

/// What one side told the other of names and addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Delivery {
    pub(super) stamp: Stamp,
    /// Who was told.
    pub(super) to: Side,
    pub(super) answers: Vec<Answer>,
    pub(super) ech_configs: Vec<EchConfig>,
}

impl Cold {
    /// Takes in what a reader found in bytes that `side` sent, completed by `stamp`.
    pub(super) fn absorb(
        &mut self,
        findings: Findings,
        stamp: Stamp,
        side: Side,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) {
        let frame = stamp.frame;
        if !findings.answers.is_empty() || !findings.ech_configs.is_empty() {
            let (answers, ech_configs) = (findings.answers, findings.ech_configs);
            self.outbox.push(Delivery { stamp, to: side.opposite(), answers, ech_configs });
        }
        for found in &findings.names {
            self.push_name(frame, found.source, &found.name, intern);
        }
        if let Some(application) = findings.application {
            self.push_application(frame, application);
        }
        if let Some(role) = findings.role {
            let client = if role == Role::Client { side } else { side.opposite() };
            self.client.get_or_insert((frame, client));
        }
        if !findings.alpn.is_empty() {
            self.alpn.get_or_insert((frame, findings.alpn));
        }
        if let Some(offer) = findings.ech {
            self.ech.get_or_insert((frame, offer));
        }
        if let Some(subject) = findings.certificate {
            self.certificate.get_or_insert((frame, subject));
        }
    }

    fn push_name(&mut self, frame: FrameId, source: NameSource, name: &str, intern: &mut impl FnMut(&str) -> Arc<str>) {
        if self.names.len() < NAME_LIMIT && !self.names.iter().any(|f| f.source == source && *f.name == *name) {
            self.names.push(Found { frame, source, name: intern(name) });
        }
    }

    fn push_application(&mut self, frame: FrameId, application: Application) {
        if self.applications.len() < APPLICATION_LIMIT && !self.applications.iter().any(|&(_, a)| a == application) {
            self.applications.push((frame, application));
        }
    }

    /// Counts one packet's owner.
    pub(super) fn vote(&mut self, owner: &Arc<Owner>, direction: Direction, frame: FrameId) {
        let slot = match self.owners.iter().position(|votes| votes.owner == *owner) {
            Some(slot) => slot,
            None if self.owners.len() < OWNER_LIMIT => {
                self.owners.push(Votes { owner: owner.clone(), first: frame, packets: [0; 3] });
                self.owners.len() - 1
            }
            None => return,
        };
        self.owners[slot].packets[direction as usize] += 1;
    }

    /// A new connection begins (a SYN): what was being gathered is finished with what is there.
    pub(super) fn finish_openings(&mut self, intern: &mut impl FnMut(&str) -> Arc<str>) {
        for side in [Side::Low, Side::High] {
            for (stamp, findings) in self.streams[side as usize].finish() {
                self.absorb(findings, stamp, side, intern);
            }
        }
    }

    /// Appends what followed. `begins_with_syn`: the right part begins with a SYN.
    pub(super) fn merge(&mut self, right: Self, begins_with_syn: bool, is_anchored: bool) {
        let intern = &mut |name: &str| Arc::from(name);
        if begins_with_syn {
            self.finish_openings(intern);
        }
        let mut late = Vec::new();
        for (side, theirs) in [Side::Low, Side::High].into_iter().zip(right.streams) {
            late.extend(self.streams[side as usize].merge(theirs, is_anchored).into_iter().map(|(f, x)| (f, side, x)));
        }
        // What completes across the cut was found in the right part's frames: it takes its place among their findings.
        let mut theirs = Self { names: right.names, applications: right.applications, ..Self::default() };
        (theirs.client, theirs.alpn, theirs.ech, theirs.certificate) =
            (right.client, right.alpn, right.ech, right.certificate);
        if !late.is_empty() {
            theirs.insert_late(late, intern);
        }
        self.outbox.append(&mut theirs.outbox);
        self.outbox.extend(right.outbox);
        for found in theirs.names {
            if self.names.len() < NAME_LIMIT
                && !self.names.iter().any(|f| f.source == found.source && f.name == found.name)
            {
                self.names.push(found);
            }
        }
        for (frame, application) in theirs.applications {
            self.push_application(frame, application);
        }
        self.client = self.client.or(theirs.client);
        self.alpn = self.alpn.take().or(theirs.alpn);
        self.ech = self.ech.take().or(theirs.ech);
        self.certificate = self.certificate.take().or(theirs.certificate);
        for theirs in right.datagrams {
            match self.datagrams.iter_mut().find(|mine| mine.reader == theirs.reader) {
                Some(mine) => mine.merge(theirs),
                None => self.datagrams.push(theirs),
            }
        }
        for (mine, theirs) in self.heads.iter_mut().zip(right.heads) {
            mine.extend(theirs.into_iter().take(HEAD_DATAGRAMS - mine.len().min(HEAD_DATAGRAMS)));
        }
        for votes in right.owners {
            match self.owners.iter().position(|mine| mine.owner == votes.owner) {
                Some(at) => self.owners[at].packets.iter_mut().zip(votes.packets).for_each(|(a, b)| *a += b),
                None if self.owners.len() < OWNER_LIMIT => self.owners.push(votes),
                None => {}
            }
        }
    }

    /// Adds findings and puts everything back in frame order.
    fn insert_late(&mut self, late: Vec<(Stamp, Side, Findings)>, intern: &mut impl FnMut(&str) -> Arc<str>) {
        let mut all = Self::default();
        let mut parts: Vec<Self> = Vec::with_capacity(late.len());
        for (stamp, side, findings) in late {
            let mut one = Self::default();
            one.absorb(findings, stamp, side, intern);
            self.outbox.append(&mut one.outbox);
            parts.push(one);
        }
        all.names = std::mem::take(&mut self.names);
        all.names.extend(parts.iter_mut().flat_map(|p| std::mem::take(&mut p.names)));
        all.names.sort_by_key(|found| found.frame);
        all.applications = std::mem::take(&mut self.applications);
        all.applications.extend(parts.iter_mut().flat_map(|p| std::mem::take(&mut p.applications)));
        all.applications.sort_by_key(|&(frame, _)| frame);
        for found in all.names {
            self.names.push(found);
        }
        for (frame, application) in all.applications {
            self.push_application(frame, application);
        }
        for part in parts {
            keep_first(&mut self.client, part.client, |x| x.0);
            keep_first(&mut self.alpn, part.alpn, |x| x.0);
            keep_first(&mut self.ech, part.ech, |x| x.0);
            keep_first(&mut self.certificate, part.certificate, |x| x.0);
        }
    }

    /// The session begins here for certain: lets go of what was kept for a possible predecessor.
    pub(super) fn anchor(&mut self) {
        self.streams.iter_mut().for_each(StreamSide::anchor);
        self.datagrams.iter_mut().for_each(DatagramOpening::anchor);
    }

    /// Shifts frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        let shift = |frame: &mut FrameId| *frame = frame.rebased(base);
        self.names.iter_mut().for_each(|found| shift(&mut found.frame));
        self.applications.iter_mut().for_each(|(frame, _)| shift(frame));
        self.client.iter_mut().for_each(|(frame, _)| shift(frame));
        self.alpn.iter_mut().for_each(|(frame, _)| shift(frame));
        self.ech.iter_mut().for_each(|(frame, _)| shift(frame));
        self.certificate.iter_mut().for_each(|(frame, _)| shift(frame));
        self.owners.iter_mut().for_each(|votes| shift(&mut votes.first));
        self.outbox.iter_mut().for_each(|delivery| shift(&mut delivery.stamp.frame));
        self.streams.iter_mut().for_each(|stream| stream.rebase(base));
        self.datagrams.iter_mut().for_each(|datagrams| datagrams.rebase(base));
        self.heads.iter_mut().flatten().for_each(|kept| kept.stamp.rebase(base));
    }

    /// Whether a hello with a server name was seen, so that a certificate would add nothing. Some clients send the bare
    /// address, against RFC 6066 §3: that is no name.
    pub(super) fn has_server_name(&self) -> bool {
        let is_name = |name: &str| name.parse::<IpAddr>().is_err();
        self.names.iter().any(|found| found.source == NameSource::TlsSni && is_name(&found.name))
    }
}

/// Takes the candidate where it comes first by frame.
fn keep_first<T>(slot: &mut Option<T>, candidate: Option<T>, frame: impl Fn(&T) -> FrameId) {
    if let Some(candidate) = candidate
        && slot.as_ref().is_none_or(|mine| frame(&candidate) < frame(mine))
    {
        *slot = Some(candidate);
    }
}

/// The head of a side from its first segments.
pub(super) fn head(segments: &[Segment], in_stream: bool) -> Option<Head> {
    let first = segments.first()?;
    let mut bytes = Vec::with_capacity(Head::LIMIT);
    for segment in segments.iter().take(if in_stream { segments.len() } else { 1 }) {
        let room = Head::LIMIT - bytes.len();
        bytes.extend_from_slice(&segment.bytes[..segment.bytes.len().min(room)]);
    }
    let lengths = segments.iter().take(4).map(|segment| segment.length).collect();
    Some(Head { bytes, lengths, frame: first.stamp.frame })
}
