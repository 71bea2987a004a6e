//! pcapng: from blocks to packets, and the section state that later blocks refer to (draft-ietf-opsawg-pcapng).
//!
//! A file may hold several sections, each with its own byte order and interfaces. The section length is not used: blocks
//! say where they end. Blocks of unknown types are skipped.

use super::visit::{Stop, Visit, max_packet};
use crate::capture::frame::{ByteOrder, LinkType};
use crate::capture::owner::table::SectionOwners;

/// Section header block; reads the same in both byte orders.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
/// Interface description block.
const INTERFACE: u32 = 1;
/// Packet block, obsolete.
const PACKET: u32 = 2;
/// Simple packet block.
const SIMPLE_PACKET: u32 = 3;
/// Enhanced packet block.
const ENHANCED_PACKET: u32 = 6;
/// Systemd journal export block.
const JOURNAL: u32 = 9;
/// Decryption secrets block.
const SECRETS: u32 = 10;
/// Custom block that may be copied, and one that may not.
const CUSTOM: [u32; 2] = [0x0000_0bad, 0x4000_0bad];
/// The type of secrets that are a key log of TLS.
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Sysdig event blocks.
const SYSDIG_EVENTS: [u32; 4] = [0x204, 0x208, 0x216, 0x221];
/// Wireshark's own enterprise number: its custom blocks describe the file and take no frame number.
const WIRESHARK_ENTERPRISE: u32 = 32_622;
/// Byte-order magic of a section header.
const ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Type and length before the body.
const BLOCK_HEADER: usize = 8;
/// A block without a body: type, length, length.
const MIN_BLOCK: u32 = 12;
/// Longest block: Wireshark's limit, beyond any packet with its options. With this limit a wrong length cannot cost much memory.
const MAX_BLOCK: u32 = 16 << 20;
/// Most interfaces of a section: far more than any real capture has. Each range copies them, so a hostile capture must not have many.
const MAX_INTERFACES: usize = 4_096;
/// Most options read of an interface.
const MAX_OPTIONS: usize = 256;

/// How many nanoseconds a timestamp's tick has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tick {
    /// This many nanoseconds.
    Nanoseconds(u64),
    /// This part of a nanosecond.
    Part(u64),
    /// A second over this power of two.
    Binary(u32),
}

impl Tick {
    /// `if_tsresol`: the top bit says whether the rest is a negative power of 2 or of 10.
    fn from_option(value: u8) -> Self {
        let exponent = u32::from(value & 0x7f);
        if value & 0x80 != 0 {
            Self::Binary(exponent)
        } else if exponent <= 9 {
            Self::Nanoseconds(10_u64.pow(9 - exponent))
        } else {
            Self::Part(10_u64.checked_pow(exponent - 9).unwrap_or(u64::MAX))
        }
    }

    #[inline]
    fn to_ns(self, ticks: u64) -> i64 {
        let ns = match self {
            Self::Nanoseconds(each) => ticks.saturating_mul(each),
            Self::Part(parts) => ticks / parts,
            Self::Binary(bits) => u64::try_from((u128::from(ticks) * 1_000_000_000) >> bits).unwrap_or(u64::MAX),
        };
        i64::try_from(ns).unwrap_or(i64::MAX)
    }
}

/// What an interface description block says.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Interface {
    link_type: LinkType,
    snap_length: u32,
    max_packet: u32,
    tick: Tick,
    offset_ns: i64,
}

