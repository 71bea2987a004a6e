//! What rules say of rows: each list by hand, then the laws that hold for any rows and rules.

use super::evaluate::outcome;
use super::fit::{Fitting, Part};
use super::regions::Region;
use super::rule::{Direction, Kind, Located, Names, Rule, Share, Table, Territory};
use super::testing::{app, country, name, row, run_line};
use super::verdict::Verdict;
use crate::report::{AppRoutes, Destination, Standing};
use proptest::prelude::*;

fn rule(kind: Kind, table: Table) -> Rule {
    let located = |value: &str| Located { value: value.to_owned(), line: 1, column: 1 };
    Rule {
        name: located("r"),
        apps: Vec::new(),
        direction: Direction::Up,
        kind,
        table,
        over_bytes: None,
        over_share: None,
    }
}

fn parts(table: &Table, row: &Destination) -> [(u64, u64, u64); 2] {
    let fitting = Fitting { table, direction: Direction::Up, days: Some(("2026-06-01", "2026-06-01")) };
    [fitting.fits(row), fitting.does_not_fit(row)].map(|Part { low, high, upper }| (low, high, upper))
}

const NONE: (u64, u64, u64) = (0, 0, 0);
const CERTAIN: (u64, u64, u64) = (10, 10, 10);
const POSSIBLE: (u64, u64, u64) = (0, 10, 10);
const UNPLACED: (u64, u64, u64) = (0, 0, 10);

#[test]
fn countries_are_certain_only_where_they_are_confirmed() {
    let table = Table { country: Some(vec![country("CN")]), ..Table::default() };
    for (standing, candidates, fits, others) in [
        (Standing::Confirmed, &["CN"][..], CERTAIN, NONE),
        (Standing::Confirmed, &["HK"], NONE, CERTAIN),
        (Standing::Reported, &["CN"], POSSIBLE, NONE),
        (Standing::Reported, &["SG"], NONE, POSSIBLE),
        (Standing::Disputed, &["CN", "HK"], POSSIBLE, POSSIBLE),
        (Standing::Disputed, &["HK", "SG"], NONE, POSSIBLE),
        (Standing::Anycast, &[], UNPLACED, UNPLACED),
        (Standing::Unrouted, &[], UNPLACED, UNPLACED),
        (Standing::Local, &[], NONE, NONE),
        (Standing::Special, &[], NONE, NONE),
    ] {
        assert_eq!(parts(&table, &row(standing, candidates, 10)), [fits, others], "{standing:?} {candidates:?}");
    }
}

#[test]
fn a_decision_with_a_scope_makes_nothing_certain() {
    let table = Table { region: Some(vec![Territory::Region(Region::Adequate)]), ..Table::default() };
    let of = |code| parts(&table, &row(Standing::Confirmed, &[code], 10));
    assert_eq!(of("US"), [POSSIBLE, POSSIBLE]);
    assert_eq!((of("NZ"), of("CN")), ([CERTAIN, NONE], [NONE, CERTAIN]));
}

#[test]
fn operators_are_certain_where_network_and_name_agree() {
    let table = Table { operator: Some(vec!["tencent".to_owned()]), ..Table::default() };
    let of = |lines: &[(&[&str], bool, u64)]| {
        let mut row = row(Standing::Anycast, &[], 10);
        row.run_by = lines.iter().map(|(operators, twofold, sent)| run_line(operators, *twofold, *sent)).collect();
        parts(&table, &row)
    };
    assert_eq!(of(&[(&["Tencent"], true, 10)]), [CERTAIN, NONE]);
    assert_eq!(of(&[(&["Amazon"], true, 10)]), [NONE, CERTAIN]);
    assert_eq!(of(&[(&["Tencent"], false, 10)]), [POSSIBLE, NONE]);
    assert_eq!(of(&[(&["Amazon", "Tencent"], true, 10)]), [POSSIBLE, POSSIBLE]);
    assert_eq!(of(&[]), [UNPLACED, UNPLACED]);
    assert_eq!(of(&[(&["Tencent"], true, 3), (&["Tencent"], false, 4)]), [(3, 7, 10), (0, 0, 3)]);
}

#[test]
fn names_count_with_their_own_payload() {
    let table = Table { name: Some(vec![Names::new("*.qq.com").unwrap()]), ..Table::default() };
    let of = |names: &[(&str, Option<u64>)], total: u64| {
        let mut row = row(Standing::Anycast, &[], 10);
        row.names = names.iter().map(|(one, sent)| name(one, *sent)).collect();
        row.names_total = total;
        parts(&table, &row)
    };
    assert_eq!(of(&[("a.qq.com", Some(10))], 1), [CERTAIN, NONE]);
    assert_eq!(of(&[("a.qq.com", Some(3)), ("b.example", Some(4))], 2), [(3, 3, 6), (4, 4, 7)]);
    assert_eq!(of(&[("a.qq.com", None)], 1), [POSSIBLE, UNPLACED]);
    assert_eq!(of(&[("b.example", Some(4))], 5), [(0, 6, 6), (4, 10, 10)]);
    assert_eq!(of(&[], 0), [UNPLACED, UNPLACED]);
}

