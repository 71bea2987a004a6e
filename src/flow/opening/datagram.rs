//! Openings of UDP conversations that may span several datagrams: QUIC Initials and DTLS hellos.
//!
//! The first such opening of a session counts, with those of further connections that stand in one datagram each. A partial that does not hold the start of the session cannot know
//! whether its datagrams complete an earlier opening, so it keeps them until it is joined to the partial before it.

use crate::capture::FrameId;
use crate::flow::opening::segments::{Segment, Segments};
use crate::flow::stamp::Stamp;
use crate::name::table::DATAGRAM_READERS;
use crate::name::{Datagram, Findings, IncrementalReader, NameSource, Reading};
use crate::packet::Side;
use serde::{Deserialize, Serialize};
use std::fmt;

/// When this many bytes are kept of one direction of an opening, no further datagram is kept. A hello with two post-quantum key
/// shares takes three full datagrams; retransmissions come on top.
const BYTE_LIMIT: usize = 12 << 10;
/// Openings of further connections that are kept of each side.
const MORE_LIMIT: usize = 8;
/// Datagrams kept of one direction of an opening, however small they are.
const DATAGRAM_LIMIT: usize = 64;

/// The datagrams that one reader gathers in one session, and what it has read in them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct DatagramOpening {
    /// Index in [`DATAGRAM_READERS`].
    pub(in crate::flow) reader: usize,
    ports: [u16; 2],
    datagrams: [Segments; 2],
    /// What was found so far, when, and the side that sent it; indexed by [`Self::slot`].
    found: [Option<(Stamp, Side, Box<Findings>)>; 2],
    is_settled: [bool; 2],
    /// What single datagrams hold that were not read together with others, because an opening had been read to its end, or may have
    /// been before this partial: the openings of further connections between the same ports. Different ones, the first by frame.
    more: Vec<(Stamp, Side, Box<Findings>)>,
    /// The state of the reader after all datagrams of a side, if it keeps one.
    #[serde(skip)]
    remembered: [Remembered; 2],
}

/// The state of a reading that is not finished. It only saves time: without it the datagrams are read again from the
/// first. So it is not copied.
#[derive(Default)]
struct Remembered(Option<Box<dyn IncrementalReader>>);

impl Clone for Remembered {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Remembered").field(&self.0.is_some()).finish()
    }
}

impl DatagramOpening {
    /// An opening for the reader with this index, between these ports (of the low and the high side).
    pub(in crate::flow) fn new(reader: usize, ports: [u16; 2]) -> Self {
        Self {
            reader,
            ports,
            datagrams: Default::default(),
            found: Default::default(),
            is_settled: [false; 2],
            more: Vec::new(),
            remembered: Default::default(),
        }
    }

    /// Whether there is such a reader, and it gathers no more than it may.
    pub(in crate::flow) fn is_sound(&self) -> bool {
        DATAGRAM_READERS.get(self.reader).is_some_and(|reader| reader.gathers)
            && self.datagrams.iter().all(|kept| kept.len() <= DATAGRAM_LIMIT)
            && self.more.len() <= 2 * MORE_LIMIT
    }

    /// The index in `found` and `is_settled` for a side. Both sides share one if only the first complete opening
    /// counts.
    fn slot(&self, side: Side) -> usize {
        if DATAGRAM_READERS[self.reader].reads_both_sides { side as usize } else { 0 }
    }

    /// Adds a datagram that the reader may be able to read.
    pub(in crate::flow) fn observe(&mut self, stamp: Stamp, side: Side, payload: &[u8], is_anchored: bool) {
        let was_settled = self.is_settled[self.slot(side)];
        let is_first = self.datagrams[side as usize].is_empty();
        if self.is_collecting(side, is_anchored) {
            if is_anchored && is_first {
                // The common case is a whole hello in one datagram; then nothing is copied.
                let reading = self.read_first(side, &[datagram(self.ports, side, payload)]);
                self.take(stamp, side, reading);
                if !self.is_settled[self.slot(side)] {
                    self.push(stamp, side, payload);
                }
            } else {
                self.push(stamp, side, payload);
                self.read(stamp, side);
            }
        }
        self.read_further(stamp, side, payload, (was_settled, is_first, is_anchored));
    }

