//! Layers import one way only: each only from those to its left in the crate's own documentation.

mod modules;
mod paths;

use modules::Modules;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LAYERS: [&str; 19] = [
    "error", "stored", "capture", "packet", "name", "flow", "place", "standing", "app", "route", "analysis", "report",
    "redact", "policy", "output", "proof", "fleet", "library", "cli",
];

/// Circles that are left, by one of their modules, each with its reason.
const CIRCLES: [&str; 0] = [];

/// Most circles that there may be.
const CIRCLES_LIMIT: usize = 3;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn layers_import_only_those_before_them() {
    let modules = Modules::read(&source());
    let rank = |layer: &str| LAYERS.iter().position(|other| *other == layer);
    let mut against = Vec::new();
    for module in modules.all() {
        let Some(own) = module.first() else { continue };
        let own_rank = rank(own).unwrap_or_else(|| panic!("{own} is no layer: say where it stands"));
        for import in modules.imports(module) {
            let layer = import.first().map_or("", String::as_str);
            if rank(layer).is_none_or(|other| other > own_rank) {
                against.push(format!("{} imports {}", module.join("::"), import.join("::")));
            }
        }
    }
    assert!(against.is_empty(), "against the order of layers:\n{}", against.join("\n"));
}

#[test]
fn modules_of_a_layer_do_not_import_each_other_in_circles() {
    let circles = Modules::read(&source()).circles();
    let shown: Vec<String> = circles
        .iter()
        .filter(|circle| !CIRCLES.iter().any(|known| circle.contains(*known)))
        .map(|circle| circle.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        .collect();
    assert!(shown.is_empty(), "{} circles:\n{}", shown.len(), shown.join("\n"));
    assert!(CIRCLES.len() <= CIRCLES_LIMIT && circles.len() == CIRCLES.len(), "a circle in the list is none any more");
}

#[test]
fn layers_are_those_that_the_crate_documents() {
    let text = std::fs::read_to_string(source().join("lib.rs")).expect("the sources are readable");
    assert!(text.contains(&LAYERS.join(" → ")));
    let modules: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(modules, BTreeSet::from(LAYERS));
}
