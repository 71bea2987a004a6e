//! From the option list of a pcapng block to its options, and to what a packet's options say (draft-ietf-opsawg-pcapng,
//! section 3.5 and 4.3).

use super::frame::ByteOrder;
use super::note::Direction;
use smallvec::SmallVec;

/// Options read of one block: real writers set fewer than twenty; a block may be megabytes of four-byte options.
const MAX_OPTIONS: usize = 256;
/// Comments kept of one packet: ptcpdump writes five, and a tool that adds its own comment comes after it.
const MAX_COMMENTS: usize = 16;

/// The options of a block: code and value. Ends at the end-of-options mark, at an option that passes the end, or after
/// [`MAX_OPTIONS`].
pub(super) struct OptionReader<'a> {
    order: ByteOrder,
    bytes: &'a [u8],
    left: usize,
}

impl<'a> OptionReader<'a> {
    pub(super) fn new(order: ByteOrder, bytes: &'a [u8]) -> Self {
        Self { order, bytes, left: MAX_OPTIONS }
    }
}

impl<'a> Iterator for OptionReader<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        const END_OF_OPTIONS: u16 = 0;
        self.left = self.left.checked_sub(1)?;
        let (code, rest) = self.bytes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (code, length) = (self.order.u16(*code), usize::from(self.order.u16(*length)));
        if code == END_OF_OPTIONS {
            self.left = 0;
            return None;
        }
        let value = rest.get(..length)?;
        self.bytes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

/// The options of an enhanced packet block that owners are read from.
#[derive(Default)]
pub(super) struct PacketOptions<'a> {
    /// `epb_flags`.
    pub(super) flags: Option<u32>,
    /// `epb_packetid`.
    pub(super) packet_id: Option<u64>,
    /// Process id of `epb_processid_threadid`; none where it is 0.
    pub(super) process_id: Option<u32>,
    /// `epb_verdict`: a type byte, then the type's own data.
    pub(super) verdict: Option<&'a [u8]>,
    /// `opt_comment`, each that is UTF-8.
    pub(super) comments: SmallVec<[&'a str; 4]>,
    /// Darwin's index of the sending process.
    pub(super) darwin_process: Option<u32>,
    /// Darwin's index of the process on whose behalf it was sent.
    pub(super) darwin_effective_process: Option<u32>,
    /// Darwin's reason why the packet was dropped.
    pub(super) darwin_drop_reason: Option<u32>,
}

impl<'a> PacketOptions<'a> {
    pub(super) fn read(order: ByteOrder, bytes: &'a [u8]) -> Self {
        let word = |value: &[u8]| value.first_chunk::<4>().map(|bytes| order.u32(*bytes));
        let mut options = Self::default();
        for (code, value) in OptionReader::new(order, bytes) {
            match code {
                1 if options.comments.len() < MAX_COMMENTS => options.comments.extend(super::text::comment(value)),
                2 => options.flags = word(value),
                5 => options.packet_id = value.first_chunk().map(|bytes| order.u64(*bytes)),
                7 => options.verdict = Some(value),
                8 => options.process_id = word(value).filter(|process_id| *process_id != 0),
                0x8001 => options.darwin_process = word(value),
                0x8003 => options.darwin_effective_process = word(value),
                0x8007 => options.darwin_drop_reason = word(value),
                _ => {}
            }
        }
        options
    }

    /// Direction by `epb_flags`, bits 0 and 1.
    pub(super) fn direction(&self) -> Direction {
        match self.flags.unwrap_or(0) & 3 {
            1 => Direction::Inbound,
            2 => Direction::Outbound,
            _ => Direction::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::owner::build::option;

    #[test]
    fn reads_options_in_both_orders_and_stops_at_the_end_mark() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut bytes = option(order, 1, b"hello");
            bytes.extend(option(order, 2, &[0; 4]));
            bytes.extend([0; 4]);
            bytes.extend(option(order, 1, b"after the end"));
            let read: Vec<_> = OptionReader::new(order, &bytes).collect();
            assert_eq!(read, [(1, b"hello".as_slice()), (2, &[0; 4])]);
        }
    }

    #[test]
    fn cut_lists_give_the_whole_options_before_the_cut() {
        let mut bytes = option(ByteOrder::Little, 1, b"hello");
        let first = bytes.len();
        bytes.extend(option(ByteOrder::Little, 5, &[1; 8]));
        for length in 0..bytes.len() {
            let count = OptionReader::new(ByteOrder::Little, &bytes[..length]).count();
            assert_eq!(count, usize::from(length >= first - 3), "{length}");
        }
    }

    #[test]
    fn long_lists_are_bounded() {
        let bytes = option(ByteOrder::Little, 1, b"").repeat(100_000);
        assert_eq!(OptionReader::new(ByteOrder::Little, &bytes).count(), MAX_OPTIONS);
        assert_eq!(PacketOptions::read(ByteOrder::Little, &bytes).comments.len(), MAX_COMMENTS);
    }
}
