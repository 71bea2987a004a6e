//! Calls over STUN (RFC 8489) and TURN, recognised by attributes that only one vendor sends.
//!
//! WhatsApp: Allocate requests that begin with attribute 4000 and no other vendor's set, answered with 4002 by Meta's
//! relays; and messages of the methods 0800 to 0805, which are not in the registry of RFC 8489 §18.2 and often have
//! no attributes. Microsoft: MS-VERSION 8008, MS-SERVICE-QUALITY 8055, MS-IMPLEMENTATION-VERSION 8070 and others of
//! MS-TURN and MS-ICE2, and the frame in which its clients put messages between peers. Those calls run outside of
//! Microsoft's network, so the network is not asked for.
//!
//! Telegram's and Google's calls are recognised by where the relay is: Telegram's own network on port 1400, and the
//! ranges that Google publishes for the media of Meet. C057 to C060 and the methods 0200 and 0300 are libwebrtc's, and
//! SOFTWARE `None` is a relay that several apps share: none of them tells an app. Realms that belong to one app are
//! names, and are in the catalogue.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};
use std::net::IpAddr;

pub(super) const WHATSAPP: Signature = Signature {
    name: "whatsapp-call",
    says: Says::App("whatsapp"),
    about: "STUN attributes 4000 to 4007 in TURN messages, or messages 0800 to 0805; surer in Meta's network",
    over: Over::Udp,
    read: read_whatsapp,
};

pub(super) const MICROSOFT: Signature = Signature {
    name: "ms-turn",
    says: Says::App("teams"),
    about: "STUN attributes of MS-TURN, or its frame `FF10` between peers: Teams, before May 2025 also Skype",
    over: Over::Either,
    read: read_microsoft,
};

pub(super) const TELEGRAM: Signature = Signature {
    name: "telegram-stun",
    says: Says::App("telegram"),
    about: "STUN to UDP port 1400 in Telegram's network",
    over: Over::Udp,
    read: read_telegram,
};

pub(super) const MEET: Signature = Signature {
    name: "google-meet-media",
    says: Says::App("google-meet"),
    about: "STUN or DTLS to the addresses that Google publishes for the media of Meet, on their ports",
    over: Over::Udp,
    read: read_meet,
};

/// RFC 8489 §5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Attributes looked at: the bytes kept of a datagram hold no more of them, at four bytes or more each.
const ATTRIBUTE_LIMIT: usize = 27;

/// Networks (RFC 4632, RFC 4291) to which the media of Google Meet goes (Google Workspace Admin Help, "Prepare your
/// network for Meet").
const MEET_V4: [[u8; 3]; 2] = [[74, 125, 250], [142, 250, 82]];
const MEET_V6: [[u16; 4]; 2] = [[0x2001, 0x4860, 0x4864, 5], [0x2001, 0x4860, 0x4864, 6]];

/// The attribute types of a STUN message, as far as its bytes were kept; empty if it is not a STUN message.
fn attributes(side: Side<'_>) -> impl Iterator<Item = u16> {
    attributes_from(side, 0)
}

/// The same for a message that begins at `start`.
fn attributes_from(side: Side<'_>, start: usize) -> impl Iterator<Item = u16> {
    let is_message = side.bytes.get(start).is_some_and(|first| first & 0xc0 == 0)
        && side.has(start + 4, &MAGIC_COOKIE)
        && side
            .u16(start + 2)
            .is_some_and(|length| length % 4 == 0 || usize::from(length) + 20 + start == side.first_length())
        && side.bytes.len() >= start + 20;
    let mut at = if is_message { start + 20 } else { usize::MAX };
    std::iter::from_fn(move || {
        let kind = if at < usize::MAX { side.u16(at)? } else { return None };
        let length = usize::from(side.u16(at + 2)?);
        at += 4 + length.next_multiple_of(4);
        Some(kind)
    })
    .take(ATTRIBUTE_LIMIT)
}

