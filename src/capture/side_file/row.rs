//! One row of a side file: a connection and its owner.

use crate::capture::note::Owner;
use std::net::IpAddr;

/// One connection of a side file. What is `None` fits everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) first_ns: Option<i64>,
    pub(super) last_ns: Option<i64>,
    pub(super) owner: Owner,
}

/// What a row is looked up by. What is `None` fits everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Key {
    pub(super) protocol: Option<u8>,
    pub(super) local_ip: Option<IpAddr>,
    pub(super) local_port: Option<u16>,
    pub(super) remote_ip: Option<IpAddr>,
    pub(super) remote_port: Option<u16>,
}

impl Key {
    /// One bit per field that is set.
    pub(super) fn mask(&self) -> u8 {
        let set = [
            self.protocol.is_some(),
            self.local_port.is_some(),
            self.local_ip.is_some(),
            self.remote_port.is_some(),
            self.remote_ip.is_some(),
        ];
        set.iter().enumerate().map(|(bit, is_set)| u8::from(*is_set) << bit).sum()
    }

    /// Only the fields of a mask.
    pub(super) fn masked(&self, mask: u8) -> Self {
        let has = |bit: u8| mask & (1 << bit) != 0;
        Self {
            protocol: self.protocol.filter(|_| has(0)),
            local_port: self.local_port.filter(|_| has(1)),
            local_ip: self.local_ip.filter(|_| has(2)),
            remote_port: self.remote_port.filter(|_| has(3)),
            remote_ip: self.remote_ip.filter(|_| has(4)),
        }
    }

    /// The key without the ports of a protocol that has none: some tools write 0, or an ICMP identifier, there.
    pub(super) fn without_absent_ports(self) -> Self {
        const TCP: u8 = 6;
        const UDP: u8 = 17;
        const DCCP: u8 = 33;
        const SCTP: u8 = 132;
        const UDP_LITE: u8 = 136;
        match self.protocol {
            None | Some(TCP | UDP | DCCP | SCTP | UDP_LITE) => self,
            Some(_) => Self { local_port: None, remote_port: None, ..self },
        }
    }
}
