//! From a small made-up scene (two apps, five conversations) to one capture per owner metadata format.
//!
//! Every capture tells the same scene in its tool's own words, so that a test can hold them against each other. Addresses
//! of the servers are real ones of the apps; names, ports, times and payload are made up. The bytes never change.

mod container;
mod scene;

use container::{PACKET_ID, PROCESS, Pcapng, comment, pcap, record};
use fixtures::Order;
use fixtures::ip::is_v6;
use fixtures::owner::{DARWIN_EFFECTIVE_INDEX, DARWIN_PROCESS_INDEX, darwin_process, pcapdroid_app, wireshark_process};
use scene::{APPS, App, COMPUTER, Conversation, PHONE, Packet, RESOLVER, START_US, addresses, ethernet, scene};
use std::io;
use std::path::Path;

/// Writes all samples into a directory, which is made where it is missing.
pub(crate) fn write_all(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    for (name, bytes) in samples() {
        std::fs::write(dir.join(name), bytes)?;
    }
    Ok(())
}

/// All samples: file name and content.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("pcapdroid-trailer.pcap", pcapdroid_trailer()),
        ("pcapdroid-uidmap.pcapng", pcapdroid_uid_map()),
        ("pktap-v1.pcap", pktap(149, pktap_v1)),
        ("pktap-v2.pcap", pktap(258, pktap_v2)),
        ("darwin-process.pcapng", darwin()),
        ("pymobiledevice.pcapng", pymobiledevice()),
        ("etl2pcapng.pcapng", etl2pcapng()),
        ("ptcpdump.pcapng", ptcpdump()),
        ("rustnet.pcapng", rustnet()),
        ("tcpdump-comments.pcapng", tcpdump_comments()),
        ("process-option.pcapng", process_option()),
        ("wireshark-process.pcapng", wireshark()),
        ("plain.pcap", plain()),
        ("plain.pcapdroid.csv", pcapdroid_csv()),
        ("plain.pcap.connections.jsonl", rustnet_json_lines()),
        ("plain.owners.csv", table_csv()),
    ]
}

/// With a snap length that leaves no room for the trailer of the largest packet.
fn pcapdroid_trailer() -> Vec<u8> {
    const SNAP_LENGTH: usize = 1_440;
    let mut file = pcap(1, SNAP_LENGTH as u32);
    for packet in scene(&PHONE).packets {
        let mut frame = ethernet([0; 12], &packet);
        frame.resize(frame.len().next_multiple_of(4), 0);
        if frame.len() + 32 > SNAP_LENGTH {
            record(&mut file, packet.time_us, &packet.ip);
            continue;
        }
        frame.extend([0x01, 0x07, 0x20, 0x21]);
        frame.extend(packet.app.uid.to_be_bytes());
        frame.extend(padded(packet.app.label, 20));
        let crc = crc32(&frame);
        frame.extend(crc.to_le_bytes());
        record(&mut file, packet.time_us, &frame);
    }
    file
}

/// CRC-32/ISO-HDLC, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.truncate(length.saturating_sub(1));
    bytes.resize(length, 0);
    bytes
}

fn pcapdroid_uid_map() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[(2, "made up"), (3, "Android"), (4, "PCAPdroid v1.8.0")]);
    file.interface(101, "");
    for app in &APPS {
        file.bytes.extend(pcapdroid_app(Order::Little, app.uid, app.package, app.label));
    }
    for packet in scene(&PHONE).packets {
        file.packet(0, packet.time_us, &packet.ip, vec![comment(format!("u-{}", packet.app.uid))]);
    }
    file.bytes
}

/// The process that moved a packet on an Apple system, and the one on whose behalf, where that is another.
fn apple_processes(packet: &Packet) -> ((u32, &'static str), Option<(u32, &'static str)>) {
    let app = (packet.app.pid, packet.app.label);
    if packet.is_dns { (RESOLVER, Some(app)) } else { (app, None) }
}

