//! What a page never shows, also where nothing was asked to be redacted: it is what people publish.

use crate::place::{Scope, scope};
use crate::report::{Exchange, Report};
use std::collections::HashSet;
use std::net::IpAddr;

/// The report without folders, the command line, and addresses that may be of other people's devices.
pub fn for_page(report: &Report) -> Report {
    let mut report = report.clone();
    let file = |name: &mut String| {
        if let Some(at) = name.rfind(['/', '\\']) {
            name.drain(..=at);
        }
    };
    report.generator.command.clear();
    for capture in &mut report.captures {
        file(&mut capture.name);
        if let Some(defect) = &mut capture.defect {
            file(&mut defect.capture);
        }
    }
    for row in report.apps.iter_mut().flat_map(|app| &mut app.destinations).chain(&mut report.unattributed_routes) {
        file(&mut row.first_frame.0);
        row.names.iter_mut().for_each(|name| file(&mut name.capture));
        if row.exchange == Exchange::Person {
            row.addresses.clear();
        }
    }
    report.sites.listed.iter_mut().for_each(|site| file(&mut site.first_frame.0));
    report.paths.iter_mut().for_each(|path| file(&mut path.file));
    let rows = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
    let shown: HashSet<String> = rows.flat_map(|row| row.addresses.iter().cloned()).collect();
    let is_nobodys = |example: &String| {
        let ip = example.parse::<IpAddr>().ok();
        ip.is_none_or(|ip| scope(ip) != Scope::Global) || shown.contains(example)
    };
    for line in report.unattributed.iter_mut().chain(&mut report.local).chain(&mut report.left_out) {
        line.examples.retain(is_nobodys);
    }
    report
}
