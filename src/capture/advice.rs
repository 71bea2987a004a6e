//! Advice on a capture that could not be read to its end. It names a tool only where the tool reads the format. `FILE` stands for
//! the capture, which the message names.

use super::format::compression::Compression;
use super::format::visit::{CUT_SHORT, ZEROS};
use super::parallel::outcome::Outcome;
use super::parallel::stream::{NOT_DECOMPRESSED, NOT_READ};
use super::source::STANDARD_INPUT;

/// What can be done about the defect of a capture; nothing where no tool can help, as with one that was cut short.
pub fn advice(outcome: &Outcome) -> Option<String> {
    let what = outcome.defect.as_ref()?.what.as_str();
    // A tool needs a file, and no tool can restore what was never written or what the disk lost.
    if outcome.name == STANDARD_INPUT || [CUT_SHORT, ZEROS].contains(&what) || what.starts_with(NOT_READ) {
        return None;
    }
    let compression = Compression::of_format(&outcome.format);
    if what.starts_with(NOT_DECOMPRESSED) {
        return Some(compression.advice(what));
    }
    // According to its manual, pcapfix reads these variants, and no compressed files.
    let is_fixable = ["pcapng", "pcap"].iter().any(|format| outcome.format.starts_with(format))
        && !outcome.format.contains("IXIA")
        && !what.starts_with("the file ");
    is_fixable.then(|| match compression {
        Compression::Plain => "`pcapfix FILE` may recover what comes after it".to_owned(),
        _ => "decompress it, then `pcapfix` may recover what comes after it".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Defect;

    #[test]
    fn tools_are_named_only_where_they_read_the_format() {
        let said = |name: &str, format: &str, what: &str| {
            let (capture, what) = (name.to_owned(), what.to_owned());
            let defect = Some(Defect { capture, offset: 1, frame: 1, what });
            let format = format.to_owned();
            advice(&Outcome { name: name.to_owned(), format, defect, ..Outcome::default() }).unwrap_or_default()
        };
        let damage = "the two lengths of the block differ";
        let lost = format!("{NOT_DECOMPRESSED}: corrupt deflate stream");
        assert!(said("x", "pcapng", damage).starts_with("`pcapfix FILE`"));
        assert!(said("x", "pcap, nanoseconds", damage).starts_with("`pcapfix FILE`"));
        assert!(said("x", "pcap (gzip)", damage).starts_with("decompress it, then `pcapfix`"));
        assert!(said("x", "pcapng (gzip)", &lost).contains("`gzip -t FILE`"));
        assert!(said("x", "pcap (zstd)", &lost).contains("`zstd -t FILE`"));
        let large = format!("{NOT_DECOMPRESSED}: Frame requires too much memory for decoding");
        assert!(said("x", "pcap (zstd)", &large).contains("`zstd -dc --long=31 FILE | whither map -`"));
        assert_eq!(said("x", "pcap, IXIA", damage), "");
        for (name, what) in [("x", CUT_SHORT), ("x", ZEROS), (STANDARD_INPUT, damage)] {
            assert_eq!(said(name, "pcap", what), "");
        }
    }
}
