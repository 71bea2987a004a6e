//! A bucket of a store that speaks S3, as the environment names it, and the requests that are made to it.
//!
//! Requests are signed in their query (AWS Signature Version 4), so that a URL is as good as a key for some minutes: none is shown.

use crate::error::Error;
use rusty_s3::actions::{ListObjectsV2, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};
use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;

/// How long a signature is good: more than a request takes, and as much as clocks may differ (15 minutes, by the documentation of S3).
const SIGNED_FOR: Duration = Duration::from_mins(15);
/// How long it may take to reach a store, and to answer a request whole.
const CONNECT_TIME: Duration = Duration::from_secs(15);
const REQUEST_TIME: Duration = Duration::from_mins(2);
/// How often a request is repeated that failed for a reason that may pass, and the pause before the first repetition, which doubles.
const REPETITIONS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);
/// Most bytes of a page of a list: of a thousand keys, each of which has at most 1,024 bytes, nine with escapes.
const MAX_PAGE: u64 = 16 << 20;
/// What is said where a condition fails.
pub(super) const CHANGED: &str = "it has changed since it was opened";

/// The connections of the program, which all of its captures share.
static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    Agent::config_builder()
        .user_agent(concat!("whither/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // A signature is of one host.
        .max_redirects(0)
        .timeout_connect(Some(CONNECT_TIME))
        .timeout_global(Some(REQUEST_TIME))
        .max_idle_connections(32)
        .max_idle_connections_per_host(32)
        .build()
        .new_agent()
});

/// A bucket, and the key to it.
#[derive(Debug)]
pub(super) struct Store {
    bucket: Bucket,
    /// None for a bucket that is public.
    credentials: Option<Credentials>,
}

/// A part of an object, and what the store says of the whole.
pub(super) struct Answer {
    /// The bytes that were asked for, as far as the object has them.
    pub(super) bytes: Vec<u8>,
    /// Size of the object in bytes.
    pub(super) size: u64,
    pub(super) etag: Option<String>,
    /// When it was last changed, in ns since 1970 UTC.
    pub(super) modified_ns: Option<i64>,
}

/// Why a store was not asked, or did not give what it was asked for. It repeats nothing that was sent or received.
#[derive(Debug)]
pub(super) struct Failure {
    what: String,
    hint: String,
    /// Whether another try may succeed.
    may_pass: bool,
}

