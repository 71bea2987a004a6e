//! A map that is written, and read again by another process: it merges there as if it had never been away.

use super::destination::{DestinationSums, NAMED};
use super::map::{AppSums, EXAMPLES, RouteMap};
use super::payload::Payload;
use crate::stored::{self, AMOUNT_LIMIT, Form, StoredError};
use std::io::{self, Read, Write};

/// Goes up with each change of the types that a map is made of, or of what they mean.
const FORM: Form = Form { what: "a routing map", tag: *b"maps", version: 3 };

impl RouteMap {
    /// Writes the map, to be read by [`Self::read_from`] in the same version of whither. Equal maps are equal bytes.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
        stored::write(&FORM, self, writer)
    }

    /// Reads a map that takes no more than this many bytes as it is written; in memory it may take some forty times as much. What
    /// is read may come from anyone: what breaks a rule of maps is refused. The key by which names were chosen is the one it was
    /// written with, so that [`Self::merge`] can tell whether two maps fit.
    pub fn read_from(reader: &mut impl Read, limit_bytes: u64) -> Result<Self, StoredError> {
        let mut map: Self = stored::read(&FORM, reader, limit_bytes)?;
        map.amount = map.amount_of_all();
        map.check().map_err(StoredError::unsound)?;
        map.weigh();
        Ok(map)
    }

    /// Checks what the types do not hold by themselves; says what is wrong.
    fn check(&self) -> Result<(), &'static str> {
        if !self.step.exists() {
            return Err("there is no such step of memory");
        }
        if !self.devices.is_sound() {
            return Err("too many devices");
        }
        if !self.hops.is_sound(self.bounds.key) {
            return Err("more of paths than is kept");
        }
        if self.reasons.values().any(|sums| sums.examples.len() > EXAMPLES) {
            return Err("too many examples of a reason");
        }
        let all = || self.apps.values().chain([&self.other_owners, &self.nameless]);
        all().try_for_each(|sums| self.check_app(sums))?;
        if self.amount > AMOUNT_LIMIT { Err("its figures are larger than those of any capture") } else { Ok(()) }
    }

    /// All that merging adds up, up to as much as there can be.
    fn amount_of_all(&self) -> u64 {
        let apps = self.apps.values().chain([&self.other_owners, &self.nameless]).flat_map(amounts_of_app);
        let reasons = self.reasons.values().flat_map(|sums| sums.traffic.amounts());
        apps.chain(reasons).chain([self.hops.amount()]).fold(0, u64::saturating_add)
    }

    fn check_app(&self, sums: &AppSums) -> Result<(), &'static str> {
        let key = self.bounds.key;
        let is_chosen = sums.rules.is_chosen_by(key)
            && sums.destinations.values().all(|sums| {
                let DestinationSums { names, addresses, .. } = &**sums;
                names.is_chosen_by(key) && addresses.is_chosen_by(key)
            });
        if !is_chosen {
            return Err("it keeps what its key does not choose");
        }
        let mut addresses = sums.destinations.values().flat_map(|sums| sums.addresses.iter());
        if addresses.any(|(_, sums)| !sums.named.is_sorted()) {
            return Err("names of an address out of order");
        }
        let mut names = sums.destinations.values().flat_map(|sums| sums.names.iter());
        if names.any(|(_, sums)| sums.addresses.len() > NAMED || !sums.addresses.is_sorted()) {
            return Err("a name of more addresses than are kept");
        }
        Ok(())
    }
}

/// All figures of an app that merging adds up.
fn amounts_of_app(sums: &AppSums) -> impl Iterator<Item = u64> {
    let rules = sums.rules.iter().map(|(_, &bytes)| bytes);
    let run_by = sums.run_by.values().flat_map(Payload::amounts);
    let destinations = sums.destinations.values().flat_map(|sums| amounts_of_destination(sums));
    let evidence = sums.evidence.values().copied();
    sums.traffic.amounts().into_iter().chain(evidence).chain(rules).chain(run_by).chain(destinations)
}

fn amounts_of_destination(sums: &DestinationSums) -> impl Iterator<Item = u64> {
    let names = sums.names.iter().flat_map(|(_, sums)| [sums.bytes, sums.sent, sums.received]);
    let addresses = sums.addresses.iter().flat_map(|(_, sums)| {
        let named = sums.named.iter().flat_map(|(_, sent, received)| [*sent, *received]);
        sums.traffic.amounts().into_iter().chain(sums.payload.amounts()).chain([sums.rtt_samples]).chain(named)
    });
    let others = sums.parties.values().chain(sums.evidence.values()).copied().chain([sums.rtt_samples]);
    sums.traffic.amounts().into_iter().chain(sums.payload.amounts()).chain(names).chain(addresses).chain(others)
}

