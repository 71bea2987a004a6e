//! One file of a capture: blocks go to it from a buffer, and every step is checked.

use crate::error::Error;
use crate::output::pcapng::{Blocks, Whole};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Most bytes that wait to be written. Many packets go into one write.
const BUFFER_BYTES_MAX: usize = 256 << 10;

/// Where blocks go.
enum Sink {
    Stdout,
    /// A file; whether it is an ordinary one, which can be cut and has a disk below it.
    File(File, bool),
    /// The file is complete; nothing more is written.
    Complete,
}

/// A capture that is being written.
pub(super) struct CaptureFile {
    pub(super) path: PathBuf,
    sink: Sink,
    /// What waits to be written.
    pub(super) blocks: Blocks,
    written_bytes: u64,
    written_packets: u64,
}

/// A file that is complete but not known to be on the disk.
pub(super) struct Unsynced(PathBuf, Option<File>);

impl CaptureFile {
    /// Writes to stdout.
    pub(super) fn stdout() -> Self {
        Self::new(Path::new("-"), Sink::Stdout)
    }

    /// Makes a file. One that exists is replaced if `is_forced`; a device or a pipe of that name is written to.
    ///
    /// The file has its name from the start, so that what was captured is there however the program ends.
    pub(super) fn create(path: &Path, is_forced: bool) -> Result<Self, Error> {
        let existing = path.metadata().ok();
        if let Some(special) = existing.filter(|existing| !existing.is_file()) {
            if special.is_dir() {
                return Err(Error::not_usable(path, "this is a folder", "give the name of a file in it"));
            }
            let file = OpenOptions::new().write(true).open(path).map_err(|error| not_created(path, error))?;
            return Ok(Self::new(path, Sink::File(file, false)));
        }
        let create = || OpenOptions::new().write(true).create_new(true).open(path);
        let file = match create() {
            // It is removed, not emptied, so that programs that have it open, and its other names, keep the old file.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_forced => {
                std::fs::remove_file(path).and_then(|()| create())
            }
            other => other,
        };
        let file = file.map_err(|error| not_created(path, error))?;
        Ok(Self::new(path, Sink::File(file, true)))
    }

    fn new(path: &Path, sink: Sink) -> Self {
        Self { path: path.to_owned(), sink, blocks: Blocks::default(), written_bytes: 0, written_packets: 0 }
    }

    /// Length of the file with what waits, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.written_bytes + self.blocks.bytes().len() as u64
    }

    /// Packets that are in the file.
    pub(super) fn written_packets(&self) -> u64 {
        self.written_packets
    }

    /// Writes what waits if it is much.
    pub(super) fn relieve(&mut self) -> Result<(), Error> {
        if self.blocks.bytes().len() >= BUFFER_BYTES_MAX { self.flush() } else { Ok(()) }
    }

    /// Writes what waits. If that fails, the file is cut back to the last whole block, and `written_packets` are in it.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        if self.blocks.bytes().is_empty() && matches!(self.sink, Sink::Stdout) && is_reader_gone() {
            return Err(Error::io(&self.path, ErrorKind::BrokenPipe.into()));
        }
        let (done, outcome) = write(&mut self.sink, self.blocks.bytes());
        let whole = Whole::of(self.blocks.bytes().get(..done).unwrap_or_default());
        self.written_bytes += whole.bytes as u64;
        self.written_packets += whole.packets;
        self.blocks.clear();
        outcome.map_err(|source| {
            if let Sink::File(file, true) = &self.sink {
                // If this fails too, the file ends in the middle of a packet, which readers report.
                let mut file = file;
                let _ = file.set_len(self.written_bytes).and_then(|()| file.seek(SeekFrom::Start(self.written_bytes)));
            }
            Error::io(&self.path, source)
        })
    }

    /// Writes what waits; no more follows.
    pub(super) fn finish(&mut self) -> Result<Unsynced, Error> {
        self.flush()?;
        let file = match std::mem::replace(&mut self.sink, Sink::Complete) {
            Sink::File(file, true) => Some(file),
            _ => None,
        };
        Ok(Unsynced(self.path.clone(), file))
    }
}

impl Unsynced {
    /// Waits until the file is on the disk. Some systems report a full disk only then.
    pub(super) fn sync(self) -> Result<(), Error> {
        let Self(path, Some(file)) = self else { return Ok(()) };
        file.sync_all().map_err(|source| Error::io(path, source))
    }
}

/// Writes bytes; how many were written, and what stopped it.
fn write(sink: &mut Sink, mut bytes: &[u8]) -> (usize, io::Result<()>) {
    let length = bytes.len();
    let outcome = loop {
        if bytes.is_empty() {
            break match sink {
                Sink::Stdout => io::stdout().flush(),
                Sink::File(..) | Sink::Complete => Ok(()),
            };
        }
        let written = match sink {
            Sink::Stdout => io::stdout().write(bytes),
            Sink::File(file, _) => file.write(bytes),
            Sink::Complete => Err(io::Error::other("the file is complete already")),
        };
        match written {
            Ok(0) => break Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    (length - bytes.len(), outcome)
}

/// Whether the reader of stdout has gone. With an idle interface nothing is written that would fail.
#[cfg(target_os = "linux")]
fn is_reader_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let out = io::stdout();
    let mut asked = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut asked, Some(&at_once)).is_ok() && asked.iter().any(|asked| asked.revents().contains(PollFlags::ERR))
}

/// On other systems, writing the next packet fails.
#[cfg(not(target_os = "linux"))]
fn is_reader_gone() -> bool {
    false
}

fn not_created(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::AlreadyExists => {
            Error::not_usable(path, "there is a file of this name", "give another name, or replace it with --force")
        }
        ErrorKind::NotFound => {
            Error::not_usable(path, "there is no such folder", "make it first, or give a file in one that exists")
        }
        _ => Error::not_usable(path, error.to_string(), "give a file in a folder that you may write to"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::pcapng::Packet;

    #[test]
    fn an_existing_file_is_kept_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a.pcapng"), folder.path().join("b.pcapng"));
        std::fs::write(&path, "precious").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        let refused = CaptureFile::create(&path, false).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("--force"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        let mut file = CaptureFile::create(&path, true).unwrap();
        file.blocks.packet(&Packet { bytes: &[1], wire_length: 1, ..Packet::default() });
        assert_eq!(file.written_packets(), 0);
        file.finish().unwrap().sync().unwrap();
        assert_eq!((file.written_packets(), std::fs::metadata(&path).unwrap().len()), (1, file.length()));
        assert_eq!(std::fs::read(&other).unwrap(), b"precious", "under its other name");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_device_is_an_error() {
        let mut file = CaptureFile::create(Path::new("/dev/full"), false).unwrap();
        file.blocks.packet(&Packet { bytes: &[1], wire_length: 1, ..Packet::default() });
        assert!(matches!(file.flush(), Err(Error::Io { .. })));
        assert_eq!(file.written_packets(), 0);
    }

    #[test]
    fn folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(CaptureFile::create(folder.path(), true).is_err());
        assert!(CaptureFile::create(&folder.path().join("none/a.pcapng"), true).is_err());
    }
}