impl Failure {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into(), may_pass: false }
    }

    fn passing(what: impl Into<String>) -> Self {
        Self { may_pass: true, ..Self::new(what, "check the connection, and AWS_ENDPOINT_URL if it is set") }
    }

    /// The error for a user.
    pub(super) fn at(self, url: &Path) -> Error {
        Error::not_usable(url, self.what, self.hint)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

impl Store {
    /// The store of a bucket, with the address and the credentials that the environment names.
    pub(super) fn of_environment(bucket: &str) -> Result<Self, Failure> {
        Self::of(bucket, &|name| std::env::var(name).ok())
    }

    fn of(bucket: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let given = |name| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let region = given("AWS_REGION").or_else(|| given("AWS_DEFAULT_REGION")).unwrap_or("us-east-1".to_owned());
        if !is_region(&region) {
            return Err(Failure::new("AWS_REGION names no region", "set it to one such as eu-west-1"));
        }
        let endpoint = given("AWS_ENDPOINT_URL_S3").or_else(|| given("AWS_ENDPOINT_URL"));
        // What can be part of the name of a host; others are in the path, as with stores that have one name.
        let is_host = bucket.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let style = if endpoint.is_none() && is_host { UrlStyle::VirtualHost } else { UrlStyle::Path };
        let endpoint = endpoint.unwrap_or_else(|| {
            let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://s3.{region}.{domain}")
        });
        let no_address = || {
            Failure::new(
                "AWS_ENDPOINT_URL is no address of a store",
                "set it to one such as https://s3.example.org:9000",
            )
        };
        let address = endpoint.parse().map_err(|_| no_address())?;
        let bucket = Bucket::new(address, style, bucket.to_owned(), region).map_err(|_| no_address())?;
        let credentials = match (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")) {
            (Some(key), Some(secret)) => Some(match given("AWS_SESSION_TOKEN") {
                Some(token) => Credentials::new_with_token(key, secret, token),
                None => Credentials::new(key, secret),
            }),
            (None, None) => None,
            _ => {
                let what = "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set";
                return Err(Failure::new(what, "set both, or none for a bucket that is public"));
            }
        };
        Ok(Self { bucket, credentials })
    }

    /// Asks for a range of an object, on condition that it has this ETag.
    pub(super) fn get(&self, key: &str, range: Range<u64>, condition: Option<&str>) -> Result<Answer, Failure> {
        repeated(|| {
            let url = self.bucket.get_object(self.credentials.as_ref(), key).sign(SIGNED_FOR);
            let last = range.end.saturating_sub(1);
            let mut request = AGENT.get(url.as_str()).header("range", format!("bytes={}-{last}", range.start));
            if let Some(condition) = condition {
                request = request.header("if-match", condition);
            }
            let mut response = request.call().map_err(|error| failed(&error))?;
            let status = response.status().as_u16();
            let whole = header(&response, "content-range").and_then(ContentRange::of);
            let (etag, modified_ns) = (header(&response, "etag").map(str::to_owned), modified_ns(&response));
            // There is no first byte to send.
            if status == 416 && range.start == 0 {
                return Ok(Answer { bytes: Vec::new(), size: 0, etag, modified_ns });
            }
            if status != 206 {
                return Err(self.refused(&response));
            }
            let Some(ContentRange { from, to, size }) = whole else {
                return Err(Failure::passing("the store does not say which bytes it sent"));
            };
            if from != range.start || to != range.end.min(size) {
                return Err(Failure::passing("the store sent other bytes than were asked for"));
            }
            let wanted = to.saturating_sub(from);
            let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
            let read = response.body_mut().as_reader().take(wanted + 1).read_to_end(&mut bytes);
            read.map_err(|error| failed(&ureq::Error::from(error)))?;
            match bytes.len() as u64 == wanted {
                true => Ok(Answer { bytes, size, etag, modified_ns }),
                false => Err(Failure::passing("the store sent more or fewer bytes than it was asked for")),
            }
        })
    }

    /// A page of the keys that begin with a prefix, and the mark of the following one.
    pub(super) fn list(&self, prefix: &str, page: Option<&str>) -> Result<(Vec<String>, Option<String>), Failure> {
        repeated(|| {
            let mut action = self.bucket.list_objects_v2(self.credentials.as_ref());
            action.with_prefix(prefix);
            if let Some(page) = page {
                action.with_continuation_token(page);
            }
            let mut response = AGENT.get(action.sign(SIGNED_FOR).as_str()).call().map_err(|error| failed(&error))?;
            if response.status().as_u16() != 200 {
                return Err(self.refused(&response));
            }
            let body = response.body_mut().with_config().limit(MAX_PAGE).read_to_string();
            let list = ListObjectsV2::parse_response(&body.map_err(|error| failed(&error))?)
                .map_err(|_| Failure::new("the store's list cannot be read", "give the objects themselves"))?;
            let keys = list.contents.into_iter().map(|object| object.key).collect();
            Ok((keys, list.next_continuation_token))
        })
    }

    /// What an answer says that is not what was asked for. The text that comes with it may repeat what was sent, and is not shown.
    fn refused<T>(&self, response: &Response<T>) -> Failure {
        let status = response.status().as_u16();
        let region = header(response, "x-amz-bucket-region").filter(|&region| region != self.bucket.region());
        if let Some(region) = region.filter(|region| is_region(region) && status != 404) {
            return Failure::new("its bucket is in another region", format!("set AWS_REGION={region}"));
        }
        match status {
            200 => Failure::new("the store does not answer requests for a part of an object", "copy it to a file"),
            300..=399 => Failure::new("the store sends to another address", "check AWS_REGION and AWS_ENDPOINT_URL"),
            401 | 403 if self.credentials.is_none() => Failure::new(
                "the store does not let everybody read it",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
            ),
            401 | 403 => Failure::new(
                "the store does not let this user read it",
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION in the environment, the clock, and the rights to the bucket",
            ),
            404 => Failure::new("there is no such object", "check the bucket, the key and AWS_ENDPOINT_URL"),
            412 | 416 => Failure::new(CHANGED, "let nothing write to it, and begin anew"),
            429 | 500.. => Failure::passing(format!("the store answers with status {status}")),
            _ => Failure::new(format!("the store answers with status {status}"), "check the URL and AWS_ENDPOINT_URL"),
        }
    }
}

/// Makes a request until it succeeds, or fails for a reason that will not pass.
fn repeated<T>(request: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut pause = PAUSE;
    for _ in 0..REPETITIONS {
        match request() {
            Err(failure) if failure.may_pass => std::thread::sleep(pause),
            other => return other,
        }
        pause *= 2;
    }
    request()
}

/// What went wrong before there was an answer, or with its body. Some of these errors hold the URL, and with it the signature.
fn failed(error: &ureq::Error) -> Failure {
    use ureq::Error as E;
    match error {
        E::Io(error) => Failure::passing(format!("the connection to the store failed: {}", error.kind())),
        E::Timeout(_) => Failure::passing("the store did not answer in time"),
        E::HostNotFound => Failure::passing("the address of the store is not known"),
        E::Tls(_) | E::Rustls(_) => Failure::new(
            "no protected connection to the store could be made",
            "check AWS_ENDPOINT_URL, and whether the store's certificate is one that browsers take",
        ),
        _ => Failure::passing("the request to the store failed"),
    }
}

fn header<'a, T>(response: &'a Response<T>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The time of the last change, in ns since 1970 UTC (`Last-Modified`, RFC 9110 section 8.8.2).
fn modified_ns<T>(response: &Response<T>) -> Option<i64> {
    let time = jiff::fmt::rfc2822::parse(header(response, "last-modified")?).ok()?;
    i64::try_from(time.timestamp().as_nanosecond()).ok()
}

/// Whether this may be the name of a region, which becomes part of an address.
fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Which bytes of an object were sent (`Content-Range`, RFC 9110 section 14.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct ContentRange {
    from: u64,
    to: u64,
    size: u64,
}

impl ContentRange {
    /// `bytes 0-99/12345`
    fn of(text: &str) -> Option<Self> {
        let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (from, to, size) = (first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?, size.parse().ok()?);
        (from < to && to <= size).then_some(Self { from, to, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(bucket: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let value = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let store = Store::of(bucket, &value).map_err(|failure| failure.at(Path::new("s3://x")).to_string())?;
        Ok(store.bucket.object_url("a/b c").to_string())
    }

    #[test]
    fn the_environment_says_where_a_bucket_is() {
        let address = |bucket, variables: &[_]| store(bucket, variables).unwrap();
        assert_eq!(address("b", &[]), "https://b.s3.us-east-1.amazonaws.com/a/b%20c");
        assert_eq!(address("b", &[("AWS_REGION", "cn-north-1")]), "https://b.s3.cn-north-1.amazonaws.com.cn/a/b%20c");
        assert_eq!(
            address("b.c", &[("AWS_DEFAULT_REGION", "eu-west-1")]),
            "https://s3.eu-west-1.amazonaws.com/b.c/a/b%20c"
        );
        assert_eq!(address("b", &[("AWS_ENDPOINT_URL", "http://[::1]:9000")]), "http://[::1]:9000/b/a/b%20c");
        let both = [("AWS_ENDPOINT_URL", "http://a"), ("AWS_ENDPOINT_URL_S3", "http://u:p@c/d?e")];
        assert_eq!(address("b", &both), "http://c/d/b/a/b%20c");
    }

    #[test]
    fn what_is_wrong_with_the_environment_is_said_without_its_values() {
        let rows = [
            ("AWS_REGION", "secret.example/", "AWS_REGION names no region"),
            ("AWS_ENDPOINT_URL", "secret", "AWS_ENDPOINT_URL is no address"),
            ("AWS_ENDPOINT_URL", "ftp://secret", "AWS_ENDPOINT_URL is no address"),
            ("AWS_SECRET_ACCESS_KEY", "secret", "only one is set"),
            ("AWS_ACCESS_KEY_ID", "secret", "only one is set"),
        ];
        for (name, value, what) in rows {
            let error = store("b", &[(name, value)]).unwrap_err();
            assert!(error.contains(what) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn which_bytes_were_sent_is_read() {
        assert_eq!(ContentRange::of("bytes 0-99/12345"), Some(ContentRange { from: 0, to: 100, size: 12_345 }));
        let wrong = ["", "bytes */0", "bytes 5-4/9", "bytes 0-9/9", "bytes 0-18446744073709551615/1", "bits 0-1/2"];
        assert!(wrong.iter().all(|text| ContentRange::of(text).is_none()));
    }
}
