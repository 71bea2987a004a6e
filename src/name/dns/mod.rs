//! Names that resolvers give for addresses: DNS in its flavours, and the answers of an app's own resolver.

pub(super) mod app_resolver;
mod message;
mod name;
pub(super) mod resolver;
mod svcb;
pub(super) mod transaction;
pub(super) mod transport;

#[cfg(test)]
mod tests;
