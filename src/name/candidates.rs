//! Which readers may read a segment or datagram, looked up by its first byte and its ports, so that the common packet is
//! ruled out in constant time.

use super::reader::{Datagram, StreamReader};
use super::table::{DATAGRAM_READERS, STREAM_READERS};

/// The rows of [`STREAM_READERS`] that an opening with this first byte may belong to: bit `n` is row `n`. In the middle of a
/// stream the answer is mostly zero, which rules all of them out.
#[inline]
pub fn stream_candidates(first: u8) -> u32 {
    // The index is a byte, and the table has a place for each byte.
    STREAM_CANDIDATES[usize::from(first)]
}

/// The rows whose findings count only where a flow has no server name yet.
pub(crate) static SECOND_CHOICES: u32 = second_choices(STREAM_READERS);

static STREAM_CANDIDATES: [u32; 256] = candidates(STREAM_READERS);

const fn second_choices(readers: &[StreamReader]) -> u32 {
    let (mut rows, mut row) = (0, 0);
    while row < readers.len() {
        if readers[row].is_second_choice {
            rows |= 1 << row;
        }
        row += 1;
    }
    rows
}

const fn candidates(readers: &[StreamReader]) -> [u32; 256] {
    assert!(readers.len() <= 32);
    let mut table = [0; 256];
    let mut row = 0;
    while row < readers.len() {
        mark_bytes(&mut table, readers[row].first_bytes, row);
        row += 1;
    }
    table
}

/// Marks a row at the first bytes that it reads, or at all bytes if it names none.
const fn mark_bytes(table: &mut [u32; 256], bytes: &[u8], row: usize) {
    let mut place = 0;
    while place < if bytes.is_empty() { table.len() } else { bytes.len() } {
        let byte = if bytes.is_empty() { place } else { bytes[place] as usize };
        table[byte] |= 1 << row;
        place += 1;
    }
}

/// The rows of [`DATAGRAM_READERS`] that may read this datagram: bit `n` is row `n`. A row for other ports may be among them,
/// since ports are compared in part; `DatagramReader::takes` decides.
#[inline]
pub fn datagram_candidates(datagram: &Datagram<'_>) -> u32 {
    let Some(&first) = datagram.payload.first() else { return 0 };
    let of_port = |port: u16| DATAGRAM_PORTS[usize::from(port) % DATAGRAM_PORTS.len()];
    DATAGRAM_FIRST_BYTES[usize::from(first)] & (of_port(datagram.source_port) | of_port(datagram.destination_port))
}

static DATAGRAM_FIRST_BYTES: [u32; 256] = {
    assert!(DATAGRAM_READERS.len() <= 32);
    let mut table = [0; 256];
    let mut row = 0;
    while row < DATAGRAM_READERS.len() {
        mark_bytes(&mut table, DATAGRAM_READERS[row].first_bytes, row);
        row += 1;
    }
    table
};

/// The rows by the low ten bits of a port. The table is small enough to stay in the cache, and ephemeral ports rarely share
/// these bits with a row.
static DATAGRAM_PORTS: [u32; 1024] = {
    let mut table = [0u32; 1024];
    let mut row = 0;
    while row < DATAGRAM_READERS.len() {
        let ports = DATAGRAM_READERS[row].ports;
        let mut place = 0;
        while place < if ports.is_empty() { table.len() } else { ports.len() } {
            let port = if ports.is_empty() { place } else { ports[place] as usize };
            table[port % table.len()] |= 1 << row;
            place += 1;
        }
        row += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::reader::Reading;
    use proptest::prelude::*;

    #[test]
    fn every_byte_has_exactly_its_rows() {
        for byte in 0..=u8::MAX {
            for (row, reader) in STREAM_READERS.iter().enumerate() {
                let is_candidate = reader.first_bytes.is_empty() || reader.first_bytes.contains(&byte);
                assert_eq!(stream_candidates(byte) >> row & 1 == 1, is_candidate, "{} {byte:#x}", reader.protocol);
            }
        }
    }

    #[test]
    fn methods_of_stun_that_no_registry_lists_are_candidates() {
        let message = b"\x08\x01\x00\x00\x21\x12\xa4\x42ABCDEFGHIJKL";
        let datagram = Datagram { payload: message, source_port: 50_000, destination_port: 3478 };
        let rows = datagram_candidates(&datagram);
        let readers = DATAGRAM_READERS.iter().enumerate();
        let candidates = readers.filter(|(row, _)| rows >> row & 1 == 1).map(|(_, reader)| reader.protocol);
        assert!(candidates.into_iter().any(|protocol| protocol == "stun"));
    }

    /// The ports 500 and 1524 share the bits by which ports are compared.
    #[test]
    fn a_port_that_is_compared_in_part_decides_nothing() {
        let mut message = [1u8; 28];
        message[17..19].copy_from_slice(&[0x20, 34]);
        message[24..].copy_from_slice(&28u32.to_be_bytes());
        let ike = DATAGRAM_READERS.iter().position(|reader| reader.protocol == "ike").expect("a row");
        for (port, is_taken) in [(500, true), (1524, false)] {
            let datagram = Datagram { payload: &message, source_port: 40_000, destination_port: port };
            assert_eq!(datagram_candidates(&datagram) >> ike & 1, 1);
            assert_eq!(DATAGRAM_READERS[ike].takes(&datagram), is_taken, "{port}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn first_bytes_leave_no_start_out(bytes in proptest::collection::vec(any::<u8>(), 1..40)) {
            for reader in STREAM_READERS {
                if !reader.first_bytes.is_empty() && !reader.first_bytes.contains(&bytes[0]) {
                    prop_assert!(!(reader.starts)(&bytes), "{}", reader.protocol);
                }
            }
        }

        #[test]
        fn random_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 1..200),
            ports in (any::<u16>(), proptest::sample::select(vec![53u16, 67, 88, 123, 137, 138, 161, 547, 5353, 5355, 9])),
        ) {
            for reader in STREAM_READERS {
                if let Reading::Done { consumed, .. } = (reader.read)(&bytes) {
                    prop_assert!(consumed <= bytes.len());
                }
            }
            let datagram = Datagram { payload: &bytes, source_port: ports.0, destination_port: ports.1 };
            for (row, reader) in DATAGRAM_READERS.iter().enumerate() {
                let is_candidate = datagram_candidates(&datagram) >> row & 1 == 1;
                prop_assert!(is_candidate || !reader.takes(&datagram), "{}", reader.protocol);
                let _ = (reader.read)(&[datagram]);
            }
        }
    }
}
