//! Three sums of bytes to a verdict, and its words.

use super::fit::Part;
use super::rule::{Direction, Kind};
use crate::standing::{Interval, LEAST_BYTES, Percent};
use serde::Serialize;

/// What may be said of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds, whatever the bytes are that are only possible or cannot be placed.
    Holds,
    /// It is broken, whatever they are.
    Broken,
    /// They decide.
    Undecidable,
    /// None of its apps exchanged payload with an endpoint that answered.
    NotObserved,
}

impl Verdict {
    /// Its word in machine-readable outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Undecidable => "undecidable",
            Self::NotObserved => "not_observed",
        }
    }
}

/// The bytes that a rule is about: those that fit its table; for `allow_only` those that do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// All bytes of its apps and direction.
    pub total: u64,
    /// The bytes that it is about.
    pub part: Part,
    /// So many of them do not count.
    pub threshold: u64,
}

impl Bounds {
    /// The verdict.
    pub const fn verdict(&self, kind: Kind) -> Verdict {
        let Self { total, part: Part { low, upper, .. }, threshold } = *self;
        match kind {
            _ if total == 0 => Verdict::NotObserved,
            Kind::Deny | Kind::AllowOnly if upper <= threshold => Verdict::Holds,
            Kind::Deny | Kind::AllowOnly if low > threshold => Verdict::Broken,
            Kind::Expect if low > threshold => Verdict::Holds,
            Kind::Expect if upper <= threshold => Verdict::Broken,
            _ => Verdict::Undecidable,
        }
    }

    /// The verdict in words.
    pub fn says(&self, kind: Kind, direction: Direction) -> String {
        let Self { total, part, .. } = *self;
        match self.verdict(kind) {
            Verdict::Holds => "supported at the endpoint".to_owned(),
            Verdict::NotObserved => "not observed in this capture".to_owned(),
            Verdict::Broken => {
                // What contradicts an expectation are the bytes that do not fit.
                let (low, high) = match kind {
                    Kind::Expect => (total.saturating_sub(part.upper), total.saturating_sub(part.low)),
                    Kind::Deny | Kind::AllowOnly => (part.low, part.high),
                };
                format!("not supported at the endpoint for {}", amount(low, high, total, direction))
            }
            Verdict::Undecidable => {
                let share = |bytes: u64| match total {
                    ..LEAST_BYTES => format!("{bytes} of {total} {} bytes", direction.word()),
                    _ => format!("{} %", Percent::at_most(bytes, total)),
                };
                let possible = part.possible();
                let possible = (possible > 0).then(|| format!("{} possible, not confirmed", share(possible)));
                let unplaced = (part.unplaced() > 0).then(|| format!("{} cannot be placed", share(part.unplaced())));
                let both: Vec<String> = unplaced.into_iter().chain(possible).collect();
                format!("undecidable: {}", both.join("; "))
            }
        }
    }

    /// The share of what is certain or possible: `12 to 40 %`.
    pub const fn interval(&self) -> Interval {
        Interval { certain: self.part.low, possible: self.part.possible(), total: self.total }
    }
}

/// `12 to 40 % of sent bytes`; bytes where there are too few for percentages.
fn amount(low: u64, high: u64, total: u64, direction: Direction) -> String {
    let word = direction.word();
    if total < LEAST_BYTES {
        let from = if low == high { String::new() } else { format!("{low} to ") };
        return format!("{from}{high} of {total} {word} bytes");
    }
    let (least, most) = (Percent::at_least(low, total), Percent::at_most(high, total));
    if low == high || least == most {
        // One amount has one figure, and the lower one claims less.
        format!("{least} % of {word} bytes")
    } else {
        format!("{least} to {most} % of {word} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(low: u64, high: u64, upper: u64, threshold: u64) -> Bounds {
        Bounds { total: 10_000, part: Part { low, high, upper }, threshold }
    }

    #[test]
    fn the_table_of_verdicts() {
        use Kind::{AllowOnly, Deny, Expect};
        use Verdict::{Broken, Holds, NotObserved, Undecidable};
        // low, high, upper, threshold: deny and allow_only, expect
        for (row, deny, expect) in [
            ((0, 0, 0, 0), Holds, Broken),
            ((0, 0, 1, 0), Undecidable, Undecidable),
            ((0, 1, 1, 0), Undecidable, Undecidable),
            ((1, 1, 1, 0), Broken, Holds),
            ((1, 5, 10_000, 0), Broken, Holds),
            ((0, 300, 500, 500), Holds, Broken),
            ((500, 500, 500, 500), Holds, Broken),
            ((0, 300, 501, 500), Undecidable, Undecidable),
            ((500, 600, 600, 500), Undecidable, Undecidable),
            ((501, 501, 501, 500), Broken, Holds),
        ] {
            let bounds = bounds(row.0, row.1, row.2, row.3);
            assert_eq!([Deny, AllowOnly, Expect].map(|kind| bounds.verdict(kind)), [deny, deny, expect], "{row:?}");
        }
        assert!([Deny, AllowOnly, Expect].iter().all(|kind| Bounds::default().verdict(*kind) == NotObserved));
    }

    #[test]
    fn words_claim_no_more_than_the_sums() {
        let says = |kind, row: (u64, u64, u64, u64)| bounds(row.0, row.1, row.2, row.3).says(kind, Direction::Up);
        assert_eq!(says(Kind::Deny, (0, 0, 0, 0)), "supported at the endpoint");
        assert_eq!(
            says(Kind::Deny, (1_250, 4_001, 5_000, 0)),
            "not supported at the endpoint for 12 to 41 % of sent bytes"
        );
        assert_eq!(
            says(Kind::AllowOnly, (6_650, 6_650, 6_650, 0)),
            "not supported at the endpoint for 66 % of sent bytes"
        );
        assert_eq!(says(Kind::Deny, (1, 1, 1, 0)), "not supported at the endpoint for under 1 % of sent bytes");
        assert_eq!(says(Kind::Expect, (0, 0, 0, 0)), "not supported at the endpoint for 100 % of sent bytes");
        assert_eq!(says(Kind::Deny, (0, 0, 8_078, 0)), "undecidable: 81 % cannot be placed");
        assert_eq!(
            says(Kind::Expect, (0, 1_922, 10_000, 0)),
            "undecidable: 81 % cannot be placed; 20 % possible, not confirmed"
        );
        let few = Bounds { total: 900, part: Part { low: 400, high: 700, upper: 700 }, threshold: 0 };
        assert_eq!(
            few.says(Kind::Deny, Direction::Both),
            "not supported at the endpoint for 400 to 700 of 900 sent and received bytes"
        );
        let few = Bounds { threshold: 500, ..few };
        assert_eq!(
            few.says(Kind::Deny, Direction::Down),
            "undecidable: 300 of 900 received bytes possible, not confirmed"
        );
        assert_eq!(Bounds::default().says(Kind::Deny, Direction::Up), "not observed in this capture");
    }
}
