//! Times to the date and the time since the first packet.

use crate::report::rfc3339;

const DAY_NS: i64 = 86_400 * 1_000_000_000;

/// Moves times so that the first packet falls on midnight of its day, in UTC: the date and all distances in time stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    shift_ns: i64,
}

impl Clock {
    /// The clock of captures whose first packet has this time, in ns since 1970 UTC.
    pub const fn of_first(first_ns: i64) -> Self {
        Self { shift_ns: first_ns.rem_euclid(DAY_NS) }
    }

    /// The same for a time as text; times stay as they are if there is none.
    pub fn of_text(first: Option<&str>) -> Self {
        first.and_then(parsed).map_or(Self::default(), Self::of_first)
    }

    /// A time, in ns since 1970 UTC.
    pub const fn moved(self, ns: i64) -> i64 {
        ns.saturating_sub(self.shift_ns)
    }

    /// A time as text; what is none becomes empty.
    pub(super) fn moved_text(self, time: &str) -> String {
        parsed(time).map_or_else(String::new, |ns| rfc3339(self.moved(ns)))
    }
}

fn parsed(time: &str) -> Option<i64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_and_distances_stay() {
        let clock = Clock::of_text(Some("2026-06-14T08:12:01.103452Z"));
        assert_eq!(clock.moved_text("2026-06-14T08:12:01.103452Z"), "2026-06-14T00:00:00Z");
        assert_eq!(clock.moved_text("2026-06-14T08:12:02Z"), "2026-06-14T00:00:00.896548Z");
        assert_eq!(clock.moved_text("no time"), "");
        assert_eq!(Clock::of_first(-1).moved(-1), -DAY_NS);
        assert_eq!(Clock::default().moved(7), 7);
    }
}
