//! By what is seen that a capture was written to: its size, and the time of its last change.

#[cfg(feature = "object-storage")]
use super::object::Object;
use crate::error::Error;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Size and time of a file or an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    /// In bytes.
    pub(crate) size: u64,
    /// When it was last changed, in ns since 1970 UTC; 0 where that is not known.
    pub(crate) modified_ns: i64,
}

/// Size and time of a capture as it is now, by its path or URL.
///
/// # Errors
/// If there is none or nothing is said of it.
pub(crate) fn stamp(path: &Path) -> Result<Stamp, Error> {
    #[cfg(feature = "object-storage")]
    if let Some((object, _)) = Object::open(path, 1)? {
        return Ok(of_object(&object));
    }
    of_file(path)
}

/// Size and time of an object when it was opened.
#[cfg(feature = "object-storage")]
pub(super) fn of_object(object: &Object) -> Stamp {
    Stamp { size: object.size, modified_ns: object.modified_ns }
}

/// Size and time of a file.
pub(super) fn of_file(path: &Path) -> Result<Stamp, Error> {
    let metadata = path.metadata().map_err(|error| Error::io(path, error))?;
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified_ns = since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or_default();
    Ok(Stamp { size: metadata.len(), modified_ns })
}
