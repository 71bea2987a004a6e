//! Skips the header of the PROXY protocol, versions 1 and 2, so that what follows it is read (haproxy's `proxy-protocol.txt`
//! §2).

use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;
use crate::name::wire::u16_at;
use memchr::memchr;

/// The first bytes of a header, which begins with `PROXY` or with the binary signature.
pub(crate) static FIRST_BYTES: &[u8] = b"P\r";

const TEXT: &[u8] = b"PROXY ";
const SIGNATURE: &[u8] = b"\r\n\r\n\x00\r\nQUIT\n";

/// Length of the longest header of version 1.
const TEXT_LIMIT: usize = 107;

/// Length of the longest header of version 2 that is believed. Its fields take at most 216 bytes, not counting certificates.
const BINARY_LIMIT: usize = 4096;

/// Whether a segment may begin with a header.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    let prefix_of =
        |whole: &[u8]| bytes.get(..bytes.len().min(whole.len())) == whole.get(..bytes.len().min(whole.len()));
    // A line end by itself is the beginning of too many other things.
    prefix_of(TEXT) || bytes.len() >= 5 && prefix_of(SIGNATURE)
}

/// Reads the header, which names no server.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let end = if bytes.first() == TEXT.first() {
        let window = bytes.get(..TEXT_LIMIT).unwrap_or(bytes);
        match memchr(b'\n', window) {
            Some(end) if is_header_line(bytes.get(TEXT.len()..end).unwrap_or_default()) => Some(end + 1),
            None if window.len() < TEXT_LIMIT => None,
            _ => return Reading::No,
        }
    } else {
        match (bytes.get(12), u16_at(bytes, 14).map(usize::from)) {
            (Some(0x20 | 0x21), Some(length)) if length <= BINARY_LIMIT => Some(16 + length),
            (None | Some(0x20 | 0x21), None) => None,
            _ => return Reading::No,
        }
    };
    match end {
        Some(end) if end <= bytes.len() => Reading::Done {
            findings: Box::new(Findings { role: Some(Role::Client), ..Findings::default() }),
            consumed: end,
        },
        _ => Reading::NeedMore(None),
    }
}

fn is_header_line(line: &[u8]) -> bool {
    line.starts_with(b"TCP4 ") || line.starts_with(b"TCP6 ") || line.starts_with(b"UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: &[&[u8]] = &[
        b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 443\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\x13\x88\x01\xbb",
    ];

    #[test]
    fn headers_are_passed_by_and_waited_for() {
        for header in HEADERS {
            let bytes = [header, &b"\x16\x03\x01"[..]].concat();
            let Reading::Done { findings, consumed } = read_stream(&bytes) else { panic!("{header:?}") };
            assert_eq!(consumed, header.len());
            assert_eq!(findings.application, None);
            for cut in 5..header.len() {
                assert!(starts_stream(&header[..cut]));
                assert_eq!(read_stream(&header[..cut]), Reading::NeedMore(None), "{cut}");
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(read_stream(b"PROXY of something\r\n"), Reading::No);
        assert_eq!(read_stream(&[b"PROXY TCP4 "[..].to_vec(), vec![b'1'; 200]].concat()), Reading::No);
        assert_eq!(read_stream(b"\r\n\r\n\x00\r\nQUIT\n\x31\x11\x00\x0c"), Reading::No);
        assert!(!starts_stream(b"\r\n"));
        assert!(!starts_stream(b"POST / HTTP/1.1"));
    }
}
