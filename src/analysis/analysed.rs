//! The outcome of an analysis, and the key by which it chose what to keep.

use super::asked::MissingDevices;
use super::neighbours::TooMany;
use crate::capture::{Outcome, Source};
use crate::flow::{SampleKey, Summary};

/// The outcome of an analysis beside its flows.
pub struct Analysed {
    /// The outcome of reading each capture, in order.
    pub outcomes: Vec<Outcome>,
    /// What was counted beside the flows.
    pub summary: Summary,
    /// How many flows could not take part in the inheritance of apps.
    pub too_many: TooMany,
    /// The devices that were asked for and are not in the captures.
    pub devices: MissingDevices,
}

/// The key of the hash that chooses what is kept when memory is short.
pub(super) fn sample_key(sources: &[Source]) -> SampleKey {
    SampleKey::of(sources.iter().map(Source::digest_of_first))
}
