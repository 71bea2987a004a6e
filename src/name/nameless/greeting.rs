//! Recognises protocols by the text that they open with: mail, files, chat, remote shells. None of them names its server. In
//! most of them TLS, which may name it, begins later.

use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;

/// The beginning of an opening, and what it tells.
struct Greeting {
    prefix: &'static [u8],
    application: &'static str,
    role: Option<Role>,
}

const fn greeting(prefix: &'static [u8], application: &'static str, role: Option<Role>) -> Greeting {
    Greeting { prefix, application, role }
}

const CLIENT: Option<Role> = Some(Role::Client);
const SERVER: Option<Role> = Some(Role::Server);

/// Openings that have a fixed beginning, sorted by it. `220` is not among them, since mail and file transfer share it.
static GREETINGS: &[Greeting] = &[
    greeting(b"* OK ", "imap", SERVER),
    greeting(b"* OK[", "imap", SERVER),
    greeting(b"* PREAUTH", "imap", SERVER),
    greeting(b"+OK", "pop3", SERVER),
    greeting(b"<?xml version=\"1.0\"?><stream:stream", "xmpp", None),
    greeting(b"<?xml version='1.0' encoding='UTF-8'?><stream:stream", "xmpp", None),
    greeting(b"<?xml version='1.0'?><stream:stream", "xmpp", None),
    greeting(b"<stream:stream", "xmpp", None),
    greeting(b"AMQP\x00", "amqp", CLIENT),
    greeting(b"AMQP\x02", "amqp", CLIENT),
    greeting(b"AMQP\x03", "amqp", CLIENT),
    greeting(b"AUTH SSL\r\n", "ftp", CLIENT),
    greeting(b"AUTH TLS\r\n", "ftp", CLIENT),
    greeting(b"CAP LS", "irc", CLIENT),
    greeting(b"CAPA\r\n", "pop3", CLIENT),
    greeting(b"EHLO ", "smtp", CLIENT),
    greeting(b"HELO ", "smtp", CLIENT),
    greeting(b"LHLO ", "lmtp", CLIENT),
    greeting(b"NICK ", "irc", CLIENT),
    greeting(b"RFB 003.", "vnc", None),
    greeting(b"SSH-1.", "ssh", None),
    greeting(b"SSH-2.0-", "ssh", None),
    greeting(b"STLS\r\n", "pop3", CLIENT),
    greeting(b"\xff\xfb", "telnet", None),
    greeting(b"\xff\xfd", "telnet", None),
];

/// The first bytes of the openings in the table, and of `220`.
pub(crate) static FIRST_BYTES: &[u8] = b"2*+<ACEHLNRS\xff";

/// Bytes of a banner that are searched for the protocol's name.
const BANNER_LIMIT: usize = 512;

fn find(bytes: &[u8]) -> Option<&'static Greeting> {
    let first = bytes.first()?;
    GREETINGS.iter().find(|greeting| greeting.prefix.first() == Some(first) && bytes.starts_with(greeting.prefix))
}

/// Whether a segment begins with one of the openings.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    match bytes {
        [b'2', b'2', b'0', b' ' | b'-', ..] => true,
        [0xff, 0xfb | 0xfd, rest @ ..] => is_telnet(rest),
        _ => find(bytes).is_some(),
    }
}

/// Reads the opening, of which only the first bytes are needed.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    let (found, is_certain) = match bytes {
        [b'2', b'2', b'0', b' ' | b'-', ..] => match read_banner(bytes) {
            Banner::Names(application, is_whole) => (Some((application, SERVER)), is_whole),
            Banner::Cut => return Reading::NeedMore(None),
            Banner::Silent => return Reading::No,
        },
        [0xff, 0xfb | 0xfd, rest @ ..] if !is_telnet(rest) => return Reading::No,
        // The bytes after the first command tell whether this is telnet.
        _ => (
            find(bytes).map(|greeting| (greeting.application, greeting.role)),
            bytes.len() > 4 || bytes.first() != Some(&0xff),
        ),
    };
    let Some((application, role)) = found else { return Reading::No };
    let findings = Box::new(Findings::of(application, role));
    if !is_certain {
        return Reading::NeedMore(Some(findings));
    }
    // What follows may be anything, such as TLS after a STARTTLS. It begins after a line end.
    let line = bytes.iter().take(BANNER_LIMIT).position(|&byte| byte == b'\n').map(|end| end + 1);
    Reading::Done { findings, consumed: line.unwrap_or(bytes.len()) }
}

