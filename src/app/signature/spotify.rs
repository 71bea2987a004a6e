//! Spotify: its discovery in the local network, `SpotUdp` broadcast on UDP port 57621; and its access points over TCP, whose
//! first message each way says its own length. Source: the notes of librespot on the connection.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "spotify-discovery",
    says: Says::App("spotify"),
    about: "UDP datagrams that begin with SpotUdp",
    over: Over::Udp,
    read,
};

pub(super) const ACCESS_POINT: Signature = Signature {
    name: "spotify-access-point",
    says: Says::App("spotify"),
    about: "TCP: `0004`, the length of the message and a protobuf, answered by a message that begins with its length",
    over: Over::Tcp,
    read: read_access_point,
};

fn read_access_point(probe: &Probe<'_>) -> Option<Confidence> {
    let (client, server) = (probe.client, probe.server);
    let is_length = |side: Side<'_>, at| side.u32(at).is_some_and(|length| length as usize == side.first_length());
    if !probe.is_tcp || !client.has(0, &[0, 4]) || !is_length(client, 2) || !client.has(6, &[0x52]) {
        return None;
    }
    Some(if is_length(server, 0) { Confidence::Certain } else { Confidence::Probable })
}

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_udp && probe.client.has(0, b"SpotUdp")).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn lengths_of_the_first_messages() {
        let ask = hex("0004 0000000c 520a 50010102");
        let ask = [&ask[..], &[0]].concat();
        let answer = hex("00000008 520252aa");
        assert_eq!(read_access_point(&tcp(&ask, &answer, 4070, 0)), None);
        let ask = &ask[..12];
        assert_eq!(read_access_point(&tcp(ask, &answer, 4070, 0)), Some(Confidence::Certain));
        assert_eq!(read_access_point(&tcp(ask, &answer[..7], 443, 0)), Some(Confidence::Probable));
        for cut in 0..ask.len() {
            assert_eq!(read_access_point(&tcp(&ask[..cut], &answer, 4070, 0)), None, "{cut}");
        }
    }

    #[test]
    fn begins_with_its_name() {
        assert_eq!(read(&udp(b"SpotUdp0\xba\xe1", &[], 57621, 0)), Some(Confidence::Certain));
        for cut in 0..7 {
            assert_eq!(read(&udp(&b"SpotUdp"[..cut], &[], 57621, 0)), None, "{cut}");
        }
    }
}
