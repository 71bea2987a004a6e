//! Samples of capture files: their formats, compressions, and the ways they break.

use super::capture::{ETHERNET, LINUX_COOKED, Pcapng, RAW, pcap, pcap_of};
use super::names::{conversation, short, short_frames};
use super::packet::ethernet;
use super::scene::START_US;
use super::tls::Flight;
use super::{Sample, sample};
use std::io::{self, Write};

pub(super) fn samples() -> io::Result<Vec<Sample>> {
    let plain = pcap(&short("plain.example.net"));
    let cut_record = plain[..plain.len() - 30].to_vec();
    let last_header = plain.len() - 54 - 6;
    Ok(vec![
        sample("compressed/plain.pcap.gz", "gzip, in two members: `plain.example.net`", gzip(&plain)?),
        sample("compressed/plain.pcap.zst", "the same in zstd", zstd::encode_all(plain.as_slice(), 3)?),
        sample("compressed/plain.pcap.lz4", "the same in lz4", lz4(&plain)?),
        sample("compressed/plain.pcap.xz", "the same in xz", xz(&plain)?),
        sample("compressed/plain.pcap", "the same, plain", plain.clone()),
        sample(
            "pcapng-sections.pcapng",
            "two sections, of little and big endian: `little.example.net`, `big.example.net`",
            sections(),
        ),
        sample(
            "pcapng-interfaces.pcapng",
            "three interfaces: Ethernet in milliseconds, raw IP in nanoseconds, Linux cooked in 2^-20 seconds",
            interfaces(),
        ),
        sample("pcapng-simple.pcapng", "simple packet blocks, without times: `simple.example.net`", simple()),
        sample("pcapng-obsolete.pcapng", "the obsolete packet block: `obsolete.example.net`", obsolete()),
        sample(
            "nanoseconds-big-endian.pcap",
            "pcap in big endian with nanoseconds: `nano.example.net`",
            pcap_of(ETHERNET, &short_frames("nano.example.net"), true, true),
        ),
        sample(
            "nested.pcap",
            "a capture within the payload of another: only `outer.example.net` was talked to",
            nested(),
        ),
        sample("broken/cut-in-record.pcap", "ends within the last record", cut_record),
        sample(
            "broken/cut-in-record-header.pcap",
            "ends within the last record's header",
            plain[..last_header - 6].to_vec(),
        ),
        sample("broken/cut-in-header.pcap", "ends within the file's header", plain[..11].to_vec()),
        sample("broken/absurd-length.pcap", "a record that claims 4 GB", absurd(&plain)),
        sample("broken/cut.pcapng", "ends within a block", cut_block()),
        sample("broken/empty.pcap", "nothing at all", Vec::new()),
        sample("broken/not-a-capture.pcap", "a text", b"This is a letter, not a capture.\n".repeat(8)),
    ])
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let member = |part: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part)?;
        encoder.finish()
    };
    Ok([member(first)?, member(second)?].concat())
}

fn lz4(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes)?;
    encoder.finish().map_err(io::Error::other)
}

fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn sections() -> Vec<u8> {
    let mut file = Pcapng::default();
    for (is_big, name) in [(false, "little.example.net"), (true, "big.example.net")] {
        file.section(is_big);
        file.interface(ETHERNET, "wlan0", None);
        for frame in short_frames(name) {
            // The second section is a later capture of the same ends.
            let later = if is_big { 3_600_000_000 } else { 0 };
            file.packet(0, frame.time_us + later, &frame.bytes);
        }
    }
    file.bytes
}

fn interfaces() -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(false);
    file.interface(ETHERNET, "eth0", Some(3));
    file.interface(RAW, "tun0", Some(9));
    file.interface(LINUX_COOKED, "any", Some(0x80 | 20));
    for (index, packet) in short("interfaces.example.net").iter().enumerate() {
        let time_us = u128::from(packet.time_us);
        match index % 3 {
            0 => file.packet(0, (time_us / 1_000) as u64, &ethernet(&packet.ip)),
            1 => file.packet(1, (time_us * 1_000) as u64, &packet.ip),
            _ => {
                // Linux cooked v1: packet type, ARPHRD, address, protocol.
                let cooked = [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x23, 0, 0, 8, 0][..], &packet.ip].concat();
                file.packet(2, ((time_us << 20) / 1_000_000) as u64, &cooked);
            }
        }
    }
    file.bytes
}

fn simple() -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(false);
    file.interface(ETHERNET, "eth0", None);
    for frame in short_frames("simple.example.net") {
        file.simple(&frame.bytes);
    }
    file.bytes
}

fn obsolete() -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(true);
    file.interface(ETHERNET, "eth0", None);
    for frame in short_frames("obsolete.example.net") {
        file.obsolete(0, frame.time_us, &frame.bytes);
    }
    file.bytes
}

fn cut_block() -> Vec<u8> {
    let mut file = simple();
    file.truncate(file.len() - 21);
    file
}

fn nested() -> Vec<u8> {
    let inner = pcap(&short("inner.example.net"));
    let request = "GET /capture.pcap HTTP/1.1\r\nHost: outer.example.net\r\n\r\n";
    let mut response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.tcpdump.pcap\r\nContent-Length: {}\r\n\r\n",
        inner.len()
    )
    .into_bytes();
    response.extend(inner);
    pcap(&conversation(&[Flight::up(request), Flight::down(response)]))
}

/// After some good records, one that claims more than any capture holds.
fn absurd(plain: &[u8]) -> Vec<u8> {
    let mut file = plain.to_vec();
    for field in [(START_US / 1_000_000) as u32 + 60, 0, u32::MAX, u32::MAX] {
        file.extend(field.to_le_bytes());
    }
    file.extend([0x5a; 4_000]);
    file
}