#[test]
fn networks_and_blocks_need_no_place() {
    let asn = Table { asn: Some(vec![132_203]), ..Table::default() };
    let block = Table { registered_country: Some(vec![country("CN")]), ..Table::default() };
    let mut one = row(Standing::Anycast, &[], 10);
    assert_eq!((parts(&asn, &one), parts(&block, &one)), ([UNPLACED; 2], [UNPLACED; 2]));
    one.asn = Some(132_203);
    one.registered_countries = vec![country("CN")];
    assert_eq!((parts(&asn, &one), parts(&block, &one)), ([CERTAIN, NONE], [CERTAIN, NONE]));
    one.asn = Some(1);
    one.registered_countries = vec![country("CN"), country("HK")];
    assert_eq!((parts(&asn, &one), parts(&block, &one)), ([NONE, CERTAIN], [POSSIBLE, POSSIBLE]));
}

#[test]
fn all_lists_of_a_table_must_fit() {
    let table =
        Table { country: Some(vec![country("CN")]), operator: Some(vec!["Tencent".to_owned()]), ..Table::default() };
    let of = |standing, code: &[&str], lines: &[(&[&str], bool, u64)]| {
        let mut row = row(standing, code, 10);
        row.run_by = lines.iter().map(|(operators, twofold, sent)| run_line(operators, *twofold, *sent)).collect();
        parts(&table, &row)
    };
    assert_eq!(of(Standing::Confirmed, &["CN"], &[(&["Tencent"], true, 10)]), [CERTAIN, NONE]);
    assert_eq!(
        of(Standing::Confirmed, &["CN"], &[(&["Tencent"], true, 4), (&["Amazon"], true, 6)]),
        [(4, 4, 4), (6, 6, 6)]
    );
    assert_eq!(of(Standing::Confirmed, &["SG"], &[(&["Tencent"], true, 10)]), [NONE, CERTAIN]);
    assert_eq!(of(Standing::Reported, &["CN"], &[(&["Tencent"], true, 10)]), [POSSIBLE, NONE]);
    // That it is another's is certain, wherever it is.
    assert_eq!(of(Standing::Anycast, &[], &[(&["Amazon"], true, 10)]), [NONE, CERTAIN]);
    assert_eq!(of(Standing::Anycast, &[], &[(&["Tencent"], true, 10)]), [UNPLACED, UNPLACED]);
}

#[test]
fn apps_are_chosen_by_id_and_missed_by_name() {
    let apps = [
        app("wechat", vec![row(Standing::Confirmed, &["CN"], 2_000)]),
        app("line", vec![row(Standing::Local, &[], 9)]),
    ];
    let named = |ids: &[&str]| {
        let located = |id: &&str| Located { value: (*id).to_owned(), line: 1, column: 1 };
        let table = Table { country: Some(vec![country("CN")]), ..Table::default() };
        let rule = Rule { apps: ids.iter().map(located).collect(), ..rule(Kind::Deny, table) };
        let outcome = outcome(&apps, &rule, None);
        (outcome.verdict, outcome.not_observed.join(" "), outcome.rows.len())
    };
    assert_eq!(named(&["WeChat"]), (Verdict::Broken, String::new(), 1));
    assert_eq!(named(&["wechat", "line"]), (Verdict::Broken, "line".to_owned(), 1));
    // Only local traffic is no payload that a rule is about.
    assert_eq!(named(&["line"]), (Verdict::NotObserved, "line".to_owned(), 0));
    assert_eq!(named(&[]), (Verdict::Broken, String::new(), 1));
}

const CODES: [&str; 4] = ["CN", "DE", "SG", "US"];
const OPERATORS: [&str; 2] = ["Amazon", "Tencent"];
const NAMES: [&str; 2] = ["a.qq.com", "b.example"];

fn rows() -> impl Strategy<Value = Vec<(u8, Destination)>> {
    let line = (0..4_usize, any::<bool>(), 0..3_000_u64);
    let named = (0..2_usize, prop::option::of(0..3_000_u64));
    let lines = prop::collection::vec(line, 0..3);
    let names = prop::collection::vec(named, 0..3);
    let one = (0..3_u8, 0..5_u8, 0..4_usize, 0..4_usize, lines, names, 0..9_000_u64, any::<bool>());
    let one = one.prop_map(|(app, kind, first, second, lines, names, sent, has_asn)| {
        let (standing, candidates): (_, &[&str]) = match kind {
            0 => (Standing::Confirmed, &[CODES[first]]),
            1 => (Standing::Reported, &[CODES[first]]),
            2 => (Standing::Disputed, &[CODES[first], CODES[second]]),
            3 => (Standing::Anycast, &[]),
            _ => (Standing::Local, &[]),
        };
        let mut row = row(standing, candidates, sent);
        row.asn = has_asn.then_some(second as u32);
        row.registered_countries = [first, second].iter().take(first).map(|at| country(CODES[*at])).collect();
        row.run_by = lines
            .iter()
            .map(|(which, twofold, sent)| run_line(&OPERATORS[which / 2..=(which % 2).max(which / 2)], *twofold, *sent))
            .collect();
        row.names = names.iter().map(|(which, sent)| name(NAMES[*which], *sent)).collect();
        row.names_total = (names.len() + second % 2) as u64;
        (app, row)
    });
    prop::collection::vec(one, 0..12)
}

