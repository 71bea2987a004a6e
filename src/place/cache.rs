//! A cache of places: of whole blocks of addresses where every database says the same of all of a block, else of single addresses.
//!
//! The servers of a service have neighbouring addresses, so most addresses of a capture are in a block that was looked up before.

use super::block::Block;
use super::facts::{Place, Scope};
use super::places::Places;
use super::scope::{routed, scope};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Most blocks kept, and most single addresses. A look-up is cheap, so that keeping more does not pay.
const LIMIT: usize = 1 << 14;
/// How many of each are kept however little memory there is.
const LEAST: usize = 1 << 8;
/// Bytes that a block and a single address take together, with their places, about.
const BYTES: u64 = 1_024;

/// What tells a block from all others.
fn key(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits() >> (32 - Block::FOUR)),
        IpAddr::V6(ip) => 1 << 63 | (ip.to_bits() >> (128 - Block::SIX)) as u64,
    }
}

/// What is kept of a block.
#[derive(Clone, Debug)]
enum Entry {
    /// One address was looked up, and nothing else is known.
    One(IpAddr, Arc<Place>),
    /// The place of all addresses.
    All(Arc<Place>),
    /// Addresses differ.
    Mixed,
}

/// The places of the addresses that were looked up.
#[derive(Clone, Debug)]
pub struct PlaceCache {
    limit: usize,
    blocks: HashMap<u64, Entry, RandomState>,
    mixed: HashMap<IpAddr, Arc<Place>, RandomState>,
    /// Places of addresses that are not on the public network, by scope.
    elsewhere: HashMap<Scope, Arc<Place>, RandomState>,
}

impl Default for PlaceCache {
    fn default() -> Self {
        Self::of(u64::MAX)
    }
}

impl PlaceCache {
    /// A cache that takes at most about so many bytes.
    pub fn of(bytes: u64) -> Self {
        let limit = usize::try_from(bytes / BYTES).unwrap_or(LIMIT).clamp(LEAST, LIMIT);
        Self { limit, blocks: HashMap::default(), mixed: HashMap::default(), elsewhere: HashMap::default() }
    }

    /// The place that [`Places::locate`] gives.
    pub fn locate(&mut self, places: &Places, ip: IpAddr) -> Arc<Place> {
        let scope = scope(ip);
        if scope != Scope::Global {
            return self.elsewhere.entry(scope).or_insert_with(|| Arc::new(places.locate(ip))).clone();
        }
        let ip = routed(ip);
        let key = key(ip);
        match self.blocks.get_mut(&key) {
            Some(Entry::All(place)) => return place.clone(),
            Some(Entry::One(known, place)) if *known == ip => return place.clone(),
            Some(entry @ Entry::One(..)) => {
                if let Entry::One(known, place) = std::mem::replace(entry, Entry::Mixed) {
                    if places.is_uniform(Block::of(ip)) {
                        *entry = Entry::All(place.clone());
                        return place;
                    }
                    self.remember(known, place);
                }
            }
            Some(Entry::Mixed) => {}
            None => {
                if self.blocks.len() >= self.limit {
                    self.blocks.clear();
                }
                let place = Arc::new(places.locate(ip));
                self.blocks.insert(key, Entry::One(ip, place.clone()));
                return place;
            }
        }
        if let Some(place) = self.mixed.get(&ip) {
            return place.clone();
        }
        let place = Arc::new(places.locate(ip));
        self.remember(ip, place.clone());
        place
    }

    fn remember(&mut self, ip: IpAddr, place: Arc<Place>) {
        if self.mixed.len() >= self.limit {
            self.mixed.clear();
        }
        self.mixed.insert(ip, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_is_what_shares_the_first_bits() {
        let block = Block::of("203.205.254.77".parse().unwrap());
        assert_eq!(
            (block.first.to_string(), block.last.to_string()),
            ("203.205.254.0".into(), "203.205.254.255".into())
        );
        let block = Block::of("2001:db8:1:2::3".parse().unwrap());
        assert_eq!(block.first.to_string(), "2001:db8:1::");
        assert_eq!(block.last.to_string(), "2001:db8:1:ffff:ffff:ffff:ffff:ffff");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever was asked before, in blocks of one place and of several.
        #[test]
        fn remembers_what_the_databases_say(
            blocks in prop::collection::vec((any::<u32>(), any::<bool>()), 1..6),
            asked in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
            with_user: bool,
        ) {
            static PLACES: std::sync::OnceLock<[Places; 2]> = std::sync::OnceLock::new();
            let file = || concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mmdb/flat-v4.mmdb").into();
            let places = PLACES.get_or_init(|| [Places::open(&[]).unwrap(), Places::open(&[file()]).unwrap()]);
            let places = &places[usize::from(with_user)];
            let mut memory = PlaceCache::default();
            for (index, low) in asked {
                // Half of the blocks are those of the users' file, and those of special addresses.
                let (block, is_known) = blocks[index.index(blocks.len())];
                let base = if is_known { [0xcbcd_8064, 0xc000_0000, 0x5dab_d800][block as usize % 3] } else { block };
                let ip = IpAddr::V4((base & !0xff | u32::from(low)).into());
                let ip = if block % 5 == 0 { format!("64:ff9b::{ip}").parse().unwrap() } else { ip };
                prop_assert_eq!(&*memory.locate(places, ip), &places.locate(ip), "{}", ip);
            }
        }
    }
}
