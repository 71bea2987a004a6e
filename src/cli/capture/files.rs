//! The files of a capture: one, or several one after another (`--rotate`), of which the last are kept (`--keep`).
//!
//! Each file is a capture by itself, with section, interface, the processes that its packets name, and what was counted
//! while it was written.

use super::device::Counted;
use super::file::{CaptureFile, Unsynced};
use super::question::Process;
use crate::cli::args::Rotate;
use crate::error::Error;
use crate::output::pcapng::{Blocks, Packet, Statistics};
use crate::output::units;
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Room that is left in a file for what is written at its end, and for a process that its next packet names.
const END_BYTES: u64 = 512;
/// Processes described in one file: readers keep no more.
const PROCESSES_MAX: usize = 65_536;

/// What was asked for.
pub(super) struct Plan<'a> {
    /// The name given; `-` is stdout.
    pub(super) path: &'a Path,
    pub(super) is_forced: bool,
    pub(super) rotate: &'a [Rotate],
    /// Files to keep at most.
    pub(super) keep: Option<usize>,
    /// How each file begins: section and interface.
    pub(super) head: Blocks,
}

/// The files of a capture that is being written.
pub(super) struct Files<'a> {
    plan: Plan<'a>,
    current: CaptureFile,
    began: Instant,
    began_ns: u64,
    /// What the system had counted when this file began.
    counted: Counted,
    /// Packets in the current file.
    packets: u64,
    /// Processes described in the current file.
    processes: HashSet<(u32, Option<u64>)>,
    /// Complete files of this run that are still there, oldest first; of those that nobody removes, the first alone.
    complete: VecDeque<PathBuf>,
    /// Packets in files before the current one.
    packets_before: u64,
    removed: u64,
    number: u32,
    /// The file before the current one, on its way to the disk.
    syncing: Option<JoinHandle<Result<(), Error>>>,
}

impl<'a> Files<'a> {
    /// Begins the first file.
    pub(super) fn create(plan: Plan<'a>) -> Result<Self, Error> {
        let current = begin(&plan, 1)?;
        Ok(Self {
            plan,
            current,
            began: Instant::now(),
            began_ns: now_ns(),
            counted: Counted::default(),
            packets: 0,
            processes: HashSet::new(),
            complete: VecDeque::new(),
            packets_before: 0,
            removed: 0,
            number: 1,
            syncing: None,
        })
    }

    /// Writes a packet and, ahead of the first one that names it, its process.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, process: Option<&Process>) -> Result<(), Error> {
        if let Some(process) = process
            && self.processes.len() < PROCESSES_MAX
            && self.processes.insert((process.id, process.started_ns))
        {
            self.current.blocks.process(&process.described());
        }
        self.current.blocks.packet(packet);
        self.packets += 1;
        self.current.relieve()
    }

    /// Whether the current file is to end before a packet of this length. A file without a packet goes on: an idle
    /// interface makes no files.
    pub(super) fn is_full(&self, packet_bytes: usize) -> bool {
        self.packets > 0
            && self.plan.rotate.iter().any(|rotate| match *rotate {
                Rotate::Size(limit) => self.current.length() + packet_bytes as u64 + END_BYTES > limit,
                Rotate::Seconds(limit) => self.began.elapsed() >= Duration::from_secs(limit),
            })
    }

    /// Ends the current file and begins the next.
    pub(super) fn rotate(&mut self, counted: Option<Counted>) -> Result<(), Error> {
        let complete = self.end(counted)?;
        self.synced()?;
        // In a thread of its own: a slow disk must not make the kernel drop packets. Without one, the system writes when it likes.
        self.syncing = std::thread::Builder::new().spawn(move || complete.sync()).ok();
        let next = begin(&self.plan, self.number + 1)?;
        let complete = std::mem::replace(&mut self.current, next);
        self.number += 1;
        self.packets_before += complete.written_packets();
        if self.plan.keep.is_some() || self.complete.is_empty() {
            self.complete.push_back(complete.path);
        }
        (self.began, self.began_ns, self.packets) = (Instant::now(), now_ns(), 0);
        self.counted = counted.unwrap_or(self.counted);
        self.processes.clear();
        while self.plan.keep.is_some_and(|keep| self.complete.len() + 1 > keep) {
            // The list holds only names that this run made. A file that is gone already counts as removed.
            if let Some(oldest) = self.complete.pop_front() {
                let _ = std::fs::remove_file(oldest);
                self.removed += 1;
            }
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.current.flush()
    }

    /// Ends the last file and waits until all are on the disk.
    pub(super) fn finish(&mut self, counted: Option<Counted>) -> Result<(), Error> {
        self.end(counted)?.sync()?;
        self.synced()
    }

    /// Packets that are in files, those in files that were removed among them.
    pub(super) fn written_packets(&self) -> u64 {
        self.packets_before + self.current.written_packets()
    }

    /// What to call the current file.
    pub(super) fn name(&self) -> String {
        match self.plan.path.as_os_str() == "-" {
            true => "stdout".to_owned(),
            false => self.current.path.display().to_string(),
        }
    }

    /// Which files there are, in words.
    pub(super) fn summary(&self) -> String {
        let removed = match self.removed {
            0 => String::new(),
            removed => format!(" ({} removed)", units::plural(removed, "older one", "older ones")),
        };
        let Some(first) = self.complete.front() else { return format!("{}{removed}", self.name()) };
        let files = units::count(u64::from(self.number) - self.removed);
        format!("{files} files, {} to {}{removed}", first.display(), self.name())
    }

    /// What to give to `whither map`: the file, or a pattern of them; nothing where it all went to stdout.
    pub(super) fn to_read(&self) -> Option<String> {
        match self.plan.path {
            path if path.as_os_str() == "-" => None,
            _ if u64::from(self.number) - self.removed == 1 => Some(self.current.path.display().to_string()),
            path => Some(numbered(path, "*").display().to_string()),
        }
    }

    fn end(&mut self, counted: Option<Counted>) -> Result<Unsynced, Error> {
        self.current.flush()?;
        self.current.blocks.statistics(&Statistics {
            interface: 0,
            span_ns: (self.began_ns, now_ns()),
            received: counted.map(|now| now.received.saturating_sub(self.counted.received)),
            dropped: counted.map(|now| now.dropped.saturating_sub(self.counted.dropped)),
            written: self.current.written_packets(),
        });
        self.current.finish()
    }

    fn synced(&mut self) -> Result<(), Error> {
        // If the thread panicked, nothing is known against the file.
        self.syncing.take().and_then(|thread| thread.join().ok()).unwrap_or(Ok(()))
    }
}

