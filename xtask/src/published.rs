//! Lists of what operators publish of their own addresses to `data/geo/published.bin`.
//!
//! A list has a prefix on each line: operator, region, prefix, with tabs between them; the region of a geofeed (RFC 8805) is its
//! country. `docs/geo.md` says where the operators' own files are and which of their fields these are. Nothing is fetched.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::geo::{Range, Result, flatten};
use whither::place::embedded::{blob, encode_ranges};

/// Reads the lists and writes the file into `data`, the repository's folder of that name.
///
/// # Errors
/// If a list cannot be read or has a line that is none, if prefixes overlap, or the result cannot be written.
pub(crate) fn run(from: &[PathBuf], data: &Path) -> Result<()> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for path in from {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#') && !line.is_empty()) {
            let [operator, region, prefix] = line.split('\t').collect::<Vec<_>>()[..] else {
                return Err(format!("{} line {number}: not operator, region, prefix", path.display()).into());
            };
            rows.push((format!("{operator}/{region}"), prefix.to_owned()));
        }
    }
    let names: Vec<&str> = rows.iter().map(|row| &*row.0).collect::<BTreeSet<_>>().into_iter().collect();
    let (mut four, mut six, mut narrow) = (Vec::new(), Vec::new(), 0);
    for (name, prefix) in &rows {
        let value = u32::try_from(names.binary_search(&&**name).map_err(|_| "a name without a number")?)? + 1;
        match range(prefix).ok_or_else(|| format!("{prefix} is no prefix"))? {
            (true, first, last) => four.push(Range { first, last, value }),
            (false, first, last) if first <= last => six.push(Range { first, last, value }),
            _ => narrow += 1,
        }
    }
    for ranges in [&mut four, &mut six] {
        ranges.sort_by_key(|range| range.first);
        if let Some(pair) = ranges.windows(2).find(|pair| pair[0].last >= pair[1].first) {
            return Err(format!(
                "{} and {} overlap",
                names[pair[0].value as usize - 1],
                names[pair[1].value as usize - 1]
            )
            .into());
        }
    }
    let file = blob::join(&[
        (*b"PUB4", encode_ranges::<u32>(&flatten(&four, |&value| value))?),
        (*b"PUB6", encode_ranges::<u64>(&flatten(&six, |&value| value))?),
        (*b"PUBN", blob::compress(names.join("\n").as_bytes())?),
    ])?;
    std::fs::write(data.join("geo/published.bin"), &file)?;
    writeln!(
        std::io::stdout(),
        "{} prefixes of {} regions, {narrow} of them longer than /64 and left out: {} bytes",
        rows.len(),
        names.len(),
        file.len()
    )?;
    Ok(())
}

/// Whether it is one of IPv4, and its first and last key; for IPv6 these are upper halves, out of order if it is longer than /64.
fn range(prefix: &str) -> Option<(bool, u64, u64)> {
    let (address, length) = prefix.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(ip) if length <= 32 => {
            let first = u64::from(ip.to_bits());
            Some((true, first, first | ((1_u64 << (32 - length)) - 1)))
        }
        IpAddr::V6(ip) if length <= 64 => {
            let first = (ip.to_bits() >> 64) as u64;
            Some((false, first, first | u64::MAX.checked_shr(length).unwrap_or(0)))
        }
        IpAddr::V6(_) if length <= 128 => Some((false, 1, 0)),
        _ => None,
    }
}
