//! Turns HTTP/1 requests and responses into host names (RFC 9112).

use super::head::{Head, HeadState};
use crate::name::findings::{Findings, Role};
use crate::name::host::{authority_of_uri, host_of_authority};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::windows::security_token;

/// The first bytes of a request or response: an upper-case letter, the empty lines that some clients send before a request
/// (RFC 9112 §2.2), or the first letter of one of [`COMMON`] in lower case.
pub(crate) static FIRST_BYTES: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\ncdghopt";

/// Empty lines that are skipped before a request. The standard speaks of one.
const EMPTY_LINE_LIMIT: usize = 4;

/// Chunks of a request's body that are skipped.
const CHUNK_LIMIT: usize = 64;

/// Length of the longest method that is recognised by its form alone. `VERSION-CONTROL`, the longest registered one in use, has
/// 15 letters.
const METHOD_LENGTH_LIMIT: usize = 20;

/// Length of the longest body that is skipped with its request, so that a request after it is found.
const BODY_LIMIT: usize = 1 << 20;

/// Whether a segment may begin with a request or a response.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    match without_empty_lines(bytes) {
        // The answer of a PostgreSQL server about TLS is just this letter, and TLS follows.
        [] | [b'S' | b'N'] => false,
        bytes => starts_with_or_cut(bytes, b"HTTP/1.") || starts_request(bytes),
    }
}

fn without_empty_lines(mut bytes: &[u8]) -> &[u8] {
    for _ in 0..EMPTY_LINE_LIMIT {
        let Some(rest) = bytes.strip_prefix(b"\r\n").or_else(|| bytes.strip_prefix(b"\n")) else { break };
        bytes = rest;
    }
    bytes
}

/// Whether bytes begin with a known method, or have the form `METHOD /`.
fn starts_request(bytes: &[u8]) -> bool {
    let Some(first) = bytes.first().filter(|first| first.is_ascii_alphabetic()) else { return false };
    let is_known = |method: &&[u8]| starts_with_or_cut(bytes, method);
    if methods(*first).iter().any(is_known) {
        return true;
    }
    let word = bytes.iter().take(METHOD_LENGTH_LIMIT + 1).position(|byte| !is_method_byte(*byte));
    if let Some(length @ 3..=METHOD_LENGTH_LIMIT) = word {
        let target = bytes.get(length..).unwrap_or_default();
        if target.starts_with(b" /") || target.starts_with(b" http://") {
            return true;
        }
    }
    starts_oddly(bytes)
}

/// Methods that are also known in lower or mixed case, or with a tab or several spaces after them.
static COMMON: &[&[u8]] = &[b"connect", b"delete", b"get", b"head", b"options", b"patch", b"post", b"put", b"trace"];

/// Whether bytes begin with one of [`COMMON`] in any case, with any space after it, and a target that can be nothing else. Of the
/// word alone at least two letters must be there.
fn starts_oddly(bytes: &[u8]) -> bool {
    // Few packets of other protocols pass this test.
    if bytes.get(1).is_some_and(|second| !second.is_ascii_alphabetic()) {
        return false;
    }
    let first = bytes.first().map(u8::to_ascii_lowercase);
    let is_method = |method: &&[u8]| {
        let length = bytes.len().min(method.len());
        let Some((word, rest)) = bytes.split_at_checked(length) else { return false };
        let target = rest.trim_ascii_start();
        length >= 2
            && method.get(..length).is_some_and(|part| part.eq_ignore_ascii_case(word))
            && rest.first().is_none_or(|&byte| is_space(byte))
            && (target.is_empty() || is_plain_target(target) || *method == b"connect")
    };
    COMMON.iter().filter(|method| method.first() == first.as_ref()).any(is_method)
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a target is a path, a star, or a URI of HTTP (RFC 9112 §3.2), as far as it is there.
fn is_plain_target(target: &[u8]) -> bool {
    let is_uri = |scheme: &[u8]| {
        let length = target.len().min(scheme.len());
        target.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(&scheme[..length]))
    };
    matches!(target.first(), Some(b'/' | b'*')) || is_uri(b"http://") || is_uri(b"https://")
}

const fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'_' || byte == b'-'
}

