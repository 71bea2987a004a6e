//! Numbers to words: bytes, shares, counts, times. One way of writing each, in every output meant for people.

/// Bytes with two figures and a decimal unit (SI): `512 B`, `3.1 MB`, `128 kB`.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if value < 1000 {
        return format!("{value} B");
    }
    let mut scaled = value as f64 / 1000.0;
    let mut units = UNITS.iter().peekable();
    let mut unit = units.next().copied().unwrap_or_default();
    // 999.5 would be written as 1000.
    while scaled >= 999.5 {
        let Some(next) = units.next() else { break };
        scaled /= 1000.0;
        unit = next;
    }
    if scaled < 9.95 { format!("{scaled:.1} {unit}") } else { format!("{scaled:.0} {unit}") }
}

/// A whole number with thousands separated: `48,213`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of things: `1 flow`, `41 flows`.
pub fn plural(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// A share between 0 and 1: `71 %`, `1.2 %`, `<0.1 %`.
pub fn share(value: f64) -> String {
    let percent = value * 100.0;
    if percent.is_nan() || percent <= 0.0 {
        "0 %".to_owned()
    } else if percent < 0.05 {
        "<0.1 %".to_owned()
    } else if percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// The share of a part in a whole; 0 where the whole is nothing.
pub fn part(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Milliseconds: `7.2 ms`, `31 ms`.
pub fn milliseconds(value: f64) -> String {
    if value < 9.95 { format!("{value:.1} ms") } else { format!("{value:.0} ms") }
}

/// A length of time: `4.1 s`, `12 min 41 s`, `3 h 5 min`, `2 d 4 h`.
pub fn duration(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    match seconds {
        0..10 => format!("{:.1} s", ns as f64 / 1e9),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", count(seconds / 86_400), seconds % 86_400 / 3600),
    }
}

/// A length in bytes of RFC 3339 with nanoseconds in UTC: `2026-06-01T09:30:00.123456789Z`.
pub const TIME_LENGTH: usize = 30;

/// Nanoseconds since 1970 UTC as RFC 3339 in UTC with nanoseconds. Covers all of `i64` (years 1677 to 2262).
///
/// The date follows from the day number by Howard Hinnant's `civil_from_days`: one is written per flow, and there are
/// millions of flows.
pub fn time(ns: i64) -> [u8; TIME_LENGTH] {
    const NS_PER_DAY: i64 = 86_400_000_000_000;
    let (days, of_day) = (ns.div_euclid(NS_PER_DAY), ns.rem_euclid(NS_PER_DAY));
    // Days since 0000-03-01, so that the leap day ends the year. Every value below is positive and small.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, fraction) = (of_day / 1_000_000_000, of_day % 1_000_000_000);

    let mut out = *b"0000-00-00T00:00:00.000000000Z";
    let mut put = |from: usize, to: usize, mut value: i64| {
        for slot in out.get_mut(from..to).into_iter().flatten().rev() {
            *slot = b'0' + (value % 10) as u8;
            value /= 10;
        }
    };
    put(0, 4, year);
    put(5, 7, month);
    put(8, 10, day);
    put(11, 13, seconds / 3600);
    put(14, 16, seconds / 60 % 60);
    put(17, 19, seconds % 60);
    put(20, 29, fraction);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_have_two_figures() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (3_100_000, "3.1 MB"),
            (31_400_000, "31 MB"),
            (u64::MAX, "18 EB"),
        ];
        for (value, expected) in cases {
            assert_eq!(bytes(value), expected);
        }
    }

    #[test]
    fn shares_counts_and_times() {
        assert_eq!(
            [share(0.714), share(0.012), share(0.0001), share(0.0), share(f64::NAN)],
            ["71 %", "1.2 %", "<0.1 %", "0 %", "0 %"]
        );
        assert_eq!([count(0), count(999), count(1000), count(48_213_000)], ["0", "999", "1,000", "48,213,000"]);
        assert_eq!([plural(1, "flow", "flows"), plural(1200, "flow", "flows")], ["1 flow", "1,200 flows"]);
        assert_eq!([milliseconds(7.23), milliseconds(31.4)], ["7.2 ms", "31 ms"]);
        assert_eq!(
            [4_100_000_000, 761_000_000_000, 11_100_000_000_000, 200_000_000_000_000].map(duration),
            ["4.1 s", "12 min 41 s", "3 h 5 min", "2 d 7 h"]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn time_agrees_with_jiff(ns in any::<i64>()) {
            let expected = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap();
            let written = time(ns);
            prop_assert_eq!(std::str::from_utf8(&written).unwrap(), format!("{expected:.9}"));
        }
    }
}
