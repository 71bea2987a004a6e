//! The samples read back: every format tells the same scene.

use super::*;
use std::collections::BTreeMap;
use whither::capture::owner::{Owner, SectionOwners, SideOwners, in_band, may_be_in_band};
use whither::capture::{ByteOrder, Direction, FrameNote, LinkType};

/// What a minimal walker over the sample finds: per frame its link type, wire length and note.
fn frames(file: &[u8]) -> Vec<(LinkType, u32, Option<FrameNote>)> {
    let le = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let stripped = |link_type: LinkType, bytes: &[u8], note: Option<FrameNote>| {
        let length = bytes.len() as u32;
        match in_band(link_type, bytes, length).filter(|_| may_be_in_band(link_type, bytes)) {
            Some(found) if found.note == FrameNote::default() => (found.link_type, found.wire_length, note),
            Some(found) => (found.link_type, found.wire_length, Some(found.note)),
            None => (link_type, length, note),
        }
    };
    let mut frames = Vec::new();
    if le(0) == 0xa1b2_c3d4 {
        let link_type = LinkType(le(20) as u16);
        let mut at = 24;
        while at < file.len() {
            let length = le(at + 8) as usize;
            frames.push(stripped(link_type, &file[at + 16..at + 16 + length], None));
            at += 16 + length;
        }
        return frames;
    }
    let is_big = file[8..12] == [0x1a, 0x2b, 0x3c, 0x4d];
    let order = if is_big { ByteOrder::Big } else { ByteOrder::Little };
    let word = |at: usize| order.u32(file[at..at + 4].try_into().unwrap());
    let (mut at, mut section, mut interfaces) = (0, SectionOwners::default(), vec![]);
    while at < file.len() {
        let length = word(at + 4) as usize;
        assert_eq!(word(at + length - 4) as usize, length);
        let body = &file[at + 8..at + length - 4];
        match word(at) {
            0x0a0d_0d0a => section = SectionOwners::start(order, &body[16..]),
            1 => interfaces.push(LinkType(order.u16([body[0], body[1]]))),
            6 => {
                let captured = word(at + 20) as usize;
                let time_us = u64::from(word(at + 12)) << 32 | u64::from(word(at + 16));
                let link_type = interfaces[word(at + 8) as usize];
                let options = &body[20 + captured.next_multiple_of(4)..];
                let note = section.packet(link_type, options, time_us as i64 * 1_000);
                frames.push(stripped(link_type, &body[20..20 + captured], note));
            }
            other => assert_eq!(section.block(other, body), 0, "there is room for all owners"),
        }
        at += length;
    }
    frames
}

fn sample(name: &str) -> Vec<u8> {
    samples().into_iter().find(|(other, _)| *other == name).unwrap().1
}

fn directions(packets: &[Packet]) -> Vec<Direction> {
    let direction = |packet: &Packet| if packet.is_outbound { Direction::Outbound } else { Direction::Inbound };
    packets.iter().map(direction).collect()
}

/// Each format names each packet's app, by the field it has.
#[test]
fn all_formats_tell_the_same_scene() {
    type Told = fn(&Owner, &App) -> bool;
    let by_label: Told = |owner, app| owner.name.as_deref() == Some(app.label);
    let by_pid: Told = |owner, app| by_name(owner, app.label) && owner.pid == Some(app.pid.into());
    fn by_name(owner: &Owner, name: &str) -> bool {
        owner.name.as_deref() == Some(name)
    }
    let by_package: Told = |owner, app| owner.package.as_deref() == Some(app.package) && by_name(owner, app.label);
    let by_path: Told = |owner, app| owner.path.as_deref() == Some(app.path);
    let by_bare_pid: Told = |owner, app| owner.pid == Some(app.pid.into());
    let packets = scene(&COMPUTER).packets;
    for (name, told, has_direction) in [
        ("pcapdroid-uidmap.pcapng", by_package, false),
        ("pktap-v1.pcap", by_pid, true),
        ("pktap-v2.pcap", by_pid, true),
        ("darwin-process.pcapng", by_pid, true),
        ("pymobiledevice.pcapng", by_pid, false),
        ("ptcpdump.pcapng", by_path, true),
        ("rustnet.pcapng", by_pid, false),
        ("tcpdump-comments.pcapng", by_pid, true),
        ("process-option.pcapng", by_bare_pid, true),
        ("wireshark-process.pcapng", by_label, true),
    ] {
        let mut frames = frames(&sample(name));
        frames.retain(|(_, _, note)| !note.as_ref().is_some_and(|note| note.is_dropped));
        assert_eq!(frames.len(), packets.len(), "{name}");
        let notes: Vec<_> = frames.into_iter().map(|(_, _, note)| note.unwrap()).collect();
        for (number, (note, packet)) in notes.iter().zip(&packets).enumerate() {
            let owner = note.owner.as_ref().unwrap();
            assert!(told(owner, packet.app), "{name} frame {}: {owner:?}", number + 1);
        }
        if has_direction {
            let told: Vec<_> = notes.iter().map(|note| note.direction).collect();
            assert_eq!(told, directions(&packets), "{name}");
        }
    }
}

#[test]
fn pcapdroid_trailers_but_for_the_packet_without_room() {
    let packets = scene(&PHONE).packets;
    let frames = frames(&sample("pcapdroid-trailer.pcap"));
    assert_eq!(frames.len(), packets.len());
    let mut bare = 0;
    for ((link_type, length, note), packet) in frames.into_iter().zip(&packets) {
        let note = note.unwrap();
        assert_eq!(note.direction == Direction::Outbound, packet.is_outbound);
        if link_type == LinkType::RAW {
            bare += 1;
            assert_eq!((length as usize, note.owner), (packet.ip.len(), None));
        } else {
            assert_eq!(length as usize, 14 + packet.ip.len());
            assert_eq!(note.owner.unwrap().name.as_deref(), Some(packet.app.label));
        }
    }
    assert_eq!(bare, 1);
}

#[test]
fn etl2pcapng_names_the_sender_of_what_was_sent() {
    let frames = frames(&sample("etl2pcapng.pcapng"));
    let mut sent = BTreeMap::new();
    for (_, _, note) in frames {
        let note = note.unwrap();
        if let Some(owner) = note.owner {
            *sent.entry((owner.pid.unwrap(), note.packet_id.is_some())).or_insert(0) += 1;
        }
    }
    let count = |app: &App| {
        scene(&COMPUTER).packets.iter().filter(|packet| packet.app.pid == app.pid && packet.is_outbound).count()
    };
    let [first, second] = &APPS;
    let expected =
        BTreeMap::from([((first.pid.into(), false), count(first)), ((second.pid.into(), true), 2 * count(second))]);
    assert_eq!(sent, expected);
}

#[test]
fn side_files_name_every_conversation() {
    let dir = std::env::temp_dir().join(format!("whither-owner-samples-{}", std::process::id()));
    write_all(&dir).unwrap();
    for name in ["plain.pcapdroid.csv", "plain.pcap.connections.jsonl", "plain.owners.csv"] {
        let side = SideOwners::open(&dir.join(name), None).unwrap();
        for Conversation { app, protocol, local, remote, first_us, last_us } in scene(&PHONE).conversations {
            let ns = |us: u64| us as i64 * 1_000;
            let owner = side.find(protocol, local, remote, ns(first_us), ns(last_us)).unwrap();
            assert_eq!(owner.name.as_deref(), Some(app.label), "{name}");
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
}
