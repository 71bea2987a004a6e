//! Turns SIP messages into the domains in them (RFC 3261 §7, §19.1), and RTSP requests into the host of their URI (RFC 7826 §3,
//! §4.2).

use crate::name::findings::{Findings, Role};
use crate::name::host::{authority_of_uri, host_of_authority, is_ip_literal};
use crate::name::http::head::{HEAD_LIMIT, Head, HeadState};
use crate::name::reader::{Datagram, Reading};
use crate::name::source::NameSource;

/// The first letters of the methods below and of the status lines.
pub(crate) static FIRST_BYTES: &[u8] = b"ABCDGIMNOPRSTU";

/// The beginnings of messages: methods of SIP (IANA's registry) and of RTSP, and status lines. Sorted.
static STARTS: &[&[u8]] = &[
    b"ACK sip",
    b"ANNOUNCE ",
    b"BYE sip",
    b"CANCEL sip",
    b"DESCRIBE ",
    b"GET_PARAMETER ",
    b"INFO sip",
    b"INVITE sip",
    b"MESSAGE sip",
    b"NOTIFY sip",
    b"OPTIONS ",
    b"PAUSE ",
    b"PLAY ",
    b"PRACK sip",
    b"PUBLISH sip",
    b"RECORD rtsp",
    b"REFER sip",
    b"REGISTER sip",
    b"RTSP/1.0 ",
    b"RTSP/2.0 ",
    b"SETUP ",
    b"SET_PARAMETER ",
    b"SIP/2.0 ",
    b"SUBSCRIBE sip",
    b"TEARDOWN ",
    b"UPDATE sip",
];

/// Number of bytes that a segment must have to begin a message.
const START_MINIMUM: usize = 3;

/// Whether bytes begin as a message does.
fn starts(bytes: &[u8]) -> bool {
    // The second byte is a letter too. Few packets of other protocols that begin with a letter pass this test.
    if bytes.get(1).is_some_and(|second| !second.is_ascii_uppercase()) {
        return false;
    }
    let first = bytes.first();
    let from = STARTS.partition_point(|start| start.first() < first);
    STARTS.iter().skip(from).take_while(|start| start.first() == first).any(|start| {
        let length = start.len().min(bytes.len());
        bytes.get(..length) == start.get(..length)
    })
}

/// Whether a segment may begin with a message.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    // A single letter is more often something else, such as the answer of a PostgreSQL server about TLS.
    bytes.len() >= START_MINIMUM && starts(bytes)
}

/// Whether a datagram begins with a message.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    datagram.payload.len() > 16 && starts(datagram.payload)
}

/// Reads one message. Its body is skipped with it if it is there.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    match Head::parse(bytes) {
        Ok((head, state)) => {
            let Some(findings) = message(&head).map(Box::new) else { return Reading::No };
            match state {
                HeadState::Whole(length) => {
                    let body = head.content_length().unwrap_or(0);
                    let consumed = length.checked_add(body).filter(|&end| end <= bytes.len()).unwrap_or(length);
                    Reading::Done { findings, consumed }
                }
                _ if bytes.len() >= HEAD_LIMIT => Reading::Done { findings, consumed: bytes.len() },
                _ => Reading::NeedMore(Some(findings)),
            }
        }
        Err(HeadState::NotYet) => Reading::NeedMore(None),
        Err(_) => Reading::No,
    }
}

/// Reads the last datagram. What is not in it will not come later.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last() else { return Reading::No };
    match read_stream(datagram.payload) {
        Reading::NeedMore(Some(findings)) => Reading::Done { findings, consumed: datagram.payload.len() },
        Reading::NeedMore(None) => Reading::No,
        other => other,
    }
}

