//! `data/parents.toml` to the country of a company's ultimate parent, with the document that says so (`docs/jurisdiction.md`).

use std::collections::HashMap;
use std::sync::Arc;

use super::facts::Country;

/// The table as `build.rs` makes it.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/parents.json"));

/// The name of the one rule that all jurisdictions follow.
pub const JURISDICTION_RULE: &str = "effective headquarters of the ultimate parent";
/// The source of a jurisdiction that no document was found for.
pub const NOT_CHECKED: &str = "own knowledge, not checked";

/// A company that no other controls.
#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Its name.
    pub name: String,
    /// The families of companies it controls.
    pub groups: Vec<String>,
    /// The country of its head office.
    pub jurisdiction: Country,
    /// Further countries: of incorporation, of most staff, of partners.
    #[serde(default)]
    pub also: Vec<Country>,
    /// What says so.
    pub document: String,
    /// Of the document, or `latest`.
    pub date: String,
    /// The month in which the document was opened, or `no`.
    pub checked: String,
}

impl Parent {
    /// The company, the document and whether it was opened, in one line.
    pub fn source(&self) -> String {
        let Self { name, document, date, checked, .. } = self;
        let checked = if checked == "no" { NOT_CHECKED.to_owned() } else { format!("looked up {checked}") };
        format!("{name}: {document} ({date}); {checked}")
    }
}

/// Ultimate parents by the families of companies they control.
#[derive(Clone, Debug, Default)]
pub struct Parents {
    by_group: HashMap<String, Arc<Parent>>,
}

#[derive(serde::Deserialize)]
struct File {
    parent: Vec<Parent>,
}

impl Parents {
    /// The table that the program carries.
    pub fn embedded() -> Self {
        let rows = serde_json::from_str(TABLE).map_or_else(|_| Vec::new(), |file: File| file.parent);
        let mut by_group = HashMap::new();
        for parent in rows {
            let parent = Arc::new(parent);
            by_group.extend(parent.groups.iter().map(|group| (group.clone(), Arc::clone(&parent))));
        }
        Self { by_group }
    }

    /// Who controls a family of companies, if the table knows.
    pub fn of(&self, group: &str) -> Option<&Parent> {
        self.by_group.get(group).map(Arc::as_ref)
    }

    /// What the jurisdiction of this family of companies rests on.
    pub fn source(&self, group: &str) -> String {
        self.of(group).map_or_else(|| NOT_CHECKED.to_owned(), Parent::source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_whole_and_of_real_countries() {
        let file: File = serde_json::from_str(TABLE).unwrap();
        assert!(file.parent.is_sorted_by(|a, b| a.name.to_lowercase() < b.name.to_lowercase()));
        let groups: usize = file.parent.iter().map(|parent| parent.groups.len()).sum();
        assert_eq!(Parents::embedded().by_group.len(), groups, "a group has two parents");
        for parent in &file.parent {
            assert!(parent.groups.is_sorted() && !parent.groups.is_empty(), "{}", parent.name);
            assert!(!parent.document.is_empty() && !parent.date.is_empty(), "{}", parent.name);
            assert!(parent.checked == "no" || parent.checked.starts_with("20"), "{}", parent.name);
            // What was opened has a date.
            assert_eq!(parent.checked != "no", parent.date.starts_with("20"), "{}", parent.name);
            assert!(parent.also.is_sorted() && !parent.also.contains(&parent.jurisdiction), "{}", parent.name);
            let mut countries = parent.also.iter().chain([&parent.jurisdiction]);
            assert!(countries.all(|country| country.name().is_some()), "{}", parent.name);
        }
    }

    #[test]
    fn the_source_says_whether_the_document_was_opened() {
        let parents = Parents::embedded();
        assert!(
            parents.source("PDD Holdings").contains("Form 20-F for 2023")
                && parents.source("PDD Holdings").ends_with("; looked up 2026-11")
        );
        assert!(parents.source("ZTE").ends_with(NOT_CHECKED));
        assert_eq!(parents.source("no such group"), NOT_CHECKED);
    }
}
