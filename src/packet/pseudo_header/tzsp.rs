//! Frames from remote sniffers in TZSP, which travels in UDP and is a link type of its own (128).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads the TaZmen Sniffer Protocol, as Mikrotik and Wireshark describe it: version, type, protocol, tags.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    /// Tags that are read of one packet. About ten are defined.
    const TAG_LIMIT: usize = 64;
    const PADDING: u8 = 0;
    const END: u8 = 1;
    let [version, kind] = span.array(0)?;
    let protocol = span.u16(2)?;
    match (version, kind) {
        (1, 0 | 1) => {}
        (1, _) => return Err(NotIp::LinkControl),
        _ => return Err(NotIp::Malformed),
    }
    let mut rest = span.after(4)?;
    for _ in 0..TAG_LIMIT {
        match rest.byte(0)? {
            PADDING => rest = rest.after(1)?,
            END => {
                let frame = rest.after(1)?;
                return match protocol {
                    1 => Ok(Next::Ethernet(frame)),
                    18 => Ok(Next::Link(105, frame)),
                    119 => Ok(Next::Link(119, frame)),
                    127 => Ok(Next::Link(163, frame)),
                    other => Err(NotIp::Protocol(other)),
                };
            }
            _ => rest = rest.after(2 + usize::from(rest.byte(1)?))?,
        }
    }
    Err(NotIp::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tzsp_tags_are_passed_over() {
        let bytes = [1, 0, 0, 1, 0, 10, 2, 9, 9, 1, 7];
        assert_eq!(read(Span::new(&bytes, 11)), Ok(Next::Ethernet(Span::new(&[7], 1))));
        for length in 0..10 {
            assert_eq!(read(Span::new(&bytes[..length], 11)), Err(NotIp::CutShort));
        }
        assert_eq!(read(Span::new(&[1, 4, 0, 0], 4)), Err(NotIp::LinkControl));
    }
}
