//! From the arguments of a command to the files that they stand for: files by name, folders to any depth, patterns. Nothing is
//! opened here.

use crate::error::Error;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Most files taken from one folder or pattern. With this limit a mistyped `/` comes to an end.
const MAX_FILES: usize = 100_000;
/// Most folders searched for files. A pattern may match few of many files.
const MAX_FOLDERS: usize = 1_000_000;

/// How patterns match: as in a shell.
const OPTIONS: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Where the files of an argument come from. This decides what happens to files that are not captures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The user named the file: it must be a capture.
    File,
    /// Found in a folder or by a pattern: some files may not be captures.
    Folder,
    Pattern,
}

/// The files of one argument.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) given: PathBuf,
    pub(super) kind: Kind,
    pub(super) files: Vec<PathBuf>,
    /// What is not a file: pipes, sockets, devices, and links whose target does not exist.
    pub(super) not_files: Vec<PathBuf>,
    /// Folders that could not be read, and files whose kind could not be found out.
    pub(super) unreadable: Vec<Error>,
    /// Whether another argument also stands for some of its files, which are counted there.
    pub(super) overlaps: bool,
}

/// The files that the arguments of a command stand for. None of them was opened yet.
#[derive(Debug)]
pub struct Found {
    pub(super) arguments: Vec<Argument>,
}

impl Found {
    /// The files that were named themselves; `-` is standard input.
    pub fn named(&self) -> impl Iterator<Item = &Path> {
        self.files(|kind| kind == Kind::File)
    }

    /// The files found in folders and by patterns. Some of them may be no captures.
    pub fn gathered(&self) -> impl Iterator<Item = &Path> {
        self.files(|kind| kind != Kind::File)
    }

    fn files(&self, is_wanted: impl Fn(Kind) -> bool) -> impl Iterator<Item = &Path> {
        let wanted = self.arguments.iter().filter(move |argument| is_wanted(argument.kind));
        wanted.flat_map(|argument| &argument.files).map(PathBuf::as_path)
    }
}

/// Finds the files that arguments stand for. A folder stands for the files in it, to any depth; a pattern (`*`, `?`, `[a-z]`,
/// `**`) for the files and folders that it matches, unless a file has that very name. A file that is found twice counts once.
pub fn find<P: AsRef<Path>>(paths: &[P]) -> Result<Found, Error> {
    let mut seen = HashSet::new();
    let mut arguments = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        let mut argument = Argument::find(path)?;
        for files in [&mut argument.files, &mut argument.not_files] {
            let count = files.len();
            files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
            argument.overlaps |= files.len() < count;
        }
        arguments.push(argument);
    }
    Ok(Found { arguments })
}

impl Argument {
    fn new(given: &Path, kind: Kind) -> Self {
        Self {
            given: given.to_owned(),
            kind,
            files: Vec::new(),
            not_files: Vec::new(),
            unreadable: Vec::new(),
            overlaps: false,
        }
    }

    /// The files that an argument stands for.
    fn find(given: &Path) -> Result<Self, Error> {
        let mut argument = if super::url::parts(given).is_some() {
            Self::of_url(given)?
        } else if given.is_dir() {
            // The folder that was named itself must be readable.
            std::fs::read_dir(given).map_err(|error| could_not_read(given, error))?;
            let mut argument = Self::new(given, Kind::Folder);
            argument.walk(given, |_| true)?;
            argument
        } else {
            let pattern = given.to_str().filter(|text| text.contains(['*', '?', '[']));
            match pattern.filter(|_| given.symlink_metadata().is_err()) {
                Some(pattern) => Self::matching(given, pattern)?,
                None => Self { files: vec![given.to_owned()], ..Self::new(given, Kind::File) },
            }
        };
        // The order in which a folder lists its files must not matter.
        for paths in [&mut argument.files, &mut argument.not_files] {
            paths.sort();
            paths.dedup();
        }
        match argument.is_empty() {
            true => Err(argument.holds_none(None)),
            false => Ok(argument),
        }
    }