/// Whether `bytes` begin with `prefix`, or end before they could differ from it.
fn starts_with_or_cut(bytes: &[u8], prefix: &[u8]) -> bool {
    let length = bytes.len().min(prefix.len());
    bytes.get(..length) == prefix.get(..length)
}

/// Methods in common use, with the space after them, by their first letter (IANA's registry; `M-SEARCH` of SSDP, `RPC_*` of
/// Outlook Anywhere, `SOURCE` of Icecast).
const fn methods(first: u8) -> &'static [&'static [u8]] {
    match first {
        b'A' => &[b"ACL "],
        b'B' => &[b"BIND ", b"BASELINE-CONTROL ", b"BITS_POST ", b"BCOPY ", b"BDELETE ", b"BMOVE ", b"BPROPFIND "],
        b'C' => &[b"CONNECT ", b"COPY ", b"CHECKOUT ", b"CHECKIN ", b"CCM_POST "],
        b'D' => &[b"DELETE "],
        b'G' => &[b"GET ", b"GIV "],
        b'H' => &[b"HEAD "],
        b'L' => &[b"LOCK ", b"LINK ", b"LABEL "],
        b'M' => &[b"MKCOL ", b"MOVE ", b"M-SEARCH ", b"MERGE ", b"MKCALENDAR ", b"MKACTIVITY ", b"MKWORKSPACE "],
        b'N' => &[b"NOTIFY "],
        b'O' => &[b"OPTIONS ", b"ORDERPATCH "],
        b'P' => &[b"POST ", b"PUT ", b"PATCH ", b"PROPFIND ", b"PROPPATCH ", b"POLL ", b"PURGE "],
        b'Q' => &[b"QUERY "],
        b'R' => &[b"REPORT ", b"RPC_IN_DATA ", b"RPC_OUT_DATA ", b"REBIND "],
        b'S' => &[b"SEARCH ", b"SUBSCRIBE ", b"SOURCE ", b"STOP "],
        b'T' => &[b"TRACE "],
        b'U' => {
            &[b"UNLOCK ", b"UNSUBSCRIBE ", b"UNLINK ", b"UNCHECKOUT ", b"UPDATE ", b"UPDATEREDIRECTREF ", b"UNBIND "]
        }
        b'V' => &[b"VERSION-CONTROL "],
        _ => &[],
    }
}

/// Reads one request or response. A body of known length is skipped with it if it is there.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    let stripped = without_empty_lines(bytes);
    let skipped = bytes.len() - stripped.len();
    let (head, state) = match Head::parse(stripped) {
        Ok(parsed) => parsed,
        Err(HeadState::NotYet) => return Reading::NeedMore(None),
        Err(_) => return Reading::No,
    };
    let findings = if head.first_line.starts_with(b"HTTP/1.") {
        Some(Box::new(response(&head)))
    } else {
        request(&head).map(Box::new)
    };
    let Some(findings) = findings else { return Reading::No };
    // Without a version, only a Host tells a request from the words of another protocol (and from HTTP/0.9, which has none).
    if findings.role == Some(Role::Client) && findings.names.is_empty() && !has_version(head.first_line) {
        return if state == HeadState::NotYet { Reading::NeedMore(None) } else { Reading::No };
    }
    match state {
        HeadState::Whole(length) => {
            let length = skipped + length;
            let consumed = length + skippable_body(&head, bytes.get(length..).unwrap_or_default());
            Reading::Done { findings, consumed }
        }
        HeadState::TooLong => Reading::Done { findings, consumed: bytes.len() },
        HeadState::NotYet | HeadState::NotText => Reading::NeedMore(Some(findings)),
    }
}

/// What a response says: the server's own name, if it asks for a Windows login.
fn response(head: &Head<'_>) -> Findings {
    let mut findings = Findings::of("http", Some(Role::Server));
    for field in ["www-authenticate", "proxy-authenticate"] {
        for value in head.values(field) {
            if let Some((b"NTLM" | b"Negotiate", token)) = split_word(value) {
                security_token::add_names_of_base64(token, &mut findings);
            }
        }
    }
    findings
}

/// The first word, and what follows it.
fn split_word(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', value)?;
    let (word, rest) = value.split_at_checked(space)?;
    Some((word, rest.trim_ascii_start()))
}

