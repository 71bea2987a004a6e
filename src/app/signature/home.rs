//! Devices of the home that their maker's app, or another, finds and controls in the local network: Tuya's, Xiaomi's and
//! TP-Link's. The app that is named is the maker's; white-label devices of Tuya's have other apps.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const TUYA: Signature = Signature {
    name: "tuya-lan",
    says: Says::App("tuya"),
    about: "messages between 000055AA and 0000AA55, or 00006699 and 00009966, of the length that they say",
    over: Over::Either,
    read: read_tuya,
};

pub(super) const XIAOMI: Signature = Signature {
    name: "xiaomi-miio",
    says: Says::App("xiaomi"),
    about: "UDP 54321: `2131` and the length of the datagram; certain for the hello of 32 bytes",
    over: Over::Udp,
    read: read_xiaomi,
};

pub(super) const KASA: Signature = Signature {
    name: "tp-link-kasa",
    says: Says::App("tp-link"),
    about: "port 9999: a JSON object hidden by XOR with the byte before, from AB on",
    over: Over::Either,
    read: read_kasa,
};

fn read_tuya(probe: &Probe<'_>) -> Option<Confidence> {
    // A start, the place of the length, what is not counted in it, and an end.
    let is_framed = |side: Side<'_>, start: &[u8; 4], at: usize, end: &[u8; 4]| {
        let length = side.first_length();
        side.has(0, start)
            && side.u32(at).is_some_and(|rest| (rest as usize).checked_add(at + 4) == Some(length))
            && (side.bytes.len() < length || side.bytes.ends_with(end))
    };
    let is_message = |side: Side<'_>| {
        is_framed(side, &[0, 0, 0x55, 0xaa], 12, &[0, 0, 0xaa, 0x55])
            || is_framed(side, &[0, 0, 0x66, 0x99], 14, &[0, 0, 0x99, 0x66])
    };
    ((probe.is_udp || probe.is_tcp) && probe.sides().into_iter().any(is_message)).then_some(Confidence::Certain)
}

fn read_xiaomi(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp || probe.server_port != 54321 {
        return None;
    }
    let is_message = |side: Side<'_>| {
        let length = side.first_length();
        side.has(0, &[0x21, 0x31]) && length >= 32 && side.u16(2).map(usize::from) == Some(length)
    };
    let is_hello = |side: Side<'_>| {
        side.first_length() == 32 && side.bytes.get(4..32).is_some_and(|rest| rest.iter().all(|&byte| byte == 0xff))
    };
    let (client, server) = (probe.client, probe.server);
    match (is_message(client), is_message(server)) {
        (true, true) => Some(Confidence::Certain),
        (true, false) if is_hello(client) => Some(Confidence::Certain),
        (true, false) | (false, true) => Some(Confidence::Probable),
        (false, false) => None,
    }
}

fn read_kasa(probe: &Probe<'_>) -> Option<Confidence> {
    if probe.server_port != 9999 || !(probe.is_udp || probe.is_tcp) {
        return None;
    }
    let is_object = |side: Side<'_>| {
        let hidden = match probe.is_tcp {
            true if side.u32(0).is_none_or(|length| (length as usize) + 4 < side.first_length()) => &[],
            true => side.bytes.get(4..).unwrap_or_default(),
            false => side.bytes,
        };
        let mut key = 0xab;
        let mut shown = hidden.iter().map(|&byte| byte ^ std::mem::replace(&mut key, byte));
        shown.next() == Some(b'{') && shown.next() == Some(b'"') && shown.all(|byte| (b' '..0x7f).contains(&byte))
    };
    probe.sides().into_iter().any(is_object).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn tuyas_messages() {
        let old = hex("000055aa 00000000 00000013 0000000c 00000000 01020304 0000aa55");
        let new = hex("00006699 0000 00000001 00000013 00000008 01020304 00009966");
        for bytes in [&old, &new] {
            assert_eq!(read_tuya(&udp(bytes, &[], 6667, 0)), Some(Confidence::Certain));
            assert_eq!(read_tuya(&tcp(&[], bytes, 6668, 0)), Some(Confidence::Certain));
            for cut in 0..bytes.len() {
                assert_eq!(read_tuya(&udp(&bytes[..cut], &[], 6667, 0)), None, "{cut}");
            }
        }
        let mut other = old;
        *other.last_mut().unwrap() = 0;
        assert_eq!(read_tuya(&udp(&other, &[], 6667, 0)), None);
    }

    #[test]
    fn xiaomis_messages() {
        let mut hello = hex("21310020");
        hello.resize(32, 0xff);
        assert_eq!(read_xiaomi(&udp(&hello, &[], 54321, 0)), Some(Confidence::Certain));
        assert_eq!(read_xiaomi(&udp(&hello, &[], 54322, 0)), None);
        hello[9] = 0;
        assert_eq!(read_xiaomi(&udp(&hello, &[], 54321, 0)), Some(Confidence::Probable));
        assert_eq!(read_xiaomi(&udp(&hello, &hello, 54321, 0)), Some(Confidence::Certain));
        assert_eq!(read_xiaomi(&udp(&hello[..31], &[], 54321, 0)), None);
    }

    #[test]
    fn hidden_json() {
        let mut key = 0xab;
        let hidden: Vec<u8> = br#"{"system":{"get_sysinfo":{}}}"#
            .iter()
            .map(|&byte| {
                key ^= byte;
                key
            })
            .collect();
        assert_eq!(read_kasa(&udp(&hidden, &[], 9999, 0)), Some(Confidence::Certain));
        assert_eq!(read_kasa(&udp(&hidden, &[], 9998, 0)), None);
        let framed = [&[0, 0, 0, hidden.len() as u8][..], &hidden].concat();
        assert_eq!(read_kasa(&tcp(&framed, &[], 9999, 0)), Some(Confidence::Certain));
        assert_eq!(read_kasa(&tcp(&hidden, &[], 9999, 0)), None);
        let mut other = hidden;
        other[9] ^= 0x80;
        assert_eq!(read_kasa(&udp(&other, &[], 9999, 0)), None);
    }
}