impl Interface {
    fn parse(order: ByteOrder, body: &[u8]) -> Option<Self> {
        let (&[l0, l1, _, _, s0, s1, s2, s3], options) = body.split_first_chunk()?;
        let link_type = LinkType(order.u16([l0, l1]));
        let mut interface = Self {
            link_type,
            snap_length: order.u32([s0, s1, s2, s3]),
            max_packet: max_packet(link_type),
            tick: Tick::Nanoseconds(1_000),
            offset_ns: 0,
        };
        let mut rest = options;
        for _ in 0..MAX_OPTIONS {
            let Some((&[c0, c1, n0, n1], after)) = rest.split_first_chunk() else { break };
            let length = usize::from(order.u16([n0, n1]));
            let Some(value) = after.get(..length) else { break };
            match (order.u16([c0, c1]), value) {
                (0, _) => break,
                (9, [resolution, ..]) => interface.tick = Tick::from_option(*resolution),
                (14, value) => {
                    if let Some(seconds) = value.first_chunk() {
                        // Two's complement in the section's byte order.
                        let seconds = order.u64(*seconds) as i64;
                        interface.offset_ns = seconds.saturating_mul(1_000_000_000);
                    }
                }
                _ => {}
            }
            rest = after.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }
}

/// A section as far as it was read: what the next block may refer to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    /// Unset ahead of the first section header.
    order: Option<ByteOrder>,
    interfaces: Vec<Interface>,
    owners: SectionOwners,
    /// Whether a block changed any of this since the range began.
    is_changed: bool,
    /// Whether a packet's options were looked up since the range began.
    is_consulted: bool,
}

/// Whether a file starting with these bytes is pcapng.
pub(crate) fn is_pcapng(head: &[u8]) -> bool {
    let Some(&[t0, t1, t2, t3, _, _, _, _, m0, m1, m2, m3]) = head.first_chunk() else { return false };
    u32::from_le_bytes([t0, t1, t2, t3]) == SECTION_HEADER && order_of([m0, m1, m2, m3]).is_some()
}

fn order_of(magic: [u8; 4]) -> Option<ByteOrder> {
    [ByteOrder::Little, ByteOrder::Big].into_iter().find(|order| order.u32(magic) == ORDER_MAGIC)
}

/// The parts of a packet block that all kinds have.
struct PacketFields<'a> {
    interface: u32,
    ticks: Option<u64>,
    original: u32,
    bytes: &'a [u8],
    options: &'a [u8],
}

impl Section {
    /// Visits the records in `bytes` whose block starts before `limit`.
    pub(crate) fn walk<V: Visit>(&mut self, bytes: &[u8], limit: usize, visit: &mut V) -> (usize, Stop) {
        let mut position = 0;
        loop {
            if position >= limit {
                return (position, Stop::Limit);
            }
            match self.block(bytes.get(position..).unwrap_or_default(), visit) {
                Ok(length) => position += length,
                Err(stop) => return (position, stop),
            }
        }
    }

    #[inline]
    fn block<V: Visit>(&mut self, rest: &[u8], visit: &mut V) -> Result<usize, Stop> {
        let Some(&[t0, t1, t2, t3, l0, l1, l2, l3]) = rest.first_chunk::<BLOCK_HEADER>() else {
            return Err(Stop::NeedMore(BLOCK_HEADER));
        };
        let starts_section = u32::from_le_bytes([t0, t1, t2, t3]) == SECTION_HEADER;
        let order = if starts_section {
            let Some(&[.., m0, m1, m2, m3]) = rest.first_chunk::<12>() else { return Err(Stop::NeedMore(12)) };
            order_of([m0, m1, m2, m3])
        } else {
            self.order
        };
        let Some(order) = order else {
            return Err(bad("a section header block with a known byte order should be here"));
        };
        let length = order.u32([l0, l1, l2, l3]);
        if !(MIN_BLOCK..=MAX_BLOCK).contains(&length) {
            return Err(wild_length(length));
        }
        let length = length as usize;
        let Some((head, trailer)) = rest.get(..length).and_then(|block| block.split_last_chunk::<4>()) else {
            return Err(Stop::NeedMore(length));
        };
        if *trailer != [l0, l1, l2, l3] {
            return Err(bad("the two lengths of the block differ"));
        }
        let body = head.get(BLOCK_HEADER..).unwrap_or_default();
        let found = match order.u32([t0, t1, t2, t3]) {
            ENHANCED_PACKET => enhanced(order, body),
            SIMPLE_PACKET => self.simple(order, body),
            PACKET => obsolete(order, body),
            block_type => {
                let owners_left_out = self.other(order, block_type, body)?;
                if owners_left_out > 0 {
                    visit.leave_out_owners(owners_left_out);
                }
                if takes_number(order, block_type, body) {
                    visit.other();
                }
                if let (SECRETS, Some(log)) = (block_type, key_log(order, body)) {
                    visit.secrets(log);
                }
                return Ok(length);
            }
        };
        let found = found.ok_or_else(|| bad("the block is too short for the packet it says it holds"))?;
        let interface = usize::try_from(found.interface).ok().and_then(|index| self.interfaces.get(index));
        let Some(interface) = interface else { return Err(no_interface(found.interface)) };
        if found.bytes.len() > interface.max_packet as usize {
            return Err(bad("the packet is longer than a packet of this link type can be"));
        }
        let time_ns = found.ticks.map_or(0, |ticks| interface.tick.to_ns(ticks).saturating_add(interface.offset_ns));
        // An option list that starts with its end says nothing.
        let has_options = matches!(found.options, [a, b, _, _, ..] if (*a, *b) != (0, 0));
        let note = if V::WANTS_NOTES && has_options {
            self.is_consulted = true;
            self.owners.packet(interface.link_type, found.options, time_ns)
        } else {
            None
        };
        visit.packet(time_ns, interface.link_type, found.bytes, found.original, note.as_ref());
        Ok(length)
    }