    /// Finds what a datagram holds by itself: a further opening, for this partial or for those before it. All partials find the same, be
    /// the datagram the first of one or not, since they cannot know what was before.
    fn read_further(
        &mut self,
        stamp: Stamp,
        side: Side,
        payload: &[u8],
        (was_settled, is_first, is_anchored): (bool, bool, bool),
    ) {
        let slot = self.slot(side);
        let is_settled_now = !was_settled && self.is_settled[slot];
        match &self.found[slot] {
            // It was read by itself, or completes what found the same.
            Some(_) if is_settled_now && is_anchored => {}
            Some(found) if is_settled_now && is_first => {
                if !found.2.names.is_empty() {
                    let found = found.clone();
                    self.add_more(found);
                }
            }
            // Nothing is whole in it, or it would be settled.
            _ if is_first && !was_settled => {}
            _ => self.read_alone(stamp, side, payload, is_anchored),
        }
    }

    /// Whether the next datagram is kept. Even after the opening was read it may be needed: if it belongs to what
    /// came before this partial, the reading may turn out differently.
    fn is_collecting(&self, side: Side, is_anchored: bool) -> bool {
        let kept = &self.datagrams[side as usize];
        let has_room = kept.len() < DATAGRAM_LIMIT && kept.bytes() < BYTE_LIMIT;
        has_room && (!is_anchored || !self.is_settled[self.slot(side)])
    }

    /// Reads a datagram by itself. Where it is read with others before any opening is whole, the reading finds the same.
    fn read_alone(&mut self, stamp: Stamp, side: Side, payload: &[u8], is_anchored: bool) {
        let reader = &DATAGRAM_READERS[self.reader];
        let datagram = datagram(self.ports, side, payload);
        let slot = self.slot(side);
        // What the other side sends is its answer, where it is known which opening was the first.
        let is_answer = is_anchored && self.found[slot].as_ref().is_some_and(|found| found.1 != side);
        if is_answer || !(reader.may_be_whole)(&datagram) {
            return;
        }
        if let Reading::Done { findings, .. } = (reader.read)(&[datagram])
            && !findings.names.is_empty()
        {
            self.add_more((stamp, side, findings));
        }
    }

    fn add_more(&mut self, new: (Stamp, Side, Box<Findings>)) {
        match self.more.iter_mut().find(|(_, side, known)| (*side, known) == (new.1, &new.2)) {
            Some(known) => known.0 = if new.0.frame < known.0.frame { new.0 } else { known.0 },
            None => self.more.push(new),
        }
        self.more.sort_by_key(|(stamp, ..)| stamp.frame);
        // Of each side, since one may turn out to be the answer of the other.
        let mut counts = [0; 2];
        self.more.retain(|(_, side, _)| {
            counts[*side as usize] += 1;
            counts[*side as usize] <= MORE_LIMIT
        });
    }

    /// The names in the hellos of a client that are whole, with the frames that completed them; none where what was read first is of the
    /// other side, for then further openings are, too.
    pub(in crate::flow) fn hellos(&self, client: Side) -> impl Iterator<Item = (FrameId, &str)> {
        let slot = self.slot(client);
        let first = self.found[slot].iter().filter(move |found| self.is_settled[slot] && found.1 == client);
        let further = first.clone().flat_map(move |first| {
            self.more.iter().filter(move |found| found.1 == client && found.0.frame > first.0.frame)
        });
        first.chain(further).filter_map(|(stamp, _, findings)| {
            let name = findings.names.first().filter(|name| name.source == NameSource::QuicSni)?;
            Some((stamp.frame, &*name.name))
        })
    }

    /// Drops the states of the readers, when the reading is over or little more is expected.
    fn forget(&mut self) {
        self.remembered = Default::default();
    }

    fn push(&mut self, stamp: Stamp, side: Side, payload: &[u8]) {
        let length = payload.len() as u32;
        self.datagrams[side as usize].push(Segment { stamp, sequence: 0, length, bytes: payload });
    }

