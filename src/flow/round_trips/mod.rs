//! Round trips to the other end of a flow, for what they prove of its distance.
//!
//! The first packets of a session are kept in short form, since which of them count is known only when the session is over: which side
//! is the client, which protocol it is, whether the other side was captured at all. Then they become [`RoundTrips`].

mod answered;
mod first_packets;
mod measure;
mod seen;
mod syn_ack;
mod times;

#[cfg(test)]
mod tests;

pub use answered::Answered;
pub(in crate::flow) use first_packets::FirstPackets;
pub(in crate::flow) use measure::{Exchange, acknowledges_other, answered_in, is_media, round_trips, syn_ack};
pub(in crate::flow) use seen::Seen;
pub use syn_ack::SynAck;
pub use times::RoundTrips;
