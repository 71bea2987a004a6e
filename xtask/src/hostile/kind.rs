//! A kind of hostile capture: its name, what it does, and how its parts are made, one after the other and the same each time.

use super::block::{RAW_IP, section};
use super::{answers, blocks, flows, fragments, names, openings, owners, packed, times, tunnels};
use fixtures::Order;
use fixtures::pcap::{MICROSECONDS, header_with};
use fixtures::pcapng::SNAP_LENGTH;
use std::io::{self, Write};

/// What begins the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Container {
    /// The head of a pcap file of raw IP packets.
    Pcap,
    /// A section with one interface of raw IP packets.
    Pcapng,
    /// Nothing: the first part begins it.
    Packed,
}

/// Appends the part with this number. The whole capture is the parts from 0 on.
type Part = fn(u64, &mut Vec<u8>);

/// See the module.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// What it does, for the list.
    pub(super) what: &'static str,
    pub(super) container: Container,
    part: Part,
}

impl Kind {
    pub(super) const fn pcap(name: &'static str, what: &'static str, part: Part) -> Self {
        Self { name, what, container: Container::Pcap, part }
    }

    pub(super) const fn pcapng(name: &'static str, what: &'static str, part: Part) -> Self {
        Self { name, what, container: Container::Pcapng, part }
    }

    pub(super) const fn packed(name: &'static str, what: &'static str, part: Part) -> Self {
        Self { name, what, container: Container::Packed, part }
    }

    /// Writes whole parts until the file has this many bytes; says how many it has.
    pub(super) fn write(&self, bytes: u64, out: &mut dyn Write) -> io::Result<u64> {
        let mut part = match self.container {
            Container::Pcap => pcap_head(),
            Container::Pcapng => section(RAW_IP),
            Container::Packed => Vec::new(),
        };
        let mut written = 0;
        for number in 0.. {
            (self.part)(number, &mut part);
            out.write_all(&part)?;
            written += part.len() as u64;
            part.clear();
            if written >= bytes {
                break;
            }
        }
        Ok(written)
    }
}

fn pcap_head() -> Vec<u8> {
    header_with(Order::Little, MICROSECONDS, (2, 4), SNAP_LENGTH, RAW_IP.into())
}

/// What all others are held against: a few hundred flows of full-size packets.
pub(super) const HARMLESS: &Kind = &flows::HARMLESS;

/// All kinds that are run, family by family.
pub(super) fn all() -> impl Iterator<Item = &'static Kind> {
    [
        flows::KINDS,
        names::KINDS,
        answers::KINDS,
        fragments::KINDS,
        openings::KINDS,
        times::KINDS,
        tunnels::KINDS,
        owners::KINDS,
        blocks::KINDS,
        packed::KINDS,
    ]
    .into_iter()
    .flatten()
}

/// The kind with this name, also one that is only made.
pub(super) fn named(name: &str) -> Option<&'static Kind> {
    all().chain([HARMLESS, &flows::SHED_AT_DEFAULT]).find(|kind| kind.name == name)
}
