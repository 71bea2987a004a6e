//! Calls over STUN (RFC 8489) and TURN, recognised by attributes that only one vendor sends.
//!
//! WhatsApp: Allocate requests that begin with attribute 4000 and no other vendor's set, answered with 4002 by Meta's
//! relays; and messages of the methods 0800 to 0805, which are not in the registry of RFC 8489 §18.2 and often have
//! no attributes. Microsoft: MS-VERSION 8008, MS-SERVICE-QUALITY 8055, MS-IMPLEMENTATION-VERSION 8070 and others of
//! MS-TURN and MS-ICE2.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};

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
    about: "STUN attributes of MS-TURN to Microsoft's network: Teams, before May 2025 also Skype",
    over: Over::Either,
    read: read_microsoft,
};

/// RFC 8489 §5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Attributes looked at: the bytes kept of a datagram hold no more of them, at four bytes or more each.
const ATTRIBUTE_LIMIT: usize = 27;

/// The attribute types of a STUN message, as far as its bytes were kept; empty if it is not a STUN message.
fn attributes(side: Side<'_>) -> impl Iterator<Item = u16> {
    let is_message = side.bytes.first().is_some_and(|first| first & 0xc0 == 0)
        && side.has(4, &MAGIC_COOKIE)
        && side.u16(2).is_some_and(|length| length % 4 == 0 || usize::from(length) + 20 == side.first_length())
        && side.bytes.len() >= 20;
    let mut at = if is_message { 20 } else { usize::MAX };
    std::iter::from_fn(move || {
        let kind = if at < usize::MAX { side.u16(at)? } else { return None };
        let length = usize::from(side.u16(at + 2)?);
        at += 4 + length.next_multiple_of(4);
        Some(kind)
    })
    .take(ATTRIBUTE_LIMIT)
}

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
    let is_marked = probe
        .sides()
        .into_iter()
        .any(|side| attributes(side).any(|kind| matches!(kind, 0x8008 | 0x8037 | 0x8055 | 0x8070 | 0x8095)));
    match (is_marked, probe.is_in(networks::MICROSOFT)) {
        (true, true) => Some(Confidence::Probable),
        (true, false) => Some(Confidence::Weak),
        (false, _) => None,
    }
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
        assert_eq!(read_microsoft(&udp(&request, &[], 3478, 0)), Some(Confidence::Weak));
    }
}
