//! Adds packets to a session: notes of the capture, handshakes, openings in streams and datagrams.

use super::Session;
use super::details::Details;
use super::messages::Messages;
use crate::capture::{Frame, FrameId, FrameNote};
use crate::flow::answers::Answers;
use crate::flow::interner::Interner;
use crate::flow::opening::datagram::DatagramOpening;
use crate::flow::opening::segments::Segment;
use crate::flow::round_trips::{FirstPackets, Seen};
use crate::flow::stamp::Stamp;
use crate::name::table::{DATAGRAM_READERS, STREAM_READERS};
use crate::name::{
    Datagram, Findings, Part, Reading, SECOND_CHOICES, chosen_id, datagram_candidates, datagram_part,
    stream_candidates, stream_part, transaction,
};
use crate::packet::{FlowKey, IcmpKind, Packet, Side, TcpFlags, TcpSegment, Transmission, messages, read_syn};

/// The payload of a packet.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Payload<'a> {
    /// The bytes that were captured.
    pub(in crate::flow) bytes: &'a [u8],
    /// Length on the wire, in bytes.
    pub(in crate::flow) length: u32,
}

impl Session {
    /// Adds what the capture notes about a packet of this many bytes and this much payload. Returns whether the
    /// packet repeats another.
    #[cold]
    pub(in crate::flow) fn observe_note(
        &mut self,
        note: &FrameNote,
        frame: FrameId,
        side: Side,
        (bytes, payload): (u64, u64),
    ) -> bool {
        if let Some(owner) = &note.owner {
            self.details_mut().rare_mut().owners.observe(owner, note.direction, frame);
            self.note_kept();
        }
        note.packet_id.is_some_and(|id| self.details_mut().rare_mut().repeats.observe((id, true), side, bytes, payload))
    }

    /// Adds that a packet came by Wi-Fi. Returns whether it was sent before and that was captured too.
    #[cold]
    pub(in crate::flow) fn observe_transmission(
        &mut self,
        Transmission { id, is_retry }: Transmission,
        side: Side,
        (bytes, payload): (u64, u64),
    ) -> bool {
        self.details_mut().rare_mut().repeats.observe((id, is_retry), side, bytes, payload)
    }

    /// Adds a TCP segment with the SYN or the RST flag.
    #[inline(never)]
    pub(in crate::flow) fn observe_handshake(
        &mut self,
        sequence: u32,
        acknowledgment: u32,
        flags: TcpFlags,
        side: Side,
        time_ns: i64,
        interner: &mut Interner,
    ) {
        self.handshake.observe(&TcpSegment { sequence, acknowledgment, flags }, side, time_ns);
        // What comes after an answer may continue what the SYN brought (TCP Fast Open).
        if flags.is_syn()
            && !flags.is_ack()
            && let Some(details) = self.known_details_mut()
        {
            details.finish_openings(&mut |name| interner.intern(name));
            self.refresh_watch();
        }
    }

    /// Keeps a segment or a datagram for encrypted hellos that keys open, if it is among the first.
    #[cold]
    #[inline(never)]
    pub(in crate::flow) fn keep_first_bytes(&mut self, sequence: u32, side: Side, payload: Payload<'_>, stamp: Stamp) {
        let first = &mut self.details_mut().rare_mut().first_bytes;
        if first.has_room(side) {
            first.observe(side, Segment { stamp, sequence, length: payload.length, bytes: payload.bytes });
            self.note_kept();
        }
    }

    /// Adds the message of a packet, if it is one of ICMP.
    pub(in crate::flow) fn observe_message(&mut self, packet: &Packet<'_>) {
        if let Some(kind) = IcmpKind::of(packet.key.protocol(), packet.side, packet.payload) {
            self.messages.merge(Messages::Of(kind));
        }
    }

    /// Whether the next packet is one of the first.
    #[inline(always)]
    pub(in crate::flow) fn is_beginning(&self) -> bool {
        self.first_count < FirstPackets::LIMIT
    }

