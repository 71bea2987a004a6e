//! Reads the captures: finds where frames are, and gives candidates one after the other.

use super::kept::Kept;
use super::plan::Plan;
use crate::analysis::{FrameFilter, Options};
use crate::capture::{self, Frame, FrameId, Observe, Outcome, Progress, Source};
use crate::packet::{Dissected, FlowKey, Packet, Side, Transport, dissect};

/// A frame of which something may be kept.
#[cfg_attr(test, derive(Clone))]
pub(super) struct Candidate {
    pub(super) frame: FrameId,
    pub(super) key: FlowKey,
    pub(super) side: Side,
    pub(super) transport: Transport,
    /// Length of the payload on the wire.
    pub(super) payload_length: u32,
    /// The identification field, if it is a piece of a datagram.
    pub(super) fragment: Option<u32>,
    /// Captured payload: it may end before the frame does.
    payload: std::ops::Range<usize>,
    pub(super) kept: Kept,
}

impl Candidate {
    fn new(frame: &Frame<'_>, packet: &Packet<'_>) -> Option<Self> {
        // The payload is a part of the frame, so where it begins follows from the two addresses.
        let payload_at = match packet.payload.is_empty() {
            true => header_end(frame.bytes, packet)?,
            false => packet.payload.as_ptr().addr().checked_sub(frame.bytes.as_ptr().addr())?,
        };
        let end = payload_at.checked_add(packet.payload.len())?;
        // Padding of short frames says nothing.
        let bytes = frame.bytes.get(..end)?;
        Some(Self {
            frame: frame.id,
            key: packet.key,
            side: packet.side,
            transport: packet.transport,
            payload_length: packet.payload_length,
            fragment: packet.fragment.map(|fragment| fragment.identification),
            payload: payload_at..end,
            kept: Kept {
                time_ns: frame.time_ns,
                link_type: frame.link_type,
                wire_length: frame.wire_length,
                bytes: bytes.to_vec(),
                note: frame.note.cloned(),
                payload_at,
            },
        })
    }

    /// A packet that is no piece of a datagram, of which all payload was captured, for tests.
    #[cfg(test)]
    pub(super) fn of(
        frame: FrameId,
        (key, side, transport): (FlowKey, Side, Transport),
        payload_length: u32,
        kept: Kept,
    ) -> Self {
        let payload = kept.payload_at..kept.bytes.len();
        Self { frame, key, side, transport, payload_length, fragment: None, payload, kept }
    }

    /// Captured payload.
    pub(super) fn payload(&self) -> &[u8] {
        self.kept.bytes.get(self.payload.clone()).unwrap_or_default()
    }
}

/// Where the headers of a packet without payload end: all of the frame, for an empty slice may point anywhere.
fn header_end(bytes: &[u8], packet: &Packet<'_>) -> Option<usize> {
    let at = packet.payload.as_ptr().addr().checked_sub(bytes.as_ptr().addr());
    Some(at.filter(|at| (1..=bytes.len()).contains(at)).unwrap_or(bytes.len()))
}

/// Reads packets with `take`, and hands out what it gave in the order of the frames.
fn read<T: Send>(
    sources: Vec<Source>,
    options: &Options,
    take: &(dyn Fn(&Frame<'_>, &Packet<'_>) -> Option<T> + Sync),
    give: &mut (dyn FnMut(FrameId, T) + Send),
) -> Vec<Outcome> {
    struct Gathered<'a, T> {
        filter: Option<FrameFilter>,
        take: &'a (dyn Fn(&Frame<'_>, &Packet<'_>) -> Option<T> + Sync),
        given: Vec<T>,
    }
    impl<T: Send> Observe for Gathered<'_, T> {
        fn observe(&mut self, frame: Frame<'_>) {
            if frame.note.is_some_and(|note| note.is_dropped)
                || self.filter.as_ref().is_some_and(|passes| !passes(&frame))
            {
                return;
            }
            if let Dissected::Packet(packet) = dissect(&frame) {
                self.given.extend((self.take)(&frame, &packet));
            }
        }
    }
    let empty = || Gathered { filter: options.filter.clone(), take, given: Vec::new() };
    capture::read(sources, &options.reading(), &Progress::default(), &empty, &mut |piece| {
        piece.partial.given.into_iter().for_each(|one| give(piece.base, one));
    })
}

/// Finds out in which flows the frames are that are evidence.
pub(super) fn locate(sources: Vec<Source>, options: &Options, plan: &mut Plan) {
    let take = |frame: &Frame<'_>, packet: &Packet<'_>| Some((frame.id, packet.key, packet.side));
    read(sources, options, &take, &mut |base, (frame, key, side)| plan.locate(frame.rebased(base), key, side));
}

/// Gives all candidates.
pub(super) fn candidates(
    sources: Vec<Source>,
    options: &Options,
    plan: &Plan,
    give: &mut (dyn FnMut(Candidate) + Send),
) -> Vec<Outcome> {
    let take = |frame: &Frame<'_>, packet: &Packet<'_>| {
        plan.is_candidate(packet).then(|| Candidate::new(frame, packet)).flatten()
    };
    read(sources, options, &take, &mut |base, mut candidate| {
        candidate.frame = candidate.frame.rebased(base);
        give(candidate);
    })
}
