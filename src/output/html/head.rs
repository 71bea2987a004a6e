//! What stands around the answer: title, facts of the captures, sources, what is uncertain, who made it. No absolute path, no command
//! line and no address of a local network stands in a page.

use crate::output::escape::{html, visible};
use crate::output::look::Look;
use crate::output::{units, words};
use crate::report::{Remainder, Report};

/// Sources of places and networks ask to be named with a link; others are named as they are.
const DB_IP: &str = "<a href=\"https://db-ip.com\" rel=\"noreferrer\">IP Geolocation by DB-IP</a>, CC BY 4.0";

/// The name of a file without its folders.
pub(super) fn file(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(name);
    visible(name).into_owned()
}

/// What stands above the page: the user's title or the names of the captures, as markup.
pub(super) fn title(report: &Report, look: &Look) -> String {
    html(look.title.as_deref().unwrap_or(&captures(report))).into_owned()
}

/// What the user has to say, as markup.
pub(super) fn note(look: &Look) -> String {
    look.note.as_ref().map_or_else(String::new, |note| format!("<p class=\"note\">{}</p>\n", html(note)))
}

/// The choice to load the page anew while it is written anew, as markup.
pub(super) fn live(look: &Look) -> String {
    look.every.map_or_else(String::new, |seconds| {
        format!(
            "<p class=\"meta\">So far: the capture goes on. <label class=\"needs-script\"><input type=\"checkbox\" id=\"live\" \
             data-every=\"{seconds}\"> Load the page anew every {seconds} s</label></p>\n"
        )
    })
}

/// The names of the captures.
pub(super) fn captures(report: &Report) -> String {
    match report.captures.as_slice() {
        [] => "No capture".to_owned(),
        [one] => file(&one.name),
        [first, rest @ ..] => format!("{} and {}", file(&first.name), units::plural(rest.len() as u64, "more", "more")),
    }
}

/// What stands before everything else where the tables are too far from the captures.
pub(super) fn stale(report: &Report) -> Option<String> {
    let tables = &report.tables;
    let years = tables.gap_months / 12;
    let (first, second) =
        if tables.is_capture_older { ("capture is", "older than") } else { ("capture is", "younger than") };
    (tables.is_stale && !tables.is_ignored).then(|| {
        format!("The {first} {years} years {second} the tables: addresses may have changed hands, and no table confirms a country.")
    })
}

/// The facts of the captures in a line, as markup.
pub(super) fn facts(report: &Report, look: &Look) -> String {
    let mut parts = Vec::new();
    if look.title.is_some() {
        parts.push(captures(report));
    }
    if let Some(first) = words::beginning(report) {
        parts.push(format!("{first}, {}", units::duration(report.duration_ns)));
    }
    parts.push(format!("{}, {}", units::plural(report.frames, "frame", "frames"), units::bytes(report.bytes)));
    parts.push(match &report.vantage {
        Some(vantage) => format!("phone in {} (± {:.0} km), as told with --from", vantage.label, vantage.radius_km),
        None => "place of the phone not told, so no round trip can rule anything out (--from PLACE)".to_owned(),
    });
    let mut out = html(&parts.join(" · ")).into_owned();
    let tables = &report.tables;
    if tables.is_ignored {
        out.push_str(&format!(" · <span class=\"warn\">{}</span>", html(&words::age(report))));
    } else if tables.gap_months > 12 && !tables.is_stale {
        out.push_str(&format!(
            " · <span class=\"warn\">The tables are {} months from the capture: addresses may have changed hands.</span>",
            tables.gap_months
        ));
    }
    out
}

/// Sources, what is uncertain, what is left out of the shares, who made the page.
pub(super) fn footer(report: &Report, outlines: &str) -> String {
    let mut sources = String::new();
    for one in &report.databases {
        let attribution =
            if one.name.starts_with("DB-IP") { DB_IP.to_owned() } else { html(&one.attribution).into_owned() };
        let name = html(&file(&one.name)).into_owned();
        sources.push_str(&format!("<p>{name} {}, for {}. {attribution}</p>", html(&one.date), html(&one.used_for)));
    }
    let mut doubts = String::from(
        "<p>An endpoint is where a connection ended, not where data end up. A share of 9–12 % is at least 9 and at most 12 %: \
         what is <b>confirmed</b>, to what nothing excludes. <b>Confirmed</b>: independent sources agree, or the round trip leaves only \
         this country. <b>Reported</b>: one source says so. <b>Databases differ</b>: each country named is possible. A city is never \
         checked. <b>Sent</b> and <b>received</b> are transport payload of flows that were answered.</p>",
    );
    for limit in &report.physics.limits {
        doubts.push_str(&format!("<p>{}</p>", html(limit)));
    }
    let defects = report.captures.iter().filter_map(|one| one.defect.as_ref());
    for defect in defects {
        let line =
            format!("{}: offset {}, frame {}: {}", file(&defect.capture), defect.offset, defect.frame, defect.what);
        doubts.push_str(&format!("<p class=\"warn\">{}</p>", html(&line)));
    }
    for note in &report.notes {
        doubts.push_str(&format!("<p class=\"warn\">{}</p>", html(note)));
    }
    let list = |title: &str, remainders: &[Remainder]| {
        let lines: String = remainders
            .iter()
            .map(|one| format!("<li>{}: {}</li>", html(&one.reason), units::bytes(one.bytes)))
            .collect();
        if lines.is_empty() { String::new() } else { format!("<h4>{title}</h4><ul>{lines}</ul>") }
    };
    let of_apps: u64 = report.apps.iter().map(|app| app.traffic.bytes()).sum();
    let account = format!(
        "<details><summary>Every byte of the capture</summary><p>{} in frames on the wire: {} of apps with a name, and:</p>{}{}{}{}</details>",
        units::bytes(report.bytes),
        units::bytes(of_apps),
        list("No app named", &report.unattributed),
        list("Stayed local", &report.local),
        list("Not IP", &report.not_ip),
        list("Left out", &report.left_out)
    );
    let generator = &report.generator;
    let redaction = report.redaction.as_ref().map_or_else(String::new, |redaction| {
        let removed: String = redaction
            .removed
            .iter()
            .map(|line| match line.count {
                Some(count) => format!("<li>{}: {}</li>", html(&line.what), units::count(count)),
                None => format!("<li>{}</li>", html(&line.what)),
            })
            .collect();
        let lost: String = redaction.not_checkable.iter().map(|one| format!("<p>{}</p>", html(one))).collect();
        format!("<div><h3>What was taken out</h3><ul>{removed}</ul>{lost}</div>")
    });
    format!(
        "{redaction}<div><h3>What is uncertain</h3>{doubts}</div><div><h3>Sources</h3>{sources}<p>Outlines: {}; borders are not a statement.</p>\
         </div><div><h3>Made by</h3><p>{} {}, with a catalogue of {}. This page asks nothing of the network.</p>{account}</div>",
        html(outlines),
        html(&generator.name),
        html(&generator.version),
        units::plural(report.catalogue_apps as u64, "app", "apps"),
    )
}
