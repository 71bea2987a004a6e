//! Where a result goes: standard output, a device or pipe, or a file that is replaced as a whole or not at all.
//!
//! A command that writes its results at the end makes all of its targets with [`super::outputs::open`], before it reads anything.
//! One that writes a file in its own way, such as a capture that grows, does this before it begins:
//!
//! ```text
//! let target = Target::new("-o", path, |_| false, args.force)?;   // where does it lead, and may it be written there?
//! target.may_replace()?;                                          // may what is there be replaced?
//! match target.file() { … }                                       // none for stdout, devices and pipes
//! ```
//!
//! `is_own` tells by a file's first bytes whether it is an earlier output of the same kind, which is replaced without `--force`;
//! `|_| false` knows none. An empty file may always be replaced.

use super::identity::Identity;
use super::stdout;
use crate::capture;
use crate::error::Error;
use crate::output::HEAD_BYTES;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How the name of a file begins that is not finished. One may stay behind where the program is killed while it writes.
const UNFINISHED: &str = ".whither-";
/// Most symbolic links followed to a file that is not there yet: as many as Linux follows.
const MAX_LINKS: usize = 40;

/// Where one result goes.
#[derive(Debug)]
pub(super) struct Target {
    /// The option that asked for it, for messages: `--json`.
    pub(super) option: String,
    /// As the user gave it.
    pub(super) given: PathBuf,
    kind: Kind,
    is_own: fn(&[u8]) -> bool,
    is_forced: bool,
}

/// What a path leads to.
#[derive(Debug)]
enum Kind {
    Stdout,
    /// What cannot be replaced, such as a device or a pipe: it is written to as it is.
    Through,
    /// The file at the end of all links, and the folder that it is in.
    File {
        path: PathBuf,
        folder: PathBuf,
    },
}

impl Target {
    /// Finds out where a path leads, and refuses what cannot be written. Nothing is changed.
    pub(super) fn new(
        option: impl Into<String>,
        given: &Path,
        is_own: fn(&[u8]) -> bool,
        is_forced: bool,
    ) -> Result<Self, Error> {
        let kind = Kind::find(given)?;
        Ok(Self { option: option.into(), given: given.to_owned(), kind, is_own, is_forced })
    }

