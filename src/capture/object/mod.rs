//! A capture in object storage, read by ranges: each request asks for one piece, on condition that the object is the one that was
//! opened.

mod list;
mod store;

pub(super) use list::list;

use super::url::Location;
use crate::error::Error;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Answer, Store};

/// Bytes of a request: a round trip takes about as long as this many bytes.
const BLOCK_BYTES: u64 = 2 << 20;
/// Bytes of the request that tells what an object is: a prefix may have many that are no captures.
pub(super) const START_BYTES: u64 = 64 << 10;
/// Most pieces of an object that are kept: what the threads of a large machine read at one time, 64 MiB.
const MAX_BLOCKS: usize = 32;

/// An object as it was when it was opened.
#[derive(Clone, Debug)]
pub(super) struct Object {
    store: Arc<Store>,
    key: Arc<str>,
    /// Its version, as the store calls it. Not all stores do.
    etag: Option<Arc<str>>,
    pub(super) size: u64,
    /// When it was last changed, in ns since 1970 UTC, of which stores give whole seconds.
    pub(super) modified_ns: i64,
}

/// Reads an object at any position, by many threads at once.
#[derive(Debug)]
pub(super) struct Reader {
    object: Object,
    block_bytes: u64,
    /// The pieces that were read last, the latest at the end.
    blocks: Mutex<Vec<(u64, Arc<Block>)>>,
}

/// A piece. Whoever asks for it while it is being fetched waits for that, instead of fetching it again.
type Block = Mutex<Option<Vec<u8>>>;

impl Object {
    /// Asks the store for the first bytes of an object, and so for what it is; none where the path is one of a file.
    ///
    /// # Errors
    /// If there is none, if it may not be read, or if the store does not answer. The message holds no credentials.
    pub(super) fn open(url: &Path, start_bytes: u64) -> Result<Option<(Self, Vec<u8>)>, Error> {
        let Some(location) = Location::of(url)? else { return Ok(None) };
        let store = Store::of_environment(location.bucket).map_err(|failure| failure.at(url))?;
        let answer = store.get(location.key, 0..start_bytes, None).map_err(|failure| failure.at(url))?;
        let Answer { bytes, size, etag, modified_ns } = answer;
        let object = Self {
            store: Arc::new(store),
            key: location.key.into(),
            etag: etag.map(Arc::from),
            size,
            modified_ns: modified_ns.unwrap_or_default(),
        };
        Ok(Some((object, bytes)))
    }

    /// Reads it in large pieces.
    pub(super) fn reader(&self) -> Reader {
        Reader { object: self.clone(), block_bytes: BLOCK_BYTES, blocks: Mutex::default() }
    }

    /// Reads its start, of which the first bytes are here.
    pub(super) fn start_reader(&self, first: Vec<u8>) -> Reader {
        let block_bytes = START_BYTES;
        let is_block = first.len() as u64 == block_bytes.min(self.size);
        let blocks = if is_block { vec![(0, Arc::new(Mutex::new(Some(first))))] } else { Vec::new() };
        Reader { object: self.clone(), block_bytes, blocks: Mutex::new(blocks) }
    }

    /// Fetches a range that lies within the object.
    fn fetch(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let answer = self.store.get(&self.key, range, self.etag.as_deref()).map_err(io::Error::other)?;
        let is_other = |etag: &str| self.etag.as_deref().is_some_and(|own| own != etag);
        // Not all stores look at the condition.
        if answer.size != self.size
            || answer.etag.as_deref().is_some_and(is_other)
            || answer.modified_ns.unwrap_or_default() != self.modified_ns
        {
            return Err(io::Error::other(store::CHANGED));
        }
        Ok(answer.bytes)
    }
}

impl Reader {
    /// Reads some bytes at an offset; 0 at the end.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.object.size || buffer.is_empty() {
            return Ok(0);
        }
        let index = offset / self.block_bytes;
        let from = index * self.block_bytes;
        let block = self.block(index);
        let mut bytes = block.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match &mut *bytes {
            Some(bytes) => bytes,
            empty => {
                let to = from.saturating_add(self.block_bytes).min(self.object.size);
                empty.insert(self.object.fetch(from..to)?)
            }
        };
        let start = usize::try_from(offset - from).ok();
        let mut rest = start.and_then(|start| bytes.get(start..)).unwrap_or_default();
        io::Read::read(&mut rest, buffer)
    }

    /// A piece, which may have to be fetched yet. It becomes the latest.
    fn block(&self, index: u64) -> Arc<Block> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = blocks.iter().position(|(other, _)| *other == index).map(|at| blocks.remove(at).1);
        if found.is_none() && blocks.len() >= MAX_BLOCKS {
            blocks.remove(0);
        }
        let block = found.unwrap_or_default();
        blocks.push((index, Arc::clone(&block)));
        block
    }
}
