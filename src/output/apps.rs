//! The catalogue as text and JSON: a list of apps, and an entry with the reason for each of its rules.

use super::terminal::Style;
use crate::app::signature::{SIGNATURES, Says, Signature};
use crate::app::{App, Basis, Catalogue, Domain};
use crate::place::{JURISDICTION_RULE, NOT_CHECKED};
use std::fmt::Write;

/// Widest column of names.
const NAME_WIDTH: usize = 34;

/// Stands for what the catalogue has no source for.
const NOT_KNOWN: &str = "not known";

/// One line per app.
pub fn list<'a>(catalogue: &Catalogue, apps: impl Iterator<Item = &'a App>, style: &Style) -> String {
    let mut text = String::new();
    let id_width = catalogue.apps().map(|app| app.id.len()).max().unwrap_or(0);
    let mut count = 0;
    for app in apps {
        count += 1;
        let jurisdiction = app.jurisdiction.map_or("??".to_owned(), |country| country.code().to_owned());
        let mark = if &*app.source == NOT_CHECKED { '?' } else { ' ' };
        let line = format!("{:<id_width$} {mark} {jurisdiction}  {:<NAME_WIDTH$}  {}", app.id, app.name, app.developer);
        let cut: String = line.chars().take(style.width.max(40)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", cut.trim_end());
    }
    let _ = writeln!(text, "?  {NOT_CHECKED}");
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
    let countries = |countries: &[crate::place::Country]| {
        let name = |country: &crate::place::Country| match country.name() {
            Some(name) => format!("{name} ({})", country.code()),
            None => country.code().to_owned(),
        };
        countries.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    line("id", &app.id);
    line("name", &app.name);
    line("developer", &app.developer);
    line("operator", app.operator.as_deref().unwrap_or(NOT_KNOWN));
    if app.jurisdiction.is_none() {
        line("jurisdiction", NOT_KNOWN);
    } else {
        line("jurisdiction", &countries(app.jurisdiction.as_slice()));
        line("also", &countries(&app.also));
        line("by the rule", JURISDICTION_RULE);
        line("rests on", app.jurisdiction_source.as_deref().unwrap_or_default());
    }
    for part in &app.parts {
        let domains = part.domains.join(", ");
        let of = countries(part.jurisdiction.as_slice());
        let also = if part.also.is_empty() { String::new() } else { format!(", also {}", countries(&part.also)) };
        line("but", &format!("{domains}: {}, {of}{also}; {}", part.operator, part.jurisdiction_source));
    }
    line("category", &app.category);
    line("confidence", &format!("{:?}", app.confidence).to_lowercase());
    line("source", &app.source);
    line("notes", &app.notes);
    text.push_str("\nrules, and why each is there\n");
    for domain in &app.domains {
        rule(&mut text, "domain", &domain.pattern, why(domain), style.width);
    }
    let of_app = |signature: &&Signature| matches!(signature.says, Says::App(id) if *id == *app.id);
    for signature in SIGNATURES.iter().filter(of_app) {
        rule(&mut text, "signature", signature.name, signature.about, style.width);
    }
    for asn in &app.asns {
        let alone = catalogue.operated_by(*asn).is_some_and(|(owner, _)| owner.id == app.id);
        let why = if alone { "the operator's alone: weak" } else { "not this app's alone: no rule" };
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
    if app.domains.iter().any(|domain| matches!(domain.basis, Basis::Listed | Basis::ParentOnly)) {
        text.push_str("\npublic lists: those named at the top of data/apps.toml\n");
    }
    text
}

fn why(domain: &Domain) -> &'static str {
    match domain.basis {
        Basis::Listed => "in public lists",
        Basis::ParentOnly => "parent or child in public lists",
        Basis::Unverified => "own knowledge, not verified",
        Basis::User => "your file",
    }
}

/// A rule as three columns; what does not fit goes on in the lines below.
fn rule(text: &mut String, kind: &str, what: &str, why: &str, width: usize) {
    const WHY: usize = 49;
    let mut head = format!("  {kind:<15} {}", what.trim_end());
    if head.chars().count() > WHY - 2 {
        let _ = writeln!(text, "{head}");
        head.clear();
    }
    wrap_at(text, &head, why, WHY, width);
}

/// A label and a value, broken at spaces.
fn wrap(text: &mut String, label: &str, value: &str, width: usize) {
    wrap_at(text, label, value, 17, width);
}

/// A label, and a value that begins at a column and is broken at spaces.
fn wrap_at(text: &mut String, label: &str, value: &str, column: usize, width: usize) {
    let room = width.max(column + 23) - column;
    let mut line = format!("{label:<column$}");
    let mut used = 0;
    for word in value.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(column);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn style(width: usize) -> Style {
        Style { width, ..Style::default() }
    }

    #[test]
    fn every_rule_has_its_reason_and_fits() {
        let catalogue = Catalogue::embedded().expect("usable");
        for app in catalogue.apps() {
            let text = entry(&catalogue, app, &style(80));
            for domain in &app.domains {
                assert!(text.contains(&*domain.pattern), "{} {}", app.id, domain.pattern);
            }
            let (_, rules) = text.split_once("why each is there\n").expect("rules");
            for line in rules.lines().filter(|line| line.chars().count() > 80) {
                // Only a rule that is itself too long.
                assert_eq!(line.split_whitespace().count(), 2, "{}: {line}", app.id);
            }
        }
        let wechat = entry(&catalogue, catalogue.app("wechat").expect("there"), &style(80));
        for part in [
            "  domain          weixin.qq.com                  parent or child in public lists\n",
            "  signature       mmtls ",
            "  network         AS132203 Tencent               not this app's alone: no rule\n",
            "  Android package com.tencent.mm                 owner metadata\n",
            "jurisdiction     China (CN)\n",
        ] {
            assert!(wechat.contains(part), "{part:?} is not in:\n{wechat}");
        }
    }
}
