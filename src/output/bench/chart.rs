//! A small picture of what was measured: one bar per stage, each where the one before it ends, over the seconds of a run;
//! below it one mark per run. For documents.

use super::super::escape::svg;
use super::super::figure::mark;
use super::super::palette;
use super::{Measured, byte_rate, packet_rate, seconds, units};
use std::io::{self, Write};

/// Width of the picture.
const WIDTH: f64 = 760.0;
/// Where the bars begin: right of the names of stages.
const LEFT: f64 = 242.0;
/// Where the axis ends.
const RIGHT: f64 = 736.0;
/// Room kept right of the last bar for its figures.
const FIGURES: f64 = 118.0;
/// Height of the title and the line below it.
const TOP: f64 = 78.0;
/// Height of a row.
const ROW: f64 = 30.0;
/// Height of a bar.
const BAR: f64 = 18.0;
/// Marks on the axis, at most.
const TICKS: f64 = 6.0;
/// Characters of the title that fit.
const TITLE_LENGTH: usize = 64;

const STYLE: &str = "text{font:13px system-ui,Helvetica,Arial,sans-serif;fill:#1c1d1f}.h{font-size:16px;font-weight:600}\
    .q{fill:#5d6166}.g{stroke:#dcdedf}.r{fill:none;stroke:#1c1d1f;stroke-width:1.5}.e{text-anchor:end}.m{text-anchor:middle}\
    .p{fill:#fff}.f{paint-order:stroke;stroke:#fff;stroke-width:5px}@media(prefers-color-scheme:dark){text{fill:#e4e4e4}.q{fill:#9a9a9a}.g{stroke:#3a3d42}.r{stroke:#e4e4e4}\
    .p{fill:#14161a}.f{stroke:#14161a}}";

/// The distance between marks: 1, 2 or 5 times a power of ten.
fn step(length: f64) -> f64 {
    let least = length / TICKS;
    if !least.is_normal() {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// The end of a long title, where the name of the file is.
fn shortened(title: &str) -> String {
    let length = title.chars().count();
    if length <= TITLE_LENGTH {
        return title.to_owned();
    }
    std::iter::once('…').chain(title.chars().skip(length - TITLE_LENGTH)).collect()
}

/// Writes the picture.
pub fn write(measured: &Measured, out: &mut dyn Write) -> io::Result<()> {
    let rows = measured.stages.len() as f64;
    let run = measured.seconds();
    let stages: f64 = measured.stages.iter().map(|stage| stage.seconds).sum();
    let end = stages.max(run.max).max(f64::MIN_POSITIVE);
    let x = |at: f64| LEFT + at / end * (RIGHT - FIGURES - LEFT);
    let axis = TOP + rows * ROW + ROW;
    let height = axis + 62.0;
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\">\n{1}\n<title>{0}</title>\n<style>{STYLE}",
        svg(&measured.title()),
        mark(),
    )?;
    for position in 0..measured.stages.len() {
        write!(out, ".s{position}{{fill:{}}}", palette::light(Some(position)))?;
    }
    write!(
        out,
        "</style>\n<rect class=\"p\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n<text class=\"h\" x=\"24\" y=\"34\">{}</text>\n\
         <text class=\"q\" x=\"24\" y=\"56\">{}</text>\n",
        svg(&shortened(&measured.title())),
        svg(&measured.facts()),
    )?;
    let step = step(end);
    for mark in 0.. {
        let at = f64::from(mark) * step;
        if at > end * (1.0 + 1e-9) {
            break;
        }
        writeln!(
            out,
            "<path class=\"g\" d=\"M{0:.1} {TOP}V{axis:.1}\"/><text class=\"q m\" x=\"{0:.1}\" y=\"{1:.1}\">{2}</text>",
            x(at),
            axis + 17.0,
            tick(at, step)
        )?;
    }
    let mut from = 0.0;
    for (position, stage) in measured.stages.iter().enumerate() {
        let y = TOP + position as f64 * ROW + (ROW - BAR) / 2.0;
        let to = from + stage.seconds;
        writeln!(
            out,
            "<text class=\"e\" x=\"{:.1}\" y=\"{text:.1}\">{}</text><rect class=\"s{position}\" x=\"{:.1}\" y=\"{y:.1}\" \
             width=\"{:.1}\" height=\"{BAR}\"/><text class=\"f\" x=\"{:.1}\" y=\"{text:.1}\">{} · {}</text>",
            LEFT - 12.0,
            svg(stage.name),
            x(from),
            (x(to) - x(from)).max(1.0),
            x(to) + 8.0,
            seconds(stage.seconds),
            svg(&units::share(stage.share)),
            text = y + 14.0,
        )?;
        from = to;
    }
    let y = axis - ROW / 2.0;
    writeln!(out, "<text class=\"e\" x=\"{:.1}\" y=\"{:.1}\">whole runs</text>", LEFT - 12.0, y + 5.0)?;
    for one in &measured.runs {
        writeln!(out, "<circle class=\"r\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"/>", x(one.seconds))?;
    }
    let rates = [measured.bytes_per_second().median, measured.packets_per_second().median];
    let memory = measured.peak_memory_bytes.map_or("unknown".to_owned(), units::bytes);
    write!(
        out,
        "<text x=\"24\" y=\"{0:.1}\">{1} · {2} · {3} of memory</text>\n<text class=\"q e\" x=\"{RIGHT}\" y=\"{0:.1}\">{4}</text>\n</svg>\n",
        height - 14.0,
        byte_rate(rates[0]),
        packet_rate(rates[1]),
        svg(&memory),
        svg(&format!(
            "{} · {}",
            units::plural(measured.threads as u64, "thread", "threads"),
            measured.machine.processor.as_deref().unwrap_or("unknown processor")
        )),
    )
}

/// A mark's label with no more figures than its distance needs.
fn tick(at: f64, step: f64) -> String {
    let (value, unit, step) = if step < 0.1 { (at * 1e3, "ms", step * 1e3) } else { (at, "s", step) };
    if step < 1.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        let found = [0.7, 1.0, 5.9, 0.031].map(step);
        for (found, expected) in found.iter().zip([0.2, 0.2, 1.0, 0.01]) {
            assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        }
        assert_eq!([step(0.0), step(f64::MIN_POSITIVE)], [1.0, 1.0]);
        assert_eq!([tick(0.4, 0.2), tick(0.02, 0.01), tick(4.0, 2.0)], ["0.4 s", "20 ms", "4 s"]);
    }

    #[test]
    fn long_titles_keep_their_end() {
        let title = shortened(&format!("{}/phone.pcap", "d".repeat(90)));
        assert!(title.starts_with('…') && title.ends_with("/phone.pcap") && title.chars().count() == TITLE_LENGTH + 1);
    }
}
