//! The headers that capturing systems and devices put before a frame, or in place of its link layer: one file for each family.
//! The link types that they belong to are listed in [`super::link_types`].

pub(super) mod exported;
pub(super) mod juniper;
pub(super) mod loopback;
pub(super) mod nflog;
pub(super) mod sll;
pub(super) mod switch_tag;
pub(super) mod tzsp;
pub(super) mod wrapped;
