//! Rows and apps for tests.

use crate::place::Country;
use crate::report::{
    AppRoutes, Candidate, Destination, EndpointShares, NameEvidence, Payload, RunLine, Standing, Traffic,
};

pub(super) fn country(code: &str) -> Country {
    Country::new(code).unwrap()
}

/// A row of a standing with candidates; nothing else is known of it.
pub(super) fn row(standing: Standing, candidates: &[&str], sent: u64) -> Destination {
    let candidate = |code: &&str| Candidate {
        country: country(code),
        label: (*code).to_owned(),
        city: None,
        latitude: None,
        longitude: None,
        lineages: 1,
    };
    Destination {
        standing,
        candidates: candidates.iter().map(candidate).collect(),
        label: candidates.join(" or "),
        payload: Payload { sent, received: sent / 2, ..Payload::default() },
        addresses_total: 1,
        first_frame: ("a.pcap".to_owned(), 7),
        ..Destination::empty()
    }
}

pub(super) fn run_line(operators: &[&str], is_twofold: bool, sent: u64) -> RunLine {
    RunLine {
        operators: operators.iter().map(|one| (*one).to_owned()).collect(),
        jurisdictions: operators.iter().map(|one| country(if *one == "Tencent" { "CN" } else { "US" })).collect(),
        is_twofold,
        sent,
        received: sent / 2,
    }
}

pub(super) fn name(name: &str, sent: Option<u64>) -> NameEvidence {
    NameEvidence {
        name: name.to_owned(),
        source: "tls-sni".to_owned(),
        capture: "a.pcap".to_owned(),
        frame: 7,
        bytes: 9,
        sent,
        received: sent.map(|sent| sent / 2),
    }
}

pub(super) fn app(id: &str, destinations: Vec<Destination>) -> AppRoutes {
    AppRoutes {
        id: id.to_owned(),
        name: id.to_uppercase(),
        developer: None,
        operator: None,
        jurisdiction: None,
        also: Vec::new(),
        jurisdiction_source: None,
        traffic: Traffic::default(),
        share: 0.0,
        shares: EndpointShares::default(),
        unseen: crate::report::Unseen::default(),
        on_path: Vec::new(),
        evidence: Vec::new(),
        destinations,
    }
}
