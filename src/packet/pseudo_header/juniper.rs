//! Juniper's headers around the frames of its interfaces (link types 130 to 137, 164, 167, 168, 174, 178 to 181, 183, 194, 200,
//! 232 to 234, 238): a magic number, flags, extensions, a cookie of the interface card, then the frame. The layouts follow
//! tcpdump's `print-juniper.c`, which is the only description of them.

use crate::packet::link::{frame_relay, llc, ppp};
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const MAGIC: [u8; 3] = [0x4d, 0x47, 0x43];
const INCOMING: u8 = 0x01;
const NO_LINK_LAYER: u8 = 0x02;
const HAS_EXTENSION: u8 = 0x80;
/// Extensions that are read. Eight are known.
const EXTENSION_LIMIT: usize = 32;
/// The extension that says which kind of interface this is.
const MEDIA_TYPE: u8 = 3;
/// The first bytes of the cookies that link services and adaptive services write in place of the card's own.
const LINK_SERVICES: u8 = 0x54;
const ADAPTIVE_SERVICES: u8 = 0x47;
const ADAPTIVE_SERVICES_LENGTH: usize = 8;
const UNNUMBERED: u8 = 0x03;

/// What follows the common header.
struct Opened<'a> {
    is_incoming: bool,
    media_type: Option<u8>,
    frame: Span<'a>,
}

/// Skips the common header, and reads the frame with `with`. If the link layer was left out, IP follows at once and `with` is
/// not called.
fn open<'a>(span: Span<'a>, with: impl FnOnce(Opened<'a>) -> Result<Next<'a>, NotIp>) -> Result<Next<'a>, NotIp> {
    if span.array(0)? != MAGIC {
        return Err(NotIp::Malformed);
    }
    let flags = span.byte(3)?;
    let mut media_type = None;
    let mut frame = span.after(4)?;
    if flags & HAS_EXTENSION != 0 {
        let length = usize::from(span.u16(4)?);
        media_type = read_media_type(span.after(6)?.limited(length));
        frame = span.after(6 + length)?;
    }
    if flags & NO_LINK_LAYER != 0 {
        // The address family comes first.
        return read_ip(frame.after(4)?);
    }
    with(Opened { is_incoming: flags & INCOMING != 0, media_type, frame })
}

fn read_media_type(extensions: Span<'_>) -> Option<u8> {
    let mut rest = extensions;
    for _ in 0..EXTENSION_LIMIT {
        let [kind, length] = rest.array(0).ok()?;
        if kind == MEDIA_TYPE {
            return rest.byte(2).ok();
        }
        rest = rest.after(2 + usize::from(length)).ok()?;
    }
    None
}

/// Reads IP that no field announces. Its version must be right.
fn read_ip(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.byte(0)? {
        0x45..=0x4f | 0x60..=0x6f => Ok(Next::Ip(span)),
        _ => Err(NotIp::Protocol(0)),
    }
}

/// The cookie. Its length is that of the card, or of the service that wrote it.
fn cookie_length(frame: Span<'_>, own: usize) -> Result<usize, NotIp> {
    Ok(match frame.byte(0)? {
        LINK_SERVICES => own + 2,
        ADAPTIVE_SERVICES => ADAPTIVE_SERVICES_LENGTH,
        _ => own,
    })
}

/// What the cookie of adaptive services says of the frame.
fn read_after_services(frame: Span<'_>) -> Result<Next<'_>, NotIp> {
    let inner = frame.after(ADAPTIVE_SERVICES_LENGTH)?;
    match frame.byte(5)? & 0x70 {
        0x00 | 0x10 => read_ip(inner).or(Ok(Next::Ppp(inner))),
        0x20 => Ok(Next::Mpls(inner)),
        _ => Err(NotIp::Protocol(0)),
    }
}

pub(crate) fn read_ethernet(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| Ok(Next::Ethernet(opened.frame)))
}

pub(crate) fn read_ppp(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| Ok(Next::Ppp(opened.frame)))
}

