//! Holds the answers of a resolver against what was asked in the same session: an answer counts if one of the last questions before
//! it has its number and its name (RFC 5452 §9.1), or if no question was captured at all. Whoever sends answers without seeing the
//! questions has to guess the number.
//!
//! The rule is local, so that it does not depend on how the capture is cut: an answer for which there is no question in its part waits
//! for what comes before.

use crate::flow::answers::delivery::Delivery;
use crate::packet::Side;
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Questions back that an answer is held against. Programs ask for both kinds of addresses at once, a forwarder asks more.
const REACH: usize = 32;

/// A question: who was asked for the answer, and number and name in one.
type Question = (Side, u64);

/// An answer for which there is no question yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    transaction: u64,
    /// Questions that stand before it, up to [`REACH`].
    passed: u8,
    delivery: Delivery,
}

/// The last questions of a session, and the answers that wait.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Asked {
    #[serde(with = "small")]
    questions: SmallVec<[Question; 2]>,
    waiting: Vec<Waiting>,
}

impl Asked {
    /// Whether packets can have made it.
    pub(super) fn is_sound(&self) -> bool {
        let is_waiting = |one: &Waiting| usize::from(one.passed) < REACH.min(self.questions.len() + 1);
        self.questions.len() <= REACH && self.waiting.iter().all(is_waiting)
    }

    /// Whether answers wait.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Adds a question that `by` asked.
    pub(super) fn ask(&mut self, by: Side, transaction: u64) {
        if self.questions.len() == REACH {
            self.questions.remove(0);
        }
        self.questions.push((by, transaction));
    }

    /// Adds an answer. Returns it if it counts.
    pub(super) fn answer(&mut self, transaction: u64, delivery: Delivery, is_anchored: bool) -> Option<Delivery> {
        self.hold(Waiting { transaction, passed: 0, delivery }, is_anchored)
    }

    /// Holds an answer that follows the questions against them.
    fn hold(&mut self, mut one: Waiting, is_anchored: bool) -> Option<Delivery> {
        let reach = REACH - usize::from(one.passed);
        if self.questions.iter().rev().take(reach).any(|asked| *asked == (one.delivery.to, one.transaction)) {
            return Some(one.delivery);
        }
        let passed = usize::from(one.passed) + self.questions.len();
        match is_anchored {
            true => (passed == 0).then_some(one.delivery),
            false => {
                one.passed = passed as u8;
                if passed < REACH {
                    self.waiting.push(one);
                }
                None
            }
        }
    }

    /// Appends what the session asked that continues this one. Returns the answers that count.
    pub(super) fn merge(&mut self, right: Self, is_anchored: bool) -> Vec<Delivery> {
        let found = right.waiting.into_iter().filter_map(|one| self.hold(one, is_anchored)).collect();
        right.questions.into_iter().for_each(|(by, transaction)| self.ask(by, transaction));
        found
    }

    /// Called when nothing comes before: returns the answers that count because nothing was asked before them.
    pub(super) fn anchor(&mut self) -> Vec<Delivery> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().filter(|one| one.passed == 0).map(|one| one.delivery).collect()
    }

    /// The answers that wait, to be changed.
    pub(super) fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Delivery> {
        self.waiting.iter_mut().map(|one| &mut one.delivery)
    }

    /// Bytes of memory it takes, about.
    pub(super) fn weight(&self) -> usize {
        /// An answer with a name and an address.
        const WAITING: usize = 192;
        size_of::<Self>() + self.questions.len() * size_of::<Question>() + self.waiting.len() * WAITING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameId;
    use crate::flow::stamp::Stamp;
    use proptest::prelude::*;

    /// The frames of the answers that count. Even steps ask, odd ones answer.
    fn observe(asked: &mut Asked, first: usize, steps: &[(bool, u64)], is_anchored: bool) -> Vec<u64> {
        let mut found = Vec::new();
        for (at, &(is_question, transaction)) in steps.iter().enumerate() {
            let stamp = Stamp { frame: FrameId::new(0, (first + at) as u64), time_ns: 0 };
            let delivery = Delivery { stamp, to: Side::Low, answers: Vec::new(), ech_configs: Vec::new() };
            match is_question {
                true => asked.ask(Side::Low, transaction),
                false => {
                    found.extend(asked.answer(transaction, delivery, is_anchored).map(|one| one.stamp.frame.record()))
                }
            }
        }
        found
    }

    #[test]
    fn an_answer_needs_its_question_if_there_are_any() {
        let count = |steps: &[(bool, u64)]| observe(&mut Asked::default(), 0, steps, true);
        assert_eq!(count(&[(true, 1), (true, 2), (false, 2), (false, 1), (false, 3), (false, 1)]), [2, 3, 5]);
        assert_eq!(
            count(&[(false, 7), (true, 1), (false, 7), (false, 1)]),
            [0, 3],
            "nothing was asked before the first"
        );
        let far: Vec<(bool, u64)> = (0..=REACH as u64).map(|at| (true, at)).chain([(false, 0), (false, 1)]).collect();
        assert_eq!(count(&far), [REACH as u64 + 2]);
        let mut other = Asked::default();
        other.ask(Side::High, 1);
        assert_eq!(observe(&mut other, 0, &[(false, 1)], true), [] as [u64; 0], "asked by the other side");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn cuts_change_nothing(
            steps in prop::collection::vec((any::<bool>(), 0_u64..40), 0..150),
            cuts in (0_usize..150, 0_usize..150),
            is_right_first: bool,
        ) {
            let whole = observe(&mut Asked::default(), 0, &steps, true);
            let mut cuts = [cuts.0.min(steps.len()), cuts.1.min(steps.len())];
            cuts.sort_unstable();
            let ends = [0, cuts[0], cuts[1], steps.len()];
            let mut found = Vec::new();
            let mut parts: Vec<Asked> = ends.windows(2).map(|pair| {
                let mut asked = Asked::default();
                found.extend(observe(&mut asked, pair[0], &steps[pair[0]..pair[1]], false));
                asked
            }).collect();
            prop_assert!(parts.iter().all(Asked::is_sound));
            let (right, mut middle) = (parts.pop().unwrap(), parts.pop().unwrap());
            let mut left = parts.pop().unwrap();
            let mut add = |more: Vec<Delivery>| found.extend(more.iter().map(|one| one.stamp.frame.record()));
            if is_right_first {
                add(middle.merge(right, false));
                add(left.anchor());
                add(left.merge(middle, true));
            } else {
                add(left.merge(middle, false));
                add(left.merge(right, false));
                add(left.anchor());
            }
            found.sort_unstable();
            prop_assert_eq!(found, whole);
        }
    }
}
