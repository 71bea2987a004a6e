//! The parts of the page that are tables and lists: they stand in the file as they are, so it reads without the script.

use super::item::codes;
use crate::output::escape::html;
use crate::output::map::{Map, Route, World};
use crate::output::words::{self, CountryNames};
use crate::output::{palette, units};
use crate::report::{Remainder, Report};

/// Apps that have a sentence at the top of the page.
const ANSWERS: usize = 8;

/// What names an app in the page: its position, or `u` for what no app could be named for.
pub(super) fn app_key(app: Option<usize>) -> String {
    app.map_or("u".to_owned(), |app| app.to_string())
}

/// A switch per app with its share of all bytes.
pub(super) fn chips(report: &Report) -> String {
    let chip = |app: Option<usize>, id: &str, name: &str, share: f64| {
        format!(
            "<button type=\"button\" class=\"chip {}\" aria-pressed=\"true\" data-app=\"{}\" data-id=\"{}\">\
             <i class=\"swatch\"></i>{} <b>{}</b></button>",
            palette::class(app),
            app_key(app),
            html(id),
            html(name),
            units::share(share)
        )
    };
    let mut out: String =
        report.apps.iter().enumerate().map(|(at, app)| chip(Some(at), &app.id, &app.name, app.share)).collect();
    if !report.unattributed.is_empty() || !report.unattributed_routes.is_empty() {
        let bytes = report.unattributed.iter().map(|remainder| remainder.bytes).sum();
        out.push_str(&chip(None, "not-known", "no app named", units::part(bytes, report.bytes)));
    }
    out
}

/// The destinations that stand on the map, by app.
pub(super) fn destinations(report: &Report, map: &Map<'_>) -> String {
    let routes = map.routes.iter().enumerate().filter(|(_, route)| route.is_first && route.candidate.is_some());
    by_app(report, routes)
}

/// The destinations that have no place.
pub(super) fn apart(report: &Report, map: &Map<'_>) -> String {
    let routes = map.routes.iter().enumerate().filter(|(_, route)| route.candidate.is_none());
    let rows = by_app(report, routes);
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<h2>No country can be named</h2><p class=\"quiet\">Anycast, not announced, excluded by round trips, not answered, or in no database.</p><table>{rows}</table>"
    )
}

fn by_app<'a>(report: &Report, routes: impl Iterator<Item = (usize, &'a Route<'a>)>) -> String {
    let mut out = String::new();
    let mut current = None;
    for (position, route) in routes {
        if current != Some(route.app) {
            if current.is_some() {
                out.push_str("</tbody>");
            }
            current = Some(route.app);
            let app = route.app.and_then(|app| report.apps.get(app));
            out.push_str(&format!(
                "<tbody data-app=\"{}\" class=\"{}\"><tr><th class=\"app\" colspan=\"3\" scope=\"rowgroup\">\
                 <i class=\"swatch\"></i>{}</th></tr>",
                app_key(route.app),
                palette::class(route.app),
                html(app.map_or("no app named", |app| app.name.as_str()))
            ));
        }
        out.push_str(&row(position, route));
    }
    if current.is_some() {
        out.push_str("</tbody>");
    }
    out
}

fn row(position: usize, route: &Route<'_>) -> String {
    let destination = route.destination;
    let mut facts = words::opinions(destination);
    if !destination.registered_countries.is_empty() {
        facts.push(format!("block {}", codes(&destination.registered_countries)));
    }
    if let Some(country) = destination.as_country {
        facts.push(format!("AS {}", country.code()));
    }
    let standing = html(&words::standing(destination)).into_owned();
    format!(
        "<tr class=\"row\" data-i=\"{position}\"><td><button type=\"button\" class=\"pick\">{}\
         <small>{standing}</small><small>{}</small><small>{}</small></button></td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        html(&destination.label),
        html(&words::network(destination)),
        html(&facts.join(" · ")),
        units::bytes(destination.payload.sent),
        units::bytes(destination.payload.received)
    )
}

/// A line per country.
pub(super) fn countries(report: &Report) -> String {
    if report.countries.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section><h2>Countries</h2><table><thead><tr><th scope=\"col\">Endpoints in</th><th scope=\"col\" class=\"n\">Of sent bytes</th>\
         <th scope=\"col\" class=\"n\">Of received bytes</th></tr></thead><tbody>",
    );
    for line in &report.countries {
        let name = |id: &str| report.apps.iter().find(|app| app.id == id).map_or(id.to_owned(), |app| app.name.clone());
        let apps: Vec<_> = line.apps.iter().map(|(id, _)| name(id)).collect();
        let apps = if apps.is_empty() { "no app named".to_owned() } else { apps.join(", ") };
        out.push_str(&format!(
            "<tr><td>{} <span class=\"quiet\">{}</span></td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            html(&line.label),
            html(&apps),
            html(&words::cell(&line.sent, report.shares.sent.bytes)),
            html(&words::cell(&line.received, report.shares.received.bytes))
        ));
    }
    for (title, way) in [("sent", &report.shares.sent), ("received", &report.shares.received)] {
        if let Some(percent) = way.unplaced_percent.as_ref().filter(|_| way.unplaced_bytes > 0) {
            let why: Vec<String> = way.unplaced.iter().map(|line| line.why.clone()).collect();
            out.push_str(&format!(
                "<tr><td colspan=\"3\" class=\"quiet\">{} of the {title} bytes cannot be given a country: {}</td></tr>",
                html(percent),
                html(&why.join(", "))
            ));
        }
    }
    out.push_str("</tbody></table></section>");
    out
}

