//! From the lines of a side file to connections with owners: PCAPdroid's CSV, rustnet's JSON lines, whither's own CSV.

use super::side::{Key, Row};
use super::{Owner, OwnerFormat, text};
use crate::error::Error;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Bytes of one line: a connection takes a few hundred.
const MAX_LINE: u64 = 1 << 20;
/// Columns read of a row.
const MAX_COLUMNS: usize = 256;
/// What a user can do about a bad file.
const HINT: &str =
    "give a connections CSV of PCAPdroid, a .connections.jsonl of rustnet, or the table of docs/owners.md";

type Sink<'a> = &'a mut dyn FnMut(Row) -> Result<(), Error>;

/// How to read the lines after the first.
enum Format {
    Rustnet,
    Pcapdroid(Header),
    Table(Header),
}

/// Reads a file row by row.
pub(super) fn read(path: &Path, sink: Sink<'_>) -> Result<(), Error> {
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let mut reader = BufReader::new(file);
    let mut format = None;
    let mut bytes = Vec::new();
    let mut number = 0_u64;
    loop {
        bytes.clear();
        let length =
            reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(|source| Error::io(path, source))?;
        if length == 0 {
            break;
        }
        number += 1;
        let problem = |what: String| Error::not_usable(path, format!("line {number}: {what}"), HINT);
        let is_whole = bytes.last() == Some(&b'\n');
        if !is_whole && bytes.len() as u64 == MAX_LINE {
            return Err(problem(format!("longer than {MAX_LINE} bytes")));
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            continue;
        }
        let row = match &format {
            None if line.trim_start().starts_with('{') => {
                format = Some(Format::Rustnet);
                rustnet(line, is_whole)
            }
            None => {
                format = Some(header(line).map_err(problem)?);
                Ok(None)
            }
            Some(Format::Rustnet) => rustnet(line, is_whole),
            Some(Format::Pcapdroid(header)) => pcapdroid(header, line),
            Some(Format::Table(header)) => table(header, line),
        };
        if let Some(row) = row.map_err(problem)? {
            sink(row)?;
        }
    }
    match format {
        Some(_) => Ok(()),
        None => Err(Error::not_usable(path, "the file is empty", HINT)),
    }
}

/// Column names of a CSV, in lower case.
struct Header(Vec<String>);

impl Header {
    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column == name)
    }

    /// A row's value in a named column, `None` where it is empty or the column is not there.
    fn value<'a>(&self, row: &'a [String], name: &str) -> Option<&'a str> {
        row.get(self.position(name)?).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn header(line: &str) -> Result<Format, String> {
    let columns = split(line).ok_or("a quote is not closed")?;
    let header = Header(columns.iter().map(|column| column.trim().to_lowercase()).collect());
    if header.position("ipproto").is_some() {
        if let Some(missing) =
            ["srcip", "srcport", "dstip", "dstport", "uid", "app"].iter().find(|name| header.position(name).is_none())
        {
            return Err(format!("PCAPdroid's column `{missing}` is missing"));
        }
        return Ok(Format::Pcapdroid(header));
    }
    let has = |names: &[&str]| names.iter().any(|name| header.position(name).is_some());
    if has(&["local_ip", "local_port", "remote_ip", "remote_port"]) && has(&["process", "package", "pid", "uid"]) {
        return Ok(Format::Table(header));
    }
    let shown: String = line.chars().filter(|character| !character.is_control()).take(60).collect();
    Err(format!("`{shown}` is no header known"))
}

