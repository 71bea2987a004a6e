//! Turns Kerberos messages into their realm (RFC 4120 §5.4, §5.9.1; DER as in X.690 §8).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::source::NameSource;
use crate::name::wire::{Wire, u16_at, u32_at};

/// The first byte over TCP, which is the high byte of a length below 64 KiB (RFC 4120 §7.2.2).
pub(crate) static STREAM_FIRST_BYTES: &[u8] = &[0];

const PORT: u16 = 88;

/// Length of the longest message over TCP. Tickets with many groups reach 64 KiB.
const STREAM_LENGTH_LIMIT: usize = 0xffff;

/// Fields that are looked at in one SEQUENCE. The standard defines at most 13.
const FIELD_LIMIT: usize = 16;

const SEQUENCE: u8 = 0x30;
const GENERAL_STRING: u8 = 0x1b;

/// The role of the sender of a message with a realm, by its application tag.
fn role_of(tag: u8) -> Option<Role> {
    match tag {
        // AS-REQ, TGS-REQ.
        0x6a | 0x6c => Some(Role::Client),
        // AS-REP, TGS-REP, KRB-ERROR.
        0x6b | 0x6d | 0x7e => Some(Role::Server),
        _ => None,
    }
}

/// Whether a datagram on Kerberos's port has the tag of a message.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    (datagram.source_port == PORT || datagram.destination_port == PORT)
        && datagram.payload.first().is_some_and(|&tag| role_of(tag).is_some())
}

/// Reads the last datagram.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last() else { return Reading::No };
    match findings(datagram.payload) {
        Some(findings) => Reading::Done { findings: Box::new(findings), consumed: datagram.payload.len() },
        None => Reading::No,
    }
}

/// Whether a segment begins with a length, the tag of a message and a SEQUENCE of fitting length.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    let [0, 0, _, _, tag, first, ..] = *bytes else { return false };
    let length = u32_at(bytes, 0).unwrap_or_default() as usize;
    let whole = match first {
        ..=0x7f => 2 + usize::from(first),
        0x81 => 3 + bytes.get(6).map_or(0, |&length| length.into()),
        0x82 => 4 + u16_at(bytes, 6).map_or(0, usize::from),
        _ => return false,
    };
    role_of(tag).is_some() && whole == length
}

/// Reads one message after its length.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let end = 4 + u32_at(bytes, 0).unwrap_or_default() as usize;
    let findings = findings(bytes.get(4..end).or_else(|| bytes.get(4..)).unwrap_or_default()).map(Box::new);
    match findings {
        Some(findings) if end <= bytes.len() => Reading::Done { findings, consumed: end },
        None if end <= bytes.len() || bytes.len() > STREAM_LENGTH_LIMIT => Reading::No,
        partial => Reading::NeedMore(partial),
    }
}

/// What a message says once its version was read; `None` if it is no message or ends before the version.
fn findings(message: &[u8]) -> Option<Findings> {
    let (tag, contents, _) = element(message)?;
    let role = role_of(tag)?;
    let mut fields = Fields::of(sequence(contents)?);
    let (is_request, is_error) = (role == Role::Client, tag == 0x7e);
    let mut findings = Findings::of("kerberos", Some(role));
    let mut has_version = false;
    while let Some((number, value)) = fields.next() {
        match number {
            // The version is in field 1 of requests and in field 0 of answers. It is 5.
            0 | 1 if !has_version => {
                if value != [2, 1, 5] {
                    return None;
                }
                has_version = true;
            }
            // The body of a request has the realm in its field 2.
            4 if is_request => {
                let mut body = Fields::of(sequence(value).unwrap_or_default());
                while let Some((number, value)) = body.next() {
                    if number == 2 {
                        push_realm(value, &mut findings);
                        break;
                    }
                }
            }
            // This is the client's realm in an answer, and the service's realm in an error.
            3 if !is_request && !is_error => push_realm(value, &mut findings),
            9 if is_error => push_realm(value, &mut findings),
            _ => {}
        }
    }
    has_version.then_some(findings)
}

/// The host of the service that the ticket of a request (AP-REQ, RFC 4120 §5.5.1) is for, as in `ldap/dc.example`.
pub(crate) fn service_host(request: &[u8]) -> Option<&str> {
    const AP_REQUEST: u8 = 0x6e;
    const TICKET: u8 = 0x61;
    let (_, contents, _) = element(request).filter(|(tag, ..)| *tag == AP_REQUEST)?;
    let ticket = Fields::of(sequence(contents)?).find(3)?;
    let (_, contents, _) = element(ticket).filter(|(tag, ..)| *tag == TICKET)?;
    let service = Fields::of(sequence(contents)?).find(2)?;
    let parts = sequence(Fields::of(sequence(service)?).find(1)?)?;
    // The service comes first, then its host. The realm may follow.
    let (_, _, rest) = element(parts).filter(|(tag, ..)| *tag == GENERAL_STRING)?;
    let (_, host, _) = element(rest).filter(|(tag, ..)| *tag == GENERAL_STRING)?;
    std::str::from_utf8(host).ok()
}