/// IPv4 over Ethernet, IPv6 over a cellular interface; and one packet that the system dropped.
fn pktap(link_type: u32, header: fn(&Packet, u32) -> Vec<u8>) -> Vec<u8> {
    let mut file = pcap(link_type, 262_144);
    let packets = scene(&COMPUTER).packets;
    for packet in &packets {
        let (data_link_type, frame) = apple_frame(packet);
        record(&mut file, packet.time_us, &[header(packet, data_link_type), frame].concat());
    }
    if let (149, Some(last)) = (link_type, packets.last()) {
        let (data_link_type, frame) = apple_frame(last);
        let mut dropped = pktap_v1(last, data_link_type);
        dropped.splice(4..8, 2_u32.to_le_bytes());
        dropped.extend(7_u32.to_le_bytes());
        dropped.extend([9, 0, 100, 0]);
        dropped.extend(b"ip_output\0");
        dropped.extend(frame);
        record(&mut file, last.time_us + 1_000, &dropped);
    }
    file
}

fn apple_frame(packet: &Packet) -> (u32, Vec<u8>) {
    if is_v6(&packet.ip) {
        (0, [[30, 0, 0, 0].as_slice(), &packet.ip].concat())
    } else {
        (1, ethernet(addresses(packet), packet))
    }
}

fn pktap_v1(packet: &Packet, data_link_type: u32) -> Vec<u8> {
    let ((pid, name), effective) = apple_processes(packet);
    let (effective_pid, effective_name) = effective.unwrap_or((u32::MAX, ""));
    let is_v6 = is_v6(&packet.ip);
    let mut header = Vec::new();
    for field in [156, 1, data_link_type] {
        header.extend(u32::to_le_bytes(field));
    }
    header.extend(padded(if is_v6 { "pdp_ip0" } else { "en0" }, 24));
    let frame_header = if is_v6 { 4 } else { 14 };
    for field in [if packet.is_outbound { 2 } else { 1 }, if is_v6 { 30 } else { 2 }, frame_header, 0, pid] {
        header.extend(u32::to_le_bytes(field));
    }
    header.extend(padded(name, 17));
    header.extend([0; 3]);
    header.extend(u32::MAX.to_le_bytes());
    header.extend([6, 0, 0, 0]);
    header.extend(effective_pid.to_le_bytes());
    header.extend(padded(effective_name, 17));
    header.resize(156, 0);
    header
}

fn pktap_v2(packet: &Packet, data_link_type: u32) -> Vec<u8> {
    const FIXED: usize = 40;
    let ((pid, name), effective) = apple_processes(packet);
    let (effective_pid, effective_name) = effective.unwrap_or((u32::MAX, ""));
    let is_v6 = is_v6(&packet.ip);
    let (mut offsets, mut strings) = ([0_u8; 3], Vec::new());
    let texts = [if is_v6 { "pdp_ip0" } else { "en0" }, name, effective_name];
    for (offset, text) in offsets.iter_mut().zip(texts).filter(|(_, text)| !text.is_empty()) {
        *offset = (FIXED + strings.len()) as u8;
        strings.extend(text.as_bytes());
        strings.push(0);
    }
    let frame_header = if is_v6 { 4 } else { 14 };
    let mut header = vec![(FIXED + strings.len()) as u8, 0, 0];
    header.extend(offsets);
    for field in [data_link_type as u16, frame_header, 0, 6, if packet.is_dns { 17 } else { 6 }] {
        header.extend(field.to_le_bytes());
    }
    let flags = 0x0008_0000 | if packet.is_outbound { 2 } else { 1 };
    for field in [if is_v6 { 30 } else { 2 }, u32::MAX, 0, pid, effective_pid, flags] {
        header.extend(field.to_le_bytes());
    }
    header.extend(strings);
    header
}

fn darwin() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[(3, "Darwin 24.6.0"), (4, "tcpdump (libpcap version 1.10.1)")]);
    file.interface(1, "en0");
    file.interface(0, "pdp_ip0");
    let processes = [RESOLVER, (APPS[0].pid, APPS[0].label), (APPS[1].pid, APPS[1].label)];
    for (pid, name) in processes {
        file.bytes.extend(darwin_process(Order::Little, pid, name.as_bytes()));
    }
    for packet in scene(&COMPUTER).packets {
        let index = |(pid, _): (u32, &str)| {
            let position = processes.iter().position(|process| process.0 == pid).unwrap_or_default();
            (position as u32).to_le_bytes().to_vec()
        };
        let (process, effective) = apple_processes(&packet);
        let mut options = vec![(DARWIN_PROCESS_INDEX, index(process))];
        options.extend(effective.map(|effective| (DARWIN_EFFECTIVE_INDEX, index(effective))));
        options.push(file.flags(&packet));
        let (data_link_type, frame) = apple_frame(&packet);
        file.packet(u32::from(data_link_type == 0), packet.time_us, &frame, options);
    }
    file.bytes
}

