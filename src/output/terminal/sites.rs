//! Sites and services that are in no entry of the catalogue, apart from apps: bytes, place, network, names.

use super::lines::{Ink, Line, Lines, cut, cut_name};
use crate::output::units;
use crate::report::{Report, Site, SitePlace};
use unicode_width::UnicodeWidthStr;

/// Sites shown.
const SITE_LIMIT: usize = 20;
/// Places shown of a site.
const PLACE_LIMIT: usize = 2;

/// Every site, up to the limit, then what the others come to.
pub(super) fn sites(lines: &mut Lines, report: &Report) {
    let sites = &report.sites;
    if sites.listed.is_empty() {
        return;
    }
    lines.gap();
    let mut head = Line::default();
    head.put(Ink::Bold, cut("Sites and services in no entry of the catalogue", lines.columns()));
    lines.line(&head);
    let shown = || sites.listed.iter().take(SITE_LIMIT);
    let most = if lines.columns() < 100 { 22 } else { 40 };
    let widest = shown().map(|site| lines.text(&site.domain).width()).max().unwrap_or(0).clamp(8, most);
    shown().for_each(|site| one(lines, site, widest));
    let hidden = sites.listed.iter().skip(SITE_LIMIT);
    let mut rest = Vec::new();
    if let count @ 1.. = hidden.len() as u64 + sites.more {
        let bytes = hidden.map(|site| site.bytes).fold(sites.more_bytes, u64::saturating_add);
        rest.push(format!("+{}: {}", units::plural(count, "site", "sites"), units::bytes(bytes)));
    }
    if sites.not_kept_bytes > 0 {
        rest.push(format!("names that are not kept: {}", units::bytes(sites.not_kept_bytes)));
    }
    if !rest.is_empty() {
        let mut line = Line::default();
        line.to(2);
        lines.pieces(line, 2, " · ", rest.into_iter().map(|piece| (Ink::Dim, piece)).collect());
    }
}

fn one(lines: &mut Lines, site: &Site, widest: usize) {
    let columns = lines.columns();
    let mut line = Line::default();
    let domain = lines.text(&site.domain).into_owned();
    line.to(2).put(Ink::Accent, cut_name(&domain, widest.min(columns.saturating_sub(2))));
    let up = 2 + widest + 10;
    let figures = up + 18;
    if figures <= columns {
        line.right(Ink::Plain, &format!("{} ↑", units::bytes(site.sent)), up);
        line.right(Ink::Plain, &format!("{} ↓", units::bytes(site.received)), up + 10);
        line.right(Ink::Plain, &units::share(site.share), figures);
    }
    lines.line(&line);
    let mut pieces: Vec<(Ink, String)> =
        site.places.iter().take(PLACE_LIMIT).map(|place| (Ink::Dim, lines.text(&told(place)).into_owned())).collect();
    if let more @ 1.. = site.places.len().saturating_sub(PLACE_LIMIT) {
        pieces.push((Ink::Dim, units::plural(more as u64, "more place", "more places")));
    }
    if site.names_total > 1 {
        pieces.push((Ink::Dim, units::plural(site.names_total, "name", "names")));
    }
    let mut line = Line::default();
    line.to(4);
    lines.pieces(line, 4, " · ", pieces);
}

/// A place in words: country with standing and age, and who runs the network.
fn told(place: &SitePlace) -> String {
    let mut text = place.label.clone();
    if !place.candidates.is_empty() {
        text.push_str(&format!(", {}", place.standing.word()));
        if place.age == "stale" {
            text.push_str(", stale");
        }
    }
    if let Some(who) = place.operator.as_ref().or(place.as_name.as_ref()) {
        text.push_str(&format!(", {who}"));
    }
    text
}