/// The number of bytes after a head that are its body or framing, so that another message could begin after them.
fn skippable_body(head: &Head<'_>, body: &[u8]) -> usize {
    if head.is_chunked() {
        if !head.first_line.starts_with(b"HTTP/")
            && let Some(length) = chunks_length(body)
        {
            return length;
        }
        // The content of the first chunk begins after the line with its size (RFC 9112 §7.1).
        let line = body.iter().take(18).position(|&byte| byte == b'\n');
        return line.map_or(0, |line| line + 1);
    }
    match head.content_length() {
        // The body of a response is not skipped, since an app's own resolver may answer in it.
        Some(length) if !head.first_line.starts_with(b"HTTP/") && length <= body.len().min(BODY_LIMIT) => length,
        _ => 0,
    }
}

/// Length of all chunks (RFC 9112 §7.1), if all of them are there.
fn chunks_length(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..CHUNK_LIMIT {
        let rest = body.get(at..)?;
        let line = rest.iter().take(18).position(|&byte| byte == b'\n')?;
        let digits = rest.iter().take(line).take_while(|byte| byte.is_ascii_hexdigit()).count();
        let size = std::str::from_utf8(rest.get(..digits)?).ok()?;
        let size = usize::from_str_radix(size, 16).ok().filter(|size| *size <= BODY_LIMIT)?;
        at += line + 1;
        if size == 0 {
            // Trailers are hardly ever used, so only the empty line is skipped.
            return body.get(at..)?.starts_with(b"\r\n").then_some(at + 2);
        }
        at += size + 2;
    }
    None
}

/// What a request says, or `None` if its first line is not one of HTTP.
fn request(head: &Head<'_>) -> Option<Findings> {
    let (method, target) = request_line(head.first_line)?;
    let is_mmtls =
        target.starts_with(b"/mmtls/") || head.values("upgrade").any(|value| value.eq_ignore_ascii_case(b"mmtls"));
    let mut findings = Findings::of(if is_mmtls { "mmtls" } else { "http" }, Some(Role::Client));
    if method.eq_ignore_ascii_case(b"CONNECT") {
        let target = host_of_authority(target);
        if let Some(name) = target {
            findings.push_name(NameSource::HttpConnect, name);
        }
        for host in head.values("host").filter_map(host_of_field) {
            if target.is_none_or(|target| !target.eq_ignore_ascii_case(host)) {
                findings.push_name(NameSource::HttpHost, host);
            }
        }
        return Some(findings);
    }
    if let Some(host) = authority_of_uri(target).and_then(host_of_authority) {
        findings.push_name(NameSource::HttpHost, host);
    }
    for host in head.values("host").filter_map(host_of_field) {
        findings.push_name(NameSource::HttpHost, host);
    }
    Some(findings)
}

/// The host in a Host field. Some clients write a whole URI there.
fn host_of_field(value: &[u8]) -> Option<&str> {
    host_of_authority(authority_of_uri(value).unwrap_or(value))
}

/// Whether the last word of a request line is a version of HTTP.
fn has_version(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let last = line.iter().rposition(|&byte| is_space(byte)).map_or(0, |last| last + 1);
    line.get(last..last + 5).is_some_and(|word| word.eq_ignore_ascii_case(b"HTTP/"))
}

/// Method and target of a request line (RFC 9112 §3), as clients send it: the method in any case; one or more spaces or tabs; the
/// target, which may hold spaces; and any version of HTTP, or none. Servers serve these, so their Host counts. Without a version only
/// a common method with a plain target is known.
fn request_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_end();
    let space = line.iter().position(|&byte| is_space(byte))?;
    let (method, rest) = line.split_at_checked(space)?;
    let rest = rest.trim_ascii_start();
    let last = rest.iter().rposition(|&byte| is_space(byte));
    let (target, version) = match last.and_then(|last| rest.split_at_checked(last)) {
        Some((target, version)) => (target.trim_ascii(), version.trim_ascii()),
        None => (rest, &[][..]),
    };
    if version.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"HTTP/")) && !target.is_empty() {
        return Some((method, target));
    }
    let is_common = COMMON.iter().any(|common| common.eq_ignore_ascii_case(method));
    // `RTSP/1.0` and `SIP/2.0` are the versions of others.
    let is_other = version.contains(&b'/') && version.first().is_some_and(u8::is_ascii_uppercase);
    (is_common && is_plain_target(rest) && !rest.is_empty() && !is_other).then_some((method, rest))
}
