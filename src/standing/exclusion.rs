//! What round trips say against a claim.

use super::bound::{GLASS_KM_PER_MS, LIGHT_KM_PER_MS, reach_km};
use crate::place::Country;

/// How much is said against a claim.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// The claim does not fit the round trip, and more is not said: it counts nowhere.
    Contradicted,
    /// The endpoint is not there.
    RuledOut,
}

/// The fastest that a path could be for the verdict to hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Speed {
    /// Glass fibre, at 0.69 of the speed of light.
    Glass,
    /// Nothing is faster.
    Light,
}

impl Speed {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Glass => "light in glass fibre",
            Self::Light => "light",
        }
    }
}

/// A claim that was taken out of the sums, with what it takes to check that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// The country claimed.
    pub country: Country,
    /// What is said.
    pub verdict: Verdict,
    /// The round trip that it rests on, with the step of the clock.
    pub round_trip_ns: u64,
    /// Flows to the address that were measured.
    pub flows: u32,
    /// The speed that it rests on.
    pub speed: Speed,
    /// How far the country is at least, in km.
    pub least_km: u32,
}

impl Exclusion {
    /// How far an endpoint can be that answers so soon, in km, rounded up.
    pub fn reach_km(&self) -> u32 {
        let km_per_ms = match self.speed {
            Speed::Glass => GLASS_KM_PER_MS,
            Speed::Light => LIGHT_KM_PER_MS,
        };
        reach_km(self.round_trip_ns, km_per_ms).ceil() as u32
    }
}

impl std::fmt::Display for Exclusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.country.name().unwrap_or(self.country.code());
        let ms = self.round_trip_ns as f64 / 1e6;
        let verdict = match self.verdict {
            Verdict::RuledOut => "is ruled out",
            Verdict::Contradicted => "does not fit the round trip",
        };
        let (least_km, flows, speed) = (self.least_km, self.flows, self.speed.word());
        let plural = if flows == 1 { "" } else { "s" };
        write!(
            f,
            "{name} {verdict}: it is at least {least_km} km away, and {speed} cannot go there and back in {ms:.1} ms (least of {flows} flow{plural})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusion_says_what_it_rests_on() {
        let exclusion = Exclusion {
            country: Country::new("AU").unwrap(),
            verdict: Verdict::RuledOut,
            round_trip_ns: 37_200_000,
            flows: 3,
            speed: Speed::Light,
            least_km: 11_300,
        };
        assert_eq!(
            exclusion.to_string(),
            "Australia is ruled out: it is at least 11300 km away, and light cannot go there and back in 37.2 ms (least of 3 flows)"
        );
        assert_eq!(exclusion.reach_km(), 5577);
    }
}
