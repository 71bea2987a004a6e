//! Reads captures and gives the records of their flows in order.

use super::format::FlowFormat;
use super::redaction::Redaction;
use super::sorter::{Lane, Sorter};
use crate::analysis::{self, Analysed, FlowJudge, Judgements, Knowledge, Options};
use crate::capture::{Progress, Source};
use crate::route::Observed;
use std::io;
use std::path::PathBuf;

/// How records are made.
pub struct InOrder<'a> {
    /// The format of the records.
    pub format: &'a FlowFormat,
    /// What to leave out, and how much memory to take.
    pub options: &'a Options,
    /// What flows are held against.
    pub knowledge: &'a Knowledge,
    /// What may be said of addresses, if the captures were read before. Without it round trips exclude nothing.
    pub judgements: Option<&'a Judgements>,
    /// What records are made without, if they are redacted.
    pub redaction: Option<&'a Redaction<'a>>,
    /// How far reading has come.
    pub progress: &'a Progress,
    /// Where records wait that there is no memory for.
    pub temporary_folder: PathBuf,
}

/// The folder in which records could not be kept, and why. Records are missing then.
pub type NotKept = (PathBuf, io::Error);

impl InOrder<'_> {
    /// Reads the captures on the threads of this pool. Every flow that is not left out is shown to `look`, in any order, and its
    /// record to `emit`, in order; `emit` says whether it wants more.
    pub fn read(
        self,
        captures: Vec<Source>,
        look: &(impl Fn(&Observed<'_>) + Sync),
        emit: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> (Analysed, Option<NotKept>) {
        let Self { format, options, knowledge, judgements, redaction, progress, temporary_folder } = self;
        let names: Vec<String> = captures.iter().map(|source| source.name().to_owned()).collect();
        let lanes = rayon::current_num_threads() + 1;
        let sorter = Sorter::new(format, &names, temporary_folder, options.waiting_bytes(), lanes).redacting(redaction);
        let new = || (sorter.lane(), FlowJudge::new(knowledge, judgements));
        let add = |(lane, judge): &mut (Lane, FlowJudge<'_>), observed: &Observed<'_>| {
            if !options.leaves_out(observed) {
                look(observed);
                sorter.add(lane, observed, judge.judge(observed));
            }
        };
        let mut after = |until: i64, lanes: &mut [&mut (Lane, FlowJudge<'_>)]| {
            let mut lanes: Vec<&mut Lane> = lanes.iter_mut().map(|lane| &mut lane.0).collect();
            sorter.emit_before(until, &mut lanes, emit);
        };
        let (_, analysed) = analysis::each(captures, options, knowledge, progress, &new, &add, &mut after);
        (analysed, sorter.failure())
    }
}
