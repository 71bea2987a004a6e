//! A [`Report`] as a graph in DOT, the language of Graphviz: apps, those who run the networks, countries.

use super::escape::visible;
use super::links::{Links, Sureness};
use crate::report::Report;
use std::io::{self, Write};

/// How a graph says what made it.
const MARK: &str = "// Generator: whither ";
/// Width in points of the largest link.
const WIDEST: f64 = 8.0;

/// Whether a graph of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(MARK.as_bytes())
}

/// Writes the graph.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let graph = Links::of(report);
    writeln!(out, "{MARK}{}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "digraph whither {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"Helvetica\"];")?;
    writeln!(out, "  edge [fontname=\"Helvetica\", fontsize=10, color=\"#174a7c\"];")?;
    writeln!(out, "  label=\"payload {}: app, operator of the network, country of the endpoint\";", graph.way)?;
    for nodes in &graph.columns {
        let listed: Vec<String> = nodes.iter().map(|(id, name)| format!("{id} [label={}];", quoted(name))).collect();
        writeln!(out, "  {{ rank=same; {} }}", listed.join(" "))?;
    }
    let most = graph.links.iter().map(|link| link.bytes).max().unwrap_or(0).max(1) as f64;
    for link in &graph.links {
        let width = (link.bytes as f64 / most * WIDEST).max(0.5);
        let look = match link.sureness {
            Sureness::Certain => "",
            Sureness::Reported => ", color=\"#78a6d1\"",
            Sureness::Differs => ", color=\"#78a6d1\", style=dashed",
            Sureness::Nowhere => ", color=\"#8d9298\"",
        };
        writeln!(out, "  {} -> {} [label={}, penwidth={width:.2}{look}];", link.from, link.to, quoted(&link.label()))?;
    }
    if graph.left_out > 0 {
        writeln!(out, "  // {} smaller links are left out", graph.left_out)?;
    }
    out.write_all(b"}\n")
}

/// A string of DOT. A backslash begins an escape in a label, so it is doubled.
fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted("a\"]; b [label=\"\\"), "\"a\\\"]; b [label=\\\"\\\\\"");
        let mut report = example::report();
        report.apps[0].name = format!("\"];{}\n", example::HOSTILE_NAME);
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\\\"];") && !text.contains('\u{1b}') && text.ends_with("}\n"));
        assert!(text.lines().all(|line| line.replace("\\\\", "").replace("\\\"", "").matches('"').count() % 2 == 0));
        assert!(text.contains(" -> c0 ") || text.contains(" -> c1 "));
    }
}