    /// The simple packet block has neither time nor captured length; it belongs to the first interface.
    fn simple<'a>(&self, order: ByteOrder, body: &'a [u8]) -> Option<PacketFields<'a>> {
        let (original, rest) = body.split_first_chunk()?;
        let original = order.u32(*original);
        let snap_length = self.interfaces.first().map_or(0, |interface| interface.snap_length);
        let captured = if snap_length == 0 { original } else { original.min(snap_length) };
        Some(PacketFields { interface: 0, ticks: None, original, bytes: rest.get(..captured as usize)?, options: &[] })
    }

    /// Takes in a block that is no packet. Returns how many owners there was no room for.
    #[cold]
    fn other(&mut self, order: ByteOrder, block_type: u32, body: &[u8]) -> Result<u64, Stop> {
        self.is_changed = true;
        match block_type {
            SECTION_HEADER => {
                let Some((&[_, _, _, _, a0, a1, i0, i1, ..], options)) = body.split_first_chunk::<16>() else {
                    return Err(bad("the section header block is too short"));
                };
                // Minor version 2 was written by mistake and means the same.
                let (major, minor) = (order.u16([a0, a1]), order.u16([i0, i1]));
                if !matches!((major, minor), (1, 0 | 2)) {
                    return Err(Stop::Bad(format!("pcapng version {major}.{minor} is not known")));
                }
                *self = Self {
                    order: Some(order),
                    interfaces: Vec::new(),
                    owners: SectionOwners::start(order, options),
                    is_changed: true,
                    is_consulted: self.is_consulted,
                };
            }
            INTERFACE => {
                if self.interfaces.len() >= MAX_INTERFACES {
                    return Err(Stop::Bad(format!("more than {MAX_INTERFACES} interfaces in one section")));
                }
                let interface = Interface::parse(order, body);
                self.interfaces.push(interface.ok_or_else(|| bad("the interface description block is too short"))?);
            }
            _ => return Ok(self.owners.block(block_type, body)),
        }
        Ok(0)
    }

    /// Forgets what was used and changed so far.
    pub(crate) fn start_range(&mut self) {
        (self.is_changed, self.is_consulted) = (false, false);
    }

    /// See [`super::state::State::proven`]: `self` is the section at the range's end.
    pub(crate) fn proven(self, before: &Self, truth: &Self, is_whole: bool) -> Option<Self> {
        if before.order == truth.order && before.interfaces == truth.interfaces && before.owners == truth.owners {
            return Some(self);
        }
        // The blocks that the range did not know of only added interfaces and owners to which none of its packets refers.
        let is_unaffected = is_whole
            && !self.is_changed
            && (!self.is_consulted || before.owners == truth.owners)
            && before.order == truth.order
            && truth.interfaces.starts_with(&before.interfaces);
        is_unaffected.then(|| truth.clone())
    }

    /// Length of the block at the start of `bytes` if it could be one, for finding a first block to try. Its second length
    /// must be there, unless the file ends before: many bytes in packets read like the head of a long block.
    pub(crate) fn plausible(&self, bytes: &[u8], ends_file: bool) -> Option<usize> {
        let &[t0, t1, t2, t3, l0, l1, l2, l3] = bytes.first_chunk()?;
        let order = self.order?;
        let is_known = match order.u32([t0, t1, t2, t3]) {
            0..=10 | SECTION_HEADER => true,
            other => CUSTOM.contains(&other) || SYSDIG_EVENTS.contains(&other) || other & 0x8000_0000 != 0,
        };
        let length = order.u32([l0, l1, l2, l3]);
        if !is_known || !(MIN_BLOCK..=MAX_BLOCK).contains(&length) || !length.is_multiple_of(4) {
            return None;
        }
        let length = length as usize;
        match bytes.get(length - 4..length) {
            Some(trailer) => (trailer == [l0, l1, l2, l3]).then_some(length),
            None => ends_file.then_some(length),
        }
    }
}

