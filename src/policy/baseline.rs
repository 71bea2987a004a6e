//! What apps were seen to do, kept in a file: who runs their endpoints, under which law, where, and by which domains. What a later
//! capture shows beyond it is new.
//!
//! The file is TOML, sorted, in ASCII: the same captures in any order give the same bytes, and nothing that came from the wire
//! can end its string.

use super::parse::position;
use crate::error::Error;
use crate::report::{Exchange, Report};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// The first line of the file, by which it is recognised.
pub const MARK: &str = "# whither baseline 1\n";

/// What is known, by id of the app.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    #[serde(default)]
    app: BTreeMap<String, Entry>,
}

/// What is known of one app.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    operator: BTreeSet<String>,
    #[serde(default)]
    jurisdiction: BTreeSet<String>,
    #[serde(default)]
    country: BTreeSet<String>,
    #[serde(default)]
    domains: BTreeSet<String>,
}

/// Something new.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Finding {
    /// Id of the app.
    pub app: String,
    /// `app`, `operator`, `jurisdiction`, `country`, `domain`.
    pub what: &'static str,
    /// The new value.
    pub value: String,
}

impl Finding {
    /// The finding in words; not escaped.
    pub fn says(&self) -> String {
        let Self { app, what, value } = self;
        match *what {
            "app" => format!("{app}: an app that is not in the baseline"),
            what => format!("{app}: {what} {value} is not in the baseline"),
        }
    }
}

impl Baseline {
    /// What a report shows of endpoints on the public network that answered.
    pub fn of(report: &Report) -> Self {
        let mut baseline = Self::default();
        for app in &report.apps {
            let is_told = |row: &&crate::report::Destination| {
                row.exchange == Exchange::Answered
                    && row.standing.is_shared()
                    && row.payload.sent + row.payload.received > 0
            };
            let mut rows = app.destinations.iter().filter(is_told).peekable();
            if rows.peek().is_none() {
                continue;
            }
            let entry = baseline.app.entry(app.id.clone()).or_default();
            for row in rows {
                let lines = || row.run_by.iter();
                entry.operator.extend(lines().flat_map(|line| line.operators.iter().cloned()));
                let laws = lines().flat_map(|line| &line.jurisdictions);
                entry.jurisdiction.extend(laws.map(|law| law.code().to_owned()));
                entry.country.extend(row.candidates.iter().map(|one| one.country.code().to_owned()));
                entry.domains.extend(row.names.iter().map(|name| domain(&name.name)));
            }
        }
        baseline
    }

    /// Reads a baseline. `path` is where it comes from, for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let wrong = |what: String| Error::not_usable(path, what, "--update writes it anew");
        if !text.starts_with(MARK.trim_end()) {
            return Err(wrong(format!("not a baseline: it does not begin with `{}`", MARK.trim_end())));
        }
        toml::from_str(text).map_err(|error| {
            let what = error.message().replace('\n', ", ");
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            wrong(format!("line {line}, column {column}: {what}"))
        })
    }

    /// What another shows beyond this one, sorted.
    pub fn new_in(&self, other: &Self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (app, theirs) in &other.app {
            let Some(known) = self.app.get(app) else {
                findings.push(Finding { app: app.clone(), what: "app", value: app.clone() });
                continue;
            };
            for (what, known, theirs) in [
                ("country", &known.country, &theirs.country),
                ("domain", &known.domains, &theirs.domains),
                ("jurisdiction", &known.jurisdiction, &theirs.jurisdiction),
                ("operator", &known.operator, &theirs.operator),
            ] {
                let new = theirs.difference(known);
                findings.extend(new.map(|value| Finding { app: app.clone(), what, value: value.clone() }));
            }
        }
        findings
    }

    /// The file.
    pub fn to_text(&self) -> String {
        let mut text = MARK.to_owned();
        text.push_str("# Per app, what was seen of endpoints that answered. Written by `whither check --baseline FILE --update`.\n");
        for (app, entry) in &self.app {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n[app.{}]\n", quoted(app));
            for (key, values) in [
                ("operator", &entry.operator),
                ("jurisdiction", &entry.jurisdiction),
                ("country", &entry.country),
                ("domains", &entry.domains),
            ] {
                let _ = writeln!(text, "{key} = [");
                values.iter().for_each(|value| _ = writeln!(text, "  {},", quoted(value)));
                text.push_str("]\n");
            }
        }
        text
    }
}

/// The domain under which a name was registered, where that is known; in lower case.
fn domain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase();
    psl::domain_str(&name).map(str::to_owned).unwrap_or(name)
}

/// A basic string of TOML, in ASCII.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            other => _ = write!(out, "\\U{:08X}", u32::from(other)),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn baseline(apps: &[(String, Vec<String>)]) -> Baseline {
        let entry = |values: &Vec<String>| Entry { domains: values.iter().cloned().collect(), ..Entry::default() };
        Baseline { app: apps.iter().map(|(app, values)| (app.clone(), entry(values))).collect() }
    }

    #[test]
    fn what_is_new_is_found() {
        let own = |text: &str| text.to_owned();
        let old = baseline(&[(own("a"), vec![own("x.example")]), (own("gone"), vec![])]);
        let new = baseline(&[(own("a"), vec![own("x.example"), own("y.example")]), (own("b"), vec![own("z")])]);
        let says: Vec<String> = old.new_in(&new).iter().map(Finding::says).collect();
        assert_eq!(says, ["a: domain y.example is not in the baseline", "b: an app that is not in the baseline"]);
        assert_eq!(old.new_in(&old), []);
    }

    #[test]
    fn domains_are_those_that_can_be_registered() {
        assert_eq!(domain("Long.Weixin.QQ.com."), "qq.com");
        assert_eq!(domain("a.b.co.uk"), "b.co.uk");
        assert_eq!((domain("localhost"), domain("")), ("localhost".to_owned(), String::new()));
    }

    #[test]
    fn other_files_are_no_baselines() {
        let said = |text: &str| Baseline::parse(text, Path::new("b.toml")).unwrap_err().to_string();
        assert!(said("[app.a]\n").contains("not a baseline"));
        assert!(said(&format!("{MARK}[app.a]\n x = 1\n")).contains("line 3, column 2: unknown field `x`"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_names_come_back_and_the_text_is_plain(apps in prop::collection::vec((any::<String>(), prop::collection::vec(any::<String>(), 0..4)), 0..4)) {
            let baseline = baseline(&apps);
            let text = baseline.to_text();
            prop_assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(Baseline::parse(&text, Path::new("b")).unwrap(), baseline);
        }
    }
}
