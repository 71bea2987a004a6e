//! Whether two names stand for the same file: by device and inode on Unix, through all links; by the full path elsewhere.

use std::fs::Metadata;
use std::io;
use std::path::Path;

#[cfg(unix)]
type Key = (u64, u64);
#[cfg(not(unix))]
type Key = std::path::PathBuf;

/// What identifies a regular file or a pipe. Terminals and other devices have no identity: they may be read and written at the
/// same time, and by several programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    key: Key,
    is_file: bool,
}

impl Identity {
    /// Of the file that a path leads to; none where there is nothing yet.
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        path.metadata().ok().and_then(|metadata| Self::of(&metadata, path))
    }

    /// Of what standard input comes from.
    pub(super) fn of_stdin() -> Option<Self> {
        Self::of_stream(&io::stdin())
    }

    /// Of what standard output goes to.
    pub(super) fn of_stdout() -> Option<Self> {
        Self::of_stream(&io::stdout())
    }

    /// Whether it is a regular file's.
    pub(super) fn is_file(&self) -> bool {
        self.is_file
    }

    #[cfg(unix)]
    fn of_stream(stream: &impl std::os::fd::AsFd) -> Option<Self> {
        let file = std::fs::File::from(stream.as_fd().try_clone_to_owned().ok()?);
        file.metadata().ok().and_then(|metadata| Self::of(&metadata, Path::new("")))
    }

    #[cfg(not(unix))]
    fn of_stream<S>(_: &S) -> Option<Self> {
        None
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata, _: &Path) -> Option<Self> {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let kind = metadata.file_type();
        let key = (metadata.dev(), metadata.ino());
        (kind.is_file() || kind.is_fifo()).then(|| Self { key, is_file: kind.is_file() })
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata, path: &Path) -> Option<Self> {
        metadata.is_file().then(|| path.canonicalize().ok()).flatten().map(|key| Self { key, is_file: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_same_file_and_copies_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a"), "x").unwrap();
        std::fs::copy(path("a"), path("copy")).unwrap();
        let [a, copy] = ["a", "copy"].map(|name| Identity::of_path(&path(name)).unwrap());
        assert_ne!(a, copy);
        assert_eq!(Identity::of_path(&path("none")), None);
        assert_eq!(Identity::of_path(folder.path()), None);
        #[cfg(unix)]
        {
            std::fs::hard_link(path("a"), path("hard")).unwrap();
            std::os::unix::fs::symlink("hard", path("soft")).unwrap();
            assert!(["hard", "soft"].iter().all(|name| Identity::of_path(&path(name)).as_ref() == Some(&a)));
            assert_eq!(Identity::of_path(Path::new("/dev/null")), None);
        }
    }
}
