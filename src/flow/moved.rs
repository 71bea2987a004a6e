//! QUIC connections that go on between other addresses or ports than they began with (RFC 9000 §9), because a NAT gave the client
//! another port, or the device went to another network: what is seen then is a session without a hello. Its first packet bears the id
//! that the server chose, which was seen in the clear when the connection was opened. By that its name is found.
//!
//! A client that moves of its own accord takes an id that the server gave it encrypted. Such a session stays without a name, and so does
//! one whose first packet comes from the server.
//!
//! All this is decided with the first packet of the session, by what came in earlier frames. So it is the same for every cut.

use crate::capture::FrameId;
use crate::flow::lifetime::idle_ns;
use crate::flow::record::Name;
use crate::flow::session::Session;
use crate::flow::shard::{Shard, shard_of};
use crate::flow::table::Table;
use crate::name::{ConnectionId, NameSource, short_header_id};
use crate::packet::FlowKey;
use crate::packet::protocol::UDP;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

/// A connection goes on if the last packet before came no longer ago than this: twice the time that a session may be silent, for which
/// sessions are kept in any case. A silence after which a packet would not continue a session is shorter, so that no later packet
/// changes the answer.
pub(super) const PAUSE_NS: i64 = 2 * idle_ns(UDP);
/// Fewer entries are not searched for useless ones.
const SWEEP_LEAST: usize = 1_024;

/// What the first part of a session, or more of it, says of connections.
#[derive(Debug)]
pub(super) enum Event {
    /// The hello and an id that its server chose are known, from this frame on.
    Opened { frame: FrameId, place: Place, id: (IpAddr, u16, ConnectionId), name: Name },
    /// A session begins with a packet that may bear an id of its server.
    Begun { place: Place },
}

/// Where a session is found: its slot, and by what it is told from one that comes there later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    key: FlowKey,
    first: FrameId,
    at: usize,
}

impl Place {
    /// The session, if it is open, with its shard.
    fn find<'a>(&self, shards: &'a [Shard]) -> Option<(usize, &'a Session)> {
        let shard = shard_of(&self.key);
        let session = shards.get(shard)?.table.get(self.at)?;
        (session.first == self.first && session.key == self.key).then_some((shard, session))
    }
}

impl Event {
    /// The frame that shows it.
    fn frame(&self) -> FrameId {
        match self {
            Self::Opened { frame, .. } => *frame,
            Self::Begun { place } => place.first,
        }
    }

    /// What frames from `base` on say of connections in the session in this slot, to which they belong; `is_new` says that it begins in them.
    pub(super) fn gather(table: &mut Table, at: usize, base: FrameId, is_new: bool, events: &mut Vec<Self>) {
        let session = table.at(at);
        let (key, opener) = (session.key, session.opener);
        if key.protocol() != UDP {
            return;
        }
        let place = Place { key, first: session.first, at };
        let Some(details) = session.known_details_mut() else { return };
        for (client, chosen, hello_frame, name) in details.opened() {
            let frame = chosen.frame.max(hello_frame);
            if frame >= base {
                let server = client.opposite();
                let id = (key.address(server), key.port(server), chosen.id.clone());
                let name = Name { source: NameSource::QuicMoved, frame: hello_frame, name: name.into(), doubt: None };
                events.push(Self::Opened { frame, place, id, name });
            }
        }
        let first = details.heads[opener as usize].first();
        if is_new && first.is_some_and(|(frame, bytes)| frame == place.first && short_header_id(bytes, 0).is_some()) {
            events.push(Self::Begun { place });
        }
    }
}

/// A connection, and the session in which it was seen last.
#[derive(Clone, Debug)]
struct Connection {
    place: Place,
    name: Name,
    /// Whether another connection took the same id while this one went on: then nothing is told by it.
    is_shared: bool,
}

/// The connections of open sessions, by the address and port of the server and the id that it chose.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    by_id: HashMap<(IpAddr, u16, ConnectionId), Connection, RandomState>,
    /// The lengths of the ids, a bit for each.
    lengths: u32,
    /// With as many entries, useless ones are searched for.
    sweep_at: usize,
}

impl Connections {
    /// Takes in what the frames of one part say, and names the sessions in which a connection goes on.
    pub(super) fn follow(&mut self, shards: &mut [Shard], mut events: Vec<Event>) {
        if self.by_id.is_empty() && !events.iter().any(|event| matches!(event, Event::Opened { .. })) {
            return;
        }
        // Within a frame a session begins before it says more.
        events.sort_by_key(|event| (event.frame(), matches!(event, Event::Opened { .. })));
        for event in events {
            match event {
                Event::Opened { place, id, name, .. } => self.open(shards, place, id, name),
                Event::Begun { place } => {
                    self.go_on(shards, place);
                }
            }
        }
        if self.by_id.len() >= self.sweep_at.max(SWEEP_LEAST) {
            self.by_id.retain(|_, connection| connection.place.find(shards).is_some());
            self.sweep_at = 2 * self.by_id.len();
        }
    }

