//! The database that the program carries, and the tables that it is made of.
//!
//! The layout is our own: [`blob`] has the sections, [`RangeTable`] the address ranges, `locations` and `networks` the rows that
//! ranges point to.

mod bits;
pub mod blob;
mod database;
mod gap_class;
mod key;
mod locations;
mod networks;
mod number_class;
mod prefix_code;
mod range_block;
mod range_table;
mod range_writer;
mod rows;
pub mod spread;
mod text_code;
pub(crate) mod varint;

pub use database::Embedded;
pub use key::{Key, Value};
pub use locations::{Location, Locations, encode_locations};
pub use networks::{Network, Networks, encode_networks};
pub use range_block::RANGES_PER_BLOCK;
pub use range_table::{RangeTable, encode as encode_ranges};
