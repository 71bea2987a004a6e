//! What accumulates from frames: sessions, answers, fragments and counts. The partials of neighbouring ranges of
//! frames merge.

use crate::capture::{Frame, FrameId};
use crate::flow::answers::Answers;
use crate::flow::clock::Clock;
use crate::flow::fragments::Fragments;
use crate::flow::frames::{OtherFrames, Span};
use crate::flow::hops::Hops;
use crate::flow::interner::Interner;
use crate::flow::limit::{CannotMerge, SampleKey};
use crate::flow::session::observe::deliver;
use crate::flow::shard::{SHARDS, Shard, shard_of};
use crate::flow::stamp::Stamp;
use crate::flow::table::Table;
use crate::flow::twins::Twins;
use crate::packet::{Dissected, NotIp, Packet, Transmission, dissect_other, dissect_plain, expand, transmission};
use crate::stored;
use std::collections::BTreeMap;

/// What has accumulated from the frames of one range.
#[derive(Clone, Debug)]
pub struct Partial {
    pub(super) sample_key: SampleKey,
    pub(super) shards: Box<[Shard; SHARDS]>,
    pub(super) answers: Answers,
    pub(super) fragments: Fragments,
    pub(super) interner: Interner,
    /// Frames without an IP packet, by kind.
    pub(super) others: BTreeMap<NotIp, OtherFrames>,
    /// Frames that the capture itself marks as never sent on the wire.
    pub(super) dropped: OtherFrames,
    /// Frames that the user's filter left out.
    pub(super) skipped: OtherFrames,
    pub(super) span: Option<Span>,
    pub(super) clock: Clock,
    /// Packets that stand twice.
    pub(super) twins: Twins,
    /// What packets show of paths.
    pub(super) hops: Hops,
    /// What the counts in it that were read from elsewhere come to together.
    pub(super) amount_read: u64,
    recent: Recent,
}

/// Where the session of the last packet is: the next packet most often belongs to it too.
#[derive(Clone, Copy, Debug)]
struct Recent {
    shard: usize,
    at: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { shard: 0, at: usize::MAX }
    }
}

impl Partial {
    /// An empty partial. Partials that are to be merged must share one key.
    pub fn new(sample_key: SampleKey) -> Self {
        Self {
            sample_key,
            shards: Box::default(),
            answers: Answers::new(sample_key),
            fragments: Fragments::new(sample_key),
            interner: Interner::default(),
            others: BTreeMap::new(),
            dropped: OtherFrames::default(),
            skipped: OtherFrames::default(),
            span: None,
            clock: Clock::default(),
            twins: Twins::default(),
            hops: Hops::default(),
            amount_read: 0,
            recent: Recent::default(),
        }
    }

    /// The same, which also keeps the first bytes of sessions, for a tracker that has keys (see [`Tracker::with_keys`]).
    ///
    /// [`Tracker::with_keys`]: crate::flow::Tracker::with_keys
    pub fn keeping_first_bytes(mut self) -> Self {
        self.shards.iter_mut().for_each(|shard| shard.keeps_first_bytes = true);
        self
    }

    /// The key by which is chosen what is kept of too many names: partials that merge have the same.
    pub fn sample_key(&self) -> SampleKey {
        self.sample_key
    }

    /// How many sessions and answers the tables have room for without growing.
    pub(super) fn room(&self) -> usize {
        self.shards.iter().map(|shard| shard.table.room()).sum::<usize>() + self.answers.room()
    }

