//! The catalogue as text and JSON: a list of apps, and an entry with the reason for each of its rules.

use super::terminal::Style;
use crate::app::{App, Catalogue, Domain};
use std::fmt::Write;

/// Widest column of names.
const NAME_WIDTH: usize = 34;

/// One line per app.
pub fn list<'a>(catalogue: &Catalogue, apps: impl Iterator<Item = &'a App>, style: &Style) -> String {
    let mut text = String::new();
    let id_width = catalogue.apps().map(|app| app.id.len()).max().unwrap_or(0);
    let mut count = 0;
    for app in apps {
        count += 1;
        let jurisdiction = app.home_jurisdiction.map_or("??".to_owned(), |country| country.code().to_owned());
        let line = format!("{:<id_width$}  {jurisdiction}  {:<NAME_WIDTH$}  {}", app.id, app.name, app.developer);
        let cut: String = line.chars().take(style.width.max(40)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", cut.trim_end());
    }
    let _ = writeln!(text, "{count} apps. Next: whither apps ID");
    text
}

/// One app, and why each rule is there.
pub fn entry(catalogue: &Catalogue, app: &App, style: &Style) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            wrap(&mut text, label, value, style.width);
        }
    };
    let codes = |countries: &[crate::place::Country]| {
        countries.iter().map(|country| country.code().to_owned()).collect::<Vec<_>>().join(", ")
    };
    line("id", &app.id);
    line("name", &app.name);
    line("developer", &app.developer);
    line("operator", &app.operator);
    line("jurisdiction", &codes(app.home_jurisdiction.as_slice()));
    line("owner's seat", &codes(app.owner_jurisdiction.as_slice()));
    line("also claimed by", &codes(&app.other_jurisdictions));
    line("category", &app.category);
    line("confidence", &format!("{:?}", app.confidence).to_lowercase());
    line("source", &app.source);
    line("notes", &app.notes);
    text.push_str("\nrules\n");
    for domain in &app.domains {
        rule(&mut text, "domain", &domain.pattern, why(domain), style.width);
    }
    for asn in &app.asns {
        let alone = catalogue.operated_by(*asn).is_some_and(|(owner, _)| owner.id == app.id);
        let why = if alone { "operator's network: weak evidence" } else { "shared with other apps: no evidence alone" };
        let name = catalogue.network(*asn).map(|network| network.name.to_string()).unwrap_or_default();
        rule(&mut text, "network", &format!("AS{asn} {name}"), why, style.width);
    }
    for package in &app.android_packages {
        rule(&mut text, "Android package", package, "owner metadata", style.width);
    }
    for bundle in &app.bundle_ids {
        rule(&mut text, "Apple bundle", bundle, "owner metadata", style.width);
    }
    for process in &app.process_names {
        rule(&mut text, "process", process, "owner metadata", style.width);
    }
    text
}

fn why(domain: &Domain) -> &'static str {
    use crate::app::Basis;
    match domain.basis {
        Basis::Listed => "in the public lists named in data/apps.toml",
        Basis::ParentOnly => "a parent or child is in the public lists",
        Basis::Unverified => "own knowledge, not verified",
        Basis::User => "your file",
    }
}

fn rule(text: &mut String, kind: &str, what: &str, why: &str, width: usize) {
    let head = format!("  {kind:<16} {}", what.trim_end());
    let room = width.max(40).saturating_sub(why.len() + 2);
    let _ = if head.chars().count() <= room {
        writeln!(text, "{head:<room$}  {why}")
    } else {
        writeln!(text, "{head}\n  {:<16} {why}", "")
    };
}

/// A label and a value, broken at spaces.
fn wrap(text: &mut String, label: &str, value: &str, width: usize) {
    const INDENT: usize = 17;
    let room = width.max(40) - INDENT;
    let mut line = format!("{label:<INDENT$}");
    let mut used = 0;
    for word in value.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(INDENT);
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// The apps as a JSON array.
pub fn json<'a>(apps: impl Iterator<Item = &'a App>) -> String {
    let apps: Vec<&App> = apps.collect();
    serde_json::to_string_pretty(&apps).map(|text| text + "\n").unwrap_or_default()
}
