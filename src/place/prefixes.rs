//! Tables of prefixes that the program carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::scope::{holds_four, holds_six};

/// The name of the prefix that holds an address. Both tables are sorted, and their prefixes disjoint.
pub(super) fn by_prefix(
    four: &[(Ipv4Addr, u8, &'static str)],
    six: &[(Ipv6Addr, u8, &'static str)],
    ip: IpAddr,
) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => {
            let index = four.partition_point(|row| row.0 <= ip).checked_sub(1)?;
            four.get(index).filter(|row| holds_four(row.0, row.1, ip)).map(|row| row.2)
        }
        IpAddr::V6(ip) => {
            let index = six.partition_point(|row| row.0 <= ip).checked_sub(1)?;
            six.get(index).filter(|row| holds_six(row.0, row.1, ip)).map(|row| row.2)
        }
    }
}
