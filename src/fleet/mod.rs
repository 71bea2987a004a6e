//! Captures read by many workers that share nothing: a [`Plan`] cuts them into ranges, [`read`] makes [`Row`]s of one range,
//! [`verify`] proves that the ranges chain without gap or overlap, [`join`](join()) makes one of consecutive ones, and [`merge`] makes of them what
//! one machine makes of the captures.
//!
//! A worker guesses where the first record of its range starts. No guess is trusted: each range says where it began and where it ended,
//! and only what follows without gap from the first record of the capture is merged. `docs/fleet.md` has the contract.

#[cfg(feature = "parquet")]
mod file;
#[cfg(feature = "parquet")]
mod footer;
mod join;
mod merge;
mod ordered;
#[cfg(feature = "parquet")]
mod origin;
#[cfg(feature = "parquet")]
mod page;
#[cfg(feature = "parquet")]
mod pages;
mod plan;
mod read;
mod reading;
mod repair;
mod row;
mod store;
#[cfg(feature = "parquet")]
mod thrift;
mod verify;

#[cfg(feature = "parquet")]
pub use file::{Files, RowFile};
pub use join::join;
pub use merge::{Merged, merge};
pub use ordered::Ordered;
pub use plan::{CONTRACT, Plan, Task, USUAL_RANGE_BYTES};
pub use read::read;
pub use reading::{Chunk, Piece, Reading};
pub use repair::Repair;
pub use row::{COLUMNS, Column, Kind, Row, Value};
pub use store::{Memory, Store};
pub use verify::{Again, Verified, verify};