    /// The object that a URL names, or all below a prefix. A key is no pattern.
    fn of_url(given: &Path) -> Result<Self, Error> {
        #[cfg(feature = "object-storage")]
        if let Some(listed) = super::object::list(given, MAX_FILES)? {
            let argument = Self { files: listed.objects, unreadable: listed.refused, ..Self::new(given, Kind::Folder) };
            argument.limit()?;
            return Ok(argument);
        }
        Ok(Self { files: vec![given.to_owned()], ..Self::new(given, Kind::File) })
    }

    /// The files that a pattern matches, and those in the folders that it matches.
    fn matching(given: &Path, pattern: &str) -> Result<Self, Error> {
        let no_pattern = |error: glob::PatternError| {
            Error::not_usable(given, format!("this is no pattern: {error}"), "check the brackets")
        };
        let mut argument = Self::new(given, Kind::Pattern);
        // Below `**` the crate would follow links in a loop. So the crate expands what comes before it, and our own walk does the rest.
        let (base, below) = pattern.split_at(start_of_any_depth(pattern));
        let below = (!below.is_empty()).then(|| glob::Pattern::new(below)).transpose().map_err(no_pattern)?;
        if base.is_empty() {
            argument.walk_matching(Path::new("."), below.as_ref())?;
            for path in argument.files.iter_mut().chain(&mut argument.not_files) {
                *path = path.strip_prefix(".").unwrap_or(path).to_owned();
            }
        } else {
            for entry in glob::glob_with(base, OPTIONS).map_err(no_pattern)? {
                match entry {
                    Ok(path) if path.is_dir() => argument.walk_matching(&path, below.as_ref())?,
                    Ok(path) if below.is_none() => argument.add(path),
                    Ok(_) => {}
                    Err(error) => {
                        argument.unreadable.push(could_not_read(error.path(), error.error().kind().into()));
                    }
                }
                argument.limit()?;
            }
        }
        if argument.is_empty() {
            let hint = "check the folder and the pattern; `*` stands for part of a name, `**` for folders";
            return Err(Error::not_usable(given, "no file matches this pattern", hint));
        }
        Ok(argument)
    }

    /// Adds the files below a folder that a pattern matches, or that are in a folder that it matches; all without a pattern.
    fn walk_matching(&mut self, top: &Path, pattern: Option<&glob::Pattern>) -> Result<(), Error> {
        self.walk(top, |path| {
            let mut below = path.strip_prefix(top).unwrap_or(path).ancestors();
            pattern.is_none_or(|pattern| {
                below.any(|path| !path.as_os_str().is_empty() && pattern.matches_path_with(path, OPTIONS))
            })
        })
    }

    /// Adds the wanted files below a folder, to any depth. Links to folders are followed, and no folder is read twice, so
    /// that loops of links come to an end.
    fn walk(&mut self, top: &Path, is_wanted: impl Fn(&Path) -> bool) -> Result<(), Error> {
        let mut seen = HashSet::new();
        // Links are followed last, so that a file has the same name whether or not a link leads to it.
        let (mut folders, mut links) = (vec![top.to_owned()], Vec::new());
        while let Some(folder) = folders.pop().or_else(|| links.pop()) {
            if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())) {
                continue;
            }
            if seen.len() > MAX_FOLDERS {
                let what = format!("there are more than {MAX_FOLDERS} folders below it");
                return Err(Error::not_usable(&self.given, what, "give those of the captures"));
            }
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable.push(could_not_read(&folder, error));
                    continue;
                }
            };
            for entry in entries {
                let path = match entry {
                    Ok(entry) => entry.path(),
                    // What comes after it cannot be known.
                    Err(error) => {
                        self.unreadable.push(could_not_read(&folder, error));
                        break;
                    }
                };
                match (path.is_dir(), path.is_symlink()) {
                    (true, false) => folders.push(path),
                    (true, true) => links.push(path),
                    (false, _) if is_wanted(&path) => self.add(path),
                    (false, _) => {}
                }
                self.limit()?;
                limit(&self.given, self.kind, folders.len() + links.len())?;
            }
            links.sort_by(|a, b| b.cmp(a));
        }
        Ok(())
    }

    /// Adds what is no folder.
    fn add(&mut self, path: PathBuf) {
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => self.files.push(path),
            Ok(_) => self.not_files.push(path),
            // A link that leads nowhere, or to itself.
            Err(error) if error.kind() == ErrorKind::NotFound || path.is_symlink() && !is_denied(&error) => {
                self.not_files.push(path);
            }
            Err(error) => self.unreadable.push(could_not_read(&path, error)),
        }
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.not_files.is_empty() && self.unreadable.is_empty()
    }

    fn limit(&self) -> Result<(), Error> {
        limit(&self.given, self.kind, self.files.len() + self.not_files.len() + self.unreadable.len())
    }

    /// The error if none of the files is a capture. `unreadable` is the first that may be one and could not be read.
    pub(super) fn holds_none(&self, unreadable: Option<&Error>) -> Error {
        let (what, hint) = match self.kind {
            Kind::Pattern => ("no file that this pattern matches is a capture", "give pcap or pcapng files"),
            _ => ("this folder holds no captures", "give a folder with pcap or pcapng files, or the files themselves"),
        };
        match unreadable {
            Some(first) => Error::not_usable(&self.given, format!("{what} that can be read"), first.to_string()),
            None => Error::not_usable(&self.given, what, hint),
        }
    }
}

