//! What the thread behind [`Flows`](super::Flows) does: reads captures and sends the records of their flows.

use crate::analysis::{self, Analysed, Knowledge, Options};
use crate::capture::{Outcome, Progress, Source};
use crate::error::Error;
use crate::output::flows::{self, Lane, Sorter};
use crate::route::Observed;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// What it works with.
pub(super) struct Reader {
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) options: Options,
    pub(super) temporary_folder: PathBuf,
    pub(super) progress: Arc<Progress>,
}

impl Reader {
    /// Reads the captures and sends the records, until there are no more or nobody wants them.
    pub(super) fn read(self, captures: Vec<Source>, records: &SyncSender<Vec<u8>>) -> Result<Vec<Outcome>, Error> {
        let Self { knowledge, options, temporary_folder, progress } = self;
        let names: Vec<String> = captures.iter().map(|source| source.name().to_owned()).collect();
        let lanes = rayon::current_num_threads() + 1;
        let sorter = Sorter::new(&flows::NDJSON, &names, temporary_folder, options.waiting_bytes(), lanes);
        let add = |lane: &mut Lane, observed: &Observed<'_>| {
            if !options.leaves_out(observed) {
                sorter.add(lane, observed);
            }
        };
        let mut emit = |record: &[u8]| {
            let is_wanted = records.send(record.to_vec()).is_ok();
            if !is_wanted {
                progress.stop();
            }
            is_wanted
        };
        let mut after = |until: i64, lanes: &mut [&mut Lane]| sorter.emit_before(until, lanes, &mut emit);
        let (_, Analysed { outcomes, .. }) =
            analysis::each(captures, &options, &knowledge, &progress, &|| sorter.lane(), &add, &mut after);
        match sorter.failure() {
            Some((folder, error)) => {
                let what = format!("flows that wait for their turn could not be kept there: {error}");
                Err(Error::not_usable(folder, what, "name another temporary folder, or allow more memory"))
            }
            None => Ok(outcomes),
        }
    }
}
