//! Turns a session that is over into a [`Flow`]: finds the direction, orders the names, and adds a name from
//! resolvers' answers.

use crate::flow::answers::Answers;
use crate::flow::devices::{Devices, Sender, is_private};
use crate::flow::openers::Openers;
use crate::flow::record::{Counters, Ech, Flow, Head, Name, Rtt, RttSource};
use crate::flow::round_trips::{self, Answered, Exchange, FirstPackets};
use crate::flow::session::details::Details;
use crate::flow::session::opened::Outcome;
use crate::flow::session::said::Sent;
use crate::flow::session::{NEVER, Session};
use crate::flow::stamp::Stamp;
use crate::name::{Alpn, Application, EchKeys, NameSource};
use crate::packet::Side;
use crate::packet::protocol::TCP;
use std::mem::take;
use std::net::IpAddr;
use std::sync::Arc;

/// Server names behind which any of many names may be hidden: public names of ECH configurations in wide use.
const PUBLIC_NAMES: &[&str] = &["cloudflare-ech.com", "crypto.cloudflare.com"];
/// Ports of protocols that something on the way often answers: caches of HTTP, resolvers.
const HTTP: u16 = 80;
const DNS: u16 = 53;
/// Ports from 1024 on that servers are known to listen on (IANA and common use), for flows whose opening was not seen.
const SERVER_PORTS: &[u16] = &[
    1194, 1433, 1521, 1701, 1723, 1883, 1900, 1935, 2049, 2222, 3128, 3306, 3389, 3478, 3479, 3544, 4433, 4434, 5004,
    5060, 5061, 5222, 5223, 5228, 5229, 5230, 5269, 5349, 5353, 5355, 5432, 5671, 5672, 5938, 6379, 6443, 6667, 6697,
    7000, 8000, 8008, 8009, 8080, 8081, 8088, 8443, 8530, 8883, 8888, 9000, 9001, 9090, 9200, 9418, 10000, 11211,
    14000, 19302, 27017, 51820,
];

fn is_server_port(port: u16) -> bool {
    (1..1024).contains(&port) || SERVER_PORTS.binary_search(&port).is_ok()
}

impl Session {
    /// Adds the flow that this session resolves to. Afterwards only the fields by which the session is found are
    /// valid.
    /// Returns what came of an encrypted hello that there are keys for.
    pub(in crate::flow) fn resolve(
        &mut self,
        answers: &Answers,
        (devices, openers): (&Devices, &Openers),
        keys: &EchKeys,
        flows: &mut Vec<Flow>,
    ) -> Option<Outcome> {
        let last_seen_ns = self.end_ns();
        let mut began = Stamp { frame: self.first, time_ns: self.began_ns() };
        let mut details = self.take_details();
        if let Some(details) = &mut details {
            self.finish(details);
            let folded = details.rare().and_then(|rare| rare.folded.as_ref());
            if let Some(folded) = folded.filter(|folded| folded.first.frame < began.frame) {
                (began, self.opener, self.tunnel) = (folded.first, folded.side, folded.tunnel);
            }
        }
        let recognised = details.as_ref().and_then(|details| details.client.get()).copied();
        let (client, found) = self.direction(recognised, (answers, openers), began);
        let server = client.opposite();
        let (client_ip, server_ip) = (self.key.address(client), self.key.address(server));
        let port =
            |side| Some(self.key.port(side)).filter(|_| self.key.port(client) != 0 || self.key.port(server) != 0);
        // The flow is built in its place in the list, because copying what was just written is slower than writing it
        // there.
        flows.reserve(1);
        flows.push(Flow::between(self.key.protocol(), (client_ip, port(client)), (server_ip, port(server))));
        let flow = flows.last_mut()?;
        (flow.first_frame, flow.first_seen_ns, flow.last_seen_ns) = (began.frame, began.time_ns, last_seen_ns);
        (flow.up, flow.down) = (self.counted(client), self.counted(server));
        flow.application = details.as_ref().and_then(|details| choose_application(&details.applications));
        flow.tunnel = self.tunnel;
        flow.icmp = self.messages.kind().map(|kind| kind.ports(flow.protocol, client));
        // A round trip of 0 ns with a time of 0 means that the capture has no times (simple packet blocks), so
        // nothing was measured.
        let rtt = self.rtt(client, flow.application).filter(|rtt| rtt.ns > 0 || began.time_ns != 0);
        // The first packets of a connection that moved are no Initials.
        flow.rtt = rtt.filter(|_| details.as_ref().is_none_or(|details| !details.is_moved()));
        let (kept, nothing) = (self.first_packets.take(), FirstPackets::default());
        let first = kept.as_deref().unwrap_or(&nothing);
        let exchange = self.exchange(client, flow.application);
        flow.round_trips = round_trips::round_trips(first, exchange);
        flow.syn_ack = round_trips::syn_ack(first, client).map(Box::new);
        flow.answered = match flow.icmp {
            Some(icmp) if icmp.is_error(flow.protocol) => Answered::Refused,
            _ => self.answered(first, exchange),
        };
        let sender = if self.opener == client { self.sender } else { Sender::default() };
        let others = || devices.others(sender, client_ip, began.frame);
        flow.names.extend(found.or_else(|| answers.explain(client_ip, server_ip, began, others)));
        flow.translated = answers.handed_on(server_ip, began.frame);
        flow.is_in_tunnel = self.sender.is_tunnel();
        flow.is_doubled = exchange.is_tcp && first.is_doubled();
        let mut outcome = None;
        if let Some(details) = details {
            let opened = details.open_hello(keys, self.key.protocol() == TCP);
            let sent = Sent { origin: self.handshake.origin(client), payload: flow.up.payload };
            details.tell(flow, client, sent, answers);
            if let Some((opened, whole)) = opened {
                outcome = Some(opened.outcome);
                opened.tell(flow, whole);
            }
        }
        if let Some(chosen) = flow.names.first().filter(|name| name.source == NameSource::Dns && name.doubt.is_none()) {
            let earlier = answers.others((client_ip, server_ip), began, chosen);
            // They come behind all other names, but before what a lookup asked for.
            let end = flow.names.iter().position(|name| name.source > NameSource::Dns).unwrap_or(flow.names.len());
            flow.names.insert_many(end, earlier);
        }
        flow.is_call_media = !exchange.is_tcp && round_trips::is_media(first) && flow.name().is_none_or(is_of_relay);
        outcome
    }

