//! The answer as it stands in the file: a sentence, and a table of apps and countries. It reads without the script, which draws the
//! same anew when a filter is set (`page/src/sentence.ts`, `page/src/table.ts`).

use super::sites;
use super::sums::{Cell, Sums};
use super::tables::name_of;
use crate::output::escape::html;
use crate::output::{units, words};
use crate::place::Country;
use crate::report::{Destination, Report};
use crate::standing::{LEAST_BYTES, Percent};

/// Countries with a column of their own.
const COLUMNS: usize = 6;
/// Apps with a row of their own; of more, the rest shares one.
const APPS: usize = 12;
/// What stands above the sites; `page/src/table.ts` has the same.
const SITES: &str = "Sites and services in no entry of the catalogue; part of “no app named”";
/// Countries named in the sentence, and reasons why there is none.
const NAMED: usize = 3;

const fn reason(letter: char) -> &'static str {
    match letter {
        'x' => "ruled out",
        'f' => "does not fit",
        'g' => "registry only",
        'a' => "anycast",
        'u' => "unrouted",
        _ => "unknown",
    }
}

fn all(report: &Report) -> impl Iterator<Item = &Destination> {
    report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes)
}

fn the(name: &str) -> String {
    let is_plural = ["United ", "Netherlands", "Philippines"].iter().any(|start| name.starts_with(start));
    if is_plural { format!("the {name}") } else { name.to_owned() }
}

/// The sentence, as markup.
pub(super) fn sentence(report: &Report) -> String {
    together(&written(report))
}

