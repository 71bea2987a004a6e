//! What the thread behind [`Flows`](super::Flows) does: reads captures and sends the records of their flows.

use crate::analysis::{Analysed, Knowledge, Options};
use crate::capture::{Outcome, Progress, Source};
use crate::error::Error;
use crate::output::flows::{InOrder, NDJSON};
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
        let mut emit = |record: &[u8]| {
            let is_wanted = records.send(record.to_vec()).is_ok();
            if !is_wanted {
                progress.stop();
            }
            is_wanted
        };
        let (format, options, knowledge, progress) = (&NDJSON, &options, &knowledge, &progress);
        // Each flow is judged alone, since all are not known before the last.
        let in_order =
            InOrder { format, options, knowledge, judgements: None, redaction: None, progress, temporary_folder };
        let (Analysed { outcomes, .. }, not_kept) = in_order.read(captures, &|_| (), &mut emit);
        match not_kept {
            Some((folder, error)) => {
                let what = format!("flows that wait for their turn could not be kept there: {error}");
                Err(Error::not_usable(folder, what, "name another temporary folder, or allow more memory"))
            }
            None => Ok(outcomes),
        }
    }
}
