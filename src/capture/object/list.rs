//! The objects below a prefix, as the files in a folder are.

use super::store::Store;
use crate::capture::url::Location;
use crate::error::Error;
use std::path::{Path, PathBuf};

/// Most pages of a list, of which each usually has a thousand keys: a store that always names another page must come to an end.
const MAX_PAGES: usize = 1_000;

/// What is below a prefix.
pub(in crate::capture) struct Listed {
    /// The URLs of the objects.
    pub(in crate::capture) objects: Vec<PathBuf>,
    /// Those that cannot be read, and why.
    pub(in crate::capture) refused: Vec<Error>,
}

/// Lists the objects below a prefix that ends in `/`, not many more than `most`; none where the path is another one.
///
/// # Errors
/// If the store does not let this user list them, or does not answer, or comes to no end.
pub(in crate::capture) fn list(url: &Path, most: usize) -> Result<Option<Listed>, Error> {
    let Some(location) = Location::of(url)?.filter(Location::is_prefix) else { return Ok(None) };
    let store = Store::of_environment(location.bucket).map_err(|failure| failure.at(url))?;
    let mut listed = Listed { objects: Vec::new(), refused: Vec::new() };
    let mut page = None;
    for _ in 0..MAX_PAGES {
        let (keys, next) = store.list(location.key, page.as_deref()).map_err(|failure| failure.at(url))?;
        // A key that ends in `/` is the mark of an empty folder.
        for key in keys.iter().filter(|key| !key.ends_with('/')) {
            if !key.starts_with(location.key) {
                let hint = "give the objects themselves";
                return Err(Error::not_usable(url, "the store lists keys that are not below this prefix", hint));
            }
            let object = location.url(key);
            match Location::of(&object) {
                Ok(_) => listed.objects.push(object),
                Err(refusal) => listed.refused.push(refusal),
            }
        }
        page = next;
        if page.is_none() || listed.objects.len() + listed.refused.len() > most {
            return Ok(Some(listed));
        }
    }
    let what = format!("the store's list does not end after {MAX_PAGES} pages");
    Err(Error::not_usable(url, what, "give the objects themselves, or a longer prefix"))
}