/// One row of PCAPdroid's CSV. The app does not quote, so a name or an info text with commas moves the columns after it:
/// columns up to the uid count from the front, times from the back.
fn pcapdroid(header: &Header, line: &str) -> Result<Option<Row>, String> {
    let mut row = split(line).unwrap_or_else(|| line.split(',').map(str::to_owned).take(MAX_COLUMNS).collect());
    let app = header.position("app").unwrap_or(usize::MAX);
    let mut package = header.value(&row, "packagename").filter(|package| is_package(package)).map(str::to_owned);
    if let Some(extra) = row.len().checked_sub(header.0.len()).filter(|extra| *extra > 0) {
        let moved = (0..=extra).find(|by| row.get(app.saturating_add(1 + by)).is_some_and(|value| is_package(value)));
        if let (Some(by), true) = (moved, header.position("packagename") == app.checked_add(1)) {
            package = row.get(app + 1 + by).cloned();
            let name = row.get(app..=app + by).unwrap_or_default().join(",");
            row.splice(app..=app + by, [name]);
        }
    }
    let from_back = |name: &str| {
        let back = header.0.len().checked_sub(header.position(name)?)?;
        row.get(row.len().checked_sub(back)?).map(|value| value.trim()).filter(|value| !value.is_empty())
    };
    let uid = header.value(&row, "uid").map(|value| integer(value, "uid")).transpose()?.filter(|uid| *uid >= 0);
    let name = header.value(&row, "app").and_then(text::name);
    if uid.is_none() {
        return Ok(None);
    }
    let key = Key {
        protocol: header.value(&row, "ipproto").map(protocol).transpose()?,
        local_ip: header.value(&row, "srcip").map(address).transpose()?,
        local_port: header.value(&row, "srcport").map(port).transpose()?,
        remote_ip: header.value(&row, "dstip").map(address).transpose()?,
        remote_port: header.value(&row, "dstport").map(port).transpose()?,
    };
    Ok(Some(Row {
        key: without_ports_where_there_are_none(key),
        first_ns: from_back("firstseen").map(time).transpose()?,
        last_ns: from_back("lastseen").map(time).transpose()?,
        owner: Owner {
            name,
            package: package.as_deref().and_then(text::name),
            uid,
            ..Owner::new(OwnerFormat::SideFile)
        },
    }))
}

/// Whether a text can be an Android package name.
fn is_package(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_')
}

/// One row of whither's own table.
fn table(header: &Header, line: &str) -> Result<Option<Row>, String> {
    let row = split(line).ok_or("a quote is not closed")?;
    if row.len() > header.0.len() {
        return Err(format!("{} values under {} columns", row.len(), header.0.len()));
    }
    let key = Key {
        protocol: header.value(&row, "protocol").map(protocol).transpose()?,
        local_ip: header.value(&row, "local_ip").map(address).transpose()?,
        local_port: header.value(&row, "local_port").map(port).transpose()?,
        remote_ip: header.value(&row, "remote_ip").map(address).transpose()?,
        remote_port: header.value(&row, "remote_port").map(port).transpose()?,
    };
    if (Key { protocol: None, ..key }) == Key::default() {
        return Err("no address and no port".to_owned());
    }
    let owner = Owner {
        name: header.value(&row, "process").and_then(text::name),
        package: header.value(&row, "package").and_then(text::name),
        pid: header.value(&row, "pid").map(|value| integer(value, "pid")).transpose()?,
        uid: header.value(&row, "uid").map(|value| integer(value, "uid")).transpose()?,
        ..Owner::new(OwnerFormat::SideFile)
    };
    if owner == Owner::new(OwnerFormat::SideFile) {
        return Err("no process, package, pid or uid".to_owned());
    }
    let first_ns = header.value(&row, "first_seen").map(time).transpose()?;
    let last_ns = header.value(&row, "last_seen").map(time).transpose()?;
    if let (Some(first), Some(last)) = (first_ns, last_ns)
        && last < first
    {
        return Err("last_seen lies before first_seen".to_owned());
    }
    Ok(Some(Row { key: without_ports_where_there_are_none(key), first_ns, last_ns, owner }))
}

/// A line of rustnet's `.connections.jsonl`.
#[derive(Deserialize)]
struct Connection {
    protocol: String,
    local_addr: String,
    remote_addr: String,
    pid: Option<i64>,
    process_name: Option<String>,
    process_executable: Option<String>,
    process_uid: Option<i64>,
    first_seen: Option<Time>,
    last_seen: Option<Time>,
}

/// A time as RFC 3339 text, or as Rust writes its system time.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Text(String),
    Number(serde_json::Number),
    System { secs_since_epoch: i64, nanos_since_epoch: i64 },
}

impl Time {
    fn ns(&self) -> Result<i64, String> {
        match self {
            Self::Text(text) => time(text),
            Self::Number(number) => time(&number.to_string()),
            Self::System { secs_since_epoch, nanos_since_epoch } => secs_since_epoch
                .checked_mul(1_000_000_000)
                .and_then(|ns| ns.checked_add(*nanos_since_epoch))
                .ok_or_else(|| "a time is out of range".to_owned()),
        }
    }
}