#[cfg(test)]
mod tests {
    use super::super::laws::{map_of, shown};
    use super::*;
    use crate::flow::CannotMerge;
    use crate::stored::tests::{body, resealed};
    use proptest::prelude::*;

    fn written(map: &RouteMap) -> Vec<u8> {
        let mut bytes = Vec::new();
        map.write_to(&mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<RouteMap, StoredError> {
        RouteMap::read_from(&mut &*bytes, 1 << 20)
    }

    /// What of a map is shown stays as it is, where all is kept and where little is.
    #[test]
    fn a_map_that_is_read_shows_what_was_written() {
        for bytes in [u64::MAX, 30_000] {
            let map = map_of(300, bytes);
            assert_eq!(shown(&map), shown(&read(&written(&map)).unwrap()));
        }
    }

    /// If this fails, the form of what is written has changed: its version goes up, and the sum below with it.
    #[test]
    fn the_form_is_that_of_its_version() {
        let bytes = written(&map_of(60, u64::MAX));
        assert_eq!((FORM.version, crc32fast::hash(body(&bytes))), (3, 777_375_550));
    }

    #[test]
    fn every_cut_of_a_map_is_told() {
        let bytes = written(&map_of(40, u64::MAX));
        for length in 0..bytes.len() {
            assert!(matches!(read(&bytes[..length]), Err(StoredError::CutShort)), "{length}");
            // As if the map ended there.
            assert!(length == bytes.len() - 4 || read(&resealed(&bytes[..length])).is_err(), "{length}");
        }
    }

    fn refused(change: impl FnOnce(&mut RouteMap)) -> String {
        let mut map = map_of(40, u64::MAX);
        change(&mut map);
        let mut bytes = Vec::new();
        stored::write(&FORM, &map, &mut bytes).unwrap();
        read(&bytes).unwrap_err().to_string()
    }

    fn destination(map: &mut RouteMap) -> &mut DestinationSums {
        map.nameless.destinations.values_mut().next().unwrap()
    }

    #[test]
    fn what_breaks_the_rules_of_maps_is_refused() {
        assert!(refused(|map| map.nameless.traffic.bytes_up = u64::MAX).contains("figures"));
        assert!(refused(|map| destination(map).rtt_samples = 1 << 53).contains("figures"));
        let crowded = |map: &mut RouteMap| {
            let sums = map.reasons.values_mut().next().unwrap();
            (0..20).for_each(|at| _ = sums.examples.insert((crate::capture::FrameId::new(0, at), "x".into())));
        };
        assert!(refused(crowded).contains("examples"));
        // Halved samples under another key: the least step that keeps some of the names.
        let other = |map: &mut RouteMap| {
            let halved = (1..12).map(|shift| map_of(300, 1_000_000 >> shift)).find(|map| map.shortage().is_some());
            *map = halved.unwrap();
            map.bounds.key = crate::flow::SampleKey::from_words(9, 9);
        };
        assert!(refused(other).contains("does not choose"));
    }

    /// Maps as large as one may be that is read: no number of them fills a sum.
    #[test]
    fn maps_of_any_figures_merge_until_they_are_refused() {
        let mut map = RouteMap::default();
        map.nameless.traffic.bytes_up = AMOUNT_LIMIT;
        let largest = read(&written(&map)).unwrap();
        let mut whole = RouteMap::default();
        let merged = (0..5_000).take_while(|_| whole.merge(largest.clone()).is_ok()).count() as u64;
        assert_eq!((merged, whole.nameless.traffic.bytes_up), (256, 256 * AMOUNT_LIMIT));
        assert_eq!(whole.merge(largest), Err(CannotMerge::TooLarge));
        assert_eq!(whole.nameless.traffic.bytes_up, 256 * AMOUNT_LIMIT, "nothing is changed");
        assert_eq!(whole.merge(RouteMap::default()), Ok(()));
        assert!(read(&written(&whole)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// With a checksum that fits: refused, or a map that merges, is written and shown.
        #[test]
        fn changed_bytes_never_panic(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6), is_short in any::<bool>()) {
            let mut bytes = written(&map_of(50, if is_short { 9_000 } else { u64::MAX }));
            let end = bytes.len() - 4;
            let start = end - body(&bytes).len();
            for (at, byte) in changes {
                bytes[start + usize::from(at) % (end - start)] = byte;
            }
            if let Ok(map) = read(&resealed(&bytes[..end])) {
                let mut whole = map_of(30, 20_000);
                whole.append(map.clone());
                whole.append(map);
                shown(&whole);
                written(&whole);
            }
        }
    }
}