    /// Keeps one of the first segments, for round trips. The options of a SYN are read from its frame.
    #[inline(never)]
    pub(in crate::flow) fn observe_first(
        &mut self,
        TcpSegment { sequence, acknowledgment, flags }: TcpSegment,
        side: Side,
        payload: Payload<'_>,
        frame: &Frame<'_>,
    ) {
        let first = self.first_packets.get_or_insert_default();
        let seen =
            |part: Part| Seen::segment((frame.time_ns, side), (sequence, acknowledgment, flags), payload.length, part);
        if flags.is_syn() {
            first.push_syn(seen(Part::Other), read_syn(frame));
        } else {
            first.push(seen(stream_part(payload.bytes)));
        }
        self.first_count = first.count();
    }

    /// Keeps one of the first datagrams, if round trips can be measured with it.
    #[inline(always)]
    pub(in crate::flow) fn observe_first_datagram(&mut self, side: Side, payload: &[u8], time_ns: i64) {
        let (source_port, destination_port) = (self.key.port(side), self.key.port(side.opposite()));
        if let Some((part, numbers)) = datagram_part(&Datagram { payload, source_port, destination_port }) {
            let first = self.first_packets.get_or_insert_default();
            first.push_datagram(Seen::datagram((time_ns, side), part, numbers), payload);
            self.first_count = first.count();
        }
    }

    /// Adds the payload of a TCP segment, in which an opening may start or continue.
    #[inline(never)]
    pub(in crate::flow) fn observe_segment(
        &mut self,
        sequence: u32,
        side: Side,
        payload: Payload<'_>,
        stamp: Stamp,
        (answers, interner): (&mut Answers, &mut Interner),
    ) {
        let is_anchored = self.is_anchored;
        let key = self.key;
        let details = self.details_mut();
        // A certificate would add nothing to a server name.
        let ignored = if details.has_server_name() { SECOND_CHOICES } else { 0 };
        let Payload { bytes, length } = payload;
        let segment = Segment { stamp, sequence, length, bytes };
        let completed = details.streams[side as usize].observe(segment, is_anchored, ignored);
        details.absorb_all(completed, side, &mut |name| interner.intern(name));
        deliver_of(&key, details, answers, interner);
        if is_anchored {
            details.supersede();
        }
        let is_watched = details.streams[side as usize].is_watching(is_anchored);
        self.is_watched[side as usize] = is_watched;
        self.note_kept();
    }

    /// Adds the payload of a UDP datagram. `is_folded` says that it was reassembled from fragments.
    #[inline(never)]
    pub(in crate::flow) fn observe_datagram(
        &mut self,
        side: Side,
        payload: Payload<'_>,
        stamp: Stamp,
        (answers, interner): (&mut Answers, &mut Interner),
        is_folded: bool,
    ) {
        let key = self.key;
        let datagram = Datagram {
            payload: payload.bytes,
            source_port: key.port(side),
            destination_port: key.port(side.opposite()),
        };
        let mut rows = datagram_candidates(&datagram);
        while rows != 0 {
            let at = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            let reader = &DATAGRAM_READERS[at];
            if !reader.takes(&datagram) {
                continue;
            }
            let is_anchored = self.is_anchored || is_folded;
            if reader.gathers {
                let details = self.details_mut();
                let openings = match is_folded {
                    true => details.rare_mut().folded.as_mut().map(|folded| &mut folded.datagrams),
                    false => Some(&mut details.datagrams),
                };
                let Some(openings) = openings else { return };
                let opening = match openings.iter_mut().position(|opening| opening.reader == at) {
                    Some(known) => &mut openings[known],
                    None => {
                        // Most sessions have one opening, so room is made for one only.
                        openings.reserve_exact(1);
                        openings.push(DatagramOpening::new(at, [key.port(Side::Low), key.port(Side::High)]));
                        let last = openings.len() - 1;
                        &mut openings[last]
                    }
                };
                opening.observe(stamp, side, payload.bytes, is_anchored);
                if let (Some(id), false) = (chosen_id(&datagram), is_folded) {
                    self.details_mut().observe_id(stamp.frame, side, id);
                }
                self.keep_head(side, payload, stamp);
                self.note_kept();
                return;
            }
            let mut findings = match (reader.read)(&[datagram]) {
                Reading::No | Reading::NeedMore(None) => continue,
                Reading::NeedMore(Some(findings)) | Reading::Done { findings, .. } => findings,
            };
            let is_of_lookup = !findings.answers.is_empty() || findings.asks();
            // Of what was put together from fragments it is not known what came before.
            let message = if is_of_lookup && !is_folded { transaction(payload.bytes) } else { None };
            let is_anchored = self.is_anchored;
            let details = self.details_mut();
            let given = details.outbox.len();
            details.absorb(&mut findings, stamp, side, &mut |name| interner.intern(name));
            let is_waiting = message
                .filter(|message| !message.is_response || details.outbox.len() > given)
                .is_some_and(|message| details.hold(message, side, is_anchored));
            deliver_of(&key, details, answers, interner);
            if is_waiting {
                self.note_kept();
            }
            if let Some(part) = reader.shows_app {
                self.keep_head(side, Payload { bytes: part(payload.bytes), ..payload }, stamp);
            }
            return;
        }
        self.keep_head(side, payload, stamp);
    }