    /// Whether it is standard output.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self.kind, Kind::Stdout)
    }

    /// The regular file that is written, with all links followed; none where it is something else.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.kind {
            Kind::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether two targets are the same file or pipe, be it there already or not.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        // These systems do not tell names apart by case.
        let fold = |path: &Path| match cfg!(any(windows, target_vendor = "apple")) {
            true => PathBuf::from(path.to_string_lossy().to_lowercase()),
            false => path.to_owned(),
        };
        let is_same_path = match (self.file(), other.file()) {
            (Some(this), Some(other)) => fold(this) == fold(other),
            _ => self.is_stdout() && other.is_stdout(),
        };
        is_same_path || self.identity().is_some_and(|identity| Some(identity) == other.identity())
    }

    /// Of what is there now.
    pub(super) fn identity(&self) -> Option<Identity> {
        match &self.kind {
            Kind::Stdout => Identity::of_stdout(),
            _ => Identity::of_path(&self.given),
        }
    }

    /// Refuses to replace a file that is not recognised, unless forced.
    pub(super) fn may_replace(&self) -> Result<(), Error> {
        let Some(path) = self.file() else { return Ok(()) };
        if self.is_forced || path.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            return Ok(());
        }
        let refuse = |what: &str| {
            let hint = format!("give {} another name, or --force to replace the file", self.option);
            Err(Error::not_usable(&self.given, what, hint))
        };
        match head(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(_) => refuse("this file exists and cannot be read to see what it is"),
            Ok(head) if (self.is_own)(&head) => Ok(()),
            Ok(_) if capture::is_capture(path) => refuse("this file exists and is a capture"),
            Ok(_) => refuse("this file exists and is not an earlier output of this kind"),
        }
    }

    /// Writes the result for a file beside it; it takes the file's place with [`Staged::commit`]. None where the target is no
    /// file.
    pub(super) fn stage(
        &self,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Option<Staged<'_>>, Error> {
        let Kind::File { path, folder } = &self.kind else { return Ok(None) };
        let failed = |error| self.could_not_write(error);
        let temporary = unfinished().tempfile_in(folder).map_err(failed)?;
        let mut out = BufWriter::new(temporary);
        fill(&mut out).and_then(|()| out.flush()).map_err(failed)?;
        let temporary = out.into_inner().map_err(|error| failed(error.into_error()))?;
        if let Ok(old) = path.metadata() {
            keep_attributes(temporary.as_file(), &old).map_err(failed)?;
        }
        // Otherwise a machine that stops soon after could be left with the new name and no content.
        temporary.as_file().sync_all().map_err(failed)?;
        Ok(Some(Staged { target: self, temporary, path }))
    }

    /// Writes the result where it is no file.
    pub(super) fn write_through(&self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        match &self.kind {
            Kind::File { .. } => Ok(()),
            Kind::Stdout => stdout::write_with(fill),
            Kind::Through => {
                let failed = |error| self.could_not_write(error);
                let mut out = BufWriter::new(OpenOptions::new().write(true).open(&self.given).map_err(failed)?);
                fill(&mut out).and_then(|()| out.flush()).map_err(failed)
            }
        }
    }

    fn could_not_write(&self, error: io::Error) -> Error {
        match error.kind() {
            // Said as it is: it ends the program without a word.
            ErrorKind::BrokenPipe => Error::io(&self.given, error),
            _ if self.file().is_some_and(Path::exists) => {
                let hint = "the file that was there is still there, unchanged";
                Error::not_usable(&self.given, format!("could not be written: {error}"), hint)
            }
            _ => Error::io(&self.given, error),
        }
    }
}

/// A result that is written, but not yet in its place. It goes with this value.
pub(super) struct Staged<'a> {
    target: &'a Target,
    temporary: NamedTempFile,
    path: &'a Path,
}

impl Staged<'_> {
    /// Puts the result in its place. What is there is looked at again: reading may have taken hours.
    pub(super) fn commit(self) -> Result<(), Error> {
        self.target.may_replace()?;
        self.temporary.persist(self.path).map(drop).map_err(|error| self.target.could_not_write(error.error))
    }
}

impl Kind {
    fn find(given: &Path) -> Result<Self, Error> {
        if given.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let path = match given.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                return Err(Error::not_usable(given, "this is a folder", "give the name of a file in it"));
            }
            Ok(metadata) if metadata.is_file() => {
                // Renaming asks for no right to the file, only for one to the folder.
                OpenOptions::new().write(true).open(given).map_err(|error| not_writable(given, error))?;
                given.canonicalize().map_err(|error| not_writable(given, error))?
            }
            Ok(_) => return Ok(Self::Through),
            Err(_) => followed(given)?,
        };
        if given.to_string_lossy().ends_with(std::path::is_separator) {
            return Err(no_folder(given));
        }
        let Some(name) = path.file_name() else {
            return Err(Error::not_usable(given, "this is no name of a file", "give one"));
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = folder.canonicalize().map_err(|error| not_writable(given, error))?;
        // Hours of reading must not end at a folder that may not be written to. This file has no name and is gone at once.
        tempfile::tempfile_in(&folder).map_err(|error| not_writable(given, error))?;
        Ok(Self::File { path: folder.join(name), folder })
    }
}

/// Where symbolic links lead that end at a file that is not there yet.
fn followed(given: &Path) -> Result<PathBuf, Error> {
    let mut path = given.to_owned();
    for _ in 0..MAX_LINKS {
        match path.read_link() {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(Error::not_usable(given, "its symbolic links lead nowhere", "give another name"))
}

/// The first bytes of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn no_folder(path: &Path) -> Error {
    Error::not_usable(path, "there is no such folder", "make it first, or give a file in one that exists")
}

fn not_writable(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => no_folder(path),
        ErrorKind::PermissionDenied => Error::not_usable(
            path,
            "it may not be written by this user",
            "give a file in a folder that you may write to",
        ),
        _ => Error::io(path, error),
    }
}

