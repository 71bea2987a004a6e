//! Reading gives the same result in one piece or in many ranges, on one thread or on several, whatever the capture holds.

use super::frame::ByteOrder;
use super::parallel::engine::read;
use super::parallel::options::{Progress, ReadOptions};
use super::parallel::outcome::Piece;
use super::source::Source;
use super::testing::*;
use fixtures::owner::{DARWIN_PROCESS, darwin_index};
use proptest::prelude::*;
use std::io::Write as _;

fn packets(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| (0..index * 37 % 1_500).map(|byte| (byte * index) as u8).collect()).collect()
}

/// Packets that hold a capture, so that guesses go wrong.
fn nested(count: usize) -> Vec<Vec<u8>> {
    let inner = pcap_of(&packets(30));
    (0..count).map(|index| inner[24 + index % 9..].to_vec()).collect()
}

fn check(file: &[u8], range_bytes: u64, threads: usize) {
    let source = |_| Source::memory("test", file.to_vec()).unwrap();
    let sequential = read_all(vec![source(0)], Some(u64::MAX), 1);
    assert_eq!(read_all(vec![source(1)], Some(range_bytes), threads), sequential, "{range_bytes} {threads}");
}

#[test]
fn ranges_give_what_one_reader_gives() {
    for file in [pcap_of(&packets(200)), pcap_of(&nested(40)), pcap_of(&nested(1))] {
        for range_bytes in [1 << 10, 5_000, 1 << 16] {
            check(&file, range_bytes, 1);
            check(&file, range_bytes, 3);
            check(&file[..file.len() - 7], range_bytes, 2);
        }
    }
}

/// Shorter than what is read at once, longer, and of several reads: what a range's start was found in is read on.
#[test]
fn ranges_go_on_from_where_their_start_was_found() {
    let file = pcap_of(&packets(3_000));
    for range_bytes in [100_000, 300_000, 1 << 20] {
        check(&file, range_bytes, 1);
        check(&file[..file.len() - 7], range_bytes, 3);
    }
}

/// Packets of several mebibytes in all, some of them longer than what a range at first reads past its end.
fn long_packets() -> Vec<Vec<u8>> {
    let mut packets = packets(9_000);
    packets.iter_mut().step_by(97).for_each(|packet| packet.resize(60_000, 7));
    packets
}

/// The ranges are longer than what is read at once, and so are some of the files.
#[test]
fn files_give_what_the_same_bytes_in_memory_give() {
    let order = ByteOrder::Little;
    let blocks = long_packets().into_iter().map(|packet| packet_block(order, 0, 1, packet.len() as u32, &packet));
    let pcapng = [section(order), interface(order, 1, 0, &[])].into_iter().chain(blocks).collect::<Vec<_>>().concat();
    for file in [pcap_of(&long_packets()), pcapng, pcap_of(&nested(500))] {
        for file in [&file[..], &file[..file.len() - 7]] {
            let sequential = read_all(vec![Source::memory("test", file).unwrap()], Some(u64::MAX), 1);
            let mut path = tempfile::NamedTempFile::new().unwrap();
            path.write_all(file).unwrap();
            for (range_bytes, threads) in [(u64::MAX, 1), (1_300_000, 1), ((2 << 20) + 1, 3)] {
                let source = Source { name: "test".to_owned(), ..Source::path(path.path()).unwrap() };
                assert!(read_all(vec![source], Some(range_bytes), threads) == sequential, "{range_bytes} {threads}");
            }
        }
    }
}

/// Cuts the capture short to so many bytes as soon as it sees a frame.
struct Shears(std::path::PathBuf, u64);

impl super::Observe for Shears {
    fn observe(&mut self, _: super::Frame<'_>) {
        let file = std::fs::File::options().write(true).open(&self.0).unwrap();
        if file.metadata().unwrap().len() > self.1 {
            file.set_len(self.1).unwrap();
        }
    }
}

