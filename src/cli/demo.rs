//! `whither demo`: the map of the sample that is in the program.

use super::args::{Args, DemoArgs, KnowledgeArgs};
use super::end::End;
use super::input;
use super::outputs::Reads;
use super::view::View;
use crate::analysis::Options;
use crate::capture::{BUILT_IN, Source};
use crate::error::Error;
use crate::report::build;

/// `cargo xtask samples` makes it.
const SAMPLE: &[u8] = include_bytes!("../../samples/demo.pcap.zst");
/// Where its phone is said to be.
const FROM: &str = "Taipei";

pub(super) fn run(args: &Args, demo: &DemoArgs, command: &str) -> Result<End, Error> {
    let view = View::open(args, &demo.show, None, command, &Reads::default())?;
    let knowledge = input::knowledge(&KnowledgeArgs::default(), Some(FROM))?;
    let source = Source::memory(BUILT_IN, SAMPLE)?;
    let (routes, analysed) = input::analyse(vec![source], &Options::default(), &knowledge, args.quiet, &|_| ())?;
    let report = build(&routes, &analysed, &knowledge, command.to_owned());
    view.write(&view.redacted(report, &knowledge)?)?;
    Ok(End::Done)
}
