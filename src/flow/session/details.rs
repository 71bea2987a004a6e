//! The parts of a session that few sessions have, or have only for a short while: openings being read, names, owners.

use super::heads::FirstDatagrams;
use crate::capture::FrameId;
use crate::flow::answers::delivery::Delivery;
use crate::flow::opening::Completed;
use crate::flow::opening::datagram::DatagramOpening;
use crate::flow::opening::segments::{Segment, Segments};
use crate::flow::opening::stream::StreamSide;
use crate::flow::record::{Counters, Flow, Head, Name};
use crate::flow::session::asked::Asked;
use crate::flow::session::chosen_ids::{ChosenId, ChosenIds};
use crate::flow::session::first::First;
use crate::flow::session::first_bytes::FirstBytes;
use crate::flow::session::hellos::Hellos;
use crate::flow::session::opened::OpenedHello;
use crate::flow::session::repeats::Repeats;
use crate::flow::session::said::Said;
use crate::flow::session::votes::Ballot;
use crate::flow::stamp::Stamp;
use crate::name::{
    Application, CertificateSubject, EchKeys, EchOffer, Findings, NameSource, Role, Transaction, is_ip_literal,
};
use crate::packet::{Side, TunnelPath};
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::mem::take;
use std::sync::Arc;

/// Names kept per session, the first by frame.
const NAME_LIMIT: usize = Flow::NAME_LIMIT;
/// Segments kept of each side that were put together from fragments.
const SEGMENT_LIMIT: usize = 32;
/// Application protocols kept per session.
const APPLICATION_LIMIT: usize = 4;

/// The parts of a session that few sessions have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Details {
    pub(in crate::flow) streams: [StreamSide; 2],
    /// First datagrams of each side, for wire signatures.
    pub(in crate::flow) heads: [FirstDatagrams; 2],

    pub(in crate::flow) datagrams: Vec<DatagramOpening>,
    /// Names, in the order in which they were found.
    #[serde(with = "small")]
    pub(in crate::flow) names: SmallVec<[Said; 1]>,
    /// The connection ids that each side chose, if there are any.
    chosen_ids: Option<Box<ChosenIds>>,
    /// The fingerprints of hellos.
    pub(super) hellos: Hellos,

    #[serde(with = "small")]
    pub(in crate::flow) applications: SmallVec<[(FrameId, Application); 1]>,
    /// The text of [`Alpn`], boxed so that sessions without it use no room for it.
    pub(in crate::flow) alpn: First<Box<str>>,
    rare: Option<Box<RareDetails>>,

    /// The side that a reader recognised as the client.
    pub(in crate::flow) client: First<Side>,
    pub(in crate::flow) ech: First<EchOffer>,
    /// Answers that are not yet in the answer table.
    pub(in crate::flow) outbox: Vec<Delivery>,
    /// What was asked of a resolver.
    asked: Option<Box<Asked>>,
}

/// The parts of a session that are rare even among the sessions that have [`Details`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct RareDetails {
    /// The first hello with an encrypted server name of the drafts before ECH.
    pub(in crate::flow) esni: First<()>,
    pub(in crate::flow) certificate: First<CertificateSubject>,
    /// The owners that packets name.
    pub(in crate::flow) owners: Ballot,
    /// The first bytes, for encrypted hellos that keys open.
    pub(in crate::flow) first_bytes: FirstBytes,
    /// Records with a packet id, some of which may repeat others.
    pub(in crate::flow) repeats: Repeats,
    /// What reassembled datagrams add to the session: put together by the tracker, so that a partial has none.
    #[serde(skip)]
    pub(in crate::flow) folded: Option<Box<Folded>>,
}

/// What reassembled datagrams add to a session. When they are reassembled it is no longer known how much of the
/// session had been seen by then, so whatever depends on their position in it is kept apart.
#[derive(Clone, Debug)]
pub(in crate::flow) struct Folded {
    /// The first piece.
    pub(in crate::flow) first: Stamp,
    pub(in crate::flow) side: Side,
    pub(in crate::flow) tunnel: TunnelPath,
    pub(in crate::flow) datagrams: Vec<DatagramOpening>,
    /// The first TCP segments of each side, in the order of their first pieces.
    pub(in crate::flow) segments: [Segments; 2],
}

