//! Turns a domain name in a DNS message into text (RFC 1035 §3.1, compression §4.1.4, escapes §5.1).

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Length of the longest name on the wire (RFC 1035 §2.3.4), and of the longest text that is kept. Only names with many unusual
/// bytes have a longer text.
const LENGTH_LIMIT: usize = 255;

/// Compression pointers that are followed in one name. Each must point further back, so this limits only the time that a
/// message made of pointers takes. Real names have one or two.
const POINTER_LIMIT: usize = 16;

/// A name as lower-case text without the trailing dot. It is kept on the stack.
#[derive(Clone, Copy)]
pub(super) struct NameText {
    bytes: [u8; LENGTH_LIMIT],
    length: u8,
}

impl NameText {
    /// The text, which is empty for the root.
    pub(super) fn as_str(&self) -> &str {
        // Only ASCII is written, so the text is always valid.
        self.bytes.get(..usize::from(self.length)).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(usize::from(self.length))? = byte;
        self.length += 1;
        Some(())
    }

    fn push_label(&mut self, label: &[u8]) -> Option<()> {
        if self.length > 0 {
            self.push(b'.')?;
        }
        let start = usize::from(self.length);
        if label.iter().all(|&byte| matches!(byte, b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'_' | b'a'..=b'z')) {
            let place = self.bytes.get_mut(start..start + label.len())?;
            place.copy_from_slice(label);
            place.make_ascii_lowercase();
            // A label has at most 63 bytes, and there was room for them.
            self.length += label.len() as u8;
            return Some(());
        }
        for &byte in label {
            match byte {
                b'.' | b'\\' => {
                    self.push(b'\\')?;
                    self.push(byte)?;
                }
                0x21..=0x7e => self.push(byte.to_ascii_lowercase())?,
                _ => {
                    self.push(b'\\')?;
                    self.push(b'0' + byte / 100)?;
                    self.push(b'0' + byte / 10 % 10)?;
                    self.push(b'0' + byte % 10)?;
                }
            }
        }
        Some(())
    }
}

/// A walk over the labels of a name, through its compression pointers.
struct Labels<'a> {
    message: &'a [u8],
    position: usize,
    /// Offset where the part of the name that is being read begins. A pointer must lead to a place before it, so that the walk
    /// cannot go in a circle.
    part: usize,
    /// Offset by which labels must end. What a pointer leads to must come before the pointer, so that a message is judged in
    /// the same way whether its end is there or not.
    limit: usize,
    pointers: usize,
    wire_length: usize,
}

/// What stands in the place of a label.
enum Label<'a> {
    Text(&'a [u8]),
    Root,
}

impl<'a> Labels<'a> {
    const fn at(message: &'a [u8], position: usize) -> Self {
        Self { message, position, part: position, limit: usize::MAX, pointers: 0, wire_length: 0 }
    }

    /// The next label; `None` if the name is cut short or malformed.
    fn step(&mut self) -> Option<Label<'a>> {
        loop {
            let length = *self.message.get(self.position)?;
            match length {
                0 => return Some(Label::Root),
                1..=63 => {
                    let start = self.position + 1;
                    let end = start + usize::from(length);
                    let label = self.message.get(start..end).filter(|_| end <= self.limit)?;
                    self.position = end;
                    self.wire_length += 1 + usize::from(length);
                    return (self.wire_length < LENGTH_LIMIT).then_some(Label::Text(label));
                }
                0xc0.. => {
                    let target = usize::from(length & 0x3f) << 8 | usize::from(*self.message.get(self.position + 1)?);
                    self.pointers += 1;
                    if target >= self.part || self.pointers > POINTER_LIMIT {
                        return None;
                    }
                    self.limit = self.position;
                    self.position = target;
                    self.part = target;
                }
                _ => return None,
            }
        }
    }
}

/// The text of the name at `position`; `None` if it is cut short, malformed or too long.
pub(super) fn text(message: &[u8], position: usize) -> Option<NameText> {
    let mut text = NameText { bytes: [0; LENGTH_LIMIT], length: 0 };
    let mut labels = Labels::at(message, position);
    while let Label::Text(label) = labels.step()? {
        text.push_label(label)?;
    }
    Some(text)
}

/// The address that a name of a reverse lookup stands for (RFC 1035 §3.5, RFC 3596 §2.5).
pub(super) fn reversed_address(name: &str) -> Option<IpAddr> {
    const NIBBLES: usize = 32;
    if let Some(labels) = name.strip_suffix(".in-addr.arpa") {
        let mut octets = [0_u8; 4];
        let mut labels = labels.rsplit('.');
        for octet in &mut octets {
            *octet = labels.next()?.parse().ok()?;
        }
        return labels.next().is_none().then(|| Ipv4Addr::from(octets).into());
    }
    let mut labels = name.strip_suffix(".ip6.arpa")?.rsplit('.');
    let mut bits = 0_u128;
    for _ in 0..NIBBLES {
        let label = labels.next().filter(|label| label.len() == 1)?;
        bits = bits << 4 | u128::from_str_radix(label, 16).ok()?;
    }
    labels.next().is_none().then(|| Ipv6Addr::from_bits(bits).into())
}

