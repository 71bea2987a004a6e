//! Flow records without what tells whose they are: each is redacted, written, and searched for what was taken out of it before it is passed
//! on. What one record holds is forgotten with it, so that memory does not grow with the capture.

use super::record::FlowRecord;
use super::writer::FlowWriter;
use crate::output::scan::{Scan, is_left};
use crate::redact::{Clock, Redactor, Removed, What};
use crate::route::Observed;
use crate::standing::Judged;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// How records are redacted, and what came of it.
pub struct Redaction<'a> {
    redactor: &'a Redactor<'a>,
    clock: Clock,
    /// Names of the captures, which no record may hold.
    captures: Scan,
    /// A bit for each kind that was taken out.
    kinds: AtomicU32,
    left: Mutex<Option<What>>,
}

impl<'a> Redaction<'a> {
    /// Redacts flows of captures of which the first packet has this time. `fixed` is taken out of all records alike: the command line, and
    /// the names of the captures.
    pub fn new(redactor: &'a Redactor<'a>, first_ns: Option<i64>, fixed: &Removed) -> Self {
        Self {
            redactor,
            clock: first_ns.map_or(Clock::default(), Clock::of_first),
            captures: Scan::new(fixed),
            kinds: AtomicU32::new(0),
            left: Mutex::new(None),
        }
    }

    /// Appends the record of a flow of the capture at this position. Where something is left in it, nothing is appended, and
    /// [`Self::left`] tells what.
    pub(super) fn write(
        &self,
        writer: &mut dyn FlowWriter,
        observed: &Observed<'_>,
        judged: &Judged,
        position: usize,
        out: &mut Vec<u8>,
    ) {
        let mut removed = Removed::default();
        let flow = self.redactor.flow(observed, judged, self.clock, &mut removed);
        let capture = format!("capture {}", position + 1);
        let shown = flow.observed();
        let mut record = FlowRecord::new(&shown, &capture, flow.judged());
        if !self.redactor.keeps_frames() {
            record.leave_frames_out();
        }
        let start = out.len();
        writer.record(&record, out);
        let kinds = removed.counts().iter().fold(0, |kinds, (what, _)| kinds | 1 << *what as u32);
        self.kinds.fetch_or(kinds, Ordering::Relaxed);
        let written = out.get(start..).unwrap_or_default();
        if let Some(what) = is_left(written, &removed).or_else(|| self.captures.find(written)) {
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
            out.truncate(start);
        }
    }

    /// The kind of a value that would have been left in a record, if there was one: the result is not to be kept then.
    pub fn left(&self) -> Option<What> {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was taken out, without figures.
    pub fn removed(&self) -> Removed {
        let kinds = self.kinds.load(Ordering::Relaxed);
        let mut removed = Removed::default();
        What::ALL.into_iter().filter(|what| kinds & 1 << *what as u32 != 0).for_each(|what| removed.note(what));
        removed
    }
}
