//! Owners without end, in every form that captures name them: process blocks, maps of uids, comments, PKTAP.

use super::block::{
    self, CUSTOM, END, by_index, comment, fields, nameless, one, option, packet, packet_at, process, section, small,
};
use super::kind::Kind;
use super::wire::{client, closing, datagram, public};

/// Link type of PKTAP (Darwin).
const PKTAP: u16 = 258;
/// Bytes of its header.
const PKTAP_BYTES: u32 = 108;
/// Raw IP as Darwin numbers it inside PKTAP.
const DARWIN_RAW_IP: u32 = 12;
/// Owners that a section names at a time.
const SECTION_OWNERS: u64 = 1_000;
/// Owners that are alike.
const ALIKE: u64 = 300;

pub(super) const KINDS: &[Kind] = &[
    Kind::pcapng("owner_per_flow", "as many owners as flows, all with names of their own", |number, out| {
        owned(number, |owner| format!("app{owner:09}"), false, out);
    }),
    Kind::pcapng("owner_per_flow_closing", "the same, and the clock goes on", |number, out| {
        owned(number, |owner| format!("app{owner:09}"), true, out);
    }),
    Kind::pcapng("owner_per_flow_long", "the same with names of a thousand letters", |number, out| {
        owned(number, |owner| format!("{}{owner:09}", "o".repeat(1_000)), true, out);
    }),
    Kind::pcapng("owners_again", "the same thousand owners in every section", |number, out| {
        owned(number, |owner| format!("app{:09}", owner % SECTION_OWNERS), true, out);
    }),
    Kind::pcapng(
        "owners_alike_one_flow",
        "300 owners of 1 kB that differ at the end, by turns in one flow",
        |number, out| {
            name_alike(number, out);
            out.extend(packet(&one(), &by_index((number % ALIKE) as u32)));
        },
    ),
    Kind::pcapng("owners_alike", "the same owners, 256 packets to a flow", |number, out| {
        name_alike(number, out);
        out.extend(packet(&small(number / 256), &by_index((number % 256) as u32)));
    }),
    Kind::pcapng("processes_long", "a process block with a name of 4 kB before every packet", |number, out| {
        out.extend(process(number as u32, &long_name(number, 4_000)));
        out.extend(packet(&small(number), &by_index(number as u32)));
    }),
    Kind::pcapng(
        "processes_nameless",
        "process blocks of nothing but a number, a packet after every hundred",
        |number, out| {
            out.extend(nameless(number as u32 & 0x7fff_ffff));
            if number % 100 == 99 {
                out.extend(packet(&small(number), &by_index(number as u32)));
            }
        },
    ),
    Kind::pcapng("processes_then_packets", "4,000 interfaces, 65,000 processes, then small packets", processes_first),
    Kind::pcapng(
        "processes_between_packets",
        "50,000 processes, then one more after every thirty packets",
        processes_between,
    ),
    Kind::pcapng("process_starts_backwards", "one process id that starts ever earlier", starts_backwards),
    Kind::pcapng("uid_maps", "a map of a uid before every packet of it", uid_maps),
    Kind::pcapng(
        "comments_of_owners",
        "every packet of one flow names an owner of its own in a comment",
        |number, out| {
            out.extend(packet(&one(), &comment(&format!("rustnet process=a{number} pid=7"))));
        },
    ),
    Kind::pcapng("comments_of_long_owners", "the same with long names, 300 packets to a flow", |number, out| {
        let (name, path) = ("x".repeat(200), "y".repeat(900));
        let text = format!("rustnet process={name}{number:09} exe={path}");
        out.extend(packet(&small(number / 300), &comment(&text)));
    }),
    Kind::pcapng("comments_of_commas", "comments of an owner's form that hold nothing but commas", |_, out| {
        out.extend(packet(&one(), &comment(&format!("proc {}", ", ".repeat(32_000)))));
    }),
    Kind::pcapng("comments_of_colons", "the same with colons and commas", |_, out| {
        out.extend(packet(&one(), &comment(&format!("proc {}", ":, ".repeat(21_000)))));
    }),
    Kind::pcapng("comments_of_lines", "sixteen comments of sixteen thousand lines in every packet", |_, out| {
        let text = format!("PID: 1\n{}", "a:b\n".repeat(16_000));
        let options = option(block::COMMENT, text.as_bytes()).repeat(16);
        out.extend(packet(&one(), &[options, END.to_vec()].concat()));
    }),
    Kind::pcapng("comments_of_keys", "a comment that says one key eight thousand times", |_, out| {
        out.extend(packet(&one(), &comment(&format!("PID: 1, ProcName: {}", ", EPID: ".repeat(8_000)))));
    }),
    Kind::pcapng(
        "pktap_one_flow",
        "every packet of one flow has an owner of its own in its PKTAP header",
        |number, out| {
            pktap(number, &one(), out);
        },
    ),
    Kind::pcapng("pktap", "the same, each packet a flow", |number, out| pktap(number, &small(number), out)),
];