/// MS-TURN §2.2 and MS-ICE2 §2.2.
const MICROSOFTS: [u16; 9] = [0x8006, 0x8008, 0x8036, 0x8037, 0x8050, 0x8054, 0x8055, 0x8070, 0x8095];

fn read_whatsapp(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    // TURN methods only: requests and answers of Allocate, and WhatsApp's own 0800 to 0805.
    let is_marked = probe.sides().into_iter().any(|side| {
        matches!(side.u16(0), Some(0x0003 | 0x0103 | 0x0113 | 0x0800..=0x0805))
            && attributes(side).any(|kind| (0x4000..=0x4007).contains(&kind))
    });
    // A message without any attribute, of the exact length that it says.
    let is_bare = probe.sides().into_iter().any(|side| {
        matches!(side.u16(0), Some(0x0800..=0x0805))
            && side.has(2, &[0, 0])
            && side.has(4, &MAGIC_COOKIE)
            && side.first_length() == 20
    });
    match (is_marked, is_bare, probe.is_in(networks::META) || probe.is_face_book) {
        (true, _, true) => Some(Confidence::Certain),
        (true, _, false) | (false, true, true) => Some(Confidence::Probable),
        (false, true, false) => Some(Confidence::Weak),
        (false, false, _) => None,
    }
}

fn read_microsoft(probe: &Probe<'_>) -> Option<Confidence> {
    if !(probe.is_udp || probe.is_tcp) {
        return None;
    }
    // The frame between peers: its length, and a message at 12.
    let is_framed = |side: &Side<'_>| {
        side.has(0, &[0xff, 0x10])
            && side.has(16, &MAGIC_COOKIE)
            && side.u16(2).is_some_and(|length| usize::from(length) + 4 == side.first_length())
    };
    let sides = probe.sides();
    if sides.iter().any(is_framed) {
        return Some(Confidence::Certain);
    }
    let found =
        sides.into_iter().flat_map(attributes).filter_map(|kind| MICROSOFTS.iter().position(|&own| own == kind));
    let kinds = found.fold(0u16, |kinds, place| kinds | 1 << place).count_ones();
    match kinds {
        0 => None,
        1 => Some(Confidence::Probable),
        _ => Some(Confidence::Certain),
    }
}

fn read_telegram(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_udp && probe.server_port == 1400 && probe.is_in(networks::TELEGRAM) && probe.client.has(4, &MAGIC_COOKIE))
        .then_some(Confidence::Probable)
}

