//! Captures that an adversary might make, and what it costs to read them: `cargo xtask hostile`.
//!
//! Each kind is made, the same bytes each time, at a size and at twice the size; `whither map` and `whither flows` read it
//! under a memory limit, and what they take is held against bounds (docs/reliability.md).

mod answers;
mod block;
mod blocks;
mod bounds;
mod cost;
mod flows;
mod fragments;
mod kind;
mod names;
mod openings;
mod owners;
mod packed;
mod times;
mod tunnels;
mod wire;

use bounds::Costs;
use clap::{Args, Subcommand};
use cost::{Cost, Runner, Verb};
use kind::{HARMLESS, Kind};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How often a kind that seems too slow is measured: on a loaded machine the same work takes more CPU time.
const MEASURED_AT_MOST: usize = 5;
/// Before a size in megabytes becomes bytes.
const MEGABYTE: u64 = 1_000_000;

/// Make hostile captures, read each with `whither map` and `whither flows`, and fail where a bound is broken.
#[derive(Args)]
pub(crate) struct Hostile {
    #[command(subcommand)]
    instead: Option<Instead>,
    /// The program.
    #[arg(long, default_value = "target/release/whither")]
    bin: PathBuf,
    /// Megabytes of each capture; each is made at twice the size too.
    #[arg(long, default_value_t = 4)]
    size: u64,
    /// Its --max-memory.
    #[arg(long, default_value = "64M")]
    limit: String,
    /// Only these.
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<String>,
    /// Seconds by the clock on the wall after which a run is ended.
    #[arg(long, default_value_t = 120)]
    timeout: u64,
    /// Where the captures are written, one at a time [default: the system's folder for temporary files].
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Only say what kinds there are.
    #[arg(long)]
    list: bool,
}

#[derive(Subcommand)]
enum Instead {
    /// Write one capture.
    Make {
        /// As --list says.
        kind: String,
        /// Megabytes.
        size: u64,
        /// Where to write.
        file: PathBuf,
    },
}

/// The command.
pub(crate) fn run(hostile: &Hostile) -> Result<(), Box<dyn Error>> {
    if let Some(Instead::Make { kind, size, file }) = &hostile.instead {
        write(find(kind)?, size * MEGABYTE, file)?;
        return Ok(());
    }
    let mut out = io::stdout().lock();
    if hostile.list {
        for kind in [HARMLESS].into_iter().chain(kind::all()).chain([&flows::SHED_AT_DEFAULT]) {
            writeln!(out, "{:28} {}", kind.name, kind.what)?;
        }
        return Ok(());
    }
    let kinds: Vec<&Kind> = match hostile.kinds.as_slice() {
        [] => kind::all().collect(),
        names => names.iter().map(|name| find(name)).collect::<Result<_, _>>()?,
    };
    let table = Table::new(hostile)?;
    let broken = table.write(&kinds, &mut out)?;
    if broken > 0 { Err(format!("{broken} broken bounds").into()) } else { Ok(()) }
}

fn find(name: &str) -> Result<&'static Kind, String> {
    kind::named(name).ok_or_else(|| format!("{name}: no kind has this name; --list says what there is"))
}

fn write(kind: &Kind, bytes: u64, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    kind.write(bytes, &mut out)?;
    out.flush()
}

/// What is measured, and how.
struct Table<'a> {
    runner: Runner<'a>,
    limit_bytes: u64,
    bytes: u64,
    /// One capture at a time.
    capture: PathBuf,
}

impl<'a> Table<'a> {
    fn new(hostile: &'a Hostile) -> Result<Self, Box<dyn Error>> {
        if !hostile.bin.exists() {
            return Err(format!("{}: no such program; build it with --release first", hostile.bin.display()).into());
        }
        let folder = hostile.folder.clone().unwrap_or_else(std::env::temp_dir);
        let patience = Duration::from_secs(hostile.timeout);
        Ok(Self {
            runner: Runner { program: &hostile.bin, limit: &hostile.limit, patience },
            limit_bytes: super::synth::size(&hostile.limit)?,
            bytes: hostile.size * MEGABYTE,
            capture: folder.join(format!("whither-hostile-{}", std::process::id())),
        })
    }

    /// One line for each kind and verb; says how many bounds are broken.
    fn write(&self, kinds: &[&Kind], out: &mut dyn Write) -> Result<usize, Box<dyn Error>> {
        let (bytes, limit) = (self.bytes / MEGABYTE, self.runner.limit);
        writeln!(
            out,
            "{bytes} MB and twice as much, --max-memory {limit}; CPU time, its multiple of harmless and at twice the size"
        )?;
        let harmless = self.measure(HARMLESS)?;
        let mut broken = 0;
        for (verb, costs) in Verb::ALL.iter().zip(&harmless) {
            broken += self.line(HARMLESS, *verb, costs, costs, out)?;
        }
        for kind in kinds.iter().filter(|kind| kind.name != HARMLESS.name) {
            let mut measured = self.measure(kind)?;
            for _ in 1..MEASURED_AT_MOST {
                let mut pairs = measured.iter().zip(&harmless);
                if !pairs.any(|(costs, harmless)| !costs.too_slow(harmless).is_empty() && !costs.has_fault()) {
                    break;
                }
                let [map, flows] = self.measure(kind)?;
                let [before_map, before_flows] = measured;
                measured = [before_map.measured_again(map), before_flows.measured_again(flows)];
            }
            for (verb, (costs, harmless)) in Verb::ALL.iter().zip(measured.iter().zip(&harmless)) {
                broken += self.line(kind, *verb, costs, harmless, out)?;
            }
        }
        Ok(broken)
    }

    fn line(&self, kind: &Kind, verb: Verb, costs: &Costs, harmless: &Costs, out: &mut dyn Write) -> io::Result<usize> {
        let broken = costs.broken(harmless, self.limit_bytes);
        writeln!(
            out,
            "{:28} {:5} {:7.2} s {:6.1}x {:5.2}x {:6} MiB  {}",
            kind.name,
            verb.name(),
            costs.once.cpu_seconds,
            costs.times(harmless),
            costs.growth(),
            costs.peak_bytes() >> 20,
            broken.join("; ")
        )?;
        out.flush()?;
        Ok(broken.len())
    }

    /// What each verb takes.
    fn measure(&self, kind: &Kind) -> Result<[Costs; 2], Box<dyn Error>> {
        let [once, twice] = [self.bytes, 2 * self.bytes].map(|bytes| self.costs(kind, bytes));
        fs::remove_file(&self.capture)?;
        let ([map, flows], [map_twice, flows_twice]) = (once?, twice?);
        Ok([Costs { once: map, twice: map_twice }, Costs { once: flows, twice: flows_twice }])
    }

    fn costs(&self, kind: &Kind, bytes: u64) -> io::Result<[Cost; 2]> {
        // Made in a process of its own: what this one ever held counts as memory of those that it starts.
        let size = (bytes / MEGABYTE).to_string();
        let mut make = Command::new(std::env::current_exe()?);
        if !make.args(["hostile", "make", kind.name, &size]).arg(&self.capture).status()?.success() {
            return Err(io::Error::other(format!("{}: could not be made", kind.name)));
        }
        let [map, flows] = Verb::ALL.map(|verb| self.runner.cost(verb, &self.capture));
        Ok([map?, flows?])
    }
}

#[cfg(test)]
mod tests;
