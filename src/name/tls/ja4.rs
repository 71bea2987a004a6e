//! JA4: which client sent a ClientHello, told by all that it offers. Hellos of one TLS library with the same settings have the same JA4,
//! whatever server they name.
//!
//! FoxIO, *JA4: TLS Client Fingerprinting* (BSD 3-Clause). The other methods of JA4+ have another licence and are not here.

use super::extensions::{ALPN, SERVER_NAME, is_grease};
use super::offer::Offer;
use crate::name::source::NameSource;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;

/// The JA4 of a hello; the source is that of the name in it.
pub(super) fn ja4(source: NameSource, offer: &Offer<'_>) -> Box<str> {
    let transport = match source {
        NameSource::QuicSni => 'q',
        NameSource::DtlsSni => 'd',
        _ => 't',
    };
    let mut suites = without_grease(&offer.cipher_suites);
    let extensions = without_grease(&offer.extensions);
    let addressed = if extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
    let (version, counts) = (version(offer), [suites.len().min(99), extensions.len().min(99)]);
    let [first, last] = protocol(offer);

    suites.sort_unstable();
    let mut others: Vec<u16> = extensions.into_iter().filter(|&kind| kind != SERVER_NAME && kind != ALPN).collect();
    others.sort_unstable();
    let algorithms = without_grease(&offer.signature_algorithms);
    let mut list = listed(&others);
    if !others.is_empty() && !algorithms.is_empty() {
        list.push('_');
        list.push_str(&listed(&algorithms));
    }
    // Each hello has one, so it is put together without `format!`, which took 3 % of the time of a capture of many short connections.
    let mut text = String::with_capacity(JA4_LENGTH);
    text.push(transport);
    text.push_str(version);
    text.push(addressed);
    counts.into_iter().flat_map(|count| [count / 10, count % 10]).for_each(|digit| text.push(digit_of(digit as u8)));
    text.extend([first, last]);
    for list in [listed(&suites), list] {
        text.push('_');
        push_hash(&mut text, &list);
    }
    text.into_boxed_str()
}

/// Length of a JA4.
pub(crate) const JA4_LENGTH: usize = 36;

fn without_grease(values: &[u16]) -> Vec<u16> {
    values.iter().copied().filter(|value| !is_grease(&value.to_be_bytes())).collect()
}

