//! What round trips cannot tell from a vantage, said beforehand.

use super::bound::GLASS_KM_PER_MS;
use super::distances::Distances;
use crate::place::Country;

/// A country nearer than this, in ms of round trip through glass, is worth a word: most servers answer more slowly.
const NEAR_MS: f64 = 20.0;

/// What round trips from a vantage can say against one country.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Sight {
    /// Nothing: the vantage may lie in it, or in what it claims.
    Nothing,
    /// Only shorter ones exclude it.
    Below {
        /// The least round trip that leaves it possible, through glass.
        ms: f64,
    },
}

impl Sight {
    /// What can be said from here; none where the distance is not known.
    pub fn of(distances: &Distances, country: Country) -> Option<Self> {
        let floor_km = distances.floor_km(country)?;
        Some(if floor_km > 0.0 { Self::Below { ms: floor_km / GLASS_KM_PER_MS } } else { Self::Nothing })
    }

    /// The sentence for a country that is claimed in the capture, where that is near enough to be worth it.
    pub fn sentence(distances: &Distances, country: Country) -> Option<String> {
        let label = &distances.vantage().label;
        let name = match country.code() {
            "CN" => "mainland China",
            _ => country.name()?,
        };
        let claimed = distances.least_ms(country).filter(|ms| *ms > 0.0);
        match (Self::of(distances, country)?, claimed) {
            (Self::Below { ms }, _) if ms >= NEAR_MS => None,
            (Self::Below { ms }, _) => Some(format!("From {label}, round trips exclude {name} only below {ms:.1} ms.")),
            // What a state claims here keeps it possible; without that, this is all that could be told.
            (Self::Nothing, Some(ms)) => Some(format!(
                "From {label}, round trips decide nothing about {name}: even without its claims they would exclude it only below {ms:.1} ms."
            )),
            (Self::Nothing, None) => Some(format!("From {label}, round trips decide nothing about {name}.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Vantage;

    #[test]
    fn what_cannot_be_told_is_said() {
        let sentence = |label: &str, latitude, longitude, code: &str| {
            let vantage = Vantage { label: label.into(), latitude, longitude, radius_km: 15.0 };
            Sight::sentence(&Distances::new(vantage), Country::new(code).unwrap())
        };
        let from_taipei = sentence("Taipei, TW", 25.04, 121.57, "CN").unwrap();
        assert!(
            from_taipei.contains("decide nothing about mainland China") && from_taipei.contains("only below 1."),
            "{from_taipei}"
        );
        let from_delhi = sentence("Delhi, IN", 28.61, 77.21, "CN").unwrap();
        assert!(
            from_delhi.starts_with("From Delhi, IN, round trips exclude mainland China only below "),
            "{from_delhi}"
        );
        assert_eq!(sentence("Delhi, IN", 28.61, 77.21, "US"), None);
    }
}