/// One connection of rustnet's. The last line may be cut short: the file is written while the capture runs.
fn rustnet(line: &str, is_whole: bool) -> Result<Option<Row>, String> {
    let connection: Connection = match serde_json::from_str(line) {
        Ok(connection) => connection,
        Err(_) if !is_whole => return Ok(None),
        Err(error) => return Err(format!("no connection of rustnet: {error}")),
    };
    let name = connection.process_name.as_deref().and_then(text::name);
    // ARP and the like have no IP protocol; a connection without a process tells nothing.
    let Ok(protocol) = protocol(&connection.protocol) else {
        return Ok(None);
    };
    if name.is_none() && connection.pid.is_none() {
        return Ok(None);
    }
    let socket = |text: &str| {
        let parsed = text.parse::<SocketAddr>().map_err(|_| format!("`{}` is no address and port", shown(text)))?;
        Ok::<_, String>((parsed.ip().to_canonical(), parsed.port()))
    };
    let (local, remote) = (socket(&connection.local_addr)?, socket(&connection.remote_addr)?);
    let key = Key {
        protocol: Some(protocol),
        local_ip: Some(local.0),
        local_port: Some(local.1),
        remote_ip: Some(remote.0),
        remote_port: Some(remote.1),
    };
    Ok(Some(Row {
        key: without_ports_where_there_are_none(key),
        first_ns: connection.first_seen.as_ref().map(Time::ns).transpose()?,
        last_ns: connection.last_seen.as_ref().map(Time::ns).transpose()?,
        owner: Owner {
            name,
            path: connection.process_executable.as_deref().and_then(text::path),
            pid: connection.pid,
            uid: connection.process_uid,
            ..Owner::new(OwnerFormat::SideFile)
        },
    }))
}

