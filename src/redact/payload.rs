//! Payload in clear to the same length without names and addresses that are to be hidden. Only what is listed here stays; the caller cuts
//! everything else off.

use super::removed::{Removed, What};
use super::texts::Texts;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a payload is, as the analysis of its flow says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Content {
    /// Nothing of it may stay.
    #[default]
    Nothing,
    /// A DNS message; over TCP with its length before it.
    Dns,
    /// Heads of HTTP.
    Http,
    /// STUN: the header stays.
    Stun,
    /// A hello of TLS: names in it are replaced.
    Hello,
    /// It holds nothing that tells whose it is.
    Whole,
}

/// Redacts payload.
pub struct Payload<'a> {
    /// Names that stay.
    pub texts: &'a Texts<'a>,
    /// What becomes of an address.
    pub address: &'a dyn Fn(IpAddr) -> IpAddr,
    /// The names of the flow.
    pub names: &'a [String],
}

impl Payload<'_> {
    /// Replaces what may not stay, and says how many bytes may.
    pub fn redact(&self, content: Content, is_tcp: bool, bytes: &mut [u8], removed: &mut Removed) -> usize {
        let all = bytes.len();
        match content {
            Content::Nothing => 0,
            Content::Whole => all,
            Content::Hello => {
                self.names(bytes, removed);
                all
            }
            Content::Stun => {
                if !is_tcp && all >= STUN_HEADER {
                    STUN_HEADER
                } else {
                    0
                }
            }
            Content::Http => {
                self.http(bytes, removed);
                all
            }
            Content::Dns => {
                let message = if is_tcp { bytes.get_mut(2..) } else { Some(bytes) };
                let is_read = message.is_some_and(|message| self.dns(message, removed).is_some());
                if is_read { all } else { 0 }
            }
        }
    }

    /// Replaces the names of the flow where they stand as they are.
    fn names(&self, bytes: &mut [u8], removed: &mut Removed) {
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            let masked = self.texts.masked(name, removed);
            let mut at = 0;
            while let Some(place) = bytes.get_mut(at..at + name.len()) {
                if place.eq_ignore_ascii_case(name.as_bytes()) {
                    place.copy_from_slice(masked.as_bytes());
                }
                at += 1;
            }
        }
    }

    /// Leaves of a head what it takes to see that it is one, and the host.
    fn http(&self, bytes: &mut [u8], removed: &mut Removed) {
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len).collect::<Vec<_>>() {
            if let Some(line) = bytes.get_mut(at..at + line) {
                self.line(line, at == 0, removed);
            }
            at += line;
        }
    }

    fn line(&self, line: &mut [u8], is_first: bool, removed: &mut Removed) {
        let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
        let Some(line) = line.get_mut(..end) else { return };
        if is_first && line.starts_with(b"HTTP/") {
            // The reason behind the number may be any text.
            line.iter_mut().skip(12).filter(|byte| **byte != b' ').for_each(|byte| *byte = b'x');
            return;
        }
        if is_first && let Some((from, to)) = target(line) {
            if let Some(target) = line.get_mut(from..to) {
                self.value(target, removed);
            }
            return;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let name = colon.and_then(|at| line.get(..at)).unwrap_or_default().to_ascii_lowercase();
        let Some(at) = colon.filter(|_| FIELDS.contains(&&*name)) else { return self.value(line, removed) };
        if !PLAIN_FIELDS.contains(&&*name)
            && let Some(value) = line.get_mut(at..)
        {
            self.value(value, removed);
        }
    }

    /// Replaces all but the names of the flow that stay.
    fn value(&self, bytes: &mut [u8], removed: &mut Removed) {
        let old = bytes.to_vec();
        bytes.iter_mut().filter(|byte| !byte.is_ascii_punctuation() && **byte != b' ').for_each(|byte| *byte = b'x');
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            let masked = self.texts.masked(name, removed);
            let found =
                old.windows(name.len()).enumerate().filter(|(_, part)| part.eq_ignore_ascii_case(name.as_bytes()));
            for (at, _) in found {
                if let Some(place) = bytes.get_mut(at..at + name.len()) {
                    place.copy_from_slice(masked.as_bytes());
                }
            }
        }
    }

    /// Replaces names and addresses in a message of DNS (RFC 1035 4.1). Records of kinds whose data is not understood keep their length
    /// and become of a kind for private use. Nothing where the message is not whole.
    fn dns(&self, message: &mut [u8], removed: &mut Removed) -> Option<()> {
        let count = |message: &[u8], at: usize| u16_at(message, at).map(usize::from);
        let questions = count(message, 4)?;
        let records = count(message, 6)? + count(message, 8)? + count(message, 10)?;
        if questions + records > RECORD_LIMIT {
            return None;
        }
        // Names are read before any is replaced, for they point to each other.
        let old = message.to_vec();
        let mut at = 12;
        for _ in 0..questions {
            at = self.dns_name(&old, message, at, removed)? + 4;
        }
        for _ in 0..records {
            let fixed = self.dns_name(&old, message, at, removed)?;
            let (kind, length) = (u16_at(&old, fixed)?, usize::from(u16_at(&old, fixed + 8)?));
            let data = fixed + 10;
            let end = data + length;
            old.get(data..end)?;
            match (kind, length) {
                (1, 4) => {
                    let ip: [u8; 4] = old.get(data..)?.first_chunk().copied()?;
                    if let IpAddr::V4(ip) = self.moved(Ipv4Addr::from(ip).into(), removed) {
                        message.get_mut(data..end)?.copy_from_slice(&ip.octets());
                    }
                }
                (28, 16) => {
                    let ip: [u8; 16] = old.get(data..)?.first_chunk().copied()?;
                    let six = match self.moved(Ipv6Addr::from(ip).into(), removed) {
                        IpAddr::V6(ip) => ip,
                        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                    };
                    message.get_mut(data..end)?.copy_from_slice(&six.octets());
                }
                (5, _) if self.dns_name(&old, message, data, removed)? == end => {}
                _ => {
                    message.get_mut(data..end)?.fill(0);
                    message.get_mut(fixed..fixed + 2)?.copy_from_slice(&PRIVATE_KIND.to_be_bytes());
                }
            }
            at = end;
        }
        message.get_mut(at..)?.fill(0);
        Some(())
    }

    fn moved(&self, ip: IpAddr, removed: &mut Removed) -> IpAddr {
        let moved = (self.address)(ip);
        removed.replace(What::Address, &ip.to_string(), &moved.to_string());
        moved
    }

    /// Replaces the labels of a name that stand here, by what the whole name is. Returns where it ends.
    fn dns_name(&self, old: &[u8], message: &mut [u8], begin: usize, removed: &mut Removed) -> Option<usize> {
        let mut name = Vec::new();
        let mut here: Vec<(usize, usize)> = Vec::new();
        let (mut at, mut end) = (begin, None);
        // Each pointer leads back, so this ends.
        let mut least = begin;
        loop {
            match usize::from(*old.get(at)?) {
                0 => {
                    end = end.or(Some(at + 1));
                    break;
                }
                length @ 1..=63 => {
                    let label = old.get(at + 1..at + 1 + length)?;
                    if !label.iter().all(u8::is_ascii) || label.contains(&b'.') {
                        return None;
                    }
                    if !name.is_empty() {
                        name.push(b'.');
                    }
                    if end.is_none() {
                        here.push((at + 1, name.len()));
                    }
                    name.extend_from_slice(label);
                    at += 1 + length;
                }
                high @ 0xc0.. => {
                    end = end.or(Some(at + 2));
                    at = (high & 0x3f) << 8 | usize::from(*old.get(at + 1)?);
                    if at >= least {
                        return None;
                    }
                    least = at;
                }
                _ => return None,
            }
            if name.len() > NAME_LIMIT {
                return None;
            }
        }
        let name = String::from_utf8(name).ok()?;
        let masked = self.texts.masked(&name, removed);
        for (at, from) in here {
            let length = usize::from(*old.get(at - 1)?);
            let label = masked.as_bytes().get(from..from + length)?;
            message.get_mut(at..at + length)?.copy_from_slice(label);
        }
        end
    }
}

