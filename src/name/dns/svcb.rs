//! Turns the parameters of an HTTPS or SVCB record into address hints and ECH configurations (RFC 9460 §2.2, RFC 9848,
//! RFC 9849 §4).

use crate::name::wire::Wire;
use std::net::IpAddr;

/// Parameters of one record, addresses per hint, configurations per list and suites per configuration that are read. Honest
/// records have fewer than ten of each.
const COUNT_LIMIT: usize = 32;

const IPV4_HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6_HINT: u16 = 6;

/// The versions of ECHConfig: the one that RFC 9849 defines, and those of the drafts from 08 on, which had the same layout.
const ECH_CONFIG_VERSIONS: std::ops::RangeInclusive<u16> = 0xfe0a..=0xfe0d;

/// A published ECH configuration, without its owner.
pub(super) struct Config<'a> {
    pub(super) public_name: &'a str,
    pub(super) config_id: u8,
    pub(super) suites: Vec<(u16, u16)>,
}

/// What the parameters of a record say, as far as they could be read.
#[derive(Default)]
pub(super) struct Parameters<'a> {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) configs: Vec<Config<'a>>,
}

/// Reads the parameters after the target name.
pub(super) fn parameters(bytes: &[u8]) -> Parameters<'_> {
    let mut found = Parameters::default();
    let mut bytes = Wire::new(bytes);
    for _ in 0..COUNT_LIMIT {
        let (Some(key), Some(value)) = (bytes.u16(), bytes.vector_u16()) else { break };
        match key {
            IPV4_HINT => {
                let (hints, _) = value.as_chunks::<4>();
                found.addresses.extend(hints.iter().take(COUNT_LIMIT).map(|&hint| IpAddr::from(hint)));
            }
            IPV6_HINT => {
                let (hints, _) = value.as_chunks::<16>();
                found.addresses.extend(hints.iter().take(COUNT_LIMIT).map(|&hint| IpAddr::from(hint)));
            }
            ECH => found.configs = configs(value),
            _ => {}
        }
    }
    found
}

/// Reads an ECHConfigList, and skips configurations of unknown versions.
fn configs(list: &[u8]) -> Vec<Config<'_>> {
    let mut found = Vec::new();
    let Some(list) = Wire::new(list).vector_u16() else { return found };
    let mut list = Wire::new(list);
    for _ in 0..COUNT_LIMIT {
        let (Some(version), Some(contents)) = (list.u16(), list.vector_u16()) else { break };
        if ECH_CONFIG_VERSIONS.contains(&version) {
            found.extend(config(contents));
        }
    }
    found
}

/// Reads ECHConfigContents.
fn config(contents: &[u8]) -> Option<Config<'_>> {
    let mut bytes = Wire::new(contents);
    let config_id = bytes.u8()?;
    let _kem = bytes.u16()?;
    let _public_key = bytes.vector_u16()?;
    let (suites, _) = bytes.vector_u16()?.as_chunks::<4>();
    let _maximum_name_length = bytes.u8()?;
    let public_name = std::str::from_utf8(bytes.vector_u8()?).ok()?;
    let suites = suites
        .iter()
        .take(COUNT_LIMIT)
        .map(|&[a, b, c, d]| (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
        .collect();
    Some(Config { public_name, config_id, suites })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters `alpn=h2`, two hints and an ECH list of one unknown and one known version.
    fn sample() -> Vec<u8> {
        let mut contents = vec![7, 0, 0x20, 0, 2, 0xaa, 0xbb, 0, 4, 0, 1, 0, 3, 64, 9];
        contents.extend(b"front.com");
        let mut list = vec![0xfe, 0x00, 0, 1, 9, 0xfe, 0x0d, 0, contents.len() as u8];
        list.extend(&contents);
        let mut bytes = vec![0, 1, 0, 3, 2, b'h', b'2', 0, 4, 0, 4, 192, 0, 2, 1];
        bytes.extend([0, 5, 0, list.len() as u8 + 2, 0, list.len() as u8]);
        bytes.extend(&list);
        bytes.extend([0, 6, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        bytes
    }

    #[test]
    fn reads_hints_and_ech() {
        let sample = sample();
        let found = parameters(&sample);
        let hints: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        assert_eq!(found.addresses, hints);
        assert_eq!(found.configs.len(), 1);
        assert_eq!(found.configs[0].public_name, "front.com");
        assert_eq!(found.configs[0].config_id, 7);
        assert_eq!(found.configs[0].suites, [(1, 3)]);
    }

    #[test]
    fn cut_short_gives_what_was_whole() {
        let sample = sample();
        for cut in 0..sample.len() {
            let found = parameters(&sample[..cut]);
            assert!(found.addresses.len() <= 1);
            assert!(found.configs.len() <= 1);
        }
    }
}
