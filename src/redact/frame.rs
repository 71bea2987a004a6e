//! A captured frame to the same with other addresses: link layer, ARP, IP and what ICMP quotes of IP. Checksums follow by the change
//! alone (RFC 1624), so that they are right, or wrong, as they were, also where the frame was cut short.
//!
//! What transport carries is left as it is: whoever writes frames decides which payload may stay. Frames of other kinds are refused, since
//! what is not understood may hold anything.

use super::address::Addresses;
use crate::capture::LinkType;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Headers within headers; more than that are refused.
const DEPTH_LIMIT: usize = 4;
/// VLAN tags and IPv6 extension headers passed over.
const STEPS_LIMIT: usize = 8;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
const VLANS: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// Link types whose frames are understood, as captures number them.
const NULL: u16 = 0;
const ETHERNET: u16 = 1;
const RAW: u16 = 101;
const COOKED: u16 = 113;
const RAW_IPV4: u16 = 228;
const RAW_IPV6: u16 = 229;
const COOKED_2: u16 = 276;

/// A frame that is not understood to its payload. It must not be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a frame of a kind that cannot be redacted")]
pub struct NotUnderstood;

/// Which addresses on the public network are hidden as well: the device's own, and persons'.
pub type IsHidden<'a> = &'a dyn Fn(IpAddr) -> bool;

/// Changes the payload of TCP or UDP, which keeps its length.
pub type Edit<'a> = &'a dyn Fn(&mut [u8]);

impl Addresses {
    /// Replaces the addresses in a frame. Returns how many of its bytes are link layer and packet: what comes behind, such as the trailer in
    /// which some tools name the owner, must be cut off.
    ///
    /// # Errors
    /// If the frame is not understood, or ends before the addresses do. It may then be half replaced.
    pub fn redact_frame(
        &self,
        link_type: LinkType,
        frame: &mut [u8],
        is_hidden: IsHidden<'_>,
    ) -> Result<usize, NotUnderstood> {
        self.rewrite_frame(link_type, frame, is_hidden, &|_| ())
    }

    /// The same, and lets `edit` change the payload of the innermost packet. What ICMP quotes of a payload becomes zeros.
    ///
    /// # Errors
    /// As [`Self::redact_frame`].
    pub fn rewrite_frame(
        &self,
        link_type: LinkType,
        frame: &mut [u8],
        is_hidden: IsHidden<'_>,
        edit: Edit<'_>,
    ) -> Result<usize, NotUnderstood> {
        let pass = Pass { addresses: self, is_hidden, edit };
        let (start, ether_type) = match link_type.0 {
            ETHERNET => {
                pass.mac(frame, 0)?;
                pass.mac(frame, 6)?;
                (14, u16_at(frame, 12)?)
            }
            COOKED => {
                if u16_at(frame, 4)? == 6 {
                    pass.mac(frame, 6)?;
                }
                (16, u16_at(frame, 14)?)
            }
            COOKED_2 => {
                if *frame.get(11).ok_or(NotUnderstood)? == 6 {
                    pass.mac(frame, 12)?;
                }
                (20, u16_at(frame, 0)?)
            }
            NULL => (4, by_version(frame, 4)?),
            RAW | RAW_IPV4 | RAW_IPV6 => (0, by_version(frame, 0)?),
            _ => return Err(NotUnderstood),
        };
        let (mut start, mut ether_type) = (start, ether_type);
        for _ in 0..STEPS_LIMIT {
            if !VLANS.contains(&ether_type) {
                break;
            }
            (ether_type, start) = (u16_at(frame, start + 2)?, start + 4);
        }
        let packet = frame.get_mut(start..).ok_or(NotUnderstood)?;
        let length = match ether_type {
            ARP => pass.arp(packet)?,
            IPV4 | IPV6 => pass.packet(packet, 0, true)?.0,
            _ => return Err(NotUnderstood),
        };
        Ok(start + length)
    }
}

