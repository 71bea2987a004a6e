//! What the thread behind [`Flows`](super::Flows) does: reads captures and sends the records of their flows.

use super::reading::Ended;
use crate::analysis::{Knowledge, Options};
use crate::capture::{Progress, Source};
use crate::error::Error;
use crate::output::flows::{InOrder, NDJSON};
use crate::report::for_lack_of_memory;
use std::path::PathBuf;
use std::sync::Arc;

/// What it works with.
pub(super) struct Reader {
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) options: Options,
    pub(super) temporary_folder: PathBuf,
    pub(super) progress: Arc<Progress>,
}

impl Reader {
    /// Reads the captures and hands the records to `take`, until there are no more, or it says that it wants none, or fails.
    pub(super) fn read(
        self,
        captures: Vec<Source>,
        take: &mut (dyn FnMut(&[u8]) -> Result<bool, Error> + Send),
    ) -> Result<Ended, Error> {
        let Self { knowledge, options, temporary_folder, progress } = self;
        let mut failure = None;
        let mut emit = |record: &[u8]| {
            let is_wanted = failure.is_none()
                && take(record).unwrap_or_else(|error| {
                    failure = Some(error);
                    false
                });
            if !is_wanted {
                progress.stop();
            }
            is_wanted
        };
        let (format, options, knowledge, progress) = (&NDJSON, &options, &knowledge, &progress);
        // Each flow is judged alone, since all are not known before the last.
        let in_order =
            InOrder { format, options, knowledge, judgements: None, redaction: None, progress, temporary_folder };
        let (analysed, not_kept) = in_order.read(captures, &|_| (), &mut emit);
        if let Some(failure) = failure {
            return Err(failure);
        }
        match not_kept {
            Some((folder, error)) => {
                let what = format!("flows that wait for their turn could not be kept there: {error}");
                Err(Error::not_usable(folder, what, "name another temporary folder, or allow more memory"))
            }
            None => Ok(Ended { left_out: for_lack_of_memory(&analysed), outcomes: analysed.outcomes }),
        }
    }
}
