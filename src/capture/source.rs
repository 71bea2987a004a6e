//! Finds and opens captures: files, directories, pipes and standard input, and puts them in order.

use super::compression::Compression;
use super::input::Input;
use super::sniff::{self, Start};
use crate::error::Error;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much of a capture is compared where first packet time and size are equal: beyond it two captures are as good as the
/// same, and their names decide.
const COMPARED: u64 = 16 << 20;
/// Most files taken from one directory, so that a mistyped `/` ends.
const MAX_FILES: usize = 100_000;

/// A capture whose format is known, ready to be read.
pub struct Source {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) compression: Compression,
    pub(super) start: Start,
    /// Size of the file; unknown for a pipe.
    pub(super) size: Option<u64>,
}

/// Where a capture's bytes come from.
pub(super) enum Place {
    /// A regular file, opened again to be read: there may be more captures than file handles.
    Path(PathBuf),
    /// Bytes in memory.
    Memory(Arc<[u8]>),
    /// What can be read once: the decompressed stream.
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
        if path.as_os_str() == "-" {
            return Self::pipe(path, "standard input".to_owned(), Box::new(io::stdin()));
        }
        let file = File::open(path).map_err(|error| could_not_open(path, error))?;
        let metadata = file.metadata().map_err(|error| Error::io(path, error))?;
        let name = path.display().to_string();
        if metadata.is_dir() {
            return Err(Error::not_usable(path, "this is a directory", "give the captures in it"));
        }
        if !metadata.is_file() {
            return Self::pipe(path, name, Box::new(file));
        }
        let (compression, start) = sniffed(path, Box::new(file))?;
        Ok(Self { name, place: Place::Path(path.to_owned()), compression, start, size: Some(metadata.len()) })
    }

    /// A capture in memory, under a name of the caller's.
    pub fn memory(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, Error> {
        let (name, bytes) = (name.into(), bytes.into());
        let reader = super::input::Sequential { input: Arc::new(Input::Bytes(Arc::clone(&bytes))), offset: 0 };
        let (compression, start) = sniffed(Path::new(&name), Box::new(reader))?;
        let size = Some(bytes.len() as u64);
        Ok(Self { name, place: Place::Memory(bytes), compression, start, size })
    }

    /// A capture that can be read only once, such as a pipe; `path` is what errors say.
    pub fn pipe(path: &Path, name: String, reader: Box<dyn Read + Send>) -> Result<Self, Error> {
        let Streamed { compression, start, stream } = streamed(path, reader)?;
        Ok(Self { name, place: Place::Pipe(stream), compression, start, size: None })
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

    /// What tells captures apart that begin at the same time.
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        match &self.place {
            Place::Memory(bytes) => hash.update(bytes),
            Place::Pipe(stream) => hash.update(&stream.head),
            Place::Path(path) => {
                // A file that cannot be read any more says so when its turn comes.
                if let Ok(file) = File::open(path) {
                    let mut buffer = vec![0; 64 << 10];
                    let mut file = file.take(COMPARED);
                    while let Ok(read @ 1..) = file.read(&mut buffer) {
                        hash.update(buffer.get(..read).unwrap_or_default());
                    }
                }
            }
        }
        hash.finalize().into()
    }
}

struct Streamed {
    compression: Compression,
    start: Start,
    stream: Rejoined,
}

fn streamed(path: &Path, reader: Box<dyn Read + Send>) -> Result<Streamed, Error> {
    /// Longest magic number of a compression.
    const MAGIC: usize = 6;
    let raw = Rejoined::peek(reader, MAGIC).map_err(|error| Error::io(path, error))?;
    let compression = Compression::sniff(&raw.head);
    let mut stream = compression.decoder(Box::new(raw)).map_err(|error| Error::io(path, error))?;
    let mut head = Vec::new();
    let start = sniff::start(&mut stream, &mut head).map_err(|error| match compression.name() {
        Some(name) => Error::not_usable(
            path,
            format!("its {name} data cannot be decompressed at offset 0: {error}"),
            "check that the file was copied whole",
        ),
        None => Error::io(path, error),
    })?;
    let start = start.map_err(|(what, hint)| Error::not_usable(path, what, hint))?;
    Ok(Streamed { compression, start, stream: Rejoined { head, position: 0, rest: stream } })
}

fn sniffed(path: &Path, reader: Box<dyn Read + Send>) -> Result<(Compression, Start), Error> {
    streamed(path, reader).map(|streamed| (streamed.compression, streamed.start))
}

fn could_not_open(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::not_usable(path, "there is no such file", "check the path"),
        io::ErrorKind::PermissionDenied => {
            Error::not_usable(path, "it may not be read by this user", "check the permissions of the file")
        }
        _ => Error::io(path, error),
    }
}

/// Captures in the order in which they are read.
pub struct Opened {
    /// The captures, by first packet time, then content, then name: their place is their ordinal.
    pub sources: Vec<Source>,
    /// Files in given directories that are no captures.
    pub skipped: u64,
}