/// Where the target of a request begins and ends in its first line.
fn target(line: &[u8]) -> Option<(usize, usize)> {
    let from = line.iter().position(|byte| *byte == b' ')? + 1;
    let is_method = from > 1 && line.get(..from - 1)?.iter().all(u8::is_ascii_uppercase);
    let to = line.iter().rposition(|byte| *byte == b' ')?;
    let is_version = line.get(to..)?.starts_with(b" HTTP/1.") && line.len() == to + 9;
    (is_method && is_version && from <= to).then_some((from, to))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// Header of STUN (RFC 8489 5).
const STUN_HEADER: usize = 20;
/// Records and questions of a message.
const RECORD_LIMIT: usize = 1_024;
/// Longest name (RFC 1035 2.3.4).
const NAME_LIMIT: usize = 255;
/// A kind of records for private use (RFC 6895 3.1).
const PRIVATE_KIND: u16 = 65_280;
/// Fields of HTTP whose names stay, in lower case.
const FIELDS: &[&[u8]] = &[
    b"accept",
    b"accept-encoding",
    b"accept-language",
    b"cache-control",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"cookie",
    b"date",
    b"host",
    b"location",
    b"referer",
    b"server",
    b"set-cookie",
    b"transfer-encoding",
    b"upgrade",
    b"user-agent",
];

/// Those whose values say how the message is framed.
const PLAIN_FIELDS: &[&[u8]] = &[b"connection", b"content-length", b"transfer-encoding", b"upgrade"];

#[cfg(test)]
mod tests {
    use super::super::key::Key;
    use super::super::redactor::Redactor;
    use super::*;
    use crate::analysis::Knowledge;
    use proptest::prelude::*;

    fn with<T>(names: &[&str], run: impl FnOnce(&Payload<'_>, &mut Removed) -> T) -> T {
        let knowledge = Knowledge::embedded().unwrap();
        let redactor = Redactor::new(&Key::new(b"a key of the test"), &knowledge, false);
        let texts = Texts::new(&redactor, std::iter::once("wechat".to_owned()), std::iter::empty());
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let address = |ip: IpAddr| redactor.addresses().local(ip);
        run(&Payload { texts: &texts, address: &address, names: &names }, &mut Removed::default())
    }

    #[test]
    fn a_head_keeps_its_shape_and_the_host_of_the_app() {
        let head = "GET /alice?id=7 HTTP/1.1\r\nHost: long.weixin.qq.com\r\nX-Alice: 1\r\nCookie: s=alice\r\nContent-Length: 12\r\n\r\n";
        let expected = "GET /xxxxx?xx=x HTTP/1.1\r\nHost: long.weixin.qq.com\r\nx-xxxxx: x\r\nCookie: x=xxxxx\r\nContent-Length: 12\r\n\r\n";
        let masked = |head: &str, names: &[&str]| {
            with(names, |payload, removed| {
                let mut bytes = head.as_bytes().to_vec();
                assert_eq!(payload.redact(Content::Http, true, &mut bytes, removed), bytes.len());
                String::from_utf8(bytes).unwrap()
            })
        };
        assert_eq!(masked(head, &["long.weixin.qq.com"]), expected);
        assert_eq!(
            masked("CONNECT pc.lan:443 HTTP/1.1\r\nHost: pc.lan\r\n\r\n", &["pc.lan"]),
            "CONNECT xx.xxx:xxx HTTP/1.1\r\nHost: xx.xxx\r\n\r\n"
        );
        assert_eq!(masked("HTTP/1.1 200 OK Alice\r\n\r\n", &[]), "HTTP/1.1 200 xx xxxxx\r\n\r\n");
        assert_eq!(masked("lice\r\nHost: x.lan", &[]), "xxxx\r\nHost: x.xxx");
    }

    /// A question, an alias of it, an address, and a text.
    fn answer(question: &[&str], alias: &[&str], ip: [u8; 4]) -> Vec<u8> {
        let name = |labels: &[&str]| -> Vec<u8> {
            let labels = labels.iter().flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
            labels.chain([0]).collect()
        };
        let mut message = vec![0, 7, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0];
        message.extend(name(question));
        message.extend([0, 1, 0, 1]);
        let alias = name(alias);
        message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, alias.len() as u8]);
        let at = message.len() as u8;
        message.extend(alias);
        message.extend([0xc0, at, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
        message.extend(ip);
        message.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 9, 0, 6, 5]);
        message.extend(b"alice");
        message
    }

    #[test]
    fn answers_keep_names_of_the_app_and_lose_the_rest() {
        with(&[], |payload, removed| {
            let mut message = answer(&["long", "weixin", "qq", "com"], &["alices-pc", "lan"], [192, 168, 1, 7]);
            let length = message.len();
            assert_eq!(payload.redact(Content::Dns, false, &mut message, removed), length);
            let expected = answer(&["long", "weixin", "qq", "com"], &["xxxxxx-xx", "xxx"], [192, 168, 1, 7]);
            assert_eq!(message[..70], expected[..70]);
            let has = |text: &[u8]| message.windows(text.len()).any(|part| part == text);
            assert!(!has(b"alice") && !has(&[192, 168, 1, 7]) && has(&[192, 168]));
            // What is no message goes, and so does one that was cut.
            assert_eq!(payload.redact(Content::Dns, false, &mut message[..40], removed), 0);
        });
    }

    #[test]
    fn hellos_lose_names_of_others() {
        with(&["web.whatsapp.com", "long.weixin.qq.com"], |payload, removed| {
            let mut bytes = b"..web.WhatsApp.com..long.weixin.qq.com".to_vec();
            payload.redact(Content::Hello, true, &mut bytes, removed);
            assert_eq!(bytes, b"..xxx.xxxxxxxx.xxx..long.weixin.qq.com");
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn survives_anything(all in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 16), is_tcp: bool) {
            with(&["a.b"], |payload, removed| {
                for bytes in all {
                    for content in [Content::Dns, Content::Http, Content::Stun, Content::Hello, Content::Nothing] {
                        let mut copy = bytes.clone();
                        assert!(payload.redact(content, is_tcp, &mut copy, removed) <= bytes.len());
                    }
                    let mut dns = [&[0, 7, 1, 0, 0, 1, 0, 2, 0, 0, 0, 0][..], &bytes].concat();
                    payload.redact(Content::Dns, false, &mut dns, removed);
                }
            });
        }
    }
}
