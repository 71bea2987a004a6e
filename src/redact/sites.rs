//! Sites without what tells whose captures they are of: domains of local networks and of persons are gone, and what becomes one is summed.

use super::rows::Pass;
use crate::report::{Site, SitePlace, Sites};

impl Pass<'_, '_> {
    /// The sites that may be named; the bytes of the others are among those that are not listed.
    pub(super) fn sites(&mut self, sites: Sites) -> Sites {
        let Sites { listed, mut more, mut more_bytes, not_kept_bytes } = sites;
        let mut kept: Vec<Site> = Vec::new();
        for site in listed {
            let Some(domain) = self.by.name(&site.domain, self.removed) else {
                more += 1;
                more_bytes = more_bytes.saturating_add(site.bytes);
                continue;
            };
            let site = self.site(domain, site);
            match kept.iter_mut().find(|other| other.domain == site.domain) {
                Some(other) => join(other, site),
                None => kept.push(site),
            }
        }
        Sites { listed: kept, more, more_bytes, not_kept_bytes }
    }

    fn site(&mut self, domain: String, site: Site) -> Site {
        let Site { domain: _, bytes, share, sent, received, names, names_total, name_source, first_frame, places } =
            site;
        let before = names.len();
        let mut kept: Vec<String> = Vec::new();
        for name in names {
            let name = self.by.name(&name, self.removed);
            kept.extend(name.filter(|name| !kept.contains(name)));
        }
        let gone = (before - kept.len()) as u64;
        Site {
            domain,
            bytes,
            share,
            sent,
            received,
            names: kept,
            names_total: names_total.saturating_sub(gone),
            name_source,
            first_frame: (self.capture_name(&first_frame.0), self.by.frame(first_frame.1, self.removed)),
            places,
        }
    }
}

/// Adds a site whose domain became that of another.
fn join(site: &mut Site, other: Site) {
    let most = site.places.len().max(other.places.len());
    site.bytes = site.bytes.saturating_add(other.bytes);
    site.sent = site.sent.saturating_add(other.sent);
    site.received = site.received.saturating_add(other.received);
    site.share += other.share;
    for name in other.names {
        if !site.names.contains(&name) {
            site.names.push(name);
        }
    }
    site.names_total = site.names.len() as u64;
    let mut places: Vec<SitePlace> = std::mem::take(&mut site.places);
    places.extend(other.places);
    places.sort_by_key(|place| std::cmp::Reverse((place.sent, place.received, place.bytes)));
    places.truncate(most);
    site.places = places;
}
