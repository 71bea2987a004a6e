//! Compressed captures: members and frames of nothing, one for every packet, windows of the largest size.

use super::block::{RAW_IP, fields, one, packet, section};
use super::kind::Kind;
use super::wire::{CLIENT, SERVER, datagram};
use std::io::Write;
use std::sync::LazyLock;

/// A gzip member of nothing (RFC 1952 §2.3).
const GZIP_EMPTY: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0";
/// The beginning of an lz4 frame without checksums of its content, and the mark of its end.
const LZ4_HEAD: &[u8] = b"\x04\x22\x4d\x18\x60\x40\x82";
const ZSTD_MAGIC: u32 = 0xfd2f_b528;
const ZSTD_SKIPPABLE: u32 = 0x184d_2a50;
/// A window of 128 MiB as zstd writes it (RFC 8878 §3.1.1.1.2).
const ZSTD_WINDOW: u8 = (27 - 10) << 3;

pub(super) const KINDS: &[Kind] = &[
    Kind::packed("gzip_empty_members", "gzip members of nothing behind one packet", |number, out| {
        out.extend(if number == 0 { gzip(&first()) } else { GZIP_EMPTY.to_vec() });
    }),
    Kind::packed("gzip_member_per_packet", "every packet a gzip member", |number, out| {
        static PACKET: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&packet(&one(), &[])));
        if number == 0 {
            out.extend(gzip(&section(RAW_IP)));
        }
        out.extend(&*PACKET);
    }),
    Kind::packed("zstd_empty_frames", "zstd frames of nothing behind one packet", |number, out| {
        out.extend(zstd_frame(if number == 0 { first() } else { Vec::new() }));
    }),
    Kind::packed("zstd_skippable", "zstd frames to be skipped behind one packet", |number, out| {
        out.extend(if number == 0 { zstd_frame(first()) } else { fields(&[ZSTD_SKIPPABLE, 0]) });
    }),
    Kind::packed("zstd_frame_per_packet", "every packet a zstd frame", |number, out| {
        if number == 0 {
            out.extend(zstd_frame(section(RAW_IP)));
        }
        out.extend(zstd_frame(packet(&one(), &[])));
    }),
    Kind::packed("zstd_window", "one zstd frame that asks for a window of 128 MiB and fills it", |number, out| {
        static BLOCK: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let packet = packet(&datagram(CLIENT, SERVER, 5_000, &[b'x'; 1_164]), &[]);
            packet.repeat(100_000 / packet.len())
        });
        if number == 0 {
            out.extend(zstd_frame(first()));
            zstd_window(out);
        }
        out.extend(&zstd_block(BLOCK.len() as u32, 0));
        out.extend(&*BLOCK);
    }),
    Kind::packed(
        "zstd_repeated",
        "the same with blocks of one byte repeated: four bytes become 128 KiB",
        |number, out| {
            if number == 0 {
                out.extend(zstd_frame(first()));
                zstd_window(out);
            }
            out.extend(&zstd_block(1 << 17, 1));
            out.push(1);
        },
    ),
    Kind::packed("xz_empty_streams", "xz streams of nothing behind one packet", |number, out| {
        static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| xz(&[]));
        out.extend(if number == 0 { xz(&first()) } else { EMPTY.clone() });
    }),
    Kind::packed("lz4_empty_frames", "lz4 frames of nothing behind one packet", |number, out| {
        out.extend(LZ4_HEAD);
        if number == 0 {
            let bytes = first();
            out.extend((bytes.len() as u32 | 1 << 31).to_le_bytes());
            out.extend(bytes);
        }
        out.extend([0; 4]);
    }),
];

/// A section with one packet.
fn first() -> Vec<u8> {
    [section(RAW_IP), packet(&one(), &[])].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// The head of a block that is not the last: raw where `kind` is 0, one byte repeated where it is 1 (RFC 8878 §3.1.1.2).
fn zstd_block(length: u32, kind: u32) -> [u8; 3] {
    let [low, middle, high, _] = (kind << 1 | length << 3).to_le_bytes();
    [low, middle, high]
}

/// A frame of one segment with one raw block of fewer than 256 bytes.
fn zstd_frame(bytes: Vec<u8>) -> Vec<u8> {
    let [low, middle, high] = zstd_block(bytes.len() as u32, 0);
    [&ZSTD_MAGIC.to_le_bytes()[..], &[0x20, bytes.len() as u8, low | 1, middle, high], &bytes].concat()
}

/// The head of a frame that says its window instead of its length.
fn zstd_window(out: &mut Vec<u8>) {
    out.extend(ZSTD_MAGIC.to_le_bytes());
    out.extend([0, ZSTD_WINDOW]);
}
