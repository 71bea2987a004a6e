//! Wireshark's exported PDUs (link type 252): tags that name the dissector, then its data. PDUs that carry IP are read. The
//! headers below the others were not exported; they are read if tags give addresses and ports (`exported_pdu.h`).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// The number of the link type.
pub(crate) const LINK_TYPE: u16 = 252;

/// Tags that are read of one record. Wireshark writes about ten.
const TAG_LIMIT: usize = 64;
const TAG_HEADER: usize = 4;
const END: u16 = 0;
const DISSECTOR: u16 = 12;
const SOURCE_IPV4: u16 = 20;
const DESTINATION_IPV4: u16 = 21;
const SOURCE_IPV6: u16 = 22;
const DESTINATION_IPV6: u16 = 23;
const PORT_KIND: u16 = 24;
const SOURCE_PORT: u16 = 25;
const DESTINATION_PORT: u16 = 26;
/// Length of the longest dissector name that is looked at.
const NAME_LENGTH: usize = 16;

/// What the tags say.
#[derive(Default)]
struct Tags {
    dissector: [u8; NAME_LENGTH],
    version: u8,
    addresses: [Option<[u8; 16]>; 2],
    ports: [Option<u16>; 2],
    port_kind: u32,
}

impl Tags {
    /// Reads one tag.
    fn push(&mut self, tag: u16, value: Span<'_>) {
        match tag {
            DISSECTOR => {
                for (to, from) in self.dissector.iter_mut().zip(value.bytes()) {
                    *to = *from;
                }
            }
            SOURCE_IPV4 | DESTINATION_IPV4 => {
                let Ok([a, b, c, d]) = value.array(0) else { return };
                let mut address = [0; 16];
                address[..4].copy_from_slice(&[a, b, c, d]);
                self.version = 4;
                self.addresses[usize::from(tag == DESTINATION_IPV4)] = Some(address);
            }
            SOURCE_IPV6 | DESTINATION_IPV6 => {
                self.version = 6;
                self.addresses[usize::from(tag == DESTINATION_IPV6)] = value.array(0).ok();
            }
            PORT_KIND => self.port_kind = value.u32(0).unwrap_or_default(),
            SOURCE_PORT | DESTINATION_PORT => {
                let port = value.u32(0).ok().and_then(|port| u16::try_from(port).ok());
                self.ports[usize::from(tag == DESTINATION_PORT)] = port;
            }
            _ => {}
        }
    }
}

/// Reads the tags, each with a type and a length, most significant byte first, up to the end tag. The data follows.
fn read_tags(span: Span<'_>) -> Result<(Tags, Span<'_>), NotIp> {
    let mut rest = span;
    let mut tags = Tags::default();
    for _ in 0..TAG_LIMIT {
        let (tag, length) = (rest.u16(0)?, usize::from(rest.u16(2)?));
        let value = rest.after(TAG_HEADER)?;
        tags.push(tag, value.limited(length));
        rest = value.after(length)?;
        if tag == END {
            return Ok((tags, rest));
        }
    }
    Err(NotIp::Malformed)
}

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read_tags(span).and_then(|(tags, data)| lead(&tags.dissector, data))
}

/// Data of a layer above IP, between the endpoints that the tags name.
pub(crate) struct Addressed<'a> {
    pub(crate) version: u8,
    /// IP protocol number.
    pub(crate) protocol: u8,
    /// Address of the source, with zeros after an IPv4 address, and port.
    pub(crate) source: ([u8; 16], u16),
    /// Address and port of the destination, in the same form.
    pub(crate) destination: ([u8; 16], u16),
    pub(crate) data: Span<'a>,
}

/// Reads a record whose tags give addresses and ports.
pub(crate) fn read_addressed(span: Span<'_>) -> Option<Addressed<'_>> {
    let (tags, data) = read_tags(span).ok()?;
    let ([Some(source), Some(destination)], [Some(source_port), Some(destination_port)]) = (tags.addresses, tags.ports)
    else {
        return None;
    };
    let protocol = match tags.port_kind {
        1 => 132,
        2 => 6,
        3 => 17,
        4 => 33,
        _ => return None,
    };
    Some(Addressed {
        version: tags.version,
        protocol,
        source: (source, source_port),
        destination: (destination, destination_port),
        data,
    })
}

fn lead<'a>(name: &[u8; NAME_LENGTH], data: Span<'a>) -> Result<Next<'a>, NotIp> {
    match name.split(|byte| *byte == 0).next() {
        Some(b"ip" | b"ipv6") => Ok(Next::Ip(data)),
        Some(b"eth" | b"eth_withoutfcs" | b"eth_maybefcs") => Ok(Next::Ethernet(data)),
        Some(b"ppp" | b"ppp_hdlc") => Ok(Next::Ppp(data)),
        Some(b"mpls") => Ok(Next::Mpls(data)),
        Some(b"wlan") => Ok(Next::Link(105, data)),
        // This is data of a layer above IP, and the headers below it were not exported.
        _ => Err(NotIp::Protocol(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dissector_leads_on() {
        let bytes = [0, 12, 0, 4, b'i', b'p', 0, 0, 0, 0, 0, 0, 0x45];
        assert_eq!(read(Span::new(&bytes, 13)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        assert_eq!(read(Span::new(&bytes[8..], 5)), Err(NotIp::Protocol(0)));
        for length in 0..12 {
            assert_eq!(read(Span::new(&bytes[..length], 13)), Err(NotIp::CutShort));
        }
    }

    #[test]
    fn endpoints_are_told_by_tags() {
        let tag =
            |kind: u16, value: &[u8]| [&kind.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat();
        let bytes = [
            tag(DISSECTOR, b"dns\0"),
            tag(SOURCE_IPV4, &[10, 0, 0, 1]),
            tag(DESTINATION_IPV4, &[10, 0, 0, 2]),
            tag(PORT_KIND, &[0, 0, 0, 3]),
            tag(SOURCE_PORT, &[0, 0, 0, 53]),
            tag(DESTINATION_PORT, &[0, 0, 0xd0, 0]),
            tag(END, &[]),
            b"data".to_vec(),
        ]
        .concat();
        let found = read_addressed(Span::new(&bytes, bytes.len())).expect("addresses");
        assert_eq!((found.version, found.protocol, found.source.1, found.destination.1), (4, 17, 53, 0xd000));
        assert_eq!((&found.source.0[..5], found.data.bytes()), (&[10, 0, 0, 1, 0][..], &b"data"[..]));
        assert_eq!(read(Span::new(&bytes, bytes.len())), Err(NotIp::Protocol(0)));
        for length in 0..bytes.len() - 4 {
            assert!(read_addressed(Span::new(&bytes[..length], bytes.len())).is_none());
        }
    }
}
