//! The connections of rustnet's `.connections.jsonl`.

use super::row::{Key, Row};
use super::value::{protocol, shown, time};
use crate::capture::note::{Owner, OwnerFormat};
use crate::capture::text;
use serde::Deserialize;
use std::net::SocketAddr;

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
pub(super) fn row(line: &str, is_whole: bool) -> Result<Option<Row>, String> {
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
        key: key.without_absent_ports(),
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
