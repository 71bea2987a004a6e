//! Our reader of captures against pcap-parser: both see the same packets in the same files, with the same times, lengths
//! and link types, whether a file is read as one or in small ranges.

use fixtures::pcap::{self, KUZNETSOV, MICROSECONDS, NANOSECONDS};
use fixtures::pcapng::{self, COMMENT, INTERFACE_NAME, RESOLUTION, block};
use fixtures::{Fields, Order};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header};
use proptest::prelude::*;
use whither::capture::{Frame, Observe, Piece, Progress, ReadOptions, Source, read};

/// A packet as a reader sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Seen {
    time_ns: i64,
    link_type: u16,
    bytes: Vec<u8>,
    wire_length: u32,
}

/// Notes every packet.
#[derive(Default)]
struct Log(Vec<Seen>);

impl Observe for Log {
    fn observe(&mut self, frame: Frame<'_>) {
        self.0.push(Seen {
            time_ns: frame.time_ns,
            link_type: frame.link_type.0,
            bytes: frame.bytes.to_vec(),
            wire_length: frame.wire_length,
        });
    }
}

/// What our reader sees, which must find nothing wrong.
fn ours(file: &[u8], range_bytes: Option<u64>) -> Vec<Seen> {
    let source = Source::memory("test", file).expect("the file is a capture");
    let mut seen = Vec::new();
    let mut join = |piece: Piece<Log>| seen.extend(piece.partial.0);
    let options = ReadOptions { range_bytes, ..ReadOptions::default() };
    let outcomes = read(vec![source], &options, &Progress::default(), &Log::default, &mut join);
    assert_eq!(outcomes[0].defect, None);
    assert_eq!(outcomes[0].frames, seen.len() as u64);
    seen
}

/// What pcap-parser sees in a classic file.
fn theirs_classic(file: &[u8]) -> Vec<Seen> {
    let (mut rest, header) = parse_pcap_header(file).expect("the header is whole");
    let parse = match header.magic_number {
        KUZNETSOV => parse_pcap_frame_modified,
        _ if header.is_bigendian() => parse_pcap_frame_be,
        _ => parse_pcap_frame,
    };
    let fraction_ns = if header.is_nanosecond_precision() { 1 } else { 1_000 };
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let (after, packet) = parse(rest).expect("the record is whole");
        rest = after;
        seen.push(Seen {
            time_ns: i64::from(packet.ts_sec) * 1_000_000_000 + i64::from(packet.ts_usec) * fraction_ns,
            // The upper half tells of frame check sequences.
            link_type: header.network.0 as u16,
            bytes: packet.data.to_vec(),
            wire_length: packet.origlen,
        });
    }
    seen
}

/// What pcap-parser says of an interface.
struct Interface {
    link_type: u16,
    snap_length: u32,
    ticks_per_second: u128,
    offset_seconds: i64,
}

/// What pcap-parser sees in a pcapng file. It reads options but does not apply them: time and the captured length of a
/// simple packet block are worked out here.
fn theirs_pcapng(file: &[u8]) -> Vec<Seen> {
    let (rest, sections) = pcap_parser::pcapng::parse_sections(file).expect("the file is whole");
    assert!(rest.is_empty());
    let mut seen = Vec::new();
    for section in &sections {
        let mut interfaces = Vec::new();
        for block in &section.blocks {
            match block {
                Block::InterfaceDescription(block) => interfaces.push(Interface {
                    link_type: block.linktype.0 as u16,
                    snap_length: block.snaplen,
                    ticks_per_second: match block.if_tsresol {
                        binary @ 0x80.. => 1 << (binary & 0x7f),
                        decimal => 10_u128.pow(decimal.into()),
                    },
                    // It reads this option as little-endian in sections of either order.
                    offset_seconds: if section.big_endian { block.if_tsoffset.swap_bytes() } else { block.if_tsoffset },
                }),
                Block::EnhancedPacket(block) => {
                    let interface = &interfaces[block.if_id as usize];
                    let ticks = u128::from(block.ts_high) << 32 | u128::from(block.ts_low);
                    let ns = ticks * 1_000_000_000 / interface.ticks_per_second;
                    seen.push(Seen {
                        time_ns: i64::try_from(ns)
                            .unwrap_or(i64::MAX)
                            .saturating_add(interface.offset_seconds * 1_000_000_000),
                        link_type: interface.link_type,
                        bytes: block.packet_data().to_vec(),
                        wire_length: block.origlen,
                    });
                }
                Block::SimplePacket(block) => {
                    let snap_length = interfaces[0].snap_length;
                    let captured = if snap_length == 0 { block.origlen } else { block.origlen.min(snap_length) };
                    seen.push(Seen {
                        time_ns: 0,
                        link_type: interfaces[0].link_type,
                        bytes: block.raw_packet_data()[..captured as usize].to_vec(),
                        wire_length: block.origlen,
                    });
                }
                _ => {}
            }
        }
    }
    seen
}

