//! Opens a capture for reading: as ranges, or as a stream that is cut in order.

use super::group::PIECES_PER_GROUP;
use super::options::ReadOptions;
use super::ranges::{Ranges, range_bytes};
use super::reading::Phase;
use super::stream::Cutter;
use crate::capture::format::compression::DecoderWindow;
use crate::capture::format::start;
use crate::capture::format::state::State;
use crate::capture::input::{Input, Sequential, to_usize};
use crate::capture::source::{Origin, Source};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens a capture for reading, as ranges where it can be read at any position and is not compressed.
pub(super) fn open(source: Source, options: &ReadOptions, done: &Arc<AtomicU64>) -> io::Result<Phase> {
    let piece_bytes = piece_bytes(options);
    let opened = source.input()?;
    let Source { origin, compression, start, .. } = source;
    let (input, size) = match (opened, origin) {
        (_, Origin::Pipe(stream)) => {
            let reader = Box::new(Counted { reader: stream, done: Arc::clone(done) });
            return Ok(stream_phase(reader, 0, start.offset, start.state, piece_bytes));
        }
        (opened, _) => opened.ok_or(io::ErrorKind::Unsupported)?,
    };
    if compression.name().is_none() {
        let range_bytes = range_bytes(options, size).max(1);
        let at_packet = match size > range_bytes {
            true => start::at_packet(&start, &mut Sequential { input: Arc::clone(&input), offset: 0 }),
            // The start of a single range is known.
            false => start.state.clone(),
        };
        return Ok(Phase::Ranges(Arc::new(Ranges { input, size, range_bytes, start, at_packet })));
    }
    let decoder = compression.decoder(counted(input, done), DecoderWindow::within(options.memory_bytes))?;
    Ok(stream_phase(decoder, 0, start.offset, start.state, piece_bytes))
}

/// The message for a capture that could not be opened again.
pub(super) fn not_opened(error: &io::Error) -> String {
    format!("the capture could not be opened again: {error}")
}

/// Reads an input from its start, and counts what was read.
pub(super) fn counted(input: Arc<Input>, done: &Arc<AtomicU64>) -> Box<dyn Read + Send> {
    Box::new(Counted { reader: Sequential { input, offset: 0 }, done: Arc::clone(done) })
}

/// Bytes of a piece of a stream, by default: most of a second-level cache.
const PIECE_BYTES: u64 = 1 << 20;
/// Bytes of a piece of a stream.
pub(super) fn piece_bytes(options: &ReadOptions) -> usize {
    /// Cutting smaller pieces costs more than it saves.
    const LEAST: u64 = 64 << 10;
    // A whole group is joined, so a group is at most as large as a range may be.
    let most = options.most_range_bytes.map_or(u64::MAX, |most| (most / PIECES_PER_GROUP).max(LEAST));
    to_usize(options.range_bytes.unwrap_or(PIECE_BYTES.min(most)))
}

/// The phase of a capture that is cut in order.
pub(super) fn stream_phase(
    reader: Box<dyn Read + Send>,
    offset: u64,
    to_skip: usize,
    state: State,
    piece_bytes: usize,
) -> Phase {
    let cutter = Cutter::new(reader, offset, to_skip, state, piece_bytes);
    Phase::Stream { cutter: Some(Box::new(cutter)), ready: VecDeque::new() }
}

/// Counts the bytes read, for the progress display.
struct Counted<R> {
    reader: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::*;

    fn three_packets() -> Vec<u8> {
        pcap_of(&(0..3).map(|index| vec![index; 100]).collect::<Vec<_>>())
    }

    fn opened(source: Source, range_bytes: u64) -> io::Result<Phase> {
        let options = ReadOptions { range_bytes: Some(range_bytes), ..ReadOptions::default() };
        open(source, &options, &Arc::default())
    }

    #[test]
    fn ranges_cover_a_file_without_gap_or_overlap() {
        let each_byte: Vec<u64> = (1..=372).collect();
        let rows =
            [(100, &[100, 200, 300, 372][..]), (186, &[186, 372]), (400, &[372]), (1, &each_byte), (0, &each_byte)];
        for (range_bytes, limits) in rows {
            let phase = opened(Source::memory("test", three_packets()).unwrap(), range_bytes).unwrap();
            let Phase::Ranges(ranges) = phase else { unreachable!() };
            assert_eq!(
                (0..ranges.count()).map(|index| ranges.limit(index)).collect::<Vec<_>>(),
                limits,
                "{range_bytes}"
            );
        }
    }

    #[test]
    fn what_is_compressed_or_comes_by_a_pipe_is_read_in_order() {
        let packed = zstd::stream::encode_all(&*three_packets(), 1).unwrap();
        assert!(matches!(opened(Source::memory("test", packed).unwrap(), 100), Ok(Phase::Stream { .. })));
        let reader = Box::new(io::Cursor::new(three_packets()));
        let pipe = Source::pipe(std::path::Path::new("test"), "test".to_owned(), reader).unwrap();
        assert!(matches!(opened(pipe, 100), Ok(Phase::Stream { .. })));
    }

    #[test]
    fn a_capture_that_went_away_cannot_be_opened_again() {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), three_packets()).unwrap();
        let source = Source::path(path.path()).unwrap();
        path.close().unwrap();
        assert_eq!(opened(source, 100).err().map(|error| error.kind()), Some(io::ErrorKind::NotFound));
    }
}
