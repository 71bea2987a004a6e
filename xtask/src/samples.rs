//! `cargo xtask samples`: captures that the project makes itself, the same bytes on each run.
//!
//! rustls' client and server really talk to each other, over TLS and QUIC; builders put what they say into packets with chosen
//! addresses and round trips. Each sample is for one purpose, told beside it and in the README that is written with them.

mod apps;
mod capture;
mod claim;
mod clear;
mod datagrams;
mod demo;
mod dns;
mod files;
mod google;
mod keys;
mod kinds;
mod messenger;
mod names;
mod packet;
mod phone;
mod quic;
mod routed;
mod scene;
mod seeded;
mod tls;
mod tunnels;
mod unrouted;
mod zoo;
mod zte;

use crate::owner_samples;
use std::io;
use std::path::Path;

/// A file and what it is for.
pub(crate) struct Sample {
    name: &'static str,
    about: &'static str,
    bytes: Vec<u8>,
}

fn sample(name: &'static str, about: &'static str, bytes: Vec<u8>) -> Sample {
    Sample { name, about, bytes }
}

/// Writes all samples and their README.
pub(crate) fn run(into: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let samples = all()?;
    for Sample { name, bytes, .. } in &samples {
        let path = into.join(name);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, bytes)?;
    }
    owner_samples::write_all(&into.join(OWNER_FOLDER))?;
    std::fs::write(into.join("README.md"), readme(&samples))?;
    Ok(())
}

/// Where the samples of owner metadata go.
const OWNER_FOLDER: &str = "owner";

fn all() -> io::Result<Vec<Sample>> {
    let phone = phone::packets();
    let mut samples = vec![
        sample(
            "phone.pcap",
            "ten minutes of a phone in Taipei: WeChat, TikTok, WhatsApp, LINE, Facebook, Instagram, Huawei, kits for \
             counting and advertising, a CDN, DNS over HTTPS, NTP, mDNS, and a conversation nothing names; TLS, QUIC, \
             DNS, HTTP, IPv4 and IPv6",
            capture::pcap(&phone),
        ),
        sample("phone.pcapng", "the same as pcapng, in nanoseconds", phone_pcapng(&phone)),
        sample(
            "demo.pcap.zst",
            "the same without most of the payload, a tenth as large: `whither map` says the same of it",
            zstd::encode_all(demo::capture(&phone).as_slice(), 19)?,
        ),
        sample(
            "unrouted.pcap",
            "a messenger that sends most of its bytes to addresses which no network announces, and something to one that does not \
             answer",
            capture::pcap(&unrouted::packets()),
        ),
        sample(
            "routed.pcap",
            "WeChat of a user in Taipei who traces the path to a server in Singapore meanwhile; one router does not answer, and one sits \
             on an address that no network announces",
            capture::pcap(&routed::packets()),
        ),
        sample(
            "claim-taipei.pcap",
            "WeChat of a user in Taipei: endpoints that one source places in Hong Kong and Singapore; one in mainland China does not \
             answer",
            capture::pcap(&claim::taipei()),
        ),
        sample(
            "claim-delhi.pcap",
            "WeChat of a user in Delhi: endpoints that one source places in Singapore, Hong Kong and mainland China",
            capture::pcap(&claim::delhi()),
        ),
        sample(
            "zte.pcap",
            "a phone of ZTE's in Taipei that looks for an update, over HTTP and TLS, and opens pages of the brands nubia and REDMAGIC",
            capture::pcap(&zte::packets()),
        ),
    ];
    samples.extend(names::samples());
    samples.extend(apps::samples());
    samples.extend(clear::samples());
    samples.extend(datagrams::samples());
    samples.extend(keys::samples());
    samples.extend(tunnels::samples());
    samples.extend(zoo::samples());
    samples.extend(kinds::samples());
    samples.extend(files::samples()?);
    Ok(samples)
}

fn phone_pcapng(packets: &[scene::Packet]) -> Vec<u8> {
    let mut file = capture::Pcapng::default();
    file.section(false);
    file.interface(capture::ETHERNET, "wlan0", Some(9));
    for packet in packets {
        file.packet(0, packet.time_us * 1_000, &packet::ethernet(&packet.ip));
    }
    file.bytes
}

fn readme(samples: &[Sample]) -> String {
    let mut text = String::from(
        "# Samples\n\nCaptures that the project made itself; `cargo xtask samples` writes them, the same bytes each time.\n\
         rustls' client and server really talked to each other; the packets around what they said are built. Server\n\
         addresses in the phone's and the messengers' captures are real ones of the operators, so that places can be told; contents, times and\n\
         round trips are made up. The other captures use names and addresses reserved for documentation.\n\n\
         | file | what it holds |\n|---|---|\n",
    );
    for Sample { name, about, .. } in samples {
        text.push_str(&format!("| `{name}` | {about} |\n"));
    }
    text.push_str(&format!(
        "\n`{OWNER_FOLDER}/` tells one scene, two apps' conversations, in each format that says which app owned a packet.\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn committed() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples")
    }

    /// What gzip holds: its compressor may choose otherwise on another processor.
    fn content(name: &str, bytes: &[u8]) -> Vec<u8> {
        if !name.ends_with(".gz") {
            return bytes.to_vec();
        }
        let mut content = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut content).expect("a gzip file");
        content
    }

    #[test]
    fn committed_samples_are_what_the_command_writes() {
        let samples = all().expect("samples");
        for Sample { name, bytes, .. } in &samples {
            let found = std::fs::read(committed().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(content(name, &found) == content(name, bytes), "{name} differs: run `cargo xtask samples`");
        }
        let found = std::fs::read_to_string(committed().join("README.md")).expect("the README");
        assert_eq!(found, readme(&samples), "run `cargo xtask samples`");
    }

    #[test]
    fn committed_owner_samples_are_what_the_command_writes() {
        let made = std::env::temp_dir().join(format!("whither-samples-{}", std::process::id()));
        owner_samples::write_all(&made).expect("a writable folder");
        for entry in std::fs::read_dir(&made).expect("they were written") {
            let made = entry.expect("readable").path();
            let found = committed().join(OWNER_FOLDER).join(made.file_name().expect("a name"));
            let same = std::fs::read(&made).expect("readable") == std::fs::read(&found).unwrap_or_default();
            assert!(same, "{} differs: run `cargo xtask samples`", found.display());
        }
        std::fs::remove_dir_all(&made).expect("they were ours");
    }

    #[test]
    fn samples_stay_small() {
        let total: usize = all().expect("samples").iter().map(|sample| sample.bytes.len()).sum();
        assert!(total < 4_500_000, "{total} bytes");
    }
}
