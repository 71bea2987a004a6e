//! Recognises protocols by the text they open with: mail, files, chat, remote shells. None of them names its server;
//! TLS begins later in most.

use super::{Findings, Reading, Role};

/// How an opening begins.
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

/// Openings told by a fixed beginning, sorted by it. `220` is looked at more closely: mail and files share it.
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

/// First bytes of the table above, and of `220`.
pub(super) static FIRST_BYTES: &[u8] = b"2*+<ACEHLNRS\xff";

/// How much of a banner is searched for the protocol's name.
const BANNER_LIMIT: usize = 512;

fn find(bytes: &[u8]) -> Option<&'static Greeting> {
    let first = bytes.first()?;
    GREETINGS.iter().find(|greeting| greeting.prefix.first() == Some(first) && bytes.starts_with(greeting.prefix))
}

/// Whether a segment begins with one of the openings.
pub(super) fn starts_stream(bytes: &[u8]) -> bool {
    match bytes {
        [b'2', b'2', b'0', b' ' | b'-', ..] => true,
        [0xff, 0xfb | 0xfd, rest @ ..] => is_telnet(rest),
        _ => find(bytes).is_some(),
    }
}

/// Reads the opening: no more than its first bytes.
pub(super) fn read_stream(bytes: &[u8]) -> Reading {
    let found = match bytes {
        [b'2', b'2', b'0', b' ' | b'-', banner @ ..] => banner_protocol(banner),
        [0xff, 0xfb | 0xfd, rest @ ..] if !is_telnet(rest) => None,
        _ => find(bytes).map(|greeting| (greeting.application, greeting.role)),
    };
    match found {
        Some((application, role)) => {
            // The rest of what has come may be anything, TLS after a STARTTLS too: it begins behind a line end.
            let line = bytes.iter().take(BANNER_LIMIT).position(|&byte| byte == b'\n').map(|end| end + 1);
            let consumed = line.unwrap_or(bytes.len());
            Reading::Done { findings: Box::new(Findings::of(application, role)), consumed }
        }
        None => Reading::No,
    }
}

/// Whether an option and nothing, or another command of telnet, follow `IAC WILL` or `IAC DO` (RFC 854).
fn is_telnet(rest: &[u8]) -> bool {
    matches!(rest, [0..=49] | [0..=49, 0xff, 0xf0..=0xfe, ..])
}

/// Which of the protocols that greet with 220 the banner speaks of.
fn banner_protocol(banner: &[u8]) -> Option<(&'static str, Option<Role>)> {
    let banner = banner.get(..BANNER_LIMIT).unwrap_or(banner);
    let mentions = |word: &[u8]| banner.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    if mentions(b"smtp") {
        Some(("smtp", SERVER))
    } else if mentions(b"ftp") || mentions(b"filezilla") {
        Some(("ftp", SERVER))
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
            Reading::Done { findings, .. } => findings.application.map(|application| application.0),
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
    fn what_follows_the_line_is_left() {
        let Reading::Done { consumed, .. } = read_stream(b"AUTH TLS\r\n\x16\x03\x01") else { panic!("not done") };
        assert_eq!(consumed, 10);
    }
}