pub(crate) fn read_frame_relay(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| frame_relay::read(opened.frame))
}

pub(crate) fn read_cisco_hdlc(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| ppp::read_cisco(opened.frame))
}

/// Reads PPPoE over ATM: its EtherType, then its header.
pub(crate) fn read_pppoe_atm(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| Ok(Next::EtherType(opened.frame.u16(0)?, opened.frame.after(2)?)))
}

/// Reads the frame of a mobile network's gateway, which says in the cookie what follows it.
pub(crate) fn read_ggsn(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| match opened.frame.byte(2)? {
        2 | 6 => Ok(Next::Ip(opened.frame.after(8)?)),
        other => Err(NotIp::Protocol(u16::from(other))),
    })
}

/// Reads the frame of a monitoring or services card: eight bytes, then IP.
pub(crate) fn read_services(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| read_ip(opened.frame.after(8)?))
}

/// Reads the frame of an IPsec card. What was to be encrypted comes after the tunnel's addresses, or by itself.
pub(crate) fn read_encryption(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| match opened.frame.byte(3)? {
        1 | 2 => read_ip(opened.frame),
        3..=5 => read_ip(opened.frame.after(16)?),
        other => Err(NotIp::Protocol(u16::from(other))),
    })
}

pub(crate) fn read_first_atm(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const OAM: u8 = 0x80;
    open(span, |opened| {
        let first = opened.frame.byte(0)?;
        let inner = opened.frame.after(cookie_length(opened.frame, 4)?)?;
        if first == OAM { Err(NotIp::LinkControl) } else { read_cell(inner) }
    })
}

pub(crate) fn read_second_atm(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const OAM: u8 = 0x70;
    const GAP_COUNT: u32 = 0x3f;
    open(span, |opened| {
        let (last, gap) = (opened.frame.byte(7)?, opened.frame.u32(0)? & GAP_COUNT);
        let inner = opened.frame.after(8)?;
        match read_cell(inner) {
            _ if last & OAM != 0 => Err(NotIp::LinkControl),
            Err(NotIp::Protocol(_)) if !opened.is_incoming && gap != 0 => Ok(Next::Ethernet(inner)),
            Err(NotIp::Protocol(_)) => Ok(Next::Ppp(inner)),
            read => read,
        }
    })
}

/// Reads LLC, Cisco's NLPID, or IP on a circuit of its own.
fn read_cell(inner: Span<'_>) -> Result<Next<'_>, NotIp> {
    match inner.array(0)? {
        [0xfe, 0xfe, UNNUMBERED] | [0xaa, 0xaa, UNNUMBERED] => Ok(Next::Llc(inner)),
        [UNNUMBERED, ..] => llc::read_nlpid(inner.after(1)?),
        _ => read_ip(inner),
    }
}

/// Reads multilink PPP.
pub(crate) fn read_multilink_ppp(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| {
        let frame = opened.frame;
        match frame.byte(0)? {
            ADAPTIVE_SERVICES => read_after_services(frame),
            // The links of a bundle write no cookie.
            0xff => Ok(Next::Ppp(frame)),
            _ => Ok(Next::Ppp(frame.after(cookie_length(frame, 2)?)?)),
        }
    })
}

/// Reads multilink Frame Relay of either kind.
pub(crate) fn read_multilink_frame_relay(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read_bundle(span, 2)
}

/// Reads multilink Frame Relay between networks (FRF.16).
pub(crate) fn read_bundled_frame_relay(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read_bundle(span, 4)
}

