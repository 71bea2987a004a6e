//! The arguments, as clap reads them. Values of formats come from the tables in [`crate::output`].

use super::transfers::TransferArgs;
use super::written::{FORCE_HELP, Outputs, ShowArgs};
use crate::output;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueHint};
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

/// What the words of an answer mean.
pub(super) const WORDS: &str = "\
What the words beside the figures mean

endpoint        where a connection ended, not where data ends up
sent, received  payload of flows that were answered, seen from the phone
confirmed       two independent sources agree, or the round trip leaves no other
reported        one source names the country
sources differ  several countries are named; each is possible
stale           the tables are more than three years from the capture
ruled out       no signal could have gone to that country and come back so fast
does not fit    the round trip is too short for the country; more is not said
registry only   the database repeats where the block is registered
unrouted        no network announces the address
anycast         many sites answer for one address
no answer       something was sent, and nothing came back
a person        a call to another person's device
unknown         nothing is known of the address
local, special  not on the public network: part of no share
law             of the country where the operator's parent has its head office

9-12 %          9 % for certain, and 12 % at most of what has a country
62 %            both ends meet
<= 7 %          nothing is confirmed, and sources differ
85 % reported   one source is all there is
no country      in no interval: what is missing from 100 % may be anywhere";

/// The heading of the options that every command has, which sets them apart from its own.
const GENERAL: &str = "General";

/// Where does my app's data go? Reads packet captures, offline, and says per app which hosts it talked to, where they are,
/// who runs them, how much went there, and how sure that is.
#[derive(Parser, Debug)]
#[command(name = "whither", version, about, long_about = None, propagate_version = true)]
#[command(after_help = "\
Examples:
  whither demo                                 what it says of a sample that is in the program
  whither map phone.pcapng                     the routing map in the terminal
  whither map phone.pcapng --html map.html     the same as a page to open and share
  whither flows phone.pcapng | jq .server_name
  whither lookup 203.205.254.1
  whither check policy.toml phone.pcapng       hold statements against the capture
  whither prove --app wechat -o proof.pcapng phone.pcapng
                                               the few packets that show the same of an app

