//! A [`Report`] as a still map: the same outlines and arcs as the page's, a legend and the attribution. For print and slides.

use super::escape::svg;
use super::map::{Map, World};
use super::{palette, projection, units, words};
use crate::report::{Report, WayShares};
use std::io::{self, Write};

/// Width of the picture.
const WIDTH: f64 = 1600.0;
/// Height of the map in it.
const MAP_HEIGHT: f64 = 860.0;
/// Height of the title above the map.
const TOP: f64 = 64.0;
/// Height of a line of the legend.
const LINE: f64 = 24.0;
/// Apps named in the legend.
const LEGEND_LIMIT: usize = 18;
/// Legend entries side by side.
const LEGEND_COLUMNS: usize = 2;
/// Names of places written on the map.
const LABEL_LIMIT: usize = 24;

/// How a picture says what made it.
const MARK: &str = "<!-- Generator: ";

/// What made a picture, as a comment for its beginning.
pub(super) fn mark() -> String {
    format!("{MARK}{} -->", super::generator::GENERATOR)
}

/// Whether a picture of this program begins so.
pub fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"<svg ") && super::generator::contains(head, &format!("{MARK}whither "))
}

/// Writes the picture.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let map = Map::of(report);
    let world = World::load();
    let legend = legend(report);
    let rows = legend.len().div_ceil(LEGEND_COLUMNS) as f64;
    let height = TOP + MAP_HEIGHT + rows * LINE + 92.0;
    let [x, y, width, view_height] = map.view;
    // Map units per pixel, as the inner viewBox shows them.
    let k = (width / WIDTH).max(view_height / MAP_HEIGHT);
    let title: Vec<_> = report.captures.iter().take(3).map(|capture| capture.name.as_str()).collect();
    let facts = [
        units::duration(report.duration_ns),
        units::plural(report.frames, "packet", "packets"),
        units::bytes(report.bytes),
        report.vantage.as_ref().map_or("from an unknown place".to_owned(), |vantage| format!("from {}", vantage.label)),
        words::age(report),
    ];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui,Helvetica,Arial,sans-serif\" font-size=\"15\" fill=\"#1c1d1f\" role=\"img\">\n{2}\n\
         <title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"24\" y=\"40\" font-size=\"22\" font-weight=\"600\">{0}</text>\n\
         <text x=\"{right}\" y=\"40\" text-anchor=\"end\" fill=\"#5d6166\">{1}</text>\n",
        svg(&title.join(", ")),
        svg(&facts.join(" · ")),
        mark(),
        right = WIDTH - 24.0,
    )?;
    write!(
        out,
        "<svg x=\"0\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{MAP_HEIGHT}\" viewBox=\"{x} {y} {width} {view_height}\">\n\
         <g fill=\"#e8e9e8\" stroke=\"#fff\" stroke-width=\"{0:.3}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">{1}</g>\n\
         <path d=\"{2}\" fill=\"none\" stroke=\"#dcdedf\" stroke-width=\"{0:.3}\"/>\n",
        0.8 * k,
        world.paths(|_| false),
        projection::edge(),
    )?;
    arcs(&map, k, out)?;
    dots(report, &map, k, out)?;
    out.write_all(b"</svg>\n")?;
    for (position, (app, text)) in legend.iter().enumerate() {
        let left = 24.0 + (position % LEGEND_COLUMNS) as f64 * ((WIDTH - 48.0) / LEGEND_COLUMNS as f64);
        let top = TOP + MAP_HEIGHT + 28.0 + (position / LEGEND_COLUMNS) as f64 * LINE;
        writeln!(
            out,
            "<path d=\"M{left} {y}h28\" stroke=\"{}\" stroke-width=\"4\"{}/><text x=\"{}\" y=\"{top}\">{}</text>",
            palette::light(*app),
            dashes(*app, 1.0),
            left + 38.0,
            svg(text),
            y = top - 5.0,
        )?;
    }
    let mut captions = vec![
        "Dots are countries that endpoints are confirmed or reported in, by payload sent and received; arcs are great circles, not routes of cables."
            .to_owned(),
    ];
    let sources: Vec<_> =
        report.databases.iter().map(|database| format!("{} ({})", database.attribution, database.date)).collect();
    captions.push(format!(
        "{}{}{}; borders imply no position on any dispute. {} {}",
        sources.join("; "),
        if sources.is_empty() { "" } else { "; outlines " },
        world.source.split(" via ").next().unwrap_or_default(),
        report.generator.name,
        report.generator.version
    ));
    for (position, caption) in captions.iter().enumerate() {
        let top = height - 40.0 + 18.0 * position as f64;
        writeln!(out, "<text x=\"24\" y=\"{top}\" font-size=\"12\" fill=\"#5d6166\">{}</text>", svg(caption))?;
    }
    out.write_all(b"</svg>\n")
}

