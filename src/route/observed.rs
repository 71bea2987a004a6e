//! A flow with everything that is known of it.

use super::reason::{Reason, is_system};
use crate::app::{Attribution, Claim, EvidenceKind};
use crate::flow::{Answered, Counters, Ech, Flow};
use crate::place::{Place, Scope};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// How the other end of a flow took part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Exchange {
    /// It answered.
    Answered,
    /// Nothing came back from it: something was sent to it, and nothing exchanged.
    Tried,
    /// It is the device of another person, as far as can be told: a call ran there.
    Person,
}

impl Exchange {
    /// The word used in records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Tried => "tried",
            Self::Person => "person",
        }
    }
}

/// A flow with everything that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// The end that is located: the server, or the client where only that is on the public network. Where a network translates the
    /// server's address it is the one inside.
    pub peer: IpAddr,
    /// The place of that end.
    pub place: &'a Arc<Place>,
    /// Which app sent the flow, and on what evidence.
    pub attribution: &'a Attribution,
}

impl Observed<'_> {
    /// Whether the server is the end that is located.
    pub fn is_server_located(&self) -> bool {
        self.peer == self.flow.located_server()
    }

    /// The end that is not located: the device.
    pub fn device(&self) -> IpAddr {
        if self.peer == self.flow.client_ip { self.flow.server_ip } else { self.flow.client_ip }
    }

    /// What the device sent to the other end.
    pub fn sent(&self) -> Counters {
        if self.is_server_located() { self.flow.up } else { self.flow.down }
    }

    /// What the device received from the other end.
    pub fn received(&self) -> Counters {
        if self.is_server_located() { self.flow.down } else { self.flow.up }
    }

    /// How the other end took part.
    pub fn exchange(&self) -> Exchange {
        let is_answered = !self.is_server_located() || self.flow.answered == Answered::Yes;
        if !is_answered {
            Exchange::Tried
        } else if self.is_person() {
            Exchange::Person
        } else {
            Exchange::Answered
        }
    }

    /// Whether the other end is a person's device: a call over UDP, without a server name, in no network of a cloud, a CDN, a
    /// provider of content or any other operator of services.
    fn is_person(&self) -> bool {
        self.flow.is_call_media
            && self.place.scope == Scope::Global
            && !self.place.is_anycast
            && self.place.operator.is_none()
    }

    /// Whether this is a question to the network's own resolver, by an app that is known only from the name asked
    /// for. The question itself stays in the local network, so the map does not show the resolver as a place that the
    /// app sends to. If the capture names the owner, everything that it sent is counted to the owner.
    fn is_local_lookup(&self, claim: &Claim) -> bool {
        self.place.scope != Scope::Global && claim.kind == EvidenceKind::Name && self.flow.is_lookup()
    }

    /// The claim of the app to which its bytes are counted.
    pub(super) fn credited(&self) -> Option<&Claim> {
        self.attribution.chosen.as_ref().filter(|claim| !self.is_local_lookup(claim))
    }

    /// Whether it is counted to no app only because the catalogue does not know its name.
    pub(super) fn is_of_site(&self) -> bool {
        self.credited().is_none() && self.attribution.service.is_none() && self.reason() == Reason::NameNotInCatalogue
    }

    /// Why it is counted to no app.
    pub(super) fn reason(&self) -> Reason {
        let application = self.flow.application;
        match self.place.scope {
            Scope::Local => Reason::Private,
            Scope::Multicast => Reason::Multicast,
            Scope::Reserved => Reason::Reserved,
            Scope::Global => match (application, &self.attribution.service) {
                (_, Some(service)) => Reason::SharedService(service.clone()),
                _ if matches!(self.flow.ech, Some(Ech::Likely | Ech::Confirmed)) => Reason::EncryptedHello,
                _ if self.flow.name().is_some() => Reason::NameNotInCatalogue,
                (Some(application), None) if is_system(application.0) => Reason::SystemProtocol(application),
                (Some(application), None) => Reason::NoNameIn(application),
                (None, None) => Reason::NoName,
            },
        }
    }
}