Exit status: 0 done, 1 done but a capture or folder could not be read, or not to its end,\nor a rule of `whither check` does not pass, 2 failed.")]
pub(super) struct Args {
    /// Worker threads [default: one per processor]
    #[arg(long, global = true, value_name = "N", help_heading = GENERAL)]
    pub(super) threads: Option<NonZeroUsize>,
    /// Say nothing but results, errors, and what is missing from the result
    #[arg(long, short, global = true, help_heading = GENERAL)]
    pub(super) quiet: bool,
    /// Colours: `auto` uses them on a terminal unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = GENERAL)]
    pub(super) color: Color,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Per app, the hosts it talked to: where they are, who runs them, how much went there
    #[command(after_help = "\
Examples:
  whither map phone.pcapng
  whither map monday.pcap tuesday.pcap.zst --from Taipei --html map.html
  whither map rotated/                         all captures in a folder, to any depth, are read as one
  whither map - --json - < phone.pcap | jq '.apps[].name'
  whither map phone.pcapng --app wechat --details --geo GeoLite2-City.mmdb
  ssh router tcpdump -U -w - | whither map - --watch
                                               the answer as it goes; Ctrl-C ends it with the whole report
  whither map phone.pcapng --transfers eu --as-of 2026-06-01")]
    Map(MapArgs),
    /// The map of a sample that is in the program: ten minutes of a phone, made up, so that you see what `map` says
    #[command(after_help = "\
Examples:
  whither demo
  whither demo --details
  whither demo --html demo.html                a page to open and click through")]
    Demo(DemoArgs),
    /// What two captures do not have in common, per app: networks, places, names, shares
    #[command(after_help = "\
Examples:
  whither diff old-version.pcapng new-version.pcapng
  whither diff sim-1/ sim-2/ --app wechat --details
  whither map monday.pcap --json monday.json; whither diff monday.json friday.pcap
  whither diff vpn-off.json vpn-on.json --html diff.html

appeared  only B has it    vanished  only A has it
moved     both have it, at other networks or countries; a share, where its two intervals, widened by what cannot be placed, have
          nothing in common

Exit status: 0 compared, whether or not anything differs, 1 compared but a capture ended early, 2 failed.")]
    Diff(DiffArgs),
    /// Statements about where apps send, held against captures: supported, not supported, or undecidable, and why
    #[command(after_help = "\
Examples:
  whither check --example > policy.toml        a policy to begin with
  whither check policy.toml phone.pcapng --from Taipei
  whither check policy.toml day/*.pcapng --undecidable=pass --junit check.xml --sarif check.sarif
  whither check policy.toml phone.pcapng --baseline seen.toml --update

Exit status: 0 all rules hold or were not observed, 1 one is broken or undecidable, something is not in the baseline, or a
capture ended early, 2 the policy or a capture cannot be read.")]
    Check(Box<CheckArgs>),
    /// Parts of an analysis in a Parquet file, made of ranges of captures, for `verify` and `merge`
    #[cfg(feature = "parquet")]
    #[command(after_help = "\
Examples:
  whither partials huge.pcap -o all.parquet
  whither partials huge.pcap -o 3.parquet --only 3/8      the third of eight machines
  whither verify *.parquet                                what is missing, or began at the wrong place
  whither partials huge.pcap -o repaired.parquet --repair *.parquet
  whither merge *.parquet --html map.html                 the report of one machine

Every machine is given the same captures under the same paths, and the same options. docs/fleet.md has the contract.")]
    Partials(PartialsArgs),
    /// Whether the ranges in files of `partials` fit together without gap or overlap, and which are to be read again
    #[cfg(feature = "parquet")]
    #[command(after_help = "\
Example:
  whither verify *.parquet

Each line `--range …` is an option for `whither partials`, which reads that range again; `whither partials --repair` reads all of them.

Exit status: 0 all captures are proven, 1 ranges are to be read again, or at all, 2 the rows contradict each other.")]
    Verify(VerifyArgs),
    /// The routing map of what `partials` wrote: the report of one machine
    #[cfg(feature = "parquet")]
    #[command(mut_arg("captures", |arg| arg.value_name("FILE").help("What `whither partials` wrote for all ranges")))]
    #[command(mut_arg("filter", |arg| arg.hide(true)))]
    #[command(after_help = "\
Examples:
  whither merge *.parquet
  whither merge *.parquet --html map.html --from Taipei --app wechat

Exit status: 0 done, 1 done but a capture ended early, 2 ranges are missing or not proven, see `whither verify`.")]
    Merge(Box<MergeArgs>),
    /// The smallest capture that shows of an app, or for a rule, what the captures show: a few packets to hand on
    #[command(after_help = "\
Examples:
  whither prove --app wechat -o proof.pcapng phone.pcapng
  whither prove --policy policy.toml --rule 'nothing to China' -o proof.pcapng day/*.pcapng --from Taipei
  whither map proof.pcapng --app wechat        shows the same endpoints, names, places and round trips

No application data of TLS or QUIC is in it. Times, addresses and names are as they were captured.

Exit status: 0 the proof shows the same, 1 it does not show all, or a capture ended early, 2 nothing of the app is in the
captures, or one cannot be read.")]
    Prove(Box<ProveArgs>),
    /// One record per flow: endpoints, counts, names, app, place, evidence
    #[command(after_help = "\
Examples:
  whither flows phone.pcapng > flows.ndjson
  whither flows phone.pcapng --format csv | head
  whither flows router.pcap --app tiktok --device 192.168.1.23")]
    Flows(FlowsArgs),
    /// What is known of an address or a name, and from which source
    #[command(after_help = "\
Examples:
  whither lookup 203.205.254.1
  whither lookup long.weixin.qq.com
  whither lookup 157.240.1.35 --json")]
    Lookup(LookupArgs),
    /// The catalogue: apps, their domains, operators and jurisdictions
    #[command(after_help = "\
Examples:
  whither apps
  whither apps wechat
  whither apps --json | jq '.[].id'
  whither apps --suggest phone.pcap > own.toml")]
    Apps(AppsArgs),
    /// Capture from an interface into a file, with a running summary (needs the feature `live`)
    #[command(after_help = "\
Examples:
  whither capture                              the interfaces there are
  whither capture -i wlan0 -o phone.pcapng --duration 5m
  whither capture -i wlan0 -o phone.pcapng --filter 'host 192.168.1.23'
  whither capture -i any -o - | whither map -
  whither capture -i wlan0 -o phone.pcapng --rotate 100M --rotate 1h --keep 24

Ctrl-C, SIGTERM and SIGHUP end it with a whole file and the summary; a second one ends it at once.")]
    Capture(CaptureArgs),
    /// How fast a capture is analysed here, and which stage takes how much of the time
    #[command(after_help = "\
Examples:
  whither bench phone.pcapng
  whither bench phone.pcapng --runs 9 --threads 1
  whither bench phone.pcapng --json | jq '.runs[].seconds'
  whither bench phone.pcapng --svg bench.svg")]
    Bench(BenchArgs),
    /// A completion script for a shell
    #[command(after_help = "Example:\n  whither completions bash > ~/.local/share/bash-completion/completions/whither")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// What the words beside the figures mean
    #[command(long_about = WORDS)]
    Words,
    /// The manual pages, for man(1)
    #[command(after_help = "\
Examples:
  whither man > whither.1 && man ./whither.1   the program's page, which names the others
  whither man map > whither-map.1              a command's page")]
    Man {
        /// A command; without it, the page of the program
        command: Option<String>,
    },
}

/// What is read, and the databases that are used.
#[derive(ClapArgs, Debug)]
pub(super) struct InputArgs {
    /// Captures: pcap or pcapng, plain or compressed (gzip, zstd, lz4, xz); a folder of them, read to any depth, or a quoted
    /// pattern (`'day/*.pcap'`, `'**/*.pcapng'`); `-` is stdin
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(super) captures: Vec<PathBuf>,
    /// Only flows of this app: an id as in `whither apps`, or the name of an owner it does not know (may be repeated)
    #[arg(long, value_name = "ID")]
    pub(super) app: Vec<String>,
    /// Only flows with this address at one end (may be repeated)
    #[arg(long, value_name = "IP")]
    pub(super) device: Vec<IpAddr>,
    /// Where the captures were taken, for the check of round trips: `Taipei`, `"Hyderabad, IN"`, `"Portland, Maine"`, `TW` or `25.03,121.56,50`
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    pub(super) from: Option<String>,
    /// Take the tables of places as if they were of the captures' time; every output then says so
    #[arg(long)]
    pub(super) ignore_age: bool,
    /// Only frames that this BPF filter passes, as tcpdump writes it (needs the feature `live`)
    #[arg(long, value_name = "BPF")]
    pub(super) filter: Option<String>,
    /// Who owned each connection, where the capture does not say: PCAPdroid's CSV, rustnet's `.connections.jsonl`, or a table
    /// as docs/owners.md describes it (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) owners: Vec<PathBuf>,
    /// Secrets that open Encrypted Client Hello, as a client logs them where SSLKEYLOGFILE is set (ECH_SECRET and ECH_CONFIG); or a
    /// pcapng capture that holds such a log. What stands ahead of the first packet of a CAPTURE is used in any case (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) keys: Vec<PathBuf>,
    /// Memory to take at most, about (`512M`, `4G`; at least 64M). What does not fit is left out by a hash of its
    /// endpoints, and the report says how much. Flow records that wait for their turn go to temporary files instead
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = bytes)]
    pub(super) max_memory: u64,
    #[command(flatten)]
    pub(super) knowledge: KnowledgeArgs,
}

