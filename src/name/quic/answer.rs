//! The first message of a server, which its Initial packets carry under keys that the client's packets show (RFC 9001 §5.2).

use super::frames::gather_crypto;
use super::hello::whole_message;
use super::ids::ConnectionId;
use super::initial::client_hellos;
use super::keys::InitialKeys;
use super::packet::long_headers;
use super::versions::{Kind, Protection};
use crate::name::reassembly::Reassembly;

/// Datagrams of a server that are read. Its hello comes in the first one or two.
const DATAGRAM_LIMIT: usize = 8;
const SERVER_HELLO: u8 = 2;

/// The hellos of clients that these datagrams hold, whole, each with the server's first message in reply, if that is there. Those with
/// an answer come first: after a Retry there are two, of which the server answers the second under its keys.
pub(crate) fn hellos<'a>(
    client: impl Iterator<Item = &'a [u8]>,
    server: impl Iterator<Item = &'a [u8]> + Clone,
) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let answered = |(hello, id, protection): (Vec<u8>, ConnectionId, &'static Protection)| {
        let answer = answer(server.clone(), &id, protection);
        (hello, answer)
    };
    let mut hellos: Vec<_> = client_hellos(client).map(answered).collect();
    hellos.sort_by_key(|(_, answer)| answer.is_none());
    hellos
}

fn answer<'a>(
    datagrams: impl Iterator<Item = &'a [u8]>,
    id: &ConnectionId,
    protection: &'static Protection,
) -> Option<Vec<u8>> {
    let keys = InitialKeys::derive_server(id, protection);
    let mut stream = Reassembly::default();
    for datagram in datagrams.take(DATAGRAM_LIMIT) {
        for header in long_headers(datagram).filter(|header| header.kind == Kind::Initial) {
            if let Some(frames) = header.packet.and_then(|packet| keys.open(packet, header.number_at)) {
                gather_crypto(&frames, &mut stream);
            }
        }
    }
    whole_message(stream.prefix(), SERVER_HELLO)
}
