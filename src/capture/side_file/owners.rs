//! From a file beside the capture (`--owners FILE`) to the owner of a flow, by addresses, ports and time.
//!
//! It reads the files of PCAPdroid and rustnet, and whither's own table (`docs/owners.md`).

use super::entries::{Entries, Entry};
use super::lines;
use super::row::{Key, Row};
use crate::capture::note::Owner;
use crate::error::Error;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Rows of one file: more connections than any device makes in a year of capture.
const MAX_ROWS: usize = 20_000_000;
/// A file may take this part of the memory.
const PART: u64 = 8;
/// Bytes that a row takes, with its place in a map, without its owner.
const ROW_BYTES: u64 = 2 * (size_of::<Key>() + size_of::<Entry>()) as u64;

/// The owners a side file names, by connection.
#[derive(Debug, Default)]
pub struct SideOwners {
    entries: BTreeMap<Key, Entries>,
    /// Which fields the rows set, the most specific combination first.
    masks: Vec<u8>,
}

impl SideOwners {
    /// Reads a side file. It may take a part of `memory_bytes`; without a limit, any amount.
    pub fn open(path: &Path, memory_bytes: Option<u64>) -> Result<Self, Error> {
        let mut side = Self::default();
        let mut owners: BTreeSet<Arc<Owner>> = BTreeSet::new();
        let (mut count, mut bytes) = (0_u32, 0_u64);
        lines::read(path, &mut |row: Row| {
            count += 1;
            if count as usize > MAX_ROWS {
                return Err(Error::not_usable(path, "more than 20,000,000 rows", "split the file by time"));
            }
            let owner = match owners.get(&row.owner) {
                Some(owner) => Arc::clone(owner),
                None => {
                    bytes += row.owner.weight() as u64;
                    let owner = Arc::new(row.owner);
                    owners.insert(Arc::clone(&owner));
                    owner
                }
            };
            bytes += ROW_BYTES;
            if memory_bytes.is_some_and(|most| bytes > most / PART) {
                let hint = "split the file by time, or give more with --max-memory";
                return Err(Error::not_usable(path, format!("more than {count} rows do not fit the memory"), hint));
            }
            let (first_ns, last_ns) = (row.first_ns, row.last_ns);
            let entry = Entry { number: count, first_ns, last_ns, latest_ns: i64::MAX, owner };
            side.entries.entry(row.key).or_default().push(entry);
            Ok(())
        })?;
        side.entries.values_mut().for_each(Entries::seal);
        side.masks = side.entries.keys().map(Key::mask).collect();
        // More fields first; among as many, the higher mask: an address says more than a port.
        side.masks.sort_unstable_by_key(|mask| Reverse((mask.count_ones(), *mask)));
        side.masks.dedup();
        Ok(side)
    }

    /// The owner of the conversation between two endpoints (port 0 where there is none) in this time.
    ///
    /// Rows that set more fields win, then rows with both times, then the longer overlap, then the earlier line. Where very many
    /// rows of one connection overlap in time, the last to start are held against it.
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
            let [forth, back] = keys.map(|key| self.entries.get(&key.masked(*mask)));
            // Of a row that leaves an end open both may be the same.
            let back = back.filter(|back| forth.is_none_or(|forth| !std::ptr::eq(forth, *back)));
            let fitting = forth.into_iter().chain(back).flat_map(|entries| entries.fitting(first_ns, last_ns));
            let best = fitting.max_by_key(|(fit, entry)| (*fit, Reverse(entry.number)));
            best.map(|(_, entry)| Arc::clone(&entry.owner))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::entries::MAX_LOOKS;
    use super::*;
    use std::io::Write;

    fn side(text: &str) -> Result<SideOwners, Error> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        SideOwners::open(file.path(), None)
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

    /// Each flow was once held against every row of its connection.
    #[test]
    fn many_rows_of_one_connection_cost_no_more() {
        let mut text = "remote_port,first_seen,last_seen,process\n443,0,999995,always\n".to_owned();
        for row in 0..100_000 {
            text.push_str(&format!("443,{},{},p{row}\n", row * 10, row * 10 + 5));
        }
        let side = side(&text).unwrap();
        for row in (0..100_000).step_by(9) {
            let seconds = (row * 10 + 1, row * 10 + 4);
            assert_eq!(names(&side, "10.0.0.1:1", "1.1.1.1:443", seconds).as_deref(), Some("always"));
        }
        let entries = side.entries.values().next().unwrap();
        let fitting = |first: i64, last: i64| entries.fitting(first * SECOND, last * SECOND);
        let names: Vec<_> =
            fitting(50_000, 50_004).iter().map(|(_, entry)| entry.owner.name.clone().unwrap()).collect();
        assert_eq!(names, ["p5000".into(), "always".into()]);
        assert_eq!(fitting(0, 2_000_000).len(), MAX_LOOKS);
    }

    #[test]
    fn a_file_larger_than_the_memory_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"remote_port,process\n").unwrap();
        (0..10_000).for_each(|row| writeln!(file, "{row},p{row}").unwrap());
        assert!(SideOwners::open(file.path(), Some(64 << 20)).is_ok());
        let error = SideOwners::open(file.path(), Some(1 << 20)).unwrap_err().to_string();
        assert!(error.contains("do not fit the memory; split the file by time, or give more"), "{error}");
    }

    #[test]
    fn mapped_addresses_are_the_same() {
        let side = side("protocol,remote_ip,remote_port,process\ntcp,::ffff:1.1.1.1,443,a\n").unwrap();
        assert_eq!(names(&side, "10.0.0.1:1", "1.1.1.1:443", (0, 0)).as_deref(), Some("a"));
        assert_eq!(names(&side, "10.0.0.1:1", "[::ffff:1.1.1.1]:443", (0, 0)).as_deref(), Some("a"));
    }
}