/// Where the first `**` of a pattern begins; the pattern's end if it has none.
fn start_of_any_depth(pattern: &str) -> usize {
    let Some(at) = pattern.find("**") else { return pattern.len() };
    let before = pattern.get(..at).unwrap_or_default();
    before.rfind(std::path::is_separator).map_or(0, |separator| separator + 1)
}

fn limit(given: &Path, kind: Kind, count: usize) -> Result<(), Error> {
    let what = if kind == Kind::Pattern { "this pattern matches" } else { "this folder holds" };
    match count > MAX_FILES {
        true => {
            Err(Error::not_usable(given, format!("{what} more than {MAX_FILES} files"), "give those of the captures"))
        }
        false => Ok(()),
    }
}

fn is_denied(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

fn could_not_read(path: &Path, error: std::io::Error) -> Error {
    match is_denied(&error) {
        true => Error::not_usable(path, "it may not be read by this user", "check its permissions"),
        false => Error::io(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Found, top: &Path) -> Vec<String> {
        let name = |path: &Path| path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
        found.gathered().map(name).collect()
    }

    #[test]
    fn folders_are_read_to_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = folder.path().to_owned();
        for level in 0..40 {
            deep.push(level.to_string());
        }
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("x"), "").unwrap();
        std::fs::write(folder.path().join("y"), "").unwrap();
        let found = find(&[folder.path()]).unwrap();
        assert_eq!(found.gathered().collect::<Vec<_>>(), [deep.join("x"), folder.path().join("y")]);
        assert_eq!(found.named().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_end_and_files_keep_their_own_names() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("m/n")).unwrap();
        std::fs::write(path("m/n/x"), "").unwrap();
        symlink(path("m"), path("a")).unwrap();
        symlink("..", path("m/up")).unwrap();
        symlink(".", path("m/n/here")).unwrap();
        symlink("self", path("self")).unwrap();
        symlink("nowhere", path("lost")).unwrap();
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("y"), "").unwrap();
        symlink(other.path(), path("other")).unwrap();
        let found = find(&[folder.path()]).unwrap();
        assert_eq!(names(&found, folder.path()), ["m/n/x", "other/y"]);
        assert_eq!(found.arguments[0].not_files, ["lost", "self"].map(path));
        assert!(found.arguments[0].unreadable.is_empty());
        let matching = |pattern: &str| names(&find(&[path(pattern)]).unwrap(), folder.path());
        assert_eq!(matching("**/*"), ["m/n/x", "other/y"]);
        assert_eq!(matching("**"), ["m/n/x", "other/y"]);
        assert_eq!(matching("[m]/**/x"), ["m/n/x"]);
        assert_eq!(matching("**/n"), ["m/n/x"]);
        assert!(find(&[path("**/z")]).is_err());
    }
}