    /// Ends the openings that were still being read.
    fn finish(&self, details: &mut Details) {
        let intern = &mut |name: &str| Arc::from(name);
        if self.key.protocol() == TCP {
            let origins = [Side::Low, Side::High].map(|side| self.handshake.origin(side));
            Self::finish_streams(details, origins, intern);
        }
        for opening in details.take_datagrams() {
            for (stamp, side, mut findings) in opening.into_found() {
                details.absorb(&mut findings, stamp, side, intern);
            }
        }
    }

    fn finish_streams(details: &mut Details, origins: [Option<u32>; 2], intern: &mut impl FnMut(&str) -> Arc<str>) {
        details.finish_openings(intern);
        details.read_folded(intern);
        details.supersede();
        for side in [Side::Low, Side::High] {
            let completed = details.streams[side as usize].reread(origins[side as usize]);
            details.absorb_all(completed, side, intern);
        }
        // The server has answered with a hello, but the start of the client's own hello is missing.
        let is_tls = |&(_, application): &(_, Application)| application == Application("tls");
        if details.applications.iter().any(is_tls)
            && !details.names.iter().any(|found| found.name.source == NameSource::TlsSni)
            && let Some(&client) = details.client.get()
            && let Some((stamp, mut findings)) = details.streams[client as usize].piece()
        {
            details.absorb(&mut findings, stamp, client, intern);
        }
    }

    /// What a side sent. If both ends are the same endpoint, everything counts as sent by it.
    fn counted(&self, side: Side) -> Counters {
        self.counters[side as usize]
    }

    /// Which side is the client. It is decided by the handshake, else by the reader of an opening, else by resolvers'
    /// answers, else by group addresses, else by what other connections show, else by ports, else it is the side that sent first. Also returns the name
    /// from the answer that decided, if one did.
    fn direction(
        &self,
        recognised: Option<Side>,
        (answers, openers): (&Answers, &Openers),
        began: Stamp,
    ) -> (Side, Option<Name>) {
        if let Some(client) = self.handshake.client.or(recognised) {
            return (client, None);
        }
        let opener = self.opener;
        for client in [opener, opener.opposite()] {
            let found = answers.find(self.key.address(client), self.key.address(client.opposite()), began);
            // Servers look up the names of their clients, so a reverse lookup does not tell the direction.
            if found.as_ref().is_some_and(|found| found.source != NameSource::DnsReverse) {
                return (client, found);
            }
        }
        let is_group = |side| match self.key.address(side) {
            IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
            IpAddr::V6(ip) => ip.is_multicast(),
        };
        if is_group(opener) != is_group(opener.opposite()) {
            return (if is_group(opener) { opener.opposite() } else { opener }, None);
        }
        // All frames up to the session's last are known by now, however the capture is cut.
        let until = self.position.last();
        let has_accepted = |side: Side| {
            self.key.protocol() == TCP && openers.has_accepted((self.key.address(side), self.key.port(side)), until)
        };
        if has_accepted(opener) != has_accepted(opener.opposite()) {
            return (if has_accepted(opener) { opener.opposite() } else { opener }, None);
        }
        let is_server = |side: Side| is_server_port(self.key.port(side));
        if is_server(opener) && !is_server(opener.opposite()) {
            return (opener.opposite(), None);
        }
        // People's devices have private addresses, and open conversations with servers that have public ones. Only where the
        // opening was not seen is it told by this.
        let [mine, theirs] = [opener, opener.opposite()].map(|side| is_private(self.key.address(side)));
        let [has_opened, have_opened] =
            [opener, opener.opposite()].map(|side| openers.has_opened(self.key.address(side), until));
        // Other protocols have no connections: of ICMP who sent first counts.
        let has_ports = self.key.port(opener) != 0 || self.key.port(opener.opposite()) != 0;
        let is_other = if mine == theirs { has_ports && have_opened && !has_opened } else { theirs };
        if is_other && !is_server(opener.opposite()) && !is_group(opener) && !is_group(opener.opposite()) {
            return (opener.opposite(), None);
        }
        (opener, None)
    }

