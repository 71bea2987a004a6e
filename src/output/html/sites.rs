//! Sites and services that are in no entry of the catalogue, as a table apart from apps.

use crate::output::escape::html;
use crate::output::units;
use crate::report::{Report, Site};

/// Sites shown; the report as JSON has more.
const SITES: usize = 40;

/// The table; nothing where there are none.
pub(super) fn section(report: &Report) -> String {
    let sites = &report.sites;
    if sites.listed.is_empty() {
        return String::new();
    }
    let rows: String = sites.listed.iter().take(SITES).map(row).collect();
    let hidden = sites.listed.iter().skip(SITES);
    let more = match hidden.len() as u64 + sites.more {
        0 => String::new(),
        count => {
            let bytes = hidden.map(|site| site.bytes).fold(sites.more_bytes, u64::saturating_add);
            format!(
                "<p class=\"quiet\">and {}: {}</p>",
                units::plural(count, "more site", "more sites"),
                units::bytes(bytes)
            )
        }
    };
    format!(
        "<section><h2>Sites and services in no entry of the catalogue</h2><p class=\"quiet\">Which app opened them is not known.</p>\
         <table><thead><tr><th scope=\"col\">Site or service</th><th scope=\"col\">Where, and who runs the network</th>\
         <th scope=\"col\" class=\"n\">Bytes</th><th scope=\"col\" class=\"n\">Share</th></tr></thead><tbody>{rows}</tbody></table>{more}</section>"
    )
}

fn row(site: &Site) -> String {
    let place = site.places.first().map_or(String::new(), |place| {
        let standing =
            if place.candidates.is_empty() { String::new() } else { format!(" ({})", place.standing.word()) };
        let stale = if place.age == "stale" { ", stale" } else { "" };
        let who = place.operator.as_ref().or(place.as_name.as_ref()).map_or(String::new(), |who| format!(", {who}"));
        format!("{}{standing}{stale}{who}", place.label)
    });
    format!(
        "<tr><td>{} <span class=\"quiet\">{}</span></td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        html(&site.domain),
        html(&site.names.join(", ")),
        html(&place),
        units::count(site.bytes),
        units::share(site.share)
    )
}
