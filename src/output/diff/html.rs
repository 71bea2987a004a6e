//! A comparison as one HTML page that opens from disk: a table per app. It has no script and loads nothing, and its policy allows
//! neither; all text is escaped.

use crate::output::escape::html;
use crate::output::generator::contains;
use crate::output::units;
use crate::report::diff::{AppDiff, Change, Diff, Side};
use std::io::{self, Write};

/// How the page names the program; a map's page has another mark, so that neither replaces the other.
const GENERATOR: &str = concat!("whither-diff ", env!("CARGO_PKG_VERSION"));

const STYLE: &str = include_str!("page.css");

/// Writes the page.
pub(super) fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    let (a, b) = (html(file(&diff.a.name)), html(file(&diff.b.name)));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"{GENERATOR}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{a} and {b}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{a} and {b}</h1>\n"
    )?;
    out.write_all(sides(diff).as_bytes())?;
    for note in &diff.notes {
        writeln!(out, "<p class=\"doubt\">{}</p>", html(note))?;
    }
    if diff.apps.is_empty() {
        out.write_all(b"<p>Nothing differs.</p>\n")?;
    }
    for one in &diff.apps {
        out.write_all(app(one).as_bytes())?;
    }
    let generator = &diff.generator;
    write!(
        out,
        "<footer><p>Places are those of network endpoints, not of what becomes of the content behind them. A share has moved only where \
         the two intervals, widened by what cannot be placed, have nothing in common.</p><p>Made by {} {}, offline.</p></footer>\n</body>\n</html>\n",
        html(&generator.name),
        html(&generator.version)
    )
}

/// The name of a file without its folders, which a page never shows.
fn file(path: &str) -> &str {
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path)
}

/// Whether a page of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"<!doctype html>") && contains(head, "<meta name=\"generator\" content=\"whither-diff ")
}

fn sides(diff: &Diff) -> String {
    let row = |which: &str, side: &Side| {
        let day = |time: &Option<String>| time.as_deref().unwrap_or("no packet").to_owned();
        format!(
            "<tr><th scope=\"row\">{which}</th><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
            html(file(&side.name)),
            html(&side.version),
            units::plural(side.captures as u64, "capture", "captures"),
            units::bytes(side.bytes),
            html(&day(&side.first_seen)),
            html(&day(&side.last_seen))
        )
    };
    format!(
        "<table><thead><tr><th></th><th scope=\"col\">File</th><th scope=\"col\">Read by version</th><th scope=\"col\" class=\"n\">Captures</th>\
         <th scope=\"col\" class=\"n\">On the wire</th><th scope=\"col\">First packet</th><th scope=\"col\">Last packet</th></tr></thead><tbody>\n{}{}</tbody></table>\n",
        row("A", &diff.a),
        row("B", &diff.b)
    )
}

fn app(app: &AppDiff) -> String {
    let change = app.change.map_or("", |change| match change {
        Change::Appeared => " appeared: only B has it",
        Change::Vanished => " vanished: only A has it",
        Change::Moved => "",
    });
    let mut out = format!(
        "<h2>{}<small>{change}</small></h2>\n<p class=\"quiet\">{} sent in A, {} in B</p>\n",
        html(&app.name),
        units::bytes(app.sent_a),
        units::bytes(app.sent_b)
    );
    if app.is_partial {
        out.push_str("<p class=\"doubt\">Not all names are listed in a report: one may only seem new or gone.</p>\n");
    }
    let mut rows = String::new();
    let mut row = |change: Change, kind: &str, what: &str, a: &str, b: &str| {
        let (word, what, a, b) = (change.word(), html(what), html(a), html(b));
        rows.push_str(&format!(
            "<tr class=\"{word}\"><td>{word}</td><td>{kind}</td><td>{what}</td><td>{a}</td><td>{b}</td></tr>\n"
        ));
    };
    for one in &app.destinations {
        row(one.change, "network", &one.network, &one.places_a.join("; "), &one.places_b.join("; "));
    }
    for one in &app.names {
        row(one.change, "name", &one.name, &one.at_a.join("; "), &one.at_b.join("; "));
    }
    for one in &app.shares {
        let kind = format!("{} of {} bytes", one.of.word(), one.way);
        row(one.change, &kind, &one.label, &one.a.share, &one.b.share);
    }
    if !rows.is_empty() {
        out.push_str(&format!(
            "<table><thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Of</th><th scope=\"col\">What</th><th scope=\"col\">A</th>\
             <th scope=\"col\">B</th></tr></thead><tbody>\n{rows}</tbody></table>\n"
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example::{self, HOSTILE_NAME};
    use crate::report::diff::compare;

    #[test]
    fn a_hostile_report_is_text_everywhere() {
        let a = example::report();
        let mut b = a.clone();
        let hostile = || HOSTILE_NAME.to_owned();
        b.generator.version = hostile();
        b.first_seen = Some(hostile());
        b.apps[0].id = hostile();
        b.apps[0].name = hostile();
        for row in &mut b.apps[0].destinations {
            row.label = hostile();
            row.operator = Some(hostile());
            row.names.iter_mut().for_each(|name| name.name = hostile());
        }
        for line in &mut b.apps[0].shares.sent.countries {
            (line.key, line.label) = (hostile(), hostile());
        }
        let diff = compare((HOSTILE_NAME, &a), (HOSTILE_NAME, &b), hostile());
        let mut page = Vec::new();
        write(&diff, &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("appeared") && page.contains("vanished") && page.ends_with("</html>\n"));
        assert!(
            !page.contains("<img")
                && !page.contains("</script")
                && !page.contains('\u{1b}')
                && !page.contains('\u{202e}')
        );
        for outside in ["<script", "http://", "https://", "url(", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
