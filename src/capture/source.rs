//! A capture that is ready to be read: a file, an object in a store, standard input, a pipe, or bytes in memory.

use super::format::compression::{Compression, DecoderWindow};
use super::format::start::{self, Start};
use super::input::{Input, Sequential};
#[cfg(feature = "object-storage")]
use super::object::{Object, START_BYTES};
use super::stamp::{self, Stamp};
use crate::error::Error;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much of two captures is compared if the times of their first packets and their sizes are equal. If so much is equal, their
/// names decide.
const COMPARED: u64 = 16 << 20;

/// The name of a capture that is read from standard input.
pub const STANDARD_INPUT: &str = "standard input";

/// The name of the sample that is in the program.
pub const BUILT_IN: &str = "built-in sample";

/// A capture whose format is known, ready to be read.
pub struct Source {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) compression: Compression,
    pub(super) start: Start,
    /// Size of the file; unknown for a pipe.
    pub(super) size: Option<u64>,
    /// Whether it may be read together with others.
    pub(super) may_share: bool,
    /// Whether its reader may pause, see [`Source::paced`].
    pub(super) is_paced: bool,
    /// Digest of its first packets.
    pub(super) first: [u8; 32],
}

/// Why a file was not opened.
pub(super) struct Refusal {
    pub(super) error: Error,
    /// Whether packets may be missing from the result without it: it could not be read, or starts as captures do.
    pub(super) may_be_capture: bool,
}

impl Refusal {
    fn missing(error: Error) -> Self {
        Self { error, may_be_capture: true }
    }
}

/// Where a capture's bytes come from.
pub(super) enum Origin {
    /// A regular file, opened again to be read: there may be more captures than file handles.
    Path(PathBuf),
    /// A regular file that is open already: standard input.
    Held(Arc<Input>),
    /// An object in a store.
    #[cfg(feature = "object-storage")]
    Object(Box<Object>),
    /// Bytes in memory.
    Memory(Arc<[u8]>),
    /// A stream that can be read only once, decompressed.
    Pipe(Rejoined),
}

/// A stream with the part that was read ahead put back.
pub(super) struct Rejoined {
    head: Vec<u8>,
    position: usize,
    rest: Box<dyn Read + Send>,
}

impl Read for Rejoined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.get(self.position..).filter(|head| !head.is_empty()) {
            Some(mut head) => {
                let read = head.read(buffer)?;
                self.position += read;
                Ok(read)
            }
            None => self.rest.read(buffer),
        }
    }
}

impl Rejoined {
    /// Reads as much of the stream as tells what it is.
    fn peek(mut rest: Box<dyn Read + Send>, bytes: usize) -> io::Result<Self> {
        let mut head = Vec::new();
        rest.by_ref().take(bytes as u64).read_to_end(&mut head)?;
        Ok(Self { head, position: 0, rest })
    }
}

impl Source {
    /// Opens a capture by path; `-` is standard input.
    pub fn path(path: &Path) -> Result<Self, Error> {
        Self::found(path).map_err(|refusal| refusal.error)
    }

    /// The same, with an error that tells whether a file that is refused may be a capture.
    pub(super) fn found(path: &Path) -> Result<Self, Refusal> {
        if path.as_os_str() == "-" {
            return Self::stdin(path);
        }
        #[cfg(feature = "object-storage")]
        if let Some((object, first)) = Object::open(path, START_BYTES).map_err(Refusal::missing)? {
            return Self::object(path, object, first);
        }
        #[cfg(not(feature = "object-storage"))]
        super::url::refuse(path).map_err(Refusal::missing)?;
        let file = File::open(path).map_err(|error| Refusal::missing(could_not_open(path, error)))?;
        let metadata = file.metadata().map_err(|error| Refusal::missing(Error::io(path, error)))?;
        let name = path.display().to_string();
        if metadata.is_dir() {
            return Err(Refusal::missing(Error::not_usable(path, "this is a folder", "give the captures in it")));
        }
        if !metadata.is_file() {
            widen(&file);
            return Self::piped(path, name, Box::new(file));
        }
        let (compression, start, first) = sniffed(path, Box::new(file))?;
        let (origin, size) = (Origin::Path(path.to_owned()), Some(metadata.len()));
        Ok(Self { name, origin, compression, start, size, may_share: true, is_paced: false, first })
    }

    /// An object, of which the first bytes are here.
    #[cfg(feature = "object-storage")]
    fn object(url: &Path, object: Object, first: Vec<u8>) -> Result<Self, Refusal> {
        let input = Arc::new(Input::Object(object.start_reader(first)));
        let (compression, start, first) = sniffed(url, Box::new(Sequential { input, offset: 0 }))?;
        let (name, size) = (url.display().to_string(), Some(object.size));
        let origin = Origin::Object(Box::new(object));
        Ok(Self { name, origin, compression, start, size, may_share: true, is_paced: false, first })
    }

