//! What costs a reader most: packets that each need something new to be remembered.

use super::Generate;
use super::frame::{Ends, Frame, PUSH_ACK, SYN, To};
use super::openings::{client_hello, dns_answer};
use super::random::Random;
use std::fmt::Write;
use std::net::Ipv4Addr;

/// The first packet's time: 2026-06-20 12:00 UTC.
const EPOCH_US: u64 = 1_781_956_800_000_000;
/// Records of an answer: near the most that resolvers send, and more than fit a packet of 1500 bytes.
const RECORDS: usize = 100;

/// What is new in every packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trick {
    /// The flow.
    Flows,
    /// The flow, and the name in its ClientHello, in a domain of its own.
    Names,
    /// The name and the addresses of a DNS answer.
    Answers,
}

impl Trick {
    pub(super) const ALL: [Self; 3] = [Self::Flows, Self::Names, Self::Answers];
}

/// See the module.
pub(super) struct Hostile {
    tricks: Vec<Trick>,
    random: Random,
    packets: u64,
    limit: u64,
    name: String,
    bytes: Vec<u8>,
}

/// An address of the public Internet, or near enough.
fn public(number: u64) -> Ipv4Addr {
    let [first, b, c, d] = (number as u32).to_be_bytes();
    Ipv4Addr::new(11 + first % 110, b, c, d)
}

impl Hostile {
    pub(super) fn new(tricks: &[Trick], seed: u64, limit: u64) -> Self {
        Self {
            tricks: tricks.to_vec(),
            random: Random::new(seed),
            packets: 0,
            limit,
            name: String::new(),
            bytes: Vec::new(),
        }
    }

    fn ends(&mut self, server_port: u16) -> Ends {
        let (number, ports) = (self.random.number(), self.random.number());
        Ends {
            client: Ipv4Addr::from(0x0a00_0000 | ((number >> 32) as u32 & 0x00ff_ffff)).into(),
            server: public(number).into(),
            client_port: 1_024 + (ports % 64_000) as u16,
            server_port,
        }
    }

    fn rename(&mut self) {
        let number = self.random.number();
        self.name.clear();
        let _ = write!(self.name, "h{:x}.d{:x}.com", number & 0xffff, number >> 16);
    }
}

impl Generate for Hostile {
    fn next(&mut self, frame: &mut Frame) -> Option<u64> {
        if self.packets >= self.limit {
            return None;
        }
        self.packets += 1;
        match self.tricks[self.packets as usize % self.tricks.len()] {
            Trick::Flows => {
                let ends = self.ends(1_024 + (self.packets % 60_000) as u16);
                if self.packets.is_multiple_of(2) {
                    frame.tcp(&ends, To::Server, (self.packets as u32, 0), SYN, &[]);
                } else {
                    frame.udp_filled(&ends, To::Server, &[], 32, self.packets as u32);
                }
            }
            Trick::Names => {
                self.rename();
                client_hello(&mut self.bytes, &self.name, &mut self.random, false);
                let ends = self.ends(443);
                frame.tcp(&ends, To::Server, (self.packets as u32, 1), PUSH_ACK, &self.bytes);
            }
            Trick::Answers => {
                self.rename();
                let random = &mut self.random;
                let addresses = std::iter::repeat_with(|| public(random.number()).into()).take(RECORDS);
                dns_answer(&mut self.bytes, self.packets as u16, &self.name, addresses);
                let ends = Ends {
                    client: Ipv4Addr::new(10, 0, 0, 2).into(),
                    server: Ipv4Addr::new(8, 8, 8, 8).into(),
                    client_port: 1_024 + (self.packets % 60_000) as u16,
                    server_port: 53,
                };
                frame.udp(&ends, To::Client, &self.bytes);
            }
        }
        Some(EPOCH_US + self.packets)
    }

    fn flows(&self) -> u64 {
        self.packets
    }
}
