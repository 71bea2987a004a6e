//! The capture itself: from the interface to the files until it is to end.

use super::device::{self, Caught, Counted, Interface, SNAP_LENGTH};
use super::files::{Files, Plan};
use super::owners::{Answer, Owners};
use super::question::{Ends, Process};
use super::queue::{Queue, Waiting};
use super::tally::Tally;
use crate::cli::args::{Args, CaptureArgs};
use crate::cli::end::End;
use crate::cli::signals::Signals;
use crate::cli::stderr::say;
use crate::cli::target::Target;
use crate::cli::{machine, stdout};
use crate::error::Error;
use crate::output::pcapng::{self, Blocks};
use crate::output::{escape, units};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often the running line is renewed.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// How often what was caught goes to the file. With the pauses and the wait for owners, a packet is there within a second.
const FLUSH_EVERY: Duration = Duration::from_millis(400);
/// Pause where no packet is there. The kernel gathers packets meanwhile: its buffer holds many times what comes in this time.
const PAUSE: Duration = Duration::from_millis(10);
/// Packets taken before the clock is looked at.
const FEW: usize = 64;
/// Most time spent at the end on packets that the kernel still holds.
const REST_MAX: Duration = Duration::from_millis(500);
/// Most time to wait for the owners of the last packets.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// Lists the interfaces, or captures until told to stop: by time, by size, or by a signal.
pub(in crate::cli) fn run(args: &Args, given: &CaptureArgs) -> Result<End, Error> {
    let Some(interface) = &given.interface else {
        return stdout::write(device::list()?.as_bytes()).map(|()| End::Done);
    };
    let Some(path) = &given.output else {
        return Err(Error::usage("capture: no file to write to", "give one with -o FILE (`-` is stdout)"));
    };
    check(path, given)?;
    let signals = Signals::listen()?;
    let interface = Interface::open(interface, given.filter.as_deref(), given.buffer)?;
    let head = head(&interface, given.filter.as_deref());
    let keep = given.keep.map(std::num::NonZero::get);
    let files = Files::create(Plan { path, is_forced: given.force, rotate: &given.rotate, keep, head })?;
    let mut session = Session {
        tally: Tally::new(interface.link_type, given.max_memory),
        interface,
        files,
        owners: Owners::start(),
        queue: Queue::default(),
        is_quiet: args.quiet,
        is_shown: !args.quiet && std::io::stderr().is_terminal(),
        began: Instant::now(),
        flushed: Instant::now(),
        shown: Instant::now(),
    };
    let caught = session.catch(&signals, given);
    // However the capture ended, what was caught is written to the file.
    let counted = session.interface.counted();
    let ended = session.end(counted);
    if session.is_shown {
        eprint("\n");
    }
    // If a file cannot be written, both fail. The error that came first is reported.
    caught.and(ended).map_err(|error| session.told(error, counted))?;
    session.summary(counted);
    Ok(End::Done)
}

/// Refuses what contradicts itself before the interface is opened.
fn check(path: &Path, given: &CaptureArgs) -> Result<(), Error> {
    if path.as_os_str() != "-" {
        let is_special = path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir());
        if is_special && !given.rotate.is_empty() {
            return Err(Error::usage(
                "--rotate: a device or a pipe cannot be rotated",
                "give a file, or leave --rotate out",
            ));
        }
        let target = Target::new("-o", path, |_| false, given.force)?;
        // The files of a rotation have names of their own.
        return if given.rotate.is_empty() { target.may_replace() } else { Ok(()) };
    }
    stdout::check()?;
    if !given.rotate.is_empty() {
        return Err(Error::usage("--rotate: stdout cannot be rotated", "give a file with -o, or leave --rotate out"));
    }
    if std::io::stdout().is_terminal() {
        let hint = "send it on, for example to `| whither map -`, or give a file with -o";
        return Err(Error::usage("-o -: a capture cannot be shown on a terminal", hint));
    }
    Ok(())
}

/// How each file begins.
fn head(interface: &Interface, filter: Option<&str>) -> Blocks {
    let mut blocks = Blocks::default();
    blocks.section(&pcapng::Section {
        hardware: machine::describe().processor.as_deref(),
        system: Some(&machine::system()),
        application: concat!("whither ", env!("CARGO_PKG_VERSION")),
        comments: &[],
    });
    blocks.interface(&pcapng::Interface {
        link_type: interface.link_type,
        snap_length: SNAP_LENGTH,
        name: Some(&interface.name),
        description: interface.description.as_deref(),
        filter,
    });
    blocks
}

/// A capture under way.
struct Session<'a> {
    interface: Interface,
    files: Files<'a>,
    owners: Owners,
    queue: Queue,
    tally: Tally,
    is_quiet: bool,
    is_shown: bool,
    began: Instant,
    flushed: Instant,
    shown: Instant,
}

