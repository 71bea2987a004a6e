//! Turns the XML answer of WeChat's `newgetdns` (its own resolver over plain HTTP) into addresses for names:
//! `<dns>…<domain name="short.weixin.qq.com"><ip>192.0.2.1</ip>…</domain>…`.
//!
//! Only names and addresses are taken, since the rest of the answer identifies the user.

use crate::name::findings::{Answer, Findings, Role};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use memchr::memmem;
use std::net::IpAddr;

/// The first byte of the body.
pub(crate) static FIRST_BYTES: &[u8] = b"<";

/// Length of the longest answer that is read. Those seen have 10 to 20 KiB.
const LENGTH_LIMIT: usize = 64 * 1024;

/// Addresses that are taken from one answer. Those seen have about 150, under 77 names.
const ANSWER_LIMIT: usize = 256;

/// Bytes of the body within which its root element must begin. An XML declaration may come first.
const PROLOGUE_LIMIT: usize = 128;

/// Whether a segment may begin with the XML of the answer.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    bytes.starts_with(b"<dns>")
        || bytes.starts_with(b"<dns ")
        || bytes.starts_with(b"<domainlist")
        || bytes.starts_with(b"<?xml") && has_root(bytes)
}

fn has_root(bytes: &[u8]) -> bool {
    let prologue = bytes.get(..PROLOGUE_LIMIT).unwrap_or(bytes);
    memmem::find(prologue, b"<dns>").is_some() || memmem::find(prologue, b"<domainlist").is_some()
}

/// Reads as much of the answer as is there.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let window = bytes.get(..LENGTH_LIMIT).unwrap_or(bytes);
    let is_bare_list = bytes.starts_with(b"<domainlist");
    let end_tag = if is_bare_list { &b"</domainlist>"[..] } else { b"</dns>" };
    let end = memmem::find(window, end_tag).map(|at| at + end_tag.len());
    let text = window.get(..end.unwrap_or(window.len())).unwrap_or_default();
    let mut findings = Box::new(Findings { role: Some(Role::Server), ..Findings::default() });
    add_answers(text, &mut findings);
    match end {
        Some(consumed) => Reading::Done { findings, consumed },
        None if window.len() == LENGTH_LIMIT => Reading::Done { findings, consumed: bytes.len() },
        None => Reading::NeedMore(Some(findings)),
    }
}

/// Reads the elements in order. A `domain` says which name the addresses after it belong to.
fn add_answers(text: &[u8], findings: &mut Findings) {
    let mut name: Option<&str> = None;
    for open in memchr::memchr_iter(b'<', text) {
        if findings.answers.len() >= ANSWER_LIMIT {
            break;
        }
        let element = text.get(open + 1..).unwrap_or_default();
        if element.starts_with(b"domain ") {
            name = domain_name(element);
        } else if element.starts_with(b"/domain>") {
            name = None;
        } else if let Some(name) = name
            && let Some(address) = address(element)
        {
            let answer = Answer {
                name: name.to_ascii_lowercase().into(),
                canonical: None,
                address,
                source: NameSource::AppResolver,
            };
            if !findings.answers.contains(&answer) {
                findings.answers.push(answer);
            }
        }
    }
}

/// The `name` attribute of a `domain` element.
fn domain_name(element: &[u8]) -> Option<&str> {
    let tag = element.get(..memchr::memchr(b'>', element)?)?;
    let value = tag.get(memmem::find(tag, b" name=")? + 6..)?;
    let (quote, value) = value.split_first()?;
    let value = value.get(..memchr::memchr(*quote, value)?)?;
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    let is_name = !value.is_empty() && value.len() <= 255 && value.iter().all(is_host);
    std::str::from_utf8(value).ok().filter(|_| is_name).map(|name| name.trim_end_matches('.'))
}

/// The address in an `ip`, `ipv4` or `ipv6` element.
fn address(element: &[u8]) -> Option<IpAddr> {
    /// Length of the longest text of an address, in the form with a mapped IPv4 part.
    const TEXT_LIMIT: usize = 46;
    let tag_end = element.iter().take(64).position(|&byte| byte == b'>')?;
    let tag = element.get(..tag_end)?;
    let word = tag.split(|byte| *byte == b' ').next()?;
    if !matches!(word, b"ip" | b"ipv4" | b"ipv6") {
        return None;
    }
    let text = element.get(tag_end + 1..)?;
    let text = text.get(..text.iter().take(TEXT_LIMIT + 1).position(|&byte| byte == b'<')?)?;
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAMPLE: &[u8] =
        b"<dns><retcode>0</retcode><domainlist><domain name=\"Short.weixin.qq.com\" timeout=\"1800\">\
        <ip>192.0.2.1</ip><ip>192.0.2.2</ip></domain><domain name=\"long.weixin.qq.com\"><ipv6>2001:db8::1</ipv6>\
        </domain></domainlist><clientip>198.51.100.9</clientip><ip>198.51.100.9</ip></dns>tail";

    fn answers(findings: &Findings) -> Vec<(String, String)> {
        findings.answers.iter().map(|answer| (answer.name.to_string(), answer.address.to_string())).collect()
    }

    #[test]
    fn names_get_their_addresses() {
        let Reading::Done { findings, consumed } = read_stream(SAMPLE) else { panic!("not done") };
        assert_eq!(consumed, SAMPLE.len() - 4);
        let expected = [
            ("short.weixin.qq.com", "192.0.2.1"),
            ("short.weixin.qq.com", "192.0.2.2"),
            ("long.weixin.qq.com", "2001:db8::1"),
        ];
        assert_eq!(answers(&findings), expected.map(|(name, address)| (name.to_owned(), address.to_owned())));
        assert_eq!(findings.application, None);
    }

    #[test]
    fn cut_at_every_length_gives_a_part() {
        for cut in 5..SAMPLE.len() - 10 {
            match read_stream(&SAMPLE[..cut]) {
                Reading::NeedMore(Some(findings)) => assert!(findings.answers.len() <= 3),
                other => panic!("{other:?} at {cut}"),
            }
        }
        assert_eq!(read_stream(b"<html><dns>"), Reading::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_text_is_survived(text in "(<domain name=\"|<ip>|</|[a-f0-9:.<>\" ]){0,60}") {
            let bytes = [b"<dns>", text.as_bytes()].concat();
            let _ = read_stream(&bytes);
        }
    }
}