/// A name that differs from its neighbours only at the end.
fn long_name(number: u64, width: usize) -> Vec<u8> {
    format!("{}{number:09}", "x".repeat(width)).into_bytes()
}

fn name_alike(number: u64, out: &mut Vec<u8>) {
    if number == 0 {
        (0..ALIKE).for_each(|owner| out.extend(process(1_000 + owner as u32, &long_name(owner, 1_000))));
    }
}

/// A section that names a thousand owners, then a packet of each.
fn owned(number: u64, name: fn(u64) -> String, is_closing: bool, out: &mut Vec<u8>) {
    let (round, at) = (number / (2 * SECTION_OWNERS) * SECTION_OWNERS, number % (2 * SECTION_OWNERS));
    if at == 0 {
        out.extend(section(block::RAW_IP));
        out.extend(packet(&one(), &[]));
    }
    if at < SECTION_OWNERS {
        return out.extend(process(1_000 + at as u32, name(round + at).as_bytes()));
    }
    let (owner, index) = (round + at - SECTION_OWNERS, (at - SECTION_OWNERS) as u32);
    let options = [option(block::BY_INDEX, &index.to_le_bytes()), option(0x8003, &index.to_le_bytes()), END.to_vec()];
    let bytes = datagram(client(owner), public(owner), 5_000, b"xxxx");
    let seconds = if is_closing { closing(owner) } else { super::wire::START };
    out.extend(packet_at(seconds, &bytes, &options.concat()));
}

fn processes_first(number: u64, out: &mut Vec<u8>) {
    if number == 0 {
        (0..4_000).for_each(|_| out.extend(block::interface(block::RAW_IP, &[])));
        (0..65_000).for_each(|id| out.extend(process(id, format!("n{id}").as_bytes())));
    }
    out.extend(packet(&small(number % 1_000), &by_index((number % 65_000) as u32)));
}

fn processes_between(number: u64, out: &mut Vec<u8>) {
    if number == 0 {
        (0..50_000).for_each(|id| out.extend(process(id, format!("n{id}").as_bytes())));
    }
    out.extend(packet(&small(number % 1_000), &by_index((number % 50_000) as u32)));
    if number % 30 == 29 {
        out.extend(nameless(number as u32 & 0x00ff_ffff));
    }
}

/// Wireshark's process information, in a custom block of its enterprise number.
fn starts_backwards(number: u64, out: &mut Vec<u8>) {
    const ROUND: u64 = 60_000;
    let at = number % ROUND;
    if at == 0 {
        out.extend(section(block::RAW_IP));
        out.extend(packet(&one(), &[]));
    }
    let start = (1_u64 << 40) - at;
    let entry = [&7_u32.to_le_bytes()[..], &option(2, b"a"), &option(9, &start.to_le_bytes())].concat();
    out.extend(block::block(CUSTOM, &[fields(&[32_622, 3, entry.len() as u32]), entry].concat()));
    if at == ROUND - 1 {
        out.extend(packet(&one(), &[option(8, &fields(&[7, 0])), END.to_vec()].concat()));
    }
}

/// PCAPdroid's map from a uid to an app, in a custom block of its enterprise number.
fn uid_maps(number: u64, out: &mut Vec<u8>) {
    let uid = number as u32 & 0x7fff_ffff;
    let lengths = [200, 200];
    let label = long_name(number, 191);
    let body = [&fields(&[62_652])[..], &[1, 0, 1, 0], &uid.to_le_bytes(), &lengths, &[b'p'; 200], &label].concat();
    out.extend(block::block(CUSTOM, &body));
    out.extend(packet(&small(number), &comment(&format!("u-{number}"))));
}

fn pktap(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    if number == 0 {
        out.extend(section(PKTAP));
    }
    let mut header = fields(&[PKTAP_BYTES, 1, DARWIN_RAW_IP]);
    header.extend(b"en0");
    header.resize(36, 0);
    header.extend(fields(&[2]));
    header.resize(52, 0);
    header.extend((number as u32 & 0x7fff_ffff).to_le_bytes());
    header.extend(format!("n{number}").bytes());
    header.resize(PKTAP_BYTES as usize, 0);
    out.extend(packet(&[&header, bytes].concat(), &[]));
}
