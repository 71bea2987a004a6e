//! From a file beside the capture (`--owners FILE`) to the owner of a flow, by addresses, ports and time.
//!
//! Reads what PCAPdroid and rustnet write and whither's own table; the formats are in `side_formats.rs` and, for users, in
//! `docs/owners.md`.

use super::Owner;
use super::side_formats;
use crate::error::Error;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Rows of one file: more connections than any device makes in a year of capture, and a bound on memory (about 200 bytes
/// each).
const MAX_ROWS: usize = 20_000_000;
/// How far a row's times may miss the flow's: side files are written by another clock read, often in whole seconds.
const SLACK_NS: i64 = 2_000_000_000;

/// One connection of a side file. What is `None` fits everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) first_ns: Option<i64>,
    pub(super) last_ns: Option<i64>,
    pub(super) owner: Owner,
}

/// What a row is looked up by. What is `None` fits everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Key {
    pub(super) protocol: Option<u8>,
    pub(super) local_ip: Option<IpAddr>,
    pub(super) local_port: Option<u16>,
    pub(super) remote_ip: Option<IpAddr>,
    pub(super) remote_port: Option<u16>,
}

impl Key {
    /// One bit per field that is set.
    fn mask(&self) -> u8 {
        let set = [
            self.protocol.is_some(),
            self.local_port.is_some(),
            self.local_ip.is_some(),
            self.remote_port.is_some(),
            self.remote_ip.is_some(),
        ];
        set.iter().enumerate().map(|(bit, is_set)| u8::from(*is_set) << bit).sum()
    }

    /// Only the fields of a mask.
    fn masked(&self, mask: u8) -> Self {
        let has = |bit: u8| mask & (1 << bit) != 0;
        Self {
            protocol: self.protocol.filter(|_| has(0)),
            local_port: self.local_port.filter(|_| has(1)),
            local_ip: self.local_ip.filter(|_| has(2)),
            remote_port: self.remote_port.filter(|_| has(3)),
            remote_ip: self.remote_ip.filter(|_| has(4)),
        }
    }
}

#[derive(Debug)]
struct Entry {
    first_ns: Option<i64>,
    last_ns: Option<i64>,
    owner: Arc<Owner>,
}

impl Entry {
    /// How well the entry's time fits a flow's: rows with both times first, then the longer overlap. `None` where the two
    /// are apart.
    fn fit(&self, first_ns: i64, last_ns: i64) -> Option<(bool, i64)> {
        let from = self.first_ns.unwrap_or(i64::MIN);
        let until = self.last_ns.unwrap_or(i64::MAX);
        let is_apart = from.saturating_sub(SLACK_NS) > last_ns || until.saturating_add(SLACK_NS) < first_ns;
        let overlap = until.min(last_ns).saturating_sub(from.max(first_ns)).max(0);
        (!is_apart).then_some((self.first_ns.is_some() && self.last_ns.is_some(), overlap))
    }
}

/// The owners a side file names, by connection.
#[derive(Debug, Default)]
pub struct SideOwners {
    entries: BTreeMap<Key, Vec<Entry>>,
    /// Which fields the rows set, the most specific combination first.
    masks: Vec<u8>,
}

