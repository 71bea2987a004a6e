//! Goes from header to header, from the start of a frame or of what a tunnel carries to where its IP packet starts.

use super::encapsulation::{Encapsulation, TunnelPath};
use super::link::{ethernet, llc, mpls, nsh, ppp};
use super::link_sender::LinkSender;
use super::link_types;
use super::next::Next;
use super::not_ip::NotIp;
use super::span::Span;

/// Headers that are read between the start of a frame, or of what a tunnel carries, and IP. Deep stacks of VLAN tags occur only
/// in attacks. Each step costs little, so the limit is well above anything that is configured on purpose.
const HEADER_LIMIT: usize = 32;

/// Goes from header to header until IP starts.
pub(crate) fn reach_ip<'a>(next: Next<'a>, path: &mut TunnelPath) -> Result<Span<'a>, NotIp> {
    reach_ip_from(next, path, &mut LinkSender::default())
}

/// The same; `sender` becomes what the headers say of who sent the frame, if they do.
#[inline]
pub(crate) fn reach_ip_from<'a>(
    mut next: Next<'a>,
    path: &mut TunnelPath,
    sender: &mut LinkSender,
) -> Result<Span<'a>, NotIp> {
    for _ in 0..HEADER_LIMIT {
        *sender = sender.read(&next);
        next = match next {
            Next::Ip(span) => return Ok(span),
            Next::EtherType(ether_type, span) => ethernet::read_ether_type(ether_type, span)?,
            Next::Ethernet(span) => ethernet::read(span)?,
            Next::Llc(span) => llc::read(span)?,
            Next::Ppp(span) => ppp::read(span)?,
            Next::Mpls(span) => mpls::read(span)?,
            Next::Nsh(span) => {
                *path = path.entered(Encapsulation::Nsh).ok_or(NotIp::Malformed)?;
                nsh::read(span)?
            }
            Next::Link(link_type, span) => link_types::read(link_type, span)?,
        };
    }
    Err(NotIp::TooDeep)
}

#[cfg(test)]
mod tests {
    use super::super::link_types::TABLE;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stack_of_tags_ends() {
        let tags = [0x81, 0, 0, 1].repeat(64);
        let reached = reach_ip(Next::EtherType(0x8100, Span::new(&tags[2..], tags.len())), &mut { TunnelPath::NONE });
        assert_eq!(reached, Err(NotIp::TooDeep));
    }

    #[test]
    fn nsh_is_in_the_path() {
        let mut path = TunnelPath::NONE;
        let bytes = [0x0f, 0xc2, 1, 1, 0, 0, 1, 255, 0x45];
        let reached = reach_ip(Next::EtherType(0x894f, Span::new(&bytes, 9)), &mut path);
        assert_eq!(reached, Ok(Span::new(&bytes[8..], 1)));
        assert!(path.iter().eq([Encapsulation::Nsh]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_reader_panics(bytes in proptest::collection::vec(any::<u8>(), 0..160), missing in 0_usize..200) {
            for (link_type, _) in TABLE {
                let span = Span::new(&bytes, bytes.len() + missing);
                let _ = reach_ip(Next::Link(*link_type, span), &mut { TunnelPath::NONE });
            }
        }
    }
}
