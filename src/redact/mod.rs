//! A report, a flow and what a frame holds to the same without what tells whose capture it is, and a list of what was taken out.
//!
//! The data are redacted, not the view: outputs get a redacted report or flow, so that none of them can forget a field. Structs are taken
//! apart field by field, so that a new field does not compile until it is decided here what becomes of it.
//!
//! - [`Addresses`] and [`Clock`] map single values: `prove` and the passes below share them.
//! - [`Redactor`] holds everything that is needed, and maps names and labels. It redacts a [`Report`](crate::report::Report) and an
//!   [`Observed`](crate::route::Observed) flow.
//! - [`Removed`] collects what was taken out. An output is searched for it before it is kept.

mod address;
mod clock;
mod flow;
mod frame;
mod key;
mod list;
mod name;
mod page;
mod payload;
mod redactor;
mod removed;
mod report;
mod rows;
mod sites;
mod texts;

pub use address::Addresses;
pub use clock::Clock;
pub use flow::RedactedFlow;
pub use frame::{Edit, IsHidden, NotUnderstood};
pub use key::Key;
pub use list::notes;
pub use page::for_page;
pub use payload::{Content, Payload};
pub use redactor::Redactor;
pub use removed::{Removed, What};
pub use texts::Texts;