/// Block body: interface, timestamp (upper, lower half), captured and original length, packet, options.
#[inline]
fn enhanced(order: ByteOrder, body: &[u8]) -> Option<PacketFields<'_>> {
    let (&[i0, i1, i2, i3, rest @ ..], data) = body.split_first_chunk::<20>()?;
    found(order, order.u32([i0, i1, i2, i3]), rest, data)
}

/// Block body: interface (16 bits), dropped packets (16 bits), then as in the enhanced packet block.
fn obsolete(order: ByteOrder, body: &[u8]) -> Option<PacketFields<'_>> {
    let (&[i0, i1, _, _, rest @ ..], data) = body.split_first_chunk::<20>()?;
    found(order, u32::from(order.u16([i0, i1])), rest, data)
}

#[inline(always)]
fn found(order: ByteOrder, interface: u32, fields: [u8; 16], data: &[u8]) -> Option<PacketFields<'_>> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = fields;
    let [upper, lower, captured, original] =
        [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(|x| order.u32(x));
    let captured = captured as usize;
    Some(PacketFields {
        interface,
        ticks: Some(u64::from(upper) << 32 | u64::from(lower)),
        original,
        bytes: data.get(..captured)?,
        options: data.get(captured.next_multiple_of(4)..).unwrap_or_default(),
    })
}

/// The key log in the body of a decryption secrets block: the type of the secrets, their length, then they. `None` for other secrets.
fn key_log(order: ByteOrder, body: &[u8]) -> Option<&[u8]> {
    let (&[t0, t1, t2, t3, l0, l1, l2, l3], data) = body.split_first_chunk::<8>()?;
    let length = order.u32([l0, l1, l2, l3]) as usize;
    data.get(..length).filter(|_| order.u32([t0, t1, t2, t3]) == TLS_KEY_LOG)
}

/// Whether Wireshark gives this block, which is no packet, a frame number.
fn takes_number(order: ByteOrder, block_type: u32, body: &[u8]) -> bool {
    if CUSTOM.contains(&block_type) {
        return body.first_chunk().is_some_and(|enterprise| order.u32(*enterprise) != WIRESHARK_ENTERPRISE);
    }
    block_type == JOURNAL || SYSDIG_EVENTS.contains(&block_type)
}

#[cold]
fn bad(what: &str) -> Stop {
    Stop::Bad(what.to_owned())
}

#[cold]
fn wild_length(length: u32) -> Stop {
    Stop::Bad(format!("the block header says {length} bytes; a block has {MIN_BLOCK} to {MAX_BLOCK}"))
}

