//! Puts flow records, which come in any order, into the order in which they are written: by windows of the capture's clock, then by
//! first frames.
//!
//! A record waits until its window is complete. Any number of flows may end in one window, and the clock of a capture may stand still.
//! So only a limited amount waits in memory; the rest waits in sorted temporary files without names, and is merged when it is written.
//! Nothing is left out, and the order does not depend on the limit.

use super::format::FlowFormat;
use super::record::FlowRecord;
use super::redaction::Redaction;
use super::writer::FlowWriter;
use crate::analysis::order;
use crate::flow::Flow;
use crate::route::Observed;
use crate::standing::Judged;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a [`Key`].
const KEY: usize = 57;
/// The key by which records are ordered, as bytes that compare in that order: window, first frame, addresses, port.
type Key = [u8; KEY];

/// So many files of one size are merged into a larger one, so that few are open however much waits.
const FILES_PER_SIZE: usize = 24;
/// Bytes read of a file at a time: all files together take little beside what waits in memory.
const READ: usize = 16 << 10;
/// Bytes written to a file at a time.
const WRITE: usize = 1 << 18;
/// Bytes that a window takes beside its records.
const WINDOW: usize = 256;

fn key(window: i64, flow: &Flow) -> Key {
    let (frame, client, server, port) = order(flow);
    let mut key = [0; KEY];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        if let Some(room) = key.get_mut(at..at + bytes.len()) {
            room.copy_from_slice(bytes);
        }
        at += bytes.len();
    };
    put(&window_bytes(window));
    put(&frame.capture().to_be_bytes());
    put(&frame.record().to_be_bytes());
    for ip in [client, server] {
        match ip {
            IpAddr::V4(ip) => {
                put(&[4]);
                put(&ip.octets());
                put(&[0; 12]);
            }
            IpAddr::V6(ip) => {
                put(&[6]);
                put(&ip.octets());
            }
        }
    }
    put(&[u8::from(port.is_some())]);
    put(&port.unwrap_or_default().to_be_bytes());
    key
}

/// A window as bytes that compare in the same order.
fn window_bytes(window: i64) -> [u8; 8] {
    (window as u64 ^ 1 << 63).to_be_bytes()
}

/// The records of one window, one after the other: a key, then the record.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Window {
    /// A record's key and text, given which one it is.
    fn record(&self, at: usize) -> (&[u8], &[u8]) {
        let start = self.starts.get(at).copied().unwrap_or_default();
        let end = self.starts.get(at + 1).copied().unwrap_or(self.bytes.len());
        let record = self.bytes.get(start..end).unwrap_or_default();
        record.split_at_checked(KEY).unwrap_or_default()
    }

    /// Which records there are, in order.
    fn sorted(&self) -> Vec<u32> {
        let mut all: Vec<u32> = (0..self.starts.len() as u32).collect();
        all.sort_by(|&a, &b| self.record(a as usize).0.cmp(self.record(b as usize).0));
        all
    }
}

/// The records that one thread has added.
pub(super) struct Lane {
    writer: Box<dyn FlowWriter>,
    windows: BTreeMap<i64, Window>,
    bytes: usize,
}

/// A file of records in order, read from where it was left.
struct SortedFile {
    file: BufReader<File>,
    /// How often what it holds was merged.
    merges: usize,
    /// The next record.
    key: Key,
    record: Vec<u8>,
}

impl SortedFile {
    /// Goes on to the next record. Returns whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            other => other?,
        }
        self.file.read_exact(&mut self.key)?;
        // The record was written with this length.
        self.record.resize(u32::from_le_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.record)?;
        Ok(true)
    }
}

/// Writes a file of records that come in order.
struct SortedFileWriter(BufWriter<File>);

