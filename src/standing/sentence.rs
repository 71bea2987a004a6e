//! Shares by country to the sentence that stands first: no more than the interval says, and what cannot be placed before anything
//! else where that is most of it.

use super::class::Standing;
use super::interval::{Held, Interval, Percent, Shares};
use super::judgement::Judged;
use crate::place::Country;

/// Percent of bytes from which a sentence begins with what cannot be placed.
const MOSTLY: u8 = 50;
/// Countries that a sentence names.
const NAMED: usize = 2;

/// Which way bytes go, seen from the device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// From the device to the endpoint.
    Sent,
    /// From the endpoint to the device.
    Received,
}

/// Why bytes cannot be placed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Unplaced {
    /// The standing of their address.
    pub standing: Standing,
    /// Where its block is registered.
    pub registry: Option<Country>,
}

/// Bytes of one app and way, by country.
pub type CountryShares = Shares<Country, Unplaced>;

impl Judged {
    /// How bytes exchanged with the address count; none where it belongs to no share.
    pub fn held(&self, registry: Option<Country>) -> Option<Held<'_, Country, Unplaced>> {
        let reason = Unplaced { standing: self.standing, registry };
        match (self.standing, self.candidates.as_slice()) {
            (Standing::Local | Standing::Special, _) => None,
            (Standing::Confirmed, [country, ..]) => Some(Held::Certain(country)),
            (_, candidates) => Some(Held::Possible(candidates, reason)),
        }
    }
}

/// The sentence. `stale_months` is how much younger the tables are than the capture (negative: older), where all that is said
/// rests on stale ones.
pub fn sentence(label: &str, way: Way, shares: &CountryShares, stale_months: Option<i32>) -> String {
    let (of_bytes, ended) = match way {
        Way::Sent => ("of the sent bytes", "ended at"),
        Way::Received => ("of the received bytes", "came from"),
    };
    let total = shares.total();
    if shares.is_small() {
        let verb = if way == Way::Sent { "sent" } else { "received" };
        let plural = if total == 1 { "byte was" } else { "bytes were" };
        return format!("{label}: {total} {plural} {verb}, too few for percentages.");
    }
    let countries = shares.intervals();
    let unplaced = shares.unplaced();
    let reason = reason(shares, stale_months.is_some());
    let tables = stale_months.map(tables).unwrap_or_default();
    if is_mostly(unplaced) {
        let placed = match countries.first() {
            None => String::new(),
            Some((_, first)) if first.certain == 0 => {
                let list = list(&countries, "");
                format!(
                    " Up to {list}{tables}; none is confirmed.",
                    list = list.replacen(" % in ", " % are reported in ", 1)
                )
            }
            Some(_) => format!(" Of the rest, {} {ended} endpoints there.", list(&countries, "up to ")),
        };
        return format!("{label}: {unplaced} % {of_bytes} cannot be placed: {reason}.{placed}");
    }
    let rest =
        if unplaced == Percent::Of(0) { String::new() } else { format!("; {unplaced} % cannot be placed ({reason})") };
    match countries.split_first() {
        None => format!("{label}: {unplaced} % {of_bytes} cannot be placed ({reason})."),
        Some(((_, first), _)) if first.certain == 0 => {
            let reported = list(&countries, "up to ").replacen(" % in ", " % are reported in ", 1);
            format!("{label}: none {of_bytes} is confirmed in a country; {reported}{tables}{rest}.")
        }
        Some(((country, first), others)) => {
            let others = list(others.get(..NAMED - 1).unwrap_or(others), "up to ");
            let others = if others.is_empty() { others } else { format!(", {others}") };
            format!("{label}: {first} {of_bytes} {ended} endpoints in {}{others}{tables}{rest}.", name(*country))
        }
    }
}

fn is_mostly(percent: Percent) -> bool {
    match percent {
        Percent::UnderOne => false,
        Percent::Of(percent) => percent >= MOSTLY,
        Percent::OverNinetyNine => true,
    }
}

/// `20 % in Singapore, up to 10 % in Hong Kong`, the first after a word of its own.
fn list(countries: &[(Country, Interval)], first: &str) -> String {
    let one = |(index, (country, interval)): (usize, &(Country, Interval))| {
        let share = match interval.certain {
            0 if index == 0 => format!("{first}{} %", interval.high()),
            0 => format!("up to {} %", interval.high()),
            _ => interval.to_string(),
        };
        format!("{share} in {}", name(*country))
    };
    countries.iter().take(NAMED).enumerate().map(one).collect::<Vec<_>>().join(", ")
}

