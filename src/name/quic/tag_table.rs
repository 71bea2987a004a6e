//! The CHLO, the client's first message in Google's QUIC Crypto ("QUIC Crypto", §"Handshake messages"): a table of tags with
//! values, one of which is the server name. Google's QUIC, Q050 and Facebook's protocol all carry it.

use crate::name::host::host;
use crate::name::wire::Wire;

/// The message's own tag.
pub(super) const CHLO: &[u8] = b"CHLO";
/// Tags that one message may have, by the specification.
const TAG_LIMIT: u16 = 128;

/// What the tag table of a CHLO says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TagTable<'a> {
    /// The message is no CHLO.
    Foreign,
    /// The name has not come yet.
    Cut,
    /// Everything that is needed was read. This is the name, if there is one.
    Whole(Option<&'a str>),
}

impl<'a> TagTable<'a> {
    /// Reads a message that begins with its own tag.
    pub(crate) fn read(message: &'a [u8]) -> Self {
        let mut wire = Wire::new(message);
        if wire.take_at_most(4) != CHLO.get(..message.len().min(4)).unwrap_or(CHLO) {
            return Self::Foreign;
        }
        let (Some(count), Some(_)) = (wire.u16_le(), wire.u16_le()) else { return Self::Cut };
        if count > TAG_LIMIT {
            return Self::Foreign;
        }
        let mut start = 0;
        let mut name = None;
        for _ in 0..count {
            let (Some(tag), Some(end)) = (wire.array::<4>(), wire.u32_le()) else { return Self::Cut };
            if end < start {
                return Self::Foreign;
            }
            if tag == *b"SNI\0" {
                name = Some((start, end));
            }
            start = end;
        }
        let Some((start, end)) = name else { return Self::Whole(None) };
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else { return Self::Foreign };
        wire.rest().get(start..end).map_or(Self::Cut, |name| Self::Whole(host(name)))
    }
}
#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A message of these tags and values.
    pub(in crate::name::quic) fn tags(values: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = CHLO.to_vec();
        bytes.extend((values.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        let mut end = 0;
        for (tag, value) in values {
            end += value.len() as u32;
            bytes.extend(*tag);
            bytes.extend(end.to_le_bytes());
        }
        values.iter().for_each(|(_, value)| bytes.extend(*value));
        bytes
    }

    #[test]
    fn a_table_with_offsets_that_go_back_is_foreign() {
        let mut message = tags(&[(b"PAD\0", b"12"), (b"SNI\0", b"a.example")]);
        message[20] = 1;
        assert_eq!(TagTable::read(&message), TagTable::Foreign);
        assert_eq!(TagTable::read(b"REJ\0"), TagTable::Foreign);
        assert_eq!(TagTable::read(b"CH"), TagTable::Cut);
    }
}
