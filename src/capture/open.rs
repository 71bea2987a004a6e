//! From the arguments of a command to captures in the order in which they are read: files, folders, patterns and standard
//! input.

use super::source::Source;
use crate::error::Error;
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Most files taken from one directory or pattern, so that a mistyped `/` ends.
const MAX_FILES: usize = 100_000;

/// Captures in the order in which they are read.
pub struct Opened {
    /// The captures, by first packet time, then content, then name: their place is their ordinal.
    pub sources: Vec<Source>,
    /// Files in given directories, or under given patterns, that are no captures.
    pub skipped: u64,
    /// Why the first of them is none.
    pub first_skipped: Option<Error>,
}

/// Where the files of an argument come from, which decides what becomes of those that are no captures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Named itself: it must be a capture.
    File,
    /// Found in a directory, or by a pattern: others may lie beside the captures.
    Directory,
    Pattern,
}

/// The files of one argument.
struct Found<'a> {
    given: &'a Path,
    kind: Kind,
    files: Vec<PathBuf>,
}

/// Opens captures by path. A directory stands for the captures in it and in its subdirectories, a pattern (`*`, `?`,
/// `[a-z]`, `**`) for the files and directories that it matches unless a file has that very name; `-` for standard input.
/// A file named twice is read once.
pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Opened, Error> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        let mut found = find(path)?;
        if found.files.is_empty() {
            return Err(found.holds_none());
        }
        found.files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
        all.push(found);
    }
    // Many at once: what takes the time is waiting for the system.
    let files: Vec<&Path> = all.iter().flat_map(|found| &found.files).map(PathBuf::as_path).collect();
    let mut sources = files.into_par_iter().map(Source::path).collect::<Vec<_>>().into_iter();
    let mut opened = Opened { sources: Vec::new(), skipped: 0, first_skipped: None };
    for found in &all {
        let before = opened.sources.len();
        for source in sources.by_ref().take(found.files.len()) {
            match source {
                Ok(source) => opened.sources.push(source),
                Err(error) if found.kind == Kind::File => return Err(error),
                Err(error) => {
                    opened.skipped += 1;
                    opened.first_skipped.get_or_insert(error);
                }
            }
        }
        if opened.sources.len() == before && !found.files.is_empty() {
            return Err(found.holds_none());
        }
    }
    sort(&mut opened.sources);
    Ok(opened)
}

impl Found<'_> {
    fn holds_none(&self) -> Error {
        let (what, hint) = match self.kind {
            Kind::Pattern => ("no file that this pattern matches is a capture", "give pcap or pcapng files"),
            _ => {
                let hint = "give a directory with pcap or pcapng files, or the files themselves";
                ("this directory holds no captures", hint)
            }
        };
        Error::not_usable(self.given, what, hint)
    }
}

/// The files that an argument stands for.
fn find(given: &Path) -> Result<Found<'_>, Error> {
    if given.is_dir() {
        return Ok(Found { given, kind: Kind::Directory, files: files_in(given)? });
    }
    let pattern = given.to_str().filter(|text| text.contains(['*', '?', '[']));
    match pattern.filter(|_| given.symlink_metadata().is_err()) {
        Some(pattern) => Ok(Found { given, kind: Kind::Pattern, files: matches(given, pattern)? }),
        None => Ok(Found { given, kind: Kind::File, files: vec![given.to_owned()] }),
    }
}

/// The files that a pattern matches, sorted, and those in the directories that it matches.
fn matches(given: &Path, pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        // As a shell does.
        require_literal_leading_dot: true,
    };
    let entries = glob::glob_with(pattern, options)
        .map_err(|error| Error::not_usable(given, format!("this is no pattern: {error}"), "check the brackets"))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io(error.path(), std::io::Error::from(error.error().kind())))?;
        if path.is_dir() {
            files.append(&mut files_in(&path)?);
        } else {
            files.push(path);
        }
        limit(given, "this pattern matches", files.len())?;
    }
    if files.is_empty() {
        let hint = "check the folder and the pattern; `*` stands for part of a name, `**` for folders";
        return Err(Error::not_usable(given, "no file matches this pattern", hint));
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn limit(given: &Path, what: &str, count: usize) -> Result<(), Error> {
    match count > MAX_FILES {
        true => {
            Err(Error::not_usable(given, format!("{what} more than {MAX_FILES} files"), "give those of the captures"))
        }
        false => Ok(()),
    }
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
            limit(directory, "this directory holds", files.len() + directories.len())?;
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
    fn a_pattern_stands_for_the_files_it_matches_unless_one_has_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let capture = |size: usize| pcap_of(&[vec![1; size]]);
        std::fs::create_dir(path("day")).unwrap();
        for (size, name) in
            ["a.pcap", "b.pcap", "c.pcapng", ".hidden.pcap", "day/d.pcap", "day/e.cap"].into_iter().enumerate()
        {
            std::fs::write(path(name), capture(size)).unwrap();
        }
        std::fs::write(path("notes.pcap.txt"), "no capture").unwrap();
        let opened = |pattern: &str| open(&[path(pattern)]).map(|opened| names(&opened).join(" ")).unwrap();
        assert_eq!(opened("*.pcap"), "a.pcap b.pcap");
        assert_eq!(opened("[bc].pcap*"), "b.pcap c.pcapng");
        assert_eq!(opened("**/*.pcap"), "a.pcap b.pcap d.pcap");
        assert_eq!(opened("d*"), "d.pcap e.cap");
        assert_eq!(opened("[b]*"), "b.pcap");
        std::fs::write(path("[b]*"), capture(9)).unwrap();
        assert_eq!(opened("[b]*"), "[b]*");
        let twice = open(&[path("*.pcap"), path("a.pcap"), path("")]).unwrap();
        assert_eq!((names(&twice).len(), twice.skipped), (7, 1));
        let error = |pattern: &str| open(&[path(pattern)]).map(|_| ()).unwrap_err().to_string();
        assert!(error("*.cap").contains("no file matches this pattern; check"), "{}", error("*.cap"));
        assert!(error("n*").contains("no file that this pattern matches is a capture"), "{}", error("n*"));
        assert!(error("[a.pcap").contains("this is no pattern"), "{}", error("[a.pcap"));
    }

    #[test]
    fn rotated_captures_are_found_whatever_they_are_called() {
        let directory = tempfile::tempdir().unwrap();
        let names =
            ["capture_00001_20261123.pcap", "x.pcap0", "x.pcap1", "x.pcap.gz", "x.pcap.1.zst", "trace", "x.ntar"];
        for (size, name) in names.iter().enumerate() {
            let capture = pcap_of(&[vec![1; size]]);
            let bytes = if name.ends_with("zst") { zstd::stream::encode_all(&*capture, 1).unwrap() } else { capture };
            std::fs::write(directory.path().join(name), bytes).unwrap();
        }
        let opened = open(&[directory.path()]).unwrap();
        assert_eq!((opened.sources.len(), opened.skipped), (names.len(), 0));
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
