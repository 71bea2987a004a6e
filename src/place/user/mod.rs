//! What a user gives: databases (`--geo FILE`), and lists of anycast prefixes (`--anycast FILE`).

mod anycast_list;
mod database;
mod record;

pub(super) use anycast_list::AnycastLists;
pub use database::UserDatabase;