/// Wherever it is cut: inside a record, a byte before its end, and between two records, where nothing but the file's size
/// tells that something is missing.
#[test]
fn a_capture_cut_short_while_it_is_read_is_reported_up_to_there() {
    let all = long_packets();
    let file = pcap_of(&all);
    let before = all.iter().take(4_000).map(|packet| packet.len() as u64 + 16);
    let boundary = 24 + before.sum::<u64>();
    for (left, offset) in
        [(boundary, boundary), (boundary + 9, boundary), (boundary - 1, boundary - 16 - all[3_999].len() as u64)]
    {
        for range_bytes in [u64::MAX, 1 << 20] {
            let mut path = tempfile::NamedTempFile::new().unwrap();
            path.write_all(&file).unwrap();
            let source = Source::path(path.path()).unwrap();
            let mut frames = 0;
            let mut join = |piece: Piece<Shears>| frames += piece.frames;
            let empty = || Shears(path.path().to_owned(), left);
            let options = ReadOptions { range_bytes: Some(range_bytes), ..ReadOptions::default() };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            let outcomes = pool.install(|| read(vec![source], &options, &Progress::default(), &empty, &mut join));
            let defect = outcomes[0].defect.as_ref().unwrap();
            assert_eq!((defect.what.as_str(), defect.offset), ("the file was cut short while it was read", offset));
            assert_eq!((frames, defect.frame), (outcomes[0].frames, frames + 1));
            assert_eq!(frames, if offset == boundary { 4_000 } else { 3_999 });
        }
    }
}