fn push_realm(value: &[u8], findings: &mut Findings) {
    if let Some((GENERAL_STRING, realm, _)) = element(value)
        && let Ok(realm) = std::str::from_utf8(realm)
        && realm.bytes().all(|byte| byte > b' ' && byte != 0x7f)
    {
        findings.push_name(NameSource::Kerberos, realm);
    }
}

/// The context-tagged fields of a SEQUENCE.
struct Fields<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Fields<'a> {
    const fn of(contents: &'a [u8]) -> Self {
        Self { rest: contents, left: FIELD_LIMIT }
    }

    /// The value of a field by its number.
    fn find(&mut self, wanted: u8) -> Option<&'a [u8]> {
        while let Some((number, value)) = self.next() {
            if number == wanted {
                return Some(value);
            }
        }
        None
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        self.left = self.left.checked_sub(1)?;
        let (tag, value, rest) = element(self.rest)?;
        self.rest = rest;
        (tag & 0xe0 == 0xa0).then_some((tag & 0x1f, value))
    }
}

fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    element(bytes).filter(|(tag, ..)| *tag == SEQUENCE).map(|(_, contents, _)| contents)
}

/// Tag and contents of the element that begins here, and what follows. Contents that are cut short are taken as far as they are
/// there, so that a message is read as far as it came.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let mut bytes = Wire::new(bytes);
    let (tag, length) = bytes.der_head(2)?;
    let rest = bytes.rest();
    // A primitive element that is cut short cannot be read.
    if rest.len() < length && tag & 0x20 == 0 {
        return None;
    }
    let (contents, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    Some((tag, contents, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
        [&[tag, contents.len() as u8], contents].concat()
    }

    fn request() -> Vec<u8> {
        let body = tagged(
            SEQUENCE,
            &[tagged(0xa0, b"\x03\x01\x00"), tagged(0xa2, b"\x1b\x07EXAMPLE"), tagged(0xa5, b"\x18\x00")].concat(),
        );
        let fields = [tagged(0xa1, b"\x02\x01\x05"), tagged(0xa2, b"\x02\x01\x0a"), tagged(0xa4, &body)].concat();
        tagged(0x6a, &tagged(SEQUENCE, &fields))
    }

    #[test]
    fn the_realm_of_a_request_is_found() {
        let request = request();
        let datagram = Datagram { payload: &request, source_port: 5000, destination_port: 88 };
        assert!(starts_datagram(&datagram));
        let Reading::Done { findings, .. } = read_datagrams(&[datagram]) else { panic!("not done") };
        assert_eq!(findings.role, Some(Role::Client));
        assert_eq!(&*findings.names[0].name, "example");
        let stream = [&[0, 0, 0, request.len() as u8], &request[..], b"x"].concat();
        assert!(starts_stream(&stream));
        assert!(matches!(read_stream(&stream), Reading::Done { consumed, .. } if consumed == stream.len() - 1));
        for cut in 6..stream.len() - 1 {
            assert!(matches!(read_stream(&stream[..cut]), Reading::NeedMore(_)), "{cut}");
        }
    }

    #[test]
    fn a_ticket_names_the_host_of_its_service() {
        let parts = [tagged(GENERAL_STRING, b"ldap"), tagged(GENERAL_STRING, b"dc.office.example")].concat();
        let name = [tagged(0xa0, b"\x02\x01\x02"), tagged(0xa1, &tagged(SEQUENCE, &parts))].concat();
        let ticket =
            [tagged(0xa0, b"\x02\x01\x05"), tagged(0xa1, b"\x1b\x07EXAMPLE"), tagged(0xa2, &tagged(SEQUENCE, &name))];
        let ticket = tagged(0x61, &tagged(SEQUENCE, &ticket.concat()));
        let fields = [tagged(0xa0, b"\x02\x01\x05"), tagged(0xa1, b"\x02\x01\x0e"), tagged(0xa3, &ticket)].concat();
        let request = tagged(0x6e, &tagged(SEQUENCE, &fields));
        assert_eq!(service_host(&request), Some("dc.office.example"));
        for cut in 0..request.len() {
            assert_eq!(service_host(&request[..cut]), None);
        }
    }

    #[test]
    fn another_version_is_refused() {
        let mut request = request();
        let place = request.windows(3).position(|window| window == [2, 1, 5]).unwrap();
        request[place + 2] = 4;
        assert_eq!(findings(&request), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn changed_bytes_are_survived(place in 0usize..40, byte in any::<u8>()) {
            let mut request = request();
            let place = place % request.len();
            request[place] = byte;
            let _ = findings(&request);
        }
    }
}