impl Session<'_> {
    /// Captures until it is to end.
    fn catch(&mut self, signals: &Signals, given: &CaptureArgs) -> Result<(), Error> {
        let limit = given.duration.map(Duration::from_secs);
        let is_enough = |session: &Self| given.bytes.is_some_and(|limit| session.tally.captured_bytes >= limit);
        loop {
            let now = Instant::now();
            let is_idle = self.take(now, |session| is_enough(session))?;
            self.keep_up(now)?;
            let is_over = limit.is_some_and(|limit| self.began.elapsed() >= limit);
            if is_enough(self) {
                return Ok(());
            }
            if is_over || signals.is_over() {
                return self.take_rest(|session| is_enough(session));
            }
            if is_idle {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Takes some packets; whether there were no more.
    fn take(&mut self, now: Instant, is_enough: impl Fn(&Self) -> bool) -> Result<bool, Error> {
        let link_type = self.interface.link_type;
        for _ in 0..FEW {
            if is_enough(self) {
                return Ok(true);
            }
            let Some(caught) = self.interface.next()? else { return Ok(true) };
            let Caught { time_ns, bytes, wire_length } = caught;
            self.tally.observe(time_ns, bytes, wire_length);
            let ends = Ends::of(link_type, bytes);
            let answer = ends.map_or(Answer::Nobody, |(ends, opens)| self.owners.ask(ends, opens, now));
            // A file that is full is ended when the packet has left libpcap's hands.
            if self.queue.is_empty() && answer != Answer::Soon && !self.files.is_full(bytes.len()) {
                let process_id = process(&answer).map(|process| process.id);
                let packet = pcapng::Packet { time_ns, bytes, wire_length, process_id, ..pcapng::Packet::default() };
                self.files.packet(&packet, process(&answer))?;
            } else {
                self.queue.push(Waiting::new(now, time_ns, wire_length, bytes, ends.map(|(ends, _)| ends)));
            }
        }
        Ok(false)
    }

    /// Takes what the kernel still holds at the end.
    fn take_rest(&mut self, is_enough: impl Fn(&Self) -> bool) -> Result<(), Error> {
        let until = Instant::now() + REST_MAX;
        // What came last is handed over when the kernel has gathered for long enough.
        std::thread::sleep(2 * PAUSE);
        while !self.take(Instant::now(), &is_enough)? && Instant::now() < until {
            self.keep_up(Instant::now())?;
        }
        Ok(())
    }

    /// Does what is due at intervals: takes answers, writes the packets that waited for them, the file, and the running line.
    fn keep_up(&mut self, now: Instant) -> Result<(), Error> {
        self.owners.listen(now);
        self.release(now, false)?;
        if self.files.is_full(0) {
            self.rotate()?;
        }
        if now - self.flushed >= FLUSH_EVERY {
            self.flushed = now;
            self.files.flush()?;
        }
        if now - self.shown >= LINE_EVERY {
            self.shown = now;
            let counted = self.interface.counted();
            let line = self.tally.line(self.began.elapsed(), counted, &shown(&self.files.name()));
            if self.is_shown {
                eprint(&format!("\r{line}   "));
            }
        }
        Ok(())
    }

    /// Writes the packets that need not wait any longer, or all of them.
    fn release(&mut self, now: Instant, all: bool) -> Result<(), Error> {
        loop {
            let owners = &mut self.owners;
            let mut answer = |packet: &Waiting| packet.ends.map_or(Answer::Nobody, |ends| owners.ask(ends, false, now));
            let next = match all {
                true => self.queue.pop(),
                false => self.queue.next(now, |first| answer(first) != Answer::Soon),
            };
            let Some(waited) = next else { return Ok(()) };
            let answer = answer(&waited);
            if self.files.is_full(waited.bytes.len()) {
                self.rotate()?;
            }
            let packet = pcapng::Packet {
                time_ns: waited.time_ns,
                bytes: &waited.bytes,
                wire_length: waited.wire_length,
                process_id: process(&answer).map(|process| process.id),
                ..pcapng::Packet::default()
            };
            self.files.packet(&packet, process(&answer))?;
        }
    }

    fn rotate(&mut self) -> Result<(), Error> {
        let counted = self.interface.counted();
        self.files.rotate(counted)
    }

    /// Writes what waits, and how each file ends.
    fn end(&mut self, counted: Option<Counted>) -> Result<(), Error> {
        // Answers that are on their way.
        let until = Instant::now() + LAST_ANSWERS;
        while !self.queue.is_empty() && Instant::now() < until {
            std::thread::sleep(PAUSE);
            self.owners.listen(Instant::now());
            self.release(Instant::now(), false)?;
        }
        self.release(Instant::now(), true)?;
        self.files.finish(counted)
    }

    /// The last lines: what was written where, and what was not caught.
    fn summary(&self, counted: Option<Counted>) {
        if self.is_quiet {
            return;
        }
        let frames = units::plural(self.tally.frames, "frame", "frames");
        let bytes = units::bytes(self.tally.captured_bytes);
        say(&shown(&format!("whither: wrote {frames}, {bytes} to {}", self.files.summary())));
        if let Some(Counted { dropped: dropped @ 1.., .. }) = counted {
            let dropped = units::plural(dropped, "frame", "frames");
            say(&format!(
                "whither: {dropped} came too fast and were dropped by the system; try a larger --buffer, or a --filter"
            ));
        }
        if let Some(path) = self.files.to_read() {
            say(&shown(&format!("Next: whither map {}", escape::shell(&path))));
        }
    }

    /// The error, with the number of frames that were written.
    fn told(&self, error: Error, counted: Option<Counted>) -> Error {
        match error {
            Error::Io { path, source } if source.kind() != ErrorKind::BrokenPipe => {
                let (written, caught) = (self.files.written_packets(), self.tally.frames);
                let (written, caught) = (units::count(written), units::plural(caught, "frame", "frames"));
                let what = format!("{source}; {written} of {caught} are in the file, which can be read");
                Error::not_usable(path, what, "make room, or limit the capture with --rotate and --keep")
            }
            Error::Io { .. } => error,
            other => {
                self.summary(counted);
                other
            }
        }
    }
}

fn process(answer: &Answer) -> Option<&Process> {
    match answer {
        Answer::Process(process) => Some(process),
        Answer::Nobody | Answer::Soon => None,
    }
}

/// A text with a file's name in it, harmless to a terminal.
fn shown(text: &str) -> String {
    escape::terminal(text, false).into_owned()
}

fn eprint(text: &str) {
    let mut out = std::io::stderr();
    // That stderr may be closed is no error.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
