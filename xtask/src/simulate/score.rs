//! What the rules made of simulated captures.

use super::capture::Server;
use whither::place::Country;
use whither::standing::{Distances, Judgement, PhysicsState, Verdict};

/// Classes of how much nearer a server is than the country that is wrongly claimed for it, in km.
const NEARER_KM: [f64; 3] = [1000.0, 3000.0, 8000.0];
/// The rule that was used before: the least handshake, two thirds of the speed of light, 25 km.
const OLD_KM_PER_MS: f64 = 99.93;

/// Claims of one class.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Caught {
    pub(super) claims: u32,
    pub(super) old: u32,
    pub(super) contradicted: u32,
    pub(super) ruled_out: u32,
    pub(super) confirmed: u32,
}

impl Caught {
    fn add(&mut self, old: bool, verdict: Option<Verdict>, is_confirmed: bool) {
        self.claims += 1;
        self.old += u32::from(old);
        self.contradicted += u32::from(verdict.is_some());
        self.ruled_out += u32::from(verdict == Some(Verdict::RuledOut));
        self.confirmed += u32::from(is_confirmed);
    }

    fn merge(&mut self, other: &Self) {
        self.claims += other.claims;
        self.old += other.old;
        self.contradicted += other.contradicted;
        self.ruled_out += other.ruled_out;
        self.confirmed += other.confirmed;
    }
}

/// Sums over captures of one kind.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Score {
    /// Claims that are true: those taken out are errors.
    pub(super) right: Caught,
    /// Claims that are not, by how much nearer the server is.
    pub(super) wrong: [Caught; 4],
    pub(super) captures: u32,
    /// Captures in which round trips were refused.
    pub(super) refused: u32,
}

impl Score {
    /// Adds a capture.
    pub(super) fn add(&mut self, distances: &Distances, servers: &[Server], judgement: &Judgement) {
        self.captures += 1;
        self.refused += u32::from(judgement.physics == PhysicsState::Refused);
        for (server, judged) in servers.iter().zip(&judgement.judged) {
            let floor = |country: Country| distances.floor_km(country).unwrap_or(0.0);
            let old = server.least_handshake_ms * OLD_KM_PER_MS < floor(server.claimed);
            let verdict = judged.exclusions.iter().find(|one| one.country == server.claimed).map(|one| one.verdict);
            let is_confirmed = judged.confirmation == Some(whither::standing::Confirmation::RoundTrip);
            let nearer = floor(server.claimed) - floor(server.country);
            let class = NEARER_KM.iter().filter(|limit| nearer >= **limit).count();
            let class =
                if server.claimed == server.country { Some(&mut self.right) } else { self.wrong.get_mut(class) };
            if let Some(class) = class {
                class.add(old, verdict, is_confirmed);
            }
        }
    }

    /// Adds the captures of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.right.merge(&other.right);
        self.wrong.iter_mut().zip(&other.wrong).for_each(|(class, other)| class.merge(other));
        self.captures += other.captures;
        self.refused += other.refused;
    }
}