/// The word for the newest version that is offered.
fn version(offer: &Offer<'_>) -> &'static str {
    // Versions of DTLS count down.
    let rank = |version: &u16| if version >> 8 == 0xfe { (0, Reverse(*version)) } else { (*version, Reverse(0)) };
    let newest = without_grease(&offer.supported_versions).into_iter().max_by_key(rank);
    match newest.unwrap_or(offer.version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// The first and the last character of the first protocol (ALPN); of its hexadecimal digits, where either is no letter and no digit.
fn protocol(offer: &Offer<'_>) -> [char; 2] {
    let first = offer.protocols.iter().find(|protocol| !is_grease(protocol));
    let Some((&first, &last)) = first.and_then(|protocol| protocol.first().zip(protocol.last())) else {
        return ['0', '0'];
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [first.into(), last.into()];
    }
    [digit_of(first >> 4), digit_of(last & 0x0f)]
}

fn digit_of(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

/// Values as four hexadecimal digits each, with commas between them.
fn listed(values: &[u16]) -> String {
    let mut text = String::with_capacity(5 * values.len());
    for value in values {
        if !text.is_empty() {
            text.push(',');
        }
        value.to_be_bytes().into_iter().for_each(|byte| push_byte(&mut text, byte));
    }
    text
}

/// Adds the first twelve hexadecimal digits of the SHA-256 of a list; zeros for an empty one.
fn push_hash(text: &mut String, list: &str) {
    let digest: [u8; 32] = if list.is_empty() { [0; 32] } else { Sha256::digest(list).into() };
    digest.into_iter().take(6).for_each(|byte| push_byte(text, byte));
}

fn push_byte(text: &mut String, byte: u8) {
    text.extend([digit_of(byte >> 4), digit_of(byte & 0x0f)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The client of the specification's example, with GREASE where browsers have it.
    fn example() -> Offer<'static> {
        Offer {
            version: 0x0303,
            cipher_suites: vec![
                0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
                0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0x3a3a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b,
                0xff01, 0x000b, 0x000a, 0xdada, 0x0015,
            ],
            protocols: vec![b"h2", b"http/1.1"],
            supported_versions: vec![0xaaaa, 0x0304, 0x0303],
            signature_algorithms: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            ..Offer::default()
        }
    }

    fn of(offer: &Offer<'_>) -> String {
        ja4(NameSource::TlsSni, offer).into()
    }

    #[test]
    fn the_example_of_the_specification() {
        assert_eq!(of(&example()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        assert_eq!(&*ja4(NameSource::QuicSni, &example()), "q13d1516h2_8daaf6152771_e5627efa2ab1");
        let without = Offer { signature_algorithms: vec![0x0a0a], ..example() };
        assert_eq!(of(&without), "t13d1516h2_8daaf6152771_6d807ffa2a79");
    }

    #[test]
    fn nothing_offered_is_zeros() {
        assert_eq!(of(&Offer::default()), "t00i000000_000000000000_000000000000");
        let only_name = Offer { extensions: vec![0, 16], signature_algorithms: vec![0x0403], ..Offer::default() };
        assert_eq!(of(&only_name), "t00d000200_000000000000_000000000000");
    }

    #[test]
    fn counts_stop_at_99() {
        let many = Offer { cipher_suites: (1..=120).collect(), extensions: (1..=100).collect(), ..example() };
        assert!(of(&many).starts_with("t13i9999h2_"));
    }

    #[test]
    fn protocols_of_the_specification() {
        let shown = |protocols: &[&'static [u8]]| {
            protocol(&Offer { protocols: protocols.to_vec(), ..example() }).into_iter().collect::<String>()
        };
        assert_eq!([shown(&[]), shown(&[b""]), shown(&[b"h"]), shown(&[b"http/1.1"])], ["00", "00", "hh", "h1"]);
        assert_eq!([shown(&[b"\xab"]), shown(&[b"\xab\xcd"]), shown(&[b"0\xab"])], ["ab", "ad", "3b"]);
        assert_eq!([shown(&[b"01\xab\xcd"]), shown(&[b"0\xab\xcd1"])], ["3d", "01"]);
        assert_eq!(shown(&[b"\x0a\x0a", b"h2"]), "h2");
    }

    #[test]
    fn the_newest_version_counts() {
        let shown = |field: u16, list: &[u16]| {
            version(&Offer { version: field, supported_versions: list.to_vec(), ..Offer::default() })
        };
        assert_eq!(
            [shown(0x0301, &[]), shown(0x0303, &[0x0302, 0x0304, 0x0303]), shown(0x0300, &[])],
            ["10", "13", "s3"]
        );
        assert_eq!([shown(0xfefd, &[0xfefd, 0xfefc]), shown(0xfefd, &[]), shown(0xfeff, &[])], ["d3", "d2", "d1"]);
        assert_eq!([shown(0x0303, &[0x7a7a]), shown(0x0303, &[0x7f1c])], ["12", "00"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn has_one_length_and_no_order(
            mut suites in prop::collection::vec(any::<u16>(), 0..140),
            mut extensions in prop::collection::vec(any::<u16>(), 0..140),
            protocol in prop::collection::vec(any::<u8>(), 0..4),
            versions in prop::collection::vec(any::<u16>(), 0..4),
        ) {
            let offer = |suites: &[u16], extensions: &[u16]| of(&Offer {
                cipher_suites: suites.to_vec(),
                extensions: extensions.to_vec(),
                protocols: vec![&protocol],
                supported_versions: versions.clone(),
                ..Offer::default()
            });
            let one = offer(&suites, &extensions);
            prop_assert!(one.len() == JA4_LENGTH && one.is_ascii(), "{}", one);
            suites.reverse();
            extensions.reverse();
            prop_assert_eq!(one, offer(&suites, &extensions));
        }
    }
}