impl SideOwners {
    /// Reads a side file; its first line tells the format.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut side = Self::default();
        let mut owners: BTreeMap<Owner, Arc<Owner>> = BTreeMap::new();
        let mut count = 0;
        side_formats::read(path, &mut |row: Row| {
            count += 1;
            if count > MAX_ROWS {
                return Err(Error::not_usable(path, "more than 20,000,000 rows", "split the file by time"));
            }
            let owner = match owners.get(&row.owner) {
                Some(owner) => Arc::clone(owner),
                None => {
                    let owner = Arc::new(row.owner.clone());
                    owners.insert(row.owner, Arc::clone(&owner));
                    owner
                }
            };
            let entry = Entry { first_ns: row.first_ns, last_ns: row.last_ns, owner };
            side.entries.entry(row.key).or_default().push(entry);
            Ok(())
        })?;
        side.masks = side.entries.keys().map(Key::mask).collect();
        // More fields first; among as many, the higher mask: an address says more than a port.
        side.masks.sort_unstable_by_key(|mask| std::cmp::Reverse((mask.count_ones(), *mask)));
        side.masks.dedup();
        Ok(side)
    }

    /// The owner of the conversation between two endpoints (port 0 where there is none) in this time.
    ///
    /// Rows that set more fields win, then rows with both times, then the longer overlap, then the earlier line.
    pub fn find(
        &self,
        protocol: u8,
        a: (IpAddr, u16),
        b: (IpAddr, u16),
        first_ns: i64,
        last_ns: i64,
    ) -> Option<Arc<Owner>> {
        let key = |local: (IpAddr, u16), remote: (IpAddr, u16)| Key {
            protocol: Some(protocol),
            local_ip: Some(local.0.to_canonical()),
            local_port: Some(local.1),
            remote_ip: Some(remote.0.to_canonical()),
            remote_port: Some(remote.1),
        };
        // In the order of the endpoints, so that it does not matter which one the caller names first.
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let keys = [key(low, high), key(high, low)];
        self.masks.iter().find_map(|mask| {
            let entries = keys.iter().filter_map(|key| self.entries.get(&key.masked(*mask))).flatten();
            let mut best: Option<((bool, i64), &Entry)> = None;
            for entry in entries {
                if let Some(fit) = entry.fit(first_ns, last_ns)
                    && best.is_none_or(|(best, _)| fit > best)
                {
                    best = Some((fit, entry));
                }
            }
            best.map(|(_, entry)| Arc::clone(&entry.owner))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn side(text: &str) -> Result<SideOwners, Error> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        SideOwners::open(file.path())
    }

    fn end(text: &str) -> (IpAddr, u16) {
        let address: std::net::SocketAddr = text.parse().unwrap();
        (address.ip(), address.port())
    }

    const SECOND: i64 = 1_000_000_000;

    fn names(side: &SideOwners, a: &str, b: &str, seconds: (i64, i64)) -> Option<String> {
        let forth = side.find(6, end(a), end(b), seconds.0 * SECOND, seconds.1 * SECOND);
        let back = side.find(6, end(b), end(a), seconds.0 * SECOND, seconds.1 * SECOND);
        assert_eq!(forth, back);
        forth?.name.as_deref().map(str::to_owned)
    }

    #[test]
    fn the_more_specific_row_wins_and_then_the_better_time() {
        let side = side(
            "protocol,local_ip,local_port,remote_ip,remote_port,first_seen,last_seen,process\n\
             tcp,,,1.1.1.1,443,,,anyone\n\
             tcp,10.0.0.1,5000,1.1.1.1,443,100,200,early\n\
             tcp,10.0.0.1,5000,1.1.1.1,443,300,400,late\n\
             tcp,10.0.0.1,5000,1.1.1.1,443,300,400,late again\n\
             tcp,10.0.0.1,5000,1.1.1.1,443,,,whenever\n\
             tcp,,8080,,,,,listener\n",
        )
        .unwrap();
        let (local, remote) = ("10.0.0.1:5000", "1.1.1.1:443");
        for (seconds, name) in
            [((150, 160), "early"), ((180, 390), "late"), ((202, 210), "early"), ((203, 210), "whenever")]
        {
            assert_eq!(names(&side, local, remote, seconds).as_deref(), Some(name), "{seconds:?}");
        }
        assert_eq!(names(&side, "10.0.0.1:5001", remote, (0, 0)).as_deref(), Some("anyone"));
        assert_eq!(names(&side, "10.0.0.1:8080", "9.9.9.9:1", (0, 0)).as_deref(), Some("listener"));
        assert_eq!(names(&side, "10.0.0.1:5001", "9.9.9.9:1", (0, 0)), None);
        assert_eq!(side.find(17, end(local), end(remote), 0, 0), None);
    }

    #[test]
    fn mapped_addresses_are_the_same() {
        let side = side("protocol,remote_ip,remote_port,process\ntcp,::ffff:1.1.1.1,443,a\n").unwrap();
        assert_eq!(names(&side, "10.0.0.1:1", "1.1.1.1:443", (0, 0)).as_deref(), Some("a"));
        assert_eq!(names(&side, "10.0.0.1:1", "[::ffff:1.1.1.1]:443", (0, 0)).as_deref(), Some("a"));
    }
}
