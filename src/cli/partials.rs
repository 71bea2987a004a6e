//! `whither partials`: ranges of captures, read into the rows of a Parquet file.

use super::args::{Args, PartialsArgs, RangeArg};
use super::end::End;
use super::outputs::{Reads, Wanted};
use super::stderr::say;
use super::{input, outputs};
use crate::analysis::FrameFilter;
use crate::capture;
use crate::error::Error;
use crate::fleet::{Files, Plan, Repair, Row, RowFile, Task, read};
use crate::output::{escape, units};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Seek, Write};

pub(super) fn run(args: &Args, given: &PartialsArgs) -> Result<End, Error> {
    let found = capture::find(&given.captures)?;
    let files = given.repair.iter().map(|path| ("--repair", path.as_path())).collect();
    let wanted = Wanted { option: "-o".to_owned(), path: &given.output, is_own: |_| false };
    let targets = outputs::open(&[wanted], &Reads { found: Some(&found), files }, given.force)?;
    let filter = given.filter.as_deref().map(input::filter).transpose()?;
    let (sources, is_whole) = input::captures(found, args.quiet)?;
    let words = given.captures.iter().map(|path| escape::shell(&path.to_string_lossy()).into_owned());
    let words = words.collect::<Vec<_>>().join(" ");
    let plan = Plan::of(&sources, &words, given.range_bytes, given.filter.as_deref())?;
    drop(sources);
    let mut rows = Rows::new(filter)?;
    if given.repair.is_empty() {
        rows.read(&chosen(&plan, given)?, &mut |_| ())?;
    } else {
        let before = Files::open(&given.repair)?;
        let mut repair = Repair::new(&before, &plan)?;
        loop {
            let tasks = repair.next()?;
            if tasks.is_empty() {
                break;
            }
            rows.read(&tasks, &mut |row| repair.note(row))?;
        }
    }
    let ranges = rows.ranges;
    let mut file = rows.finish()?;
    outputs::write_files(&targets, |_, out| copy(&file, out), true)?;
    outputs::write_streams(&targets, |_, out| copy(&file, out), true)?;
    if !args.quiet {
        let path = given.output.display().to_string();
        let size = units::bytes(file.stream_position().unwrap_or_default());
        let ranges = units::plural(ranges, "range", "ranges");
        say(&format!("whither: wrote {ranges}, {size}, to {}", escape::terminal(&path, false)));
    }
    Ok(End::of(is_whole))
}

/// The ranges that were asked for.
fn chosen(plan: &Plan, given: &PartialsArgs) -> Result<Vec<Task>, Error> {
    if let Some([k, n]) = given.only {
        // Neighbours, so that a file of rows is merged from its begin to its end.
        let at = |share: u64| (u128::from(plan.len()) * u128::from(share) / u128::from(n)) as u64;
        let [first, end] = [at(k - 1), at(k)];
        return Ok((0..).zip(plan.tasks()).filter(|(at, _)| (first..end).contains(at)).map(|(_, task)| task).collect());
    }
    if given.range.is_empty() {
        return Ok(plan.tasks().collect());
    }
    let find = |range: &RangeArg| {
        let is_it = |task: &Task| (task.capture, task.from, task.to) == (range.capture, range.from, range.to);
        plan.tasks().find(is_it).map(|task| task.at(range.start)).ok_or_else(|| {
            let RangeArg { capture, from, to, .. } = range;
            let what = format!("--range {capture}:{from}-{to}: there is no such range of these captures");
            Error::usage(
                what,
                "give the captures and --range-bytes as before, and ranges as `whither verify` names them",
            )
        })
    };
    given.range.iter().map(find).collect()
}

/// Rows that are written to a file without a name as they come.
struct Rows {
    file: RowFile<File>,
    copy: File,
    filter: Option<FrameFilter>,
    ranges: u64,
}

impl Rows {
    fn new(filter: Option<FrameFilter>) -> Result<Self, Error> {
        let file = tempfile::tempfile().map_err(no_temporary)?;
        let copy = file.try_clone().map_err(no_temporary)?;
        Ok(Self { file: RowFile::new(file).map_err(no_temporary)?, copy, filter, ranges: 0 })
    }

    /// Reads ranges on all threads, as many at once as there are, and writes their rows in order.
    fn read(&mut self, tasks: &[Task], note: &mut dyn FnMut(&Row)) -> Result<(), Error> {
        for some in tasks.chunks(rayon::current_num_threads().max(1)) {
            let filter = self.filter.as_ref();
            let rows_of = |task: &Task| {
                let mut rows = Vec::new();
                read(task, filter, &mut |row| {
                    rows.push(row);
                    Ok(())
                })?;
                Ok(rows)
            };
            for rows in some.par_iter().map(rows_of).collect::<Result<Vec<_>, Error>>()? {
                for row in rows {
                    note(&row);
                    self.file.row(row).map_err(no_temporary)?;
                }
                self.ranges += 1;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<File, Error> {
        self.file.finish().map_err(no_temporary)?;
        Ok(self.copy)
    }
}

fn no_temporary(error: io::Error) -> Error {
    let what = format!("rows could not be kept in a temporary file there: {error}");
    Error::not_usable(std::env::temp_dir(), what, "name another folder with TMPDIR")
}

/// Copies a file from its begin.
fn copy(mut file: &File, out: &mut dyn Write) -> io::Result<()> {
    file.rewind()?;
    io::copy(&mut file, out).map(drop)
}
