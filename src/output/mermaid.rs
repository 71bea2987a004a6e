//! A [`Report`] as a flowchart in Mermaid's language, which many wikis and code hosts draw: apps, those who run the networks, countries.

use super::escape::visible;
use super::links::{Links, Sureness};
use crate::report::Report;
use std::io::{self, Write};

/// How a chart says what made it.
const MARK: &str = "%% Generator: whither ";

/// Whether a chart of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(MARK.as_bytes())
}

/// Writes the chart.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let graph = Links::of(report);
    writeln!(out, "{MARK}{}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "%% payload {}: app, operator of the network, country of the endpoint", graph.way)?;
    writeln!(out, "flowchart LR")?;
    for (column, nodes) in graph.columns.iter().enumerate() {
        for (id, name) in nodes {
            let text = quoted(name);
            match column {
                0 => writeln!(out, "  {id}([{text}])")?,
                _ => writeln!(out, "  {id}[{text}]")?,
            }
        }
    }
    for link in &graph.links {
        let (from, to, label) = (&link.from, &link.to, quoted(&link.label()));
        match link.sureness {
            Sureness::Certain | Sureness::Reported => writeln!(out, "  {from} -- {label} --> {to}")?,
            Sureness::Differs | Sureness::Nowhere => writeln!(out, "  {from} -. {label} .-> {to}")?,
        }
    }
    if graph.left_out > 0 {
        writeln!(out, "%% {} smaller links are left out", graph.left_out)?;
    }
    Ok(())
}

/// Text in quotes. Everything that Mermaid, its Markdown or HTML could read as more than text becomes an entity.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in visible(text).chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' | '*' | '_' | '[' | ']' | '{' | '}' | '|' | '%' => {
                out.push_str(&format!("#{};", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted("a\"] --> b<b>"), "\"a#34;#93; --#62; b#60;b#62;\"");
        let mut report = example::report();
        report.apps[0].name = format!("\"]{}\n", example::HOSTILE_NAME);
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.matches('"').count() % 2 == 0) && !text.contains('\u{1b}'));
        assert!(!text.contains("<img") && text.contains("flowchart LR") && text.contains(" --> "));
    }
}