/// The largest reason, with where the blocks are registered if that is one country.
fn reason(shares: &CountryShares, is_stale: bool) -> String {
    let reasons = shares.reasons();
    let sum = |standing: Standing| -> u64 {
        reasons
            .iter()
            .filter(|reason| reason.0.standing == standing)
            .fold(0, |sum, reason| sum.saturating_add(reason.1))
    };
    // Of equals the first.
    let Some(standing) = Standing::ALL.into_iter().rev().max_by_key(|standing| sum(*standing)) else {
        return String::new();
    };
    let why = standing.why_unplaced().unwrap_or("nothing is known of their addresses");
    if standing != Standing::Unrouted {
        return why.to_owned();
    }
    let mut registries = reasons.iter().filter(|reason| reason.0.standing == standing).map(|reason| reason.0.registry);
    let first = registries.next().flatten();
    let registered = first.filter(|first| registries.all(|other| other == Some(*first)));
    let registered = registered.map_or_else(String::new, |country| format!(" (block registered in {})", name(country)));
    format!("{why}{}{registered}", if is_stale { " any more" } else { "" })
}

/// How far the tables are from the capture.
fn tables(months: i32) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let years = months.unsigned_abs() / 12;
    let count = usize::try_from(years)
        .ok()
        .and_then(|years| WORDS.get(years))
        .map_or_else(|| years.to_string(), |word| (*word).to_owned());
    let (plural, than) = (if years == 1 { "" } else { "s" }, if months < 0 { "older" } else { "younger" });
    format!(" by tables {count} year{plural} {than} than the capture")
}

fn name(country: Country) -> String {
    country.name().unwrap_or(country.code()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::new(code).unwrap()
    }

    fn unplaced(standing: Standing, registry: &str) -> Unplaced {
        Unplaced { standing, registry: Country::new(registry) }
    }

    fn wechat(of_the_time: Option<&str>) -> CountryShares {
        let mut shares = CountryShares::default();
        let candidates: Vec<Country> = ["SG"].into_iter().chain(of_the_time).map(country).collect();
        shares.add(40_459, &Held::Possible(&candidates, unplaced(Standing::Reported, "CN")));
        for bytes in [168_697, 1_337] {
            shares.add(bytes, &Held::Possible(&[], unplaced(Standing::Unrouted, "CN")));
        }
        shares
    }

    #[test]
    fn an_old_capture_begins_with_what_cannot_be_placed() {
        assert_eq!(
            sentence("WeChat", Way::Sent, &wechat(None), Some(110)),
            "WeChat: 81 % of the sent bytes cannot be placed: no network announces their addresses any more (block registered in \
             China). Up to 20 % are reported in Singapore by tables nine years younger than the capture; none is confirmed."
        );
        assert_eq!(
            sentence("WeChat", Way::Sent, &wechat(Some("HK")), None),
            "WeChat: 81 % of the sent bytes cannot be placed: no network announces their addresses (block registered in China). \
             Up to 20 % are reported in Hong Kong, up to 20 % in Singapore; none is confirmed."
        );
    }

    #[test]
    fn sentences_say_no_more_than_intervals() {
        let mut shares = CountryShares::default();
        shares.add(600, &Held::Certain(&country("NL")));
        shares.add(250, &Held::Possible(&[country("NL"), country("SG")], unplaced(Standing::Disputed, "")));
        shares.add(150, &Held::Unplaced(unplaced(Standing::Anycast, "")));
        assert_eq!(
            sentence("Signal", Way::Received, &shares, None),
            "Signal: 60 to 85 % of the received bytes came from endpoints in Netherlands, up to 25 % in Singapore; 15 % cannot be \
             placed (many sites answer for their addresses)."
        );
        let mut reported = CountryShares::default();
        reported.add(900, &Held::Possible(&[country("US")], unplaced(Standing::Reported, "")));
        reported.add(100, &Held::Unplaced(unplaced(Standing::Anycast, "")));
        assert_eq!(
            sentence("Zoom", Way::Sent, &reported, None),
            "Zoom: none of the sent bytes is confirmed in a country; up to 90 % are reported in United States; 10 % cannot be \
             placed (many sites answer for their addresses)."
        );
    }

    #[test]
    fn few_bytes_have_no_percentages() {
        let mut shares = CountryShares::default();
        shares.add(999, &Held::Certain(&country("NL")));
        assert_eq!(sentence("X", Way::Sent, &shares, None), "X: 999 bytes were sent, too few for percentages.");
        assert_eq!(
            sentence("X", Way::Received, &CountryShares::default(), None),
            "X: 0 bytes were received, too few for percentages."
        );
    }

    #[test]
    fn an_address_counts_as_its_standing_says() {
        let judged = |standing: Standing, codes: &[&str]| Judged {
            standing,
            candidates: codes.iter().map(|code| country(code)).collect(),
            ..Judged::default()
        };
        let held = |judged: &Judged| {
            let mut shares = CountryShares::default();
            if let Some(held) = judged.held(None) {
                shares.add(10, &held);
            }
            (shares.certain_bytes(), shares.open_bytes(), shares.unplaced_bytes())
        };
        assert_eq!(held(&judged(Standing::Confirmed, &["NL"])), (10, 0, 0));
        assert_eq!(held(&judged(Standing::Disputed, &["NL", "US"])), (0, 10, 0));
        assert_eq!(held(&judged(Standing::RuledOut, &[])), (0, 0, 10));
        assert_eq!(held(&judged(Standing::Local, &[])), (0, 0, 0));
    }
}