/// A sentence per app and direction, which says no more than is known.
pub(super) fn answer(report: &Report) -> String {
    let mut out = String::new();
    let age = words::age(report);
    if !age.is_empty() {
        out.push_str(&format!("<p class=\"doubt\">{}</p>", html(&age)));
    }
    let apps = report.apps.iter().filter(|app| app.shares.sent.bytes + app.shares.received.bytes > 0);
    for app in apps.take(ANSWERS) {
        out.push_str(&format!("<p>{}</p>", html(&app.shares.sent.sentence)));
    }
    let physics: Vec<&str> =
        [&report.physics.says].into_iter().chain(&report.physics.limits).map(String::as_str).collect();
    out.push_str(&format!("<p class=\"quiet\">{}</p>", html(&physics.join(" "))));
    out
}

/// What no app got, local and not-IP traffic, and the sum of everything.
pub(super) fn rest(report: &Report) -> String {
    let apps = report.apps.iter().map(|app| app.traffic.bytes()).sum();
    let mut rows = line("Apps", None, apps, report.bytes, &[]);
    for (title, remainders) in [
        ("No app named", &report.unattributed),
        ("Local", &report.local),
        ("Not IP", &report.not_ip),
        ("Left out", &report.left_out),
    ] {
        for Remainder { reason, bytes, examples, .. } in remainders {
            rows.push_str(&line(title, Some(reason), *bytes, report.bytes, examples));
        }
    }
    rows.push_str(&line("All", None, report.bytes, report.bytes, &[]));
    format!(
        "<section><h2>Every byte accounted for</h2><table><thead><tr><th scope=\"col\">What</th>\
         <th scope=\"col\" class=\"n\">Bytes</th><th scope=\"col\" class=\"n\">Share</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
}

fn line(title: &str, reason: Option<&str>, bytes: u64, total: u64, examples: &[String]) -> String {
    let reason = reason.map_or(String::new(), |reason| format!(": {}", html(reason)));
    format!(
        "<tr><td>{title}{reason} <span class=\"quiet\">{}</span></td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        html(&examples.join(", ")),
        units::count(bytes),
        units::share(units::part(bytes, total))
    )
}

/// What is uncertain, sources with dates and attribution, command and version.
pub(super) fn footer(report: &Report, world: &World) -> String {
    let names = CountryNames::of(report);
    let mut out = String::from(
        "<h2>What is uncertain</h2><p>Places are those of network endpoints, not of what becomes of the \
        content behind them. <b>Confirmed</b>: independent sources agree, or only this country is within reach of the round \
        trip. <b>Reported</b>: one source says so. <b>Databases differ</b>: each country named is possible. <b>Anycast</b> \
        addresses answer from many sites. <b>Sent</b> and <b>received</b> are payload of flows that were answered; a share from \
        9 to 12 % is 9 % for certain, and 12 % at most of what has a country.</p>",
    );
    if report.vantage.is_none() {
        out.push_str("<p>The place of the capture is not known, so no distance was checked.</p>");
    }
    let defects = report.captures.iter().filter_map(|capture| capture.defect.as_ref()).map(ToString::to_string);
    for note in defects.chain(report.notes.iter().cloned()) {
        out.push_str(&format!("<p class=\"doubt\">{}</p>", html(&note)));
    }
    let claims: Vec<_> = report
        .apps
        .iter()
        .filter(|app| !app.also.is_empty())
        .map(|app| {
            let others: Vec<_> = app.also.iter().map(|country| names.name(*country)).collect();
            format!("{}: also {}", app.name, others.join(", "))
        })
        .collect();
    if !claims.is_empty() {
        out.push_str(&format!("<p>Further jurisdictions with a claim: {}.</p>", html(&claims.join("; "))));
    }
    out.push_str("<h2>Sources</h2>");
    for database in &report.databases {
        let (name, date, used_for) = (html(&database.name), html(&database.date), html(&database.used_for));
        // DB-IP's licence asks for a link back on pages that show its data.
        let attribution = if database.name.starts_with("DB-IP") {
            "<a href=\"https://db-ip.com\" rel=\"noreferrer\">IP Geolocation by DB-IP</a>, CC BY 4.0".to_owned()
        } else {
            html(&database.attribution).into_owned()
        };
        out.push_str(&format!("<p>{name} {date}, for {used_for}. {attribution}</p>"));
    }
    out.push_str(&format!(
        "<p>Outlines: {}. Borders are drawn as Natural Earth has them (de facto) and imply no position on any dispute.</p>",
        html(&world.source)
    ));
    let generator = &report.generator;
    let apps = units::plural(report.catalogue_apps as u64, "app", "apps");
    out.push_str(&format!(
        "<p>Made by {} {} (catalogue of {apps}), offline.</p>",
        html(&generator.name),
        html(&generator.version)
    ));
    out
}