fn rules() -> impl Strategy<Value = Rule> {
    let codes = || prop::option::of(prop::sample::subsequence(&CODES[..], 1..3));
    let list = |codes: Option<Vec<&str>>| codes.map(|codes| codes.into_iter().map(country).collect::<Vec<_>>());
    let lists = (
        codes(),
        codes(),
        codes(),
        prop::option::of(0..2_usize),
        prop::option::of(0..4_u32),
        prop::option::of(0..2_usize),
    );
    let how = (0..3_u8, 0..3_u8, prop::option::of(0..5_000_u64), prop::option::of(0..=100_u8));
    (lists, how).prop_map(
        move |((place, law, block, operator, asn, name), (kind, direction, over_bytes, over_share))| {
            let table = Table {
                country: list(place),
                jurisdiction: list(law),
                registered_country: list(block),
                operator: operator.map(|at| vec![OPERATORS[at].to_owned()]),
                asn: asn.map(|asn| vec![asn]),
                name: name.map(|at| vec![Names::new(NAMES[at]).unwrap()]),
                region: None,
            };
            Rule {
                direction: [Direction::Up, Direction::Down, Direction::Both][usize::from(direction)],
                over_bytes,
                over_share: over_share.and_then(|percent| Share::new(f64::from(percent) / 100.0)),
                ..rule([Kind::Deny, Kind::AllowOnly, Kind::Expect][usize::from(kind)], table)
            }
        },
    )
}

fn apps(rows: &[(u8, Destination)]) -> Vec<AppRoutes> {
    let of = |id: u8| rows.iter().filter(|(app, _)| *app == id).map(|(_, row)| row.clone()).collect();
    (0..3).map(|id| app(&id.to_string(), of(id))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn order_changes_no_verdict_and_parts_add_up(rows in rows(), rule in rules(), cut in 0..12_usize) {
        let all = apps(&rows);
        let whole = outcome(&all, &rule, None);
        let mut reversed = rows.clone();
        reversed.reverse();
        let mut back = apps(&reversed);
        back.reverse();
        let other = outcome(&back, &rule, None);
        prop_assert_eq!((whole.verdict, whole.bounds, &whole.says), (other.verdict, other.bounds, &other.says));
        let (left, right) = rows.split_at(cut.min(rows.len()));
        let (left, right) = (apps(left), apps(right));
        let (left, right) = (outcome(&left, &rule, None), outcome(&right, &rule, None));
        let mut sum = left.bounds.part;
        sum.add(right.bounds.part);
        prop_assert_eq!((left.bounds.total + right.bounds.total, sum), (whole.bounds.total, whole.bounds.part));
        prop_assert_eq!(whole.rows.iter().map(|row| row.part.upper).sum::<u64>(), whole.bounds.part.upper);
    }

    /// Whatever the truth is, what fits and what does not are all bytes, and both bounds hold it.
    #[test]
    fn what_fits_and_what_does_not_are_all(rows in rows(), rule in rules()) {
        for (_, row) in &rows {
            let fitting = Fitting { table: &rule.table, direction: rule.direction, days: None };
            let bytes = super::fit::bytes(row, rule.direction);
            let parts = [fitting.fits(row), fitting.does_not_fit(row)];
            for part in parts {
                prop_assert!(part.low <= part.high && part.high <= part.upper && part.upper <= bytes, "{part:?} of {bytes}");
            }
            let [fits, others] = parts;
            prop_assert!(fits.low + others.low <= bytes, "{parts:?} of {bytes}");
            prop_assert!(rule.table == Table::default() || fits.upper + others.upper >= bytes, "{parts:?} of {bytes}");
        }
    }

    /// A rule and its opposite are never both supported.
    #[test]
    fn opposites_do_not_both_hold(rows in rows(), rule in rules()) {
        let all = apps(&rows);
        let verdict = |kind| outcome(&all, &Rule { kind, ..rule.clone() }, None).verdict;
        let (deny, expect) = (verdict(Kind::Deny), verdict(Kind::Expect));
        let opposite = match deny {
            Verdict::Holds => Verdict::Broken,
            Verdict::Broken => Verdict::Holds,
            same => same,
        };
        prop_assert_eq!(expect, opposite);
    }
}
