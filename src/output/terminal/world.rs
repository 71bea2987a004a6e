//! A small map of the world in braille: land dotted, countries that endpoints are or may be in filled, a figure on each of the largest.
//! Degrees are drawn as they are (plate carrée): at this size nothing else can be told apart.

use super::lines::{Ink, Line, Lines};
use crate::output::words;
use crate::place::Country;
use crate::place::geometry::outline;
use crate::report::{Report, ShareLine};
use std::collections::BTreeMap;

/// The narrowest terminal with a map, and the widest map.
const NARROWEST: usize = 64;
const WIDEST: usize = 100;
/// The parts of the world shown, in degrees north.
const NORTH: f64 = 84.0;
const SOUTH: f64 = -56.0;
/// Countries with a figure.
const FIGURES: usize = 9;
/// The longitudes in the middle: the world is cut in the Bering Strait or in the Atlantic, as the figure's is.
const MIDDLES: [f64; 2] = [11.0, 150.0];
/// The sign of the phone.
const PHONE: char = '@';

/// The map and the names of its figures.
pub(super) fn world(lines: &mut Lines, report: &Report) {
    let columns = lines.columns().min(WIDEST);
    let way = if report.shares.sent.bytes > 0 { &report.shares.sent } else { &report.shares.received };
    if lines.is_ascii() || columns < NARROWEST || way.countries.is_empty() {
        return;
    }
    let bytes = |line: &ShareLine| line.certain_bytes.saturating_add(line.possible_bytes);
    let mut shares: Vec<(&ShareLine, Country)> =
        way.countries.iter().filter_map(|line| Some((line, Country::new(&line.key)?))).collect();
    shares.sort_by_key(|(line, _)| std::cmp::Reverse(bytes(line)));
    let east = report.vantage.as_ref().map_or(MIDDLES[0], |vantage| vantage.longitude);
    let away = |middle: &&f64| turned(east - **middle).abs();
    let middle = MIDDLES.iter().min_by(|a, b| away(a).total_cmp(&away(b))).copied().unwrap_or(MIDDLES[0]);
    let mut grid = Grid::new(columns, middle);
    grid.fill(&shares.iter().map(|(_, country)| *country).collect::<Vec<_>>());
    let mut names = Vec::new();
    if let Some(vantage) = &report.vantage {
        grid.mark((vantage.latitude, vantage.longitude), PHONE);
        names.push((Ink::Dim, format!("{PHONE} the phone")));
    }
    for (number, (line, country)) in shares.iter().take(FIGURES).enumerate() {
        let figure = char::from_digit(number as u32 + 1, 10).unwrap_or('?');
        if let Some(place) = country.centroid() {
            grid.mark(place, figure);
            names.push((Ink::Plain, format!("{figure} {} {}", lines.text(&line.label), words::cell(line, way.bytes))));
        }
    }
    lines.gap();
    (0..grid.rows()).for_each(|row| lines.line(&grid.line(row)));
    lines.pieces(Line::default(), 0, "  ", names);
}

/// What lies under a dot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    Sea,
    Land,
    Reached,
}

/// Dots, two by four in a cell.
struct Grid {
    columns: usize,
    middle: f64,
    dots: Vec<Vec<Ground>>,
    marks: BTreeMap<(usize, usize), char>,
}

impl Grid {
    fn new(columns: usize, middle: f64) -> Self {
        let width = columns * 2;
        let height = ((NORTH - SOUTH) / 360.0 * width as f64).ceil() as usize;
        let height = height.next_multiple_of(4);
        Self { columns, middle, dots: vec![vec![Ground::Sea; width]; height], marks: BTreeMap::new() }
    }

    fn rows(&self) -> usize {
        self.dots.len() / 4
    }

    /// Degrees that a dot is wide and high.
    fn step(&self) -> f64 {
        360.0 / (self.columns * 2) as f64
    }

