//! Mappings of parts of files on Linux.

use crate::torn::Watch;
use memmap2::{Advice, Mmap, MmapOptions};
use std::fs::File;
use std::ops::Deref;

/// Mappings begin at multiples of this in their file: the file's cache may hold pages of this size, each of which is mapped at
/// once where the addresses match.
const ALIGNMENT: u64 = 2 << 20;

/// A part of a file.
#[derive(Debug)]
pub struct Mapped {
    // Before the mapping goes, nobody is to watch over its addresses.
    watch: Watch,
    map: Mmap,
    /// Where in the mapping it begins.
    start: usize,
}

impl Mapped {
    /// Maps `length` bytes of a file from `offset` on, all of which the system has read by then. `None` where that is not
    /// possible: the file ends before, its storage fails, the system is older than Linux 5.14. Then read the file: that works, or
    /// tells what is wrong.
    ///
    /// Should the file be cut short later, the bytes that it lost are zeros, and [`Self::is_torn`] says so. For that the program's
    /// handler of SIGBUS is taken over; a signal that has to do with no mapping of these is left to the handler before.
    pub fn of(file: &File, offset: u64, length: usize) -> Option<Self> {
        let before = offset % ALIGNMENT;
        let start = usize::try_from(before).ok()?;
        let mut options = MmapOptions::new();
        options.offset(offset - before).len(start.checked_add(length)?);
        // SAFETY: the mapping is only read. `map` asks that nobody changes the file meanwhile, which nobody can promise. A file that
        // is overwritten while it is read gives a mixture, as it would if it was copied; what is taken from it is data that may be
        // anything, and each length in it is held against what there is. A file that is cut short is seen to by the watch.
        let map = unsafe { options.map(file) }.ok()?;
        map.advise_range(Advice::PopulateRead, start, length).ok()?;
        let watch = Watch::over(&map)?;
        Some(Self { watch, map, start })
    }

    /// Whether the file lost some of these bytes after they were mapped, so that they were read as zeros.
    pub fn is_torn(&self) -> bool {
        self.watch.is_torn()
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torn::MOST;
    use std::io::Write;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// There are only so many mappings for all tests.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("written");
        file
    }

    #[test]
    fn holds_what_the_file_holds() {
        let _alone = alone();
        let bytes: Vec<u8> = (0..5_u32 << 20).map(|at| (at % 251) as u8).collect();
        let file = file_of(&bytes);
        for (offset, length) in [(0, bytes.len()), (1, 10), (4_095, 4_098), (2 << 20, 1), ((2 << 20) - 1, 3 << 20)] {
            let mapped = Mapped::of(&file, offset as u64, length).expect("mapped");
            assert_eq!(*mapped, bytes[offset..offset + length], "{offset}");
            assert!(!mapped.is_torn());
        }
    }

    #[test]
    fn more_than_there_is_cannot_be_mapped() {
        let _alone = alone();
        let file = file_of(&[1; 10_000]);
        assert!(Mapped::of(&file, 0, 20_000).is_none(), "past the last page");
        assert!(Mapped::of(&file, 1 << 30, 10).is_none());
        assert!(Mapped::of(&file, u64::MAX, 10).is_none());
        assert!(Mapped::of(&file, 0, usize::MAX).is_none());
        let directory = tempfile::tempdir().expect("a directory");
        assert!(Mapped::of(&File::open(directory.path()).expect("opened"), 0, 10).is_none());
    }

    #[test]
    fn what_the_file_lost_is_zeros() {
        let _alone = alone();
        let file = file_of(&[7; 3 << 20]);
        let [torn, whole] = [1 << 20, 0].map(|offset| Mapped::of(&file, offset, 1 << 20).expect("mapped"));
        file.set_len(1 << 20).expect("cut short");
        assert_eq!((torn[0], torn[(1 << 20) - 1], torn.is_torn()), (0, 0, true));
        assert_eq!((whole[0], whole[(1 << 20) - 1], whole.is_torn()), (7, 7, false));
        drop(torn);
        assert_eq!(Mapped::of(&file, 0, 1 << 20).map(|again| (again[0], again.is_torn())), Some((7, false)));
    }

    #[test]
    fn where_too_many_are_mapped_the_rest_is_not() {
        let _alone = alone();
        let file = file_of(&[7; 4096]);
        let all: Vec<Mapped> = (0..2 * MOST).map_while(|_| Mapped::of(&file, 0, 4096)).collect();
        assert_eq!(all.len(), MOST);
        drop(all);
        assert!(Mapped::of(&file, 0, 4096).is_some());
    }
}
