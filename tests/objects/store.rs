//! A store on the loopback interface that speaks as much of S3 as is needed, and makes the mistakes that it is told to make.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// What the store does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    /// It does not let anybody read.
    Denies,
    /// Each object is replaced once its start was read.
    Replaces,
    /// The same, by a store that does not look at conditions and names no versions.
    ReplacesSilently,
    /// Each object is longer for whoever asks a second time.
    Grows,
    /// Bodies of large pieces end too early.
    BreaksOff,
    /// Bodies are longer than what was asked for.
    SendsMore,
    /// Other bytes are sent than were asked for.
    SendsOthers,
    /// It knows nothing of parts of objects.
    SendsAll,
    /// The first two requests are too many for it.
    IsBusy,
    /// The bucket is elsewhere.
    IsElsewhere(&'static str),
    /// A list never ends.
    ListsForEver,
    /// A list names what was not asked for.
    ListsOthers,
}

/// A running store, which ends with the test.
pub(crate) struct Store {
    objects: BTreeMap<String, Vec<u8>>,
    fault: Fault,
    requests: Mutex<Vec<String>>,
    pub(crate) address: String,
}

impl Store {
    /// Starts a store with one bucket, `bucket`.
    pub(crate) fn start(objects: &[(&str, Vec<u8>)], fault: Fault) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let store = Arc::new(Self {
            objects: objects.iter().map(|(key, bytes)| ((*key).to_owned(), bytes.clone())).collect(),
            fault,
            requests: Mutex::default(),
            address: format!("http://{}", listener.local_addr().unwrap()),
        });
        let shared = Arc::clone(&store);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let store = Arc::clone(&shared);
                // An answer is written in parts, which must not wait for each other.
                let _ = connection.set_nodelay(true);
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(connection.try_clone().ok()?);
                    let mut connection = connection;
                    while store.answer(&mut reader, &mut connection).is_some() {}
                    Some(())
                });
            }
        });
        store
    }

    /// What was asked: target and range.
    pub(crate) fn requests(&self) -> MutexGuard<'_, Vec<String>> {
        self.requests.lock().unwrap()
    }

    /// Answers a request; none where the connection ends.
    fn answer(&self, reader: &mut BufReader<TcpStream>, connection: &mut TcpStream) -> Option<()> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let target = lines.first()?.strip_prefix("GET ")?.split(' ').next()?;
        let header = |name: &str| {
            let of = |line: &String| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            };
            lines.iter().find_map(of)
        };
        let (range, condition) = (header("range"), header("if-match"));
        let count = {
            let mut requests = self.requests();
            requests.push(format!("{target} {}", range.clone().unwrap_or_default()));
            requests.len()
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut short = |status: &str, more: &str| {
            write!(connection, "HTTP/1.1 {status}\r\n{more}Content-Length: 6\r\n\r\nunsaid").ok()
        };
        match self.fault {
            Fault::Denies => return short("403 Forbidden", ""),
            Fault::IsBusy if count <= 2 => return short("503 Slow Down", ""),
            Fault::IsElsewhere(region) => {
                let more = format!("x-amz-bucket-region: {region}\r\nLocation: http://127.0.0.1:9/\r\n");
                return short("301 Moved Permanently", &more);
            }
            _ => {}
        }
        if query.contains("list-type=2") {
            let body = self.list(query);
            return write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok();
        }
        let key = path.strip_prefix("/bucket/")?.replace("%3F", "?");
        let Some(object) = self.objects.get(&key) else { return short("404 Not Found", "") };
        let range = range?;
        let (from, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let (from, last): (usize, usize) = (from.parse().ok()?, last.parse().ok()?);
        if object.is_empty() {
            return short("416 Range Not Satisfiable", "Content-Range: bytes */0\r\n");
        }
        let is_later = from > 0 || last + 1 > 64 << 10;
        let etag = if self.fault == Fault::Replaces && is_later { "\"2\"" } else { "\"1\"" };
        if self.fault != Fault::ReplacesSilently && condition.is_some_and(|condition| condition != etag) {
            return short("412 Precondition Failed", "");
        }
        let day = if self.fault == Fault::ReplacesSilently && is_later { "29" } else { "28" };
        let mut more = format!("Last-Modified: Sat, {day} Nov 2026 12:00:00 GMT\r\n");
        if self.fault != Fault::ReplacesSilently {
            more += &format!("ETag: {etag}\r\n");
        }
        let (from, end) = match self.fault {
            Fault::SendsOthers => (from + 1, (last + 2).min(object.len())),
            _ => (from, (last + 1).min(object.len())),
        };
        let mut body = object.get(from..end)?.to_vec();
        let mut length = body.len();
        match self.fault {
            Fault::SendsMore => {
                body.extend_from_slice(&[0; 9]);
                length = body.len();
            }
            Fault::BreaksOff if is_later => body.truncate(body.len() / 2),
            _ => {}
        }
        let status = if self.fault == Fault::SendsAll { "200 OK" } else { "206 Partial Content" };
        let size = object.len() + usize::from(self.fault == Fault::Grows && count > 1);
        write!(
            connection,
            "HTTP/1.1 {status}\r\n{more}Content-Range: bytes {from}-{}/{size}\r\nContent-Length: {length}\r\n\r\n",
            end - 1,
        )
        .ok()?;
        connection.write_all(&body).ok()?;
        (body.len() == length).then_some(())
    }

    /// A page of one key.
    fn list(&self, query: &str) -> String {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).map(str::to_owned);
        let prefix = value("prefix=").unwrap_or_default().replace("%2F", "/");
        let after = value("continuation-token=").map_or(0, |token| token.parse().unwrap());
        let keys: Vec<_> = match self.fault {
            Fault::ListsForEver => vec![],
            Fault::ListsOthers => vec!["../other/key"],
            _ => self.objects.keys().map(String::as_str).filter(|key| key.starts_with(&prefix)).collect(),
        };
        let key = keys.get(after).map(|key| format!("<Contents><Key>{key}</Key></Contents>")).unwrap_or_default();
        let next = match after + 1 < keys.len() || self.fault == Fault::ListsForEver {
            true => {
                format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>", after + 1)
            }
            false => "<IsTruncated>false</IsTruncated>".to_owned(),
        };
        format!("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{next}{key}</ListBucketResult>")
    }
}
