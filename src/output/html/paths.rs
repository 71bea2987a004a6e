//! Paths that traffic to destinations was routed on, as the page's script reads them: apart from where connections end. Routers on the
//! local network, and names without an address, which may be of it, are shown as such and not named.

use super::tables::Tables;
use crate::output::escape::visible;
use crate::place::{Scope, scope};
use crate::report::{Destination, HopLine, PathLine, Report};
use serde::Serialize;
use std::collections::HashMap;
use std::net::IpAddr;

/// Paths in a page, and hops of one. More are in the report (`--json`).
const PATHS: usize = 32;
const HOPS: usize = 40;

/// Target, where the path is from, at which distance the target answered, hops, how many hops are left out.
#[derive(Serialize)]
pub(super) struct PathRow(String, String, Option<u8>, Vec<Hop>, usize);

#[derive(Serialize)]
#[serde(untagged)]
enum Hop {
    /// Nobody answered, from this distance to that.
    Gap(Option<u8>, Option<u8>),
    /// Distance, address, standing, countries, network, milliseconds.
    Router(Option<u8>, String, usize, String, usize, Option<f64>),
}

/// The paths of rows whose addresses may be shown. Their positions are written into the tables.
pub(super) fn rows<'a>(
    report: &Report,
    shown: impl Iterator<Item = &'a Destination>,
    tables: &mut Tables,
) -> Vec<PathRow> {
    let mut positions: Vec<usize> = shown.flat_map(|row| row.paths.iter().copied()).collect();
    positions.sort_unstable();
    positions.dedup();
    positions.truncate(PATHS);
    let paths = positions.iter().filter_map(|at| Some((*at, report.paths.get(*at)?)));
    let mut known = HashMap::new();
    let rows: Vec<PathRow> = paths
        .enumerate()
        .map(|(to, (at, path))| {
            known.insert(at, to);
            row(report, path, tables)
        })
        .collect();
    tables.paths = known;
    rows
}

fn row(report: &Report, path: &PathLine, tables: &mut Tables) -> PathRow {
    let target = path.target_name.as_ref().or(path.target.as_ref()).map_or("a target that is not told", String::as_str);
    let origin = match (path.frame, path.line) {
        (Some(frame), _) => format!("answers of routers in {}, from frame {frame} on", path.file),
        (_, Some(line)) => format!("{} in {}, line {line}", path.tool, path.file),
        _ => format!("{} in {}", path.tool, path.file),
    };
    let hops: Vec<Hop> = path.hops.iter().take(HOPS).map(|one| hop(report, one, tables)).collect();
    let more = path.hops.len() - hops.len();
    PathRow(visible(target).into_owned(), visible(&origin).into_owned(), path.reached, hops, more)
}

fn hop(report: &Report, hop: &HopLine, tables: &mut Tables) -> Hop {
    if hop.is_gap {
        return Hop::Gap(hop.distance, hop.until);
    }
    let ip = hop.address.as_deref().and_then(|address| address.parse::<IpAddr>().ok());
    let (address, standing) = match ip {
        Some(ip) if scope(ip) == Scope::Global => (ip.to_string(), hop.standing.map_or("", |standing| standing.word())),
        Some(_) => (String::new(), "on a private network: its address is not shown"),
        None => (String::new(), "a name without an address, so no place"),
    };
    let countries: Vec<String> = hop.candidates.iter().map(|country| tables.named(*country, report)).collect();
    let network = hop.operator.as_ref().or(hop.as_name.as_ref()).filter(|_| !address.is_empty());
    let network = match (network, hop.asn) {
        (Some(name), Some(asn)) => format!("{name} AS{asn}"),
        (Some(name), None) => name.clone(),
        (None, _) => String::new(),
    };
    let ms = hop.rtt_ms.map(|ms| (ms * 10.0).round() / 10.0);
    Hop::Router(hop.distance, address, tables.text(standing), countries.join(","), tables.text(&network), ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;
    use crate::standing::Standing;

    fn hop(address: Option<&str>, name: Option<&str>) -> HopLine {
        HopLine {
            distance: Some(1),
            until: None,
            is_gap: false,
            address: address.map(str::to_owned),
            name: name.map(str::to_owned),
            rtt_ms: Some(1.26),
            answers: 1,
            standing: Some(Standing::Reported),
            candidates: Vec::new(),
            asn: Some(64_500),
            as_name: None,
            operator: Some("Somebody".to_owned()),
            jurisdiction: None,
        }
    }

    #[test]
    fn routers_of_the_local_network_are_not_named_and_gaps_are_gaps() {
        let report = example::report();
        let mut tables = Tables::default();
        let gap = HopLine { is_gap: true, until: Some(4), ..hop(None, None) };
        let path = PathLine {
            target: Some("198.18.0.1".to_owned()),
            target_name: None,
            tool: "mtr".to_owned(),
            file: "path.json".to_owned(),
            frame: None,
            line: Some(3),
            source: Some("192.168.1.23".to_owned()),
            is_met: true,
            reached: Some(9),
            hops: vec![hop(Some("192.168.1.1"), None), gap, hop(None, Some("fritz.box")), hop(Some("1.1.1.1"), None)],
            gaps: 3,
            countries: Vec::new(),
        };
        let row = serde_json::to_value(row(&report, &path, &mut tables)).unwrap();
        let hidden = tables.text("on a private network: its address is not shown");
        let unknown = tables.text("a name without an address, so no place");
        let (reported, none) = (tables.text("reported"), tables.text(""));
        let network = tables.text("Somebody AS64500");
        let expected = serde_json::json!([
            "198.18.0.1",
            "mtr in path.json, line 3",
            9,
            [
                [1, "", hidden, "", none, 1.3],
                [1, 4],
                [1, "", unknown, "", none, 1.3],
                [1, "1.1.1.1", reported, "", network, 1.3]
            ],
            0,
        ]);
        assert_eq!(row, expected);
    }
}
