//! Where an endpoint is, as separate facts: location, registration, network, operator, jurisdiction.

pub(crate) mod anycast;
mod block;
mod cache;
mod city_names;
#[doc(hidden)]
pub mod country;
mod database;
#[doc(hidden)]
pub mod embedded;
mod facts;
#[doc(hidden)]
pub mod geometry;
mod operators;
mod parents;
mod places;
mod prefixes;
mod published;
pub(crate) mod scope;
pub(crate) mod steered;
mod user;
mod vantage;

pub use block::Block;
pub use cache::PlaceCache;
pub use database::{Database, Facts};
pub use embedded::Embedded;
pub use facts::{Country, DatabaseFacts, DatabaseInfo, Opinion, Place, Published, Scope, Vantage};
pub use operators::{Operator, Operators};
pub use parents::{JURISDICTION_RULE, NOT_CHECKED, Parent, Parents};
pub use places::Places;
pub use scope::scope;
pub use user::UserDatabase;
pub use vantage::{coarse, vantage};