/// Databases in addition to the embedded ones.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(super) struct KnowledgeArgs {
    /// A location or network database of your own in MaxMind DB format (may be repeated)
    #[arg(long, value_name = "DB.mmdb", value_hint = ValueHint::FilePath)]
    pub(super) geo: Vec<PathBuf>,
    /// Anycast prefixes of your own, one on each line; nothing is said of where they are (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) anycast: Vec<PathBuf>,
    /// Apps of your own on top of the catalogue, in the form of data/apps.toml (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) apps: Vec<PathBuf>,
}

/// Paths that were measured beside the captures.
#[derive(ClapArgs, Clone, Debug)]
pub(super) struct PathArgs {
    /// A path to a destination, measured where the captures were taken: what `mtr -n -j`, `traceroute`, `tracert` or
    /// `sc_warts2json` wrote. Its hops are routed through, and are no endpoints (may be repeated)
    #[arg(long = "path", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
}

#[derive(ClapArgs, Debug)]
pub(super) struct MapArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) paths: PathArgs,
    #[command(flatten)]
    pub(super) transfers: TransferArgs,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
    #[command(flatten)]
    pub(super) follow: FollowArgs,
    #[command(flatten)]
    pub(super) show: ShowArgs,
}

#[cfg(feature = "parquet")]
#[derive(ClapArgs, Debug)]
pub(super) struct PartialsArgs {
    /// Captures, as for `map`; files that every machine can read under the same path
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(super) captures: Vec<PathBuf>,
    /// The Parquet file to write
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: PathBuf,
    /// Bytes of a range. Compressed captures and pcapng are one range each
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = bytes)]
    pub(super) range_bytes: u64,
    /// Only the K-th of N equal shares of all ranges, K from 1 on
    #[arg(long, value_name = "K/N", value_parser = share, conflicts_with_all = ["range", "repair"])]
    pub(super) only: Option<[u64; 2]>,
    /// Only this range: its offsets, before them the ordinal of its capture, behind them where its first record starts, as `verify`
    /// says it (may be repeated)
    #[arg(long, value_name = "[CAPTURE:]FROM-TO[@START]", value_parser = range, conflicts_with = "repair")]
    pub(super) range: Vec<RangeArg>,
    /// Only what is missing in these files, or began at the wrong place, until all is proven
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub(super) repair: Vec<PathBuf>,
    /// Only frames that this BPF filter passes, as tcpdump writes it (needs the feature `live`)
    #[arg(long, value_name = "BPF")]
    pub(super) filter: Option<String>,
    /// Replace the file that is there
    #[arg(long)]
    pub(super) force: bool,
}