/// All packets under a made-up Ethernet header that says IPv4, as the tool writes those of cellular interfaces.
fn pymobiledevice() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[(2, "artificial"), (3, "iOS"), (4, "pymobiledevice3")]);
    file.interface(1, "");
    for packet in scene(&COMPUTER).packets {
        let frame = [[0xbe, 0xef].repeat(6).as_slice(), &[0x08, 0x00], &packet.ip].concat();
        let ((pid, name), effective) = apple_processes(&packet);
        let (effective_pid, effective_name) = effective.unwrap_or((pid, name));
        let text = format!("PID: {pid}, ProcName: {name}, EPID: {effective_pid}, EProcName: {effective_name}, SVC: 0");
        file.packet(0, packet.time_us, &frame, vec![comment(text)]);
    }
    file.bytes
}

/// The first app as ndiscap logs it (comment and option), the second as pktmon does (each packet at two components).
fn etl2pcapng() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[]);
    file.interface(1, "eth:12:0");
    file.interface(1, "pktmon component 9");
    for (number, packet) in scene(&COMPUTER).packets.iter().enumerate() {
        let frame = ethernet(addresses(packet), packet);
        // What is received is logged in whatever process happens to run.
        let pid = if packet.is_outbound { packet.app.pid } else { 4 };
        let process = (PROCESS, [pid.to_le_bytes(), 77_u32.to_le_bytes()].concat());
        if packet.app.pid == APPS[0].pid {
            let options = vec![file.flags(packet), process, comment(format!("PID={pid} TID=77"))];
            file.packet(0, packet.time_us, &frame, options);
            continue;
        }
        for component in 0..2 {
            let id = (PACKET_ID, (number as u64 + 1).to_le_bytes().to_vec());
            let options = vec![file.flags(packet), id, process.clone()];
            file.packet(component, packet.time_us + u64::from(component), &frame, options);
        }
    }
    file.bytes
}

fn ptcpdump() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[(4, "ptcpdump v0.37.0"), (2, "amd64"), (3, "linux")]);
    file.interface(1, "dummy-0");
    file.interface(1, "eth0");
    for packet in scene(&COMPUTER).packets {
        let App { pid, path, label, .. } = packet.app;
        let options = vec![
            file.flags(&packet),
            comment(format!("PID: {pid}\nCmd: {path}\nArgs: {path} --started")),
            comment(format!("ThreadId: {}\nThreadName: {label} net", pid + 1)),
            comment("UserId: 1000".to_owned()),
            comment("ParentPID: 1\nParentCmd: /usr/lib/systemd/systemd\nParentArgs: systemd".to_owned()),
        ];
        file.packet(1, packet.time_us, &ethernet(addresses(&packet), &packet), options);
    }
    file.bytes
}

fn rustnet() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[(4, "rustnet")]);
    file.interface(1, "eth0");
    for packet in scene(&COMPUTER).packets {
        let App { pid, label, .. } = packet.app;
        let text = format!("rustnet process={label} pid={pid} ppid=1 uid=1000 attr=exact direction=outgoing");
        file.packet(0, packet.time_us, &ethernet(addresses(&packet), &packet), vec![comment(text)]);
    }
    file.bytes
}

fn tcpdump_comments() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Little, &[(3, "Darwin 24.6.0"), (4, "tcpdump (libpcap version 1.10.1)")]);
    file.interface(1, "en0");
    for packet in scene(&COMPUTER).packets {
        let App { pid, label, .. } = packet.app;
        let text = format!("proc {label}:{pid}, svc BE, {}", if packet.is_outbound { "out" } else { "in" });
        file.packet(0, packet.time_us, &ethernet(addresses(&packet), &packet), vec![comment(text)]);
    }
    file.bytes
}

/// Big-endian, since the option is in the section's order.
fn process_option() -> Vec<u8> {
    let mut file = Pcapng::new(Order::Big, &[(4, "made up")]);
    file.interface(1, "eth0");
    for packet in scene(&COMPUTER).packets {
        let process = (PROCESS, [packet.app.pid.to_be_bytes(), 77_u32.to_be_bytes()].concat());
        let options = vec![file.flags(&packet), process];
        file.packet(0, packet.time_us, &ethernet(addresses(&packet), &packet), options);
    }
    file.bytes
}

