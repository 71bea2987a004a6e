//! Colours of apps: the set of Okabe and Ito (2008) without yellow and black, told apart by people who see fewer colours.

/// On a light ground.
const COLORS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#b8578d", "#c98600", "#3a9bd1"];
/// For traffic that no app could be named for.
const NEUTRAL: &str = "#74787c";

/// The colour of an app on a light ground.
pub(super) fn light(app: Option<usize>) -> &'static str {
    app.and_then(|app| COLORS.get(app % COLORS.len())).copied().unwrap_or(NEUTRAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_has_a_colour() {
        assert_eq!((light(Some(0)), light(Some(6)), light(None)), ("#0072b2", "#0072b2", "#74787c"));
    }
}