/// A range as a user names it.
#[cfg(feature = "parquet")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RangeArg {
    pub(super) capture: u32,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) start: Option<u64>,
}

#[cfg(feature = "parquet")]
#[derive(ClapArgs, Debug)]
pub(super) struct VerifyArgs {
    /// What `whither partials` wrote
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
}

#[cfg(feature = "parquet")]
#[derive(ClapArgs, Debug)]
pub(super) struct MergeArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) paths: PathArgs,
    #[command(flatten)]
    pub(super) transfers: TransferArgs,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
    #[command(flatten)]
    pub(super) show: ShowArgs,
}

#[derive(ClapArgs, Debug)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    pub(super) show: ShowArgs,
}

/// What is shown while a pipe is read.
#[derive(ClapArgs, Debug)]
pub(super) struct FollowArgs {
    /// Write the files anew so often while a pipe is read: `5s`, `1m`
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "While a pipe is read")]
    pub(super) every: Option<u64>,
    /// Draw the first screen anew in the terminal while a pipe is read [default: every 2s]
    #[arg(long, help_heading = "While a pipe is read")]
    pub(super) watch: bool,
}

/// What is taken out of outputs.
#[derive(ClapArgs, Clone, Debug)]
pub(super) struct RedactArgs {
    /// Take out what tells whose captures these are, in every output: local addresses, names of hosts, files, owners and persons'
    /// devices, times of day, the command line; docs/redact.md has the list
    #[arg(long, help_heading = "Sharing")]
    pub(super) redact: bool,
    /// A file with a secret of 16 bytes or more, so that the same address gets the same replacement in every run [default: a new
    /// random key]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "redact", help_heading = "Sharing")]
    pub(super) redact_key: Option<PathBuf>,
    /// Keep the numbers of frames, by which who has the captures can check the evidence
    #[arg(long, requires = "redact", help_heading = "Sharing")]
    pub(super) keep_frames: bool,
}

#[derive(ClapArgs, Debug)]
pub(super) struct DiffArgs {
    /// A capture, a folder or a quoted pattern of captures, or a report saved with `map --json`
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub(super) a: PathBuf,
    /// The same for the other side
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub(super) b: PathBuf,
    /// Only this app: an id as in `whither apps`, or the name of an owner it does not know (may be repeated)
    #[arg(long, value_name = "ID")]
    pub(super) app: Vec<String>,
    /// Of captures, only flows with this address at one end (may be repeated)
    #[arg(long, value_name = "IP")]
    pub(super) device: Vec<IpAddr>,
    /// Where captures were taken, as for `map`
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    pub(super) from: Option<String>,
    /// Take the tables of places as if they were of the captures' time
    #[arg(long)]
    pub(super) ignore_age: bool,
    /// Secrets that open Encrypted Client Hello in captures, as for `map` (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) keys: Vec<PathBuf>,
    /// Show all that differs, not only the first of each kind
    #[arg(long)]
    pub(super) details: bool,
    /// Memory to take at most for one side, about; a saved report may have a sixteenth of it
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = bytes)]
    pub(super) max_memory: u64,
    #[command(flatten)]
    pub(super) knowledge: KnowledgeArgs,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
    #[command(flatten)]
    pub(super) outputs: Outputs<output::diff::Format>,
}

