//! Where the bytes of a file of rows come from.

use bytes::Bytes;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// A file on disk, of which parts are read, or one in memory.
pub(super) enum Origin {
    /// A file, and its length in bytes when it was opened.
    File(File, u64),
    /// All its bytes.
    Memory(Bytes),
}

impl Origin {
    /// A file.
    ///
    /// # Errors
    /// If its length cannot be found.
    pub(super) fn file(file: File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self::File(file, length))
    }

    /// Its length in bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// So many bytes from an offset on. No memory is taken for bytes beyond its end.
    ///
    /// # Errors
    /// If they cannot be read, or are not all there.
    pub(super) fn read(&self, from: u64, length: u64) -> std::io::Result<Bytes> {
        let end = from.checked_add(length).filter(|end| *end <= self.length());
        let end = end.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        match self {
            Self::File(file, _) => {
                let mut file = file;
                file.seek(SeekFrom::Start(from))?;
                let mut bytes = Vec::new();
                let read = file.take(length).read_to_end(&mut bytes)?;
                if read as u64 == length { Ok(bytes.into()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
            }
            Self::Memory(bytes) => {
                let place = |offset: u64| usize::try_from(offset).map_err(|_| std::io::ErrorKind::UnexpectedEof);
                Ok(bytes.slice(place(from)?..place(end)?))
            }
        }
    }
}
