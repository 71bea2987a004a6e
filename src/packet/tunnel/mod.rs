//! Encapsulations in IP: one file for each, and one row in [`ports`] for each that travels in UDP.

mod ayiya;
mod enter;
mod ether_ip;
mod geneve;
mod gre;
mod gtp;
mod l2tp;
mod lisp;
pub(super) mod open;
pub(super) mod ports;
pub(super) mod teredo;
mod vxlan;
mod wireless;