/// The change of a sum of 16-bit words, in one's complement.
#[derive(Clone, Copy, Default)]
struct Change(u32);

impl Change {
    fn add(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        Self((sum & 0xffff) + (sum >> 16))
    }
}

struct Pass<'a> {
    addresses: &'a Addresses,
    is_hidden: IsHidden<'a>,
    edit: Edit<'a>,
}

impl Pass<'_> {
    fn mac(&self, bytes: &mut [u8], at: usize) -> Result<(), NotUnderstood> {
        let mac: [u8; 6] = array(bytes, at)?;
        put(bytes, at, &self.addresses.mac(mac)).map(drop)
    }

    fn address(&self, ip: IpAddr) -> IpAddr {
        if (self.is_hidden)(ip) { self.addresses.hidden(ip) } else { self.addresses.local(ip) }
    }

    fn arp(&self, bytes: &mut [u8]) -> Result<usize, NotUnderstood> {
        // Ethernet and IPv4: RFC 826.
        if array(bytes, 0)? != [0, 1, 8, 0, 6, 4] {
            return Err(NotUnderstood);
        }
        for at in [8, 18] {
            self.mac(bytes, at)?;
            self.four(bytes, at + 6)?;
        }
        Ok(28)
    }

    fn four(&self, bytes: &mut [u8], at: usize) -> Result<Change, NotUnderstood> {
        let ip = Ipv4Addr::from(array::<4>(bytes, at)?);
        match self.address(ip.into()) {
            IpAddr::V4(ip) => put(bytes, at, &ip.octets()),
            IpAddr::V6(_) => Err(NotUnderstood),
        }
    }

    fn six(&self, bytes: &mut [u8], at: usize) -> Result<Change, NotUnderstood> {
        let ip = Ipv6Addr::from(array::<16>(bytes, at)?);
        match self.address(ip.into()) {
            IpAddr::V6(ip) => put(bytes, at, &ip.octets()),
            // An IPv4-mapped address is written as such.
            IpAddr::V4(ip) => put(bytes, at, &ip.to_ipv6_mapped().octets()),
        }
    }

    /// Replaces the addresses of a packet. Returns its length, and how much the sum of all its words has changed. What ICMP quotes may end
    /// within the transport header.
    fn packet(&self, bytes: &mut [u8], depth: usize, is_whole: bool) -> Result<(usize, Change), NotUnderstood> {
        if depth > DEPTH_LIMIT {
            return Err(NotUnderstood);
        }
        let first = *bytes.first().ok_or(NotUnderstood)?;
        let (header, length, protocol, is_first, addresses, mut change);
        match first >> 4 {
            4 => {
                header = usize::from(first & 15) * 4;
                length = usize::from(u16_at(bytes, 2)?);
                protocol = *bytes.get(9).ok_or(NotUnderstood)?;
                is_first = u16_at(bytes, 6)? & 0x1fff == 0;
                // Options may record addresses on the way.
                if header != 20 {
                    return Err(NotUnderstood);
                }
                addresses = self.four(bytes, 12)?.add(self.four(bytes, 16)?);
                change = addresses.add(adjust(bytes, 10, addresses)?);
            }
            6 => {
                length = usize::from(u16_at(bytes, 4)?) + 40;
                addresses = self.six(bytes, 8)?.add(self.six(bytes, 24)?);
                change = addresses;
                (header, protocol, is_first) = after_extensions(bytes)?;
            }
            _ => return Err(NotUnderstood),
        }
        // A length of 0 stands for a segment that the network card will cut; then the frame has the length.
        let end = if length <= header { bytes.len() } else { length.min(bytes.len()) };
        if is_first {
            let rest = bytes.get_mut(header..end).ok_or(NotUnderstood)?;
            change = change.add(self.transport(rest, protocol, addresses, depth, is_whole)?);
        }
        Ok((end, change))
    }

    /// Adjusts the checksum of transport, which covers the addresses, and replaces what ICMP quotes.
    fn transport(
        &self,
        bytes: &mut [u8],
        protocol: u8,
        addresses: Change,
        depth: usize,
        is_whole: bool,
    ) -> Result<Change, NotUnderstood> {
        let at = match protocol {
            4 | 41 => return self.packet(bytes, depth + 1, is_whole).map(|(_, change)| change),
            6 => 16,
            17 if u16_at(bytes, 6).is_ok_and(|sum| sum == 0) => return Ok(Change::default()),
            17 => 6,
            1 | 58 => 2,
            _ => return Err(NotUnderstood),
        };
        let mut change = if protocol == 1 { Change::default() } else { addresses };
        let mut inner = self.payload(bytes, protocol, is_whole);
        change = change.add(inner);
        if matches!(protocol, 1 | 58) {
            match (protocol, *bytes.first().ok_or(NotUnderstood)?) {
                // Echo, and what quotes a packet: RFC 792, RFC 4443.
                (1, 0 | 8) | (58, 128 | 129) => {}
                (1, 3 | 4 | 11 | 12) | (58, 1..=4) => {
                    let quoted = bytes.get_mut(8..).filter(|quoted| !quoted.is_empty());
                    if let Some(quoted) = quoted {
                        inner = self.packet(quoted, depth + 1, false)?.1;
                        change = change.add(inner);
                    }
                }
                // Neighbours, routers and groups: their bodies hold addresses.
                _ => return Err(NotUnderstood),
            }
        }
        match adjust(bytes, at, change) {
            Ok(sum) => {
                // A sum of 0 would say that there is none (RFC 768); all ones are the same number.
                if protocol == 17 && u16_at(bytes, at) == Ok(0) {
                    put(bytes, at, &[0xff; 2])?;
                }
                Ok(inner.add(sum))
            }
            // Cut off before the checksum.
            Err(_) if !is_whole || bytes.len() < at + 2 => Ok(inner),
            Err(error) => Err(error),
        }
    }
}

