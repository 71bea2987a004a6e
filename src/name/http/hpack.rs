//! Finds the authority in HPACK field blocks (RFC 7541). Of other fields only the size is needed, for the dynamic table.

use super::huffman;
use std::collections::VecDeque;

/// Length of the longest string that is decoded. Longer ones are skipped.
const STRING_LIMIT: usize = 4096;

/// Size of the largest dynamic table that is kept. Both ends start with 4,096, and browsers announce up to 65,536.
const TABLE_SIZE_LIMIT: usize = 65_536;

/// Authorities that are taken from one block. An honest block has one or two.
const HOST_LIMIT: usize = 8;

/// Size that an entry of a table counts for in addition to its strings (RFC 7541 §4.1).
const ENTRY_OVERHEAD: usize = 32;

/// The last index of the static table (RFC 7541, Appendix A).
const STATIC_LAST: usize = 61;

/// The field names that are needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FieldName {
    Authority,
    Host,
    Other,
}

impl FieldName {
    fn of(name: &[u8]) -> Self {
        match name {
            b":authority" => Self::Authority,
            b"host" => Self::Host,
            _ => Self::Other,
        }
    }
}

/// An entry of the dynamic table. The value is kept only if the name is needed.
struct Entry {
    name: FieldName,
    name_length: usize,
    value: Box<[u8]>,
    size: usize,
}

/// The state of a decoder over the field blocks of one connection.
pub(super) struct Decoder {
    entries: VecDeque<Entry>,
    size: usize,
    size_limit: usize,
}

impl Decoder {
    pub(super) const fn new() -> Self {
        Self { entries: VecDeque::new(), size: 0, size_limit: 4096 }
    }

    /// The values of `:authority` and `host` in a block, up to the place where it is cut short or malformed.
    pub(super) fn hosts(&mut self, block: &[u8]) -> Vec<Box<[u8]>> {
        let mut hosts = Vec::new();
        let mut rest = block;
        while !rest.is_empty() && hosts.len() < HOST_LIMIT {
            let Some(field) = self.field(&mut rest) else { break };
            if let Some((FieldName::Authority | FieldName::Host, value)) = field {
                hosts.push(value);
            }
        }
        hosts
    }

    /// Reads one representation (RFC 7541 §6). The inner `None` means an update of the table size, or a static entry without a
    /// value of interest.
    #[allow(clippy::option_option)]
    fn field(&mut self, rest: &mut &[u8]) -> Option<Option<(FieldName, Box<[u8]>)>> {
        let first = *rest.first()?;
        match first {
            0x80.. => {
                let index = integer(rest, 7)?;
                if index == 0 {
                    return None;
                }
                if index <= STATIC_LAST {
                    return Some(None);
                }
                let entry = self.entries.get(index - STATIC_LAST - 1)?;
                Some(Some((entry.name, entry.value.clone())))
            }
            0x20..=0x3f => {
                let limit = integer(rest, 5)?;
                self.size_limit = limit.min(TABLE_SIZE_LIMIT);
                self.evict(0);
                Some(None)
            }
            _ => {
                let is_indexed = first & 0x40 != 0;
                let (name, name_length) = match integer(rest, if is_indexed { 6 } else { 4 })? {
                    0 => {
                        let name = string(rest)?;
                        (name.bytes.as_deref().map_or(FieldName::Other, FieldName::of), name.length)
                    }
                    1 => (FieldName::Authority, 10),
                    38 => (FieldName::Host, 4),
                    index @ ..=STATIC_LAST => (FieldName::Other, static_name_length(index)),
                    index => {
                        let entry = self.entries.get(index - STATIC_LAST - 1)?;
                        (entry.name, entry.name_length)
                    }
                };
                let value = string(rest)?;
                let bytes: Box<[u8]> =
                    if name == FieldName::Other { Box::default() } else { value.bytes.unwrap_or_default().into() };
                if is_indexed {
                    self.insert(name, name_length, bytes.clone(), value.length);
                }
                Some(Some((name, bytes)))
            }
        }
    }

    fn insert(&mut self, name: FieldName, name_length: usize, value: Box<[u8]>, value_length: usize) {
        let size = name_length.saturating_add(value_length).saturating_add(ENTRY_OVERHEAD);
        self.evict(size);
        if size <= self.size_limit {
            self.size += size;
            self.entries.push_front(Entry { name, name_length, value, size });
        }
    }

    /// Makes room for an entry of this size (RFC 7541 §4.4).
    fn evict(&mut self, size: usize) {
        while self.size.saturating_add(size) > self.size_limit {
            let Some(entry) = self.entries.pop_back() else { break };
            self.size = self.size.saturating_sub(entry.size);
        }
    }
}

