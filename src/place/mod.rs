//! Where an endpoint is, as separate facts: location, registration, network, operator, jurisdiction.

mod facts;

pub use facts::{Country, DatabaseInfo, LocationCheck, Opinion, Place, Scope, Vantage};