impl Pass<'_> {
    /// Changes the payload behind a header of transport. Returns how much the sum of its words has changed.
    fn payload(&self, transport: &mut [u8], protocol: u8, is_whole: bool) -> Change {
        let header = match protocol {
            6 => transport.get(12).map_or(usize::MAX, |byte| usize::from(byte >> 4) * 4),
            17 => 8,
            _ => return Change::default(),
        };
        // Headers have an even length, so words begin with the payload.
        let Some(payload) = transport.get_mut(header..).filter(|payload| !payload.is_empty()) else {
            return Change::default();
        };
        let sum = |bytes: &[u8]| {
            let words =
                bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)));
            words.fold(Change::default(), |sum, word| sum.add(Change(word)))
        };
        let Change(before) = sum(payload);
        if is_whole {
            (self.edit)(payload);
        } else {
            payload.fill(0);
        }
        Change(!before & 0xffff).add(sum(payload))
    }
}

/// Where transport begins behind the extension headers of IPv6 (RFC 8200 4), its protocol, and whether it is there: a later fragment has none.
fn after_extensions(bytes: &[u8]) -> Result<(usize, u8, bool), NotUnderstood> {
    let (mut at, mut next, mut is_first) = (40, *bytes.get(6).ok_or(NotUnderstood)?, true);
    for _ in 0..STEPS_LIMIT {
        let length = match next {
            // Hop-by-hop and destination options.
            0 | 60 => usize::from(*bytes.get(at + 1).ok_or(NotUnderstood)?) * 8 + 8,
            44 => {
                is_first &= u16_at(bytes, at + 2)? & 0xfff8 == 0;
                8
            }
            // Routing headers hold addresses.
            43 => return Err(NotUnderstood),
            _ => return Ok((at, next, is_first)),
        };
        next = *bytes.get(at).ok_or(NotUnderstood)?;
        at += length;
    }
    Err(NotUnderstood)
}

