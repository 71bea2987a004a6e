//! Viber. Its chat over TCP begins each message with the message's length; the first message has two further marks. Its
//! calls over UDP begin each datagram with a number that both sides repeat, and a type. Relays of newer calls give their
//! realm `viber.com`, which is a name.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const CHAT: Signature = Signature {
    name: "viber",
    says: Says::App("viber"),
    about: "TCP: messages that begin with their length, and the marks of the first; on ports 4244 and 5242 lengths only",
    over: Over::Tcp,
    read: read_chat,
};

pub(super) const CALL: Signature = Signature {
    name: "viber-call",
    says: Says::App("viber"),
    about: "UDP 7985, 7987, 5243 and 9785: a message type with its length, and one number in both directions",
    over: Over::Udp,
    read: read_call,
};

fn read_chat(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_tcp {
        return None;
    }
    let is_measured = |side: Side<'_>| {
        side.first_length() >= 11 && side.u16_little(0).is_some_and(|length| usize::from(length) == side.first_length())
    };
    let client = probe.client;
    let is_marked = (client.has(6, &[0xfc, 0xff]) && client.has(9, &[0x80]))
        || (client.has(4, &[3, 0x80]) && client.has(10, &[0x0a]));
    match (is_measured(client), is_marked) {
        (true, true) => Some(Confidence::Certain),
        (true, false) if matches!(probe.server_port, 4244 | 5242) && is_measured(probe.server) => {
            Some(Confidence::Probable)
        }
        _ => None,
    }
}

fn read_call(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp || !matches!(probe.server_port, 5243 | 7985 | 7987 | 9785) {
        return None;
    }
    let (client, server) = (probe.client, probe.server);
    let is_message = matches!(
        (client.u16_little(2)?, client.first_length()),
        (0x01 | 0x0c, _) | (0x03, 12 | 16) | (0x09, 20) | (0x19 | 0x1b, 34)
    );
    (is_message && client.u16(0) == server.u16(0) && server.bytes.get(3) == Some(&0)).then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn first_messages() {
        for text in ["1000 0102 0304 fcff 05 80 060708090a0b", "0d00 0102 0380 04050607 0a 0809"] {
            let first = hex(text);
            assert_eq!(read_chat(&tcp(&first, &[], 443, 0)), Some(Confidence::Certain));
            for cut in 0..first.len() {
                assert_eq!(read_chat(&tcp(&first[..cut], &[], 4244, 0)), None, "{cut}");
            }
        }
        let other = hex("0c00 0102030405060708090a");
        assert_eq!(read_chat(&tcp(&other, &other, 4244, 0)), Some(Confidence::Probable));
        assert_eq!(read_chat(&tcp(&other, &[], 4244, 0)), None);
        assert_eq!(read_chat(&tcp(&other, &other, 443, 0)), None);
    }

    #[test]
    fn calls_need_their_port_and_one_number() {
        let (ask, answer) = (hex("abcd 0300 0102030405060708"), hex("abcd 0400 0102030405060708"));
        assert_eq!(read_call(&udp(&ask, &answer, 7985, 0)), Some(Confidence::Probable));
        assert_eq!(read_call(&udp(&ask, &answer, 5094, 0)), None);
        assert_eq!(read_call(&udp(&ask, &hex("abce 0400 0102"), 7985, 0)), None);
        assert_eq!(read_call(&udp(&ask[..11], &answer, 7985, 0)), None);
    }
}
