//! The paths found in a file, as many as are kept.

use super::given::GivenPath;

/// Paths kept of all files, the first by file and line: each is shown hop by hop.
pub(super) const MAX_PATHS: usize = 1_024;

/// The paths found in a file: those that are over, and the one that is being read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    pub(super) paths: Vec<GivenPath>,
    current: Option<GivenPath>,
    /// Paths that are not kept, because there are too many.
    pub(super) left_out: u64,
}

impl Found {
    /// Begins a path.
    pub(super) fn begin(&mut self, path: GivenPath) {
        self.end();
        self.current = Some(path);
    }

    /// The path that is being read.
    pub(super) fn current(&mut self) -> Option<&mut GivenPath> {
        self.current.as_mut()
    }

    /// Ends the path that is being read.
    pub(super) fn end(&mut self) {
        match self.current.take() {
            Some(path) if self.paths.len() < MAX_PATHS => self.paths.push(path.ended()),
            Some(_) => self.left_out += 1,
            None => {}
        }
    }
}