/// Files that are not finished: readable by others as far as the user's mask lets new files be, since they keep that when they
/// are.
fn unfinished() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED).suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// Gives a new file the permissions of the one that it replaces and, where this user may, its owner and group.
fn keep_attributes(new: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let made = new.metadata()?;
        if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
            // Only the superuser may give files away; whoever may write beside a file of another's owns what is new there.
            let _ = fchown(new, Some(old.uid()), Some(old.gid()));
        }
    }
    new.set_permissions(old.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(path: &Path, is_forced: bool) -> Result<Target, Error> {
        let target = Target::new("--json", path, |head| head.starts_with(b"own"), is_forced)?;
        target.may_replace().map(|()| target)
    }

    fn replace(path: &Path, text: &str) -> Result<(), Error> {
        let target = new(path, false)?;
        target.stage(|out| out.write_all(text.as_bytes()))?.map_or(Ok(()), Staged::commit)
    }

    fn count(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        replace(&path, "own 1").unwrap();
        replace(&path, "own 2").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "own 2");
        let target = new(&path, false).unwrap();
        let failed = target.stage(|out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        let error = failed.map(|_| ()).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "x: could not be written: no storage space; the file that was there is still there, unchanged"
            ),
            "{error}"
        );
        drop(target.stage(|out| out.write_all(b"never in place")).unwrap());
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), count(folder.path())), ("own 2", 1));
    }

    #[test]
    fn only_own_and_empty_files_are_replaced_without_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "").unwrap();
        let target = new(&path, false).unwrap();
        let staged = target.stage(|out| out.write_all(b"own")).unwrap().unwrap();
        // What somebody else wrote meanwhile is not replaced either.
        std::fs::write(&path, "foreign").unwrap();
        assert!(staged.commit().unwrap_err().to_string().contains("not an earlier output of this kind"));
        let error = new(&path, false).unwrap_err().to_string();
        assert!(error.ends_with("give --json another name, or --force to replace the file"), "{error}");
        assert!(new(&path, true).is_ok());
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), count(folder.path())), ("foreign", 1));
    }

    #[test]
    fn what_can_be_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str| new(&folder.path().join(name), true).unwrap_err().to_string();
        assert!(refused("").contains("this is a folder; give the name of a file in it"));
        assert!(refused("no/x").contains("there is no such folder; make it first"));
        assert!(refused("x/").contains("there is no such folder"));
        assert!(new(Path::new("-"), false).unwrap().is_stdout());
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_permissions_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink("real", path("link")).unwrap();
        symlink("link", path("other")).unwrap();
        symlink("round", path("round")).unwrap();
        replace(&path("link"), "own 1").unwrap();
        std::fs::set_permissions(path("real"), PermissionsExt::from_mode(0o640)).unwrap();
        replace(&path("other"), "own 2").unwrap();
        assert_eq!(std::fs::read_to_string(path("real")).unwrap(), "own 2");
        assert!(path("link").is_symlink() && path("other").is_symlink());
        assert_eq!(path("real").metadata().unwrap().permissions().mode() & 0o7777, 0o640);
        assert!(replace(&path("round"), "").unwrap_err().to_string().contains("links lead nowhere"));
        let [link, real] = ["link", "real"].map(|name| new(&path(name), false).unwrap());
        assert!(link.is_same(&real));
        let null = new(Path::new("/dev/null"), false).unwrap();
        assert!(null.file().is_none() && !null.is_same(&new(Path::new("/dev/null"), false).unwrap()));
        null.write_through(|out| out.write_all(b"x")).unwrap();
    }
}
