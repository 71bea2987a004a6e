//! What it costs to read a capture: CPU time and peak memory of a process of its own.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use wait4::Wait4 as _;

/// Between two looks at whether it has ended.
const LOOK: Duration = Duration::from_millis(4);

/// What is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verb {
    Map,
    Flows,
}

impl Verb {
    pub(super) const ALL: [Self; 2] = [Self::Map, Self::Flows];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Flows => "flows",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Map => &["map", "--json", "-"],
            Self::Flows => &["flows"],
        }
    }
}

/// A program and how it is run.
pub(super) struct Runner<'a> {
    pub(super) program: &'a Path,
    /// As `--max-memory` takes it.
    pub(super) limit: &'a str,
    /// How long it may take by the clock on the wall: generous, since the machine may be loaded.
    pub(super) patience: Duration,
}

/// See the module.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Cost {
    /// Of all its threads, in the kernel too.
    pub(super) cpu_seconds: f64,
    /// Largest resident set. It counts what this process held when it started the other, so it has to stay small itself.
    pub(super) peak_bytes: u64,
    /// Why it ended otherwise than done, or done but incomplete.
    pub(super) fault: Option<String>,
}

impl Runner<'_> {
    /// Runs the program on a capture, its output to nowhere.
    pub(super) fn cost(&self, verb: Verb, capture: &Path) -> io::Result<Cost> {
        let mut child = Command::new(self.program)
            .args(verb.arguments())
            .args(["--quiet", "--max-memory", self.limit])
            .arg(capture)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let began = Instant::now();
        let (ended, is_late) = loop {
            if let Some(ended) = child.try_wait4()? {
                break (ended, false);
            }
            if began.elapsed() > self.patience {
                child.kill()?;
                break (child.wait4()?, true);
            }
            sleep(LOOK);
        };
        let fault = match ended.status.code() {
            _ if is_late => Some(format!("no end in {} s", self.patience.as_secs())),
            Some(0 | 1) => None,
            _ => Some(ended.status.to_string()),
        };
        let usage = ended.rusage;
        Ok(Cost { cpu_seconds: (usage.utime + usage.stime).as_secs_f64(), peak_bytes: usage.maxrss, fault })
    }
}
