//! Databases that a user gives (`--geo FILE`).

mod database;
mod record;

pub use database::UserDatabase;