impl SortedFileWriter {
    fn begin(folder: &std::path::Path) -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(WRITE, tempfile::tempfile_in(folder)?)))
    }

    fn put(&mut self, key: &[u8], record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(record.len()).map_err(io::Error::other)?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(key)?;
        self.0.write_all(record)
    }

    /// The file, at its first record; none if it has no records.
    fn finish(self, merges: usize) -> io::Result<Option<SortedFile>> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut file =
            SortedFile { file: BufReader::with_capacity(READ, file), merges, key: [0; KEY], record: Vec::new() };
        Ok(file.advance()?.then_some(file))
    }
}

/// Passes on the records of files in order, as long as their keys are below a limit. The files remain at the next record.
fn merge(
    files: &mut Vec<SortedFile>,
    limit: Option<&[u8]>,
    mut put: impl FnMut(&[u8], &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let is_below = |key: &Key| limit.is_none_or(|limit| &key[..] < limit);
    let mut next: BinaryHeap<Reverse<(Key, usize)>> = files
        .iter()
        .enumerate()
        .filter(|(_, file)| is_below(&file.key))
        .map(|(at, file)| Reverse((file.key, at)))
        .collect();
    let mut is_over = vec![false; files.len()];
    while let Some(Reverse((key, at))) = next.pop() {
        let Some(file) = files.get_mut(at) else { continue };
        put(&key, &file.record)?;
        if !file.advance()? {
            is_over[at] = true;
        } else if is_below(&file.key) {
            next.push(Reverse((file.key, at)));
        }
    }
    let mut is_over = is_over.into_iter();
    files.retain(|_| is_over.next() != Some(true));
    Ok(())
}

/// The files of waiting records, or why one could not be written.
#[derive(Default)]
struct Files {
    files: Vec<SortedFile>,
    failure: Option<io::Error>,
}

/// Puts flow records in order; what does not fit into memory waits in files.
pub(super) struct Sorter<'a> {
    format: &'a FlowFormat,
    /// Captures, as the user named them.
    captures: &'a [String],
    /// Where temporary files are made.
    folder: PathBuf,
    /// Bytes that may wait in memory in one lane.
    lane_bytes: usize,
    /// What records are made without.
    redaction: Option<&'a Redaction<'a>>,
    files: Mutex<Files>,
}

impl<'a> Sorter<'a> {
    /// A sorter for flows of these captures. Of what waits, `waiting_bytes` are in memory at most, about, shared out to as many lanes;
    /// the rest is in a temporary file in `folder`.
    pub(super) fn new(
        format: &'a FlowFormat,
        captures: &'a [String],
        folder: PathBuf,
        waiting_bytes: Option<u64>,
        lanes: usize,
    ) -> Self {
        // Half, since a buffer that grows is copied.
        let lane = waiting_bytes.map(|bytes| usize::try_from(bytes / 2 / lanes.max(1) as u64));
        let lane_bytes = lane.and_then(Result::ok).unwrap_or(usize::MAX);
        Self { format, captures, folder, lane_bytes, redaction: None, files: Mutex::default() }
    }

    /// The same for redacted records.
    pub(super) fn redacting(self, redaction: Option<&'a Redaction<'a>>) -> Self {
        Self { redaction, ..self }
    }

    /// The records of one thread; none yet.
    pub(super) fn lane(&self) -> Lane {
        Lane { writer: (self.format.writer)(), windows: BTreeMap::new(), bytes: 0 }
    }

