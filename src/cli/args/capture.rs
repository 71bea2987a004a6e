//! The arguments of `whither capture`.

use super::units::{bytes, seconds};
use clap::{Args as ClapArgs, ValueHint};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only a build with libpcap captures"))]
pub(in crate::cli) struct CaptureArgs {
    /// Interface to capture from; without it, the interfaces are listed
    #[arg(long, short, value_name = "IF")]
    pub(in crate::cli) interface: Option<String>,
    /// File to write (pcapng; on Linux with the process that owns each packet, where the system tells); `-` is stdout
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "interface")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Replace the file if it is there already
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Stop after this time: `90s`, `5m`, `1h`
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(in crate::cli) duration: Option<u64>,
    /// Stop after this many captured bytes: `500k`, `20M`, `1G`
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(in crate::cli) bytes: Option<u64>,
    /// Only frames that this BPF filter passes
    #[arg(long, value_name = "BPF")]
    pub(in crate::cli) filter: Option<String>,
    /// Begin a new file after so many bytes (`100M`) or so much time (`1h`; may be given for both). Files are numbered and dated
    /// in UTC, as dumpcap does it: FILE_00001_20260601093000.pcapng
    #[arg(long, value_name = "SIZE|TIME", value_parser = rotate, requires = "output")]
    pub(in crate::cli) rotate: Vec<Rotate>,
    /// Keep only the last N of these files; older ones that this run wrote are removed
    #[arg(long, value_name = "N", requires = "rotate")]
    pub(in crate::cli) keep: Option<NonZeroUsize>,
    /// What the kernel may hold until it is read: more of it, and fewer frames are dropped
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = bytes)]
    pub(in crate::cli) buffer: u64,
    /// Memory that the count of open flows may take at most, about; the kernel's buffer comes on top
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = bytes)]
    pub(in crate::cli) max_memory: u64,
}

/// When a new file begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only a build with libpcap captures"))]
pub(in crate::cli) enum Rotate {
    /// At this many bytes.
    Size(u64),
    /// After this many seconds.
    Seconds(u64),
}

/// A size or a time, told apart by the unit, so that there must be one.
fn rotate(text: &str) -> Result<Rotate, String> {
    match text.chars().last() {
        Some('s' | 'm' | 'h') => seconds(text).map(Rotate::Seconds),
        Some('k' | 'M' | 'G') => bytes(text).map(Rotate::Size),
        _ => Err("neither a size (`100M`) nor a time (`1h`)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_told_apart() {
        assert_eq!((rotate("100M"), rotate("2m")), (Ok(Rotate::Size(100 << 20)), Ok(Rotate::Seconds(120))));
        assert!(["100", "", "M", "-1s", "1d"].iter().all(|text| rotate(text).is_err()));
    }
}