#[derive(ClapArgs, Debug)]
pub(super) struct CheckArgs {
    /// The rules, as `--example` explains them
    #[arg(required = true, value_name = "POLICY", value_hint = ValueHint::FilePath)]
    pub(super) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Print a policy that explains every field, and do nothing else
    #[arg(long, exclusive = true)]
    pub(super) example: bool,
    /// Rules do not pass if one of their apps is not in the captures
    #[arg(long)]
    pub(super) require_observed: bool,
    /// Whether rules pass that are undecidable
    #[arg(long, value_name = "HOW", default_value = "fail")]
    pub(super) undecidable: Undecidable,
    /// What apps were seen to do before (operators, jurisdictions, countries, domains): what is new does not pass
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,
    /// Write the baseline anew from these captures
    #[arg(long, requires = "baseline")]
    pub(super) update: bool,
    #[command(flatten)]
    pub(super) paths: PathArgs,
    #[command(flatten)]
    pub(super) transfers: TransferArgs,
    /// Print workflow commands after the result, which GitHub shows beside the lines of the policy
    #[arg(long, help_heading = "Output")]
    pub(super) github: bool,
    /// Write all rules with all rows, for programs (`-`: to stdout, instead of the terminal view)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) json: Option<PathBuf>,
    /// Write the rules as results of tests, in JUnit's XML (`-`: to stdout, instead of the terminal view)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) junit: Option<PathBuf>,
    /// Write what does not pass as SARIF 2.1.0 (`-`: to stdout, instead of the terminal view)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) sarif: Option<PathBuf>,
    #[arg(long, help = FORCE_HELP, help_heading = "Output")]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
}

/// Whether rules pass that are undecidable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Undecidable {
    /// They do not.
    Fail,
    /// They do.
    Pass,
}

#[derive(ClapArgs, Debug)]
pub(super) struct ProveArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// The policy whose rule is to be shown, in place of --app
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "rule", conflicts_with = "app")]
    pub(super) policy: Option<PathBuf>,
    /// The name of the rule: its apps, and the destinations that decide it
    #[arg(long, value_name = "NAME", requires = "policy")]
    pub(super) rule: Option<String>,
    /// Where the proof goes (pcapng); `-` is stdout
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) output: PathBuf,
    #[arg(long, help = FORCE_HELP, help_heading = "Output")]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
}

#[derive(ClapArgs, Debug)]
pub(super) struct FlowsArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// How records are written
    #[arg(long, value_name = "FORMAT", default_value = "ndjson", value_parser = flow_formats())]
    pub(super) format: String,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
}

fn flow_formats() -> PossibleValuesParser {
    let has = output::flows::FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    // What is asked for all the same is told how to be had.
    let lacks = output::flows::LACKING.iter().map(|(name, feature)| {
        PossibleValue::new(*name).help(format!("not in this build: it needs the feature {feature}"))
    });
    has.chain(lacks).collect::<Vec<_>>().into()
}

#[derive(ClapArgs, Debug)]
pub(super) struct LookupArgs {
    /// An address or a server name
    #[arg(required = true, value_name = "ADDRESS|NAME")]
    pub(super) subjects: Vec<String>,
    /// Write JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) knowledge: KnowledgeArgs,
}

#[derive(ClapArgs, Debug)]
pub(super) struct AppsArgs {
    /// Show one app with the reason for each of its rules; anything else is searched for
    #[arg(value_name = "ID")]
    pub(super) id: Option<String>,
    /// Write entries, ready for --apps, of the largest sites and services in these captures that are in no entry
    #[arg(long, value_name = "CAPTURE", num_args = 1.., conflicts_with_all = ["id", "json"], value_hint = ValueHint::AnyPath)]
    pub(super) suggest: Vec<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Apps of your own on top of the catalogue (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) apps: Vec<PathBuf>,
}

#[derive(ClapArgs, Debug)]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only a build with libpcap captures"))]
pub(super) struct CaptureArgs {
    /// Interface to capture from; without it, the interfaces are listed
    #[arg(long, short, value_name = "IF")]
    pub(super) interface: Option<String>,
    /// File to write (pcapng; on Linux with the process that owns each packet, where the system tells); `-` is stdout
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "interface")]
    pub(super) output: Option<PathBuf>,
    /// Replace the file if it is there already
    #[arg(long)]
    pub(super) force: bool,
    /// Stop after this time: `90s`, `5m`, `1h`
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(super) duration: Option<u64>,
    /// Stop after this many captured bytes: `500k`, `20M`, `1G`
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(super) bytes: Option<u64>,
    /// Only frames that this BPF filter passes
    #[arg(long, value_name = "BPF")]
    pub(super) filter: Option<String>,
    /// Begin a new file after so many bytes (`100M`) or so much time (`1h`; may be given for both). Files are numbered and dated
    /// in UTC, as dumpcap does it: FILE_00001_20260601093000.pcapng
    #[arg(long, value_name = "SIZE|TIME", value_parser = rotate, requires = "output")]
    pub(super) rotate: Vec<Rotate>,
    /// Keep only the last N of these files; older ones that this run wrote are removed
    #[arg(long, value_name = "N", requires = "rotate")]
    pub(super) keep: Option<NonZeroUsize>,
    /// What the kernel may hold until it is read: more of it, and fewer frames are dropped
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = bytes)]
    pub(super) buffer: u64,
    /// Memory that the count of open flows may take at most, about; the kernel's buffer comes on top
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = bytes)]
    pub(super) max_memory: u64,
}

