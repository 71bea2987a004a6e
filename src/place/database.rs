//! The interface of every source of address facts.

use std::net::IpAddr;
use std::sync::Arc;

use super::block::Block;
use super::facts::{Country, DatabaseInfo, Opinion};

/// What one database knows of an address; each field is its own fact.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Facts {
    /// Where it says the address is.
    pub opinion: Option<Opinion>,
    /// Country where the address block is registered.
    pub registered_country: Option<Country>,
    /// Whether its opinion on the country may only repeat that of the registry: it is the same, stands for all of the registered block
    /// alike, and the network has addresses in several countries.
    pub repeats_registry: bool,
    /// Whether a network announces it, even if its AS is not known.
    pub is_announced: bool,
    /// Origin AS number.
    pub asn: Option<u32>,
    /// Name of the AS.
    pub as_name: Option<Arc<str>>,
    /// Country where the AS is registered.
    pub as_country: Option<Country>,
}

/// A database of address facts: the embedded one, or a user's file.
pub trait Database: Send + Sync {
    /// The facts of this address; none if it knows nothing of it.
    fn look_up(&self, ip: IpAddr) -> Option<Facts>;

    /// Whether all addresses of the block have the same facts; `false` if that is not known.
    fn is_uniform(&self, _block: Block) -> bool {
        false
    }

    /// What the database is: an entry for each of its sources.
    fn info(&self) -> Vec<DatabaseInfo>;
}
