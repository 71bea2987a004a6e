//! Protocols that are recognised although they name no server, by their fixed fields or their first words. Some of them come
//! before TLS, which does name one.

pub(super) mod bittorrent;
pub(super) mod dhcp;
pub(super) mod edonkey;
pub(super) mod game;
pub(super) mod greeting;
pub(super) mod ike;
pub(super) mod ntp;
pub(super) mod openvpn;
mod openvpn_control;
pub(super) mod preamble;
pub(super) mod snmp;
pub(super) mod wireguard;
