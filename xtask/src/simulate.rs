//! `cargo xtask simulate`: the rules of `whither::standing` held to captures of which the truth is known.
//!
//! The same seed gives the same captures. The figures stand in `docs/evidence.md`.

mod capture;
mod kind;
mod score;
mod world;

use crate::synth::random::Random;
use kind::{Demand, KINDS, Kind};
use score::Score;
use std::io::Write;
use whither::place::Vantage;
use whither::standing::{Distances, judge_from};

/// How far a user's city may be from the device.
const RADIUS_KM: f64 = 25.0;
/// True claims of 1,000 that may be ruled out where something odd stands between.
const SELDOM: f64 = 1.5;

/// Options of the command.
#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// True claims of each kind and seed.
    #[arg(long, default_value_t = 12_000)]
    claims: u32,
    /// Seeds, of which the figures are the sum.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 3])]
    seeds: Vec<u64>,
    /// Let wrong claims fall on any address, not on whole networks.
    #[arg(long)]
    scattered: bool,
    /// Only kinds whose name holds this.
    #[arg(long, default_value = "")]
    kind: String,
}

/// Runs the simulation and prints the table.
///
/// # Errors
/// If a kind misses what is demanded of it, or stdout cannot be written to.
pub(crate) fn run(options: &Simulate) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let places = places();
    writeln!(
        out,
        "| kind | true claims | old rule | contradicted | ruled out | confirmed, false | refused | wrong claims out | of these ruled out |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
    let mut missed = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.name.contains(&options.kind)) {
        let mut score = Score::default();
        for seed in &options.seeds {
            score.merge(&simulate(&places, *kind, *seed, options.claims, !options.scattered));
        }
        let right = score.right;
        let wrong = score.wrong.iter().fold((0, 0, 0, 0), |sum, one| {
            (sum.0 + one.claims, sum.1 + one.contradicted, sum.2 + one.ruled_out, sum.3 + one.confirmed)
        });
        let percent = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole.max(1));
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {:.0} % | {:.0} % | {:.0} % |",
            kind.name,
            right.claims,
            right.old,
            right.contradicted,
            right.ruled_out,
            wrong.3,
            percent(score.refused, score.captures),
            percent(wrong.1, wrong.0),
            percent(wrong.2, wrong.0),
        )?;
        if !meets(*kind, &score) {
            missed.push(kind.name);
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("not as demanded: {}", missed.join(", ")).into()) }
}

/// Vantages with their distances.
fn places() -> Vec<Distances> {
    let vantage = |(latitude, longitude)| Vantage { label: String::new(), latitude, longitude, radius_km: RADIUS_KM };
    world::vantages().into_iter().map(|point| Distances::new(vantage(point))).collect()
}

/// Captures of a kind until they hold so many true claims.
fn simulate(places: &[Distances], kind: Kind, seed: u64, claims: u32, is_clustered: bool) -> Score {
    let name = kind.name.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut random = Random::new(name);
    let mut score = Score::default();
    while score.right.claims < claims {
        let Some(at) = usize::try_from(random.below(u32::try_from(places.len()).unwrap_or(1))).ok() else { break };
        let Some(distances) = places.get(at) else { break };
        let point = (distances.vantage().latitude, distances.vantage().longitude);
        let servers = capture::capture(&mut random, kind, point, &world::neighbours(point), is_clustered);
        let endpoints: Vec<_> = servers.iter().map(|server| server.endpoint.clone()).collect();
        score.add(distances, &servers, &judge_from(Some(distances), &endpoints));
    }
    score
}

fn meets(kind: Kind, score: &Score) -> bool {
    let right = score.right;
    match kind.demand {
        Demand::Clean => right.contradicted == 0,
        Demand::NeverRuledOut => right.ruled_out == 0,
        Demand::Stated => true,
        Demand::SeldomRuledOut => f64::from(right.ruled_out) * 1000.0 <= SELDOM * f64::from(right.claims),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_simulation_meets_what_is_demanded() {
        let places: Vec<Distances> = places().into_iter().step_by(40).collect();
        for name in ["device", "router", "tight glass", "TCP proxy in the LAN", "wrong --from by over 8,000 km"] {
            let kind = *KINDS.iter().find(|kind| kind.name == name).unwrap();
            let score = simulate(&places, kind, 7, 300, true);
            assert!(meets(kind, &score), "{name}: {score:?}");
            let again = simulate(&places, kind, 7, 300, true);
            assert_eq!(format!("{score:?}"), format!("{again:?}"), "{name}");
        }
    }

    #[test]
    fn names_of_kinds_are_distinct() {
        let names: std::collections::BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
    }
}
