//! Tables of prefixes and networks that the program carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::scope::{holds_four, holds_six};

/// Names of prefixes and of whole networks.
pub(super) struct Prefixes {
    /// Autonomous systems, sorted.
    pub(super) networks: &'static [(u32, &'static str)],
    /// IPv4 prefixes, sorted and disjoint.
    pub(super) four: &'static [(Ipv4Addr, u8, &'static str)],
    /// IPv6 prefixes, sorted and disjoint.
    pub(super) six: &'static [(Ipv6Addr, u8, &'static str)],
}

impl Prefixes {
    /// The name of the prefix that holds an address, or else of the network that announces it.
    pub(super) fn name(&self, ip: IpAddr, asn: Option<u32>) -> Option<&'static str> {
        self.by_prefix(ip).or_else(|| {
            let index = self.networks.binary_search_by_key(&asn?, |row| row.0).ok()?;
            self.networks.get(index).map(|row| row.1)
        })
    }

    fn by_prefix(&self, ip: IpAddr) -> Option<&'static str> {
        match ip {
            IpAddr::V4(ip) => {
                let index = self.four.partition_point(|row| row.0 <= ip).checked_sub(1)?;
                self.four.get(index).filter(|row| holds_four(row.0, row.1, ip)).map(|row| row.2)
            }
            IpAddr::V6(ip) => {
                let index = self.six.partition_point(|row| row.0 <= ip).checked_sub(1)?;
                self.six.get(index).filter(|row| holds_six(row.0, row.1, ip)).map(|row| row.2)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{anycast, block::Block, steered};
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_disjoint() {
        for table in [anycast::TABLE, steered::TABLE] {
            assert!(table.networks.is_sorted_by(|a, b| a.0 < b.0));
            assert!(table.four.is_sorted_by(|a, b| a.0 < b.0 && !holds_four(a.0, a.1, b.0)));
            assert!(table.six.is_sorted_by(|a, b| a.0 < b.0 && !holds_six(a.0, a.1, b.0)));
            assert!(table.four.iter().all(|row| holds_four(row.0, row.1, row.0)));
            assert!(table.six.iter().all(|row| holds_six(row.0, row.1, row.0)));
        }
    }

    #[test]
    fn no_prefix_is_part_of_a_block() {
        for table in [anycast::TABLE, steered::TABLE] {
            assert!(
                table.four.iter().all(|row| row.1 <= Block::FOUR) && table.six.iter().all(|row| row.1 <= Block::SIX)
            );
        }
    }
}
