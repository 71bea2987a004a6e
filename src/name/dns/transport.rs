//! Turns DNS messages, as they travel over UDP and TCP, into the addresses of names: DNS (RFC 1035, RFC 7766), multicast DNS
//! (RFC 6762) and LLMNR (RFC 4795).

use super::message::{HEADER_LENGTH, Header, Message, NoMessage};
use super::name;
use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::source::NameSource;
use crate::name::wire::u16_at;

const PORT_DNS: u16 = 53;
const PORT_MULTICAST: u16 = 5353;
const PORT_LLMNR: u16 = 5355;

/// The first byte of a message over TCP, which is the high byte of its length. Messages longer than 4 KiB are zone transfers.
/// The limit also rules out TLS records (0x14 to 0x17).
pub(crate) static STREAM_FIRST_BYTES: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Other ports on which resolvers commonly listen: local ones (5335 of Unbound beside a filter, 5053 and 5054 of proxies that
/// encrypt, 1053 and 5300 without privileges) and public ones (8053). There, the form must leave no doubt.
const OTHER_PORTS: &[u16] = &[1053, 5053, 5054, 5300, 5335, 8053];

/// The ports of the three flavours, and the other ones.
pub(crate) static PORTS: &[u16] = &[PORT_DNS, PORT_MULTICAST, PORT_LLMNR, 1053, 5053, 5054, 5300, 5335, 8053];

/// Length of the shortest message over TCP: a header, and a question for the root.
const STREAM_LENGTH_MINIMUM: usize = 17;
const STREAM_LENGTH_LIMIT: usize = 0x0fff;

/// Limit of the lengths that may come without their message. Queries are small, and only their clients send the length by
/// itself. SOCKS servers, too, answer with two bytes, of which the first is not zero.
const LONE_LENGTH_LIMIT: usize = 0x0100;

/// A flavour of DNS. It is told by the port and, on the port of multicast DNS, by the form: a message that asks for recursion, or
/// that offers it, is one between a client and a resolver, since multicast DNS sends both bits as zero (RFC 6762 §18.6, §18.7).
/// Only names under `.local` may be asked of the group in this form, by programs that were made for resolvers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Dns,
    Multicast,
    Llmnr,
}

impl Flavour {
    #[inline]
    fn of(datagram: &Datagram<'_>) -> Option<Self> {
        match (datagram.source_port, datagram.destination_port) {
            (PORT_DNS, _) | (_, PORT_DNS) => Some(Self::Dns),
            (PORT_MULTICAST, _) | (_, PORT_MULTICAST) if is_of_resolver(datagram.payload) => Some(Self::Dns),
            (PORT_MULTICAST, _) | (_, PORT_MULTICAST) => Some(Self::Multicast),
            (PORT_LLMNR, _) | (_, PORT_LLMNR) => Some(Self::Llmnr),
            (one, other) if is_other(one) || is_other(other) => {
                Some(Self::Dns).filter(|_| is_certain(datagram.payload))
            }
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Multicast => "mdns",
            Self::Llmnr => "llmnr",
        }
    }

    /// Multicast DNS has no roles: every host asks the group and tells it.
    const fn role(self, header: Header) -> Option<Role> {
        match self {
            Self::Dns | Self::Llmnr => Some(role(header)),
            Self::Multicast => None,
        }
    }
}

fn is_other(port: u16) -> bool {
    OTHER_PORTS.contains(&port)
}

/// Whether a message on the port of multicast DNS is of unicast DNS.
fn is_of_resolver(message: &[u8]) -> bool {
    Header::parse(message, false).is_some_and(|header| {
        header.has_recursion_bits()
            && header.questions() == 1
            && !name::text(message, HEADER_LENGTH).is_some_and(|asked| is_local(asked.as_str()))
    })
}

fn is_local(name: &str) -> bool {
    let is_suffix = |suffix: &str| {
        name.len()
            .checked_sub(suffix.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    };
    name.eq_ignore_ascii_case("local") || is_suffix(".local")
}

/// Whether a message has one question and ends with its last record, as on a port that says nothing.
fn is_certain(message: &[u8]) -> bool {
    let Some(header) = stream_header(message) else { return false };
    header.has_recursion_bits()
        && Message::parse(message, header).is_ok_and(|read| !read.has_more && read.end == message.len())
}

/// Whether a datagram on a port of DNS has the header of a message.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    Flavour::of(datagram)
        .is_some_and(|flavour| Header::parse(datagram.payload, flavour == Flavour::Multicast).is_some())
}

/// Reads the last datagram. Those before it were read when they came.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last() else { return Reading::No };
    let Some(flavour) = Flavour::of(datagram) else { return Reading::No };
    let Some(header) = Header::parse(datagram.payload, flavour == Flavour::Multicast) else { return Reading::No };
    let mut findings = Box::new(Findings::of(flavour.word(), flavour.role(header)));
    match Message::parse(datagram.payload, header) {
        Ok(message) => match flavour {
            Flavour::Dns => read_message(&message, &mut findings),
            Flavour::Multicast | Flavour::Llmnr if header.is_response() => {
                message.add_host_names(NameSource::Mdns, &mut findings);
            }
            Flavour::Multicast | Flavour::Llmnr => {}
        },
        Err(NoMessage::CutShort) => {}
        Err(NoMessage::NotDns) => return Reading::No,
    }
    Reading::Done { findings, consumed: datagram.payload.len() }
}

/// Adds what a query or response of unicast DNS says: the name asked for, and the answers.
fn read_message(message: &Message<'_>, findings: &mut Findings) {
    message.add_question(findings);
    if message.is_response() {
        message.add_answers(findings);
    }
}

/// Whether a segment may begin with a message over TCP: a length, and a header that fits.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    let Some((length, message)) = split_length(bytes) else { return false };
    if !(STREAM_LENGTH_MINIMUM..=STREAM_LENGTH_LIMIT).contains(&length) {
        return false;
    }
    match u16_at(message, 10) {
        Some(_) => stream_header(message).is_some(),
        // The length may come by itself, with its message after it. Other cuts are too rare to be waited for.
        None => message.is_empty() && length < LONE_LENGTH_LIMIT,
    }
}

/// Reads one message after its length.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    let Some((length, rest)) = split_length(bytes) else { return Reading::NeedMore(None) };
    if !(STREAM_LENGTH_MINIMUM..=STREAM_LENGTH_LIMIT).contains(&length) {
        return Reading::No;
    }
    let (message, is_here) = match rest.get(..length) {
        Some(message) => (message, true),
        None => (rest, false),
    };
    let Some(header) = stream_header(message) else {
        return if message.len() < 12 && !is_here { Reading::NeedMore(None) } else { Reading::No };
    };
    let message = match Message::parse(message, header) {
        Ok(message) => message,
        Err(NoMessage::CutShort) if !is_here => return Reading::NeedMore(None),
        Err(_) => return Reading::No,
    };
    // On any other port than 53 only the form says that this is DNS, so the length must be right too.
    if is_here && !message.has_more && message.end != length {
        return Reading::No;
    }
    let mut findings = Box::new(Findings::of("dns", Some(role(header))));
    read_message(&message, &mut findings);
    if is_here { Reading::Done { findings, consumed: 2 + length } } else { Reading::NeedMore(Some(findings)) }
}

/// The header, if it is that of a message worth reading on any port.
fn stream_header(message: &[u8]) -> Option<Header> {
    let header = Header::parse(message, false)?;
    (header.questions() == 1).then_some(header)
}

fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, message) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*length).into(), message))
}

const fn role(header: Header) -> Role {
    if header.is_response() { Role::Server } else { Role::Client }
}