    /// Standard input. If it is a regular file of which nothing was read, it is read as a file.
    fn stdin(path: &Path) -> Result<Self, Refusal> {
        let name = STANDARD_INPUT.to_owned();
        let Ok(mut file) = stdin_file() else { return Self::piped(path, name, Box::new(io::stdin())) };
        let metadata = file.metadata().map_err(|error| Refusal::missing(Error::io(path, error)))?;
        if !metadata.is_file() || file.stream_position().unwrap_or(1) != 0 {
            widen(&file);
            return Self::piped(path, name, Box::new(file));
        }
        let file = Arc::new(Input::File(file));
        let (compression, start, first) = sniffed(path, Box::new(Sequential { input: Arc::clone(&file), offset: 0 }))?;
        let (origin, size) = (Origin::Held(file), Some(metadata.len()));
        Ok(Self { name, origin, compression, start, size, may_share: false, is_paced: false, first })
    }

    /// A capture in memory, under a name of the caller's.
    pub fn memory(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, Error> {
        let (name, bytes) = (name.into(), bytes.into());
        let reader = Sequential { input: Arc::new(Input::Bytes(Arc::clone(&bytes))), offset: 0 };
        let (compression, start, first) =
            sniffed(Path::new(&name), Box::new(reader)).map_err(|refusal| refusal.error)?;
        let size = Some(bytes.len() as u64);
        Ok(Self {
            name,
            origin: Origin::Memory(bytes),
            compression,
            start,
            size,
            may_share: true,
            is_paced: false,
            first,
        })
    }

    /// A capture that can be read only once, such as a pipe; `path` is what errors say.
    pub fn pipe(path: &Path, name: String, reader: Box<dyn Read + Send>) -> Result<Self, Error> {
        Self::piped(path, name, reader).map_err(|refusal| refusal.error)
    }

    fn piped(path: &Path, name: String, reader: Box<dyn Read + Send>) -> Result<Self, Refusal> {
        let Streamed { compression, start, stream } = streamed(path, reader)?;
        // For a pipe, only the first packet: how much else has arrived by now is a matter of chance.
        let first = Sha256::digest(stream.head.get(..start.first_end).unwrap_or(&stream.head)).into();
        Ok(Self {
            name,
            origin: Origin::Pipe(stream),
            compression,
            start,
            size: None,
            may_share: false,
            is_paced: false,
            first,
        })
    }

    /// Whether it can be read only once.
    pub fn is_pipe(&self) -> bool {
        matches!(self.origin, Origin::Pipe(_))
    }

    /// Reads a pipe, decompressed, through the reader that `pace` makes of it. When that reader fails with
    /// [`io::ErrorKind::WouldBlock`], what has come so far is joined, the piece that is joined says how the capture would end there,
    /// and reading goes on. What can be read as a file stays as it is.
    pub fn paced(self, pace: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>) -> Self {
        let Origin::Pipe(stream) = self.origin else { return self };
        let rest = pace(Box::new(stream));
        Self { origin: Origin::Pipe(Rejoined { head: Vec::new(), position: 0, rest }), is_paced: true, ..self }
    }

    /// Its bytes at any position, and how many there are, opened anew; none of a pipe.
    pub(super) fn input(&self) -> io::Result<Option<(Arc<Input>, u64)>> {
        let (input, size) = match &self.origin {
            Origin::Pipe(_) => return Ok(None),
            Origin::Held(input) => return Ok(Some((Arc::clone(input), self.size.unwrap_or_default()))),
            Origin::Memory(bytes) => (Input::Bytes(Arc::clone(bytes)), bytes.len() as u64),
            #[cfg(feature = "object-storage")]
            Origin::Object(object) => (Input::Object(object.reader()), object.size),
            Origin::Path(path) => {
                let file = File::open(path)?;
                let size = file.metadata()?.len();
                (Input::File(file), size)
            }
        };
        Ok(Some((Arc::new(input), size)))
    }

    /// SHA-256 of the file as it is, compressed or not; none for a pipe, which could not be read afterwards.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn sha256(&self) -> Result<Option<[u8; 32]>, Error> {
        let opened = self.input().map_err(|error| could_not_open(Path::new(&self.name), error))?;
        let Some((input, _)) = opened else { return Ok(None) };
        let mut reader = Sequential { input, offset: 0 };
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 256 << 10]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Some(hash.finalize().into())),
                Ok(read) => hash.update(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io(&self.name, error)),
            }
        }
    }

    /// Size and time of a capture that others can open by its name; none of another one.
    ///
    /// # Errors
    /// If nothing is said of it.
    pub(crate) fn stamp(&self) -> Result<Option<Stamp>, Error> {
        match &self.origin {
            // A name that is not UTF-8 is shown in another way than it is written.
            Origin::Path(path) if path.to_str() == Some(&self.name) => stamp::of_file(path).map(Some),
            #[cfg(feature = "object-storage")]
            Origin::Object(object) => Ok(Some(stamp::of_object(object))),
            _ => Ok(None),
        }
    }

    /// The capture as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format, for people: `pcapng (zstd)`.
    pub fn format(&self) -> String {
        match self.compression.name() {
            Some(compression) => format!("{} ({compression})", self.start.format()),
            None => self.start.format().to_owned(),
        }
    }

    /// Time of the first packet; none where there is no packet (or it lies beyond megabytes of other blocks).
    pub fn first_time_ns(&self) -> Option<i64> {
        self.start.first_ns
    }

    /// The lines on Encrypted Client Hello in the key logs that stand ahead of the first packet, as a key log.
    pub fn secrets(&self) -> &[u8] {
        &self.start.secrets.lines
    }

    /// How many blocks of secrets these lines stand in.
    pub fn secret_blocks(&self) -> u64 {
        self.start.secrets.blocks
    }

    /// Digest of its first packets: as many as the first 4 KiB hold, of a pipe the first one. What is kept where memory is short
    /// is chosen by a key made of these.
    pub fn digest_of_first(&self) -> [u8; 32] {
        self.first
    }

    /// A digest by which captures are ordered that begin at the same time.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        match &self.origin {
            Origin::Memory(bytes) => hash.update(bytes),
            Origin::Pipe(stream) => hash.update(&stream.head),
            _ => {
                // A file that cannot be read any more says so when its turn comes.
                if let Ok(Some((input, _))) = self.input() {
                    digest(&mut hash, Sequential { input, offset: 0 });
                }
            }
        }
        hash.finalize().into()
    }
}

