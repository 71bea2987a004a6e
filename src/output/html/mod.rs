//! A [`Report`] as one HTML file that opens from disk: a world map with an arc per destination, the same as a table, and a
//! drawer with all evidence of the chosen one. No outside resource, no library; the policy in its head allows the one
//! script by its hash, so that nothing a capture holds can run.

#[cfg(test)]
mod browser;
mod item;
mod sites;
mod tables;

use super::escape::{html, json_in_html, visible};
use super::map::{Map, World};
use super::palette;
use super::units;
use crate::redact::for_page;
use crate::report::Report;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Names of places written on the map; there is no room for more.
const LABEL_LIMIT: usize = 60;

/// Distance between rings around a place, where there is no origin to draw arcs from.
const RING_PX: usize = 4;

/// Writes the page.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let report = &for_page(report);
    let map = Map::of(report);
    let world = World::load();
    let items = item::items(report, &map);
    let data = serde_json::to_string(&items)?;
    fill(out, |slot| match slot {
        "generator" => super::generator::GENERATOR.to_owned(),
        "title" => html(&title(report)).into_owned(),
        "summary" => html(&summary(report)).into_owned(),
        "answer" => tables::answer(report),
        "script_hash" => format!("sha256-{}", base64(&Sha256::digest(SCRIPT.as_bytes()))),
        "style" => STYLE.to_owned(),
        "colors" => palette::css(),
        "chips" => tables::chips(report),
        "view" => map.view.map(|value| value.to_string()).join(" "),
        "land" => world.paths(|code| is_reached(report, code)),
        "edge" => format!("<path class=\"edge\" aria-hidden=\"true\" d=\"{}\"/>", super::projection::edge()),
        "arcs" => arcs(report, &map),
        "dots" => dots(report, &map),
        "caption" => caption(report, &world),
        "list" => tables::destinations(report, &map),
        "apart" => tables::apart(report, &map),
        "countries" => tables::countries(report),
        "rest" => tables::rest(report) + &sites::section(report),
        "footer" => tables::footer(report, &world),
        "data" => json_in_html(&data),
        "script" => SCRIPT.to_owned(),
        _ => String::new(),
    })
}

/// Whether a page of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"<!doctype html>")
        && super::generator::contains(head, "<meta name=\"generator\" content=\"whither ")
}

