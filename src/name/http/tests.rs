use super::head::HEAD_LIMIT;
use super::http1::*;
use crate::name::findings::{Findings, FoundName, Role};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use proptest::prelude::*;

fn done(bytes: &[u8]) -> (Findings, usize) {
    match read_stream(bytes) {
        Reading::Done { findings, consumed } => (*findings, consumed),
        other => panic!("{other:?}"),
    }
}

fn names(findings: &Findings) -> Vec<(NameSource, &str)> {
    findings.names.iter().map(|FoundName { source, name }| (*source, &**name)).collect()
}

#[test]
fn what_starts_has_a_first_byte_of_its_row() {
    assert!(starts_stream(b"X_Y-Z / HTTP/1.1\r\n"));
    assert!(!starts_stream(b"_XY / HTTP/1.1\r\n"));
}

#[test]
fn a_line_that_ends_in_two_returns_is_waited_for() {
    let request = b"GET / HTTP/1.1\r\r\n";
    for cut in 0..request.len() {
        assert_eq!(read_stream(&request[..cut]), Reading::NeedMore(None), "{cut}");
    }
    assert!(matches!(read_stream(request), Reading::NeedMore(Some(_))));
}

#[test]
fn a_request_names_its_host() {
    let request = b"GET /a HTTP/1.1\r\nAccept: */*\r\nhost: Example.ORG:8080\r\n\r\nrest";
    let (findings, consumed) = done(request);
    assert_eq!(findings.application.map(|application| application.0), Some("http"));
    assert_eq!(findings.role, Some(Role::Client));
    assert_eq!(names(&findings), [(NameSource::HttpHost, "example.org")]);
    assert_eq!(consumed, request.len() - 4);
}

#[test]
fn cut_at_every_length_it_waits_and_keeps_whole_lines() {
    let request = b"POST http://a.example/x HTTP/1.0\r\nHost: b.example\r\nContent-Length: 3\r\n\r\nabc";
    let head = request.len() - 3;
    for cut in 1..head {
        assert!(starts_stream(&request[..cut]), "{cut}");
        let Reading::NeedMore(found) = read_stream(&request[..cut]) else { panic!("at {cut}") };
        assert_eq!(found.is_some(), cut >= 34, "at {cut}");
    }
    let (findings, consumed) = done(request);
    assert_eq!(names(&findings), [(NameSource::HttpHost, "a.example"), (NameSource::HttpHost, "b.example")]);
    assert_eq!(consumed, request.len());
    assert_eq!(done(&request[..head + 1]).1, head);
}