fn read_meet(probe: &Probe<'_>) -> Option<Confidence> {
    // 19302 is a server that everybody may use, so it is not among the ports.
    if !probe.is_udp || !matches!(probe.server_port, 3478 | 19305..=19309) {
        return None;
    }
    let is_media = match probe.server_ip? {
        IpAddr::V4(ip) => MEET_V4.iter().any(|range| ip.octets().starts_with(range)),
        IpAddr::V6(ip) => MEET_V6.iter().any(|range| ip.segments().starts_with(range)),
    };
    // A handshake of DTLS (RFC 9147), or a message.
    let is_spoken = |side: Side<'_>| side.has(4, &MAGIC_COOKIE) || side.has(0, &[22, 0xfe]);
    (is_media && probe.sides().into_iter().any(is_spoken)).then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    fn message(kind: &str, attributes: &str) -> Vec<u8> {
        let body = hex(attributes);
        let mut bytes = hex(kind);
        bytes.extend((body.len() as u16).to_be_bytes());
        bytes.extend(hex("2112a442 000102030405060708090a0b"));
        bytes.extend(body);
        bytes
    }

    #[test]
    fn whatsapp_allocates() {
        let request = message("0003", "4000 0004 06050308");
        assert_eq!(read_whatsapp(&udp(&request, &[], 3478, 32934)), Some(Confidence::Certain));
        assert_eq!(read_whatsapp(&udp(&request, &[], 3478, 0)), Some(Confidence::Probable));
        let answer = message("0103", "0020 0008 0001ed8671a60672 4002 0008 0000016b8e034333");
        assert_eq!(read_whatsapp(&udp(&[], &answer, 3478, 32934)), Some(Confidence::Certain));
        for cut in 0..22 {
            assert_eq!(read_whatsapp(&udp(&request[..cut], &[], 3478, 32934)), None, "{cut}");
        }
    }

    #[test]
    fn bare_messages_of_its_own_methods() {
        let bare = message("0801", "");
        assert_eq!(read_whatsapp(&udp(&bare, &[], 3478, 32934)), Some(Confidence::Probable));
        assert_eq!(read_whatsapp(&udp(&bare, &[], 3478, 0)), Some(Confidence::Weak));
        assert_eq!(
            read_whatsapp(&Probe { is_face_book: true, ..udp(&bare, &[], 3478, 0) }),
            Some(Confidence::Probable)
        );
        assert_eq!(read_whatsapp(&udp(&message("0001", ""), &[], 3478, 32934)), None);
        assert_eq!(read_whatsapp(&udp(&bare[..19], &[], 3478, 32934)), None);
    }

    #[test]
    fn ordinary_webrtc_is_nobodys() {
        let binding =
            message("0001", "0006 0004 61626364 c057 0004 00000001 802a 0008 0102030405060708 0024 0004 00000001");
        assert_eq!(read_whatsapp(&udp(&binding, &[], 3478, 32934)), None);
        assert_eq!(read_microsoft(&udp(&binding, &[], 3478, 8075)), None);
    }

    #[test]
    fn microsoft_turn() {
        let request = message("0003", "000f 0004 72c64bc6 8008 0004 00000006 0006 0004 01020304");
        assert_eq!(read_microsoft(&udp(&request, &[], 3478, 8075)), Some(Confidence::Probable));
        assert_eq!(read_microsoft(&udp(&request, &[], 3478, 0)), Some(Confidence::Probable));
        let answer = message("0103", "8008 0004 00000006 8050 0004 01020304");
        assert_eq!(read_microsoft(&udp(&[], &answer, 3478, 0)), Some(Confidence::Certain));
        let plain = message("0103", "8022 0004 4e6f6e65 8028 0004 01020304");
        assert_eq!(read_microsoft(&udp(&request[..20], &plain, 3478, 8075)), None);
    }

    #[test]
    fn microsofts_frame_between_peers() {
        let inner = message("0001", "0024 0004 00000001");
        let mut frame = hex("ff10 0000 0000000000000000");
        frame.extend(inner);
        frame[3] = (frame.len() - 4) as u8;
        assert_eq!(read_microsoft(&udp(&frame, &[], 50_021, 0)), Some(Confidence::Certain));
        frame[3] += 1;
        assert_eq!(read_microsoft(&udp(&frame, &[], 50_021, 0)), None);
    }

    #[test]
    fn relays_are_told_by_where_they_are() {
        let binding = message("0001", "0006 0004 61626364");
        assert_eq!(read_telegram(&udp(&binding, &[], 1400, 62041)), Some(Confidence::Probable));
        assert_eq!(read_telegram(&udp(&binding, &[], 1400, 0)), None);
        assert_eq!(read_telegram(&udp(&binding, &[], 3478, 62041)), None);
        let at = |ip: &str, port| Probe { server_ip: ip.parse().ok(), ..udp(&binding, &[], port, 15169) };
        for ip in ["74.125.250.9", "142.250.82.1", "2001:4860:4864:5::9", "2001:4860:4864:6::1"] {
            assert_eq!(read_meet(&at(ip, 19305)), Some(Confidence::Probable), "{ip}");
            assert_eq!(read_meet(&at(ip, 19302)), None, "{ip}");
        }
        for ip in ["74.125.251.9", "142.250.83.1", "2001:4860:4864:7::9"] {
            assert_eq!(read_meet(&at(ip, 19305)), None, "{ip}");
        }
        assert_eq!(
            read_meet(&Probe { server_ip: "74.125.250.9".parse().ok(), ..udp(b"hello", &[], 19305, 15169) }),
            None
        );
    }
}
