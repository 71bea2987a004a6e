//! A catalogue file as it is parsed, and what is wrong with one.

use crate::app::schema::CatalogueFile;
use crate::error::Error;
use crate::place::Country;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Parses a table that comes with the program.
pub(super) fn embedded<T: DeserializeOwned>(name: &str, json: &str) -> Result<T, Error> {
    let is_wrong = |error: serde_json::Error| {
        Error::not_usable(format!("{name}.toml (embedded)"), error.to_string(), "rebuild the program")
    };
    serde_json::from_str(json).map_err(is_wrong)
}

/// Parses a file of the user's. The error names line and column.
pub(super) fn parse(text: &str, path: &Path) -> Result<CatalogueFile, Error> {
    toml::from_str(text).map_err(|error| {
        let what = match error.span().and_then(|span| text.get(..span.start)) {
            Some(before) => {
                let (line, column) =
                    (before.matches('\n').count() + 1, before.chars().rev().take_while(|c| *c != '\n').count() + 1);
                format!("line {line}, column {column}: {}", error.message().replace('\n', ", "))
            }
            None => error.message().replace('\n', ", "),
        };
        Error::not_usable(path, what, "the fields are explained at the top of data/apps.toml")
    })
}

/// What is wrong with an entry of a file, or of the table that comes with the program.
pub(super) fn wrong(file: Option<&Path>, what: String, hint: &str) -> Error {
    Error::not_usable(file.unwrap_or(Path::new("apps.toml (embedded)")), what, hint)
}

/// Refuses what is no id.
pub(super) fn checked_id(id: &str, file: Option<&Path>) -> Result<(), Error> {
    let is_usable = !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match is_usable {
        true => Ok(()),
        false => Err(wrong(file, format!("id `{id}`"), "an id has lower case letters, digits and hyphens only")),
    }
}

/// The countries with these codes, of the entry `id`.
pub(super) fn checked_countries(codes: &[String], id: &str, file: Option<&Path>) -> Result<Vec<Country>, Error> {
    codes.iter().filter_map(|code| checked_country(Some(code), id, file).transpose()).collect()
}

/// The same of one, which need not be there.
pub(super) fn checked_country(code: Option<&str>, id: &str, file: Option<&Path>) -> Result<Option<Country>, Error> {
    match code {
        None => Ok(None),
        Some(code) => match Country::new(code) {
            Some(country) => Ok(Some(country)),
            None => {
                Err(wrong(file, format!("`{id}`: jurisdiction `{code}`"), "write two letters (ISO 3166-1 alpha-2)"))
            }
        },
    }
}
