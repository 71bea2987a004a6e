//! Addresses whose SYN-ACKs look the same and take as long, although they are said to be in different countries: perhaps one
//! machine on the way answers for both.

use crate::flow::SynAck;
use crate::place::Country;
use std::collections::BTreeMap;

/// Round trips that differ by less than this, or by less than a quarter, are alike.
const LEAST_WINDOW_NS: u64 = 3_000_000;
const WINDOW_PART: u64 = 4;

/// The round trips of addresses, sorted.
#[derive(Default, Debug)]
struct Looks<'a> {
    all: Vec<u64>,
    /// Of addresses of which exactly this is claimed.
    by_claim: BTreeMap<&'a [Country], Vec<u64>>,
}

/// The addresses of a capture by what their SYN-ACKs look like.
#[derive(Debug)]
pub(super) struct Twins<'a>(BTreeMap<&'a SynAck, Looks<'a>>);

impl<'a> Twins<'a> {
    /// Takes each address's SYN-ACK, the countries claimed for it, and its round trip.
    pub(super) fn new(addresses: impl Iterator<Item = (&'a SynAck, &'a [Country], u64)>) -> Self {
        let mut looks: BTreeMap<&SynAck, Looks> = BTreeMap::new();
        for (syn_ack, countries, round_trip_ns) in addresses {
            let look = looks.entry(syn_ack).or_default();
            look.all.push(round_trip_ns);
            look.by_claim.entry(countries).or_default().push(round_trip_ns);
        }
        for look in looks.values_mut() {
            look.all.sort_unstable();
            look.by_claim.values_mut().for_each(|times| times.sort_unstable());
        }
        Self(looks)
    }

    /// Whether an address of which this country and perhaps others are claimed has a twin of which anything else is claimed.
    pub(super) fn has(&self, syn_ack: &SynAck, country: Country, countries: &[Country], round_trip_ns: u64) -> bool {
        let Some(look) = self.0.get(syn_ack) else { return false };
        let window = LEAST_WINDOW_NS.max(round_trip_ns / WINDOW_PART);
        let (from, to) = (round_trip_ns.saturating_sub(window), round_trip_ns.saturating_add(window));
        let within =
            |times: &[u64]| times.partition_point(|time| *time <= to) - times.partition_point(|time| *time < from);
        let same = look.by_claim.get([country].as_slice()).map_or(0, |times| within(times));
        // An address with several claims is none of those of which exactly one is claimed.
        let own = usize::from(countries != [country]);
        within(&look.all) > same + own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn twins_look_alike_and_take_as_long() {
        let countries = ["DE", "SG"].map(|code| Country::new(code).unwrap());
        let [one, other] = [50, 60].map(|arrival_ttl| SynAck {
            arrival_ttl,
            option_kinds: [2].into_iter().collect(),
            window_scale: None,
        });
        let (germany, singapore) = (&countries[..1], &countries[1..]);
        let addresses = [
            (&one, singapore, 10 * MS),
            (&one, germany, 12 * MS),
            (&one, germany, 40 * MS),
            (&other, singapore, 12 * MS),
        ];
        let twins = Twins::new(addresses.into_iter());
        assert!(twins.has(&one, countries[1], singapore, 10 * MS));
        assert!(twins.has(&one, countries[0], germany, 12 * MS));
        assert!(!twins.has(&one, countries[0], germany, 40 * MS), "takes longer");
        assert!(!twins.has(&other, countries[1], singapore, 12 * MS), "looks different");
        let both = Twins::new([(&one, countries.as_slice(), 10 * MS), (&one, germany, 12 * MS)].into_iter());
        assert!(!both.has(&one, countries[0], &countries, 10 * MS), "the same is claimed of the other");
        assert!(both.has(&one, countries[1], &countries, 10 * MS));
    }
}
