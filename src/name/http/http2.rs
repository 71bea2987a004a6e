//! Turns the beginning of an HTTP/2 connection in clear text into the authorities that are asked for (RFC 9113 §3.4, §4, §6.2).

use super::hpack;
use crate::name::findings::{Findings, Role};
use crate::name::host::host_of_authority;
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::{Wire, u32_at};

/// The bytes that a client sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The first byte of the preface.
pub(crate) static FIRST_BYTES: &[u8] = b"P";

/// Bytes that are read of a connection. The first request follows the preface and a few small frames.
const LENGTH_LIMIT: usize = 64 * 1024;

/// Length of the longest field block, with its CONTINUATION frames.
const BLOCK_LIMIT: usize = 32 * 1024;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;

const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// Whether a segment may begin a connection.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    let length = bytes.len().min(PREFACE.len());
    bytes.get(..length) == PREFACE.get(..length)
}

/// Reads up to the first request. Later requests on the connection nearly always have the same authority.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let Some(mut rest) = bytes.get(PREFACE.len()..) else { return Reading::NeedMore(None) };
    let mut findings = Box::new(Findings::of("http2", Some(Role::Client)));
    let mut block: Option<Vec<u8>> = None;
    while let Some((kind, flags, payload, after)) = frame(rest) {
        let fragment = match (kind, &mut block) {
            (HEADERS, None) => fragment(flags, payload),
            (CONTINUATION, Some(_)) => Some(payload),
            // Nothing may come between the frames of one field block (RFC 9113 §6.10).
            (_, Some(_)) => None,
            (_, None) => {
                rest = after;
                continue;
            }
        };
        let Some(fragment) = fragment else { return done(findings, bytes, rest) };
        let gathered = block.get_or_insert_default();
        gathered.extend_from_slice(fragment);
        if gathered.len() > BLOCK_LIMIT {
            return done(findings, bytes, rest);
        }
        rest = after;
        if flags & END_HEADERS != 0
            && let Some(block) = block.take()
        {
            for host in hpack::Decoder::new().hosts(&block).iter().filter_map(|host| host_of_authority(host)) {
                findings.push_name(NameSource::HttpHost, host);
            }
            return done(findings, bytes, rest);
        }
    }
    if bytes.len() >= LENGTH_LIMIT {
        return done(findings, bytes, rest);
    }
    Reading::NeedMore(Some(findings))
}

fn done(findings: Box<Findings>, bytes: &[u8], rest: &[u8]) -> Reading {
    Reading::Done { findings, consumed: bytes.len() - rest.len() }
}

/// Type, flags and payload of the frame that begins here, and the bytes after it; `None` if the frame is not all there.
fn frame(bytes: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let length = (u32_at(bytes, 0)? >> 8) as usize;
    let [_, _, _, kind, flags, ..] = *bytes else { return None };
    let (payload, after) = bytes.get(9..)?.split_at_checked(length)?;
    Some((kind, flags, payload, after))
}

/// The field block fragment of a HEADERS frame, without its padding and priority (RFC 9113 §6.2).
fn fragment(flags: u8, payload: &[u8]) -> Option<&[u8]> {
    let mut payload = Wire::new(payload);
    let padding = if flags & PADDED != 0 { payload.u8()? } else { 0 };
    if flags & PRIORITY != 0 {
        payload.take(5)?;
    }
    let rest = payload.rest();
    rest.get(..rest.len().checked_sub(padding.into())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame_of(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, 1];
        bytes.extend(payload);
        bytes
    }

    fn sample() -> Vec<u8> {
        let settings = frame_of(4, 0, &[]);
        let headers = frame_of(HEADERS, PADDED | PRIORITY, b"\x02\0\0\0\0\x10\x82\x86\x41\x05a.o\0\0");
        let continuation = frame_of(CONTINUATION, END_HEADERS, b"rg");
        [PREFACE, &settings, &headers, &continuation].concat()
    }

    #[test]
    fn the_authority_is_found_over_frames() {
        let sample = sample();
        let more = [&sample[..], &frame_of(0, 0, b"data"), b"\0\0\x09"].concat();
        let Reading::Done { findings, consumed } = read_stream(&more) else { panic!("not done") };
        assert_eq!(findings.names.len(), 1);
        assert_eq!(&*findings.names[0].name, "a.org");
        assert_eq!(consumed, sample.len());
    }

    #[test]
    fn cut_at_every_length_it_waits() {
        let sample = sample();
        for cut in 1..sample.len() {
            assert!(starts_stream(&sample[..cut]));
            assert!(matches!(read_stream(&sample[..cut]), Reading::NeedMore(_)), "{cut}");
        }
        assert_eq!(read_stream(b"PRI / HTTP/1.1\r\n\r\n"), Reading::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_frames_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..10) {
            let bytes = [PREFACE, &frame_of(kind, END_HEADERS, &bytes), &bytes].concat();
            if let Reading::Done { consumed, .. } = read_stream(&bytes) {
                prop_assert!(consumed <= bytes.len());
            }
        }
    }
}
