//! Sites of a report as entries of a catalogue, for `--apps FILE`: the largest of what no entry has, each with what is known of it.

use super::{escape, units};
use crate::app::{Catalogue, site_of};
use crate::report::{Report, Site};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Entries written. A person checks each.
const ENTRIES: usize = 32;
/// Names given as examples.
const NAMES: usize = 4;

/// The entries as TOML that [`Catalogue::with_user`] takes.
pub fn entries(report: &Report, catalogue: &Catalogue) -> String {
    let usable = || report.sites.listed.iter().filter(|site| is_rule(&site.domain));
    if usable().next().is_none() {
        return "# Every name is in an entry of the catalogue already.\n".to_owned();
    }
    let mut text = String::from(
        "# Names that are in no entry of the catalogue, most bytes first. Check each, add `developer` and `category`, and keep what\n\
         # is right in a file of your own: whither map CAPTURE --apps FILE\n",
    );
    let mut ids = BTreeSet::new();
    for site in usable().take(ENTRIES) {
        let mut id: String = site.domain.replace(['.', '_'], "-");
        while catalogue.app(&id).is_some() || catalogue.service(&id).is_some() || !ids.insert(id.clone()) {
            id.push_str("-site");
        }
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n# {}\n[[app]]\nid = \"{id}\"\nname = \"{domain}\"\ndomains = [\"{domain}\"]\nconfidence = \"low\"\nsource = \"own capture, not checked\"\n",
            told(site),
            domain = site.domain,
        );
    }
    let more = usable().count().saturating_sub(ENTRIES) as u64 + report.sites.more;
    if more > 0 {
        let _ = writeln!(text, "\n# and {}", units::plural(more, "smaller site", "smaller sites"));
    }
    text
}

/// Whether a domain from the wire may be a rule, and stand in a line as it is: letters, digits, hyphens and dots, below a public
/// suffix.
fn is_rule(domain: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let labels = || domain.split('.');
    domain.bytes().all(is_plain)
        && labels().count() > 1
        && labels().all(|label| (1..=63).contains(&label.len()))
        // Nothing is registered there: an address, or a public suffix.
        && site_of(&format!("x.{domain}")) == domain
}

fn told(site: &Site) -> String {
    let mut pieces = vec![format!("{} sent, {} received", units::bytes(site.sent), units::bytes(site.received))];
    if let Some(place) = site.places.first() {
        pieces.push(match place.candidates.is_empty() {
            true => place.label.clone(),
            false => format!("{} ({})", place.label, place.standing.word()),
        });
        pieces.extend(place.operator.clone().or_else(|| place.as_name.clone()));
    }
    let names: Vec<&str> = site.names.iter().take(NAMES).map(String::as_str).collect();
    pieces.push(names.join(", "));
    let (source, (capture, frame)) = (&site.name_source, &site.first_frame);
    pieces.push(format!("{source} in {capture} #{frame}"));
    escape::terminal(&pieces.join("; "), false).replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::example::{HOSTILE_NAME, report};
    use super::*;
    use std::io::Write as _;

    #[test]
    fn what_is_suggested_can_be_used_as_it_is() {
        let catalogue = Catalogue::embedded().expect("usable");
        let mut report = report();
        let site = |domain: &str| Site { domain: domain.to_owned(), ..report.sites.listed[0].clone() };
        // An id that another entry has, a name that is no rule, two of one id.
        let more = ["w.echat", "co.uk", "198.51.100.7", "a_b.example", "a-b.example", HOSTILE_NAME].map(site);
        report.sites.listed.extend(more);
        report.sites.listed[0].names.push(HOSTILE_NAME.to_owned());
        let text = entries(&report, &catalogue);
        assert!(!text.chars().any(|one| one.is_control() && one != '\n'), "{text:?}");
        let mut file = tempfile::NamedTempFile::new().expect("temporary file");
        file.write_all(text.as_bytes()).expect("written");
        let with = Catalogue::with_user(&[file.path()]).expect("usable");
        let own: Vec<_> = with.apps().filter(|app| app.file.is_some()).map(|app| (&*app.id, &*app.name)).collect();
        assert_eq!(
            own,
            [
                ("shop-example", "shop.example"),
                ("w-echat", "w.echat"),
                ("a-b-example", "a_b.example"),
                ("a-b-example-site", "a-b.example")
            ]
        );
        assert_eq!(with.len(), catalogue.len() + own.len(), "no entry is replaced");
        assert!(
            text.contains("# 9.0 kB sent, 27 kB received; Germany (reported); Hetzner Online GmbH; www.shop.example"),
            "{text}"
        );
    }

    #[test]
    fn nothing_to_suggest_is_said() {
        let mut report = report();
        report.sites.listed.clear();
        assert!(entries(&report, &Catalogue::embedded().expect("usable")).starts_with("# Every name"));
    }
}