/// When a new file begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only a build with libpcap captures"))]
pub(super) enum Rotate {
    /// At this many bytes.
    Size(u64),
    /// After this many seconds.
    Seconds(u64),
}

#[derive(ClapArgs, Debug)]
pub(super) struct BenchArgs {
    /// Captures, or folders of them; they are read several times, so no pipes
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(super) captures: Vec<PathBuf>,
    /// Whole analyses; each is followed by one that stops after each stage
    #[arg(long, value_name = "N", default_value = "3")]
    pub(super) runs: NonZeroU32,
    /// Write JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Write a chart of the stages (`-`: to stdout, instead of the table)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) svg: Option<PathBuf>,
    #[arg(long, help = FORCE_HELP)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) knowledge: KnowledgeArgs,
}

/// A number with a unit: the factor of the last character, 1 where it is a digit.
fn with_unit(text: &str, units: &[(char, u64)]) -> Result<u64, String> {
    let (digits, factor) = match units.iter().find(|(unit, _)| text.ends_with(*unit)) {
        Some((unit, factor)) => (text.trim_end_matches(*unit), *factor),
        None => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| "not a number with a unit".to_owned())?;
    number.checked_mul(factor).filter(|n| *n > 0).ok_or_else(|| "out of range".to_owned())
}

fn seconds(text: &str) -> Result<u64, String> {
    with_unit(text, &[('s', 1), ('m', 60), ('h', 3600)])
}

fn bytes(text: &str) -> Result<u64, String> {
    with_unit(text, &[('k', 1 << 10), ('M', 1 << 20), ('G', 1 << 30)])
}

/// A share: `3/8`.
#[cfg(feature = "parquet")]
fn share(text: &str) -> Result<[u64; 2], String> {
    let parsed = text.split_once('/').and_then(|(k, n)| Some([k.parse().ok()?, n.parse().ok()?]));
    parsed.filter(|[k, n]| (1..=*n).contains(k)).ok_or_else(|| "not a share such as `3/8`".to_owned())
}

/// A range: `2:0-67108864@24`.
#[cfg(feature = "parquet")]
fn range(text: &str) -> Result<RangeArg, String> {
    let parse = || {
        let (capture, rest) = text.split_once(':').unwrap_or(("0", text));
        let (rest, start) = match rest.split_once('@') {
            Some((rest, start)) => (rest, Some(start.parse().ok()?)),
            None => (rest, None),
        };
        let (from, to) = rest.split_once('-')?;
        Some(RangeArg { capture: capture.parse().ok()?, from: from.parse().ok()?, to: to.parse().ok()?, start })
    };
    parse().ok_or_else(|| "not a range such as `67108864-134217728`".to_owned())
}

/// A size or a time, told apart by the unit, so that there must be one.
fn rotate(text: &str) -> Result<Rotate, String> {
    match text.chars().last() {
        Some('s' | 'm' | 'h') => seconds(text).map(Rotate::Seconds),
        Some('k' | 'M' | 'G') => bytes(text).map(Rotate::Size),
        _ => Err("neither a size (`100M`) nor a time (`1h`)".to_owned()),
    }
}

/// The command with everything in it.
pub(super) fn command() -> clap::Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood() {
        assert_eq!(seconds("5m"), Ok(300));
        assert_eq!(bytes("20M"), Ok(20 << 20));
        assert_eq!((rotate("100M"), rotate("2m")), (Ok(Rotate::Size(100 << 20)), Ok(Rotate::Seconds(120))));
        assert!(["100", "", "M", "-1s", "1d"].iter().all(|text| rotate(text).is_err()));
        assert!(seconds("m").is_err() && bytes("-1").is_err() && bytes("0").is_err());
    }
}
