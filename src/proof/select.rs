//! Reads the captures again and keeps what a proof is made of.

use super::gather::{Candidate, candidates, locate};
use super::kept::{Kept, Selection};
use super::plan::{Breadth, Plan};
use super::session::{Decision, Session};
use super::support::Support;
use super::wanted::Wanted;
use crate::analysis::Options;
use crate::capture::{FrameId, Source};
use crate::error::Error;
use crate::packet::{FlowKey, Transport};
use std::collections::{BTreeMap, HashMap};

/// The part of the memory that kept frames may take: they are written in memory as well, and analysed there.
const MEMORY_PART: u64 = 16;
/// What a frame takes beside its bytes, about.
const FRAME_BYTES: u64 = 160;

/// Keeps what shows these flows. The captures are opened twice.
///
/// # Errors
/// If they cannot be opened.
pub fn select(
    open: &dyn Fn() -> Result<Vec<Source>, Error>,
    options: &Options,
    wanted: &[Wanted],
    breadth: Breadth,
) -> Result<Selection, Error> {
    let mut plan = Plan::new(wanted, breadth);
    locate(open()?, options, &mut plan);
    let limit = options.max_memory.map_or(u64::MAX, |bytes| bytes / MEMORY_PART);
    let mut selector = Selector { plan: &plan, limit, ..Selector::new(&plan) };
    let outcomes = candidates(open()?, options, &plan, &mut |candidate| selector.take(candidate));
    let (frames, is_full) = selector.finish();
    Ok(Selection { frames, outcomes, is_full })
}

struct Selector<'a> {
    plan: &'a Plan,
    kept: BTreeMap<FrameId, Kept>,
    sessions: HashMap<FlowKey, Session>,
    support: Support,
    /// Bytes of memory that what is kept takes, about, and may take.
    taken: u64,
    limit: u64,
}

impl<'a> Selector<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            kept: BTreeMap::new(),
            sessions: HashMap::new(),
            support: Support::default(),
            taken: 0,
            limit: u64::MAX,
        }
    }

    fn is_full(&self) -> bool {
        self.taken > self.limit
    }

    fn take(&mut self, candidate: Candidate) {
        if self.is_full() {
            return;
        }
        let (plan, frame, key) = (self.plan, candidate.frame, candidate.key);
        let is_evidence = plan.evidence.contains(&frame);
        let is_datagram = candidate.fragment.is_some() || !matches!(candidate.transport, Transport::Tcp(_));
        if is_datagram && plan.has_evidence(&key) {
            if is_evidence {
                self.support.take(&candidate).into_iter().for_each(|(frame, kept)| self.keep(frame, kept));
                if candidate.fragment.is_some() || !plan.is_session(&key) {
                    return self.keep(frame, candidate.kept);
                }
            } else {
                self.support.wait(&candidate);
            }
        }
        let is_shown = plan.is_session(&key) || plan.has_evidence(&key) && !is_datagram;
        if candidate.fragment.is_some() || !is_shown {
            return;
        }
        let continued = self.sessions.get(&key).is_some_and(|session| session.is_continued_by(&candidate));
        if !continued {
            let (need, until) = plan.session(&key, frame);
            let session = Session::begin(&candidate, need, until);
            if let Some(over) = self.sessions.insert(key, session) {
                self.obey(over.end());
            } else {
                self.taken += size_of::<Session>() as u64 + FRAME_BYTES;
            }
        }
        let keeps_all = plan.breadth >= Breadth::All && plan.is_wanted(&key);
        if let Some(session) = self.sessions.get_mut(&key) {
            let decision = session.take(candidate, is_evidence, keeps_all);
            self.obey(decision);
        }
    }

    fn obey(&mut self, Decision { kept, cuts }: Decision) {
        kept.into_iter().for_each(|(frame, kept)| self.keep(frame, kept));
        for (frame, payload) in cuts {
            if let Some(kept) = self.kept.get_mut(&frame) {
                let before = kept.bytes.len();
                kept.cut(payload);
                self.taken = self.taken.saturating_sub((before - kept.bytes.len()) as u64);
            }
        }
    }

    fn keep(&mut self, frame: FrameId, kept: Kept) {
        self.taken += kept.bytes.len() as u64 + FRAME_BYTES;
        self.kept.entry(frame).or_insert(kept);
    }

    fn finish(mut self) -> (BTreeMap<FrameId, Kept>, bool) {
        for (_, session) in std::mem::take(&mut self.sessions) {
            self.obey(session.end());
        }
        // What was cut has no use for the room that it took.
        self.kept.values_mut().for_each(|kept| kept.bytes.shrink_to_fit());
        let is_full = self.is_full();
        (self.kept, is_full)
    }
}
