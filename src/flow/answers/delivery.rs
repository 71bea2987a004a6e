//! Answers on their way from a session to the table of answers.

use crate::flow::stamp::Stamp;
use crate::name::{Answer, EchConfig};
use crate::packet::Side;
use serde::{Deserialize, Serialize};

/// What one side told the other of names and addresses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Delivery {
    pub(in crate::flow) stamp: Stamp,
    /// Who was told.
    pub(in crate::flow) to: Side,
    pub(in crate::flow) answers: Vec<Answer>,
    pub(in crate::flow) ech_configs: Vec<EchConfig>,
}
