//! Bytes as a capture of any format, whole and in ranges, and as the owner metadata that captures hold.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};
use whither::capture::owner::{SectionOwners, in_band, may_be_in_band};
use whither::capture::{
    self, ByteOrder, Frame, FrameId, FrameNote, LinkType, Observe, Outcome, Piece, Progress, ReadOptions, Source,
};

/// A pool of one thread, and one in which ranges are truly read side by side.
pub(crate) fn pool(threads: usize) -> &'static ThreadPool {
    static POOLS: [OnceLock<ThreadPool>; 2] = [OnceLock::new(), OnceLock::new()];
    let build = || ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    POOLS[usize::from(threads > 1)].get_or_init(build)
}

/// One range, or one piece of a stream: more than any input has.
const WHOLE: u64 = 4 << 20;

/// A frame as it was handed out, its bytes as their hash.
type Seen = (FrameId, i64, LinkType, u32, usize, u64, Option<FrameNote>);

#[derive(Default)]
struct Log(Vec<Seen>);

impl Observe for Log {
    fn observe(&mut self, frame: Frame<'_>) {
        let mut hasher = DefaultHasher::new();
        frame.bytes.hash(&mut hasher);
        let note = frame.note.cloned();
        let (length, hash) = (frame.bytes.len(), hasher.finish());
        self.0.push((frame.id, frame.time_ns, frame.link_type, frame.wire_length, length, hash, note));
    }
}

fn read(source: Source, range_bytes: u64, threads: usize) -> (Vec<Seen>, Vec<Outcome>) {
    let mut all = Vec::new();
    let mut join = |piece: Piece<Log>| {
        assert!(piece.frames >= piece.partial.0.len() as u64, "every frame is counted");
        all.extend(piece.partial.0.into_iter().map(|mut seen| {
            seen.0 = seen.0.rebased(piece.base);
            seen
        }));
    };
    let options = ReadOptions { range_bytes: Some(range_bytes), ..ReadOptions::default() };
    let progress = Progress::default();
    let outcomes = pool(threads).install(|| capture::read(vec![source], &options, &progress, &Log::default, &mut join));
    (all, outcomes)
}

/// Reads a capture in one piece, in ranges and as a pipe: the same frames each time, up to the same defect.
fn read_in_all_ways(bytes: &[u8]) -> Option<(Vec<Seen>, Outcome)> {
    let whole = read(Source::memory("fuzz", bytes).ok()?, WHOLE, 1);
    // How ranges lie depends on the input, and is the same when it is run again.
    let odd = bytes.len() as u64 % 61;
    let ranges = read(Source::memory("fuzz", bytes).expect("opened before"), 150 + odd * 13, 3);
    assert_eq!(ranges, whole, "ranges and one piece");
    let pipe: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(bytes.to_vec()));
    let pipe = Source::pipe(Path::new("fuzz"), "fuzz".to_owned(), pipe).expect("opened before");
    assert_eq!(read(pipe, 300 + odd * 7, 1), whole, "a pipe and one piece");
    let (frames, mut outcomes) = whole;
    assert!(frames.is_sorted_by(|a, b| a.0 < b.0), "frames in their order");
    outcomes.pop().map(|outcome| (frames, outcome))
}

/// A capture of any format, compressed or not. What begins with a small number is packed here, and must say what it says
/// unpacked.
pub(crate) fn capture(data: &[u8]) {
    let Some((&how @ 0..=2, plain)) = data.split_first() else {
        read_in_all_ways(data);
        return;
    };
    let packed = match how {
        0 => {
            // Two members, as `cat a.gz b.gz` makes them.
            let (a, b) = plain.split_at(plain.len() / 2);
            [gzip(a), gzip(b)].concat()
        }
        1 => zstd::bulk::compress(plain, 1).expect("compresses"),
        _ => {
            let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
            std::io::Write::write_all(&mut frame, plain).expect("compresses");
            frame.finish().expect("compresses")
        }
    };
    let said = |(frames, outcome): (Vec<Seen>, Outcome)| {
        (frames, outcome.frames, outcome.wire_bytes, outcome.defect.is_some())
    };
    // Compression within compression is not looked into.
    if !is_compressed(plain) {
        let read = [plain, &packed].map(read_in_all_ways).map(|read| read.map(said));
        assert_eq!(read[0], read[1], "packed and plain");
    }
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, data).expect("compresses");
    encoder.finish().expect("compresses")
}

fn is_compressed(data: &[u8]) -> bool {
    const MAGICS: [&[u8]; 5] = [
        &[0x1f, 0x8b],
        &[0x28, 0xb5, 0x2f, 0xfd],
        &[0xfd, b'7', b'z'],
        &[4, 0x22, 0x4d, 0x18],
        &[0x50, 0x2a, 0x4d, 0x18],
    ];
    MAGICS.iter().any(|magic| data.starts_with(magic)) || data.get(1..4) == Some(&[0x2a, 0x4d, 0x18])
}

/// Items of the owner target.
pub(crate) const BLOCK: u8 = 0;
/// Options of a packet.
pub(crate) const OPTIONS: u8 = 1;
/// A packet with a header or trailer of its own.
pub(crate) const IN_BAND: u8 = 2;

/// Owner metadata: a byte order and the options of the section, then blocks, options of packets and packets that carry
/// their owner themselves; each behind its length.
pub(crate) fn owner(data: &[u8]) {
    let Some((&order, rest)) = data.split_first() else { return };
    let order = if order & 1 == 0 { ByteOrder::Little } else { ByteOrder::Big };
    let Some((section, mut rest)) = sized(rest) else { return };
    let mut owners = SectionOwners::start(order, section);
    while let Some((&kind, more)) = rest.split_first() {
        let Some((item, more)) = sized(more) else { break };
        rest = more;
        match kind {
            BLOCK => {
                let Some((block_type, body)) = item.split_first_chunk() else { continue };
                let before = owners.clone();
                owners.block(order.u32(*block_type), body);
                let mut again = before;
                again.block(order.u32(*block_type), body);
                assert!(again == owners, "the same block, the same state");
            }
            OPTIONS => {
                let note = owners.packet(LinkType::ETHERNET, item, 1_700_000_000_000_000_000);
                assert_eq!(note, owners.clone().packet(LinkType::ETHERNET, item, 1_700_000_000_000_000_000));
            }
            _ => {
                let Some((&[high, low], bytes)) = item.split_first_chunk() else { continue };
                let link_type = LinkType(u16::from_be_bytes([high, low]));
                let found = in_band(link_type, bytes, bytes.len() as u32);
                if may_be_in_band(link_type, bytes)
                    && let Some(found) = found
                {
                    assert!(bytes.get(found.range).is_some(), "the frame lies in the record");
                }
            }
        }
    }
}

fn sized(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[high, low], rest) = data.split_first_chunk()?;
    Some(rest.split_at(usize::from(u16::from_be_bytes([high, low])).min(rest.len())))
}

/// How [`owner`] takes an item.
pub(crate) fn item(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind][..], &behind_length(bytes)].concat()
}

/// Bytes behind their length.
pub(crate) fn behind_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), &bytes[..usize::from(length)]].concat()
}