#[cold]
fn no_interface(interface: u32) -> Stop {
    Stop::Bad(format!("the packet refers to interface {interface}, which the section does not describe"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::*;

    /// Options that set the resolution and the offset in seconds.
    fn time_options(order: ByteOrder, resolution: u8, offset: u32) -> Vec<u8> {
        let fields = Fields::new(order).u16(9).u16(1).bytes(&[resolution, 0, 0, 0]).u16(14).u16(8);
        match order {
            ByteOrder::Little => fields.u32(offset).u32(0),
            ByteOrder::Big => fields.u32(0).u32(offset),
        }
        .u32(0)
        .bytes
    }

    /// Two sections of different byte order, three interfaces, all packet blocks and blocks to pass by.
    fn file() -> Vec<u8> {
        let (little, big) = (ByteOrder::Little, ByteOrder::Big);
        let simple = |packet: &[u8]| block(little, 3, &Fields::new(little).u32(70).bytes(packet).bytes);
        let obsolete = Fields::new(little).u16(1).u16(9).u32(0).u32(2_048).u32(2).u32(61).bytes(&[7, 8, 0, 0]);
        [
            section(little),
            interface(little, 1, 5, &[]),
            interface(little, 101, 0, &time_options(little, 0x8a, 3)),
            packet_block(little, 0, 1_000_001, 60, &[1, 2, 3]),
            block(little, 0x777, &[1, 2, 3, 4]),
            simple(&[4, 5, 6, 7, 8]),
            block(little, 0xbad, &Fields::new(little).u32(62_652).bytes(b"custom").bytes),
            block(little, 2, &obsolete.bytes),
            block(little, 0x4000_0bad, &Fields::new(little).u32(WIRESHARK_ENTERPRISE).bytes),
            section(big),
            interface(big, 113, 0, &time_options(big, 9, 1)),
            packet_block(big, 0, 5, 62, &[9]),
        ]
        .concat()
    }

    #[test]
    fn sections_interfaces_and_packet_blocks_are_read() {
        let (seen, outcome) = read_one(file());
        assert_eq!((outcome.frames, outcome.not_packets, outcome.defect), (5, 1, None));
        let seen: Vec<_> = seen
            .iter()
            .map(|frame| (frame.id.number(), frame.time_ns, frame.link_type, &frame.bytes[..], frame.wire_length))
            .collect();
        let expected: [(u64, i64, u16, &[u8], u32); 4] = [
            (1, 1_000_001_000, 1, &[1, 2, 3], 60),
            (2, 0, 1, &[4, 5, 6, 7, 8], 70),
            (4, 5_000_000_000, 101, &[7, 8], 61),
            (5, 1_000_000_005, 113, &[9], 62),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn cut_at_every_length() {
        let file = file();
        let whole = read_one(file.clone()).0;
        for length in 12..file.len() {
            let (seen, outcome) = read_one(file[..length].to_vec());
            assert_eq!(seen, whole[..seen.len()], "cut at {length}");
            let defect = outcome.defect.map(|defect| (defect.frame, defect.what));
            if let Some(defect) = defect {
                assert_eq!(defect, (outcome.frames + 1, super::super::visit::CUT_SHORT.to_owned()));
            }
        }
    }

    #[test]
    fn what_a_block_gets_wrong_ends_the_capture_there() {
        let order = ByteOrder::Little;
        let good = [section(order), interface(order, 1, 0, &[]), packet_block(order, 0, 1, 4, &[0; 4])].concat();
        let mut trailer = packet_block(order, 0, 1, 4, &[0; 4]);
        *trailer.last_mut().unwrap() = 1;
        let mut short = packet_block(order, 0, 1, 4, &[0; 4]);
        short[20] = 200;
        let cases = [
            (trailer, "the two lengths of the block differ"),
            (short, "the block is too short for the packet it says it holds"),
            (
                packet_block(order, 1, 1, 4, &[0; 4]),
                "the packet refers to interface 1, which the section does not describe",
            ),
            (vec![0; 64], "the block header says 0 bytes; a block has 12 to 16777216"),
            (block(order, 1, &[]), "the interface description block is too short"),
        ];
        for (wrong, what) in cases {
            let (seen, outcome) = read_one([good.clone(), wrong, good.clone()].concat());
            let defect = outcome.defect.unwrap();
            assert_eq!((seen.len(), defect.offset, defect.frame), (1, good.len() as u64, 2));
            assert_eq!(defect.what, what);
        }
    }

    #[test]
    fn ticks_of_any_size_become_nanoseconds() {
        let cases =
            [(6, 1_000_000, 1_000_000_000), (9, 5, 5), (0, 2, 2_000_000_000), (12, 5_000, 5), (0x80, 3, 3_000_000_000)];
        for (option, ticks, ns) in cases {
            assert_eq!(Tick::from_option(option).to_ns(ticks), ns, "{option:#x}");
        }
        assert_eq!(Tick::from_option(127).to_ns(u64::MAX), 1);
        assert_eq!(Tick::from_option(255).to_ns(u64::MAX), 0);
        assert_eq!(Tick::from_option(0).to_ns(u64::MAX), i64::MAX);
    }
}
