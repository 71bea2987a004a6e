//! What the blocks of one pcapng section say of owners, for the formats that read packets by it.

use crate::capture::frame::ByteOrder;
use crate::capture::note::Owner;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes that the owners of one section may take: some 40,000 with names of usual length, which is more processes or apps
/// than any system runs. Several such tables are in memory at once: those of the ranges being read, and that of the range being
/// joined.
const MAX_BYTES: usize = 8 << 20;

/// The blocks of a section, as far as they were read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Section {
    pub(super) order: ByteOrder,
    /// Whether the section says which tool wrote it.
    pub(super) is_signed: bool,
    /// Shared with the sections of other ranges until a block changes them.
    pub(super) tables: Arc<Tables>,
}

impl Section {
    /// The tables, with room made for so many more bytes; `None` if there is no room.
    pub(super) fn room_for(&mut self, bytes: usize) -> Option<&mut Tables> {
        if self.tables.bytes + bytes > MAX_BYTES {
            return None;
        }
        let tables = Arc::make_mut(&mut self.tables);
        tables.bytes += bytes;
        Some(tables)
    }
}

/// The owners that the blocks of a section define, for each format that has such blocks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tables {
    /// Apps by uid.
    pub(super) pcapdroid: BTreeMap<i32, Arc<Owner>>,
    pub(super) darwin: NumberedProcesses,
    pub(super) wireshark: DatedProcesses,
    /// Bytes that they take, about.
    bytes: usize,
}

impl Tables {
    /// Takes off the bytes of an owner that another one replaced.
    pub(super) fn free(&mut self, replaced: Option<Arc<Owner>>) {
        self.bytes -= replaced.map_or(0, |owner| owner.weight()).min(self.bytes);
    }
}

/// Processes in the order of their blocks; a packet names one by its number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct NumberedProcesses {
    pub(super) owners: Vec<Option<Arc<Owner>>>,
    /// Whether there was no room for one. Nothing is taken in after it, because the others would get other numbers.
    pub(super) is_full: bool,
}

impl NumberedProcesses {
    pub(super) fn owner(&self, index: Option<u32>) -> Option<&Arc<Owner>> {
        self.owners.get(usize::try_from(index?).ok()?)?.as_ref()
    }
}

/// Processes by id and time. They are kept in maps, because a hostile capture may give one id to all of them, in any order of
/// their starts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct DatedProcesses {
    /// Those whose start is known, by id and start in ns since 1970; the last where one id started twice at one time.
    pub(super) started: BTreeMap<(u32, u64), Arc<Owner>>,
    /// The last of those whose start is not known.
    pub(super) undated: BTreeMap<u32, Arc<Owner>>,
}

impl DatedProcesses {
    /// Who had the id at this time: the last that had started, else the undated one, else the first to start.
    pub(super) fn at(&self, pid: u32, time_ns: i64) -> Option<&Arc<Owner>> {
        let time_ns = u64::try_from(time_ns).unwrap_or(0);
        let before = self.started.range((pid, 0)..=(pid, time_ns)).next_back().map(|(_, owner)| owner);
        let first = || self.started.range((pid, 0)..=(pid, u64::MAX)).next().map(|(_, owner)| owner);
        before.or_else(|| self.undated.get(&pid)).or_else(first)
    }
}
