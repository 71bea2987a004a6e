//! What reading a hostile capture may cost, against a harmless one of the same size and against itself at twice the size.

use super::cost::Cost;

/// CPU time of a harmless capture is taken to be this at least.
const LEAST_SECONDS: f64 = 0.02;
/// Below this no growth is judged: it would be that of the start of the program.
const JUDGED_SECONDS: f64 = 0.3;
/// At most so many times the CPU time of a harmless capture.
const TIMES_HARMLESS: f64 = 50.0;
/// Twice the input takes at most so many times as long.
const GROWTH: f64 = 2.3;
/// What is taken beside the limit: the program itself, its stacks, the pages of files.
const BESIDE_BYTES: f64 = (40 << 20) as f64;
/// And this part of the limit.
const OF_LIMIT: f64 = 1.25;

/// A kind at a size and at twice the size.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Costs {
    pub(super) once: Cost,
    pub(super) twice: Cost,
}

impl Costs {
    /// The same kind measured again: CPU time is what it is on a machine that does nothing else, so the least counts; memory and
    /// faults are what they are, so the worst does.
    pub(super) fn measured_again(self, again: Self) -> Self {
        let both = |a: Cost, b: Cost| Cost {
            cpu_seconds: a.cpu_seconds.min(b.cpu_seconds),
            peak_bytes: a.peak_bytes.max(b.peak_bytes),
            fault: a.fault.or(b.fault),
        };
        Self { once: both(self.once, again.once), twice: both(self.twice, again.twice) }
    }

    /// Whether a run was ended or failed: there is nothing to measure again.
    pub(super) fn has_fault(&self) -> bool {
        self.once.fault.is_some() || self.twice.fault.is_some()
    }

    pub(super) fn peak_bytes(&self) -> u64 {
        self.once.peak_bytes.max(self.twice.peak_bytes)
    }

    /// How much longer twice the input takes.
    pub(super) fn growth(&self) -> f64 {
        self.twice.cpu_seconds / self.once.cpu_seconds.max(0.001)
    }

    /// How much longer it takes than harmless input of the same size.
    pub(super) fn times(&self, harmless: &Self) -> f64 {
        self.once.cpu_seconds / harmless.once.cpu_seconds.max(LEAST_SECONDS)
    }

    /// The bounds of time that are broken, in words.
    pub(super) fn too_slow(&self, harmless: &Self) -> Vec<String> {
        let is_dear = self.times(harmless) > TIMES_HARMLESS;
        let grows = self.once.cpu_seconds > JUDGED_SECONDS && self.growth() > GROWTH;
        let dear = is_dear.then(|| format!("more than {TIMES_HARMLESS} times a harmless capture"));
        dear.into_iter().chain(grows.then(|| "grows faster than its input".to_owned())).collect()
    }

    /// All bounds that are broken, in words.
    pub(super) fn broken(&self, harmless: &Self, limit_bytes: u64) -> Vec<String> {
        let faults = [&self.once, &self.twice].into_iter().find_map(|cost| cost.fault.clone());
        let is_large = self.peak_bytes() as f64 > OF_LIMIT * limit_bytes as f64 + BESIDE_BYTES;
        let large = is_large.then(|| "memory over the limit".to_owned());
        faults.into_iter().chain(self.too_slow(harmless)).chain(large).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(once: f64, twice: f64, peak_bytes: u64) -> Costs {
        let cost = |cpu_seconds| Cost { cpu_seconds, peak_bytes, fault: None };
        Costs { once: cost(once), twice: cost(twice) }
    }

    #[test]
    fn each_bound_is_told_when_it_is_broken() {
        let harmless = costs(0.1, 0.2, 1 << 20);
        let broken = |costs: Costs| costs.broken(&harmless, 64 << 20);
        assert!(broken(costs(0.25, 5.0, 120_000_000)).is_empty(), "too short to judge its growth");
        assert!(broken(costs(4.9, 11.0, 120_000_000)).is_empty());
        assert_eq!(broken(costs(0.4, 1.0, 1)), ["grows faster than its input"]);
        assert_eq!(broken(costs(5.1, 10.2, 1)), ["more than 50 times a harmless capture"]);
        assert_eq!(broken(costs(0.1, 0.2, 126_000_000)), ["memory over the limit"]);
        let mut late = costs(0.1, 0.2, 1);
        late.twice.fault = Some("no end in 60 s".to_owned());
        assert_eq!(broken(late), ["no end in 60 s"]);
    }

    #[test]
    fn what_is_measured_again_keeps_the_least_time_and_the_most_memory() {
        let again = costs(0.4, 1.5, 10).measured_again(costs(0.7, 0.8, 30));
        assert_eq!(again, costs(0.4, 0.8, 30));
    }
}
