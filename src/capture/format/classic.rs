//! Classic pcap: from the file header to a [`Layout`], and from records to packets (draft-ietf-opsawg-pcap).
//!
//! The variants are told apart by their magic: microseconds or nanoseconds, Kuznetsov's patched libpcap with its longer
//! record header, and IXIA's `lcap` with a longer file header. Files older than version 2.3 store the two lengths in the
//! other order.

use super::visit::{HOLE, Stop, Visit, ZEROS, max_packet};
use crate::capture::frame::{ByteOrder, LinkType};

/// Microseconds.
const MAGIC_MICRO: u32 = 0xa1b2_c3d4;
/// Nanoseconds.
const MAGIC_NANO: u32 = 0xa1b2_3c4d;
/// Kuznetsov's patched libpcap: 8 more bytes in each record header (interface, protocol, packet type).
const MAGIC_KUZNETSOV: u32 = 0xa1b2_cd34;
/// IXIA `lcap` from hardware: nanoseconds, 4 more bytes in the file header (size of all records).
const MAGIC_IXIA_HARDWARE: u32 = 0x1c00_01ac;
/// IXIA `lcap` from software: microseconds, 4 more bytes in the file header.
const MAGIC_IXIA_SOFTWARE: u32 = 0x1c00_01ab;

/// The file header without what IXIA adds.
const FILE_HEADER: usize = 24;
/// The record header without what Kuznetsov adds.
const RECORD_HEADER: usize = 16;
/// The longest file header of any variant.
pub(crate) const MAX_FILE_HEADER: usize = FILE_HEADER + 4;

/// Which of the two lengths in a record header is the captured one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lengths {
    /// Captured, then original: version 2.4.
    CapturedFirst,
    /// Original, then captured: before version 2.3, and 543.0 (DG/UX).
    OriginalFirst,
    /// Version 2.3 has both; the captured one is not the larger.
    Smaller,
}

/// How the records of one file are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    order: ByteOrder,
    lengths: Lengths,
    /// Nanoseconds in a unit of the second timestamp field.
    fraction_ns: i64,
    /// Length of the file header: where the first record starts.
    pub(crate) file_header: usize,
    record_header: usize,
    link_type: LinkType,
    /// Longest packet of the link type.
    max_packet: u32,
    is_ixia: bool,
}

/// A record header, decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) seconds: u32,
    pub(crate) fraction: u32,
    pub(crate) captured: u32,
    pub(crate) original: u32,
}

/// Whether a file starting with these bytes is classic pcap.
pub(crate) fn is_classic(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|magic| variant(*magic).is_some())
}

fn variant(magic: [u8; 4]) -> Option<(ByteOrder, u32)> {
    [ByteOrder::Little, ByteOrder::Big].into_iter().find_map(|order| {
        let value = order.u32(magic);
        matches!(value, MAGIC_MICRO | MAGIC_NANO | MAGIC_KUZNETSOV | MAGIC_IXIA_HARDWARE | MAGIC_IXIA_SOFTWARE)
            .then_some((order, value))
    })
}

impl Layout {
    /// The layout a file header describes, or what is wrong with it.
    pub(crate) fn parse(head: &[u8]) -> Result<Self, String> {
        let cut = || format!("the file ends inside its {FILE_HEADER}-byte header");
        let header: &[u8; FILE_HEADER] = head.first_chunk().ok_or_else(cut)?;
        let [m0, m1, m2, m3, a0, a1, i0, i1, ..] = *header;
        let [.., l0, l1, l2, l3] = *header;
        let (order, magic) = variant([m0, m1, m2, m3]).ok_or("not a pcap magic number")?;
        let (major, minor) = (order.u16([a0, a1]), order.u16([i0, i1]));
        let lengths = match (major, minor) {
            (2, 0..=2) | (543, 0) => Lengths::OriginalFirst,
            (2, 3) => Lengths::Smaller,
            (2, _) => Lengths::CapturedFirst,
            _ => return Err(format!("pcap version {major}.{minor} is not known")),
        };
        // The upper half says whether frames end in a frame check sequence and how long it is; it counts as captured.
        let link_type = LinkType((order.u32([l0, l1, l2, l3]) & 0xffff) as u16);
        let is_ixia = matches!(magic, MAGIC_IXIA_HARDWARE | MAGIC_IXIA_SOFTWARE);
        Ok(Self {
            order,
            lengths,
            fraction_ns: if matches!(magic, MAGIC_NANO | MAGIC_IXIA_HARDWARE) { 1 } else { 1_000 },
            file_header: if is_ixia { FILE_HEADER + 4 } else { FILE_HEADER },
            record_header: if magic == MAGIC_KUZNETSOV { RECORD_HEADER + 8 } else { RECORD_HEADER },
            link_type,
            max_packet: max_packet(link_type),
            is_ixia,
        })
    }

