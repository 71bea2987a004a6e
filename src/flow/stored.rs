//! A partial that is written, and read again by another process: it merges there as if it had never been away.

use crate::flow::answers::{Answers, WrittenAnswers};
use crate::flow::clock::Clock;
use crate::flow::fragments::{Fragments, WrittenFragments};
use crate::flow::frames::{OtherFrames, Span};
use crate::flow::hops::Hops;
use crate::flow::limit::SampleKey;
use crate::flow::partial::Partial;
use crate::flow::session::Session;
use crate::flow::shard::{Shard, shard_of};
use crate::flow::twins::Twins;
use crate::packet::NotIp;
use crate::stored::{self, AMOUNT_LIMIT, Form, StoredError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// Goes up with each change of the types that a partial is made of, or of what they mean; the order of the tables of readers, which
/// openings name by their place, is part of it.
const FORM: Form = Form { what: "a partial of flows", tag: *b"flow", version: 7 };

/// What of a partial is written: `S` are sessions in order, `A` the answers, `F` the fragments. All else is made anew: the tables that
/// find sessions, their links, and what was worked out only to be quicker.
#[derive(Serialize, Deserialize)]
struct Written<S, A, F> {
    sample_key: SampleKey,
    sessions: S,
    repeated: OtherFrames,
    answers: A,
    fragments: F,
    others: BTreeMap<NotIp, OtherFrames>,
    dropped: OtherFrames,
    skipped: OtherFrames,
    span: Option<Span>,
    clock: Clock,
    twins: Twins,
    hops: Hops,
}

impl Partial {
    /// Writes the partial, to be read by [`Self::read_from`] in the same version of whither. Equal partials are equal bytes.
    pub fn write_to(&mut self, writer: &mut impl Write) -> io::Result<()> {
        self.shards.iter_mut().for_each(Shard::settle);
        let mut repeated = OtherFrames::default();
        self.shards.iter().for_each(|shard| repeated.add(shard.repeated));
        let written = Written {
            sample_key: self.sample_key,
            sessions: self.shards.iter().flat_map(|shard| shard.table.iter()).collect::<Vec<_>>(),
            repeated,
            answers: self.answers.written(),
            fragments: self.fragments.written(),
            others: self.others.clone(),
            dropped: self.dropped,
            skipped: self.skipped,
            span: self.span,
            clock: self.clock,
            twins: self.twins.clone(),
            hops: self.hops.clone(),
        };
        stored::write(&FORM, &written, writer)
    }

    /// Reads a partial that takes no more than this many bytes as it is written; in memory it may take a hundred times as much. What
    /// is read may come from anyone: what no packets can have made is refused. Its key is the one it was written with, so that
    /// [`Self::merge`] can tell whether two partials fit.
    pub fn read_from(reader: &mut impl Read, limit_bytes: u64) -> Result<Self, StoredError> {
        let written: Written<Vec<Session>, WrittenAnswers, WrittenFragments> =
            stored::read(&FORM, reader, limit_bytes)?;
        let Written { sample_key, sessions, repeated, answers, fragments, .. } = written;
        let mut partial = Self::new(sample_key);
        for session in sessions {
            partial.put(session).map_err(StoredError::unsound)?;
        }
        partial.shards[0].repeated = repeated;
        let interner = &mut partial.interner;
        partial.answers = Answers::restored(sample_key, answers, &mut |name| interner.intern(name))
            .ok_or(StoredError::unsound("answers without names"))?;
        partial.fragments =
            Fragments::restored(sample_key, fragments).ok_or(StoredError::unsound("fragments without pieces"))?;
        (partial.others, partial.dropped, partial.skipped) = (written.others, written.dropped, written.skipped);
        (partial.span, partial.clock) = (written.span, written.clock);
        if !written.twins.is_sound() {
            return Err(StoredError::unsound("packets that stand twice"));
        }
        partial.twins = written.twins;
        if !written.hops.is_sound(sample_key) {
            return Err(StoredError::unsound("more of paths than is kept"));
        }
        partial.hops = written.hops;
        partial.amount_read = partial.amount();
        if partial.amount_read > AMOUNT_LIMIT {
            return Err(StoredError::unsound("its counts are larger than those of any capture"));
        }
        Ok(partial)
    }

    /// Puts a session in that was read, behind those of its key.
    fn put(&mut self, mut session: Session) -> Result<(), &'static str> {
        session.restore()?;
        let table = &mut self.shards[shard_of(&session.key)].table;
        let hash = table.hash(&session.key);
        let latest = table.find(hash, &session.key);
        table.push(hash, latest, || session);
        Ok(())
    }

    /// All that merging adds up, up to as much as there can be.
    fn amount(&self) -> u64 {
        let repeated = self.twins.repeated();
        let counts = self.others.values().chain([&self.dropped, &self.skipped, &repeated]);
        let counts = counts.chain(self.shards.iter().map(|shard| &shard.repeated));
        let counts = counts.flat_map(|some| [some.frames, some.bytes]);
        let sessions = self.shards.iter().flat_map(|shard| shard.table.iter()).flat_map(Session::amounts);
        let all = counts.chain(sessions).chain(self.fragments.amounts());
        all.chain([self.clock.frames(), self.answers.shed, self.hops.amount()]).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::FrameId;
    use crate::flow::laws::{Built, carried, observe, sample_capture, track, written};
    use crate::flow::{CannotMerge, Flow, Partial, SampleKey, Tracker};
    use crate::stored::tests::{body, resealed};
    use crate::stored::{AMOUNT_LIMIT, StoredError};
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Partial, StoredError> {
        Partial::read_from(&mut &*bytes, 1 << 20)
    }

    /// The sum below goes with the version of the form: where it changes, so does the version.
    #[test]
    fn equal_partials_are_equal_bytes_in_the_form_of_its_version() {
        let bytes = written(observe(&sample_capture()));
        assert_eq!(bytes, written(observe(&sample_capture())));
        assert_eq!(bytes, written(carried(observe(&sample_capture()))));
        assert_eq!((super::FORM.version, crc32fast::hash(body(&bytes))), (7, 3_075_776_470));
    }

    #[test]
    fn every_cut_of_a_partial_is_told() {
        let bytes = written(observe(&sample_capture()));
        for length in 0..bytes.len() {
            assert!(matches!(read(&bytes[..length]), Err(StoredError::CutShort)), "{length}");
            // As if the partial ended there.
            assert!(length == bytes.len() - 4 || read(&resealed(&bytes[..length])).is_err(), "{length}");
        }
    }

    #[test]
    fn other_keys_do_not_merge() {
        let other = || Partial::new(crate::flow::SampleKey::from_words(1, 2));
        let mut one = observe(&sample_capture());
        assert!(one.merge(carried(other()), Default::default()).is_err());
        assert!(carried(other()).merge(other(), Default::default()).is_ok());
    }

    /// Partials as large as one may be that is read: no number of them fills a sum, neither merged nor joined.
    #[test]
    fn partials_of_any_counts_merge_until_they_are_refused() {
        let mut partial = observe(&[]);
        partial.dropped.bytes = AMOUNT_LIMIT;
        let largest = carried(partial);
        let mut whole = observe(&[]);
        let merged = (0..5_000).take_while(|_| whole.merge(largest.clone(), FrameId::default()).is_ok()).count() as u64;
        assert_eq!((merged, whole.dropped.bytes), (256, 256 * AMOUNT_LIMIT));
        assert_eq!(whole.merge(largest.clone(), FrameId::default()), Err(CannotMerge::TooLarge));
        assert_eq!(whole.merge(observe(&sample_capture()), FrameId::default()), Ok(()));
        assert_eq!(whole.dropped.bytes, 256 * AMOUNT_LIMIT, "nothing is changed by what was refused");

        let mut tracker = Tracker::new(SampleKey::default(), None);
        let mut join =
            || tracker.join(&mut largest.clone(), FrameId::default(), &mut |tracker| tracker.close(drop_all));
        assert_eq!((0..5_000).take_while(|_| join().is_ok()).count(), 256);
        assert_eq!(tracker.finish(drop_all).dropped.bytes, 256 * AMOUNT_LIMIT);
    }

    fn drop_all(flows: &mut Vec<Flow>) {
        flows.clear();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// With a checksum that fits: refused, or a partial that merges, is written, and becomes flows.
        #[test]
        fn changed_bytes_never_panic(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
            let frames: Vec<Built> = sample_capture();
            let mut bytes = written(observe(&frames));
            let end = bytes.len() - 4;
            let start = end - body(&bytes).len();
            for (at, byte) in changes {
                bytes[start + usize::from(at) % (end - start)] = byte;
            }
            if let Ok(partial) = read(&resealed(&bytes[..end])) {
                let mut whole = observe(&frames);
                let base = crate::capture::FrameId::new(0, frames.len() as u64);
                if whole.merge(partial.clone(), base).is_ok() {
                    whole.merge(observe(&frames), base).unwrap();
                    track(vec![(0, carried(whole))]);
                    track(vec![(0, partial.clone()), (frames.len(), partial)]);
                }
            }
        }
    }
}