/// No line ends between a number and its percent sign.
fn together(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn written(report: &Report) -> String {
    let sums = Sums::of(all(report));
    let mut out = super::head::stale(report).map_or_else(String::new, |stale| format!("{} ", html(&stale)));
    if all(report).next().is_none() {
        return out + "This capture holds no traffic with the internet: <b>nothing to show on a map.</b>";
    }
    let named: Vec<u64> = report.apps.iter().map(|app| Sums::of(app.destinations.iter()).bytes).collect();
    if sums.bytes == 0 {
        return out + "Nothing was sent to an endpoint on the internet that answered.";
    }
    out.push_str(&words::sent_by(sums.bytes, &named));
    out.push(' ');
    if sums.bytes < LEAST_BYTES {
        return out + "That is too little for percentages.";
    }
    let none = || {
        let reasons: Vec<_> = sums
            .reasons()
            .iter()
            .take(NAMED)
            .map(|(letter, bytes)| format!("{} {}", reason(*letter), words::at_most(*bytes, sums.bytes)))
            .collect();
        let others = if sums.none.len() > NAMED { " and others" } else { "" };
        format!("{}{others}. ", reasons.join(", "))
    };
    let mut ranked = sums.ranked();
    // What is certain to a whole percent comes first.
    ranked.sort_by_key(|(country, cell)| {
        let whole = u128::from(cell.confirmed) * 100 / u128::from(sums.bytes);
        (std::cmp::Reverse((whole, cell.high())), *country)
    });
    let share = words::at_most(sums.none_bytes, sums.bytes);
    if ranked.is_empty() {
        return format!("{out}<b>No byte of it can be given a country</b>: {}", none()).trim_end().to_owned();
    }
    let lead = format!("For <b>{share}</b> no country can be named: {}", none());
    let is_mostly = sums.none_bytes * 2 >= sums.bytes;
    if is_mostly {
        out.push_str(&lead);
    }
    for (at, (country, cell)) in ranked.iter().take(NAMED).enumerate() {
        let place = html(&the(&name_of(report, *country))).into_owned();
        let words = cell.words(sums.bytes);
        if at == 0 {
            out.push_str(&format!("<b>{}</b> ended at endpoints in <b>{place}</b>", said(cell, sums.bytes)));
        } else if cell.high() * 100 >= sums.bytes {
            let words = words.replace('≤', "at most");
            out.push_str(&format!(
                "{} <b>{place}</b> <span class=\"nb\">{words}</span>",
                if at == 1 { ";" } else { "," }
            ));
        }
    }
    out.push_str(". ");
    if !is_mostly && sums.none_bytes > 0 {
        out.push_str(&lead);
    }
    out.trim_end().to_owned()
}

/// An interval in words, at the start of a sentence.
fn said(cell: &Cell, total: u64) -> String {
    let (low, high) = (Percent::at_least(cell.confirmed, total), Percent::at_most(cell.high(), total));
    match cell.confirmed {
        0 if cell.disputed == 0 => format!("At most {high} % (one source, not confirmed)"),
        0 => format!("At most {high} %"),
        _ if cell.confirmed == cell.high() || low == high => format!("{} %", capital(&low.to_string())),
        _ => format!("At least {low} % and at most {high} %").replace("At least under 1 % and at", "At"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The table, as markup; empty where there is nothing.
pub(super) fn table(report: &Report) -> String {
    let sums = Sums::of(all(report));
    if sums.bytes == 0 {
        return String::new();
    }
    let columns: Vec<Country> = sums.ranked().iter().take(COLUMNS).map(|(country, _)| *country).collect();
    let more = sums.countries.len() - columns.len();
    let mut head = String::from(
        "<th class=\"a\" scope=\"col\">App<small>who runs the service, law</small></th><th class=\"n\" scope=\"col\">Sent</th>",
    );
    columns.iter().for_each(|one| head.push_str(&format!("<th scope=\"col\">{}</th>", html(&name_of(report, *one)))));
    if more > 0 {
        head.push_str(&format!("<th scope=\"col\">{more} more</th>"));
    }
    if sums.none_bytes > 0 {
        head.push_str("<th scope=\"col\" class=\"none\">No country</th>");
    }
    head.push_str("<th scope=\"col\" class=\"ops\">Networks run by</th>");
    let line = |title: &str, about: &str, class: &str, one: &Sums| {
        let small = if about.is_empty() { String::new() } else { format!("<small>{}</small>", html(about)) };
        let mut out = format!(
            "<tr{class}><th class=\"a\" scope=\"row\">{}{small}</th><td class=\"n\">{}</td>",
            html(title),
            units::bytes(one.bytes)
        );
        columns.iter().for_each(|country| out.push_str(&cell(one.countries.get(country), one.bytes)));
        if more > 0 {
            out.push_str(&cell(Some(&one.beyond(&columns)), one.bytes));
        }
        if sums.none_bytes > 0 {
            out.push_str(&none(one));
        }
        out.push_str(&networks(one));
        out + "</tr>"
    };
    let mut body = line("All apps", "", " class=\"all\"", &sums);
    let mut apps: Vec<_> = report.apps.iter().map(|app| (app, Sums::of(app.destinations.iter()))).collect();
    apps.retain(|(_, one)| one.bytes > 0);
    apps.sort_by_key(|(_, one)| std::cmp::Reverse(one.bytes));
    let shown = if apps.len() > APPS + 1 { APPS } else { apps.len() };
    for (app, one) in apps.iter().take(shown) {
        let mut about = app.operator.clone().or_else(|| app.developer.clone()).unwrap_or_default();
        if let Some(law) = app.jurisdiction {
            about.push_str(&format!(", {}", law.code()));
        }
        body.push_str(&line(&app.name, &about, "", one));
    }
    if apps.len() > shown {
        let rest = apps.iter().skip(shown).flat_map(|(app, _)| app.destinations.iter());
        body.push_str(&line(&format!("{} more apps", apps.len() - shown), "", "", &Sums::of(rest)));
    }
    let unnamed = Sums::of(report.unattributed_routes.iter());
    if unnamed.bytes > 0 {
        body.push_str(&line("no app named", "names shared by many apps, or none", "", &unnamed));
    }
    let sites = sites::lines(report);
    if !sites.is_empty() {
        let across = 3 + columns.len() + usize::from(more > 0) + usize::from(sums.none_bytes > 0);
        body.push_str(&format!("<tr class=\"sub\"><th colspan=\"{across}\" scope=\"rowgroup\">{SITES}</th></tr>"));
    }
    for (domain, names, one) in &sites {
        body.push_str(&line(domain, names, " class=\"site\"", one));
    }
    let body = together(&body);
    format!(
        "<caption>Share of each app's bytes by country of the endpoints, at least to at most</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    )
}

fn cell(cell: Option<&Cell>, total: u64) -> String {
    let Some(cell) = cell.filter(|cell| cell.high() > 0) else {
        return "<td><span class=\"zero\">·</span></td>".to_owned();
    };
    let bars: String = [("c", cell.confirmed), ("r", cell.reported), ("d", cell.disputed)]
        .into_iter()
        .filter(|(_, bytes)| *bytes > 0)
        .map(|(class, bytes)| bar(class, bytes, total))
        .collect();
    let words = cell.words(total).replace(" reported", " <small>reported</small>");
    format!("<td><span class=\"num\">{words}</span><span class=\"track\">{bars}</span></td>")
}

fn bar(class: &str, bytes: u64, total: u64) -> String {
    format!("<i class=\"t-{class}\" style=\"width:{:.1}%\"></i>", 100.0 * units::part(bytes, total))
}

fn none(sums: &Sums) -> String {
    let reasons = sums.reasons();
    let Some((first, _)) = reasons.first() else {
        return "<td class=\"none\"><span class=\"zero\">·</span></td>".to_owned();
    };
    let more = if reasons.len() > 1 { format!(" +{}", reasons.len() - 1) } else { String::new() };
    format!(
        "<td class=\"none\"><span class=\"num\">{} <small>{}{more}</small></span><span class=\"track\">{}</span></td>",
        words::at_most(sums.none_bytes, sums.bytes),
        reason(*first),
        bar("n", sums.none_bytes, sums.bytes)
    )
}

fn networks(sums: &Sums) -> String {
    let mut all: Vec<_> = sums.networks.iter().collect();
    all.sort_by_key(|(name, (bytes, _))| (std::cmp::Reverse(*bytes), (*name).clone()));
    let first: Vec<_> = all
        .iter()
        .take(2)
        .map(|(name, (bytes, law))| format!("<b>{}</b> {law} {}", html(name), words::at_most(*bytes, sums.bytes)))
        .collect();
    let more = if all.len() > 2 { format!(" +{}", all.len() - 2) } else { String::new() };
    format!("<td class=\"ops\">{}{more}</td>", first.join(", "))
}
