//! The ClientHello in the framing of SSL 2.0, which old clients of TLS open with (RFC 5246 §E.2). It has no place for a name.

use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;
use crate::name::wire::{Wire, agrees};

const CLIENT_HELLO: u8 = 1;

pub(super) fn starts(payload: &[u8]) -> bool {
    agrees(payload, 2, |kind| kind == CLIENT_HELLO)
        && agrees(payload, 3, |major| matches!(major, 0 | 3))
        && match payload {
            [_, _, _, 0, minor, ..] => *minor == 2,
            [_, _, _, _, minor, ..] => *minor <= 3,
            _ => true,
        }
        && payload.get(2..11).is_none_or(|_| length_of(payload).is_some())
}

/// The length of the hello, if the four lengths in it agree.
fn length_of(stream: &[u8]) -> Option<usize> {
    let mut wire = Wire::new(stream);
    let length = usize::from(wire.u16()? & 0x7fff);
    wire.take(3)?;
    let suites = usize::from(wire.u16()?);
    let session = usize::from(wire.u16()?);
    let challenge = usize::from(wire.u16()?);
    let sound = suites > 0
        && suites.is_multiple_of(3)
        && matches!(session, 0 | 16 | 32)
        && (16..=32).contains(&challenge)
        && length == 9 + suites + session + challenge;
    sound.then_some(2 + length)
}

pub(super) fn read(stream: &[u8]) -> Reading {
    if stream.len() < 11 {
        return Reading::NeedMore(None);
    }
    let Some(length) = length_of(stream) else { return Reading::No };
    let findings = Box::new(Findings::of("tls", Some(Role::Client)));
    if stream.len() < length { Reading::NeedMore(Some(findings)) } else { Reading::Done { findings, consumed: length } }
}
