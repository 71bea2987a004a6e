//! PCAPdroid (Android): from its trailer, its pcapng uid map and its `u-UID` comments to the owning app.
//!
//! With "dump extensions" on, a classic capture frames each IP packet as Ethernet with zero addresses, pads it to four
//! bytes and ends it with a 32-byte trailer whose CRC-32 covers the frame. A packet that does not fit the snap length
//! together with all that is written bare, although the capture's link type stays Ethernet.
//!
//! Lengths: with a trailer, the length on the wire is the synthetic Ethernet header plus the IP packet, which is what
//! tshark counts for the frame less padding and trailer; a bare packet counts as the record says.

use super::in_band::InBand;
use super::section::Section;
use crate::capture::frame::{ByteOrder, LinkType};
use crate::capture::note::{Direction, FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use crate::capture::text;
use std::sync::Arc;

const ETHERNET_LENGTH: usize = 14;
const TRAILER_LENGTH: usize = 32;
const TRAILER_MAGIC: [u8; 4] = [0x01, 0x07, 0x20, 0x21];
/// Uid of packets whose app PCAPdroid could not tell.
const UNKNOWN_UID: i32 = -1;
/// The device's own addresses in PCAPdroid's VPN.
const DEVICE_V4: [u8; 4] = [10, 215, 173, 1];
const DEVICE_V6: [u8; 16] = [0xfd, 0, 0, 2, 0xfd, 0, 0, 1, 0xfd, 0, 0, 1, 0xfd, 0, 0, 1];

/// Whether a frame has zero addresses and the trailer's magic in its place.
#[inline]
pub(super) fn may_have_trailer(bytes: &[u8]) -> bool {
    // The magic first: it is rarer than addresses of zeros, which floods have.
    bytes.last_chunk::<TRAILER_LENGTH>().and_then(|trailer| trailer.first_chunk()) == Some(&TRAILER_MAGIC)
        && bytes.len() >= ETHERNET_LENGTH + TRAILER_LENGTH
        && bytes.first_chunk() == Some(&[0; 12])
}

/// Takes the trailer off; the synthetic Ethernet header stays.
pub(super) fn trailer(bytes: &[u8], wire_length: u32) -> Option<InBand> {
    if !may_have_trailer(bytes) {
        return None;
    }
    let (covered, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(covered) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (padded, trailer) = bytes.split_last_chunk::<TRAILER_LENGTH>()?;
    let ip = padded.get(ETHERNET_LENGTH..)?;
    // Segmentation offload leaves lengths that are 0 or too large; then the padding, at most three bytes, stays on.
    let declared = ip_length(ip).filter(|length| *length <= ip.len() && ip.len() - *length < 4);
    let length = declared.map_or(padded.len(), |length| ETHERNET_LENGTH + length);
    let on_wire = match declared {
        Some(_) => u32::try_from(length).ok()?,
        None => wire_length.saturating_sub(TRAILER_LENGTH as u32),
    };
    let uid = i32::from_be_bytes(*trailer.get(4..)?.first_chunk()?);
    let owner = (uid != UNKNOWN_UID).then(|| {
        let name = trailer.get(8..28).and_then(text::field);
        Arc::new(Owner { name, uid: Some(uid.into()), ..Owner::new(OwnerFormat::Pcapdroid) })
    });
    let note = FrameNote { owner, direction: direction(ip), ..FrameNote::default() };
    Some(InBand { link_type: LinkType::ETHERNET, range: 0..length, wire_length: on_wire, note })
}

/// Whether an Ethernet frame could be a bare IP packet instead: no more bytes than its header declares, and, since IPv6 has
/// no checksum, a known next header and no EtherType in Ethernet's place. IPv4 without options begins with 0x45, which
/// as an Ethernet address would be a group; no Android sends options, so other header lengths are not considered.
#[inline]
pub(super) fn may_be_bare(bytes: &[u8]) -> bool {
    let is_ipv6_like =
        || !has_ether_type(bytes) && matches!(bytes.get(6), Some(0 | 6 | 17 | 43 | 44 | 50 | 51 | 58 | 60));
    // The EtherType first: where it is one of those, as it mostly is, nothing else need be asked.
    let may_begin = match bytes.first() {
        Some(0x45) => true,
        Some(0x60..=0x6f) => is_ipv6_like(),
        _ => false,
    };
    may_begin && ip_length(bytes).is_some_and(|length| bytes.len() <= length)
}

/// Whether an EtherType stands where Ethernet has it: IPv4, ARP, tags, IPv6, PPPoE (IEEE registry).
#[inline(always)]
pub(super) fn has_ether_type(bytes: &[u8]) -> bool {
    let ether_type = bytes.get(12..14).and_then(|field| field.first_chunk()).map(|field| u16::from_be_bytes(*field));
    matches!(ether_type, None | Some(0x0800 | 0x0806 | 0x8100 | 0x86dd | 0x88a8 | 0x8863 | 0x8864))
}

/// A bare IP packet in a capture that says Ethernet: it must declare exactly the record's length, and an IPv4 header must
/// have a valid checksum.
pub(super) fn bare(bytes: &[u8], wire_length: u32) -> Option<InBand> {
    if !may_be_bare(bytes) || ip_length(bytes)? != usize::try_from(wire_length).ok()? {
        return None;
    }
    if bytes.first() == Some(&0x45) {
        let header = bytes.first_chunk::<20>()?;
        let words = header.as_chunks::<2>().0.iter().map(|word| u32::from(u16::from_be_bytes(*word)));
        let sum: u32 = words.sum();
        if (sum & 0xffff) + (sum >> 16) != 0xffff {
            return None;
        }
    }
    let note = FrameNote { direction: direction(bytes), ..FrameNote::default() };
    Some(InBand { link_type: LinkType::RAW, range: 0..bytes.len(), wire_length, note })
}

/// Length of an IP packet as its header declares it.
#[inline]
fn ip_length(ip: &[u8]) -> Option<usize> {
    match ip.first()? >> 4 {
        4 => Some(u16::from_be_bytes([*ip.get(2)?, *ip.get(3)?]).into()).filter(|length| *length >= 20),
        6 => Some(40 + usize::from(u16::from_be_bytes([*ip.get(4)?, *ip.get(5)?]))),
        _ => None,
    }
}

/// Direction by the device's VPN address; a capture with root has other addresses.
fn direction(ip: &[u8]) -> Direction {
    let (source, destination, device): (_, _, &[u8]) = match ip.first().map(|first| first >> 4) {
        Some(4) => (ip.get(12..16), ip.get(16..20), &DEVICE_V4),
        Some(6) => (ip.get(8..24), ip.get(24..40), &DEVICE_V6),
        _ => return Direction::Unknown,
    };
    match (source == Some(device), destination == Some(device)) {
        (true, false) => Direction::Outbound,
        (false, true) => Direction::Inbound,
        _ => Direction::Unknown,
    }
}

/// Takes in a uid map: a custom block with PCAPdroid's enterprise number. Returns whether there was no room for it.
pub(super) fn block(section: &mut Section, block_type: u32, body: &[u8]) -> bool {
    let Some((uid, owner)) = uid_map(section.order, block_type, body) else {
        return false;
    };
    let Some(tables) = section.room_for(owner.weight()) else {
        return true;
    };
    let replaced = tables.pcapdroid.insert(uid, Arc::new(owner));
    tables.free(replaced);
    false
}

fn uid_map(section_order: ByteOrder, block_type: u32, body: &[u8]) -> Option<(i32, Owner)> {
    const CUSTOM_BLOCK: u32 = 0x0000_0bad;
    const ENTERPRISE_NUMBER: u32 = 62652;
    const UID_MAP: u8 = 1;
    if block_type != CUSTOM_BLOCK || section_order.u32(*body.first_chunk()?) != ENTERPRISE_NUMBER {
        return None;
    }
    // The version tells the byte order of the fields after it, also where the section was rewritten in another order.
    let version = *body.get(4..)?.first_chunk()?;
    let order = [ByteOrder::Little, ByteOrder::Big].into_iter().find(|order| order.u16(version) == 1)?;
    if *body.get(6)? != UID_MAP {
        return None;
    }
    let uid = i32::from_ne_bytes(order.u32(*body.get(8..)?.first_chunk()?).to_ne_bytes());
    let (package_length, label_length) = (usize::from(*body.get(12)?), usize::from(*body.get(13)?));
    let (package, rest) = body.get(14..)?.split_at_checked(package_length)?;
    let label = rest.get(..label_length)?;
    let (package, name) = (text::field(package), text::field(label));
    Some((uid, Owner { name, package, uid: Some(uid.into()), ..Owner::new(OwnerFormat::Pcapdroid) }))
}

/// Reads `u-UID` comments.
pub(super) fn packet(section: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let uid = options.comments.iter().find_map(|comment| comment.strip_prefix("u-")?.parse::<i32>().ok());
    let Some(uid) = uid else {
        return false;
    };
    note.owner = match section.tables.pcapdroid.get(&uid) {
        Some(owner) => Some(Arc::clone(owner)),
        // A uid without a map is still an app of its own, only nameless.
        None if uid != UNKNOWN_UID => {
            Some(Arc::new(Owner { uid: Some(uid.into()), ..Owner::new(OwnerFormat::Pcapdroid) }))
        }
        None => None,
    };
    true
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::owner::build;
    use crate::capture::owner::table::{in_band, may_be_in_band};

    fn framed(ip: &[u8], uid: i32, label: &str) -> Vec<u8> {
        let mut bytes = vec![0; 12];
        bytes.extend(if ip[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] });
        bytes.extend(ip);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(TRAILER_MAGIC);
        bytes.extend(uid.to_be_bytes());
        let mut field = label.as_bytes().to_vec();
        field.truncate(19);
        field.resize(20, 0);
        bytes.extend(field);
        let crc = crc32fast::hash(&bytes);
        bytes.extend(crc.to_le_bytes());
        bytes
    }

    fn uid_map_body(order: ByteOrder, uid: i32, package: &str, label: &str) -> Vec<u8> {
        let mut body = build::u32(order, ENTERPRISE).to_vec();
        body.extend(build::u16(order, 1));
        body.extend([1, 0]);
        body.extend(build::u32(order, u32::from_ne_bytes(uid.to_ne_bytes())));
        body.extend([package.len() as u8, label.len() as u8]);
        body.extend(package.as_bytes());
        body.extend(label.as_bytes());
        body.resize(body.len().next_multiple_of(4), 0);
        body
    }

    const ENTERPRISE: u32 = 62652;

    fn whatsapp() -> Owner {
        Owner { name: Some("WhatsApp".into()), uid: Some(10_123), ..Owner::new(OwnerFormat::Pcapdroid) }
    }

    #[test]
    fn trailer_and_padding_are_taken_off() {
        for payload_length in 8..16 {
            let ip = build::ipv4(DEVICE_V4, [157, 240, 0, 60], payload_length);
            let bytes = framed(&ip, 10_123, "WhatsApp");
            assert!(may_be_in_band(LinkType::ETHERNET, &bytes));
            let expected = InBand {
                link_type: LinkType::ETHERNET,
                range: 0..14 + ip.len(),
                wire_length: 14 + ip.len() as u32,
                note: FrameNote {
                    owner: Some(Arc::new(whatsapp())),
                    direction: Direction::Outbound,
                    ..FrameNote::default()
                },
            };
            assert_eq!(in_band(LinkType::ETHERNET, &bytes, bytes.len() as u32), Some(expected));
        }
    }

    #[test]
    fn trailer_of_ipv6_with_a_label_cut_inside_a_character() {
        let ip = build::ipv6([0x20; 16], DEVICE_V6, 9);
        let bytes = framed(&ip, 1_010_200, "微信微信微信微信");
        let found = in_band(LinkType::ETHERNET, &bytes, bytes.len() as u32).unwrap();
        assert_eq!((found.range, found.wire_length), (0..63, 63));
        assert_eq!(found.note.direction, Direction::Inbound);
        let owner = found.note.owner.unwrap();
        assert_eq!((owner.name.as_deref(), owner.uid), (Some("微信微信微信"), Some(1_010_200)));
    }

    #[test]
    fn offloaded_lengths_keep_the_padding() {
        let mut ip = build::ipv4(DEVICE_V4, [1, 2, 3, 4], 10);
        ip[2..4].fill(0);
        let bytes = framed(&ip, 0, "root");
        let found = in_band(LinkType::ETHERNET, &bytes, bytes.len() as u32).unwrap();
        assert_eq!((found.range, found.wire_length), (0..44, 44));
    }

    #[test]
    fn an_unknown_app_has_no_owner_and_a_wrong_crc_is_no_trailer() {
        let ip = build::ipv4(DEVICE_V4, [1, 2, 3, 4], 10);
        let mut bytes = framed(&ip, -1, "Unknown");
        let length = bytes.len() as u32;
        assert_eq!(in_band(LinkType::ETHERNET, &bytes, length).unwrap().note.owner, None);
        assert_eq!(in_band(LinkType(113), &bytes, length), None);
        for at in 0..bytes.len() {
            bytes[at] ^= 0x10;
            assert_eq!(in_band(LinkType::ETHERNET, &bytes, length), None, "{at}");
            bytes[at] ^= 0x10;
        }
        for cut in 0..bytes.len() {
            assert_eq!(in_band(LinkType::ETHERNET, &bytes[..cut], length), None, "{cut}");
        }
    }

    #[test]
    fn packets_without_room_for_the_trailer_are_bare() {
        for ip in [build::ipv4([157, 240, 0, 60], DEVICE_V4, 80), build::ipv6([0x2a; 16], DEVICE_V6, 80)] {
            let length = ip.len() as u32;
            let note = FrameNote { direction: Direction::Inbound, ..FrameNote::default() };
            for captured in 40..ip.len() {
                let bytes = &ip[..captured];
                assert!(may_be_in_band(LinkType::ETHERNET, bytes));
                let found = in_band(LinkType::ETHERNET, bytes, length).unwrap();
                assert_eq!((found.link_type, found.range, found.wire_length), (LinkType::RAW, 0..captured, length));
                assert_eq!(found.note, note);
            }
            assert_eq!(in_band(LinkType::ETHERNET, &ip, length + 1), None);
        }
        let mut wrong = build::ipv4([157, 240, 0, 60], DEVICE_V4, 80);
        wrong[8] ^= 1;
        assert_eq!(in_band(LinkType::ETHERNET, &wrong, 100), None);
        // An Ethernet frame from 60:00:00:00:00:.. whose last address byte happens to fit its length.
        let mut frame = build::ipv6([0; 16], [0; 16], 80);
        frame[12..14].copy_from_slice(&[0x08, 0x00]);
        assert_eq!(in_band(LinkType::ETHERNET, &frame, 120), None);
    }

    #[test]
    fn uids_are_resolved_through_the_map() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut section = SectionOwners::start(order, &build::written_by(order, "PCAPdroid v1.8.0"));
            let body = uid_map_body(order, 10_123, "com.whatsapp", "WhatsApp");
            section.block(0xbad, &body);
            let note = section.packet(LinkType::RAW, &build::option(order, 1, b"u-10123"), 0).unwrap();
            assert_eq!(note.owner.as_deref(), Some(&Owner { package: Some("com.whatsapp".into()), ..whatsapp() }));
            let note = section.packet(LinkType::RAW, &build::option(order, 1, b"u-1000"), 0).unwrap();
            assert_eq!(note.owner.unwrap().uid, Some(1000));
            assert_eq!(section.packet(LinkType::RAW, &build::option(order, 1, b"u--1"), 0), None);
            for text in ["u-", "u-x", "u-99999999999", "u-1 2"] {
                assert_eq!(section.packet(LinkType::RAW, &build::option(order, 1, text.as_bytes()), 0), None);
            }
        }
    }

    #[test]
    fn cut_and_foreign_maps_are_passed_by() {
        let body = uid_map_body(ByteOrder::Little, 10_123, "com.whatsapp", "WhatsApp");
        let empty = SectionOwners::default();
        for cut in 0..14 + 20 {
            let mut section = empty.clone();
            section.block(0xbad, &body[..cut]);
            assert_eq!(section, empty, "{cut}");
        }
        for (at, block_type) in [(0, 0xbad), (4, 0xbad), (6, 0xbad), (99, 0xbae)] {
            let mut wrong = body.clone();
            if let Some(byte) = wrong.get_mut(at) {
                *byte ^= 0x40;
            }
            let mut section = empty.clone();
            section.block(block_type, &wrong);
            assert_eq!(section, empty, "{at}");
        }
    }
}