    fn open(&mut self, shards: &[Shard], place: Place, id: (IpAddr, u16, ConnectionId), name: Name) {
        self.lengths |= 1 << id.2.len();
        let Some((_, session)) = place.find(shards) else { return };
        let began_ns = session.began_ns();
        match self.by_id.entry(id) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                let is_other = known.place != place && known.name != name;
                if is_other && goes_on(shards, known.place, began_ns) {
                    known.is_shared = true;
                } else if known.place != place {
                    *known = Connection { place, name, is_shared: false };
                }
            }
            Entry::Vacant(new) => {
                new.insert(Connection { place, name, is_shared: false });
            }
        }
    }

    /// Names the session if its first packet bears the id of a connection to the same server.
    fn go_on(&mut self, shards: &mut [Shard], place: Place) -> Option<()> {
        let (shard, session) = place.find(shards)?;
        let (opener, began_ns) = (session.opener, session.began_ns());
        let server = opener.opposite();
        let end = (place.key.address(server), place.key.port(server));
        let (_, bytes) = session.first_datagram(opener)?;
        let mut found = None;
        for length in (0..u32::BITS as usize).filter(|length| self.lengths >> length & 1 == 1) {
            let Some(id) = short_header_id(bytes, length) else { break };
            let id = (end.0, end.1, id.into());
            let Some(known) = self.by_id.get(&id) else { continue };
            if known.place != place && goes_on(shards, known.place, began_ns) {
                if known.is_shared || found.is_some() {
                    return None;
                }
                found = Some(id);
            }
        }
        let known = self.by_id.get_mut(&found?)?;
        known.place = place;
        let name = Name { name: Arc::clone(&known.name.name), ..known.name };
        let table = &mut shards.get_mut(shard)?.table;
        table.at(place.at).continue_connection(place.first, opener, name);
        table.weigh(place.at);
        Some(())
    }
}

