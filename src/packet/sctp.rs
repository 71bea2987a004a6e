//! The messages of users in a packet of SCTP (RFC 9260 §3, RFC 8260 §2.1).

/// Ports, verification tag and checksum come before the chunks.
const HEADER: usize = 12;
/// Chunks that are read of one packet: as many as the smallest with data fit into one of Ethernet.
const CHUNK_LIMIT: usize = 96;
const DATA: u8 = 0;
const INTERLEAVED_DATA: u8 = 64;
/// The flag of the first piece of a message; a message that is whole has it too.
const BEGINS: u8 = 2;
/// What follows the numbers of a chunk, for which IANA lists the protocols of mobile networks. Those have no names to be read.
const UNSPECIFIED: u32 = 0;
const DIAMETER_OVER_DTLS: u32 = 47;

/// The messages in what follows an IP header, or the first piece of each, as far as they were captured.
pub(crate) fn messages(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = payload.get(HEADER..).unwrap_or_default();
    let chunks = std::iter::from_fn(move || {
        let &[kind, flags, high, low, ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let chunk = rest.get(..length).unwrap_or(rest);
        // A chunk is at least its own head, and filled up to four bytes.
        rest = if length < 4 { &[] } else { rest.get(length.next_multiple_of(4)..).unwrap_or_default() };
        Some((kind, flags, chunk))
    });
    chunks.take(CHUNK_LIMIT).filter_map(|(kind, flags, chunk)| {
        let numbers = match kind {
            DATA => 12,
            INTERLEAVED_DATA => 16,
            _ => return None,
        };
        let protocol = *chunk.get(numbers..)?.first_chunk::<4>()?;
        let data = chunk.get(numbers + 4..)?;
        // Some write it in the order of their own machine.
        let is_read = [u32::from_be_bytes(protocol), u32::from_le_bytes(protocol)]
            .iter()
            .any(|protocol| [UNSPECIFIED, DIAMETER_OVER_DTLS].contains(protocol));
        (flags & BEGINS != 0 && is_read && !data.is_empty()).then_some(data)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::transport::{sctp, sctp_chunk};

    #[test]
    fn whole_messages_and_beginnings_are_read() {
        let data = |flags, protocol: u32, bytes: &[u8]| {
            sctp_chunk(0, flags, &[&[0; 8][..], &protocol.to_be_bytes(), bytes].concat())
        };
        let chunks = [
            sctp_chunk(3, 0, &[0; 12]),
            data(3, 0, b"whole"),
            data(2, 0, b"begins"),
            data(0, 0, b"goes on"),
            data(3, 46, b"Diameter"),
            data(3, 47_u32.swap_bytes(), b"DTLS"),
            sctp_chunk(64, 3, &[&[0; 16][..], b"interleaved"].concat()),
        ];
        let packet = sctp((5_000, 443), &chunks.concat());
        let found: Vec<&[u8]> = messages(&packet).collect();
        assert_eq!(found, [&b"whole"[..], b"begins", b"DTLS", b"interleaved"]);
        for length in 0..packet.len() {
            assert!(messages(&packet[..length]).count() <= found.len());
        }
        assert_eq!(messages(&sctp((1, 2), &[0; 64])).count(), 0, "a chunk without length ends the packet");
    }
}