/// A string. The bytes are missing if they are too many or malformed; the length is that of the decoded string where it is
/// known.
struct Text {
    length: usize,
    bytes: Option<Vec<u8>>,
}

/// Reads a string (RFC 7541 §5.2).
fn string(rest: &mut &[u8]) -> Option<Text> {
    let is_coded = rest.first()? & 0x80 != 0;
    let length = integer(rest, 7)?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    let bytes = match is_coded {
        true => huffman::decode(bytes, STRING_LIMIT),
        false => (length <= STRING_LIMIT).then(|| bytes.to_vec()),
    };
    Some(Text { length: bytes.as_ref().map_or(length, Vec::len), bytes })
}

/// Reads an integer with a prefix of so many bits (RFC 7541 §5.1).
fn integer(rest: &mut &[u8], prefix_bits: u32) -> Option<usize> {
    /// Bytes after the prefix. Three hold numbers up to 2 million, more than any index or length that is used.
    const CONTINUATION_LIMIT: u32 = 3;
    let (&first, mut after) = rest.split_first()?;
    let mask = (1usize << prefix_bits) - 1;
    let mut value = usize::from(first) & mask;
    if value == mask {
        let mut place = 0;
        loop {
            let (&byte, next) = after.split_first()?;
            after = next;
            if place == CONTINUATION_LIMIT {
                return None;
            }
            value += usize::from(byte & 0x7f) << (7 * place);
            place += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = after;
    Some(value)
}

/// Length of a name in the static table (RFC 7541, Appendix A).
fn static_name_length(index: usize) -> usize {
    #[rustfmt::skip]
    const LENGTHS: [u8; STATIC_LAST + 1] = [
        0,
        // :authority, :method 2, :path 2, :scheme 2, :status 7
        10, 7, 7, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        // accept-charset, accept-encoding, accept-language, accept-ranges, accept, access-control-allow-origin, age, allow
        14, 15, 15, 13, 6, 27, 3, 5,
        // authorization, cache-control, content-disposition, -encoding, -language, -length, -location, -range, -type
        13, 13, 19, 16, 16, 14, 16, 13, 12,
        // cookie, date, etag, expect, expires, from, host, if-match, if-modified-since, if-none-match, if-range
        6, 4, 4, 6, 7, 4, 4, 8, 17, 13, 8,
        // if-unmodified-since, last-modified, link, location, max-forwards, proxy-authenticate, proxy-authorization
        19, 13, 4, 8, 12, 18, 19,
        // range, referer, refresh, retry-after, server, set-cookie, strict-transport-security, transfer-encoding
        5, 7, 7, 11, 6, 10, 25, 17,
        // user-agent, vary, via, www-authenticate
        10, 4, 3, 16,
    ];
    LENGTHS.get(index).copied().unwrap_or(0).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_the_authority_in_the_requests_of_the_standard() {
        // RFC 7541 §C.4.1 and §C.4.2: the second request takes the authority from the dynamic table.
        let mut decoder = Decoder::new();
        let first =
            [0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        let host: Box<[u8]> = b"www.example.com"[..].into();
        assert_eq!(decoder.hosts(&first), [b"www.example.com"[..].into()] as [Box<[u8]>; 1]);
        assert_eq!(decoder.size, 57);
        let second = [0x82, 0x86, 0x84, 0xbe, 0x58, 0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf];
        assert_eq!(decoder.hosts(&second), [host]);
        assert_eq!(decoder.size, 110);
    }

    #[test]
    fn literal_names_and_table_sizes_are_read() {
        let mut decoder = Decoder::new();
        let block = b"\x3f\xe1\x1f\x10\x04host\x05a.org\x40\x01x\x01y";
        assert_eq!(decoder.hosts(block), [b"a.org"[..].into()] as [Box<[u8]>; 1]);
        assert_eq!(decoder.entries.len(), 1);
        assert_eq!(decoder.hosts(b"\x20"), [] as [Box<[u8]>; 0]);
        assert_eq!((decoder.entries.len(), decoder.size), (0, 0));
        assert_eq!(decoder.hosts(b"\xff\xff\xff\xff\xff\x01"), [] as [Box<[u8]>; 0]);
        assert_eq!(decoder.hosts(b"\x80"), [] as [Box<[u8]>; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn random_blocks_are_survived(blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..4)) {
            let mut decoder = Decoder::new();
            for block in blocks {
                let _ = decoder.hosts(&block);
                prop_assert!(decoder.size <= decoder.size_limit);
            }
        }
    }
}
