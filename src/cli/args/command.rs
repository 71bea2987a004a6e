//! The commands, with their help.

use super::bench::BenchArgs;
use super::capture::CaptureArgs;
use super::check::CheckArgs;
use super::diff::DiffArgs;
#[cfg(feature = "parquet")]
use super::fleet::{MergeArgs, PartialsArgs, VerifyArgs};
use super::flows::FlowsArgs;
use super::lookup::{AppsArgs, LookupArgs};
use super::map::{DemoArgs, MapArgs};
use super::prove::ProveArgs;
use super::words::WORDS;
use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub(in crate::cli) enum Command {
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
