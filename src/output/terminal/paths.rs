//! Paths to destinations, hop by hop: what traffic was routed through, apart from where it ends.

use super::lines::{Ink, Line, Lines};
use crate::output::units;
use crate::output::words::CountryNames;
use crate::place::Country;
use crate::report::{HopLine, PathCountry, PathLine, Report};

/// Paths shown.
const PATH_LIMIT: usize = 12;
/// Hops shown of one path.
const HOP_LIMIT: usize = 40;
/// Where distances end, and where addresses and what is known of them begin.
const COLUMNS: [usize; 2] = [4, 6];

/// Every path, up to the limit.
pub(super) fn paths(lines: &mut Lines, report: &Report) {
    if report.paths.is_empty() {
        return;
    }
    let names = CountryNames::of(report);
    lines.gap();
    let mut head = Line::default();
    head.put(Ink::Bold, "Paths");
    let pieces = vec![(Ink::Dim, "routed through: no hop is an endpoint, and none is in a share".to_owned())];
    head.put(Ink::Plain, "  ");
    lines.pieces(head, 2, " ", pieces);
    for (path, number) in report.paths.iter().zip(1_usize..).take(PATH_LIMIT) {
        one(lines, path, number, &names);
    }
    let more = report.paths.len().saturating_sub(PATH_LIMIT);
    if more > 0 {
        let mut line = Line::default();
        line.to(2).put(Ink::Dim, format!("+{} in --json", units::plural(more as u64, "path", "paths")));
        lines.line(&line);
    }
}

fn one(lines: &mut Lines, path: &PathLine, number: usize, names: &CountryNames<'_>) {
    let mut line = Line::default();
    line.to(2);
    let target: Vec<&str> = path.target_name.iter().chain(&path.target).map(String::as_str).collect();
    let target = if target.is_empty() { "a target that is not told".to_owned() } else { target.join(" ") };
    let mut pieces = vec![(Ink::Plain, lines.text(&format!("{number} to {target}")).into_owned())];
    let origin = match (path.frame, path.line) {
        (Some(frame), _) => format!("answers from {} #{frame} on", path.file),
        (_, Some(line)) => format!("{} in {}, line {line}", path.tool, path.file),
        _ => path.file.clone(),
    };
    pieces.push((Ink::Dim, lines.text(&origin).into_owned()));
    match path.reached {
        Some(reached) => pieces.push((Ink::Dim, format!("the target answered at {reached}"))),
        None if path.line.is_some() => pieces.push((Ink::Warn, "the target did not answer".to_owned())),
        None => {}
    }
    if !path.is_met {
        pieces.push((Ink::Warn, "no endpoint of the captures".to_owned()));
    }
    lines.pieces(line, 4, " · ", pieces);
    path.hops.iter().take(HOP_LIMIT).for_each(|hop| hop_line(lines, hop, &path.countries, names));
    let more = path.hops.len().saturating_sub(HOP_LIMIT);
    if more > 0 {
        let mut line = Line::default();
        line.to(COLUMNS[1]).put(Ink::Dim, format!("+{}", units::plural(more as u64, "hop", "hops")));
        lines.line(&line);
    }
}

fn hop_line(lines: &mut Lines, hop: &HopLine, known: &[PathCountry], names: &CountryNames<'_>) {
    let mut line = Line::default();
    let distance = hop.distance.map_or_else(|| "?".to_owned(), |distance| distance.to_string());
    line.right(Ink::Plain, &distance, COLUMNS[0]);
    if hop.is_gap {
        let until = hop.until.filter(|until| Some(*until) != hop.distance);
        let text = until.map_or_else(|| "no answer".to_owned(), |until| format!("to {until}: no answer"));
        line.to(COLUMNS[1]).put(Ink::Dim, text);
        return lines.line(&line);
    }
    line.to(COLUMNS[1]);
    let who = hop.address.as_deref().or(hop.name.as_deref()).unwrap_or_default();
    let mut pieces = vec![(Ink::Plain, lines.text(who).into_owned())];
    pieces.extend(hop.rtt_ms.map(|ms| (Ink::Dim, units::milliseconds(ms))));
    let label = |country: &Country| {
        let known = known.iter().find(|one| one.country == *country);
        known.map_or_else(|| names.name(*country), |one| one.label.clone())
    };
    let countries: Vec<String> = hop.candidates.iter().map(label).collect();
    match (hop.standing, countries.is_empty()) {
        (Some(standing), true) => pieces.push((Ink::Dim, standing.word().to_owned())),
        (Some(standing), false) => {
            let countries = lines.text(&countries.join(" or ")).into_owned();
            pieces.push((Ink::Plain, format!("{countries} {}", standing.word())));
        }
        (None, _) => pieces.push((Ink::Dim, "no address, so no place".to_owned())),
    }
    let network = hop.operator.as_ref().or(hop.as_name.as_ref());
    let network = match (network, hop.asn) {
        (Some(name), Some(asn)) => Some(format!("{name} AS{asn}")),
        (Some(name), None) => Some(name.clone()),
        (None, asn) => asn.map(|asn| format!("AS{asn}")),
    };
    pieces.extend(network.map(|network| (Ink::Dim, lines.text(&network).into_owned())));
    pieces.extend(hop.jurisdiction.map(|country| (Ink::Dim, format!("jurisdiction {}", names.name(country)))));
    lines.pieces(line, COLUMNS[1] + 2, " · ", pieces);
}

/// The countries seen on paths, in a line that begins where it is told to.
pub(super) fn routed(lines: &mut Lines, (paths, countries): (&[usize], &[PathCountry]), indent: usize) {
    if paths.is_empty() {
        return;
    }
    let mut line = Line::default();
    line.to(indent).put(Ink::Dim, "routed, on ");
    let numbers: Vec<String> = paths.iter().take(3).map(|at| (at + 1).to_string()).collect();
    let more = if paths.len() > numbers.len() { " and others" } else { "" };
    line.put(Ink::Dim, format!("path {}{more}: ", numbers.join(", ")));
    let told =
        |one: &PathCountry| (Ink::Plain, lines.text(&format!("{} {}", one.label, one.standing.word())).into_owned());
    let mut pieces: Vec<(Ink, String)> = countries.iter().map(told).collect();
    if pieces.is_empty() {
        pieces.push((Ink::Dim, "no country".to_owned()));
    }
    lines.pieces(line, indent + 2, " · ", pieces);
}