/// Whether the name at `position` is whole and well-formed.
pub(super) fn is_valid(message: &[u8], position: usize) -> bool {
    let mut labels = Labels::at(message, position);
    loop {
        match labels.step() {
            Some(Label::Text(_)) => {}
            Some(Label::Root) => return true,
            None => return false,
        }
    }
}

/// Whether two names in the message are the same (case does not matter, RFC 4343).
pub(super) fn same(message: &[u8], left: usize, right: usize) -> bool {
    let (mut left, mut right) = (Labels::at(message, left), Labels::at(message, right));
    loop {
        if left.position == right.position {
            return true;
        }
        match (left.step(), right.step()) {
            (Some(Label::Text(a)), Some(Label::Text(b))) if a.eq_ignore_ascii_case(b) => {}
            (Some(Label::Root), Some(Label::Root)) => return true,
            _ => return false,
        }
    }
}

/// A hash of the name at `position`, without regard to case. It allows one name to be compared with many without reading all of
/// them each time.
pub(super) fn hash(message: &[u8], position: usize, hasher: &impl BuildHasher) -> u64 {
    let mut state = hasher.build_hasher();
    let mut labels = Labels::at(message, position);
    while let Some(Label::Text(label)) = labels.step() {
        state.write_usize(label.len());
        label.iter().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
    state.finish()
}

/// Offset of the name at `position`: another place if there is only a pointer here.
pub(super) fn start(message: &[u8], position: usize) -> usize {
    match message.get(position..) {
        Some([high @ 0xc0..=0xff, low, ..]) => usize::from(high & 0x3f) << 8 | usize::from(*low),
        _ => position,
    }
}

/// Offset of the end of the name at `position`, without following a pointer.
pub(super) fn end(message: &[u8], mut position: usize) -> Option<usize> {
    let limit = position + LENGTH_LIMIT;
    while position < limit {
        match *message.get(position)? {
            0 => return Some(position + 1),
            length @ 1..=63 => position += 1 + usize::from(length),
            0xc0.. => {
                message.get(position + 1)?;
                return Some(position + 2);
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldhash::fast::RandomState;

    fn read(message: &[u8], position: usize) -> Option<String> {
        text(message, position).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn names_of_reverse_lookups_are_addresses() {
        let address = |text: &str| text.parse::<IpAddr>().ok();
        assert_eq!(reversed_address("7.113.0.203.in-addr.arpa"), address("203.0.113.7"));
        let nibbles = format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(23));
        assert_eq!(reversed_address(&nibbles), address("2001:db8::1"));
        for other in
            ["113.0.203.in-addr.arpa", "1.7.113.0.203.in-addr.arpa", "in-addr.arpa", "1.0.ip6.arpa", "x.example"]
        {
            assert_eq!(reversed_address(other), None, "{other}");
        }
    }

    #[test]
    fn text_is_lower_case_and_escaped() {
        assert_eq!(read(b"\x03wWw\x07exAmple\x00", 0).as_deref(), Some("www.example"));
        assert_eq!(read(b"\x04a.b\\\x03c\xffd\x00", 0).as_deref(), Some("a\\.b\\\\.c\\255d"));
        assert_eq!(read(b"\x00", 0).as_deref(), Some(""));
    }

    #[test]
    fn pointers_lead_back_only() {
        let message = b"\x03com\x00\x01a\xc0\x00\x01b\xc0\x05\xc0\x0d\xc0\x0f";
        assert_eq!(read(message, 9).as_deref(), Some("b.a.com"));
        assert_eq!(end(message, 9), Some(13));
        // To themselves.
        assert_eq!(read(message, 13), None);
        assert_eq!(read(message, 15), None);
    }

    #[test]
    fn names_too_long_or_cut_short_are_none() {
        let mut long = Vec::new();
        for _ in 0..5 {
            long.push(63);
            long.extend([b'x'; 63]);
        }
        long.push(0);
        assert_eq!(read(&long, 0), None);
        let name = b"\x03www\x07example\x00";
        for cut in 0..name.len() {
            assert_eq!(read(&name[..cut], 0), None);
            assert_eq!(end(&name[..cut], 0), None);
        }
        assert_eq!(read(b"\x40a\x00", 0), None);
    }

    #[test]
    fn names_that_are_the_same_have_the_same_hash() {
        let message = b"\x03COM\x00\x01a\xc0\x00\x01A\x03com\x00";
        let hasher = RandomState::default();
        let hash = |position| hash(message, position, &hasher);
        assert_eq!(hash(5), hash(9));
        assert_ne!(hash(0), hash(9));
    }

    #[test]
    fn same_compares_through_pointers_without_case() {
        let message = b"\x03COM\x00\x01a\xc0\x00\x01A\x03com\x00";
        assert!(same(message, 5, 9));
        assert!(!same(message, 0, 9));
    }
}
