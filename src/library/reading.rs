//! What threads read ahead for a caller who asks for one thing after the other.

use crate::capture::{Outcome, Progress};
use crate::error::Error;
use rayon::ThreadPool;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The time was over before anything came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotYet;

/// What is known when all has been read.
#[derive(Default, Debug)]
pub(super) struct Ended {
    /// Each capture, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// What is missing because memory was short, in words.
    pub(super) left_out: Vec<String>,
}

/// Things that are read. Dropping it ends the reading.
pub(super) struct Reading<T> {
    things: Receiver<T>,
    progress: Arc<Progress>,
    /// Until its end has been told.
    pub(super) thread: Option<JoinHandle<Result<Ended, Error>>>,
    ended: Ended,
}

impl<T: Send + 'static> Reading<T> {
    /// Begins to read, on these threads. So many things wait for the caller at most.
    pub(super) fn start(
        pool: ThreadPool,
        progress: Arc<Progress>,
        waiting: usize,
        read: impl FnOnce(&SyncSender<T>) -> Result<Ended, Error> + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, things) = sync_channel(waiting);
        let read = move || pool.install(|| read(&sender));
        let thread = std::thread::Builder::new().name("flows".to_owned()).spawn(read)?;
        Ok(Self { things, progress, thread: Some(thread), ended: Ended::default() })
    }

    /// What is known of all of them. Empty until all things have been given.
    pub(super) fn ended(&self) -> &Ended {
        &self.ended
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The next thing. An error is the last.
    pub(super) fn next(&mut self) -> Option<Result<T, Error>> {
        match self.things.recv() {
            Ok(thing) => Some(Ok(thing)),
            Err(_) => self.end(),
        }
    }

    /// The same, if it comes within this time.
    pub(super) fn next_within(&mut self, time: Duration) -> Result<Option<Result<T, Error>>, NotYet> {
        match self.things.recv_timeout(time) {
            Ok(thing) => Ok(Some(Ok(thing))),
            Err(RecvTimeoutError::Timeout) => Err(NotYet),
            Err(RecvTimeoutError::Disconnected) => Ok(self.end()),
        }
    }

    fn end(&mut self) -> Option<Result<T, Error>> {
        match self.thread.take()?.join() {
            Ok(Ok(ended)) => {
                self.ended = ended;
                None
            }
            Ok(Err(error)) => Some(Err(error)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl<T> Drop for Reading<T> {
    fn drop(&mut self) {
        self.progress.stop();
    }
}
