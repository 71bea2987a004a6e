//! IP Payload Compression (RFC 3173) with DEFLATE (RFC 2394).

use super::encapsulation::Encapsulation;
use super::general::dissect_ip;
use super::key::FlowKey;
use super::view::{Dissected, Packet};
use flate2::{Decompress, FlushDecompress, Status};

/// The protocol number of IPComp (IANA).
const IPCOMP: u8 = 108;
/// Next header, flags, and the index that says how it was compressed (RFC 3173 §3.3).
const HEADER_LENGTH: usize = 4;
/// The index that stands for DEFLATE where both sides agreed on none of their own (RFC 3173 §3.3). From 256 on, the two agreed on
/// the number when they agreed on their keys: then the data tells.
const DEFLATE: u16 = 2;
const AGREED: u16 = 256;
/// An IP datagram holds no more.
const MOST: usize = 65_535;

/// The packet inside a compressed one, put into `buffer`. `None` where a packet is not compressed, not all of it was captured or it
/// is no DEFLATE; then it counts as what it is.
pub(crate) fn expand<'a>(packet: &Packet<'_>, buffer: &'a mut Vec<u8>) -> Option<Packet<'a>> {
    if packet.key.protocol() != IPCOMP || packet.fragment.is_some() {
        return None;
    }
    let (&[next, _, high, low], data) = packet.payload.split_first_chunk::<HEADER_LENGTH>()?;
    let index = u16::from_be_bytes([high, low]);
    if (index != DEFLATE && index < AGREED) || packet.payload_length as usize != packet.payload.len() {
        return None;
    }
    buffer.clear();
    buffer.reserve_exact(MOST);
    let mut inflater = Decompress::new(false);
    let inflated = inflater.decompress_vec(data, buffer, FlushDecompress::Finish).ok()?;
    if inflated != Status::StreamEnd || buffer.len() > MOST {
        return None;
    }
    let ends = |side| (packet.key.address_bytes(side), 0);
    let (key, side) = FlowKey::new(packet.key.version(), next, ends(packet.side), ends(packet.side.opposite()));
    let tunnel = packet.tunnel.entered(Encapsulation::IpComp)?;
    match dissect_ip(&key, side, tunnel, buffer, packet.counted_length) {
        // Inside is no fragment and nothing compressed again (RFC 3173 §2.2).
        Dissected::Packet(inner) if inner.fragment.is_none() && inner.key.protocol() != IPCOMP => {
            Some(Packet { hop_limit: packet.hop_limit, identification: packet.identification, ..inner })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, FrameId, LinkType};
    use crate::packet::dissect;
    use flate2::Compression;
    use std::io::Write;

    fn compressed(next: u8, index: u16, data: &[u8]) -> Vec<u8> {
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(data).expect("memory");
        let [high, low] = index.to_be_bytes();
        let payload = [&[next, 0, high, low][..], &deflated.finish().expect("memory")].concat();
        fixtures::ip::v4([10, 0, 0, 1], [192, 0, 2, 1], IPCOMP, &payload)
    }

    fn frame(bytes: &[u8]) -> Frame<'_> {
        let wire_length = u32::try_from(bytes.len()).expect("small");
        Frame { id: FrameId::default(), time_ns: 0, link_type: LinkType::RAW, bytes, wire_length, note: None }
    }

    fn opened(bytes: &[u8]) -> Option<(u16, Vec<u8>, Vec<Encapsulation>)> {
        let frame = frame(bytes);
        let Dissected::Packet(packet) = dissect(&frame) else { panic!("no packet") };
        assert_eq!(packet.key.protocol(), IPCOMP);
        let mut buffer = Vec::new();
        let inner = expand(&packet, &mut buffer)?;
        assert_eq!(inner.counted_length as usize, bytes.len());
        Some((inner.key.port(inner.side), inner.payload.to_vec(), inner.tunnel.iter().collect()))
    }

    #[test]
    fn what_was_compressed_is_read() {
        let datagram = fixtures::transport::udp((50_000, 53), &[7; 300]);
        let inner = Some((50_000, vec![7; 300], vec![Encapsulation::IpComp]));
        assert_eq!(opened(&compressed(17, 2, &datagram)), inner);
        assert_eq!(opened(&compressed(17, 0xc0de, &datagram)), inner);
        assert_eq!(opened(&compressed(17, 3, &datagram)), None, "LZS");
        let whole = fixtures::ip::v4([10, 8, 0, 1], [192, 0, 2, 9], 17, &datagram);
        let tunnelled = vec![Encapsulation::IpComp, Encapsulation::IpInIp];
        assert_eq!(opened(&compressed(4, 2, &whole)), Some((50_000, vec![7; 300], tunnelled)));
    }

    #[test]
    fn what_is_cut_or_too_large_stays_as_it_is() {
        let whole = compressed(17, 2, &fixtures::transport::udp((50_000, 53), &[7; 300]));
        let mut cut = frame(&whole[..whole.len() - 1]);
        cut.wire_length += 1;
        let Dissected::Packet(packet) = dissect(&cut) else { panic!("no packet") };
        assert_eq!(expand(&packet, &mut Vec::new()), None);
        assert_eq!(opened(&compressed(17, 2, &vec![0; 70_000])), None, "more than a datagram can hold");
        assert_eq!(opened(&compressed(IPCOMP, 2, &[17, 0, 0, 2, 3, 0])), None, "compressed twice");
    }
}
