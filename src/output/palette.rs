//! Colours of apps: the set of Okabe and Ito (2008) without yellow and black, told apart by people who see fewer colours.
//! After six apps the line style changes as well.

/// For a light and a dark ground.
const COLORS: [(&str, &str); 6] = [
    ("#0072b2", "#5aa9f0"),
    ("#d55e00", "#ff8a3d"),
    ("#009e73", "#2fc99b"),
    ("#b8578d", "#e39ac4"),
    ("#c98600", "#f0b429"),
    ("#3a9bd1", "#8fd3ff"),
];
/// For traffic that no app could be named for, and for apps beyond the line styles.
const NEUTRAL: (&str, &str) = ("#74787c", "#9aa0a6");
/// Solid, dashed, dotted.
const LINES: usize = 3;

/// Position of an app's colour; [`COLORS`]' length stands for the neutral one.
pub(super) fn index(app: Option<usize>) -> usize {
    match app {
        Some(app) if app < COLORS.len() * LINES => app % COLORS.len(),
        _ => COLORS.len(),
    }
}

/// The colour of an app on a light ground.
pub(super) fn light(app: Option<usize>) -> &'static str {
    COLORS.get(index(app)).unwrap_or(&NEUTRAL).0
}

/// Dash pattern of an app's lines in SVG, where it has one.
pub(super) fn dashes(app: Option<usize>) -> Option<&'static str> {
    match line(app) {
        1 => Some("9 6"),
        2 => Some("1 7"),
        _ => None,
    }
}

fn line(app: Option<usize>) -> usize {
    app.map_or(0, |app| app / COLORS.len()).min(LINES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_has_a_style_and_the_first_eighteen_differ() {
        let mut seen: Vec<_> = (0..18).map(|app| (light(Some(app)), dashes(Some(app)))).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 18);
        assert_eq!((light(Some(0)), light(None), dashes(Some(7))), ("#0072b2", "#74787c", Some("9 6")));
    }
}
