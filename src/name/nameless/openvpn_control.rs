//! Joins the packets of OpenVPN's control channel into the TLS stream that they carry ("Network protocol" in OpenVPN's documentation,
//! `ssl_pkt.h`): in clear, or with a code (tls-auth). Where the channel is encrypted (tls-crypt), nothing is found.

use crate::name::findings::Findings;
use crate::name::reader::Reading;
use crate::name::tls::stream as tls;
use crate::name::wire::Wire;
use smallvec::SmallVec;

/// A packet that carries a part of the TLS stream, under the first key.
pub(super) const CONTROL: u8 = 4 << 3;
/// Length of the code (none, MD5, SHA-1, SHA-256, SHA-512) with packet number and time.
pub(super) const CODES: [usize; 5] = [0, 16 + 8, 20 + 8, 32 + 8, 64 + 8];
/// Messages that are put in order. A handshake with a long chain of certificates takes some twenty.
const MESSAGE_LIMIT: u32 = 256;
/// Messages that a packet acknowledges (`RELIABLE_ACK_SIZE`).
const ACKNOWLEDGED_LIMIT: u8 = 8;

/// Whether a packet may carry a part of the TLS stream, with a code of some length.
pub(super) fn is_control(packet: &[u8]) -> bool {
    packet.first() == Some(&CONTROL) && CODES.into_iter().any(|code| message(packet, code).is_some())
}

/// The number of the message and its bytes, if the code has this length.
fn message(packet: &[u8], code: usize) -> Option<(u32, &[u8])> {
    let mut wire = Wire::new(packet);
    if wire.u8()? != CONTROL {
        return None;
    }
    // The session of the sender.
    wire.take(8 + code)?;
    let acknowledged = wire.u8()?;
    if acknowledged > ACKNOWLEDGED_LIMIT {
        return None;
    }
    for _ in 0..acknowledged {
        wire.u32().filter(|number| *number < MESSAGE_LIMIT)?;
    }
    if acknowledged > 0 {
        // The session of the receiver.
        wire.take(8)?;
    }
    // The reset that opened the session was message 0. A TLS stream begins with a handshake record.
    let number = wire.u32().filter(|number| (1..MESSAGE_LIMIT).contains(number))?;
    let bytes = wire.rest();
    let is_likely = !bytes.is_empty() && (number > 1 || matches!(bytes, [0x16] | [0x16, 3, ..]));
    is_likely.then_some((number, bytes))
}

/// The TLS stream in the packets of one sender, as far as it is known from its start. The code is as long as fits all of them.
fn stream(packets: &[&[u8]]) -> Option<Vec<u8>> {
    CODES.into_iter().find_map(|code| {
        let mut messages: SmallVec<[(u32, &[u8]); 16]> = SmallVec::new();
        for packet in packets.iter().filter(|packet| packet.first() == Some(&CONTROL)) {
            messages.push(message(packet, code)?);
        }
        // The sort keeps the order of those that are sent again, of which the first counts.
        messages.sort_by_key(|(number, _)| *number);
        messages.dedup_by_key(|(number, _)| *number);
        let known = messages.iter().zip(1..).take_while(|((number, _), expected)| number == expected);
        let bytes: Vec<u8> = known.flat_map(|((_, bytes), _)| *bytes).copied().collect();
        (!bytes.is_empty()).then_some(bytes)
    })
}

/// Reads the TLS hello in packets of one sender. `None` if there is none so far.
pub(super) fn read(packets: &[&[u8]]) -> Option<Reading> {
    let inside = |findings: &mut Box<Findings>| findings.application = Findings::of("openvpn", None).application;
    match tls::read(&stream(packets)?) {
        Reading::No | Reading::NeedMore(None) => None,
        Reading::NeedMore(Some(mut findings)) => {
            inside(&mut findings);
            Some(Reading::NeedMore(Some(findings)))
        }
        Reading::Done { mut findings, .. } => {
            inside(&mut findings);
            Some(Reading::Done { findings, consumed: 0 })
        }
    }
}