fn arcs(map: &Map<'_>, k: f64, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<g fill=\"none\" stroke-linecap=\"round\" opacity=\"0.85\">\n")?;
    let mut order: Vec<_> = map.routes.iter().collect();
    order.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    for route in order {
        if let Some(path) = &route.path {
            let (color, dashes) = (palette::light(route.app), dashes(route.app, k));
            // Where databases differ, the arc to each country is dashed.
            let is_certain = route.destination.candidates.len() < 2;
            let dashes = if is_certain { dashes } else { format!(" stroke-dasharray=\"{0:.2} {0:.2}\"", 6.0 * k) };
            writeln!(out, "<path d=\"{path}\" stroke=\"{color}\" stroke-width=\"{:.2}\"{dashes}/>", route.weight * k)?;
        }
    }
    out.write_all(b"</g>\n")
}

fn dashes(app: Option<usize>, k: f64) -> String {
    let scaled = |pattern: &str| {
        let lengths = pattern.split(' ').filter_map(|length| length.parse::<f64>().ok());
        lengths.map(|length| format!("{:.2}", length * k)).collect::<Vec<_>>().join(" ")
    };
    palette::dashes(app).map_or(String::new(), |pattern| format!(" stroke-dasharray=\"{}\"", scaled(pattern)))
}

fn dots(report: &Report, map: &Map<'_>, k: f64, out: &mut dyn Write) -> io::Result<()> {
    let mut taken: Vec<[f64; 4]> = Vec::new();
    let home = map.origin.zip(report.vantage.as_ref()).map(|(at, vantage)| (at, vantage.label.clone(), true));
    let places = map.dots.iter().map(|dot| (dot.at, dot.label(), false));
    for (position, ((x, y), label, is_home)) in home.into_iter().chain(places).enumerate() {
        let (radius, fill, stroke) = if is_home { (5.5, "#fff", "#1c1d1f") } else { (4.0, "#1c1d1f", "#fff") };
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.2}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{:.2}\"/>",
            radius * k,
            2.0 * k
        )?;
        // To the right, or else to the left, or else not at all.
        let width = (label.chars().count() as f64 * 8.0 + 10.0) * k;
        let spots = [(x + 9.0 * k, "start", x + 9.0 * k), (x - 9.0 * k, "end", x - 9.0 * k - width)];
        let spot = spots.into_iter().find(|(.., left)| {
            let area = [*left, y - 10.0 * k, left + width, y + 7.0 * k];
            let is_free = !taken
                .iter()
                .any(|other| area[0] < other[2] && other[0] < area[2] && area[1] < other[3] && other[1] < area[3]);
            if is_free {
                taken.push(area);
            }
            is_free
        });
        if let Some((at, anchor, _)) = spot.filter(|_| position <= LABEL_LIMIT) {
            writeln!(
                out,
                "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" font-size=\"{:.2}\" stroke=\"#fff\" \
                 stroke-width=\"{:.2}\" paint-order=\"stroke\">{}</text>",
                y + 5.0 * k,
                15.0 * k,
                4.0 * k,
                svg(&label)
            )?;
        }
    }
    Ok(())
}

/// Apps with their shares, then what is not on the map.
fn legend(report: &Report) -> Vec<(Option<usize>, String)> {
    /// Countries named for an app.
    const NAMED: usize = 3;
    let line = |name: &str, way: &WayShares| {
        let mut endpoints = words::endpoints(way);
        let more = endpoints.len().saturating_sub(NAMED);
        endpoints.truncate(NAMED);
        let more = if more == 0 { String::new() } else { format!(", +{more}") };
        format!("{name}, {} sent: {}{more}", units::bytes(way.bytes), endpoints.join(", "))
    };
    let mut legend: Vec<_> = report
        .apps
        .iter()
        .enumerate()
        .take(LEGEND_LIMIT)
        .map(|(position, app)| (Some(position), line(&app.name, &app.shares.sent)))
        .collect();
    let more = report.apps.get(LEGEND_LIMIT..).unwrap_or_default();
    if !more.is_empty() {
        legend.push((Some(usize::MAX), format!("{} more apps", more.len())));
    }
    if !report.unattributed.is_empty() {
        legend.push((None, line("no app named", &report.unattributed_shares.sent)));
    }
    legend
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn picture_is_closed_and_escaped() {
        let mut report = example::report();
        report.apps[0].name = example::HOSTILE_NAME.to_owned();
        report.apps[0].destinations[0].candidates[0].label = example::HOSTILE_NAME.to_owned();
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        assert!(!text.contains("<img") && !text.contains("</script") && !text.contains('\u{1b}'));
        assert!(text.contains("DB-IP") && text.contains("Natural Earth"));
        assert!(!text.contains("NaN") && !text.contains("inf"));
    }
}