/// Whether `IAC WILL` or `IAC DO` is followed by an option and the end, or by an option and another command of telnet (RFC
/// 854).
fn is_telnet(rest: &[u8]) -> bool {
    matches!(rest, [0..=49] | [0..=49, 0xff, 0xf0..=0xfe, ..])
}

/// What a banner that begins with 220 says.
enum Banner {
    /// The banner names this protocol. The flag says whether the line that names it is whole.
    Names(&'static str, bool),
    /// The banner may name a protocol in what has not come yet.
    Cut,
    /// The banner names no protocol.
    Silent,
}

/// Reads a reply of one line or several. `220-` begins all lines but the last, which begins with `220 ` (RFC 959 §4.2, RFC 5321
/// §4.2.1).
fn read_banner(bytes: &[u8]) -> Banner {
    let is_all = bytes.len() >= BANNER_LIMIT;
    let shown = bytes.get(..BANNER_LIMIT).unwrap_or(bytes);
    for line in shown.split_inclusive(|&byte| byte == b'\n') {
        let is_whole = is_all || line.ends_with(b"\n");
        match protocol_of(line) {
            Some(protocol) => return Banner::Names(protocol, is_whole),
            None if is_whole && line.starts_with(b"220 ") => return Banner::Silent,
            None => {}
        }
    }
    if is_all { Banner::Silent } else { Banner::Cut }
}

/// The protocol that a line speaks of, among those that greet with 220.
fn protocol_of(line: &[u8]) -> Option<&'static str> {
    let mentions = |word: &[u8]| line.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    if mentions(b"smtp") {
        Some("smtp")
    } else if mentions(b"ftp") || mentions(b"filezilla") {
        Some("ftp")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(bytes: &[u8]) -> Option<&'static str> {
        if !starts_stream(bytes) {
            return None;
        }
        match read_stream(bytes) {
            Reading::Done { findings, .. } | Reading::NeedMore(Some(findings)) => {
                findings.application.map(|application| application.0)
            }
            _ => None,
        }
    }

    #[test]
    fn the_table_is_sorted_and_its_first_bytes_are_listed() {
        assert!(GREETINGS.is_sorted_by(|a, b| a.prefix < b.prefix));
        assert!(GREETINGS.iter().all(|greeting| FIRST_BYTES.contains(&greeting.prefix[0])));
    }

    #[test]
    fn openings_are_told() {
        assert_eq!(application(b"220 mx.example ESMTP ready\r\n"), Some("smtp"));
        assert_eq!(application(b"220-Welcome to Pure-FTPd\r\n"), Some("ftp"));
        assert_eq!(application(b"220 hello\r\n"), None);
        assert_eq!(application(b"SSH-2.0-OpenSSH_9.9\r\n"), Some("ssh"));
        assert_eq!(application(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), Some("imap"));
        assert_eq!(application(b"\xff\xfb\x18\xff\xfd\x01"), Some("telnet"));
        assert_eq!(application(b"\xff\xfb\x90\x64"), None);
        assert_eq!(application(b""), None);
        assert_eq!(application(b"SSH"), None);
    }

    #[test]
    fn what_is_said_in_several_segments_is_waited_for() {
        for banner in [
            &b"220 mx.example ESMTP ready\r\n"[..],
            b"220-Welcome\r\nto all\r\n220 FTP\r\n",
            b"\xff\xfb\x18\xff\xfd\x01",
        ] {
            let whole = read_stream(banner);
            assert!(matches!(whole, Reading::Done { .. }));
            for cut in (1..banner.len()).filter(|&cut| starts_stream(&banner[..cut])) {
                let early = read_stream(&banner[..cut]);
                assert!(matches!(early, Reading::NeedMore(_) | Reading::Done { .. }), "{cut}: {early:?}");
            }
        }
        assert_eq!(read_stream(b"220 hello\r\n220 smtp\r\n"), Reading::No);
        assert_eq!(read_stream(&[b"220-", [b'x'; BANNER_LIMIT].as_slice()].concat()), Reading::No);
    }

    #[test]
    fn what_follows_the_line_is_left() {
        let Reading::Done { consumed, .. } = read_stream(b"AUTH TLS\r\n\x16\x03\x01") else { panic!("not done") };
        assert_eq!(consumed, 10);
    }
}
