//! The options that say how a result is shown and where it is written to: one option for each format of a table.

use crate::output;
use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args as ClapArgs, FromArgMatches, ValueHint};
use std::path::PathBuf;

/// How a map is shown, and where it is written to.
#[derive(ClapArgs, Debug)]
pub(super) struct ShowArgs {
    /// Show every destination with its evidence, not only the first screen
    #[arg(long)]
    pub(super) details: bool,
    /// Draw pictures as one map per app, all on one scale
    #[arg(long)]
    pub(super) small_multiples: bool,
    /// What stands above the page, the figure and the answer in the terminal, in place of our words
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new(), help_heading = "Sharing")]
    pub(super) title: Option<String>,
    /// What you have to say of it, in the page, the figure and the terminal
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new(), help_heading = "Sharing")]
    pub(super) note: Option<String>,
    #[command(flatten)]
    pub(super) outputs: Outputs<output::Format>,
}

/// A format that a command can write, one option each.
pub(super) trait Written: Sized + 'static {
    const FORMATS: &'static [Self];

    fn name(&self) -> &'static str;
    fn about(&self) -> &'static str;
}

impl Written for output::Format {
    const FORMATS: &'static [Self] = output::FORMATS;

    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }
}

impl Written for output::diff::Format {
    const FORMATS: &'static [Self] = output::diff::FORMATS;

    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }
}

/// One option per row of a table of formats.
pub(super) struct Outputs<F: Written> {
    pub(super) files: Vec<(&'static F, PathBuf)>,
    /// Whether files are replaced that are no earlier outputs.
    pub(super) is_forced: bool,
}

impl<F: Written> std::fmt::Debug for Outputs<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.files.iter().map(|(format, path)| (format.name(), path))).finish()
    }
}

/// What `--force` does.
pub(super) const FORCE_HELP: &str =
    "Replace files that are not earlier outputs of the same kind; never one that this run reads";

impl<F: Written> ClapArgs for Outputs<F> {
    fn augment_args(command: clap::Command) -> clap::Command {
        let command = F::FORMATS.iter().fold(command.next_help_heading("Output"), |command, format| {
            let help = format!("Write {} (`-`: to stdout, instead of the terminal view)", format.about());
            command.arg(
                Arg::new(format.name())
                    .long(format.name())
                    .value_name("FILE")
                    .value_hint(ValueHint::FilePath)
                    .value_parser(clap::value_parser!(PathBuf))
                    .action(ArgAction::Set)
                    .help(help),
            )
        });
        command.arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help(FORCE_HELP))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<F: Written> FromArgMatches for Outputs<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = F::FORMATS.iter().filter_map(|format| {
            let path = matches.get_one::<PathBuf>(format.name())?;
            Some((format, path.clone()))
        });
        Ok(Self { files: given.collect(), is_forced: matches.get_flag("force") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