/// A packet to be written.
#[derive(Clone, Debug)]
struct Packet {
    seconds: u32,
    fraction: u32,
    bytes: Vec<u8>,
    /// Bytes that were on the wire and were not captured.
    missing: u32,
}

impl Packet {
    fn wire_length(&self) -> u32 {
        self.bytes.len() as u32 + self.missing
    }
}

fn packets(most: usize) -> impl Strategy<Value = Vec<Packet>> {
    let bytes = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..200),
        // What could be taken for headers of records.
        1 => Just(vec![0; 64]),
        1 => Just(classic(Order::Little, MICROSECONDS, 1, &[])),
    ];
    let packet = (1_u32.., 0_u32..1_000_000_000, bytes, prop_oneof![Just(0), 0_u32..70_000])
        .prop_map(|(seconds, fraction, bytes, missing)| Packet { seconds, fraction, bytes, missing });
    prop::collection::vec(packet, 0..most)
}

/// A classic file of these packets.
fn classic(order: Order, magic: u32, network: u32, packets: &[Packet]) -> Vec<u8> {
    let mut file = pcap::header(order, magic, (2, 4), network);
    for packet in packets {
        let lengths = (packet.bytes.len() as u32, packet.wire_length());
        let more = if magic == KUZNETSOV { Fields::new(order).u32(2).u16(8).u16(0).bytes } else { Vec::new() };
        let rest = [more, packet.bytes.clone()].concat();
        file.extend(pcap::record(order, (packet.seconds, packet.fraction), lengths, &rest));
    }
    file
}

/// Option of an interface: seconds to be added to its times.
const OFFSET: u16 = 14;

/// An interface to be described.
#[derive(Clone, Debug)]
struct Described {
    link_type: u16,
    snap_length: u32,
    resolution: Option<u8>,
    offset_seconds: Option<i16>,
    name: String,
}

impl Described {
    fn block(&self, order: Order) -> Vec<u8> {
        let mut options = vec![(INTERFACE_NAME, self.name.clone().into_bytes())];
        options.extend(self.resolution.map(|resolution| (RESOLUTION, vec![resolution])));
        options.extend(
            self.offset_seconds.map(|seconds| (OFFSET, Fields::new(order).u64(i64::from(seconds) as u64).bytes)),
        );
        pcapng::interface(order, self.link_type, self.snap_length, &pcapng::options(order, options))
    }
}

fn interfaces() -> impl Strategy<Value = Vec<Described>> {
    let resolution = prop::option::of(prop::sample::select(vec![0_u8, 3, 6, 9, 12, 0x80, 0x8a, 0x9e]));
    let snap_length = prop::sample::select(vec![0_u32, 60, 61, 262_144]);
    let interface = (link_type(), snap_length, resolution, any::<Option<i16>>(), "[a-z]{0,5}").prop_map(
        |(link_type, snap_length, resolution, offset_seconds, name)| Described {
            link_type,
            snap_length,
            resolution,
            offset_seconds,
            name,
        },
    );
    prop::collection::vec(interface, 1..4)
}