/// Whether a session is open, and was not silent for too long before this time.
fn goes_on(shards: &[Shard], place: Place, time_ns: i64) -> bool {
    place.find(shards).is_some_and(|(_, session)| time_ns <= session.last_ns.saturating_add(PAUSE_NS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, LinkType};
    use crate::flow::{Flow, Partial, SampleKey, Tracker};
    use fixtures::quic::{Initial, answer, crypto, short};
    use fixtures::{ip, tls, transport};
    use std::sync::Mutex;

    const SERVER: [u8; 4] = [198, 51, 100, 7];

    /// A datagram at a second: from this end or to it, with the server's port.
    type Packet = (i64, bool, ([u8; 4], u16), Vec<u8>);

    fn initial(name: &str) -> Vec<u8> {
        let hello = tls::hello_with(&[tls::server_name(name)]);
        Initial::first(&[9; 8]).seal(&crypto(0, &hello), 1_200)
    }

    /// An opening from a port at a second, for a name, where the server chooses this id.
    fn opening(second: i64, port: u16, name: &str, id: &[u8]) -> [Packet; 2] {
        let client = ([10, 0, 0, 1], port);
        [(second, true, client, initial(name)), (second, false, client, answer(&[3; 8], id))]
    }

    /// A packet to this id from a port at a second.
    fn later(second: i64, port: u16, id: &[u8]) -> [Packet; 1] {
        [(second, true, ([10, 0, 0, 2], port), short(id, 30))]
    }

    /// The port of each client with the name found and its source, however the packets are cut.
    fn names(packets: &[Packet]) -> Vec<(u16, Option<(String, NameSource)>)> {
        let whole = names_of(packets, packets.len());
        for size in 1..packets.len() {
            assert_eq!(names_of(packets, size), whole, "{size}");
        }
        whole
    }

    fn names_of(packets: &[Packet], size: usize) -> Vec<(u16, Option<(String, NameSource)>)> {
        let mut tracker = Tracker::new(SampleKey::default(), None);
        let found = Mutex::new(Vec::new());
        let sink = |closed: &mut Vec<Flow>| {
            let mut found = found.lock().unwrap();
            for flow in closed.drain(..) {
                let name = flow.name().map(|name| (name.name.to_string(), name.source));
                assert_eq!(name.is_some(), flow.application.is_some());
                assert!(name.as_ref().is_none_or(|name| name.1 != NameSource::QuicMoved || flow.rtt.is_none()));
                found.push((flow.first_frame, flow.client_port.unwrap(), name));
            }
        };
        for (at, part) in packets.chunks(size.max(1)).enumerate() {
            let mut partial = Partial::new(SampleKey::default());
            for (record, (second, is_up, client, payload)) in part.iter().enumerate() {
                let bytes = match is_up {
                    true => ip::v4(client.0, SERVER, ip::UDP, &transport::udp((client.1, 443), payload)),
                    false => ip::v4(SERVER, client.0, ip::UDP, &transport::udp((443, client.1), payload)),
                };
                partial.observe(Frame {
                    id: FrameId::new(0, record as u64),
                    time_ns: second * 1_000_000_000,
                    link_type: LinkType::RAW,
                    bytes: &bytes,
                    wire_length: bytes.len() as u32,
                    note: None,
                });
            }
            tracker.join(&mut partial, FrameId::new(0, (at * size) as u64), &mut |_| ()).unwrap();
            tracker.close(sink);
        }
        tracker.finish(sink);
        let mut found = found.into_inner().unwrap();
        found.sort();
        found.into_iter().map(|(_, port, name)| (port, name)).collect()
    }

    fn opened(port: u16, name: &str) -> (u16, Option<(String, NameSource)>) {
        (port, Some((name.into(), NameSource::QuicSni)))
    }

    fn moved(port: u16, name: &str) -> (u16, Option<(String, NameSource)>) {
        (port, Some((name.into(), NameSource::QuicMoved)))
    }

    #[test]
    fn a_connection_that_moves_keeps_its_name() {
        for id in [&[5; 4][..], &[5; 8], &[5; 20]] {
            let packets =
                [&opening(0, 1_000, "a.example", id)[..], &later(100, 1_001, id), &later(330, 1_002, id)].concat();
            assert_eq!(
                names(&packets),
                [opened(1_000, "a.example"), moved(1_001, "a.example"), moved(1_002, "a.example")]
            );
        }
    }

    #[test]
    fn ids_that_are_short_or_another_name_nothing() {
        for (chosen, seen) in [(&[5; 3][..], &[5; 8][..]), (&[], &[5; 8]), (&[5; 8], &[6; 8]), (&[5; 8], &[5; 7])] {
            let packets = [&opening(0, 1_000, "a.example", chosen)[..], &later(1, 1_001, seen)].concat();
            let packets = packets.into_iter().map(|mut packet| {
                // Of what ends early nothing can be said.
                packet.3.truncate(if seen.len() == 7 && packet.2.1 == 1_001 { 8 } else { usize::MAX });
                packet
            });
            assert_eq!(names(&packets.collect::<Vec<_>>()), [opened(1_000, "a.example"), (1_001, None)]);
        }
    }

    #[test]
    fn a_long_silence_or_an_earlier_packet_names_nothing() {
        let id = [5; 8];
        let late = [&opening(0, 1_000, "a.example", &id)[..], &later(241, 1_001, &id)].concat();
        assert_eq!(names(&late), [opened(1_000, "a.example"), (1_001, None)]);
        let early = [&later(0, 1_001, &id)[..], &opening(1, 1_000, "a.example", &id)].concat();
        assert_eq!(names(&early), [(1_001, None), opened(1_000, "a.example")]);
        // Before the server says the id, and before the hello is there.
        let [hello, answer] = opening(0, 1_000, "a.example", &id);
        let [later] = later(0, 1_001, &id);
        assert_eq!(names(&[hello.clone(), later.clone(), answer.clone()])[1], (1_001, None));
        assert_eq!(names(&[answer, later, hello])[1], (1_001, None));
    }

    #[test]
    fn an_id_of_two_connections_at_once_names_nothing() {
        let id = [5; 8];
        let [one, other] = [opening(0, 1_000, "a.example", &id), opening(1, 1_001, "b.example", &id)];
        let found = names(&[&one[..], &other, &later(2, 1_002, &id)].concat());
        assert_eq!(found[2], (1_002, None));
        let other = opening(300, 1_001, "b.example", &id);
        let found = names(&[&one[..], &other, &later(301, 1_002, &id)].concat());
        assert_eq!(found[2], moved(1_002, "b.example"), "the first one is over");
    }

    #[test]
    fn another_server_has_ids_of_its_own() {
        let id = [5; 8];
        let mut packets = [&opening(0, 1_000, "a.example", &id)[..], &later(1, 443, &id)].concat();
        packets[2].1 = false;
        assert_eq!(names(&packets).len(), 2);
        assert!(names(&packets)[1].1.is_none(), "the server sends first");
    }
}