#[test]
fn connect_names_what_is_behind_the_proxy() {
    let (findings, _) = done(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n\x16\x03\x01");
    assert_eq!(names(&findings), [(NameSource::HttpConnect, "a.example")]);
    let (findings, _) = done(b"CONNECT a.example:443 HTTP/1.1\nHost: proxy.example\n\n");
    assert_eq!(names(&findings), [(NameSource::HttpConnect, "a.example"), (NameSource::HttpHost, "proxy.example")]);
}

#[test]
fn broken_lines_do_not_hide_the_host() {
    let request =
        b"RPC_IN_DATA /x y HTTP/1.1\r\n\xff\xfe\r\nBad Name: 1\r\nFolded: a\r\n b: c\r\nHost:\r\n mail.example\r\n\r\n";
    assert!(starts_stream(request));
    assert_eq!(names(&done(request).0), [(NameSource::HttpHost, "mail.example")]);
}

#[test]
fn oddly_written_requests_name_their_host() {
    let many: String = (0..200).map(|number| format!("X-{number}: y\r\n")).collect();
    for request in [
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "\nGET / HTTP/1.1\nHost: a.example\n\n",
        "GET / HTTP/1.1 \r\r\nHost: a.example\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: http://a.example/x\r\n\r\n",
        &format!("GET / HTTP/1.1\r\n{many}Host: a.example.:80\r\n\r\n"),
    ] {
        assert!(starts_stream(request.as_bytes()), "{request}");
        assert_eq!(names(&done(request.as_bytes()).0), [(NameSource::HttpHost, "a.example")], "{request}");
    }
    assert!(!starts_stream(b"\r\n\r\n\0\r\nQUIT\n"));
}

#[test]
fn a_request_behind_a_body_in_chunks_is_found() {
    let request = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nabcde\r\n0\r\n\r\nGET";
    assert_eq!(done(request).1, request.len() - 3);
    for cut in 50..request.len() - 3 {
        assert!(done(&request[..cut]).1 <= cut);
    }
}

#[test]
fn a_refusal_with_a_windows_login_names_the_server() {
    // A challenge (flags say that its target is a server) of \"S\".
    let response = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM \
        TlRMTVNTUAACAAAAAgACADgAAAAAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABTAA==\r\n\r\n";
    assert_eq!(names(&done(response).0), [(NameSource::Smb, "s")]);
}

#[test]
fn mmtls_is_told_from_http() {
    let application = |bytes| done(bytes).0.application.map(|application| application.0);
    assert_eq!(application(b"POST /mmtls/0123abcd HTTP/1.1\r\nHost: short.weixin.qq.com\r\n\r\n"), Some("mmtls"));
    assert_eq!(application(b"POST /x HTTP/1.1\r\nUpgrade: mmtls\r\n\r\n"), Some("mmtls"));
    assert_eq!(application(b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), Some("http"));
}

#[test]
fn responses_come_from_servers_and_leave_their_body() {
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n<dns>";
    let (findings, consumed) = done(response);
    assert_eq!(findings.role, Some(Role::Server));
    assert_eq!(&response[consumed..], b"<dns>");
}

#[test]
fn other_protocols_are_left_to_their_readers() {
    for other in
        [&b"OPTIONS sip:a@b SIP/2.0\r\n"[..], b"GET /old\r\n\r\n", b"HEAD \x00\x01", b"DESCRIBE rtsp://a RTSP/1.0\r\n"]
    {
        assert_eq!(read_stream(other), Reading::No);
    }
    assert!(!starts_stream(b"Plain text"));
    assert!(!starts_stream(b"ABCDEFGH no request"));
}

#[test]
fn a_request_line_is_read_as_servers_read_it() {
    let lines = [
        "GET / HTTP/1.0.8",
        "GET / HTTP/1",
        "GET / HTTP/9.9x",
        "GET /",
        "GET /a b",
        "get / http/1.1",
        "GeT / HTTP/1.1",
        "GET  /  HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "\r\nGET / HTTP/1.1 ",
        "post http://a.example/x",
        "options *",
        "FOO / HTTP/1.1.1",
    ];
    for line in lines {
        for end in ["\r\n", "\n"] {
            let request = format!("{line}{end}hOST:\ta.example{end}{end}");
            assert!(starts_stream(request.as_bytes()), "{line}");
            for cut in 8..request.len() {
                assert!(
                    starts_stream(&request.as_bytes()[..cut]) && read_stream(&request.as_bytes()[..cut]) != Reading::No,
                    "{line} {cut}"
                );
            }
            assert_eq!(names(&done(request.as_bytes()).0), [(NameSource::HttpHost, "a.example")], "{line}");
        }
    }
    for other in ["get lost", "put it there", "Post no bills", "Options are /", "head first", "g", "d"] {
        assert!(
            !starts_stream(other.as_bytes()) || read_stream(format!("{other}\r\n\r\n").as_bytes()) == Reading::No,
            "{other}"
        );
    }
    for other in [&b"GET rtsp://a/ RTSP/1.0\r\nHost: a\r\n\r\n"[..], b"OPTIONS * RTSP/1.0\r\nHost: a\r\n\r\n"] {
        assert_eq!(read_stream(other), Reading::No);
    }
}

#[test]
fn a_head_without_end_is_given_up() {
    let mut request = b"GET / HTTP/1.1\r\nHost: a.example\r\n".to_vec();
    request.resize(HEAD_LIMIT, b'x');
    assert_eq!(names(&done(&request).0), [(NameSource::HttpHost, "a.example")]);
    assert_eq!(read_stream(&vec![b'A'; HEAD_LIMIT]), Reading::No);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..40) {
        let start = &b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: b"[..cut];
        let bytes = [start, &bytes].concat();
        if let Reading::Done { consumed, .. } = read_stream(&bytes) {
            prop_assert!(consumed <= bytes.len());
        }
    }
}
