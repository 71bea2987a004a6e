//! Where an endpoint is, as separate facts: location, registration, network, operator, jurisdiction.

pub mod anycast;
mod block;
mod cache;
pub mod country;
mod database;
pub mod embedded;
mod facts;
pub mod geometry;
mod operators;
mod places;
pub mod rtt;
pub mod scope;
mod user;
mod vantage;

pub use block::Block;
pub use cache::PlaceCache;
pub use database::{Database, Facts};
pub use embedded::Embedded;
pub use facts::{Country, DatabaseInfo, LocationCheck, Opinion, Place, Scope, Vantage};
pub use operators::{Operator, Operators};
pub use places::Places;
pub use rtt::LocationChecker;
pub use scope::scope;
pub use user::UserDatabase;
pub use vantage::vantage;