    /// Adds the messages in a packet of SCTP. What is carried as a stream elsewhere begins with a message here (RFC 3436 §3, RFC 4168),
    /// and is read as far as that goes; anything else is read as a datagram.
    #[cold]
    pub(in crate::flow) fn observe_user_messages(
        &mut self,
        side: Side,
        payload: &[u8],
        stamp: Stamp,
        (answers, interner): (&mut Answers, &mut Interner),
    ) {
        for bytes in messages(payload) {
            let Some(mut findings) = read_message(bytes) else {
                let payload = Payload { bytes, length: bytes.len() as u32 };
                self.observe_datagram(side, payload, stamp, (&mut *answers, &mut *interner), false);
                continue;
            };
            let key = self.key;
            let details = self.details_mut();
            details.absorb(&mut findings, stamp, side, &mut |name| interner.intern(name));
            deliver_of(&key, details, answers, interner);
        }
    }

    /// Keeps the payload for the wire signatures, if it is among the first.
    fn keep_head(&mut self, side: Side, payload: Payload<'_>, stamp: Stamp) {
        let side = side as usize;
        if self.wants_head(stamp.frame, side) {
            self.details_mut().heads[side].observe(stamp.frame, payload.length, payload.bytes);
        }
    }
}

/// What the reader of a stream finds in its first message alone.
fn read_message(bytes: &[u8]) -> Option<Box<Findings>> {
    let mut rows = stream_candidates(*bytes.first()?) & !SECOND_CHOICES;
    while rows != 0 {
        let reader = &STREAM_READERS[rows.trailing_zeros() as usize];
        rows &= rows - 1;
        if !reader.is_preamble
            && (reader.starts)(bytes)
            && let Reading::NeedMore(Some(findings)) | Reading::Done { findings, .. } = (reader.read)(bytes)
        {
            return Some(findings);
        }
    }
    None
}

/// Moves the answers that a session has read into the answer table.
pub(in crate::flow) fn deliver(session: &mut Session, answers: &mut Answers, interner: &mut Interner) {
    let key = session.key;
    if let Some(details) = session.known_details_mut() {
        deliver_of(&key, details, answers, interner);
    }
}

fn deliver_of(key: &FlowKey, details: &mut Details, answers: &mut Answers, interner: &mut Interner) {
    // The list is taken and not drained: most sessions read no more answers, and a drained list would keep its memory
    // until they are over.
    for delivery in std::mem::take(&mut details.outbox) {
        answers.deliver(key.address(delivery.to), delivery, &mut |name| interner.intern(name));
    }
}
