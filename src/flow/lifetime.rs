//! How long a session may be silent before it ends.

use crate::packet::protocol::TCP;

/// A TCP session ends when it is silent for longer than this. RFC 5382 would allow two hours; real NATs and Zeek use
/// five minutes.
const TCP_IDLE_NS: i64 = 300 * 1_000_000_000;
/// Any other session ends when it is silent for longer than this (RFC 4787 asks for at least two minutes).
const OTHER_IDLE_NS: i64 = 120 * 1_000_000_000;

/// How far the capture's clock may step back without a session being closed too early. If a capture steps back
/// further, the report says so.
pub(super) const SLACK_NS: i64 = 10 * 1_000_000_000;

/// How long a session of this IP protocol may be silent, in ns.
pub(crate) const fn idle_ns(protocol: u8) -> i64 {
    if protocol == TCP { TCP_IDLE_NS } else { OTHER_IDLE_NS }
}
