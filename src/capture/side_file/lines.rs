//! From the lines of a side file to rows. The first line tells the format.

use super::csv::{Header, split};
use super::row::Row;
use super::{pcapdroid, rustnet, table};
use crate::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of one line: a connection takes a few hundred.
const MAX_LINE: u64 = 1 << 20;
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
                rustnet::row(line, is_whole)
            }
            None => {
                format = Some(header(line).map_err(problem)?);
                Ok(None)
            }
            Some(Format::Rustnet) => rustnet::row(line, is_whole),
            Some(Format::Pcapdroid(header)) => pcapdroid::row(header, line),
            Some(Format::Table(header)) => table::row(header, line),
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

/// The format that a CSV header belongs to.
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
    Err(format!("`{shown}` is not a known header"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::note::{Owner, OwnerFormat};
    use crate::capture::side_file::row::Key;
    use proptest::prelude::*;
    use std::io::Write;
    use std::net::SocketAddr;

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
            ("hello,world\n".to_owned(), "line 1: `hello,world` is not a known header"),
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_text_does_not_panic(
            start in prop_oneof![Just(PCAPDROID), Just("{"), Just("protocol,remote_ip,first_seen,uid\n"), Just("")],
            text in "([0-9a-z.:,\"\n\\-é]{0,12},){0,20}[0-9]{0,20}",
        ) {
            let _ = rows(&format!("{start}{text}"));
        }
    }
}
