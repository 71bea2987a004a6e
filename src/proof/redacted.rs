//! The frames of a proof without what tells whose captures they are of. Of payload only that stays whose kind the analysis of its flow knows and
//! which `redact` can clear of names and addresses; everything else is cut away.

use super::kept::{Kept, Selection};
use super::wanted::key;
use crate::app::EvidenceKind;
use crate::capture::owner::Owner;
use crate::capture::{Frame, FrameId, FrameNote, LinkType};
use crate::name::NameSource;
use crate::packet::{Dissected, FlowKey, Packet, Side, Transport, dissect};
use crate::place::{Scope, scope};
use crate::redact::{Clock, Content, Payload, Redactor, Removed, Texts, What};
use crate::route::{Exchange, Observed};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of the flows in a proof, gathered while it is analysed.
#[derive(Debug, Default)]
pub struct Known(Mutex<Flows>);

#[derive(Debug, Default)]
struct Flows {
    flows: HashMap<FlowKey, FlowFacts>,
    /// Addresses of devices, and of persons' devices.
    devices: HashSet<IpAddr>,
    persons: HashSet<IpAddr>,
    /// Addresses that answered as servers do.
    servers: HashSet<IpAddr>,
    /// Names of the flows that are meant.
    shown: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct FlowFacts {
    content: Content,
    client: (IpAddr, u16),
    names: Vec<String>,
    is_in_clear: bool,
}

impl Known {
    /// Takes a flow in. `is_meant` says whether the proof is of this app.
    pub fn look(&self, observed: &Observed<'_>, is_meant: impl Fn(&str) -> bool) {
        let flow = observed.flow;
        let claim = observed.attribution.chosen.as_ref().filter(|claim| is_meant(&claim.app));
        let application = flow.application.map_or("", |application| application.0);
        // Names that answers of resolvers gave do not stand in the flow itself.
        let own: Vec<String> =
            flow.names.iter().filter(|name| name.source < NameSource::Dns).map(|name| name.name.to_string()).collect();
        let is_protected = claim.is_some_and(|claim| {
            claim.kind == EvidenceKind::Signature && PROTECTED.contains(&claim.rule.trim_start_matches("signature "))
        });
        let content = match application {
            "dns" | "mdns" | "llmnr" => Content::Dns,
            "http" => Content::Http,
            "stun" => Content::Stun,
            "tls" => Content::Hello,
            "quic" | "dtls" if !own.is_empty() => Content::Whole,
            "mmtls" => Content::Whole,
            "" if is_protected => Content::Whole,
            _ => Content::Nothing,
        };
        let client = (flow.client_ip, flow.client_port.unwrap_or(0));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if claim.is_some() {
            known.shown.extend(flow.names.iter().map(|name| name.name.to_string()));
        }
        let facts =
            FlowFacts { content, client, names: own, is_in_clear: application == "quic" || application == "dtls" };
        known
            .flows
            .entry(key(flow))
            .and_modify(|known| {
                // Two sessions of one key: what both may keep.
                if known.content != facts.content || known.client != facts.client {
                    known.content = Content::Nothing;
                }
                known.names.extend(facts.names.iter().cloned());
            })
            .or_insert(facts);
        if scope(observed.device()) == Scope::Global {
            known.devices.insert(observed.device());
        }
        let is_person = observed.exchange() == Exchange::Person
            || observed.exchange() == Exchange::Tried
                && flow.name().is_none()
                && observed.place.operator.is_none()
                && !observed.place.is_anycast;
        let peer = if observed.is_server_located() { flow.server_ip } else { observed.peer };
        match (is_person, observed.exchange()) {
            (true, _) => known.persons.insert(peer),
            (false, Exchange::Answered) => known.servers.insert(peer),
            (false, _) => false,
        };
    }