    /// Name of the format, for people.
    pub(crate) fn name(&self) -> &'static str {
        match (self.is_ixia, self.record_header > RECORD_HEADER, self.fraction_ns) {
            (true, ..) => "pcap, IXIA",
            (_, true, _) => "pcap, Kuznetsov",
            (_, _, 1) => "pcap, nanoseconds",
            _ => "pcap",
        }
    }

    /// Visits the records in `bytes` whose header starts before `limit`.
    #[inline]
    pub(crate) fn walk<V: Visit>(&self, bytes: &[u8], limit: usize, visit: &mut V) -> (usize, Stop) {
        // The common layout has a loop of its own, with all choices made in advance.
        match (self.order, self.lengths, self.record_header) {
            (ByteOrder::Little, Lengths::CapturedFirst, RECORD_HEADER) => self.walk_as::<true, V>(bytes, limit, visit),
            _ => self.walk_as::<false, V>(bytes, limit, visit),
        }
    }

    #[inline(always)]
    fn walk_as<const COMMON: bool, V: Visit>(&self, bytes: &[u8], limit: usize, visit: &mut V) -> (usize, Stop) {
        let record_header = if COMMON { RECORD_HEADER } else { self.record_header };
        let (link_type, max_packet, fraction_ns) = (self.link_type, self.max_packet, self.fraction_ns);
        let (mut position, mut rest) = (0, bytes);
        // Position of the last byte found that is not zero: an empty record before it cannot begin a hole.
        let mut written = 0;
        loop {
            if position >= limit {
                return (position, Stop::Limit);
            }
            let Some(header) = rest.first_chunk::<RECORD_HEADER>() else {
                return (position, Stop::NeedMore(record_header));
            };
            let header = self.header_as::<COMMON>(header);
            // One comparison for both ends: 0 wraps.
            if header.captured.wrapping_sub(1) >= max_packet && (header.captured > 0 || position >= written) {
                // Files that were joined end to end: the next one's header reads as an empty record.
                match self.joined_header(rest).filter(|_| header.captured == 0) {
                    Some(Ok(length)) => {
                        let Some(next) = rest.get(length..) else { return (position, Stop::NeedMore(length)) };
                        visit.joined_file();
                        (position, rest) = (position + length, next);
                        continue;
                    }
                    Some(Err(what)) => return (position, Stop::Bad(what)),
                    None => {}
                }
                match unlikely(header.captured, max_packet, rest) {
                    Ok(zeros) => written = position + zeros,
                    Err(stop) => return (position, stop),
                }
            }
            let end = record_header + header.captured as usize;
            let Some((record, next)) = rest.split_at_checked(end) else {
                return (position, Stop::NeedMore(end));
            };
            let packet = record.get(record_header..).unwrap_or_default();
            let time_ns = i64::from(header.seconds) * 1_000_000_000 + i64::from(header.fraction) * fraction_ns;
            visit.packet(time_ns, link_type, packet, header.original, None);
            position += end;
            rest = next;
        }
    }

    /// The layout that another file's header at the start of `bytes` describes, if there is one.
    pub(crate) fn of_joined(bytes: &[u8]) -> Option<Self> {
        is_joined(bytes).then(|| Self::parse(bytes.get(..FILE_HEADER)?).ok()).flatten()
    }

    /// The length of another file's header at the start of `bytes`, if there is one; an error if its records are of another kind.
    #[cold]
    fn joined_header(&self, bytes: &[u8]) -> Option<Result<usize, String>> {
        if !is_joined(bytes) {
            return None;
        }
        if bytes.len() < FILE_HEADER {
            return Some(Ok(FILE_HEADER));
        }
        let other = Self::of_joined(bytes)?;
        Some(if other == *self {
            Ok(self.file_header)
        } else {
            Err(format!("another capture file begins here, with records of another kind ({})", other.name()))
        })
    }

    #[inline(always)]
    fn header_as<const COMMON: bool>(&self, header: &[u8; RECORD_HEADER]) -> Header {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *header;
        let order = if COMMON { ByteOrder::Little } else { self.order };
        let [seconds, fraction, first, second] =
            [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(|x| order.u32(x));
        let (captured, original) = match self.lengths {
            _ if COMMON => (first, second),
            Lengths::CapturedFirst => (first, second),
            Lengths::OriginalFirst => (second, first),
            Lengths::Smaller => (first.min(second), first.max(second)),
        };
        Header { seconds, fraction, captured, original }
    }

    /// The record header at the start of `bytes`, if it could be one, and the length of its record.
    #[inline]
    pub(crate) fn plausible(&self, bytes: &[u8], first_seconds: u32) -> Option<usize> {
        /// A record this much older than the first one is taken for a wrong guess.
        const BEFORE: u32 = 2 * 86_400;
        /// A record this much newer than the first one is taken for a wrong guess.
        const AFTER: u32 = 400 * 86_400;
        let header = self.header_as::<false>(bytes.first_chunk()?);
        let is_near = header.seconds.wrapping_sub(first_seconds).wrapping_add(BEFORE) <= BEFORE + AFTER;
        // With segmentation offload the original length may be somewhat larger than that of any packet.
        let is_sane = header.captured <= self.max_packet
            && header.original <= self.max_packet.max(1 << 24)
            && i64::from(header.fraction) * self.fraction_ns < 1_000_000_000;
        (is_near && is_sane).then_some(self.record_header + header.captured as usize)
    }
}