    /// What round trips are measured by.
    fn exchange(&self, client: Side, application: Option<Application>) -> Exchange {
        let server = client.opposite();
        let is_spoken = |words: &[&str]| application.is_some_and(|Application(word)| words.contains(&word));
        Exchange {
            client,
            is_tcp: self.key.protocol() == TCP,
            is_quic: is_spoken(&["quic"]),
            is_one_way: self.counters[server as usize].packets == 0,
            may_be_cached: self.key.port(server) == HTTP || is_spoken(&["http", "http2"]),
            is_lookup: self.key.port(server) == DNS || is_spoken(&["dns", "mdns", "llmnr", "netbios", "ntp"]),
        }
    }

    /// Whether the server answered.
    fn answered(&self, first: &FirstPackets, exchange: Exchange) -> Answered {
        let server = exchange.client.opposite();
        let (packets, resets) = (self.counters[server as usize].packets, self.handshake.resets[server as usize]);
        // Packets that repeat another are not counted, but resets are. So the first packets are asked as well.
        let has_answered = packets > u64::from(resets) || round_trips::answered_in(first, server);
        match packets {
            0 if round_trips::acknowledges_other(first, exchange.client) => Answered::Yes,
            0 => Answered::No,
            _ if has_answered => Answered::Yes,
            _ => Answered::Refused,
        }
    }

    fn rtt(&self, client: Side, application: Option<Application>) -> Option<Rtt> {
        if self.key.protocol() == TCP {
            return self.handshake.rtt(self.counters[client.opposite() as usize].packets == 0);
        }
        let [mine, theirs] = [self.first_ns[client as usize], self.first_ns[client.opposite() as usize]];
        if application != Some(Application("quic")) || self.opener != client || mine == NEVER || theirs == NEVER {
            return None;
        }
        Some(Rtt { ns: u64::try_from(theirs.checked_sub(mine)?).ok()?, source: RttSource::QuicInitial })
    }
}

impl Details {
    /// Moves into the flow what was found in the session, beside the name that an answer gave.
    fn tell(mut self: Box<Self>, flow: &mut Flow, client: Side, sent: Sent, answers: &Answers) {
        let has_sni = self.has_server_name();
        flow.names.reserve(self.names.len());
        flow.ja4 = take(&mut self.hellos).choose((flow.protocol == TCP).then_some(sent));
        let found = self.names.drain(..).filter(|found| !has_sni || found.name.source != NameSource::TlsCertificate);
        if flow.protocol != TCP {
            flow.names.extend(found.map(|found| found.name));
            flow.names.sort();
        } else {
            // The sort keeps the order that they come in.
            sent.judge(found, &mut flow.names);
            flow.names.sort_by_key(|name| name.source);
        }
        flow.ech = self.ech.found().map(|(frame, offer)| {
            let hello_name = flow.names.iter().find(|n| matches!(n.source, NameSource::TlsSni | NameSource::QuicSni));
            let name = hello_name.map(|n| &*n.name).unwrap_or_default();
            if answers.has_ech_config((name.into(), offer.config_id, offer.kdf, offer.aead), frame) {
                Ech::Confirmed
            } else if PUBLIC_NAMES.contains(&name) {
                Ech::Likely
            } else {
                Ech::Grease
            }
        });
        flow.ech_offer = self.ech.take();
        flow.client_head = self.take_head(client);
        flow.server_head = self.take_head(client.opposite());
        flow.alpn = Alpn::of_text(self.alpn.take());
        if let Some(mut rare) = self.take_rare() {
            flow.ech = flow.ech.or(rare.esni.get().map(|()| Ech::Esni));
            flow.certificate = rare.certificate.take().filter(|_| !has_sni).map(Box::new);
            flow.owner = rare.owners.elect().map(Box::new);
        }
    }

    fn take_head(&mut self, side: Side) -> Option<Box<Head>> {
        let datagrams = take(&mut self.heads[side as usize]);
        datagrams.into_head().or_else(|| self.streams[side as usize].head())
    }
}

/// Whether a name is that of a relay or comes from a reverse lookup: both may stand beside the media of a call.
fn is_of_relay(name: &Name) -> bool {
    matches!(name.source, NameSource::StunRealm | NameSource::DnsReverse)
}

/// The application that describes a session best: one that was spoken inside the opening of a proxy or a mail server,
/// else the first.
fn choose_application(seen: &[(crate::capture::FrameId, Application)]) -> Option<Application> {
    let inner = ["mmtls", "tls", "quic", "dtls"];
    let preferred = inner.iter().find_map(|word| seen.iter().find(|(_, application)| application.0 == *word));
    preferred.or(seen.first()).map(|&(_, application)| application)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_ports_are_sorted() {
        assert!(SERVER_PORTS.is_sorted());
    }
}