fn digest(hash: &mut Sha256, reader: impl Read) {
    let mut buffer = vec![0; 64 << 10];
    let mut reader = reader.take(COMPARED);
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        hash.update(buffer.get(..read).unwrap_or_default());
    }
}

/// Makes a pipe hold more than the 64 KiB that it has by default, so that the system switches less often between the two programs.
#[cfg(target_os = "linux")]
fn widen(pipe: &File) {
    /// The largest size that the system allows every user (`/proc/sys/fs/pipe-max-size`).
    const PIPE_BYTES: usize = 1 << 20;
    // If this is not a pipe, or may not grow, it stays as it is.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn widen(_: &File) {}

/// Standard input without the lock and the buffer of the standard library.
#[cfg(unix)]
fn stdin_file() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn stdin_file() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

pub(super) struct Streamed {
    pub(super) compression: Compression,
    pub(super) start: Start,
    pub(super) stream: Rejoined,
}

pub(super) fn streamed(path: &Path, reader: Box<dyn Read + Send>) -> Result<Streamed, Refusal> {
    /// Longest magic number of a compression.
    const MAGIC: usize = 6;
    let raw = Rejoined::peek(reader, MAGIC).map_err(|error| Refusal::missing(Error::io(path, error)))?;
    let compression = Compression::sniff(&raw.head);
    let mut head = Vec::new();
    let begin = || {
        let mut stream = compression.decoder(Box::new(raw), DecoderWindow::default())?;
        let start = start::start(&mut stream, &mut head)?;
        Ok((stream, start))
    };
    let (stream, start) = begin().map_err(|error: io::Error| {
        Refusal::missing(match compression.name() {
            Some(name) => Error::not_usable(
                path,
                format!("its {name} data cannot be decompressed at offset 0: {error}"),
                compression.advice(&error.to_string()),
            ),
            None => Error::io(path, error),
        })
    })?;
    match start {
        Ok(start) => Ok(Streamed { compression, start, stream: Rejoined { head, position: 0, rest: stream } }),
        Err(unknown) => Err(Refusal {
            error: Error::not_usable(path, unknown.what, unknown.hint),
            may_be_capture: unknown.may_be_capture,
        }),
    }
}

/// The compression and start of a capture that can be read again, and the digest of its first packets.
fn sniffed(path: &Path, reader: Box<dyn Read + Send>) -> Result<(Compression, Start, [u8; 32]), Refusal> {
    /// Bytes of a few packets. They are enough for a key that cannot be guessed.
    const FIRST: usize = 4 << 10;
    let Streamed { compression, start, mut stream } = streamed(path, reader)?;
    let mut first = Vec::with_capacity(FIRST);
    // What cannot be read is reported when the capture is.
    let _ = stream.by_ref().take(start.first_end.max(FIRST) as u64).read_to_end(&mut first);
    Ok((compression, start, Sha256::digest(&first).into()))
}

fn could_not_open(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Error::not_usable(path, "it may not be read by this user", "check the permissions of the file")
        }
        _ => Error::opening(path, error, "check the path"),
    }
}
