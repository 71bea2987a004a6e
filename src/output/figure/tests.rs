//! The figure as a whole: what it says, what it leaves out, and that it is well formed.

use super::drawing::WIDTH;
use super::*;
use crate::output::example;
use crate::place::Country;
use crate::report::VantageLine;

fn figures(report: &Report) -> [String; 2] {
    [false, true].map(|small_multiples| draw(report, &Look { small_multiples, ..Look::default() }))
}

/// Fails if elements are not closed in order or an attribute is not quoted.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("an element ends");
        if tag.starts_with('!') {
            continue;
        }
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "a number that is none");
}

#[test]
fn figures_are_well_formed_and_name_what_they_rest_on() {
    let mut report = example::report();
    for figure in figures(&report) {
        assert_well_formed(&figure);
        assert!(figure.starts_with("<svg ") && is_own(figure.as_bytes()));
        let text: String = figure.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect();
        for part in ["DB-IP", "Natural Earth", "Equal Earth", "whither 0"] {
            assert!(text.replace('\n', " ").contains(part), "{part}");
        }
        assert!(figure.len() < 80_000, "{}", figure.len());
    }
    report.vantage = None;
    figures(&report).iter().for_each(|figure| assert_well_formed(figure));
}

#[test]
fn hostile_names_are_escaped_everywhere() {
    let mut report = example::report();
    let hostile = || example::HOSTILE_NAME.to_owned();
    report.apps[0].name = hostile();
    report.apps[0].destinations[0].candidates[0].label = hostile();
    report.captures[0].name = hostile();
    for way in [&mut report.shares.sent, &mut report.apps[0].shares.sent] {
        way.countries.iter_mut().for_each(|line| line.label = hostile());
        way.sentence = hostile();
    }
    report.vantage.as_mut().unwrap().label = hostile();
    let look = Look { title: Some(hostile()), note: Some(hostile()), ..Look::default() };
    for figure in figures(&report).into_iter().chain([draw(&report, &look)]) {
        assert_well_formed(&figure);
        assert!(!figure.contains("<img") && !figure.contains("</script") && !figure.contains('\u{1b}'));
    }
}

#[test]
fn a_country_that_is_ruled_out_is_not_named() {
    let mut report = example::report();
    let excluded = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
    assert!(excluded.flat_map(|row| &row.exclusions).count() > 0, "the example has one");
    // The country that is ruled out is given a name that nothing else has.
    let greenland = Country::new("GL").unwrap();
    let rows = report.apps.iter_mut().flat_map(|app| &mut app.destinations).chain(&mut report.unattributed_routes);
    rows.flat_map(|row| &mut row.exclusions).for_each(|one| one.country = greenland);
    for figure in figures(&report) {
        assert!(!figure.contains("Greenland"));
    }
    assert!(figures(&report)[0].contains("ruled out"));
}

#[test]
fn a_title_and_a_note_of_the_user_take_the_place_of_ours() {
    let report = example::report();
    let look =
        Look { title: Some("Where it went".to_owned()), note: Some("Seen by us.".to_owned()), ..Look::default() };
    let figure = draw(&report, &look);
    assert!(figure.contains("<title id=\"t\">Where it went</title>") && figure.contains(">Seen by us. "));
}

#[test]
fn an_empty_report_is_a_sentence_and_odd_coordinates_are_no_harm() {
    let mut report = example::report();
    for (latitude, longitude) in [(f64::NAN, f64::NAN), (1e300, -1e300), (90.0, 180.0), (-90.0, -180.0), (0.0, 540.0)] {
        report.vantage = Some(VantageLine { label: "x".to_owned(), latitude, longitude, radius_km: 1.0 });
        figures(&report).iter().for_each(|figure| assert_well_formed(figure));
    }
    report.vantage = None;
    report.apps.clear();
    report.unattributed_routes.clear();
    report.shares = crate::report::EndpointShares::default();
    report.unattributed_shares = crate::report::EndpointShares::default();
    for figure in figures(&report) {
        assert_well_formed(&figure);
        assert!(figure.contains("nothing to map"));
    }
}

/// No text goes past the right edge, by the widths of the widest font of the list.
#[test]
fn no_text_is_clipped() {
    let mut report = example::report();
    report.apps[0].name = "A very long name of an app that nobody would give it ".repeat(4);
    report.captures[0].name = "a-name-without-any-space-in-it-".repeat(12);
    for figure in figures(&report) {
        for piece in figure.split("<text ").skip(1) {
            let (tag, rest) = piece.split_once('>').unwrap();
            let attribute = |name: &str| {
                let (_, value) = tag.split_once(&format!("{name}=\""))?;
                value.split('"').next()
            };
            let number = |name: &str| attribute(name).unwrap().parse::<f64>().unwrap();
            let text: String =
                rest.split("</text>").next().unwrap().split('<').map(|part| part.rsplit('>').next().unwrap()).collect();
            let width = measure::width(&text, number("font-size"), tag.contains("bold"));
            let right = match attribute("text-anchor") {
                Some("end") => number("x"),
                Some("middle") => number("x") + width / 2.0,
                _ => number("x") + width,
            };
            assert!(right <= WIDTH, "{right}: {text}");
            assert!(attribute("text-anchor") != Some("end") || number("x") - width >= 0.0, "{text}");
        }
    }
}
