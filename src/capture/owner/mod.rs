//! Who owned a packet, as the capture itself says: one file per format, one row in `table.rs`.
//!
//! What is found is a claim of the capturing tool, and untrusted like every other byte. Files beside the capture are read by
//! `capture/side_file`.

mod apple_comment;
#[cfg(test)]
pub(crate) mod build;
mod darwin;
mod etl2pcapng;
pub(crate) mod in_band;
mod pcapdroid;
mod pktap;
mod process_option;
mod ptcpdump;
mod pymobiledevice;
mod rustnet;
mod section;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod wireshark;

pub use super::note::{Owner, OwnerFormat};
pub use super::side_file::owners::SideOwners;
pub use in_band::InBand;
pub use table::{SectionOwners, in_band, may_be_in_band};