#[test]
fn many_captures_join_in_order() {
    let sources: Vec<_> = (0..300)
        .map(|index| {
            let kind = [pcap_of(&packets(index % 7)), pcap_of(&packets(90))];
            Source::memory(format!("{index}"), kind[usize::from(index % 50 == 9)].clone()).unwrap()
        })
        .collect();
    for threads in [1, 4] {
        let again = sources.iter().map(|source| match &source.origin {
            super::source::Origin::Memory(bytes) => Source::memory(&*source.name, bytes.clone()).unwrap(),
            _ => unreachable!(),
        });
        let (seen, outcomes) = read_all(again.collect(), Some(4_096), threads);
        assert!(seen.is_sorted_by(|a, b| a.id < b.id));
        assert_eq!(outcomes.iter().map(|outcome| outcome.frames).sum::<u64>(), seen.len() as u64);
        let names: Vec<_> = outcomes.into_iter().map(|outcome| outcome.name).collect();
        assert_eq!(names, (0..300).map(|index| index.to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn a_stream_is_read_however_large_its_pieces_may_be() {
    let file = pcap_of(&packets(20));
    let pipe = |file: &[u8]| {
        let reader = Box::new(std::io::Cursor::new(file.to_vec()));
        Source::pipe(std::path::Path::new("test"), "test".to_owned(), reader).unwrap()
    };
    assert_eq!(read_all(vec![pipe(&file)], Some(u64::MAX), 1).0.len(), 20);
    assert_eq!(read_all(vec![pipe(&file)], Some(0), 1).0.len(), 20);
}

#[test]
fn a_caller_outside_the_pool_reads_as_well() {
    let mut frames = 0;
    let mut join = |piece: Piece<Log>| frames += piece.frames;
    let progress = Progress::default();
    let source = Source::memory("test", pcap_of(&packets(50))).unwrap();
    let options = ReadOptions { range_bytes: Some(4_096), ..ReadOptions::default() };
    let outcomes = read(vec![source], &options, &progress, &Log::default, &mut join);
    assert_eq!((frames, outcomes.len()), (50, 1));
    assert!(progress.bytes_done() > 0 && progress.bytes_total() > 0);
}

fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..300),
        1 => (0_usize..40).prop_map(|cut| pcap_of(&packets(12))[cut..].to_vec()),
        1 => (0_usize..5).prop_map(|cut| any_pcapng(&[(0, vec![3; 50]), (7, vec![1; 9])], ByteOrder::Little)[cut * 4..].to_vec()),
        1 => Just(vec![0; 400]),
    ]
}

/// Apple's block of a process.
fn process(order: ByteOrder, pid: u32, path: &[u8]) -> Vec<u8> {
    let body = Fields::new(order).u32(pid).u16(3).u16(path.len() as u16).padded(path).u32(0).bytes;
    block(order, DARWIN_PROCESS, &body)
}

/// The option of a packet that names it by its number.
fn process_index(order: ByteOrder, index: u32) -> Vec<u8> {
    darwin_index(order, index)
}

/// More processes than there is room for, packets between them that name one of before, and another section after that.
#[test]
fn owners_that_there_is_no_room_for_are_counted_once_however_they_are_read() {
    let order = ByteOrder::Little;
    let mut file = Vec::new();
    for processes in [7_000_u32, 300] {
        file.extend([section(order), interface(order, 101, 0, &[])].concat());
        for index in 0..processes {
            file.extend(process(order, index, format!("/bin/{index:0>1000}").as_bytes()));
            if index % 100 == 0 {
                let options = process_index(order, index / 2);
                file.extend(packet_block_with(order, 0, index.into(), 100, &[7; 99], &options));
            }
        }
    }
    let read =
        |range_bytes, threads| read_all(vec![Source::memory("test", &*file).unwrap()], Some(range_bytes), threads);
    let (seen, outcomes) = read(u64::MAX, 1);
    let left_out = outcomes[0].owners_left_out;
    assert!((500..3_000).contains(&left_out), "{left_out}");
    assert_eq!(seen.iter().filter(|frame| frame.note.is_none()).count(), 0, "those named came early enough");
    for (range_bytes, threads) in [(300_000, 1), (1 << 20, 3)] {
        assert!(read(range_bytes, threads) == (seen.clone(), outcomes.clone()), "{range_bytes} {threads}");
    }
    let compressed = zstd::stream::encode_all(&*file, 1).unwrap();
    let (again, streamed) = read_all(vec![Source::memory("test", compressed).unwrap()], Some(500_000), 2);
    assert!(again == seen);
    assert_eq!(streamed[0].owners_left_out, left_out);
}

/// What a number chooses ahead of each packet: a new section, an interface, another block, or nothing.
fn any_pcapng(packets: &[(u8, Vec<u8>)], first: ByteOrder) -> Vec<u8> {
    let mut order = first;
    let mut interfaces = 1;
    let mut file = [section(order), interface(order, 1, 0, &[])].concat();
    for (index, (kind, packet)) in packets.iter().enumerate() {
        match kind {
            0 => {
                order = if order == ByteOrder::Big { ByteOrder::Little } else { ByteOrder::Big };
                file.extend([section(order), interface(order, 101, 0, &[])].concat());
                interfaces = 1;
            }
            1 => {
                file.extend(interface(order, 113, 0, &[]));
                interfaces += 1;
            }
            2 => file.extend(block(order, 0xbad, &[7; 20])),
            3 => file.extend(block(order, 5, &[0; 8])),
            5 => file.extend(process(order, index as u32, b"app")),
            _ => {}
        }
        let options = match kind % 5 {
            4 => Fields::new(order).u16(1).u16(1).bytes(b"x\0\0\0").bytes,
            3 => process_index(order, u32::from(*kind) % 4),
            _ => Vec::new(),
        };
        let which = u32::from(*kind) % interfaces;
        file.extend(packet_block_with(order, which, index as u64, 2_000, packet, &options));
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_pcap_in_any_ranges(
        packets in proptest::collection::vec(any_packet(), 0..60),
        wild in proptest::option::weighted(0.2, any::<u32>()),
        zeros in 0_usize..400,
        range_bytes in 1_u64 << 10..20_000,
        threads in 1_usize..5,
        cut in 0_usize..20,
    ) {
        // Records of nothing, which look like a hole as far as they reach.
        let empty = pcap_record(ByteOrder::Little, (0, 0), (0, 0), &[]).repeat(zeros);
        let mut file = [pcap_of(&packets), empty, pcap_of(&packets)[24..].to_vec()].concat();
        if let Some(wild) = wild {
            file.extend(pcap_record(ByteOrder::Little, (1_600_000_000, 0), (wild, wild), &[9; 99]));
            file.extend(&pcap_of(&packets)[24..]);
        }
        let end = file.len() - cut.min(file.len() - 24);
        check(&file[..end], range_bytes, threads);
        check(&zstd::stream::encode_all(&file[..end], 1).unwrap(), range_bytes, threads);
    }

    #[test]
    fn any_pcapng_in_any_ranges(
        packets in proptest::collection::vec((0_u8..40, any_packet()), 0..60),
        range_bytes in 1_u64 << 10..20_000,
        threads in 1_usize..5,
        cut in 0_usize..20,
    ) {
        let file = any_pcapng(&packets, ByteOrder::Big);
        check(&file[..file.len() - cut], range_bytes, threads);
    }

    #[test]
    fn random_bytes_are_no_trouble(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), is_pcapng: bool) {
        let start = if is_pcapng { any_pcapng(&[], ByteOrder::Little) } else { pcap_of(&[]) };
        check(&[start, bytes].concat(), 1_024, 2);
    }
}
