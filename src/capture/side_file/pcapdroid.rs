//! The connections of PCAPdroid's CSV.

use super::csv::{Header, MAX_COLUMNS, split};
use super::row::{Key, Row};
use super::value::{address, integer, port, protocol, time};
use crate::capture::note::{Owner, OwnerFormat};
use crate::capture::text;

/// One row of PCAPdroid's CSV. The app does not quote, so a name or an info text with commas moves the columns after it:
/// columns up to the uid count from the front, times from the back.
pub(super) fn row(header: &Header, line: &str) -> Result<Option<Row>, String> {
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
        key: key.without_absent_ports(),
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