    fn read(&mut self, stamp: Stamp, side: Side) {
        if self.is_settled[self.slot(side)] {
            return;
        }
        let kept = std::mem::take(&mut self.datagrams[side as usize]);
        let reading = match (&mut self.remembered[side as usize].0, kept.last()) {
            (Some(reading), Some(last)) => reading.next(&datagram(self.ports, side, last.bytes)),
            _ => {
                let all: Vec<Datagram<'_>> = kept.iter().map(|kept| datagram(self.ports, side, kept.bytes)).collect();
                self.read_first(side, &all)
            }
        };
        self.datagrams[side as usize] = kept;
        self.take(stamp, side, reading);
    }

    /// Reads the first datagrams of a side, and keeps the state of the reading if it is not finished.
    fn read_first(&mut self, side: Side, datagrams: &[Datagram<'_>]) -> Reading {
        let Some(begin) = DATAGRAM_READERS[self.reader].begin else {
            return (DATAGRAM_READERS[self.reader].read)(datagrams);
        };
        let mut goes_on = begin();
        let mut reading = Reading::No;
        for datagram in datagrams {
            reading = goes_on.next(datagram);
            if matches!(reading, Reading::Done { .. }) {
                return reading;
            }
        }
        self.remembered[side as usize] = Remembered(Some(goes_on));
        reading
    }

    fn take(&mut self, stamp: Stamp, side: Side, reading: Reading) {
        match reading {
            Reading::No | Reading::NeedMore(None) => {}
            Reading::NeedMore(Some(findings)) => self.found[self.slot(side)] = Some((stamp, side, findings)),
            Reading::Done { findings, .. } => {
                self.found[self.slot(side)] = Some((stamp, side, findings));
                self.is_settled[self.slot(side)] = true;
                self.forget();
            }
        }
    }

    /// Appends what the same reader gathered in the frames that follow.
    pub(in crate::flow) fn merge(&mut self, right: Self, is_anchored: bool) {
        let [low, high] = &right.datagrams;
        let mut following: Vec<(Side, Segment<'_>)> =
            low.iter().map(|kept| (Side::Low, kept)).chain(high.iter().map(|kept| (Side::High, kept))).collect();
        following.sort_by_key(|(_, kept)| kept.stamp.frame);
        for (side, kept) in following {
            if self.is_collecting(side, is_anchored) {
                let stamp = kept.stamp;
                self.datagrams[side as usize].push(kept);
                self.read(stamp, side);
            }
        }
        right.more.into_iter().for_each(|found| self.add_more(found));
        self.forget();
        if is_anchored {
            self.anchor();
        }
    }

    /// Called when the session is known to begin here: drops the datagrams of openings that are settled.
    pub(in crate::flow) fn anchor(&mut self) {
        self.forget();
        for side in [Side::Low, Side::High] {
            if self.is_settled[self.slot(side)] {
                self.datagrams[side as usize] = Segments::default();
            }
        }
    }

    /// Bytes of memory it takes, about.
    pub(in crate::flow) fn weight(&self) -> usize {
        size_of::<Self>() + self.datagrams.iter().map(Segments::weight).sum::<usize>()
    }

    /// What was found, in the order of frames, once the session is over.
    pub(in crate::flow) fn into_found(self) -> impl Iterator<Item = (Stamp, Side, Box<Findings>)> {
        let [first, second] = self.found;
        // Where one opening counts, further ones are those of the same side.
        let side = first.as_ref().map(|found| found.1).filter(|_| !DATAGRAM_READERS[self.reader].reads_both_sides);
        let more = self.more.into_iter().filter(|found| side.is_none_or(|side| side == found.1));
        let mut found: Vec<_> = first.into_iter().chain(second).chain(more).collect();
        found.sort_by_key(|(stamp, ..)| stamp.frame);
        found.into_iter()
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.datagrams.iter_mut().for_each(|kept| kept.rebase(base));
        self.found.iter_mut().flatten().chain(&mut self.more).for_each(|(stamp, ..)| stamp.rebase(base));
    }
}

/// The form in which readers take a datagram that `side` sent; `ports` are those of the low and the high side.
fn datagram(ports: [u16; 2], side: Side, payload: &[u8]) -> Datagram<'_> {
    Datagram { payload, source_port: ports[side as usize], destination_port: ports[side.opposite() as usize] }
}