    /// Adds a flow's record.
    pub(super) fn add(&self, lane: &mut Lane, observed: &Observed<'_>, judged: &Judged) {
        let number = observed.flow.window();
        let position = observed.flow.first_frame.capture() as usize;
        let capture = self.captures.get(position).map_or("", String::as_str);
        let window = lane.windows.entry(number).or_insert_with(|| {
            lane.bytes += WINDOW;
            Window::default()
        });
        let start = window.bytes.len();
        window.starts.push(start);
        window.bytes.extend_from_slice(&key(number, observed.flow));
        match self.redaction {
            None => lane.writer.record(&FlowRecord::new(observed, capture, judged), &mut window.bytes),
            Some(redaction) => redaction.write(&mut *lane.writer, observed, judged, position, &mut window.bytes),
        }
        lane.bytes += window.bytes.len() - start + size_of::<usize>();
        if lane.bytes > self.lane_bytes {
            let windows = std::mem::take(&mut lane.windows);
            lane.bytes = 0;
            self.put_by(&windows);
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // A panic elsewhere has ended the analysis anyway.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits into a file.
    fn put_by(&self, windows: &BTreeMap<i64, Window>) {
        if self.files().failure.is_some() {
            return;
        }
        let written = self.write_run(windows);
        let files = &mut *self.files();
        match written {
            Ok(file) => files.files.extend(file),
            Err(error) => files.failure = Some(error),
        }
        if let Err(error) = self.merge_equals(&mut files.files) {
            files.failure = Some(error);
        }
    }

    fn write_run(&self, windows: &BTreeMap<i64, Window>) -> io::Result<Option<SortedFile>> {
        let mut out = SortedFileWriter::begin(&self.folder)?;
        for window in windows.values() {
            for at in window.sorted() {
                let (key, record) = window.record(at as usize);
                out.put(key, record)?;
            }
        }
        out.finish(0)
    }

    /// Merges files that were merged equally often if there are many. This way each record is copied few times.
    fn merge_equals(&self, files: &mut Vec<SortedFile>) -> io::Result<()> {
        let mut merges = 0;
        while files.iter().filter(|file| file.merges == merges).count() >= FILES_PER_SIZE {
            let mut equals: Vec<SortedFile> = files.extract_if(.., |file| file.merges == merges).collect();
            let mut out = SortedFileWriter::begin(&self.folder)?;
            merge(&mut equals, None, |key, record| out.put(key, record))?;
            merges += 1;
            files.extend(out.finish(merges)?);
        }
        Ok(())
    }

    /// Hands the records of all windows before this one to `emit`, in order; it says whether it wants more. None may be added
    /// meanwhile.
    pub(super) fn emit_before(&self, until: i64, lanes: &mut [&mut Lane], emit: &mut dyn FnMut(&[u8]) -> bool) {
        let mut ready: BTreeMap<i64, Vec<Window>> = BTreeMap::new();
        for lane in lanes {
            let later = if until == i64::MAX { BTreeMap::new() } else { lane.windows.split_off(&until) };
            for (number, window) in std::mem::replace(&mut lane.windows, later) {
                lane.bytes -= (window.bytes.len() + window.starts.len() * size_of::<usize>() + WINDOW).min(lane.bytes);
                ready.entry(number).or_default().push(window);
            }
        }
        let files = &mut *self.files();
        if files.failure.is_some() {
            return;
        }
        let mut wants_more = true;
        let mut put = |record: &[u8]| wants_more = wants_more && emit(record);
        for (number, windows) in ready {
            let mut all: Vec<(&[u8], &[u8])> = Vec::new();
            for window in &windows {
                all.extend((0..window.starts.len()).map(|at| window.record(at)));
            }
            all.sort();
            for (key, record) in all {
                // What waits in files and comes before it.
                if !files.files.is_empty()
                    && let Err(error) = merge(&mut files.files, Some(key), |_, record| {
                        put(record);
                        Ok(())
                    })
                {
                    files.failure = Some(error);
                    return;
                }
                put(record);
            }
            debug_assert!(number < until || until == i64::MAX);
        }
        let limit = window_bytes(until);
        let limit = (until != i64::MAX).then_some(&limit[..]);
        let merged = merge(&mut files.files, limit, |_, record| {
            put(record);
            Ok(())
        });
        files.failure = merged.err();
    }

    /// The error of a temporary file, if there was one. Then some records are missing.
    pub(super) fn failure(self) -> Option<(PathBuf, io::Error)> {
        let files = self.files.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.failure.map(|error| (self.folder, error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::format;
    use super::*;
    use crate::app::Attribution;
    use crate::capture::FrameId;
    use crate::place::Place;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// Nanoseconds of a window.
    const WINDOW_NS: i64 = 60_000_000_000;

    fn flow(frame: u64, window: i64, port: u16) -> Flow {
        let flow = Flow::between(17, ([192, 0, 2, 1].into(), Some(port)), ([198, 51, 100, 1].into(), Some(443)));
        let last_seen_ns = window * WINDOW_NS;
        Flow { first_frame: FrameId::new(0, frame), first_seen_ns: last_seen_ns, last_seen_ns, ..flow }
    }

    /// What leaves, and whether anything went wrong. Flows are added to two lanes by turns; after each piece of so many, what can
    /// leave does.
    fn sorted(flows: &[Flow], waiting_bytes: Option<u64>, piece: usize, folder: PathBuf) -> (Vec<u8>, bool) {
        let captures = ["a.pcap".to_owned()];
        let Some(format) = format("ndjson") else { return Default::default() };
        let sorter = Sorter::new(format, &captures, folder, waiting_bytes, 2);
        let (mut one, mut other, mut out) = (sorter.lane(), sorter.lane(), Vec::new());
        let (place, attribution) = (Arc::new(Place::default()), Attribution::default());
        let pieces = flows.chunks(piece.max(1));
        let last = pieces.len();
        for (turn, piece) in pieces.enumerate() {
            for (at, flow) in piece.iter().enumerate() {
                let observed = Observed { flow, peer: flow.server_ip, place: &place, attribution: &attribution };
                sorter.add(if at % 2 == 0 { &mut one } else { &mut other }, &observed, &Judged::default());
            }
            // All that follow are of this window or a later one.
            let rest = flows.get((turn + 1) * piece.len()..).unwrap_or_default();
            let until =
                if turn + 1 == last { i64::MAX } else { rest.iter().map(Flow::window).min().unwrap_or(i64::MAX) };
            let mut emit = |record: &[u8]| {
                out.extend_from_slice(record);
                true
            };
            sorter.emit_before(until, &mut [&mut one, &mut other], &mut emit);
        }
        (out, sorter.failure().is_some())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Windows before 1970 among them; so little memory that each record goes to a file, and files are merged.
        #[test]
        fn files_change_nothing(
            drawn in prop::collection::vec((-4_i64..4, any::<u16>()), 1..300), piece in 1_usize..80, bytes in 0_u64..40_000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let flows: Vec<Flow> =
                drawn.iter().enumerate().map(|(at, &(window, port))| flow(at as u64, window, port)).collect();
            let mut expected: Vec<&Flow> = flows.iter().collect();
            expected.sort_by_key(|flow| (flow.window(), order(flow)));
            let frames = |text: &[u8]| -> Vec<u64> {
                let lines = std::str::from_utf8(text).unwrap().lines();
                lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["first_frame"].as_u64().unwrap()).collect()
            };
            let whole = sorted(&flows, None, flows.len(), folder.path().into());
            let numbers: Vec<u64> = expected.iter().map(|flow| flow.first_frame.number()).collect();
            prop_assert_eq!(frames(&whole.0), numbers);
            prop_assert_eq!(&sorted(&flows, Some(bytes), flows.len(), folder.path().into()), &whole);
            prop_assert_eq!(&sorted(&flows, Some(bytes), piece, folder.path().into()), &whole);
            prop_assert!(!whole.1);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "files without names");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_an_error() {
        let flows: Vec<Flow> = (0..50).map(|frame| flow(frame, 0, 1)).collect();
        let folder = PathBuf::from("/there/is/none");
        assert!(sorted(&flows, Some(0), 50, folder.clone()).1);
        assert!(!sorted(&flows, None, 50, folder).1, "not needed");
    }
}
