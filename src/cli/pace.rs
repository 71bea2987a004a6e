//! Reads a pipe on a thread of its own, so that reading can pause at intervals, also while nothing comes, and can end when the user
//! asks for it.

use super::signals::Signals;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Chunks that wait while a result is made and written: with these, four megabytes may come before the pipe has to wait.
const WAITING: usize = 64;
/// How often signals are looked at while nothing comes.
const LOOK: Duration = Duration::from_millis(100);
/// So long the program before the pipe, which gets Ctrl-C too, may take to say the rest.
const GRACE: Duration = Duration::from_secs(1);

/// A pipe that pauses: see [`Source::paced`](crate::capture::Source::paced).
pub(super) struct Paced {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    /// How much of the chunk was given out.
    position: usize,
    every: Duration,
    /// When the next pause is due; counted from when reading goes on after the last.
    due: Option<Instant>,
    /// Whether anything came since the last pause.
    has_news: bool,
    signals: Signals,
    /// When it ends for good, once a signal came.
    end: Option<Instant>,
    has_ended: bool,
}

impl Paced {
    /// Begins to read.
    pub(super) fn new(mut reader: Box<dyn Read + Send>, every: Duration, signals: Signals) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(WAITING);
        // It is not waited for: it may be held up in a pipe from which nothing comes any more.
        std::thread::Builder::new().name("pipe".to_owned()).spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match reader.read(&mut chunk) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    read => read,
                };
                let is_last = !matches!(read, Ok(1..));
                let chunk = read.map(|length| {
                    chunk.truncate(length);
                    chunk
                });
                if sender.send(chunk).is_err() || is_last {
                    return;
                }
            }
        })?;
        let (chunk, position, due, has_news, end) = (Vec::new(), 0, None, false, None);
        Ok(Self { chunks, chunk, position, every, due, has_news, signals, end, has_ended: false })
    }

    /// Whether the time that is left after a signal is over.
    fn is_over(&mut self, now: Instant) -> bool {
        self.signals.is_over() && now >= *self.end.get_or_insert(now + GRACE)
    }
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(mut left) = self.chunk.get(self.position..).filter(|left| !left.is_empty()) {
                let read = left.read(buffer)?;
                self.position += read;
                return Ok(read);
            }
            let now = Instant::now();
            if self.has_ended || self.is_over(now) {
                self.has_ended = true;
                return Ok(0);
            }
            if self.has_news && now >= *self.due.get_or_insert(now + self.every) {
                (self.due, self.has_news) = (None, false);
                return Err(ErrorKind::WouldBlock.into());
            }
            match self.chunks.recv_timeout(LOOK) {
                Ok(Ok(chunk)) => {
                    self.has_ended = chunk.is_empty();
                    self.has_news = true;
                    (self.chunk, self.position) = (chunk, 0);
                }
                Ok(Err(error)) => {
                    self.has_ended = true;
                    return Err(error);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.has_ended = true,
            }
        }
    }
}