/// Whether these bytes are the start of a file header, told from anything else in the midst of a file.
fn is_joined(bytes: &[u8]) -> bool {
    // Version 2.4 is the only one in use since 1998, and the correction of time after it is zero.
    let is_version = matches!(bytes.get(4..8), Some([2, 0, 4, 0] | [0, 2, 0, 4]));
    is_version
        && bytes.first_chunk().is_some_and(|magic| variant(*magic).is_some())
        && bytes.get(8..12).is_none_or(|correction| correction == [0; 4])
}

/// Why a record with no bytes, or with too many, cannot be one. If it may be one: how many zeros it begins with.
#[cold]
fn unlikely(captured: u32, limit: u32, rest: &[u8]) -> Result<usize, Stop> {
    if captured > limit {
        let what = format!("the record header says {captured} bytes, more than the {limit} a packet can have");
        return Err(Stop::Bad(what));
    }
    let zeros = rest.get(..HOLE).unwrap_or(rest);
    match zeros.iter().position(|byte| *byte != 0) {
        Some(zeros) => Ok(zeros),
        None if zeros.len() < HOLE => Err(Stop::NeedMore(HOLE)),
        None => Err(Stop::Bad(ZEROS.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::*;

    fn file(order: ByteOrder, magic: u32, version: (u16, u16), lengths: (u32, u32)) -> Vec<u8> {
        let mut file = pcap_header(order, magic, version, 0x1400_0065);
        if matches!(magic, MAGIC_IXIA_HARDWARE | MAGIC_IXIA_SOFTWARE) {
            file.extend([9; 4]);
        }
        for _ in 0..2 {
            file.extend(pcap_record(order, (5, 6), lengths, &[]));
            if magic == MAGIC_KUZNETSOV {
                file.extend([9; 8]);
            }
            file.extend([1, 2, 3, 4]);
        }
        file
    }

    #[test]
    fn every_variant_is_read() {
        let cases = [
            (MAGIC_MICRO, (2, 4), (4, 60), 5_000_006_000, "pcap"),
            (MAGIC_NANO, (2, 4), (4, 60), 5_000_000_006, "pcap, nanoseconds"),
            (MAGIC_KUZNETSOV, (2, 4), (4, 60), 5_000_006_000, "pcap, Kuznetsov"),
            (MAGIC_IXIA_HARDWARE, (2, 4), (4, 60), 5_000_000_006, "pcap, IXIA"),
            (MAGIC_IXIA_SOFTWARE, (2, 4), (4, 60), 5_000_006_000, "pcap, IXIA"),
            (MAGIC_MICRO, (2, 2), (60, 4), 5_000_006_000, "pcap"),
            (MAGIC_MICRO, (2, 3), (60, 4), 5_000_006_000, "pcap"),
            (MAGIC_MICRO, (2, 3), (4, 60), 5_000_006_000, "pcap"),
            (MAGIC_MICRO, (543, 0), (60, 4), 5_000_006_000, "pcap"),
        ];
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for (magic, version, lengths, time_ns, name) in cases {
                let (seen, outcome) = read_one(file(order, magic, version, lengths));
                assert_eq!((outcome.frames, outcome.defect, outcome.format.as_str()), (2, None, name));
                assert_eq!((outcome.wire_bytes, outcome.captured_bytes), (120, 8));
                assert_eq!((outcome.first_time_ns, outcome.last_time_ns), (Some(time_ns), Some(time_ns)));
                for (index, frame) in seen.iter().enumerate() {
                    assert_eq!(frame.id, crate::capture::FrameId::new(0, index as u64));
                    assert_eq!((frame.time_ns, frame.link_type, frame.wire_length), (time_ns, 101, 60));
                    assert_eq!(frame.bytes, [1, 2, 3, 4]);
                }
            }
        }
    }

    /// Up to what Linux joins into one packet ("BIG TCP") and beyond, a record is believed.
    #[test]
    fn a_length_that_no_link_carries_is_not_counted() {
        for (claimed, counted, not_believed) in [(524_366, 524_366, 0), (1 << 20, 1 << 20, 0), (u32::MAX, 4, 2)] {
            let (seen, outcome) = read_one(file(ByteOrder::Little, MAGIC_MICRO, (2, 4), (4, claimed)));
            assert_eq!((outcome.wire_bytes, outcome.lengths_not_believed), (2 * u64::from(counted), not_believed));
            assert!(seen.iter().all(|frame| frame.wire_length == counted && frame.bytes == [1, 2, 3, 4]));
        }
    }

    #[test]
    fn an_unknown_version_is_refused() {
        let head = pcap_header(ByteOrder::Little, MAGIC_MICRO, (1, 4), 1);
        assert_eq!(Layout::parse(&head), Err("pcap version 1.4 is not known".to_owned()));
    }

    #[test]
    fn an_absurd_length_ends_the_capture_there() {
        let mut file = pcap_of(&[vec![1; 10], vec![2; 20]]);
        file.extend(pcap_record(ByteOrder::Little, (1, 1), (u32::MAX, u32::MAX), &[0; 40]));
        let (seen, outcome) = read_one(file);
        assert_eq!(seen.len(), 2);
        let defect = outcome.defect.unwrap();
        assert_eq!((defect.offset, defect.frame), (24 + 26 + 36, 3));
        let what = "the record header says 4294967295 bytes, more than the 262144 a packet can have";
        assert_eq!(defect.what, what);
    }

    #[test]
    fn a_hole_ends_the_capture_and_a_record_of_nothing_does_not() {
        let good = pcap_of(&[vec![1; 10], vec![2; 20]]);
        for zeros in [1, 16, 100, 4_095, 4_096, 10_000, 20 << 20] {
            let (seen, outcome) = read_one([good.clone(), vec![0; zeros]].concat());
            let defect = outcome.defect.unwrap();
            assert_eq!((seen.len(), defect.offset, defect.frame), (2, good.len() as u64, 3), "{zeros}");
            assert_eq!(defect.what, if zeros < 16 { super::super::visit::CUT_SHORT } else { ZEROS }, "{zeros}");
        }
        let empty = pcap_record(ByteOrder::Little, (0, 0), (0, 0), &[]);
        let (seen, outcome) = read_one([good.clone(), empty.repeat(3), good[24..].to_vec()].concat());
        assert_eq!((seen.len(), outcome.defect), (7, None));
    }

    /// From each of them, the reader once looked ahead as far as a hole reaches.
    #[test]
    fn many_records_of_nothing_are_looked_through_once() {
        let nothing = pcap_record(ByteOrder::Little, (0, 0), (0, 0), &[]).repeat(250);
        let one = pcap_record(ByteOrder::Little, (1, 0), (1, 1), &[1]);
        let (seen, outcome) = read_one([pcap_of(&[]), [nothing, one].concat().repeat(2_000)].concat());
        assert_eq!((seen.len(), outcome.defect), (251 * 2_000, None));
    }

    #[test]
    fn files_joined_end_to_end_are_read_on() {
        let one = file(ByteOrder::Little, MAGIC_MICRO, (2, 4), (4, 60));
        let (seen, outcome) = read_one([&one[..], &one, &one].concat());
        assert_eq!((seen.len(), outcome.joined_files, outcome.defect), (6, 2, None));
        let other = file(ByteOrder::Big, MAGIC_NANO, (2, 4), (4, 60));
        let pcapng = fixtures::pcapng::file(101, &[(7, vec![1; 4]), (8, vec![2; 4])]);
        let (seen, outcome) = read_one([&one[..], &other, &pcapng, &pcapng, &one, &other].concat());
        // A section of pcapng behind another is part of the format.
        assert_eq!((seen.len(), outcome.joined_files, outcome.defect), (12, 4, None));
    }

    #[test]
    fn cut_at_every_length() {
        let file = pcap_of(&[vec![1; 10], vec![], vec![2; 20]]);
        let ends = [24, 50, 66, 102];
        for length in 24..=file.len() {
            let (seen, outcome) = read_one(file[..length].to_vec());
            let whole = ends.iter().filter(|end| **end <= length).count() - 1;
            assert_eq!(seen.len(), whole, "cut at {length}");
            let defect = outcome.defect.map(|defect| (defect.offset as usize, defect.frame as usize));
            assert_eq!(defect, (!ends.contains(&length)).then_some((ends[whole], whole + 1)), "cut at {length}");
        }
    }
}