/// The values of one CSV line (RFC 4180, without line breaks inside quotes); `None` where a quote is not closed.
fn split(line: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = line;
    while values.len() < MAX_COLUMNS {
        let mut value = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (text, after) = quoted.split_once('"')?;
                value.push_str(text);
                match after.strip_prefix('"') {
                    Some(more) => {
                        value.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        }
        let (text, next) = rest.split_once(',').map_or((rest, None), |(text, next)| (text, Some(next)));
        value.push_str(text);
        values.push(value);
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    Some(values)
}

/// Some tools write 0, or an ICMP identifier, where a protocol has no ports.
fn without_ports_where_there_are_none(key: Key) -> Key {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    const DCCP: u8 = 33;
    const SCTP: u8 = 132;
    const UDP_LITE: u8 = 136;
    match key.protocol {
        None | Some(TCP | UDP | DCCP | SCTP | UDP_LITE) => key,
        Some(_) => Key { local_port: None, remote_port: None, ..key },
    }
}

fn protocol(text: &str) -> Result<u8, String> {
    match text.to_ascii_lowercase().as_str() {
        "icmp" => Ok(1),
        "igmp" => Ok(2),
        "tcp" | "tcp6" => Ok(6),
        "udp" | "udp6" => Ok(17),
        "icmpv6" | "icmp6" => Ok(58),
        "sctp" => Ok(132),
        number => number.parse().map_err(|_| format!("`{}` is no protocol", shown(text))),
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split('%').next().unwrap_or(bare);
    bare.parse().map(|ip: IpAddr| ip.to_canonical()).map_err(|_| format!("`{}` is no IP address", shown(text)))
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{}` is no port", shown(text)))
}

fn integer(text: &str, what: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("`{}` is no {what}", shown(text)))
}

/// Nanoseconds since 1970: RFC 3339, or a number since 1970 whose size tells its unit (to 11 digits seconds, with decimals
/// if need be; to 14 milliseconds; to 17 microseconds; else nanoseconds).
fn time(text: &str) -> Result<i64, String> {
    let bad = || format!("`{}` is no time; write RFC 3339 or seconds since 1970", shown(text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| bad())?;
        return i64::try_from(timestamp.as_nanosecond()).map_err(|_| bad());
    }
    let unit_digits = match whole.len() {
        0..=11 => 9,
        12..=14 => 6,
        15..=17 => 3,
        _ => 0,
    };
    let decimals: String = fraction.chars().chain(std::iter::repeat('0')).take(unit_digits).collect();
    format!("{whole}{decimals}").parse().map_err(|_| bad())
}

/// A bad value as an error may show it: short and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn rows(text: &str) -> Result<Vec<Row>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let mut rows = Vec::new();
        let result = read(file.path(), &mut |row| {
            rows.push(row);
            Ok(())
        });
        let place = format!("{}: ", file.path().display());
        result.map_err(|error| error.to_string().replacen(&place, "", 1))?;
        Ok(rows)
    }

    fn key(protocol: u8, local: &str, remote: &str) -> Key {
        let (local, remote): (SocketAddr, SocketAddr) = (local.parse().unwrap(), remote.parse().unwrap());
        Key {
            protocol: Some(protocol),
            local_ip: Some(local.ip()),
            local_port: Some(local.port()),
            remote_ip: Some(remote.ip()),
            remote_port: Some(remote.port()),
        }
    }

    fn app(name: &str, package: &str, uid: i64) -> Owner {
        Owner {
            name: Some(name.into()),
            package: Some(package.into()),
            uid: Some(uid),
            ..Owner::new(OwnerFormat::SideFile)
        }
    }

    const PCAPDROID: &str = "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,\
        BytesRcvd,PktsSent,PktsRcvd,FirstSeen,LastSeen\n";

    #[test]
    fn pcapdroid_with_and_without_commas_in_its_texts() {
        let text = format!(
            "\u{feff}{PCAPDROID}\
             6,10.215.173.1,40000,157.240.0.60,443,10123,WhatsApp,com.whatsapp,TLS,Closed,g.whatsapp.net,1,2,3,4,1700000000123,1700000001000\r\n\
             17,10.215.173.1,40001,10.215.173.2,53,10200,\"A, \"\"B\"\"\",org.a.b,DNS,Open,x,1,2,3,4,1700000000123,1700000001000\n\
             6,10.215.173.1,40002,1.1.1.1,443,10201,C, D,org.c_d.e,HTTP,Open,a,b,1,2,3,4,1700000000123,1700000001000\n\
             1,10.215.173.1,7,1.1.1.1,0,-1,Unknown,,ICMP,Open,,1,2,3,4,1700000000123,1700000001000\n"
        );
        let row = |key, owner| Row {
            key,
            first_ns: Some(1_700_000_000_123_000_000),
            last_ns: Some(1_700_000_001_000_000_000),
            owner,
        };
        let expected = vec![
            row(key(6, "10.215.173.1:40000", "157.240.0.60:443"), app("WhatsApp", "com.whatsapp", 10_123)),
            row(key(17, "10.215.173.1:40001", "10.215.173.2:53"), app("A, \"B\"", "org.a.b", 10_200)),
            row(key(6, "10.215.173.1:40002", "1.1.1.1:443"), app("C, D", "org.c_d.e", 10_201)),
        ];
        assert_eq!(rows(&text), Ok(expected));
    }

    #[test]
    fn pcapdroid_before_it_named_packages() {
        let text = "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,\
                    FirstSeen,LastSeen\n6,10.0.0.1,1,10.0.0.2,2,5,Files,TLS,Open,\"a,1,2,3,4,1700000000,1700000001\n";
        let rows = rows(text).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].owner.name.as_deref(), rows[0].owner.package.as_deref()), (Some("Files"), None));
        assert_eq!(rows[0].first_ns, Some(1_700_000_000_000_000_000));
    }

    #[test]
    fn rustnet_lines() {
        let text = r#"{"timestamp":"2026-01-01T00:00:00Z","protocol":"TCP","local_addr":"10.0.0.1:5000","remote_addr":"[2001:db8::1]:443","pid":7,"process_name":"curl","process_executable":"/usr/bin/curl","process_uid":1000,"first_seen":{"secs_since_epoch":1700000000,"nanos_since_epoch":5},"last_seen":"2023-11-14T22:13:21Z","state":"x"}
{"protocol":"ARP","local_addr":"10.0.0.1:0","remote_addr":"10.0.0.2:0","pid":7,"process_name":"x"}
{"protocol":"UDP","local_addr":"10.0.0.1:1","remote_addr":"10.0.0.2:2","pid":null,"process_name":null}
{"protocol":"UDP","local_addr":"10.0.0.1:1","remote"#;
        let owner = Owner {
            name: Some("curl".into()),
            path: Some("/usr/bin/curl".into()),
            pid: Some(7),
            uid: Some(1000),
            ..Owner::new(OwnerFormat::SideFile)
        };
        let expected = Row {
            key: key(6, "10.0.0.1:5000", "[2001:db8::1]:443"),
            first_ns: Some(1_700_000_000_000_000_005),
            last_ns: Some(1_700_000_001_000_000_000),
            owner,
        };
        assert_eq!(rows(text), Ok(vec![expected]));
    }

    #[test]
    fn own_table() {
        let text = "first_seen,last_seen,protocol,local_ip,local_port,remote_ip,remote_port,process,package,pid,uid\n\
                    2023-11-14T22:13:20Z,1700000001.5,udp,10.0.0.1,5000,10.0.0.2,53,\"a, b\",org.a,7,1000\n\
                    ,,icmp,,,10.0.0.2,,ping,,,\n";
        let first = Row {
            key: key(17, "10.0.0.1:5000", "10.0.0.2:53"),
            first_ns: Some(1_700_000_000_000_000_000),
            last_ns: Some(1_700_000_001_500_000_000),
            owner: Owner { pid: Some(7), ..app("a, b", "org.a", 1000) },
        };
        let second = Row {
            key: Key { protocol: Some(1), remote_ip: Some("10.0.0.2".parse().unwrap()), ..Key::default() },
            first_ns: None,
            last_ns: None,
            owner: Owner { name: Some("ping".into()), ..Owner::new(OwnerFormat::SideFile) },
        };
        assert_eq!(rows(text), Ok(vec![first, second]));
    }

    #[test]
    fn cut_files_do_not_panic_and_keep_the_whole_lines() {
        let json = r#"{"protocol":"UDP","local_addr":"10.0.0.1:1","remote_addr":"10.0.0.2:2","pid":7}"#;
        let lines = format!("{json}\n{json}\n");
        for cut in 1..lines.len() {
            let whole = usize::from(cut >= json.len()) + usize::from(cut > 2 * json.len());
            assert_eq!(rows(&lines[..cut]).map(|rows| rows.len()), Ok(whole), "{cut}");
        }
        let csv =
            format!("{PCAPDROID}6,10.0.0.1,40000,1.1.1.1,443,1,A,b.c,TLS,Closed,x,1,2,3,4,1700000000,1700000001\n");
        for cut in 0..csv.len() {
            let _ = rows(&csv[..cut]);
        }
    }

    #[test]
    fn errors_say_where_and_what() {
        let table = "protocol,remote_ip,remote_port,first_seen,process\n";
        for (text, expected) in [
            (String::new(), "the file is empty"),
            ("hello,world\n".to_owned(), "line 1: `hello,world` is no header known"),
            (format!("{table}tcp,1.1.1.1,443,,a\ntcp,1.1.1,443,,a\n"), "line 3: `1.1.1` is no IP address"),
            (format!("{table}tcp,1.1.1.1,70000,,a\n"), "line 2: `70000` is no port"),
            (format!("{table}xyz,1.1.1.1,443,,a\n"), "line 2: `xyz` is no protocol"),
            (
                format!("{table}tcp,1.1.1.1,443,noon,a\n"),
                "line 2: `noon` is no time; write RFC 3339 or seconds since 1970",
            ),
            (format!("{table}tcp,1.1.1.1,443,,\n"), "line 2: no process, package, pid or uid"),
            (format!("{table}tcp,,,,a\n"), "line 2: no address and no port"),
            (format!("{table}tcp,,,,a,b\n"), "line 2: 6 values under 5 columns"),
            (format!("{table}tcp,,,,\"a\n"), "line 2: a quote is not closed"),
            ("IPProto,SrcIP\n".to_owned(), "line 1: PCAPdroid's column `srcport` is missing"),
        ] {
            assert_eq!(rows(&text), Err(format!("{expected}; {HINT}")));
        }
        let error = rows("{\"protocol\":1}\n").unwrap_err();
        assert!(error.starts_with("line 1: no connection of rustnet: "), "{error}");
    }

    #[test]
    fn times() {
        let ns = 1_700_000_000_123_456_789;
        for (text, expected) in [
            ("2023-11-14T22:13:20.123456789Z", ns),
            ("2023-11-14T23:13:20.123456789+01:00", ns),
            ("1700000000.123456789", ns),
            ("1700000000123.456789", ns),
            ("1700000000123456", 1_700_000_000_123_456_000),
            ("1700000000123456789", ns),
            ("0", 0),
        ] {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        for text in ["", ".5", "-1", "99999999999999999999", "99999999999", "1e9", "2023-11-14"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn csv_values_come_back(values in proptest::collection::vec("[a-z\", é]{0,12}", 1..8)) {
            let quoted: Vec<_> = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect();
            prop_assert_eq!(split(&quoted.join(",")), Some(values));
        }

        #[test]
        fn random_text_does_not_panic(
            start in prop_oneof![Just(PCAPDROID), Just("{"), Just("protocol,remote_ip,first_seen,uid\n"), Just("")],
            text in "([0-9a-z.:,\"\n\\-é]{0,12},){0,20}[0-9]{0,20}",
        ) {
            let _ = rows(&format!("{start}{text}"));
        }
    }
}
