//! What was measured on a capture ([`Measured`]), as a table for people, as JSON for programs and as a picture.

mod chart;

pub use chart::write as write_svg;

use super::{escape, units};
use serde::Serialize;
use std::fmt::Write;

/// Widest bar of a stage's share in the table, in columns.
const BAR_COLUMNS: f64 = 30.0;

/// What was measured, and on what.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The program's version.
    pub version: String,
    /// Whether the compiler was told to make it fast; figures of another build say little.
    pub is_optimized: bool,
    /// The captures as the user named them.
    pub captures: Vec<String>,
    /// Their formats, for people: `pcapng (zstd)`.
    pub formats: Vec<String>,
    /// Size of the files.
    pub file_bytes: u64,
    /// Frames in them.
    pub frames: u64,
    /// Captured bytes of all packets: more than the files hold where they are compressed.
    pub captured_bytes: u64,
    /// Flow sessions found.
    pub flows: u64,
    /// Threads that read.
    pub threads: usize,
    /// What it ran on.
    pub machine: Machine,
    /// Most memory that the process held while it made its first report, databases included, where the system says.
    pub peak_memory_bytes: Option<u64>,
    /// Whole analyses, in the order they were run.
    pub runs: Vec<Run>,
    /// Where the time goes, in order; the seconds add up to about those of a whole run.
    pub stages: Vec<StageTime>,
}

/// The machine, as far as it tells.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub processors: Option<usize>,
    /// Their model.
    pub processor: Option<String>,
    /// Memory of the machine.
    pub memory_bytes: Option<u64>,
    /// Processes that wanted to run, on average over the last minute, before the first run.
    pub load: Option<f64>,
    /// Operating system and architecture.
    pub system: String,
}

/// One whole analysis, from opening the databases to the written report.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Run {
    /// By the wall clock.
    pub seconds: f64,
    /// Of the files.
    pub bytes_per_second: f64,
    /// Of the captures.
    pub packets_per_second: f64,
}

impl Run {
    /// A run over this much.
    pub fn new(seconds: f64, bytes: u64, packets: u64) -> Self {
        let rate = |amount: u64| if seconds > 0.0 { amount as f64 / seconds } else { 0.0 };
        Self { seconds, bytes_per_second: rate(bytes), packets_per_second: rate(packets) }
    }
}

/// What one stage adds.
#[derive(Clone, Debug, Serialize)]
pub struct StageTime {
    /// In words.
    pub name: &'static str,
    /// Median of what it adds to the stages before it, by the wall clock.
    pub seconds: f64,
    /// Of all stages together.
    pub share: f64,
}

/// Least, median and greatest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// Least.
    pub min: f64,
    /// In the middle; between the two middle ones where their number is even.
    pub median: f64,
    /// Greatest.
    pub max: f64,
}

impl Spread {
    /// Of some values; zeros where there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |position: usize| values.get(position).copied().unwrap_or_default();
        let last = values.len().saturating_sub(1);
        Self { min: at(0), median: f64::midpoint(at(last / 2), at(last.div_ceil(2))), max: at(last) }
    }
}

impl Measured {
    /// Stages from the seconds of analyses that stop after each: the medians are subtracted, and noise that would make a
    /// stage give time back makes it nothing.
    pub fn stages(cumulative: &[(&'static str, f64)], rest: &[(&'static str, f64)]) -> Vec<StageTime> {
        let mut before = 0.0;
        let mut stages: Vec<StageTime> = cumulative
            .iter()
            .map(|&(name, seconds)| {
                let added = (seconds - before).max(0.0);
                before = seconds.max(before);
                StageTime { name, seconds: added, share: 0.0 }
            })
            .chain(rest.iter().map(|&(name, seconds)| StageTime { name, seconds, share: 0.0 }))
            .collect();
        let whole: f64 = stages.iter().map(|stage| stage.seconds).sum();
        for stage in &mut stages {
            stage.share = if whole > 0.0 { stage.seconds / whole } else { 0.0 };
        }
        stages
    }

    /// Seconds of the whole runs.
    pub fn seconds(&self) -> Spread {
        Spread::of(self.runs.iter().map(|run| run.seconds))
    }

    fn bytes_per_second(&self) -> Spread {
        Spread::of(self.runs.iter().map(|run| run.bytes_per_second))
    }

    fn packets_per_second(&self) -> Spread {
        Spread::of(self.runs.iter().map(|run| run.packets_per_second))
    }

