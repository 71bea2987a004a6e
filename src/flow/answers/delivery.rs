//! Answers that a session has read and that are not yet in the table of answers.

use crate::flow::stamp::Stamp;
use crate::name::{Answer, EchConfig};
use crate::packet::Side;
use serde::{Deserialize, Serialize};

/// The names, addresses and ECH configurations that one packet or message of one side gave to the other side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Delivery {
    pub(in crate::flow) stamp: Stamp,
    /// The side that received them.
    pub(in crate::flow) to: Side,
    pub(in crate::flow) answers: Vec<Answer>,
    pub(in crate::flow) ech_configs: Vec<EchConfig>,
}
