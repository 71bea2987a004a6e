//! Makes of proven ranges what one machine makes of the captures.

use crate::analysis::{Analysed, Knowledge, Options, Parts, map_parts};
use crate::capture::{FrameId, Outcome};
use crate::error::Error;
use crate::fleet::read::MAX_PARTIAL;
use crate::fleet::reading::Reading;
use crate::fleet::store::Store;
use crate::fleet::verify::Verified;
use crate::flow::{CannotMerge, Partial, SampleKey, Shed};
use crate::route::RouteMap;
use crate::stored::StoredError;
use std::collections::VecDeque;

/// What ranges come to together.
pub struct Merged {
    /// The sums.
    pub routes: RouteMap,
    /// What was counted beside them.
    pub analysed: Analysed,
    /// Whether it is what one machine makes of the captures. Not so where memory was short: what is left out then depends on how
    /// captures are cut.
    pub is_exact: bool,
}

/// Merges the readings that are proven, in the order of captures and offsets.
///
/// # Errors
/// If not all is proven, or a partial cannot be read.
pub fn merge(
    store: &mut dyn Store,
    verified: &Verified,
    options: &Options,
    knowledge: &Knowledge,
) -> Result<Merged, Error> {
    if !verified.is_whole() {
        let count = verified.again.len() as u64 + u64::from(verified.captures_missing);
        let what = format!("{count} ranges are missing or began at the wrong place");
        return Err(Error::usage(what, "`whither verify` names them; read them, and merge with what they give"));
    }
    let readings = verified.proven.iter().filter_map(|&at| store.readings().get(at).cloned()).collect();
    let mut ranges = Ranges::new(store, readings);
    let (routes, analysed) = map_parts(&mut ranges, options, knowledge);
    if let Some(error) = ranges.failure {
        return Err(error);
    }
    // Owners beyond those that a session counts are the same for every cut.
    let is_exact = Shed { owner_packets: 0, ..analysed.summary.shed } == Shed::default();
    Ok(Merged { routes, analysed, is_exact })
}

/// Ranges whose partials are given one after another.
pub(super) struct Ranges<'a> {
    store: &'a mut dyn Store,
    /// What is left; of the first, this part comes next.
    readings: VecDeque<Reading>,
    part: u32,
    key: SampleKey,
    /// The capture of the last outcome.
    capture: Option<u32>,
    /// Of the captures so far; the last one counts up to the first of what is left.
    pub(super) outcomes: Vec<Outcome>,
    /// Bytes of the partial that was given last, as it is stored.
    pub(super) stored_bytes: usize,
    failure: Option<Error>,
}

impl<'a> Ranges<'a> {
    /// Of readings that are proven, in order.
    pub(super) fn new(store: &'a mut dyn Store, readings: VecDeque<Reading>) -> Self {
        let key = readings.front().map(|reading| reading.task.key).unwrap_or_default();
        let (part, capture, outcomes) = (0, None, Vec::new());
        Self { store, readings, part, key, capture, outcomes, stored_bytes: 0, failure: None }
    }

    /// The next partial, and the identity of its first frame; none after the last one.
    pub(super) fn try_next(&mut self) -> Result<Option<(Partial, FrameId)>, Error> {
        /// Frames of a capture: what a number of a frame has room for.
        const MAX_FRAMES: u64 = 1 << 38;
        loop {
            let Some(reading) = self.readings.front() else { return Ok(None) };
            let refuse = |what: &str| {
                let at = format!("the range from offset {} {what}", reading.task.from);
                Error::not_usable(&reading.task.name, at, "read it again")
            };
            let capture = reading.task.capture;
            if self.capture.replace(capture) != Some(capture) {
                let name = reading.task.name.clone();
                self.outcomes.push(Outcome { name, format: reading.counted.format.clone(), ..Outcome::default() });
            }
            let Some(whole) = self.outcomes.last_mut() else { return Ok(None) };
            if self.part >= reading.parts {
                reading
                    .add_to(whole)
                    .filter(|()| whole.frames <= MAX_FRAMES)
                    .ok_or_else(|| refuse("counts more than any capture has"))?;
                self.readings.pop_front();
                self.part = 0;
                continue;
            }
            let Some((base, bytes)) = self.store.partial(&reading.piece(self.part))? else {
                return Err(refuse("lacks some of its rows"));
            };
            if base > reading.counted.frames {
                return Err(refuse("has frames beyond its last one"));
            }
            let unsound = |error: StoredError| refuse(&error.to_string());
            let partial = Partial::read_from(&mut &*bytes, MAX_PARTIAL as u64).map_err(unsound)?;
            (self.part, self.stored_bytes) = (self.part + 1, bytes.len());
            return Ok(Some((partial, FrameId::new(capture, whole.frames + base))));
        }
    }
}

impl Parts for Ranges<'_> {
    fn key(&self) -> SampleKey {
        self.key
    }

    fn next(&mut self) -> Option<(Partial, FrameId)> {
        if self.failure.is_some() {
            return None;
        }
        self.try_next().unwrap_or_else(|error| {
            self.failure = Some(error);
            None
        })
    }

    fn refused(&mut self, why: CannotMerge) {
        let error = Error::usage(why.to_string(), "give the rows of one plan");
        self.failure.get_or_insert(error);
    }

    fn outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }
}