fn begin(plan: &Plan<'_>, number: u32) -> Result<CaptureFile, Error> {
    let mut file = match plan.path.as_os_str() == "-" {
        true => CaptureFile::stdout(),
        false if plan.rotate.is_empty() => CaptureFile::create(plan.path, plan.is_forced)?,
        false => CaptureFile::create(&numbered(plan.path, &stamp(number, now_ns())), plan.is_forced)?,
    };
    file.blocks = plan.head.clone();
    // At once, so that a disk without room says so before the first packet, and a reader finds a capture.
    file.flush()?;
    Ok(file)
}

/// `phone.pcapng` with a number: `phone_00001_20260601093000.pcapng`, as dumpcap does it.
fn numbered(path: &Path, number: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}_{number}{ending}"))
}

/// The number of a file and when it was begun, in UTC.
fn stamp(number: u32, time_ns: u64) -> String {
    let time = units::time(i64::try_from(time_ns).unwrap_or(i64::MAX));
    let digits = time.iter().take("2026-06-01T09:30:00".len()).filter(|byte| byte.is_ascii_digit());
    format!("{number:05}_{}", digits.map(|digit| char::from(*digit)).collect::<String>())
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_and_dated_as_dumpcap_does() {
        let stamp = stamp(7, 1_780_306_200_123_456_789);
        assert_eq!(stamp, "00007_20260601093000");
        assert_eq!(numbered(Path::new("a/phone.pcapng"), &stamp), Path::new("a/phone_00007_20260601093000.pcapng"));
        assert_eq!(numbered(Path::new("phone"), "*"), Path::new("phone_*"));
    }

    #[test]
    fn only_the_last_files_of_this_run_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let foreign = folder.path().join("a_00000_20260101000000.pcapng");
        std::fs::write(&foreign, "another run's").unwrap();
        let path = folder.path().join("a.pcapng");
        let rotate = [Rotate::Size(2_000)];
        let plan = Plan { path: &path, is_forced: false, rotate: &rotate, keep: Some(2), head: Blocks::default() };
        let mut files = Files::create(plan).unwrap();
        for _ in 0..50 {
            let bytes = [7; 600];
            if files.is_full(bytes.len()) {
                files.rotate(None).unwrap();
            }
            files.packet(&Packet { bytes: &bytes, wire_length: 600, ..Packet::default() }, None).unwrap();
        }
        files.finish(None).unwrap();
        assert_eq!((files.number, files.removed, files.written_packets()), (25, 23, 50));
        let there: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(there.len(), 3, "{there:?}");
        assert!(there.contains(&foreign) && there.contains(&files.current.path));
        assert!(there.iter().all(|path| path.metadata().unwrap().len() <= 2_000));
    }
}
