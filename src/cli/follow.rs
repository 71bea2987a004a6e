//! `whither map - --every TIME` and `--watch`: the result so far, again and again, while a pipe is read.

use super::args::{Args, FollowArgs};
use super::input;
use super::pace::Paced;
use super::progress::Bar;
use super::signals::Signals;
use super::written::ShowArgs;
use crate::analysis::budget::LEAST;
use crate::analysis::{self, Analysed, Knowledge, Options};
use crate::capture::{Progress, Source};
use crate::error::Error;
use crate::route::RouteMap;
use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

/// How often the terminal is drawn anew, in seconds, unless told otherwise.
const USUAL: u64 = 2;

/// How a pipe is followed.
#[derive(Clone, Copy)]
pub(super) struct Follow {
    /// Seconds between two results.
    pub(super) every: u64,
    /// Whether the terminal is drawn.
    pub(super) is_watched: bool,
}

impl Follow {
    /// How to follow; none where this was not asked for. Refuses what nobody would see.
    pub(super) fn wanted(args: &FollowArgs, show: &ShowArgs) -> Result<Option<Self>, Error> {
        let FollowArgs { every, watch } = *args;
        if every.is_none() && !watch {
            return Ok(None);
        }
        let files = &show.outputs.files;
        let is_stdout = |path: &std::path::Path| path.as_os_str() == "-";
        if watch && !std::io::stdout().is_terminal() {
            let what = "--watch draws in a terminal, and standard output is none";
            return Err(Error::usage(what, "give --html FILE --every 5s for a page that is written anew"));
        }
        if let Some((format, _)) = files.iter().find(|(_, path)| watch && is_stdout(path)) {
            let what = format!("--watch and --{} - both write to standard output", format.name);
            return Err(Error::usage(what, format!("give --{} a file", format.name)));
        }
        if !watch && files.iter().all(|(_, path)| is_stdout(path)) {
            let what = "--every: there is no file to write anew";
            return Err(Error::usage(what, "give --html FILE, or --watch for the terminal"));
        }
        // Such a file does not say at its beginning what made it, so that it could not be replaced.
        if files.iter().any(|(format, _)| format.name == "parquet") && !show.outputs.is_forced {
            return Err(Error::usage("--every: a file of --parquet is replaced only with --force", "add --force"));
        }
        Ok(Some(Self { every: every.unwrap_or(USUAL), is_watched: watch }))
    }

    /// Reads a pipe into a map; `show` gets each result on the way.
    ///
    /// # Errors
    /// If this is not one pipe, if a result could not be shown, or if nothing could be read at all.
    pub(super) fn analyse(
        self,
        sources: Vec<Source>,
        options: &Options,
        knowledge: &Knowledge,
        args: &Args,
        show: &mut (dyn FnMut(&RouteMap, &Analysed) -> Result<(), Error> + Send),
    ) -> Result<(RouteMap, Analysed), Error> {
        let pipe = self.pipe(sources)?;
        let progress = Arc::new(Progress::default());
        let bar = Bar::start(&progress, args.quiet || self.is_watched);
        let mut failed = None;
        // A copy of what is open and of the sums is made for each result.
        let half = options.max_memory.map(|bytes| (bytes / 2).max(LEAST));
        let options = Options { max_memory: half, ..options.clone() };
        let mut show = |routes: RouteMap, analysed: Analysed| {
            if failed.is_none()
                && let Err(error) = show(&routes, &analysed)
            {
                failed = Some(error);
                progress.stop();
            }
        };
        let (routes, analysed) = analysis::map_live(vec![pipe], &options, knowledge, &progress, &mut show);
        drop(bar);
        failed.map_or(Ok(()), Err)?;
        input::refuse_nothing(&analysed.outcomes)?;
        input::devices_seen(&analysed)?;
        Ok((routes, analysed))
    }

    /// The only capture, as a pipe that pauses.
    fn pipe(self, sources: Vec<Source>) -> Result<Source, Error> {
        let option = if self.is_watched { "--watch" } else { "--every" };
        let Ok([source]) = <[Source; 1]>::try_from(sources) else {
            return Err(Error::usage(format!("{option} follows one pipe"), "give `-`, and pipe a capture into it"));
        };
        if !source.is_pipe() {
            let what = format!("{option} follows a pipe, and {} is a file, which is read at once", source.name());
            return Err(Error::usage(what, format!("leave out {option}, or pipe a capture that goes on into `-`")));
        }
        let signals = Signals::listen()?;
        let mut failed = None;
        let every = Duration::from_secs(self.every);
        let pace = |reader: Box<dyn Read + Send>| -> Box<dyn Read + Send> {
            match Paced::new(reader, every, signals) {
                Ok(paced) => Box::new(paced),
                Err(error) => {
                    failed = Some(error);
                    Box::new(std::io::empty())
                }
            }
        };
        let source = source.paced(pace);
        match failed {
            Some(error) => {
                Err(Error::usage(format!("the pipe cannot be read on a thread of its own: {error}"), "try again"))
            }
            None => Ok(source),
        }
    }
}