impl Folded {
    /// Bytes kept of each side's segments: two openings that are cut into pieces.
    const BYTE_LIMIT: usize = 20 << 10;

    /// Keeps a TCP segment with payload, if it is among the first.
    pub(in crate::flow) fn keep(&mut self, side: Side, segment: Segment<'_>) {
        let kept = &mut self.segments[side as usize];
        if kept.bytes() < Self::BYTE_LIMIT && kept.len() < SEGMENT_LIMIT {
            kept.push(segment);
        }
    }
}

impl Details {
    /// Bytes that a name takes with its text, about.
    pub(in crate::flow) const ITEM: usize = 128;

    /// Makes anew what is not written, and checks what was read; `counters` are those of the session.
    pub(in crate::flow) fn restore(&mut self, counters: &[Counters; 2]) -> Result<(), &'static str> {
        if self.names.len() > 2 * NAME_LIMIT || !self.names.is_sorted_by(|a, b| !b.name.found_before(&a.name)) {
            return Err("names of a session");
        }
        if self.applications.len() > APPLICATION_LIMIT || !self.applications.is_sorted() {
            return Err("applications of a session");
        }
        if !self.chosen_ids.as_ref().is_none_or(|ids| ids.is_sound()) {
            return Err("connection ids of a session");
        }
        if !self.hellos.is_sound() {
            return Err("fingerprints of a session");
        }
        if !self.heads.iter().all(FirstDatagrams::is_sound) {
            return Err("first datagrams of a session");
        }
        if !self.streams.iter().all(StreamSide::is_sound) {
            return Err("openings of a stream");
        }
        let readers = self.datagrams.iter().map(|opening| opening.reader).collect::<SmallVec<[usize; 4]>>();
        let is_repeated = (1..readers.len()).any(|at| readers[..at].contains(&readers[at]));
        if is_repeated || !self.datagrams.iter().all(DatagramOpening::is_sound) {
            return Err("openings of datagrams");
        }
        if !self.asked.as_ref().is_none_or(|asked| asked.is_sound()) {
            return Err("what a session asked");
        }
        let Some(rare) = &mut self.rare else { return Ok(()) };
        if !rare.first_bytes.is_sound() {
            return Err("first bytes of a session");
        }
        if !rare.owners.restore() {
            return Err("owners of a session");
        }
        if rare.repeats.is_sound(counters) { Ok(()) } else { Err("repeated packets of a session") }
    }

    /// Votes for owners, which merging adds up.
    pub(in crate::flow) fn votes(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.owners.votes())
    }

    /// Empty details. `has_syn` says that the session has seen a SYN, so that what follows continues no earlier
    /// opening.
    pub(in crate::flow) fn new(has_syn: bool) -> Box<Self> {
        let mut new = Box::<Self>::default();
        if has_syn {
            new.streams.iter_mut().for_each(|stream| drop(stream.finish()));
        }
        new
    }

    /// Moves in what a reader found in bytes that `side` sent; `stamp` is the frame that completed it.
    pub(in crate::flow) fn absorb(
        &mut self,
        findings: &mut Findings,
        stamp: Stamp,
        side: Side,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) {
        let frame = stamp.frame;
        if !findings.answers.is_empty() || !findings.ech_configs.is_empty() {
            let (answers, ech_configs) = (take(&mut findings.answers), take(&mut findings.ech_configs));
            self.outbox.reserve_exact(usize::from(self.outbox.is_empty()));
            self.outbox.push(Delivery { stamp, to: side.opposite(), answers, ech_configs });
        }
        for found in &findings.names {
            self.push_name(frame, found.source, &found.name, findings.position, intern);
        }
        if let Some(ja4) = &findings.ja4 {
            self.hellos.observe(frame, ja4.source, &ja4.name, findings.position, intern);
        }
        if let Some(application) = findings.application {
            self.push_application(frame, application);
        }
        if let Some(role) = findings.role {
            let client = if role == Role::Client { side } else { side.opposite() };
            self.client.keep(frame, client);
        }
        if let Some(alpn) = take(&mut findings.alpn).into_text() {
            self.alpn.keep(frame, alpn);
        }
        if let Some(offer) = findings.ech.take() {
            self.ech.keep(frame, offer);
        }
        if findings.esni {
            self.rare_mut().esni.keep(frame, ());
        }
        if let Some(subject) = findings.certificate.take() {
            self.rare_mut().certificate.keep(frame, subject);
        }
    }

    /// The same for all openings that were completed.
    pub(in crate::flow) fn absorb_all(
        &mut self,
        mut completed: Completed,
        side: Side,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) {
        for (stamp, findings) in &mut completed {
            self.absorb(findings, *stamp, side, intern);
        }
    }

    /// Holds what was found in a message of DNS against what was asked, or adds what is asked by it. It is the last that was found.
    /// Returns whether an answer waits for what comes before.
    pub(super) fn hold(&mut self, message: Transaction, side: Side, is_anchored: bool) -> bool {
        let asked = self.asked.get_or_insert_default();
        if !message.is_response {
            asked.ask(side, message.id);
        } else if let Some(delivery) = self.outbox.pop() {
            self.outbox.extend(asked.answer(message.id, delivery, is_anchored));
        }
        asked.is_waiting()
    }

    /// Adds the connection id that a side chose.
    pub(super) fn observe_id(&mut self, frame: FrameId, side: Side, id: &[u8]) {
        self.chosen_ids.get_or_insert_default().observe(frame, side, id);
    }

    /// The connections that were opened in the session, by the ids that their servers chose: the side of the client, the id, and frame
    /// and name of the hello. That is the last one before the id was said, or the first after it, if it was not whole by then.
    pub(in crate::flow) fn opened<'a>(&'a self) -> impl Iterator<Item = (Side, &'a ChosenId, FrameId, &'a str)> {
        let opened = |one: &'a ChosenId| {
            let client = one.side.opposite();
            let hellos = || self.datagrams.iter().flat_map(move |opening| opening.hellos(client));
            let before = hellos().filter(|hello| hello.0 < one.frame).max();
            let (_, name) = before.or_else(|| hellos().min())?;
            // A hello that is sent again says nothing new.
            let (frame, name) = hellos().filter(|hello| hello.1 == name).min()?;
            Some((client, one, frame, name))
        };
        let ids =
            self.chosen_ids.iter().flat_map(|ids| [Side::Low, Side::High].into_iter().flat_map(|side| ids.of(side)));
        ids.filter_map(opened)
    }

    /// Adds that the session goes on with a connection, from its first frame on.
    pub(super) fn continue_connection(&mut self, first: FrameId, client: Side, name: Name) {
        self.push_application(first, Application("quic"));
        self.client.keep(first, client);
        self.add_name(Said::once(name, 0));
    }

    /// Whether the session goes on with a connection that was opened elsewhere.
    pub(in crate::flow) fn is_moved(&self) -> bool {
        self.names.iter().any(|found| found.name.source == NameSource::QuicMoved)
    }

    /// Opens the encrypted hello with keys, if there are some for it; and the frame with which the outer hello was whole.
    pub(super) fn open_hello(&self, keys: &EchKeys, is_stream: bool) -> Option<(OpenedHello, Option<FrameId>)> {
        if keys.is_empty() {
            return None;
        }
        let opened = self.rare.as_ref()?.first_bytes.open(keys, is_stream)?;
        Some((opened, self.ech.found().map(|(frame, _)| frame)))
    }

    /// The rare parts, if there are any.
    pub(in crate::flow) fn rare(&self) -> Option<&RareDetails> {
        self.rare.as_deref()
    }

    /// The rare parts, which are created if there are none yet.
    pub(in crate::flow) fn rare_mut(&mut self) -> &mut RareDetails {
        self.rare.get_or_insert_default()
    }

    /// Takes out the openings read in datagrams, those of reassembled datagrams last.
    pub(in crate::flow) fn take_datagrams(&mut self) -> Vec<DatagramOpening> {
        let mut all = std::mem::take(&mut self.datagrams);
        if let Some(folded) = self.rare.as_mut().and_then(|rare| rare.folded.as_mut()) {
            all.append(&mut folded.datagrams);
        }
        all
    }

    /// Takes out the rare parts.
    pub(in crate::flow) fn take_rare(&mut self) -> Option<Box<RareDetails>> {
        self.rare.take()
    }

    /// Adds a name that was found at this place of a stream.
    fn push_name(
        &mut self,
        frame: FrameId,
        source: NameSource,
        name: &str,
        position: u32,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) {
        let known = self.names.iter().find(|known| known.is(source, name));
        let name = known.map_or_else(|| intern(name), |known| Arc::clone(&known.name.name));
        self.add_name(Said::once(Name { source, frame, name, doubt: None }, position));
    }

    /// Adds a name. The first by frame are kept, in whatever order they are added. Names of certificates are limited
    /// separately, because whether certificates are read depends on what came before.
    fn add_name(&mut self, mut new: Said) {
        if let Some(at) = self.names.iter().position(|known| known.is(new.name.source, &new.name.name)) {
            if self.names[at].name.frame <= new.name.frame {
                return self.names[at].merge_places(&new);
            }
            new.merge_places(&self.names.remove(at));
        }
        let source = new.name.source;
        let at = self.names.partition_point(|known| known.name.found_before(&new.name));
        self.names.insert(at, new);
        let is_of_kind =
            |found: &&Said| (found.name.source == NameSource::TlsCertificate) == (source == NameSource::TlsCertificate);
        if self.names.len() > NAME_LIMIT && self.names.iter().filter(is_of_kind).count() > NAME_LIMIT {
            let last = self.names.iter().rposition(|found| is_of_kind(&found));
            last.map(|last| self.names.remove(last));
        }
    }

    /// Adds an application protocol. The first by frame, then by name, are kept.
    fn push_application(&mut self, frame: FrameId, application: Application) {
        if let Some(at) = self.applications.iter().position(|&(_, known)| known == application) {
            if self.applications[at].0 <= frame {
                return;
            }
            self.applications.remove(at);
        }
        let at = self.applications.partition_point(|known| *known < (frame, application));
        self.applications.insert(at, (frame, application));
        self.applications.truncate(APPLICATION_LIMIT);
    }

    /// Ends the unfinished openings with what is there, because a SYN began a new connection or the session is over.
    pub(in crate::flow) fn finish_openings(&mut self, intern: &mut impl FnMut(&str) -> Arc<str>) {
        for side in [Side::Low, Side::High] {
            let completed = self.streams[side as usize].finish();
            self.absorb_all(completed, side, intern);
        }
    }

    /// Reads each side's first segments again together with those that were put together from fragments. When these were whole it
    /// was no longer known where in the session they belong, so that they are read when all of it is there.
    pub(in crate::flow) fn read_folded(&mut self, intern: &mut impl FnMut(&str) -> Arc<str>) {
        let Some(folded) = self.rare.as_mut().and_then(|rare| rare.folded.as_mut()) else { return };
        let segments = take(&mut folded.segments);
        for (side, theirs) in [Side::Low, Side::High].into_iter().zip(segments) {
            if theirs.is_empty() {
                continue;
            }
            let mut stream = StreamSide::default();
            let mut completed = Completed::new();
            let mine = self.streams[side as usize].open_first().into_iter().flat_map(Segments::iter);
            let mut all: Vec<Segment<'_>> = mine.chain(theirs.iter()).collect();
            all.sort_by_key(|segment| segment.stamp.frame);
            for segment in all {
                completed.extend(stream.observe(segment, true, 0));
            }
            completed.extend(stream.finish());
            completed.extend(stream.reread(None));
            self.absorb_all(completed, side, intern);
        }
    }

    /// Appends the details of the session that continues this one.
    pub(in crate::flow) fn merge(&mut self, right: Self, is_anchored: bool) {
        let intern = &mut |name: &str| Arc::from(name);
        for (side, theirs) in [Side::Low, Side::High].into_iter().zip(right.streams) {
            let completed = self.streams[side as usize].merge(theirs, is_anchored);
            self.absorb_all(completed, side, intern);
        }
        self.outbox.extend(right.outbox);
        if let Some(theirs) = right.asked {
            self.outbox.extend(self.asked.get_or_insert_default().merge(*theirs, is_anchored));
        }
        for found in right.names {
            self.add_name(found);
        }
        self.hellos.merge(right.hellos);
        if let Some(theirs) = right.chosen_ids {
            self.chosen_ids.get_or_insert_default().merge(*theirs);
        }
        for (frame, application) in right.applications {
            self.push_application(frame, application);
        }
        self.client.merge(right.client);
        self.alpn.merge(right.alpn);
        self.ech.merge(right.ech);
        for mut theirs in right.datagrams {
            match self.datagrams.iter_mut().find(|mine| mine.reader == theirs.reader) {
                Some(mine) => mine.merge(theirs, is_anchored),
                None => {
                    if is_anchored {
                        theirs.anchor();
                    }
                    self.datagrams.push(theirs);
                }
            }
        }
        for (mine, theirs) in self.heads.iter_mut().zip(right.heads) {
            mine.merge(theirs);
        }
        if let Some(theirs) = right.rare {
            self.rare_mut().merge(*theirs);
        }
    }

    /// Drops the first segments of the directions in which nothing more is searched because a server name is known.
    /// This only saves memory: it is decided again when the session is over.
    pub(in crate::flow) fn supersede(&mut self) {
        if self.streams.iter().any(StreamSide::is_second_choice) && self.has_server_name() {
            self.streams.iter_mut().filter(|stream| stream.is_second_choice()).for_each(StreamSide::forget_first);
        }
    }

    /// Called when the session is known to begin here: drops what was kept for a possible predecessor.
    pub(in crate::flow) fn anchor(&mut self) {
        self.streams.iter_mut().for_each(StreamSide::anchor);
        self.supersede();
        self.datagrams.iter_mut().for_each(DatagramOpening::anchor);
        if let Some(asked) = &mut self.asked {
            self.outbox.extend(asked.anchor());
        }
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        let shift = |frame: &mut FrameId| *frame = frame.rebased(base);
        self.names.iter_mut().for_each(|found| found.rebase(base));
        self.hellos.rebase(base);
        self.chosen_ids.iter_mut().for_each(|ids| ids.rebase(base));
        self.applications.iter_mut().for_each(|(frame, _)| shift(frame));
        self.client.rebase(base);
        self.alpn.rebase(base);
        self.ech.rebase(base);
        if let Some(rare) = &mut self.rare {
            rare.esni.rebase(base);
            rare.certificate.rebase(base);
            rare.first_bytes.rebase(base);
            rare.owners.rebase(base);
        }
        self.outbox.iter_mut().for_each(|delivery| shift(&mut delivery.stamp.frame));
        let waiting = self.asked.iter_mut().flat_map(|asked| asked.waiting_mut());
        waiting.for_each(|delivery| shift(&mut delivery.stamp.frame));
        self.streams.iter_mut().for_each(|stream| stream.rebase(base));
        self.datagrams.iter_mut().for_each(|datagrams| datagrams.rebase(base));
        self.heads.iter_mut().for_each(|head| head.rebase(base));
    }

    /// Bytes of memory it takes, about.
    pub(in crate::flow) fn weight(&self) -> usize {
        let folded = |folded: &Folded| folded.segments.iter().map(Segments::weight).sum::<usize>();
        let rare = self.rare.as_ref().map_or(0, |rare| {
            Self::ITEM + rare.owners.weight() + rare.first_bytes.weight() + rare.folded.as_deref().map_or(0, folded)
        });
        let heads = self.heads.iter().filter(|head| !head.is_empty()).count();
        size_of::<Self>()
            + rare
            + self.asked.as_ref().map_or(0, |asked| asked.weight())
            + self.chosen_ids.as_ref().map_or(0, |ids| size_of::<ChosenIds>() + ids.weight())
            + (self.names.len() + self.hellos.len()) * Self::ITEM
            + heads * size_of::<Head>()
            + self.streams.iter().map(StreamSide::weight).sum::<usize>()
            + self.datagrams.iter().map(DatagramOpening::weight).sum::<usize>()
    }

    /// Whether a hello with a server name was seen, so that a certificate would add nothing. Some clients send a bare
    /// address, against RFC 6066 §3; that does not count as a name.
    pub(in crate::flow) fn has_server_name(&self) -> bool {
        self.names.iter().any(|Said { name, .. }| name.source == NameSource::TlsSni && !is_ip_literal(&name.name))
    }
}

impl RareDetails {
    /// Appends the rare parts of the session that continues this one, except records with a packet id: the session
    /// merges these itself, because it must correct its counts.
    fn merge(&mut self, right: Self) {
        self.esni.merge(right.esni);
        self.certificate.merge(right.certificate);
        self.first_bytes.merge(&right.first_bytes);
        self.owners.merge(right.owners);
    }
}