    /// Adds a frame.
    #[inline(always)]
    pub fn observe(&mut self, frame: Frame<'_>) {
        match &mut self.span {
            Some(span) => span.observe(frame.time_ns),
            None => self.span = Some(Span::of(frame.time_ns)),
        }
        self.clock.observe(frame.time_ns);
        if frame.note.is_some_and(|note| note.is_dropped) {
            self.dropped.count(&frame);
            return;
        }
        // Everything up to the session is inlined into one function, so that the fields of the packet stay in
        // registers.
        match dissect_plain(&frame) {
            Some(packet) => self.observe_packet(packet, frame, None),
            None => self.observe_other(frame),
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_other(&mut self, frame: Frame<'_>) {
        match dissect_other(&frame) {
            Dissected::Packet(packet) if packet.fragment.is_some() => {
                self.fragments.observe(&packet, Stamp { frame: frame.id, time_ns: frame.time_ns });
            }
            Dissected::Packet(packet) => {
                let mut buffer = Vec::new();
                let packet = expand(&packet, &mut buffer).unwrap_or(packet);
                self.observe_packet(packet, frame, transmission(&frame, &packet));
            }
            Dissected::NotIp(kind) => self.others.entry(kind).or_default().count(&frame),
        }
    }

    /// Counts a frame that the user's filter left out.
    pub fn skip(&mut self, frame: &Frame<'_>) {
        self.skipped.count(frame);
    }

    #[inline(always)]
    fn observe_packet(&mut self, packet: Packet<'_>, frame: Frame<'_>, sent: Option<Transmission>) {
        self.twins.observe(&packet, frame.time_ns);
        if Hops::may_concern(&packet) {
            self.hops.observe(self.sample_key, &packet, Stamp { frame: frame.id, time_ns: frame.time_ns });
        }
        let Recent { shard, at } = self.recent;
        let is_recent = self.shards[shard].table.get(at).is_some_and(|session| session.key == packet.key);
        let (shard, known) = if is_recent {
            (shard, Some(at))
        } else {
            let shard = shard_of(&packet.key);
            let table = &self.shards[shard].table;
            (shard, table.find(table.hash(&packet.key), &packet.key))
        };
        let at = self.shards[shard].observe(known, packet, (frame, sent), (&mut self.answers, &mut self.interner));
        self.recent = Recent { shard, at };
    }

    /// Adds `base` to the frame identities outside the shards, once the range's position in the capture is known.
    pub(super) fn rebase_rest(&mut self, base: FrameId) {
        self.answers.rebase(base);
        self.fragments.rebase(base);
        self.hops.rebase(base);
    }

    /// Appends the partial of the frames that follow. `base` is the identity of its first frame. Fails, and changes nothing, where
    /// the two have different keys: what each keeps of too many names was chosen by its own. It also fails once what was read from
    /// elsewhere comes to so much that sums might not hold more: what is read may come from anyone.
    pub fn merge(&mut self, mut right: Self, base: FrameId) -> Result<(), CannotMerge> {
        self.check_merge(&right)?;
        right.rebase_rest(base);
        self.answers.merge(&mut right.answers);
        let (answers, interner) = (&mut self.answers, &mut self.interner);
        for (mine, theirs) in self.shards.iter_mut().zip(right.shards.iter_mut()) {
            let joined = |table: &mut Table, at: usize| deliver(table.at(at), answers, interner);
            mine.append(theirs, base, |_| true, joined, |_, _| ());
        }
        self.merge_counts(&mut right);
        Ok(())
    }

    /// Whether another has the same key, and the sums of both have room in one.
    pub(super) fn check_merge(&self, other: &Self) -> Result<(), CannotMerge> {
        if self.sample_key != other.sample_key {
            return Err(CannotMerge::DifferentKeys);
        }
        if stored::have_room(self.amount_read, other.amount_read) { Ok(()) } else { Err(CannotMerge::TooLarge) }
    }

    /// Appends everything except sessions and answers, and takes it out of `right`.
    pub(super) fn merge_counts(&mut self, right: &mut Self) {
        // Sessions were moved from `right` to here, so the slots remembered in both are no longer valid.
        (self.recent, right.recent) = Default::default();
        self.fragments.merge(&mut right.fragments);
        for (kind, theirs) in std::mem::take(&mut right.others) {
            self.others.entry(kind).or_default().add(theirs);
        }
        self.dropped.add(std::mem::take(&mut right.dropped));
        self.skipped.add(std::mem::take(&mut right.skipped));
        self.span = Span::merge(self.span, right.span.take());
        self.clock.merge(&std::mem::take(&mut right.clock));
        self.twins.merge(&mut right.twins);
        self.hops.merge(self.sample_key, std::mem::take(&mut right.hops));
        self.amount_read += std::mem::take(&mut right.amount_read);
    }
}
