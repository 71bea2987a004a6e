//! AYIYA (draft-massar-v6ops-ayiya §3): Anything In Anything.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const HEADER: usize = 8;
const FORWARD: u8 = 1;

pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [identity, signature, operation, next_header] = span.array(0)?;
    let identity_length = 1_usize << (identity >> 4);
    let signature_length = usize::from(signature >> 4) * 4;
    match (operation & 0x0f, next_header) {
        (FORWARD, 4 | 41) => Ok(Next::Ip(span.after(HEADER + identity_length + signature_length)?)),
        (FORWARD, other) => Err(NotIp::Protocol(u16::from(other))),
        _ => Err(NotIp::LinkControl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_and_signature_are_passed_over() {
        let mut bytes = [0; 45];
        bytes[..4].copy_from_slice(&[0x41, 0x52, 0x11, 41]);
        bytes[44] = 0x60;
        assert_eq!(read(Span::new(&bytes, 45)), Ok(Next::Ip(Span::new(&[0x60], 1))));
        bytes[2] = 0x10;
        assert_eq!(read(Span::new(&bytes, 45)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&bytes[..3], 45)), Err(NotIp::CutShort));
    }
}
