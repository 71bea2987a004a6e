//! A map that is written, and read again by another process: it merges there as if it had never been away.

use super::destination::DestinationSums;
use super::map::{AppSums, DEVICES, EXAMPLES, RouteMap};
use super::traffic::Traffic;
use crate::place::Place;
use crate::stored::{self, Form, StoredError};
use std::io::{self, Read, Write};

/// Goes up with each change of the types that a map is made of, or of what they mean.
const FORM: Form = Form { what: "a routing map", tag: *b"maps", version: 1 };

/// What all figures of a map may come to together. A byte is in a dozen of them, so this is room for captures of 300 TB; and four
/// thousand maps can be merged before a sum of 64 bits is full, whoever wrote them.
const AMOUNT_LIMIT: u64 = 1 << 52;
/// Thousandths of a degree from the equator to a pole.
const POLE: i32 = 90_000;

impl RouteMap {
    /// Writes the map, to be read by [`Self::read_from`] in the same version of whither. Equal maps are equal bytes.
    pub fn write_to(&mut self, writer: &mut impl Write) -> io::Result<()> {
        self.settle();
        stored::write(&FORM, self, writer)
    }

    /// Reads a map that takes no more than this many bytes as it is written; in memory it may take some forty times as much. What
    /// is read may come from anyone: what breaks a rule of maps is refused. The key by which names were chosen is the one it was
    /// written with, so that [`Self::merge`] can tell whether two maps fit.
    pub fn read_from(reader: &mut impl Read, limit_bytes: u64) -> Result<Self, StoredError> {
        let mut map: Self = stored::read(&FORM, reader, limit_bytes)?;
        map.check().map_err(StoredError::unsound)?;
        map.weigh();
        Ok(map)
    }

    /// Checks what the types do not hold by themselves; says what is wrong.
    fn check(&self) -> Result<(), &'static str> {
        if !self.step.exists() {
            return Err("there is no such step of memory");
        }
        if self.devices.len() > DEVICES {
            return Err("too many devices");
        }
        if self.reasons.values().any(|sums| sums.examples.len() > EXAMPLES) {
            return Err("too many examples of a reason");
        }
        let all = || self.apps.values().chain([&self.other_owners, &self.nameless]);
        all().try_for_each(|sums| self.check_app(sums))?;
        let reasons = self.reasons.values().flat_map(|sums| amounts(&sums.traffic));
        let amount = all().flat_map(amounts_of_app).chain(reasons).fold(0, u64::saturating_add);
        if amount > AMOUNT_LIMIT { Err("its figures are larger than those of any capture") } else { Ok(()) }
    }

    fn check_app(&self, sums: &AppSums) -> Result<(), &'static str> {
        let key = self.bounds.key;
        let is_chosen = sums.rules.is_chosen_by(key)
            && sums.destinations.values().all(|sums| {
                let DestinationSums { names, addresses, geography, .. } = &**sums;
                let places = geography.cities.is_chosen_by(key) && geography.coordinates.is_chosen_by(key);
                places && names.is_chosen_by(key) && addresses.is_chosen_by(key)
            });
        if !is_chosen {
            return Err("it keeps what its key does not choose");
        }
        let is_on_earth = sums.destinations.values().all(|sums| {
            let points = sums.geography.coordinates.iter().map(|(point, _)| *point);
            points.into_iter().all(is_point) && sums.facts.as_ref().is_none_or(|place| is_place(place))
        });
        if is_on_earth { Ok(()) } else { Err("coordinates that are nowhere on earth") }
    }
}

fn is_point((latitude, longitude): (i32, i32)) -> bool {
    (-POLE..=POLE).contains(&latitude) && (-2 * POLE..=2 * POLE).contains(&longitude)
}

fn is_place(place: &Place) -> bool {
    let points = place.opinions.iter().map(|opinion| opinion.coordinates).chain([place.coordinates]);
    // What is no number lies in no range.
    points.flatten().all(|(latitude, longitude)| latitude.abs() <= 90.0 && longitude.abs() <= 180.0)
}

fn amounts(traffic: &Traffic) -> [u64; 7] {
    let Traffic { bytes_up, bytes_down, packets_up, packets_down, payload_up, payload_down, flows } = *traffic;
    [bytes_up, bytes_down, packets_up, packets_down, payload_up, payload_down, flows]
}