    /// Fills all land, row by row, between the places where outlines cross the row.
    fn fill(&mut self, reached: &[Country]) {
        let (step, width) = (self.step(), self.columns * 2);
        for (country, rings) in outline::all() {
            let ground = if reached.contains(&country) { Ground::Reached } else { Ground::Land };
            for (row, dots) in self.dots.iter_mut().enumerate() {
                let north = NORTH - (row as f64 + 0.5) * step;
                let mut crossings: Vec<f64> = Vec::new();
                for ring in rings {
                    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                        if (a.0 > north) != (b.0 > north) {
                            crossings.push(a.1 + (north - a.0) / (b.0 - a.0) * (b.1 - a.1));
                        }
                    }
                }
                crossings.sort_by(f64::total_cmp);
                for pair in crossings.chunks_exact(2) {
                    let &[from, to] = pair else { continue };
                    // Every dot whose middle lies between them, or the nearest where there is none.
                    let dot = |east: f64| ((east - self.middle + 180.0) / step).round() as i64;
                    for at in dot(from)..dot(to).max(dot(from) + 1) {
                        let at = usize::try_from(at.rem_euclid(width as i64)).unwrap_or(0);
                        if let Some(dot) = dots.get_mut(at).filter(|dot| **dot != Ground::Reached) {
                            *dot = ground;
                        }
                    }
                }
            }
        }
    }

    /// Puts a sign on a place, or beside it where another sign stands.
    fn mark(&mut self, (north, east): (f64, f64), sign: char) {
        let step = self.step();
        let column = ((turned(east - self.middle) + 180.0) / step / 2.0) as usize;
        let row = ((NORTH - north.clamp(SOUTH, NORTH)) / step / 4.0) as usize;
        let (row, column) = (row.min(self.rows().saturating_sub(1)), column.min(self.columns - 1));
        let beside = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)];
        let spots = beside.into_iter().filter_map(|(down, right)| {
            let spot = (row.checked_add_signed(down)?, column.checked_add_signed(right)?);
            (spot.0 < self.rows() && spot.1 < self.columns).then_some(spot)
        });
        if let Some(free) = spots.into_iter().find(|spot| !self.marks.contains_key(spot)) {
            self.marks.insert(free, sign);
        }
    }

    fn line(&self, row: usize) -> Line {
        let mut line = Line::default();
        let (mut ink, mut text) = (Ink::Plain, String::new());
        for column in 0..self.columns {
            let (next, sign) = match self.marks.get(&(row, column)) {
                Some(sign) => (Ink::Bold, *sign),
                None => self.cell(row, column),
            };
            if next != ink && !text.is_empty() {
                line.put(ink, std::mem::take(&mut text));
            }
            ink = next;
            text.push(sign);
        }
        line.put(ink, text);
        line
    }

    /// The braille sign of a cell (Unicode's block from U+2800: bits 0 to 2 and 6 on the left, 3 to 5 and 7 on the right).
    fn cell(&self, row: usize, column: usize) -> (Ink, char) {
        const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (mut bits, mut ink) = (0, Ink::Dim);
        for (y, pair) in BITS.iter().enumerate() {
            for (x, bit) in pair.iter().enumerate() {
                let (down, right) = (row * 4 + y, column * 2 + x);
                match self.dots.get(down).and_then(|dots| dots.get(right)) {
                    Some(Ground::Reached) => (bits, ink) = (bits | bit, Ink::Accent),
                    // Half of the dots, so that filled countries stand out without colour.
                    Some(Ground::Land) if (down + right).is_multiple_of(2) => bits |= bit,
                    _ => {}
                }
            }
        }
        let sign = if bits == 0 { ' ' } else { char::from_u32(0x2800 + bits).unwrap_or(' ') };
        (ink, sign)
    }
}

fn turned(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::*;
    use crate::output::example;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn the_map_fits_and_names_its_figures() {
        let report = example::report();
        for width in [64, 80, 120] {
            let mut lines = Lines::new(Style { width, ..Style::default() });
            world(&mut lines, &report);
            let text = lines.finish();
            assert!(text.lines().all(|line| line.width() <= width), "{text}");
            assert!(text.contains('\u{28ff}') && text.contains(PHONE), "{text}");
            assert!(text.lines().count() < 26, "{}", text.lines().count());
        }
    }

    #[test]
    fn there_is_none_without_room_or_braille() {
        let report = example::report();
        for style in [Style { width: 60, ..Style::default() }, Style { ascii: true, ..Style::default() }] {
            let mut lines = Lines::new(style);
            world(&mut lines, &report);
            assert_eq!(lines.finish(), "");
        }
    }

    #[test]
    fn land_is_where_it_should_be() {
        let mut grid = Grid::new(90, 11.0);
        grid.fill(&[Country::new("AU").unwrap()]);
        let at = |north: f64, east: f64| {
            let row = ((NORTH - north) / grid.step()) as usize;
            grid.dots[row][((turned(east - 11.0) + 180.0) / grid.step()) as usize]
        };
        assert!(at(-25.0, 134.0) == Ground::Reached && at(48.0, 10.0) == Ground::Land && at(0.0, -30.0) == Ground::Sea);
        assert!(at(66.0, -175.0) == Ground::Land && at(66.0, 175.0) == Ground::Land, "both sides of the date line");
    }
}