/// Writes the template with each `{{slot}}` replaced once. What is filled in is not searched for slots.
fn fill(out: &mut dyn Write, slot: impl Fn(&str) -> String) -> io::Result<()> {
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        out.write_all(before.as_bytes())?;
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        out.write_all(slot(name).as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

fn title(report: &Report) -> String {
    match report.captures.as_slice() {
        [] => "No capture".to_owned(),
        [one] => one.name.clone(),
        [first, rest @ ..] => format!("{} and {}", first.name, units::plural(rest.len() as u64, "more", "more")),
    }
}

fn summary(report: &Report) -> String {
    let mut parts = vec![
        units::duration(report.duration_ns),
        units::plural(report.frames, "packet", "packets"),
        units::bytes(report.bytes),
    ];
    parts.extend(super::words::beginning(report));
    parts.push(match &report.vantage {
        Some(vantage) => format!("from {} ({:.0} km)", vantage.label, vantage.radius_km),
        None => "from an unknown place".to_owned(),
    });
    parts.join(" · ")
}

fn is_reached(report: &Report, code: &str) -> bool {
    report.countries.iter().any(|line| line.country.code() == code)
}

/// One group per arc; a destination without an arc has none, but a dot.
fn arcs(report: &Report, map: &Map<'_>) -> String {
    let mut out = String::new();
    // The widest lie below, so that thin ones stay in reach.
    let mut order: Vec<_> = map.routes.iter().enumerate().collect();
    order.sort_by(|a, b| b.1.weight.total_cmp(&a.1.weight));
    for (position, route) in order {
        let shape = match (&route.path, map.origin, route.at) {
            (Some(path), ..) => {
                let weight = route.weight;
                format!(
                    "<path class=\"hit\" d=\"{path}\"/><path class=\"line\" stroke-width=\"{weight:.1}\" d=\"{path}\"/>"
                )
            }
            // Without an origin each app is a ring around the place.
            (None, None, Some((x, y))) => {
                let lane = map.dots.iter().find_map(|dot| dot.routes.iter().position(|route| *route == position));
                let radius = RING_PX * (lane.unwrap_or(0).min(8) + 2);
                format!("<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" style=\"--r:{radius}px\"/>")
            }
            _ => continue,
        };
        let destination = route.destination;
        let app = route.app.and_then(|app| report.apps.get(app)).map_or("no app named", |app| app.name.as_str());
        let label = format!(
            "{app} to {} ({}): {} sent, {} received",
            route.candidate.map_or(&destination.label, |candidate| &candidate.label),
            super::words::standing(destination),
            units::bytes(destination.payload.sent),
            units::bytes(destination.payload.received)
        );
        let label = html(&label);
        let class = palette::class(route.app);
        let key = tables::app_key(route.app);
        let doubt = if destination.candidates.len() > 1 { " differ" } else { "" };
        out.push_str(&format!(
            "<g class=\"arc {class}{doubt}\" data-app=\"{key}\" data-i=\"{position}\" tabindex=\"0\" role=\"button\" \
             aria-label=\"{label}\"><title>{label}</title>{shape}</g>"
        ));
    }
    out
}

fn dots(report: &Report, map: &Map<'_>) -> String {
    let mut out = String::new();
    let keys = |routes: &[usize]| {
        let mut keys: Vec<_> =
            routes.iter().filter_map(|route| map.routes.get(*route)).map(|route| tables::app_key(route.app)).collect();
        keys.dedup();
        keys.join(" ")
    };
    if let Some((x, y)) = map.origin {
        out.push_str(&format!("<circle class=\"origin\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"));
    }
    for dot in &map.dots {
        let (x, y) = dot.at;
        out.push_str(&format!("<circle data-apps=\"{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>", keys(&dot.routes)));
    }
    let text = |class: &str, apps: &str, (x, y): (f64, f64), label: &str| {
        format!(
            "<text{class}{apps} data-x=\"{x:.1}\" data-y=\"{y:.1}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 6.0,
            y + 3.0,
            html(label)
        )
    };
    if let (Some(at), Some(vantage)) = (map.origin, &report.vantage) {
        out.push_str(&text(" class=\"home\"", "", at, &vantage.label));
    }
    for dot in map.dots.iter().take(LABEL_LIMIT) {
        out.push_str(&text("", &format!(" data-apps=\"{}\"", keys(&dot.routes)), dot.at, &dot.label()));
    }
    out
}

fn caption(report: &Report, world: &World) -> String {
    let arcs = match &report.vantage {
        Some(vantage) => format!("Arcs are great circles from {}, not routes of cables.", visible(&vantage.label)),
        None => {
            "The place of the capture is not known (--from PLACE): rings in the colours of apps, no arcs.".to_owned()
        }
    };
    let world = world.source.split(" via ").next().unwrap_or_default();
    html(&format!("{arcs} Dots are countries that network endpoints are confirmed or reported in; where databases differ, arcs are dashed and go to each. {world}; its borders are not a statement."))
        .into_owned()
}

/// Base64 (RFC 4648 §4), for the hash of the script.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let digit = (word >> (18 - 6 * position) & 63) as usize;
            let character = if position <= chunk.len() { ALPHABET.get(digit).copied().unwrap_or(b'=') } else { b'=' };
            out.push(char::from(character));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn page(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_from_the_wire_becomes_markup() {
        let page = page(&example::report());
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
        assert!(!page.contains("{{") && !page.contains("}}</"));
    }

    #[test]
    fn nothing_is_fetched() {
        let page = page(&example::report());
        for outside in ["src=\"http", "url(", "@import", "<link", "fetch(", "XMLHttpRequest", "import("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_hostile_report_is_text_everywhere() {
        let mut report = example::report();
        let hostile = example::HOSTILE_NAME.to_owned();
        report.captures[0].name.clone_from(&hostile);
        report.generator.command.clone_from(&hostile);
        report.notes.push(hostile.clone());
        report.apps[0].name.clone_from(&hostile);
        report.apps[0].id.clone_from(&hostile);
        report.apps[0].destinations[0].label.clone_from(&hostile);
        report.apps[0].destinations[0].operator = Some(hostile.clone());
        report.apps[0].destinations[0].candidates[0].city = Some(hostile.clone());
        report.apps[0].destinations[0].candidates[0].label.clone_from(&hostile);
        report.apps[0].shares.sent.sentence.clone_from(&hostile);
        report.unattributed[0].reason.clone_from(&hostile);
        report.countries[0].label.clone_from(&hostile);
        report.databases[0].attribution.clone_from(&hostile);
        let page = page(&report);
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script>").count(), 2);
    }

    #[test]
    fn empty_report_makes_a_page() {
        let report = example::finish(Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        assert!(page(&report).ends_with("</html>\n"));
    }

    #[test]
    fn base64_of_the_standard() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, expected) in cases {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