/// All figures of an app that merging adds up.
fn amounts_of_app(sums: &AppSums) -> impl Iterator<Item = u64> {
    let rules = sums.rules.iter().map(|(_, &bytes)| bytes);
    let destinations = sums.destinations.values().flat_map(|sums| amounts_of_destination(sums));
    amounts(&sums.traffic).into_iter().chain(sums.evidence.values().copied()).chain(rules).chain(destinations)
}

fn amounts_of_destination(sums: &DestinationSums) -> impl Iterator<Item = u64> {
    let geography = &sums.geography;
    let names = sums.names.iter().map(|(_, sums)| sums.bytes);
    let cities = geography.cities.iter().map(|(_, &bytes)| bytes);
    let coordinates = geography.coordinates.iter().map(|(_, &bytes)| bytes);
    let opinions = geography.opinions.values().copied();
    let others = sums.parties.values().copied().chain([sums.rtt_samples]);
    amounts(&sums.traffic).into_iter().chain(names).chain(cities).chain(coordinates).chain(opinions).chain(others)
}

#[cfg(test)]
mod tests {
    use super::super::laws::{map_of, shown};
    use super::*;
    use crate::stored::tests::{body, resealed};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn written(mut map: RouteMap) -> Vec<u8> {
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
            let mut map = map_of(300, bytes);
            map.settle();
            assert_eq!(shown(&map), shown(&read(&written(map.clone())).unwrap()));
        }
    }

    /// If this fails, the form of what is written has changed: its version goes up, and the sum below with it.
    #[test]
    fn the_form_is_that_of_its_version() {
        let bytes = written(map_of(60, u64::MAX));
        assert_eq!((FORM.version, crc32fast::hash(body(&bytes))), (1, 2_479_113_395));
    }

    #[test]
    fn every_cut_of_a_map_is_told() {
        let bytes = written(map_of(40, u64::MAX));
        for length in 0..bytes.len() {
            assert!(matches!(read(&bytes[..length]), Err(StoredError::CutShort)), "{length}");
            // As if the map ended there.
            assert!(length == bytes.len() - 4 || read(&resealed(&bytes[..length])).is_err(), "{length}");
        }
    }

    fn refused(change: impl FnOnce(&mut RouteMap)) -> String {
        let mut map = map_of(40, u64::MAX);
        map.settle();
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
        let place = |coordinates| Some(Arc::new(Place { coordinates: Some(coordinates), ..Place::default() }));
        assert!(refused(|map| map.nameless.traffic.bytes_up = u64::MAX).contains("figures"));
        assert!(refused(|map| destination(map).rtt_samples = 1 << 53).contains("figures"));
        assert!(refused(|map| destination(map).facts = place((f32::NAN, 0.0))).contains("on earth"));
        assert!(refused(|map| destination(map).facts = place((0.0, -181.0))).contains("on earth"));
        let crowded = |map: &mut RouteMap| {
            let sums = map.reasons.values_mut().next().unwrap();
            (0..20).for_each(|at| _ = sums.examples.insert((crate::capture::FrameId::new(0, at), "x".into())));
        };
        assert!(refused(crowded).contains("examples"));
        // Halved samples under another key: the least step that keeps some of the names.
        let other = |map: &mut RouteMap| {
            let halved = (1..12).map(|shift| map_of(300, 1_000_000 >> shift)).find(|map| map.shortage().is_some());
            *map = halved.unwrap();
            map.settle();
            map.bounds.key = crate::flow::SampleKey::from_words(9, 9);
        };
        assert!(refused(other).contains("does not choose"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// With a checksum that fits: refused, or a map that merges, is written and shown.
        #[test]
        fn changed_bytes_never_panic(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6), is_short in any::<bool>()) {
            let mut bytes = written(map_of(50, if is_short { 9_000 } else { u64::MAX }));
            let end = bytes.len() - 4;
            let start = end - body(&bytes).len();
            for (at, byte) in changes {
                bytes[start + usize::from(at) % (end - start)] = byte;
            }
            if let Ok(map) = read(&resealed(&bytes[..end])) {
                let mut whole = map_of(30, 20_000);
                whole.append(map.clone());
                whole.append(map);
                whole.settle();
                shown(&whole);
                written(whole);
            }
        }
    }
}