fn read_bundle(span: Span<'_>, own: usize) -> Result<Next<'_>, NotIp> {
    /// The mark of a whole frame of FRF.16, if a link writes no cookie.
    const WHOLE: u8 = 0xc0;
    open(span, |opened| {
        let frame = opened.frame;
        match frame.byte(0)? {
            ADAPTIVE_SERVICES => read_after_services(frame),
            first if own == 4 && first & WHOLE == WHOLE => frame_relay::read_bundled(frame),
            _ => {
                let inner = frame.after(cookie_length(frame, own)?)?;
                match inner.byte(0)? {
                    UNNUMBERED => llc::read_nlpid(inner.after(1)?),
                    other => Err(NotIp::Protocol(u16::from(other))),
                }
            }
        }
    })
}

/// Reads the frame of a card for which there is no description. The media type in the extensions says what it is, if there is
/// one.
pub(crate) fn read_other(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    open(span, |opened| match opened.media_type {
        Some(1) => Ok(Next::Ethernet(opened.frame)),
        Some(4) => Ok(Next::Ppp(opened.frame)),
        Some(5) => frame_relay::read(opened.frame),
        Some(6) => ppp::read_cisco(opened.frame),
        _ => Err(NotIp::Protocol(0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip() -> Result<Next<'static>, NotIp> {
        Ok(Next::Ip(Span::new(&[0x45], 1)))
    }

    fn with<'a>(flags: u8, rest: &[u8], into: &'a mut Vec<u8>) -> Span<'a> {
        *into = [&MAGIC[..], &[flags], rest].concat();
        Span::new(into, into.len())
    }

    #[test]
    fn a_link_layer_left_out_is_none() {
        let mut bytes = Vec::new();
        for read in [read_ethernet, read_ppp, read_other, read_second_atm] {
            assert_eq!(read(with(2, &[0, 0, 0, 2, 0x45], &mut bytes)), ip());
            assert_eq!(read(with(0x82, &[0, 3, 1, 1, 9, 0, 0, 0, 2, 0x45], &mut bytes)), ip());
        }
        assert_eq!(read_ethernet(Span::new(&[0; 9], 9)), Err(NotIp::Malformed));
    }

    #[test]
    fn cookies_are_passed_over() {
        let mut bytes = Vec::new();
        let ppp = Ok(Next::Ppp(Span::new(&[0, 0x21, 0x45], 3)));
        assert_eq!(read_multilink_ppp(with(0, &[9, 9, 0, 0x21, 0x45], &mut bytes)), ppp);
        assert_eq!(read_multilink_ppp(with(0, &[0x54, 9, 9, 9, 0, 0x21, 0x45], &mut bytes)), ppp);
        assert_eq!(read_multilink_ppp(with(0, &[0x47, 0, 0, 0, 0, 0, 0, 0, 0x45], &mut bytes)), ip());
        assert_eq!(read_multilink_frame_relay(with(0, &[0, 1, 3, 0xcc, 0x45], &mut bytes)), ip());
        assert_eq!(read_bundled_frame_relay(with(0, &[0, 0, 0, 1, 3, 0xcc, 0x45], &mut bytes)), ip());
        assert_eq!(read_services(with(0, &[0, 0, 0, 0, 0, 0, 0, 0, 0x45], &mut bytes)), ip());
        assert_eq!(read_ggsn(with(0, &[0, 0, 2, 0, 0, 0, 0, 0, 0x45], &mut bytes)), ip());
        let llc = Ok(Next::Llc(Span::new(&[0xaa, 0xaa, 3], 3)));
        assert_eq!(read_first_atm(with(0, &[0, 0, 0, 0, 0xaa, 0xaa, 3], &mut bytes)), llc);
        assert_eq!(read_second_atm(with(1, &[0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 3], &mut bytes)), llc);
        assert_eq!(read_first_atm(with(0, &[0x80, 0, 0, 0, 0], &mut bytes)), Err(NotIp::LinkControl));
    }

    #[test]
    fn the_media_type_tells_what_others_are() {
        let mut bytes = Vec::new();
        let frame = Ok(Next::Ethernet(Span::new(&[7], 1)));
        assert_eq!(read_other(with(0x80, &[0, 3, 3, 1, 1, 7], &mut bytes)), frame);
        assert_eq!(read_other(with(0, &[7], &mut bytes)), Err(NotIp::Protocol(0)));
    }
}
