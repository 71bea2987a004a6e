//! Why no app was named for a flow.

use crate::name::Application;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why no app was named for a flow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// A name belongs to a shared service: an SDK, an advertising network, a CDN.
    SharedService(Arc<str>),
    /// The real name is hidden behind a public one by Encrypted Client Hello.
    EncryptedHello,
    /// A name was found, but the catalogue does not know it.
    NameNotInCatalogue,
    /// A protocol of the system rather than of an app: `dns`, `ntp`, ….
    SystemProtocol(Application),
    /// The protocol was recognised, but no name was found.
    NoNameIn(Application),
    /// Neither a name nor a protocol was recognised.
    NoName,
    /// The other end has a private address.
    Private,
    /// Local: sent to a group or to all.
    Multicast,
    /// Local: the other end has an address that is reserved; with the kind of its address.
    Reserved,
    /// The user asked for other apps or devices.
    LeftOut,
}

impl Reason {
    /// Whether the other end is not on the public network.
    pub(super) const fn is_local(&self) -> bool {
        matches!(self, Self::Private | Self::Multicast | Self::Reserved)
    }
}

/// Protocols that the operating system uses for itself.
const SYSTEM: &[&str] = &["dhcp", "dns", "llmnr", "mdns", "nbns", "netbios", "ntp", "ssdp"];

/// Whether this protocol is used by the operating system rather than by an app.
pub fn is_system(application: &str) -> bool {
    SYSTEM.contains(&application)
}
