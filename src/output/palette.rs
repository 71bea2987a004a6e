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

fn line(app: Option<usize>) -> usize {
    app.map_or(0, |app| app / COLORS.len()).min(LINES - 1)
}

/// The classes that give an app its colour and line style.
pub(super) fn class(app: Option<usize>) -> String {
    format!("c{} s{}", index(app), line(app))
}

/// Rules for the classes.
pub(super) fn css() -> String {
    let all = || COLORS.iter().chain(std::iter::once(&NEUTRAL)).enumerate();
    let variables = |is_dark: bool| -> String {
        all()
            .map(|(position, (light, dark))| format!("--c{position}:{};", if is_dark { dark } else { light }))
            .collect()
    };
    let classes: String = all().map(|(position, _)| format!(".c{position}{{--c:var(--c{position})}}")).collect();
    format!(
        ":root{{{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}@media print{{:root{{{}}}}}{classes}",
        variables(false),
        variables(true),
        variables(false)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_has_a_style_and_the_first_eighteen_differ() {
        let mut seen: Vec<_> = (0..18).map(|app| class(Some(app))).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 18);
        assert_eq!((class(None), class(Some(99))), ("c6 s0".to_owned(), "c6 s2".to_owned()));
        assert_eq!((light(Some(0)), light(None)), ("#0072b2", "#74787c"));
    }
}
