use super::transport::*;
use crate::name::findings::{Answer, Findings, Role};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::testing::datagram;
use proptest::prelude::*;

/// A message with this header and body.
fn message(flags: u16, counts: [u16; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34];
    bytes.extend(flags.to_be_bytes());
    bytes.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
    bytes.extend(body);
    bytes
}

fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = owner.to_vec();
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1, 0, 0, 0, 60]);
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
    bytes
}

const QUESTION: &[u8] = b"\x03wWw\x01a\x00\x00\x01\x00\x01";

/// An answer to `www.a` with a CNAME chain in the wrong order, an address of a name server, and addresses that nobody asked for.
fn response() -> Vec<u8> {
    let end = b"\x03cdn\x01b\x00";
    let body = [
        QUESTION,
        &record(end, 1, &[192, 0, 2, 1]),
        &record(b"\x01x\x01a\x00", 5, end),
        &record(b"\xc0\x0c", 5, b"\x01x\xc0\x10"),
        &record(b"\x05other\x00", 1, &[192, 0, 2, 9]),
        &record(b"\x01a\x00", 2, b"\x02ns\x01a\x00"),
        &record(b"\x02ns\x01a\x00", 28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        &record(b"\x05_8443\x06_https\x01h\x00", 65, b"\0\x01\0\0\x04\0\x04\xc0\0\x02\x02"),
    ]
    .concat();
    message(0x8180, [1, 4, 1, 2], &body)
}

fn read(payload: &[u8], port: u16) -> Option<Findings> {
    let datagram = datagram(payload, port, port);
    if !starts_datagram(&datagram) {
        return None;
    }
    match read_datagrams(&[datagram]) {
        Reading::Done { findings, .. } => Some(*findings),
        _ => None,
    }
}

fn answer(name: &str, canonical: Option<&str>, address: &str) -> Answer {
    Answer {
        name: name.into(),
        canonical: canonical.map(Into::into),
        address: address.parse().unwrap(),
        source: NameSource::Dns,
    }
}

fn expected() -> Vec<Answer> {
    vec![answer("www.a", Some("cdn.b"), "192.0.2.1"), answer("ns.a", None, "2001:db8::1")]
}

#[test]
fn addresses_go_to_the_name_that_was_asked_for() {
    let findings = read(&response(), 53).unwrap();
    assert_eq!(findings.role, Some(Role::Server));
    assert_eq!(findings.answers, expected());
    let query = read(&message(0x0100, [1, 0, 0, 0], QUESTION), 53).unwrap();
    assert_eq!((query.role, query.answers.len()), (Some(Role::Client), 0));
}

#[test]
fn hints_of_a_service_go_to_its_name() {
    let question = b"\x05_8443\x06_https\x01h\x00\x00\x41\x00\x01";
    let body = [&question[..], &record(b"\xc0\x0c", 65, b"\0\x01\0\0\x04\0\x04\xc0\0\x02\x02")].concat();
    let findings = read(&message(0x8180, [1, 1, 0, 0], &body), 53).unwrap();
    assert_eq!(findings.answers, [answer("h", None, "192.0.2.2")]);
}

#[test]
fn a_port_is_no_protocol() {
    let word = |payload: &[u8], port| read(payload, port).and_then(|found| found.application).map(|found| found.0);
    let local = b"\x04host\x05local\x00\x00\x01\x00\x01";
    let asked = |flags, question: &[u8]| message(flags, [1, 0, 0, 0], question);
    assert_eq!(word(&asked(0x0100, QUESTION), 5353), Some("dns"));
    assert_eq!(word(&response(), 5353), Some("dns"));
    assert_eq!(read(&response(), 5353).unwrap().answers, expected());
    assert_eq!(word(&asked(0, QUESTION), 5353), Some("mdns"));
    assert_eq!(word(&asked(0x0100, local), 5353), Some("mdns"));
    assert_eq!(word(&response(), 5335), Some("dns"));
    assert_eq!(word(&[&response()[..], &[0]].concat(), 5335), None);
}

#[test]
fn cut_short_gives_the_records_that_are_whole() {
    let response = response();
    for cut in 0..response.len() {
        match read(&response[..cut], 53) {
            Some(findings) => assert!(findings.answers.len() <= 2),
            None => assert!(cut < 12, "{cut}"),
        }
    }
}

#[test]
fn a_circle_of_names_ends() {
    let body = [QUESTION, &record(b"\xc0\x0c", 5, b"\xc0\x0c"), &record(b"\xc0\x0c", 1, &[192, 0, 2, 1])].concat();
    let findings = read(&message(0x8180, [1, 2, 0, 0], &body), 53).unwrap();
    assert_eq!(findings.answers, [answer("www.a", None, "192.0.2.1")]);
}

#[test]
fn other_bytes_on_the_port_are_refused() {
    assert_eq!(read(&[0x16; 60], 53), None);
    assert_eq!(read(&message(0x8180, [1, 0, 0, 0], b"\x80\x00\x00\x01\x00\x01"), 53), None);
    assert_eq!(read(&message(0x8180, [1, 0, 0, 0], b"\x01a\x00\x00\x01\x77\x77"), 53), None);
    assert_eq!(read(&message(0x8140, [1, 0, 0, 0], QUESTION), 53), None);
    assert!(!starts_datagram(&datagram(&response(), 54, 54)));
}

#[test]
fn multicast_gives_host_names() {
    let mut host = record(b"\x04host\x05local\x00", 1, &[192, 0, 2, 7]);
    host[14] = 0x80;
    let findings = read(&message(0x8400, [0, 1, 0, 0], &host), 5353).unwrap();
    assert_eq!(findings.answers, []);
    assert_eq!(&*findings.names[0].name, "host.local");
    assert_eq!(findings.application.unwrap().0, "mdns");
}

#[test]
fn a_stream_is_read_message_by_message() {
    let response = response();
    let one = [&(response.len() as u16).to_be_bytes(), &response[..]].concat();
    let two = [&one[..], &one].concat();
    assert!(starts_stream(&two));
    let Reading::Done { findings, consumed } = read_stream(&two) else { panic!("not done") };
    assert_eq!((findings.answers, consumed), (expected(), one.len()));
    for cut in 2..one.len() {
        assert_eq!(starts_stream(&one[..cut]), cut == 2 || cut >= 14, "{cut}");
        assert!(matches!(read_stream(&one[..cut]), Reading::NeedMore(_)), "{cut}");
    }
    // The length says more than the records.
    let mut longer = one.clone();
    longer[1] += 1;
    longer.push(0);
    assert_eq!(read_stream(&longer), Reading::No);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bodies_are_survived(
        flags in proptest::sample::select(vec![0x0100u16, 0x8180, 0x8400]),
        body in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let bytes = message(flags, [1, 3, 1, 1], &[QUESTION, &body].concat());
        for port in [53, 5353, 5355] {
            let _ = read(&bytes, port);
        }
        let _ = read_stream(&[&(bytes.len() as u16).to_be_bytes(), &bytes[..]].concat());
    }

    #[test]
    fn changed_bytes_are_survived(place in 0usize..150, byte in any::<u8>()) {
        let mut bytes = response();
        let place = place % bytes.len();
        bytes[place] = byte;
        let _ = read(&bytes, 53);
    }
}

/// What a pointer leads to must come before the pointer. A name that continues over its own pointer, into bytes that a stream
/// may not have brought yet, is malformed however much of the stream is there.
#[test]
fn a_pointer_leads_to_nothing_that_comes_after_it() {
    let answer = message(
        0x8180,
        [1, 1, 0, 0],
        &[b"\x02\x05a\xc0\x0d\x00\x01\x00\x01", &record(b"\x00", 1, &[1, 2, 3, 4])[..]].concat(),
    );
    assert_eq!(read(&answer, 53), None);
    let stream = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
    let whole = read_stream(&stream);
    assert_eq!(whole, Reading::No);
    for length in 14..stream.len() {
        assert!(matches!(read_stream(&stream[..length]), Reading::NeedMore(None) | Reading::No), "{length}");
    }
}
