//! What goes wrong: [`Error`] is for the user, [`Defect`] is in the data.

use std::path::PathBuf;

/// Why a command could not do what was asked, in words a user can act on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file as the user named it.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {what}; {hint}", path.display())]
    NotUsable {
        /// The file as the user named it.
        path: PathBuf,
        /// What is wrong with it, with the offset where there is one.
        what: String,
        /// What to do next.
        hint: String,
    },
    /// The arguments contradict each other or name something unknown.
    #[error("{what}; {hint}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do next.
        hint: String,
    },
}

impl Error {
    /// An I/O error with the path it happened at.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }

    /// A file that is not what it should be.
    pub fn not_usable(path: impl Into<PathBuf>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::NotUsable { path: path.into(), what: what.into(), hint: hint.into() }
    }

    /// What opening a file that was named came to; the hint is for one that is not there.
    pub(crate) fn opening(path: impl Into<PathBuf>, source: std::io::Error, hint: &str) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::not_usable(path, "there is no such file", hint),
            _ => Self::io(path, source),
        }
    }

    /// A contradiction in the arguments.
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), hint: hint.into() }
    }
}

/// Where and why a capture could not be read any further; everything before it was.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Defect {
    /// The capture as the user named it.
    pub capture: String,
    /// Byte offset in the (decompressed) capture.
    pub offset: u64,
    /// 1-based number of the first frame that could not be read.
    pub frame: u64,
    /// What is wrong there, for example `record header says 4,294,967,295 bytes`.
    pub what: String,
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: offset {}, frame {}: {}", self.capture, self.offset, self.frame, self.what)
    }
}
