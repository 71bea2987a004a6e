//! The rows of whither's own table (`docs/owners.md`).

use super::csv::{Header, split};
use super::row::{Key, Row};
use super::value::{address, integer, port, protocol, time};
use crate::capture::note::{Owner, OwnerFormat};
use crate::capture::text;

/// One row of whither's own table.
pub(super) fn row(header: &Header, line: &str) -> Result<Option<Row>, String> {
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
    Ok(Some(Row { key: key.without_absent_ports(), first_ns, last_ns, owner }))
}
