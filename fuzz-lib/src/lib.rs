//! What the fuzz targets run: one function for each, from any bytes to no panic. A stable toolchain can run them too, on the
//! seeds that [`samples`] makes.

#![forbid(unsafe_code)]

mod captures;
mod given;
mod names;
mod packets;
mod partials;
mod quic;
mod rows;
pub mod samples;
mod whole;

/// A fuzz target.
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Runs an input.
    pub run: fn(&[u8]),
}

/// All targets, sorted by name; each has a binary of its own in the manifest.
pub const TARGETS: &[Target] = &[
    Target { name: "capture", run: captures::capture },
    Target { name: "catalogue", run: given::catalogue },
    Target { name: "datagrams", run: names::datagrams },
    Target { name: "given", run: given::given },
    Target { name: "law", run: whole::law },
    Target { name: "link", run: packets::link },
    Target { name: "owner", run: captures::owner },
    Target { name: "partials", run: partials::partials },
    Target { name: "quic", run: quic::quic },
    Target { name: "report", run: whole::report },
    Target { name: "rows", run: rows::rows },
    Target { name: "streams", run: names::streams },
];

/// Runs an input through a target.
///
/// # Panics
/// If there is no such target, and on a finding.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of the table");
    (target.run)(data);
}
