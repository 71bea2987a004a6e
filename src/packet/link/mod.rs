//! The headers of link layers, and of what lies between them and IP: one file for each family. The link types that they belong
//! to are listed in [`super::link_types`].

pub(super) mod arcnet;
pub(super) mod atm;
pub(super) mod ax25;
pub(super) mod broadcast;
pub(super) mod bus;
pub(super) mod ethernet;
pub(super) mod fibre_channel;
pub(super) mod frame_relay;
pub(super) mod ieee80211;
pub(super) mod llc;
pub(super) mod mpls;
pub(super) mod nsh;
pub(super) mod ppp;
pub(super) mod raw;
pub(super) mod token;
