//! What is read, and what it is held against: the same for several commands.

use super::units::bytes;
use clap::{Args as ClapArgs, ValueHint};
use std::net::IpAddr;
use std::path::PathBuf;

/// What is read, and the databases that are used.
#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct InputArgs {
    /// Captures: pcap or pcapng, plain or compressed (gzip, zstd, lz4, xz); a folder of them, read to any depth, or a quoted
    /// pattern (`'day/*.pcap'`, `'**/*.pcapng'`); `-` is stdin; `s3://bucket/key`, and `s3://bucket/prefix/` for all below it (needs the
    /// feature `object-storage`)
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) captures: Vec<PathBuf>,
    /// Only flows of this app: an id as in `whither apps`, or the name of an owner it does not know (may be repeated)
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) app: Vec<String>,
    /// Only flows with this address at one end (may be repeated)
    #[arg(long, value_name = "IP")]
    pub(in crate::cli) device: Vec<IpAddr>,
    /// Where the captures were taken, for the check of round trips: `Taipei`, `"Hyderabad, IN"`, `"Portland, Maine"`, `TW` or `25.03,121.56,50`
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    pub(in crate::cli) from: Option<String>,
    /// Take the tables of places as if they were of the captures' time; every output then says so
    #[arg(long)]
    pub(in crate::cli) ignore_age: bool,
    /// Only frames that this BPF filter passes, as tcpdump writes it (needs the feature `live`)
    #[arg(long, value_name = "BPF")]
    pub(in crate::cli) filter: Option<String>,
    /// Who owned each connection, where the capture does not say: PCAPdroid's CSV, rustnet's `.connections.jsonl`, or a table
    /// as docs/owners.md describes it (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) owners: Vec<PathBuf>,
    /// Secrets that open Encrypted Client Hello, as a client logs them where SSLKEYLOGFILE is set (ECH_SECRET and ECH_CONFIG); or a
    /// pcapng capture that holds such a log. What stands ahead of the first packet of a CAPTURE is used in any case (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) keys: Vec<PathBuf>,
    /// Memory to take at most, about (`512M`, `4G`; at least 64M). What does not fit is left out by a hash of its
    /// endpoints, and the report says how much. Flow records that wait for their turn go to temporary files instead
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = bytes)]
    pub(in crate::cli) max_memory: u64,
    #[command(flatten)]
    pub(in crate::cli) knowledge: KnowledgeArgs,
}

/// Databases in addition to the embedded ones.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(in crate::cli) struct KnowledgeArgs {
    /// A location or network database of your own in MaxMind DB format (may be repeated)
    #[arg(long, value_name = "DB.mmdb", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) geo: Vec<PathBuf>,
    /// Anycast prefixes of your own, one on each line; nothing is said of where they are (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) anycast: Vec<PathBuf>,
    /// Apps of your own on top of the catalogue, in the form of data/apps.toml (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) apps: Vec<PathBuf>,
}

/// Paths that were measured beside the captures.
#[derive(ClapArgs, Clone, Debug)]
pub(in crate::cli) struct PathArgs {
    /// A path to a destination, measured where the captures were taken: what `mtr -n -j`, `traceroute`, `tracert` or
    /// `sc_warts2json` wrote. Its hops are routed through, and are no endpoints (may be repeated)
    #[arg(long = "path", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) files: Vec<PathBuf>,
}
