//! What a caller sets up once, and asks for flows, reports and places.

#[cfg(feature = "columns")]
use super::batches::Batches;
use super::flows::Flows;
use super::reader::Reader;
use crate::analysis::{self, Knowledge, Options};
use crate::capture::{self, Opened, Progress, Source};
use crate::error::Error;
use crate::place::Place;
use crate::report::{Report, build};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of memory that an analysis takes at most, about, unless told otherwise: as the command line's `--max-memory`.
const MAX_MEMORY: u64 = 4 << 30;
/// Analyses captures. The fields can be set before anything is analysed.
#[non_exhaustive]
pub struct Analyser {
    /// What flows are held against: apps and places.
    pub knowledge: Arc<Knowledge>,
    /// What to leave out, and how much memory to take.
    pub options: Options,
    /// Threads of each analysis.
    pub threads: NonZeroUsize,
    /// Where flows wait that there is no memory for, in files without names.
    pub temporary_folder: PathBuf,
}

impl Analyser {
    /// With the data that come with this crate, one thread per processor, 4 GiB of memory at most, and the system's folder for
    /// temporary files.
    ///
    /// # Errors
    /// If the data are damaged.
    pub fn new() -> Result<Self, Error> {
        Ok(Self::with(Knowledge::embedded()?))
    }

    /// The same with other knowledge.
    pub fn with(knowledge: Knowledge) -> Self {
        Self {
            knowledge: Arc::new(knowledge),
            options: Options { max_memory: Some(MAX_MEMORY), ..Options::default() },
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            temporary_folder: std::env::temp_dir(),
        }
    }

    /// Opens captures: files, folders, patterns.
    ///
    /// # Errors
    /// If a file that is named is no capture or cannot be read, or a folder holds none.
    pub fn open<P: AsRef<Path> + Sync>(&self, paths: &[P]) -> Result<Opened, Error> {
        self.pool()?.install(|| capture::open(paths))
    }

    /// Reads captures and gives their flows, in the order of windows of the capture's clock and of first frames.
    ///
    /// Reading goes on while the caller works, as far ahead as there is room.
    ///
    /// # Errors
    /// If no threads can be started.
    pub fn flows(&self, captures: Vec<Source>) -> Result<Flows, Error> {
        // Threads for these flows alone: they stand still while nobody asks for the next flow.
        Flows::start(self.reader(), self.pool()?, captures).map_err(no_threads)
    }

    /// The same as record batches of Arrow, in the same order.
    ///
    /// # Errors
    /// If no threads can be started.
    #[cfg(feature = "columns")]
    pub fn batches(&self, captures: Vec<Source>) -> Result<Batches, Error> {
        Batches::start(self.reader(), self.pool()?, captures).map_err(no_threads)
    }

    /// Reads captures into a report.
    ///
    /// # Errors
    /// If no threads can be started.
    pub fn report(&self, captures: Vec<Source>) -> Result<Report, Error> {
        self.report_while(captures, &Progress::default())
    }

    /// The same; `progress` says how far reading has come, and can stop it. Then the report is one of what was read.
    ///
    /// # Errors
    /// If no threads can be started.
    pub fn report_while(&self, captures: Vec<Source>, progress: &Progress) -> Result<Report, Error> {
        self.pool()?.install(|| {
            let (routes, analysed) = analysis::map(captures, &self.options, &self.knowledge, progress);
            Ok(build(&routes, &analysed, &self.knowledge, String::new()))
        })
    }

    /// What is known of an address.
    pub fn locate(&self, ip: IpAddr) -> Place {
        self.knowledge.places.locate(ip)
    }

    fn reader(&self) -> Reader {
        Reader {
            knowledge: Arc::clone(&self.knowledge),
            options: self.options.clone(),
            temporary_folder: self.temporary_folder.clone(),
            progress: Arc::default(),
        }
    }

    fn pool(&self) -> Result<ThreadPool, Error> {
        ThreadPoolBuilder::new().num_threads(self.threads.get()).build().map_err(no_threads)
    }
}

fn no_threads(error: impl std::fmt::Display) -> Error {
    Error::usage(format!("threads cannot be started: {error}"), "ask for fewer")
}
