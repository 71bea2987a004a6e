//! `whither bench`: how long the analysis of a capture takes here, and where the time goes.
//!
//! A round is one whole analysis, as `whither map --json` makes it, and then one analysis for each stage that stops after it. They are
//! run in turn, so that other work of the machine affects all of them alike. A first reading, which is not counted, brings the files
//! into memory.

use super::args::{Args, BenchArgs};
use super::end::End;
use super::outputs::Wanted;
use super::progress::Bar;
use super::target::Target;
use super::{input, machine, outputs, screen, stdout};
use crate::analysis::stages::{Reached, Stage, read_to};
use crate::analysis::{self, Options};
use crate::capture::{self, Outcome, Progress, Source};
use crate::error::Error;
use crate::output::bench::{Measured, Run, Spread, json, render, write_svg};
use crate::output::{self, escape};
use crate::report::build;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Seconds of each round, by what was done.
#[derive(Default)]
struct Times {
    open: Vec<f64>,
    map: Vec<f64>,
    report: Vec<f64>,
    stages: [Vec<f64>; Stage::ALL.len()],
}

impl Times {
    /// Seconds of each whole analysis.
    fn whole(&self) -> impl Iterator<Item = f64> + '_ {
        self.open.iter().zip(&self.map).zip(&self.report).map(|((open, map), report)| open + map + report)
    }
}

pub(super) fn run(args: &Args, bench: &BenchArgs) -> Result<End, Error> {
    for path in &bench.captures {
        readable_again(path)?;
    }
    if bench.json && bench.svg.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        return Err(Error::usage("--json and --svg - both write to stdout", "give --svg a file"));
    }
    let found = capture::find(&bench.captures)?;
    let svg = bench.svg.iter().map(|path| Wanted { option: "--svg".to_owned(), path, is_own: output::is_own_svg });
    let targets =
        outputs::open(&svg.collect::<Vec<_>>(), &input::reads_beside(&found, &[], &bench.knowledge), bench.force)?;
    stdout::check()?;
    // Reports once what is left out.
    let (_, is_whole) = input::captures(found, args.quiet)?;
    let bencher = Bencher { args, bench, options: Options::default() };
    let machine = machine::describe();
    let (warm, file_bytes) = bencher.read_to(Stage::Read)?;
    input::refuse_nothing(&warm.outcomes)?;
    let mut times = Times::default();
    let (mut peak_memory_bytes, mut flows) = (None, 0);
    for _ in 0..bench.runs.get() {
        bencher.whole(&mut times)?;
        // The peak only grows, so it is read directly after the first whole analysis.
        peak_memory_bytes = peak_memory_bytes.or_else(machine::peak_memory_bytes);
        for (stage, seconds) in Stage::ALL.into_iter().zip(&mut times.stages) {
            let begun = Instant::now();
            let (reached, _) = bencher.read_to(stage)?;
            seconds.push(begun.elapsed().as_secs_f64());
            flows = flows.max(reached.flows);
        }
    }
    let sum = |count: fn(&Outcome) -> u64| warm.outcomes.iter().map(count).sum::<u64>();
    let packets = sum(|outcome| outcome.frames - outcome.not_packets);
    let measured = Measured {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        is_optimized: !cfg!(debug_assertions),
        captures: warm.outcomes.iter().map(|outcome| outcome.name.clone()).collect(),
        formats: warm.outcomes.iter().map(|outcome| outcome.format.clone()).collect(),
        file_bytes,
        frames: sum(|outcome| outcome.frames),
        captured_bytes: sum(|outcome| outcome.captured_bytes),
        flows,
        threads: rayon::current_num_threads(),
        machine,
        peak_memory_bytes,
        runs: times.whole().map(|seconds| Run::new(seconds, file_bytes, packets)).collect(),
        stages: stages(&times),
    };
    write(args, bench, &targets, &measured)?;
    Ok(End::of(input::report_defects(&warm.outcomes) && is_whole))
}

/// What each stage adds, from the medians.
fn stages(times: &Times) -> Vec<output::bench::StageTime> {
    let median = |seconds: &[f64]| Spread::of(seconds.iter().copied()).median;
    let [read, dissect, track] = &times.stages;
    let cumulative = [
        ("reading the file", median(read)),
        ("dissecting packets", median(dissect)),
        ("flows and names", median(track)),
        ("attributing, placing and routing", median(&times.map)),
    ];
    let rest = [("opening databases", median(&times.open)), ("building and writing the report", median(&times.report))];
    Measured::stages(&cumulative, &rest)
}

/// Writes what was asked for, and the table if nothing else goes to stdout.
fn write(args: &Args, bench: &BenchArgs, targets: &[Target], measured: &Measured) -> Result<(), Error> {
    let fill = |_: usize, out: &mut dyn Write| write_svg(measured, out);
    outputs::write_files(targets, fill, args.quiet)?;
    outputs::write_streams(targets, fill, args.quiet)?;
    if bench.json {
        return stdout::write(json(measured).as_bytes());
    }
    match targets.iter().any(Target::is_stdout) {
        true => Ok(()),
        false => stdout::write(render(measured, screen::style(args).ascii).as_bytes()),
    }
}

/// Refuses what can be read only once. A missing file is reported when it is opened.
fn readable_again(path: &Path) -> Result<(), Error> {
    let is_pipe = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if path.as_os_str() == "-" || is_pipe {
        let shown = escape::shell(&path.to_string_lossy()).into_owned();
        let what = format!("bench {shown}: a pipe can be read only once, and this reads several times");
        return Err(Error::usage(what, "save it to a file first"));
    }
    Ok(())
}

struct Bencher<'a> {
    args: &'a Args,
    bench: &'a BenchArgs,
    options: Options,
}

impl Bencher<'_> {
    fn open(&self) -> Result<Vec<Source>, Error> {
        Ok(capture::open(&self.bench.captures)?.sources)
    }

    /// The captures read up to a stage, and the size of their files.
    fn read_to(&self, stage: Stage) -> Result<(Reached, u64), Error> {
        let sources = self.open()?;
        let progress = Arc::new(Progress::default());
        let _bar = Bar::start(&progress, self.args.quiet);
        let reached = read_to(stage, sources, &self.options, &progress);
        Ok((reached, progress.bytes_total()))
    }

    /// All that `whither map --json` does, into nothing.
    fn whole(&self, times: &mut Times) -> Result<(), Error> {
        let begun = Instant::now();
        let knowledge = input::knowledge(&self.bench.knowledge, None)?;
        times.open.push(begun.elapsed().as_secs_f64());

        let begun = Instant::now();
        let sources = self.open()?;
        let progress = Arc::new(Progress::default());
        let bar = Bar::start(&progress, self.args.quiet);
        let (routes, analysed) = analysis::map(sources, &self.options, &knowledge, &progress);
        drop(bar);
        times.map.push(begun.elapsed().as_secs_f64());

        let begun = Instant::now();
        let report = build(&routes, &analysed, &knowledge, "whither bench".to_owned());
        if let Some(format) = output::format("json") {
            (format.write)(&report, &output::Look::default(), &mut std::io::sink())
                .map_err(|source| Error::io("<nothing>", source))?;
        }
        drop((report, routes));
        times.report.push(begun.elapsed().as_secs_f64());
        Ok(())
    }
}