/// What a message says, or `None` if its first line is of neither protocol.
fn message(head: &Head<'_>) -> Option<Findings> {
    let line = head.first_line;
    if line.starts_with(b"SIP/2.0 ") {
        let mut findings = Findings::of("sip", Some(Role::Server));
        push_domains(head, &mut findings);
        return Some(findings);
    }
    if line.starts_with(b"RTSP/1.0 ") || line.starts_with(b"RTSP/2.0 ") {
        return Some(Findings::of("rtsp", Some(Role::Server)));
    }
    if line.ends_with(b" RTSP/1.0") || line.ends_with(b" RTSP/2.0") {
        let mut findings = Findings::of("rtsp", Some(Role::Client));
        let uri = line.split(|&byte| byte == b' ').nth(1).and_then(authority_of_uri);
        if let Some(host) = uri.and_then(host_of_authority).filter(|host| !is_ip_literal(host)) {
            findings.push_name(NameSource::HttpHost, host);
        }
        return Some(findings);
    }
    let request = line.strip_suffix(b" SIP/2.0")?;
    let mut findings = Findings::of("sip", Some(Role::Client));
    let uri = request.splitn(2, |&byte| byte == b' ').nth(1)?;
    push_domain(uri, &mut findings);
    push_domains(head, &mut findings);
    Some(findings)
}

/// Adds the domains of both parties. `t` and `f` are short forms (RFC 3261 §7.3.3).
fn push_domains(head: &Head<'_>, findings: &mut Findings) {
    for field in ["to", "t", "from", "f"] {
        for value in head.values(field) {
            push_domain(value, findings);
        }
    }
}

/// Adds the domain of the SIP URI in a field's value, unless it is an IP address.
fn push_domain(value: &[u8], findings: &mut Findings) {
    let Some(uri) = [&b"sip:"[..], b"sips:"]
        .iter()
        .find_map(|scheme| memchr::memmem::find(value, scheme).and_then(|at| value.get(at + scheme.len()..)))
    else {
        return;
    };
    let end = uri.iter().position(|byte| b">;? \t,\"".contains(byte)).unwrap_or(uri.len());
    let authority = uri.get(..end).unwrap_or_default();
    if let Some(host) = host_of_authority(authority)
        && !is_ip_literal(host)
        && !host.contains(':')
    {
        findings.push_name(NameSource::Sip, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: &[u8] = b"INVITE sip:bob@biloxi.example:5060;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n\
        To: \"Bob\" <sip:bob@biloxi.example>\r\nf: <sips:alice@Atlanta.example>;tag=1\r\nContent-Length: 4\r\n\r\nv=0\n";

    fn names(findings: &Findings) -> Vec<&str> {
        findings.names.iter().map(|found| &*found.name).collect()
    }

    #[test]
    fn a_request_names_both_domains() {
        let Reading::Done { findings, consumed } = read_stream(REQUEST) else { panic!("not done") };
        assert_eq!(names(&findings), ["biloxi.example", "atlanta.example"]);
        assert_eq!(consumed, REQUEST.len());
        let datagram = Datagram { payload: &REQUEST[..100], source_port: 5060, destination_port: 5060 };
        assert!(starts_datagram(&datagram));
        let Reading::Done { findings, .. } = read_datagrams(&[datagram]) else { panic!("not done") };
        assert_eq!(names(&findings), ["biloxi.example"]);
    }

    #[test]
    fn cut_at_every_length_it_waits() {
        for cut in START_MINIMUM..REQUEST.len() - 4 {
            assert!(starts_stream(&REQUEST[..cut]));
            assert!(matches!(read_stream(&REQUEST[..cut]), Reading::NeedMore(_)), "{cut}");
        }
    }

    #[test]
    fn others_are_told_apart() {
        let application = |bytes| match read_stream(bytes) {
            Reading::Done { findings, .. } => findings.application.map(|application| application.0),
            _ => None,
        };
        assert_eq!(application(b"OPTIONS rtsp://a.example/x RTSP/1.0\r\nCSeq: 1\r\n\r\n"), Some("rtsp"));
        let Reading::Done { findings, .. } = read_stream(b"PLAY rtsp://cam.example:554/x RTSP/1.0\r\n\r\n") else {
            panic!("not done")
        };
        assert_eq!(names(&findings), ["cam.example"]);
        assert_eq!(application(b"SIP/2.0 200 OK\r\n\r\n"), Some("sip"));
        assert_eq!(application(b"OPTIONS / HTTP/1.1\r\n\r\n"), None);
        assert!(STARTS.is_sorted());
        assert!(STARTS.iter().all(|start| FIRST_BYTES.contains(&start[0]) && start[1].is_ascii_uppercase()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_fields_are_survived(text in "(To: |<sip:|@|\\[|:|\r\n|[a-z;>]){0,40}") {
            let _ = read_stream(format!("ACK sip:a@b SIP/2.0\r\n{text}\r\n\r\n").as_bytes());
        }
    }
}
