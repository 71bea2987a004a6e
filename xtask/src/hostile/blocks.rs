//! Blocks of pcapng without end: sections, interfaces, options, names, secrets, and blocks of the largest size.

use super::block::{self, COMMENT, CUSTOM, END, RAW_IP, block, fields, interface, one, option, packet, section, small};
use super::kind::Kind;
use super::wire::CLIENT;

/// Near the most that a block may be.
const LARGE: usize = (16 << 20) - 12;
/// Interfaces of a section.
const INTERFACES: usize = 4_000;

pub(super) const KINDS: &[Kind] = &[
    Kind::pcapng("sections", "nothing but sections behind one packet", |number, out| {
        out.extend(section(RAW_IP));
        if number == 0 {
            out.extend(packet(&one(), &[]));
        }
    }),
    Kind::pcapng("sections_with_packets", "every packet in a section of its own", |number, out| {
        out.extend(section(RAW_IP));
        out.extend(packet(&small(number), &[]));
    }),
    Kind::pcapng("sections_bare", "sections without interfaces behind one packet", |number, out| {
        if number == 0 {
            out.extend(packet(&one(), &[]));
        }
        out.extend(block::bare_section());
    }),
    Kind::pcapng("interfaces", "4,000 interfaces to a section with one packet", |_, out| {
        out.extend(section(RAW_IP));
        out.extend(interface(RAW_IP, &[]).repeat(INTERFACES));
        out.extend(packet(&one(), &[]));
    }),
    Kind::pcapng("interfaces_endless", "interfaces without end behind one packet", |number, out| {
        if number == 0 {
            out.extend(packet(&one(), &[]));
        }
        out.extend(interface(RAW_IP, &[]));
    }),
    Kind::pcapng("interface_options", "interfaces with four thousand empty options", |_, out| {
        out.extend(section(RAW_IP));
        out.extend(interface(RAW_IP, &option(3, b"").repeat(4_000)));
        out.extend(packet(&one(), &[]));
    }),
    Kind::pcapng("packet_options", "packets with four thousand empty options", |number, out| {
        let options = [option(2_989, b"").repeat(4_000), END.to_vec()].concat();
        out.extend(packet(&small(number), &options));
    }),
    Kind::pcapng("packet_ids", "packets of one flow with an id each", |number, out| {
        let options = [option(5, &number.to_le_bytes()), option(2, &[2, 0, 0, 0]), END.to_vec()].concat();
        out.extend(packet(&one(), &options));
    }),
    Kind::pcapng("name_blocks", "a block that names an address before every packet", |number, out| {
        let record = [&[1, 0, 9, 0][..], &CLIENT.to_be_bytes(), b"a.bc\0\0\0\0", &END].concat();
        out.extend(block(4, &record));
        out.extend(packet(&small(number), &[]));
    }),
    Kind::pcapng("secrets", "a block of 4 kB of secrets before every packet", |number, out| {
        out.extend(block(10, &[fields(&[0x544c_534b, 4_096]), vec![b's'; 4_096]].concat()));
        out.extend(packet(&small(number), &[]));
    }),
    Kind::pcapng("custom_blocks", "custom blocks of nothing behind one packet", |number, out| {
        if number == 0 {
            out.extend(packet(&one(), &[]));
        }
        out.extend(block(CUSTOM, &fields(&[1])));
    }),
    Kind::pcapng("large_blocks", "blocks of almost 16 MiB that are passed by", |_, out| {
        out.extend(block(0x777, &vec![1; LARGE]));
        out.extend(packet(&one(), &[]));
    }),
    Kind::pcapng("large_comments", "packets with 250 comments of 65,000 bytes", |_, out| {
        out.extend(packet(&one(), &option(COMMENT, &[b'c'; 65_000]).repeat(250)));
    }),
];
