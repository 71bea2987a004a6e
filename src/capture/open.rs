//! From found files to captures in the order in which they are read.

use super::find::{Argument, Found, Kind, find};
use super::source::{Refusal, Source};
use crate::error::Error;
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Captures in the order in which they are read, and what was left out on the way.
pub struct Opened {
    /// The captures, by first packet time, then content, then name: their place is their ordinal.
    pub sources: Vec<Source>,
    /// Files in given folders, or under given patterns, that are not captures.
    pub not_captures: Vec<PathBuf>,
    /// What was found there and could not be read: folders, files, and captures that are damaged at the start or in a format that
    /// is not read.
    pub unreadable: Vec<Error>,
}

/// Finds captures and opens them: see [`find`] and [`Found::open`].
pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Opened, Error> {
    find(paths)?.open()
}

/// Whether this file is a capture that can be read.
pub fn is_capture(path: &Path) -> bool {
    path.is_file() && Source::path(path).is_ok()
}

impl Found {
    /// Opens the captures. A file that the user named must be a capture. Of the files found in a folder or by a pattern, those that
    /// are not captures are skipped, but at least one must be a capture.
    pub fn open(self) -> Result<Opened, Error> {
        // Many at once: most of the time is spent waiting for the system.
        let files: Vec<&Path> =
            self.arguments.iter().flat_map(|argument| &argument.files).map(PathBuf::as_path).collect();
        let mut results = files.into_par_iter().map(Source::found).collect::<Vec<_>>().into_iter();
        let mut opened = Opened { sources: Vec::new(), not_captures: Vec::new(), unreadable: Vec::new() };
        for argument in self.arguments {
            let results = results.by_ref().take(argument.files.len());
            opened.take(argument, results)?;
        }
        sort(&mut opened.sources);
        // A folder that was given twice could not be read twice.
        let mut said = HashSet::new();
        opened.unreadable.retain(|error| said.insert(error.to_string()));
        Ok(opened)
    }
}

impl Opened {
    /// Takes in what became of the files of one argument.
    fn take(
        &mut self,
        argument: Argument,
        results: impl Iterator<Item = Result<Source, Refusal>>,
    ) -> Result<(), Error> {
        let (mut sources, mut unreadable) = (0, Vec::new());
        for (path, result) in argument.files.iter().zip(results) {
            match result {
                Ok(source) => {
                    sources += 1;
                    self.sources.push(source);
                }
                Err(refusal) if argument.kind == Kind::File => return Err(refusal.error),
                Err(refusal) if refusal.may_be_capture => unreadable.push(refusal.error),
                Err(_) => self.not_captures.push(path.clone()),
            }
        }
        // Where another argument stood for the same files, they may all have been opened already.
        if sources == 0 && !argument.overlaps {
            return Err(argument.holds_none(argument.unreadable.first().or(unreadable.first())));
        }
        self.not_captures.extend(argument.not_files);
        self.unreadable.extend(argument.unreadable);
        self.unreadable.append(&mut unreadable);
        Ok(())
    }
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
    use super::*;
    use crate::capture::testing::{pcap_of, read_all};

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
        assert_eq!((&opened.not_captures, opened.unreadable.len()), (&vec![path("notes.txt")], 0));
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
        assert_eq!((names(&twice).len(), twice.not_captures.len()), (7, 1));
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
        assert_eq!((opened.sources.len(), opened.not_captures.len()), (names.len(), 0));
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
        let none = error(directory.path());
        assert!(
            none.contains("this folder holds no captures that can be read; ") && none.contains("x: its gzip"),
            "{none}"
        );
        std::fs::write(&path, "a letter").unwrap();
        assert!(error(directory.path()).contains("this folder holds no captures; give"));
    }
}