/// Opens captures by path. A directory stands for the captures in it and in its subdirectories; `-` for standard input. A
/// file named twice is read once.
pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Opened, Error> {
    let mut seen = HashSet::new();
    let mut is_new = |path: &Path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let mut opened = Opened { sources: Vec::new(), skipped: 0 };
    for path in paths.iter().map(AsRef::as_ref) {
        if !path.is_dir() {
            if is_new(path) {
                opened.sources.push(Source::path(path)?);
            }
            continue;
        }
        let before = opened.sources.len();
        for file in files_in(path)? {
            match is_new(&file).then(|| Source::path(&file)) {
                Some(Ok(source)) => opened.sources.push(source),
                Some(Err(_)) => opened.skipped += 1,
                None => {}
            }
        }
        if opened.sources.len() == before {
            let hint = "give a directory with pcap or pcapng files, or the files themselves";
            return Err(Error::not_usable(path, "this directory holds no captures", hint));
        }
    }
    sort(&mut opened.sources);
    Ok(opened)
}

/// The regular files of a directory and of the directories in it, sorted.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut directories = vec![(directory.to_owned(), true)];
    while let Some((current, descends)) = directories.pop() {
        for entry in std::fs::read_dir(&current).map_err(|error| Error::io(&current, error))? {
            let path = entry.map_err(|error| Error::io(&current, error))?.path();
            if path.is_file() {
                files.push(path);
            } else if descends && path.is_dir() {
                directories.push((path, false));
            }
            if files.len() + directories.len() > MAX_FILES {
                let what = format!("this directory holds more than {MAX_FILES} files");
                return Err(Error::not_usable(directory, what, "give the directory of the captures"));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Sorts by first packet time, then by content, then by name; a capture without packets comes last.
fn sort(sources: &mut Vec<Source>) {
    let key = |source: &Source| (source.start.first_ns.unwrap_or(i64::MAX), source.size.unwrap_or(u64::MAX));
    sources.sort_by_key(key);
    let mut sorted = Vec::with_capacity(sources.len());
    for tied in sources.drain(..).fold(Vec::<Vec<Source>>::new(), |mut groups, source| {
        match groups.last_mut().filter(|group| group.first().is_some_and(|first| key(first) == key(&source))) {
            Some(group) => group.push(source),
            None => groups.push(vec![source]),
        }
        groups
    }) {
        let mut tied = tied;
        if tied.len() > 1 {
            tied.sort_by_cached_key(|source| (source.digest(), source.name.clone()));
        }
        sorted.append(&mut tied);
    }
    *sources = sorted;
}

#[cfg(test)]
mod tests {
    use super::super::testing::{pcap_of, read_all};
    use super::*;

    fn names(opened: &Opened) -> Vec<String> {
        opened.sources.iter().map(|source| source.name.rsplit('/').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn captures_are_ordered_by_time_then_content_whatever_they_are_called() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let late = pcap_of(&[vec![1; 4], vec![2; 4]]).split_off(44);
        let header = pcap_of(&[]);
        std::fs::write(path("a"), [header.clone(), late].concat()).unwrap();
        std::fs::write(path("b"), pcap_of(&[vec![1; 4]])).unwrap();
        std::fs::write(path("c"), pcap_of(&[vec![3; 3]])).unwrap();
        std::fs::write(path("d"), &header).unwrap();
        std::fs::write(path("notes.txt"), "no capture").unwrap();
        std::fs::create_dir(path("more")).unwrap();
        std::fs::write(path("more/e"), pcap_of(&[vec![4; 4]])).unwrap();
        let opened = open(&[directory.path().to_owned(), path("b")]).unwrap();
        assert_eq!(opened.skipped, 1);
        let order = names(&opened);
        assert_eq!((order.len(), &*order[0], &*order[3], &*order[4]), (5, "c", "a", "d"));
        let again = open(&["d", "c", "more/e", "b", "a"].map(path)).unwrap();
        assert_eq!(names(&again), order);
        let (seen, outcomes) = read_all(again.sources, None, 2);
        assert_eq!((seen.len(), outcomes.len()), (4, 5));
    }

    #[test]
    fn what_cannot_be_opened_says_why_and_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let error = |path: &Path| open(&[path]).map(|_| ()).unwrap_err().to_string();
        assert!(error(&path).ends_with("x: there is no such file; check the path"));
        let cases: [(&[u8], &str); 4] = [
            (b"", "the file is empty; check that the capture was finished and copied whole"),
            (b"{\"a\": 1}", "this is text at offset 0"),
            (&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], "the file ends inside its 24-byte header"),
            (&[0x1f, 0x8b, 8, 0], "its gzip data cannot be decompressed at offset 0"),
        ];
        for (bytes, what) in cases {
            std::fs::write(&path, bytes).unwrap();
            assert!(error(&path).contains(what), "{}", error(&path));
        }
        assert!(error(directory.path()).contains("this directory holds no captures"));
    }
}
