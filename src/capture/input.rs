//! Bytes that can be read at any position: a regular file, a capture held in memory, or an object in a store.

#[cfg(feature = "object-storage")]
use super::object;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// A capture that can be read at any position, by many threads at once.
#[derive(Debug)]
pub(super) enum Input {
    File(File),
    Bytes(Arc<[u8]>),
    #[cfg(feature = "object-storage")]
    Object(object::Reader),
}

impl Input {
    /// Reads some bytes at an offset; 0 at the end.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            let result = match self {
                Self::File(file) => file_read_at(file, buffer, offset),
                Self::Bytes(bytes) => {
                    let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
                    (&rest[..]).read(buffer)
                }
                #[cfg(feature = "object-storage")]
                Self::Object(object) => object.read_at(buffer, offset),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Fills the buffer as far as there are bytes.
    pub(super) fn fill_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, offset + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

#[cfg(unix)]
fn file_read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn file_read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Reads an input from an offset on, one piece after another.
#[derive(Debug)]
pub(super) struct Sequential {
    pub(super) input: Arc<Input>,
    pub(super) offset: u64,
}

impl Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// An offset difference as a length in memory, at most all of it.
pub(crate) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
