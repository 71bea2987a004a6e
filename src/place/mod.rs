//! Where an endpoint is, as separate facts: location, registration, network, operator, jurisdiction.

pub mod anycast;
pub mod blob;
pub mod cities;
pub mod country;
mod database;
mod embedded;
mod facts;
mod memory;
mod operators;
pub mod outline;
mod places;
mod prefix_code;
pub mod projection;
mod range_block;
pub mod range_table;
pub mod rows;
pub mod rtt;
pub mod scope;
mod text_code;
mod user;

pub use cities::vantage;
pub use database::{Database, Facts};
pub use embedded::Embedded;
pub use facts::{Country, DatabaseInfo, LocationCheck, Opinion, Place, Scope, Vantage};
pub use memory::{Block, Memory};
pub use operators::{Operator, Operators};
pub use places::Places;
pub use rtt::LocationChecker;
pub use scope::scope;
pub use user::UserDatabase;
