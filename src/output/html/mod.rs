//! A [`Report`] as one HTML file that opens from disk: the answer in a sentence and a table, then a map, a flow diagram, a timeline and
//! a drawer with all evidence of the chosen row. No outside resource; the policy in its head allows the one script by its hash, so that
//! nothing a capture holds can run. The script is built from `page/` at the top of the repository; `docs/page.md` describes both.

mod answer;
#[cfg(test)]
mod browser;
mod data;
mod head;
mod paths;
mod row;
mod sites;
mod sums;
mod tables;

use super::escape::{html, json_in_html};
use crate::redact::for_page;
use crate::report::Report;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Outlines of countries, in tenths of a degree: first point, then steps.
const LAND: &str = include_str!("../../../data/land.json");
/// Where they come from.
const LAND_SOURCE: &str = "Natural Earth 1:50m";

/// Writes the page.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let report = &for_page(report);
    let data = serde_json::to_string(&data::Data::of(report))?;
    fill(out, |slot| match slot {
        "generator" => super::generator::GENERATOR.to_owned(),
        "title" => html(&head::title(report)).into_owned(),
        "sentence" => answer::sentence(report),
        "facts" => head::facts(report),
        "table" => answer::table(report),
        "script_hash" => format!("sha256-{}", base64(&Sha256::digest(SCRIPT.as_bytes()))),
        "style" => STYLE.to_owned(),
        "footer" => head::footer(report, LAND_SOURCE),
        "data" => json_in_html(&data),
        "land" => LAND.to_owned(),
        "script" => SCRIPT.to_owned(),
        _ => String::new(),
    })
}

/// Whether a page of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"<!doctype html>")
        && super::generator::contains(head, "<meta name=\"generator\" content=\"whither ")
}

/// Writes the template with each `{{slot}}` replaced once. What is filled in is not searched for slots.
fn fill(out: &mut dyn Write, slot: impl Fn(&str) -> String) -> io::Result<()> {
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        out.write_all(before.as_bytes())?;
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        out.write_all(slot(name).as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// Base64 (RFC 4648 §4), for the hash of the script.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let digit = (word >> (18 - 6 * position) & 63) as usize;
            let character = if position <= chunk.len() { ALPHABET.get(digit).copied().unwrap_or(b'=') } else { b'=' };
            out.push(char::from(character));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn page(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_from_the_wire_becomes_markup() {
        let page = page(&example::report());
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script>").count(), 3);
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
        assert!(!page.contains("{{sentence}}") && !page.contains("{{data}}"));
    }

    #[test]
    fn nothing_is_fetched() {
        let page = page(&example::report());
        for outside in ["src=\"http", "url(", "@import", "<link", "fetch(", "XMLHttpRequest", "import("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_hostile_report_is_text_everywhere() {
        let mut report = example::report();
        let hostile = example::HOSTILE_NAME.to_owned();
        report.captures[0].name.clone_from(&hostile);
        report.generator.command.clone_from(&hostile);
        report.notes.push(hostile.clone());
        report.apps[0].name.clone_from(&hostile);
        report.apps[0].id.clone_from(&hostile);
        report.apps[0].destinations[0].label.clone_from(&hostile);
        report.apps[0].destinations[0].operator = Some(hostile.clone());
        report.apps[0].destinations[0].candidates[0].city = Some(hostile.clone());
        report.apps[0].destinations[0].candidates[0].label.clone_from(&hostile);
        report.apps[0].shares.sent.sentence.clone_from(&hostile);
        report.unattributed[0].reason.clone_from(&hostile);
        report.countries[0].label.clone_from(&hostile);
        report.databases[0].attribution.clone_from(&hostile);
        let page = page(&report);
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script>").count(), 3);
    }

    #[test]
    fn no_path_no_command_and_no_address_of_a_person_stands_in_it() {
        let mut report = example::report();
        report.captures[0].name = "/home/someone/captures/phone.pcap".to_owned();
        report.generator.command = "whither map /home/someone/captures/phone.pcap".to_owned();
        let row = &mut report.apps[0].destinations[0];
        row.exchange = crate::report::Exchange::Person;
        row.addresses = vec!["198.51.100.77".to_owned()];
        let row = &mut report.apps[0].destinations[1];
        row.exchange = crate::report::Exchange::Tried;
        row.names.clear();
        row.addresses = vec!["198.51.100.78".to_owned()];
        let page = page(&report);
        assert!(page.contains("<title>phone.pcap"));
        for secret in ["/home", "someone", "whither map", "198.51.100.77", "198.51.100.78"] {
            assert!(!page.contains(secret), "{secret}");
        }
    }

    #[test]
    fn what_the_script_draws_adds_up_to_the_shares() {
        let report = example::report();
        let data = serde_json::to_value(data::Data::of(&report)).unwrap();
        let rows = data["rows"].as_array().unwrap();
        let is_beside = |row: &serde_json::Value| matches!(row["s"].as_str(), Some("n" | "p"));
        let sum = |key: &str| -> u64 {
            rows.iter().filter(|row| !is_beside(row)).map(|row| row[key].as_u64().unwrap()).sum()
        };
        assert_eq!((sum("u"), sum("d")), (report.shares.sent.bytes, report.shares.received.bytes));
    }

    #[test]
    fn outlines_are_those_of_countries() {
        let land: serde_json::Value = serde_json::from_str(LAND).unwrap();
        let codes: Vec<&String> = land["c"].as_object().unwrap().keys().collect();
        assert!(codes.len() > 230);
        for code in codes {
            assert!(crate::place::Country::new(code).is_some_and(|country| country.name().is_some()), "{code}");
        }
    }

    #[test]
    fn two_thousand_destinations_take_a_megabyte_at_most() {
        let mut report = example::report();
        let model = report.apps[0].destinations[0].clone();
        let row = |at: usize| {
            let mut row = model.clone();
            let name = |part: usize| {
                let mut name = model.names[0].clone();
                name.name = format!("service-{part}.region{at}.example.com");
                name
            };
            // Most have a name or two, and one address.
            row.names = (0..1 + at % 4).map(name).collect();
            row.names_total = 1 + at as u64 % 4;
            row.addresses = (0..1 + at % 3).map(|part| format!("198.51.{}.{part}", at % 256)).collect();
            row.addresses_total = 1 + at as u64 % 3;
            row.first_frame.1 = 1000 + at as u64;
            row
        };
        let small = page(&report).len();
        report.apps[0].destinations.extend((0..2000).map(row));
        let size = page(&report).len();
        println!("budget: {size} of 1000000 bytes with 2,000 destinations, {} of 400 each", (size - small) / 2000);
        assert!(size <= 1_000_000 && size - small <= 2000 * 400, "{size} bytes");
    }

    #[test]
    fn empty_report_makes_a_page() {
        let report = example::finish(Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        assert!(page(&report).ends_with("</html>\n"));
    }

    #[test]
    fn base64_of_the_standard() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, expected) in cases {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
