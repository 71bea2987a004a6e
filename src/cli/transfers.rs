//! `--transfers`: what a law on transfers makes of where apps sent.

use crate::report::Report;
use crate::report::transfers::{Framework, Transfers, frameworks};
use clap::Args as ClapArgs;

/// The law that was asked for, and its day.
#[derive(ClapArgs, Debug)]
pub(super) struct TransferArgs {
    /// Per app, the share of sent bytes by what this law on transfers makes of the countries: for `eu` the EEA, countries with an
    /// adequacy decision, the US (certified participants only), others
    #[arg(long, value_name = "LAW", value_parser = laws())]
    transfers: Option<String>,
    /// The day whose decisions count [default: the day of the last packet]
    #[arg(long, value_name = "DATE", requires = "transfers", value_parser = day)]
    as_of: Option<jiff::civil::Date>,
}

impl TransferArgs {
    /// The options again, each with its value.
    pub(super) fn again(&self) -> Vec<Vec<String>> {
        let law = self.transfers.iter().map(|law| vec!["--transfers".to_owned(), law.clone()]);
        law.chain(self.as_of.map(|day| vec!["--as-of".to_owned(), day.to_string()])).collect()
    }

    /// What the law makes of the countries of this report; none where there is no packet whose day could count.
    pub(super) fn of(&self, report: &Report) -> Option<Transfers> {
        let framework = Framework::find(self.transfers.as_deref()?)?;
        let last_day = || report.last_seen.as_deref()?.get(..10)?.parse().ok();
        Some(Transfers::of(report, &framework, self.as_of.or_else(last_day)?))
    }
}

fn laws() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(frameworks().collect::<Vec<_>>())
}

fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "not a day such as 2026-06-01".to_owned())
}