    /// The captures in a few words: the first, and how many more.
    fn title(&self) -> String {
        match self.captures.as_slice() {
            [] => "no capture".to_owned(),
            [one] => one.clone(),
            [first, more @ ..] => format!("{first} and {}", units::plural(more.len() as u64, "more", "more")),
        }
    }

    /// Size, frames, mean frame, flows.
    fn facts(&self) -> String {
        let mean = self.captured_bytes.checked_div(self.frames).unwrap_or_default();
        format!(
            "{} · {} of {} on average · {}",
            units::bytes(self.file_bytes),
            units::plural(self.frames, "frame", "frames"),
            units::bytes(mean),
            units::plural(self.flows, "flow", "flows"),
        )
    }

    /// Threads, processors, system.
    fn place(&self) -> String {
        let machine = &self.machine;
        let mut facts = vec![units::plural(self.threads as u64, "thread", "threads")];
        let model = machine.processor.clone().unwrap_or_else(|| "unknown processor".to_owned());
        match machine.processors {
            Some(processors) => facts.push(format!("{processors} × {model}")),
            None => facts.push(model),
        }
        facts.extend(machine.memory_bytes.map(|bytes| format!("{} of memory", units::bytes(bytes))));
        facts.push(machine.system.clone());
        facts.join(" · ")
    }
}

/// The indented JSON object, with a final line feed.
pub fn json(measured: &Measured) -> String {
    serde_json::to_string_pretty(measured).map(|text| text + "\n").unwrap_or_default()
}

/// Bytes in a second, in a decimal unit.
fn byte_rate(rate: f64) -> String {
    if rate < 1e9 { format!("{:.1} MB/s", rate / 1e6) } else { format!("{:.2} GB/s", rate / 1e9) }
}

/// Packets in a second.
fn packet_rate(rate: f64) -> String {
    if rate < 1e6 { format!("{:.0} kpkt/s", rate / 1e3) } else { format!("{:.2} Mpkt/s", rate / 1e6) }
}

/// Seconds with about three figures.
fn seconds(value: f64) -> String {
    if value < 0.1 { format!("{:.1} ms", value * 1e3) } else { format!("{value:.3} s") }
}

/// The table.
pub fn render(measured: &Measured, is_ascii: bool) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<9} {value}");
    };
    line("capture", &measured.title());
    line("", &measured.facts());
    line("machine", &measured.place());
    let memory = measured.peak_memory_bytes.map_or("unknown".to_owned(), units::bytes);
    line("memory", &format!("{memory} at most"));
    if let Some(load) = measured.machine.load.filter(|load| *load >= 0.5) {
        line("load", &format!("{load:.1} before the first run: other processes were at work"));
    }
    if !measured.is_optimized {
        line("build", "not optimized: build with --release before you believe a figure");
    }
    let row = |text: &mut String, label: &str, [a, b, c]: [String; 3]| {
        let _ = writeln!(text, "{label:<9} {a:>11} {b:>13} {c:>14}");
    };
    text.push('\n');
    row(&mut text, "run", ["time".to_owned(), "of the file".to_owned(), "packets".to_owned()]);
    for (position, run) in measured.runs.iter().enumerate() {
        let figures = [seconds(run.seconds), byte_rate(run.bytes_per_second), packet_rate(run.packets_per_second)];
        row(&mut text, &(position + 1).to_string(), figures);
    }
    let (time, bytes, packets) = (measured.seconds(), measured.bytes_per_second(), measured.packets_per_second());
    // The fastest run has the least time and the greatest rates: a row is one run's.
    for (label, time, bytes, packets) in [
        ("fastest", time.min, bytes.max, packets.max),
        ("median", time.median, bytes.median, packets.median),
        ("slowest", time.max, bytes.min, packets.min),
    ] {
        row(&mut text, label, [seconds(time), byte_rate(bytes), packet_rate(packets)]);
    }
    let _ = writeln!(text, "\n{:<34} {:>11} {:>7}", "stage", "adds", "share");
    for stage in &measured.stages {
        let bar = "█".repeat((stage.share * BAR_COLUMNS).round() as usize);
        let (adds, share) = (seconds(stage.seconds), units::share(stage.share));
        let _ = writeln!(text, "{}", format!("{:<34} {adds:>11} {share:>7}  {bar}", stage.name).trim_end());
    }
    let text = text.replace('█', if is_ascii { "#" } else { "█" });
    let text = if is_ascii { text.replace('·', "-").replace('×', "x") } else { text };
    text.lines().map(|line| escape::terminal(line, is_ascii).into_owned() + "\n").collect()
}

#[cfg(test)]
mod tests;
