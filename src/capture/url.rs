//! URLs of captures in object storage: which texts are URLs, and which of them can be read.

use crate::error::Error;
use std::path::{Path, PathBuf};

/// The names of the ways to reach object storage that people give, for which no file is looked for.
const SCHEMES: [&str; 9] = ["abfs", "abfss", "az", "gcs", "gs", "http", "https", "s3", "s3a"];

/// The URL that was given instead of a path of a file, as its scheme and what follows `://`.
pub(super) fn parts(path: &Path) -> Option<(&str, &str)> {
    path.to_str()?.split_once("://").filter(|(scheme, _)| SCHEMES.contains(scheme))
}

/// A URL for messages: without user, password and query, which may hold credentials.
fn harmless(scheme: &str, rest: &str) -> PathBuf {
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, key) = rest.split_once('/').map_or((rest, None), |(authority, key)| (authority, Some(key)));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let key = key.map(|key| format!("/{key}")).unwrap_or_default();
    PathBuf::from(format!("{scheme}://{host}{key}"))
}

/// Refuses a URL where only files are read.
#[cfg(not(feature = "object-storage"))]
pub(super) fn refuse(path: &Path) -> Result<(), Error> {
    let Some((scheme, rest)) = parts(path) else { return Ok(()) };
    let hint = "copy it to a file or mount the store, or build whither with `--features object-storage`, which reads s3://bucket/key";
    Err(Error::not_usable(harmless(scheme, rest), "this build reads captures from files only", hint))
}

/// What a URL names in a store.
#[cfg(feature = "object-storage")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Location<'a> {
    pub(super) scheme: &'a str,
    pub(super) bucket: &'a str,
    /// The key of an object; of all objects below a prefix, that prefix, which is empty or ends in `/`.
    pub(super) key: &'a str,
}

#[cfg(feature = "object-storage")]
impl<'a> Location<'a> {
    /// The location that a URL names; none where this is the path of a file.
    ///
    /// # Errors
    /// If the URL is one that is not read.
    pub(super) fn of(path: &'a Path) -> Result<Option<Self>, Error> {
        let Some((scheme, rest)) = parts(path) else { return Ok(None) };
        let refused = |what: &str, hint: &str| Err(Error::not_usable(harmless(scheme, rest), what, hint));
        if !["s3", "s3a"].contains(&scheme) {
            return refused(
                "only stores that speak S3 are read",
                "give s3://bucket/key, and the address of the store as AWS_ENDPOINT_URL, or copy it to a file",
            );
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.contains(['@', ':', '?', '#']) {
            return refused(
                "a bucket has no user, password or query",
                "give s3://bucket/key, and the credentials in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            );
        }
        if bucket.is_empty() || !rest.contains('/') {
            return refused(
                "this URL names no object",
                "give s3://bucket/key, or s3://bucket/prefix/ for all that is below it",
            );
        }
        if !can_be_read(key.strip_suffix('/').unwrap_or(key)) && !key.is_empty() {
            let what = "this key has parts that are empty, `.` or `..`";
            return Err(Error::not_usable(path, what, "give the object another key"));
        }
        Ok(Some(Self { scheme, bucket, key }))
    }

    /// Whether it stands for all objects below a prefix.
    pub(super) fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// The URL of another key in the same bucket.
    pub(super) fn url(&self, key: &str) -> PathBuf {
        PathBuf::from(format!("{}://{}/{key}", self.scheme, self.bucket))
    }
}

/// Whether a key is the same in a URL, and as a path the same as no other one.
#[cfg(feature = "object-storage")]
fn can_be_read(key: &str) -> bool {
    key.split('/').all(|part| !["", ".", ".."].contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_credential_is_in_no_message() {
        let rows = [
            ("s3://user:secret@bucket/key", "s3://bucket/key"),
            ("https://host/key?X-Amz-Signature=secret", "https://host/key"),
            ("s3://bucket", "s3://bucket"),
        ];
        for (url, message) in rows {
            let (scheme, rest) = parts(Path::new(url)).unwrap();
            assert_eq!(harmless(scheme, rest), Path::new(message));
            let error = crate::capture::open(&[url]).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(message) && !error.contains("secret"), "{error}");
        }
        assert_eq!(parts(Path::new("folder/s3:/key")), None);
        assert_eq!(parts(Path::new("x://y")), None);
    }

    #[cfg(not(feature = "object-storage"))]
    #[test]
    fn a_url_is_refused_with_what_to_do() {
        let error = crate::capture::open(&["s3://bucket/key"]).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("s3://bucket/key: this build reads captures from files only; copy it"), "{error}");
    }

    #[cfg(feature = "object-storage")]
    #[test]
    fn a_url_names_an_object_or_all_below_a_prefix() {
        let of = |url: &'static str| Location::of(Path::new(url)).map_err(|error| error.to_string());
        let found = |url| of(url).unwrap().map(|location| (location.bucket, location.key, location.is_prefix()));
        assert_eq!(found("s3://bucket/a/b?c#d.pcap"), Some(("bucket", "a/b?c#d.pcap", false)));
        assert_eq!(found("s3a://bucket/a/"), Some(("bucket", "a/", true)));
        assert_eq!(found("s3://bucket/"), Some(("bucket", "", true)));
        assert_eq!(found("captures/a.pcap"), None);
        for url in ["s3://bucket/a//b", "s3://bucket/../other/key", "s3://bucket/a/./b", "s3://bucket//"] {
            assert!(of(url).unwrap_err().contains("`.` or `..`"), "{url}");
        }
        assert!(of("s3://bucket").unwrap_err().contains("names no object"));
        assert!(of("s3:///key").unwrap_err().contains("names no object"));
        assert!(of("gs://bucket/key").unwrap_err().contains("only stores that speak S3"));
    }
}
