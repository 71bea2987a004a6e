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

/// The hello of a client that these datagrams hold, whole, and the server's first message in reply, if it is there.
pub(crate) fn hellos<'a>(
    client: impl Iterator<Item = &'a [u8]>,
    server: impl Iterator<Item = &'a [u8]> + Clone,
) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let mut first = None;
    // After a Retry there are two hellos, of which the server answers the second under its keys.
    for (hello, id, protection) in client_hellos(client) {
        if let Some(answer) = answer(server.clone(), &id, protection) {
            return Some((hello, Some(answer)));
        }
        first = first.or(Some((hello, None)));
    }
    first
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
