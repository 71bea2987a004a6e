//! Sites and services that are in no entry of the catalogue, apart from the apps: lines of the table, and what the script draws the same
//! from. Their bytes are a part of those of *no app named*.

use super::row;
use super::sums::{Sums, network};
use super::tables::{Tables, name_of};
use crate::output::escape::visible;
use crate::place::Country;
use crate::report::{Report, Site, SitePlace};
use serde::Serialize;

/// Sites with a line of their own where no script runs.
const LINES: usize = 12;

/// A site as the script reads it: domain, names, how many names there are, places.
#[derive(Serialize)]
pub(super) struct SiteRow(String, Vec<String>, u64, Vec<PlaceRow>);

/// Letter of the standing, countries, who runs the network, its law, sent, received.
#[derive(Serialize)]
struct PlaceRow(char, String, usize, String, u64, u64);

/// What is left over of a site whose places are not all listed.
type Rest = (u64, u64);

/// The places that bytes may be counted for, and what is left over.
fn places(site: &Site) -> (impl Iterator<Item = &SitePlace>, Rest) {
    let sum = |of: fn(&SitePlace) -> u64| site.places.iter().map(of).fold(0, u64::saturating_add);
    let rest =
        (site.sent.saturating_sub(sum(|place| place.sent)), site.received.saturating_sub(sum(|place| place.received)));
    let counted = |place: &&SitePlace| place.standing.is_shared() && (place.sent > 0 || place.received > 0);
    (site.places.iter().filter(counted), rest)
}

fn letter(place: &SitePlace) -> char {
    row::letter(place.candidates.len(), place.standing)
}

/// The sites for the script.
pub(super) fn rows(report: &Report, tables: &mut Tables) -> Vec<SiteRow> {
    let row = |site: &Site| {
        let (counted, rest) = places(site);
        let mut places: Vec<PlaceRow> = Vec::new();
        for place in counted {
            let name = network(place.operator.as_ref(), place.as_name.as_ref());
            let countries: Vec<String> =
                place.candidates.iter().map(|country| tables.place(*country, &name_of(report, *country))).collect();
            let law = place.jurisdiction.map(|law| tables.country(law)).unwrap_or_default();
            let name = tables.text(name);
            places.push(PlaceRow(letter(place), countries.join(","), name, law, place.sent, place.received));
        }
        if rest != (0, 0) {
            places.push(PlaceRow('k', String::new(), tables.text(network(None, None)), String::new(), rest.0, rest.1));
        }
        let text = |text: &String| visible(text).into_owned();
        let names = site.names.iter().filter(|name| **name != site.domain).take(tables.listed).map(text).collect();
        SiteRow(text(&site.domain), names, site.names_total, places)
    };
    report.sites.listed.iter().map(row).filter(|SiteRow(.., places)| !places.is_empty()).collect()
}

/// A line of the table: title, what stands under it, sums.
pub(super) type Line = (String, String, Sums);

/// The sites for the table, most sent first.
pub(super) fn lines(report: &Report) -> Vec<Line> {
    let mut all: Vec<(&Site, Sums)> = report.sites.listed.iter().map(|site| (site, sums(site))).collect();
    all.retain(|(_, sums)| sums.bytes > 0);
    all.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.bytes));
    let line = |(site, sums): (&Site, Sums)| {
        let names = if site.names_total > 1 { format!("{} names", site.names_total) } else { String::new() };
        (visible(&site.domain).into_owned(), names, sums)
    };
    all.into_iter().take(LINES).map(line).collect()
}

fn sums(site: &Site) -> Sums {
    let mut sums = Sums::default();
    let (places, rest) = places(site);
    for place in places {
        let name = network(place.operator.as_ref(), place.as_name.as_ref());
        let law = place.jurisdiction.as_ref().map_or("", Country::code);
        sums.add(letter(place), place.candidates.iter().copied().collect(), place.sent, (name, law));
    }
    sums.add('k', std::collections::BTreeSet::new(), rest.0, (network(None, None), ""));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn what_is_not_listed_of_a_site_has_no_country() {
        let mut site = example::report().sites.listed[0].clone();
        let listed = sums(&site);
        site.sent += 500;
        site.received += 70;
        let more = sums(&site);
        assert_eq!((more.bytes, more.none_bytes), (listed.bytes + 500, listed.none_bytes + 500));
        assert_eq!(more.none.get(&'k'), Some(&500));
    }

    #[test]
    fn places_on_the_local_network_are_left_out() {
        let mut report = example::report();
        for place in report.sites.listed.iter_mut().flat_map(|site| &mut site.places) {
            place.standing = crate::standing::Standing::Local;
        }
        assert!(rows(&report, &mut Tables::default()).is_empty());
        assert!(lines(&report).is_empty());
    }

    #[test]
    fn the_script_has_as_many_bytes_as_the_table() {
        let report = example::report();
        let mut tables = Tables { listed: 8, ..Tables::default() };
        let sent = rows(&report, &mut tables).iter().flat_map(|row| &row.3).map(|place| place.4).sum::<u64>();
        assert_eq!(sent, report.sites.listed.iter().map(|site| site.sent).sum::<u64>());
        assert_eq!(sent, lines(&report).iter().map(|line| line.2.bytes).sum::<u64>());
    }
}