/// The EtherType of the packet that starts here.
fn by_version(bytes: &[u8], at: usize) -> Result<u16, NotUnderstood> {
    match bytes.get(at).ok_or(NotUnderstood)? >> 4 {
        4 => Ok(IPV4),
        6 => Ok(IPV6),
        _ => Err(NotUnderstood),
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], NotUnderstood> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(NotUnderstood)
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, NotUnderstood> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// Replaces bytes at an even place. Returns the change of the sum of words.
fn put(bytes: &mut [u8], at: usize, new: &[u8]) -> Result<Change, NotUnderstood> {
    let old = bytes.get_mut(at..at + new.len()).ok_or(NotUnderstood)?;
    let mut change = Change::default();
    for (old, new) in old.chunks_exact(2).zip(new.chunks_exact(2)) {
        let word = |pair: &[u8]| pair.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        change = change.add(Change(!word(old) & 0xffff)).add(Change(word(new)));
    }
    old.copy_from_slice(new);
    Ok(change)
}

/// Lets a checksum follow a change (RFC 1624, equation 3). Returns by how much it changes itself.
fn adjust(bytes: &mut [u8], at: usize, change: Change) -> Result<Change, NotUnderstood> {
    let sum = u32::from(!u16_at(bytes, at)?);
    let Change(sum) = Change(sum).add(change);
    put(bytes, at, &(!sum as u16).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::key::Key;
    use super::*;
    use etherparse::{NetHeaders, PacketBuilder, PacketHeaders, TransportHeader};
    use proptest::prelude::*;

    fn addresses() -> Addresses {
        Addresses::new(&Key::new(b"a key"))
    }

    fn ethernet_link() -> LinkType {
        LinkType(ETHERNET)
    }

    /// The ends of a packet, and whether all checksums are right.
    fn read(frame: &[u8]) -> ((IpAddr, IpAddr), bool) {
        let headers = PacketHeaders::from_ethernet_slice(frame).unwrap();
        let payload = headers.payload.slice();
        match (headers.net.unwrap(), headers.transport) {
            (NetHeaders::Ipv4(ip, _), Some(transport)) => {
                let is_right = match transport {
                    TransportHeader::Tcp(tcp) => tcp.checksum == tcp.calc_checksum_ipv4(&ip, payload).unwrap(),
                    TransportHeader::Udp(udp) => udp.checksum == udp.calc_checksum_ipv4(&ip, payload).unwrap(),
                    TransportHeader::Icmpv4(icmp) => icmp.checksum == icmp.icmp_type.calc_checksum(payload),
                    _ => false,
                };
                let ends = (IpAddr::from(ip.source), IpAddr::from(ip.destination));
                (ends, is_right && ip.header_checksum == ip.calc_header_checksum())
            }
            (NetHeaders::Ipv6(ip, _), Some(TransportHeader::Tcp(tcp))) => {
                let ends = (IpAddr::from(ip.source), IpAddr::from(ip.destination));
                (ends, tcp.checksum == tcp.calc_checksum_ipv6(&ip, payload).unwrap())
            }
            _ => panic!("not one of these packets"),
        }
    }

    const SERVER: [u8; 4] = [203, 205, 239, 154];

    proptest! {
        #[test]
        fn addresses_change_and_checksums_stay_right(
            host in any::<[u8; 2]>(), six in any::<[u8; 8]>(), payload in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let addresses = addresses();
            let client = [192, 168, host[0], host[1]];
            let ethernet = || PacketBuilder::ethernet2([2, 1, 1, 1, 1, 1], [0, 2, 2, 2, 2, 2]);
            let mut device = [0x20, 1, 0x48, 0x60, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0];
            device[8..].copy_from_slice(&six);
            let server = [0x24, 0, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
            let write = |builder: etherparse::PacketBuilderStep<etherparse::TcpHeader>| {
                let mut frame = Vec::new();
                builder.write(&mut frame, &payload).unwrap();
                frame
            };
            let mut four = write(ethernet().ipv4(client, SERVER, 64).tcp(40_000, 443, 7, 1_000));
            let whole = four.len();
            four.extend_from_slice(b"trailer of a tool");
            let length = addresses.redact_frame(ethernet_link(), &mut four, &|_| false).unwrap();
            prop_assert_eq!(length, whole);
            four.truncate(length);
            let ((from, to), is_right) = read(&four);
            prop_assert_eq!((from, to), (addresses.local(client.into()), SERVER.into()));
            prop_assert!(is_right);
            prop_assert_eq!(&four[..6], &addresses.mac([0, 2, 2, 2, 2, 2]));
            let mut udp = Vec::new();
            ethernet().ipv4(SERVER, client, 64).udp(53, 4_000).write(&mut udp, &payload).unwrap();
            addresses.redact_frame(ethernet_link(), &mut udp, &|_| false).unwrap();
            prop_assert!(read(&udp).1);

            let mut frame = write(ethernet().ipv6(device, server, 64).tcp(40_000, 443, 7, 1_000));
            addresses.redact_frame(ethernet_link(), &mut frame, &|ip| ip == IpAddr::from(device)).unwrap();
            let ((from, to), is_right) = read(&frame);
            prop_assert_eq!((from, to), (addresses.hidden(device.into()), server.into()));
            prop_assert!(is_right && from != IpAddr::from(device));
        }

        #[test]
        fn no_frame_is_too_strange(link in prop::sample::select(&[0_u16, 1, 101, 113, 228, 276, 105][..]), mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let length = bytes.len();
            let ends = addresses().redact_frame(LinkType(link), &mut bytes, &|_| true);
            prop_assert!(ends.is_err() || ends.is_ok_and(|end| end <= length));
        }
    }

    #[test]
    fn what_icmp_quotes_is_replaced_too() {
        let (addresses, client) = (addresses(), [192, 168, 1, 7]);
        let mut quoted = Vec::new();
        PacketBuilder::ipv4(client, SERVER, 1).udp(33_000, 33_434).write(&mut quoted, b"probe").unwrap();
        // Eight bytes of transport are all that routers must quote.
        quoted.truncate(28);
        let mut frame = Vec::new();
        let ethernet = PacketBuilder::ethernet2([2, 1, 1, 1, 1, 1], [0, 2, 2, 2, 2, 2]);
        ethernet.ipv4([192, 168, 1, 1], client, 64).icmpv4_raw(11, 0, [0; 4]).write(&mut frame, &quoted).unwrap();
        addresses.redact_frame(ethernet_link(), &mut frame, &|_| false).unwrap();
        assert!(read(&frame).1);
        assert!(!frame.windows(4).any(|bytes| bytes == client));
    }

    #[test]
    fn arp_is_replaced_and_strange_frames_are_refused() {
        let addresses = addresses();
        let (mac, other) = ([0, 2, 2, 2, 2, 2], [0, 3, 3, 3, 3, 3]);
        let arp =
            [&[0xff; 6][..], &mac, &[8, 6], &[0, 1, 8, 0, 6, 4, 0, 1], &mac, &[10, 0, 0, 7], &other, &[10, 0, 0, 1]];
        let mut frame = arp.concat();
        assert_eq!(addresses.redact_frame(ethernet_link(), &mut frame, &|_| false), Ok(42));
        assert!(!frame.windows(4).any(|bytes| bytes == [10, 0, 0, 7] || bytes == [10, 0, 0, 1]));
        assert!(!frame.windows(6).any(|bytes| bytes == mac || bytes == other));
        let mut lldp = [&[1, 0x80, 0xc2, 0, 0, 0xe][..], &mac, &[0x88, 0xcc], b"name of a switch"].concat();
        assert_eq!(addresses.redact_frame(ethernet_link(), &mut lldp, &|_| false), Err(NotUnderstood));
        assert_eq!(addresses.redact_frame(LinkType(105), &mut lldp, &|_| false), Err(NotUnderstood));
    }
}