/// Both apps had one process id, one after the other: only the start times tell them apart.
fn wireshark() -> Vec<u8> {
    const SHARED_ID: u32 = 4242;
    let mut file = Pcapng::new(Order::Little, &[(4, "Dumpcap (Wireshark) 4.7.0")]);
    file.interface(1, "eth0");
    let packets = scene(&COMPUTER).packets;
    // The first app's last packet over IPv4 and all of the other's are interleaved, so each app keeps an id of its own
    // too; only the last conversation shares one.
    let shared_from = packets.iter().find(|packet| is_v6(&packet.ip)).map_or(u64::MAX, |packet| packet.time_us);
    let entries = [
        (APPS[0].pid, &APPS[0], 0),
        (APPS[1].pid, &APPS[1], 0),
        (SHARED_ID, &APPS[1], START_US),
        (SHARED_ID, &APPS[0], shared_from),
    ];
    for (pid, app, started_us) in entries {
        let mut options = vec![(2, app.label.into()), (3, app.path.into()), (6, 1000_u32.to_le_bytes().to_vec())];
        if started_us > 0 {
            options.push((9, (started_us * 1_000).to_le_bytes().to_vec()));
        }
        file.bytes.extend(wireshark_process(Order::Little, pid, options));
    }
    for packet in &packets {
        let pid = if is_v6(&packet.ip) { SHARED_ID } else { packet.app.pid };
        let process = (PROCESS, [pid.to_le_bytes(), 77_u32.to_le_bytes()].concat());
        let options = vec![file.flags(packet), process];
        file.packet(0, packet.time_us, &ethernet(addresses(packet), packet), options);
    }
    file.bytes
}

/// A capture without owners, for the side files.
fn plain() -> Vec<u8> {
    let mut file = pcap(101, 262_144);
    for packet in scene(&PHONE).packets {
        record(&mut file, packet.time_us, &packet.ip);
    }
    file
}

fn pcapdroid_csv() -> Vec<u8> {
    let mut text = "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,BytesRcvd,\
                    PktsSent,PktsRcvd,FirstSeen,LastSeen\n"
        .to_owned();
    for Conversation { app, protocol, local, remote, first_us, last_us } in scene(&PHONE).conversations {
        text += &format!("{protocol},{},{},{},{},", local.0, local.1, remote.0, remote.1);
        text += &format!("{},{},{},?,Closed,,0,0,0,0,", app.uid, app.label, app.package);
        text += &format!("{},{}\n", first_us / 1_000, last_us / 1_000);
    }
    text.into_bytes()
}

fn protocol_name(protocol: u8) -> &'static str {
    if protocol == 6 { "TCP" } else { "UDP" }
}

fn rustnet_json_lines() -> Vec<u8> {
    let time = |us: u64| serde_json::json!({ "secs_since_epoch": us / 1_000_000, "nanos_since_epoch": us % 1_000_000 * 1_000 });
    let mut text = String::new();
    for Conversation { app, protocol, local, remote, first_us, last_us } in scene(&PHONE).conversations {
        let line = serde_json::json!({
            "timestamp": "2026-01-15T10:00:05+00:00",
            "protocol": protocol_name(protocol),
            "local_addr": std::net::SocketAddr::from(local).to_string(),
            "remote_addr": std::net::SocketAddr::from(remote).to_string(),
            "pid": app.pid,
            "process_name": app.label,
            "process_executable": app.path,
            "process_uid": 1000,
            "first_seen": time(first_us),
            "last_seen": time(last_us),
        });
        text += &format!("{line}\n");
    }
    text.into_bytes()
}

fn table_csv() -> Vec<u8> {
    let mut text =
        "first_seen,last_seen,protocol,local_ip,local_port,remote_ip,remote_port,process,package,pid,uid\n".to_owned();
    for Conversation { app, protocol, local, remote, first_us, last_us } in scene(&PHONE).conversations {
        let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
        text += &format!("{},{},{},", seconds(first_us), seconds(last_us), protocol_name(protocol).to_lowercase());
        text += &format!("{},{},{},{},", local.0, local.1, remote.0, remote.1);
        text += &format!("\"{}\",{},{},{}\n", app.label, app.package, app.pid, app.uid);
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests;