/// A link type under which nothing is taken off the packets.
fn link_type() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![1_u16, 101, 113, 228, 276])
}

/// What follows in a section: a packet in one of the blocks for it, or a block that is to be passed by.
#[derive(Clone, Debug)]
enum Item {
    Enhanced { packet: Packet, interface: prop::sample::Index, comment: Option<String> },
    Simple(Packet),
    Other { kind: u32, body: Vec<u8> },
    Interface(Described),
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let packet = || packets(2).prop_filter_map("there must be a packet", |packets| packets.into_iter().next());
    let enhanced = (packet(), any::<prop::sample::Index>(), prop::option::of("[a-z]{1,9}"))
        .prop_map(|(packet, interface, comment)| Item::Enhanced { packet, interface, comment });
    // A name resolution block with its end alone, interface statistics, and kinds that nobody knows.
    let other = prop::sample::select(vec![(4, vec![0; 4]), (5, vec![0; 12]), (0x777, vec![7; 6]), (0x777, vec![])])
        .prop_map(|(kind, body)| Item::Other { kind, body });
    let interface = interfaces().prop_map(|mut interfaces| Item::Interface(interfaces.remove(0)));
    let item = prop_oneof![6 => enhanced, 2 => packet().prop_map(Item::Simple), 1 => other, 1 => interface];
    prop::collection::vec(item, 0..12)
}

/// A section in a byte order.
fn section(order: Order, described: &[Described], items: &[Item]) -> Vec<u8> {
    let mut file = pcapng::section(order);
    let mut interfaces = described.to_vec();
    file.extend(interfaces.iter().flat_map(|interface| interface.block(order)));
    for item in items {
        file.extend(match item {
            Item::Enhanced { packet, interface, comment } => {
                let ticks = u64::from(packet.seconds) << 20 | u64::from(packet.fraction & 0xf_ffff);
                let interface = interface.index(interfaces.len()) as u32;
                let options = pcapng::options(order, comment.iter().map(|comment| (COMMENT, comment)));
                pcapng::packet_with(order, interface, ticks, packet.wire_length(), &packet.bytes, &options)
            }
            Item::Simple(packet) => {
                // The block does not say how much of the packet was captured: the first interface does.
                let length = packet.bytes.len() as u32;
                let captured = match interfaces[0].snap_length {
                    0 => length,
                    snap_length => length.min(snap_length),
                };
                pcapng::simple_packet(order, length, &packet.bytes[..captured as usize])
            }
            Item::Other { kind, body } => block(order, *kind, body),
            Item::Interface(interface) => {
                interfaces.push(interface.clone());
                interface.block(order)
            }
        });
    }
    file
}

/// Bytes of a range: so few that a file is cut into many.
fn range_bytes() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(64_u64..2_000)
}

fn order() -> impl Strategy<Value = Order> {
    prop::sample::select(vec![Order::Little, Order::Big])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_classic_file_is_the_same_to_both(
        // pcap-parser knows Kuznetsov's variant in one byte order only.
        (order, magic) in prop::sample::select(vec![
            (Order::Little, MICROSECONDS),
            (Order::Big, MICROSECONDS),
            (Order::Little, NANOSECONDS),
            (Order::Big, NANOSECONDS),
            (Order::Little, KUZNETSOV),
        ]),
        link_type in link_type(),
        check_sequence in prop::sample::select(vec![0_u32, 0x1400_0000]),
        packets in packets(40),
        range_bytes in range_bytes(),
    ) {
        let file = classic(order, magic, u32::from(link_type) | check_sequence, &packets);
        prop_assert_eq!(ours(&file, range_bytes), theirs_classic(&file));
    }

    #[test]
    fn a_pcapng_file_is_the_same_to_both(
        sections in prop::collection::vec((order(), interfaces(), items()), 1..4),
        range_bytes in range_bytes(),
    ) {
        let file: Vec<u8> =
            sections.iter().flat_map(|(order, described, items)| section(*order, described, items)).collect();
        prop_assert_eq!(ours(&file, range_bytes), theirs_pcapng(&file));
    }
}
