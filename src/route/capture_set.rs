//! The captures that show something, by their ordinals.

use serde::{Deserialize, Serialize};

/// Ordinals in the first word.
const FIRST: u32 = u64::BITS;
/// Further words, which are made only where a run has so many captures.
const MORE: usize = 8;

/// A set of ordinals of captures below [`CaptureSet::BOUND`]; of the others it is only known that there were some. Sets merge in
/// any order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CaptureSet {
    first: u64,
    more: Option<Box<[u64; MORE]>>,
    is_over: bool,
}

impl CaptureSet {
    /// The first ordinal that is not kept.
    pub const BOUND: u32 = FIRST * (1 + MORE as u32);

    /// The set of one capture.
    pub fn of(ordinal: u32) -> Self {
        let mut set = Self::default();
        match (ordinal / FIRST, 1_u64 << (ordinal % FIRST)) {
            (0, bit) => set.first = bit,
            (word, bit) => {
                let mut more = Box::new([0; MORE]);
                match more.get_mut(word as usize - 1) {
                    Some(word) => {
                        *word = bit;
                        set.more = Some(more);
                    }
                    None => set.is_over = true,
                }
            }
        }
        set
    }

    /// Adds the captures of another set.
    pub fn merge(&mut self, other: &Self) {
        self.first |= other.first;
        self.is_over |= other.is_over;
        let Some(theirs) = &other.more else { return };
        let mine = self.more.get_or_insert_default();
        mine.iter_mut().zip(theirs.iter()).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Whether there are captures of which nothing more is known.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The ordinals, from the least on.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let words = std::iter::once(&self.first).chain(self.more.iter().flat_map(|more| more.iter()));
        words.zip(0..).flat_map(|(word, at)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(at * FIRST + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(ordinals: &[u32]) -> CaptureSet {
        let mut set = CaptureSet::default();
        ordinals.iter().for_each(|ordinal| set.merge(&CaptureSet::of(*ordinal)));
        set
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn merging_in_any_parts_keeps_what_there_is_room_for(ordinals in prop::collection::vec(0..CaptureSet::BOUND + 9, 0..20), cut in 0..20_usize) {
            let whole = set(&ordinals);
            let kept: BTreeSet<u32> = ordinals.iter().copied().filter(|ordinal| *ordinal < CaptureSet::BOUND).collect();
            prop_assert!(whole.iter().eq(kept.iter().copied()));
            prop_assert_eq!(whole.is_over(), ordinals.iter().any(|ordinal| *ordinal >= CaptureSet::BOUND));
            let (left, right) = ordinals.split_at(cut.min(ordinals.len()));
            let mut parts = set(right);
            parts.merge(&set(left));
            prop_assert_eq!(&parts, &whole);
            let carried: CaptureSet = postcard::from_bytes(&postcard::to_stdvec(&whole).unwrap()).unwrap();
            prop_assert_eq!(carried, whole);
        }
    }
}