    /// Names of the flows that are meant.
    pub fn shown(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shown.iter().cloned().collect()
    }
}

/// Signatures of protocols that encrypt from their first message on.
const PROTECTED: [&str; 3] = ["mmtls", "telegram", "whatsapp"];

/// A proof without what tells whose captures it is of.
#[derive(Debug)]
pub struct Redacted {
    /// Its frames.
    pub selection: Selection,
    /// Frames that had to be left out, since they are of a kind that is not understood.
    pub left_out: u64,
    /// Addresses before and after.
    images: BTreeMap<IpAddr, IpAddr>,
    /// MAC addresses that were replaced, and what stands for them.
    macs: BTreeMap<[u8; 6], [u8; 6]>,
}

/// Replaces what is to be hidden in all frames. Notes what was taken out.
pub fn redact(
    selection: &Selection,
    known: &Known,
    (redactor, texts, clock): (&Redactor<'_>, &Texts<'_>, Clock),
    removed: &mut Removed,
) -> Redacted {
    let known = known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut pass = Pass {
        known: &known,
        redactor,
        texts,
        hellos: HashMap::new(),
        owners: Vec::new(),
        packets: BTreeMap::new(),
        images: RefCell::default(),
        macs: BTreeMap::new(),
    };
    let mut redacted =
        Redacted { selection: Selection::default(), left_out: 0, images: BTreeMap::new(), macs: BTreeMap::new() };
    for (frame, kept) in &selection.frames {
        let mut kept = kept.clone();
        match pass.frame(&mut kept, removed) {
            Some(()) => {
                kept.time_ns = clock.moved(kept.time_ns);
                redacted.selection.frames.insert(*frame, kept);
            }
            None => redacted.left_out += 1,
        }
    }
    removed.note(What::Time);
    for (ip, image) in &pass.images.borrow().clone() {
        removed.replace(What::Address, &ip.to_string(), &image.to_string());
    }
    for (mac, image) in &pass.macs {
        removed.replace(What::Mac, &text(mac), &text(image));
    }
    redacted.images = pass.images.take();
    redacted.macs = pass.macs;
    redacted
}

fn text(mac: &[u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

struct Pass<'a> {
    known: &'a Flows,
    redactor: &'a Redactor<'a>,
    texts: &'a Texts<'a>,
    /// Where the first message of each side begins, and how long it is.
    hellos: HashMap<(FlowKey, Side), (u32, u32)>,
    owners: Vec<(Arc<Owner>, Arc<Owner>)>,
    packets: BTreeMap<u64, u64>,
    images: RefCell<BTreeMap<IpAddr, IpAddr>>,
    macs: BTreeMap<[u8; 6], [u8; 6]>,
}

impl Pass<'_> {
    /// Redacts a frame; nothing where it is not understood.
    fn frame(&mut self, kept: &mut Kept, removed: &mut Removed) -> Option<()> {
        let bytes = kept.bytes.clone();
        let frame = Frame {
            id: FrameId::default(),
            time_ns: kept.time_ns,
            link_type: kept.link_type,
            bytes: &bytes,
            wire_length: kept.wire_length,
            note: None,
        };
        let Dissected::Packet(packet) = dissect(&frame) else { return None };
        let facts = self.known.flows.get(&packet.key);
        let content = facts.filter(|_| packet.fragment.is_none()).map_or(Content::Nothing, |facts| self.content(facts));
        let is_tcp = matches!(packet.transport, Transport::Tcp(_));
        let most = match content {
            Content::Hello => self.hello(&packet, facts),
            _ => usize::MAX,
        };
        let addresses = self.redactor.addresses();
        let is_hidden = |ip: IpAddr| self.is_hidden(ip);
        let moved = |ip: IpAddr| {
            let image = if self.is_hidden(ip) { addresses.hidden(ip) } else { addresses.local(ip) };
            self.images.borrow_mut().insert(ip, image);
            image
        };
        let names = facts.map_or(&[][..], |facts| &facts.names);
        let payload = Payload { texts: self.texts, address: &moved, names };
        let stays = RefCell::new((0, removed));
        let edit = |bytes: &mut [u8]| {
            let mut stays = stays.borrow_mut();
            stays.0 = payload.redact(content, is_tcp, bytes, stays.1);
        };
        for side in [Side::Low, Side::High] {
            moved(packet.key.address(side));
        }
        let is_seen = |ip: IpAddr| {
            moved(ip);
            is_hidden(ip)
        };
        addresses.rewrite_frame(kept.link_type, &mut kept.bytes, &is_seen, &edit).ok()?;
        let stays = stays.into_inner().0;
        // In tunnels that are not opened here, addresses are still as they were.
        let Dissected::Packet(after) = dissect(&Frame { bytes: &kept.bytes, ..frame }) else { return None };
        let ends = |packet: &Packet<'_>| [packet.side, packet.side.opposite()].map(|side| packet.key.address(side));
        if ends(&packet).map(moved) != ends(&after) {
            return None;
        }
        if kept.link_type == LinkType::ETHERNET {
            for at in [0, 6] {
                let mac = |bytes: &[u8]| bytes.get(at..)?.first_chunk::<6>().copied();
                let (before, after) = (mac(&bytes)?, mac(&kept.bytes)?);
                if before != after {
                    self.macs.insert(before, after);
                }
            }
        }
        kept.cut(stays.min(most));
        kept.note = kept.note.take().map(|note| self.note(note));
        Some(())
    }

    /// What may stay of a flow. Hellos of QUIC and DTLS stay whole or not at all.
    fn content(&self, facts: &FlowFacts) -> Content {
        let is_kept = facts.names.iter().all(|name| self.texts.is_kept(name));
        if facts.is_in_clear && !is_kept { Content::Nothing } else { facts.content }
    }

    /// How many bytes of a segment belong to the first message of its side. A certificate stays where the app's names are all there is.
    fn hello(&mut self, packet: &Packet<'_>, facts: Option<&FlowFacts>) -> usize {
        let (Transport::Tcp(segment), Some(facts)) = (packet.transport, facts) else { return 0 };
        let is_client = (packet.key.address(packet.side), packet.key.port(packet.side)) == facts.client;
        let has_names = !facts.names.is_empty() && facts.names.iter().all(|name| self.texts.is_kept(name));
        if !is_client && has_names {
            return usize::MAX;
        }
        let side = (packet.key, packet.side);
        if let [22, 3, _, _, _, 1 | 2, a, b, c, ..] = packet.payload {
            // Two bytes of the record's length are not looked at: a longer message goes on in another record, which is cut.
            let length = 9 + u32::from_be_bytes([0, *a, *b, *c]);
            self.hellos.entry(side).or_insert((segment.sequence, length));
        }
        let Some((begin, length)) = self.hellos.get(&side) else { return 0 };
        let offset = segment.sequence.wrapping_sub(*begin);
        length.saturating_sub(offset) as usize
    }

    fn is_hidden(&self, ip: IpAddr) -> bool {
        if scope(ip) != Scope::Global || self.known.servers.contains(&ip) {
            return false;
        }
        let network = |ip: &IpAddr| match ip {
            IpAddr::V6(ip) => Some(u128::from(*ip) >> 64),
            IpAddr::V4(_) => None,
        };
        self.known.devices.contains(&ip)
            || self.known.persons.contains(&ip)
            || network(&ip).is_some_and(|own| self.known.devices.iter().any(|device| network(device) == Some(own)))
    }

    fn note(&mut self, note: FrameNote) -> FrameNote {
        let FrameNote { owner, direction, packet_id, is_dropped } = note;
        let next = self.packets.len() as u64;
        let packet_id = packet_id.map(|id| *self.packets.entry(id).or_insert(next));
        FrameNote { owner: owner.map(|owner| self.owner(&owner)), direction, packet_id, is_dropped }
    }

    /// An owner with a label in place of what the catalogue does not know, and with a number of no meaning.
    fn owner(&mut self, owner: &Arc<Owner>) -> Arc<Owner> {
        if let Some((_, label)) = self.owners.iter().find(|(one, _)| one == owner) {
            return Arc::clone(label);
        }
        let number = self.owners.len() as i64 + 1;
        let label = Arc::new(self.redactor.numbered_owner(owner, number));
        self.owners.push((Arc::clone(owner), Arc::clone(&label)));
        label
    }
}

impl Redacted {
    /// What was to be hidden and is found in the frames of the written proof, read again.
    pub fn find(&self, frame: &Frame<'_>, removed: &Removed) -> Option<What> {
        if let Some(owner) = frame.note.and_then(|note| note.owner.as_ref()) {
            // A number is its place in the order of owners.
            let texts = [&owner.name, &owner.package];
            if owner.path.is_some() || texts.into_iter().flatten().any(|text| removed.holds(What::Owner, text)) {
                return Some(What::Owner);
            }
        }
        if let Dissected::Packet(packet) = dissect(frame) {
            let images = || self.images.iter().filter(|(ip, image)| ip != image);
            let is_left = |ip: IpAddr| {
                self.images.get(&ip).is_some_and(|image| *image != ip) && !images().any(|(_, image)| *image == ip)
            };
            if [Side::Low, Side::High].iter().any(|side| is_left(packet.key.address(*side))) {
                return Some(What::Address);
            }
        }
        // One of mostly equal bytes may stand in any payload; where addresses are, it may not.
        let is_telling = |mac: &[u8; 6]| mac.iter().all(|byte| mac.iter().filter(|other| *other == byte).count() < 3);
        let is_at = |mac: &[u8; 6], at: usize| frame.bytes.get(at..at + 6) == Some(&mac[..]);
        let is_header = |mac: &[u8; 6]| frame.link_type == LinkType::ETHERNET && (is_at(mac, 0) || is_at(mac, 6));
        let is_macs =
            |mac: &[u8; 6]| is_header(mac) || is_telling(mac) && memchr::memmem::find(frame.bytes, mac).is_some();
        let images: BTreeSet<&[u8; 6]> = self.macs.values().collect();
        let is_left = self.macs.keys().any(|mac| !images.contains(mac) && is_macs(mac));
        is_left.then_some(What::Mac)
    }
}
