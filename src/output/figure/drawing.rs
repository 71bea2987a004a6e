//! A picture in the making: SVG 1.1 with attributes only, which print shops and rasterisers read alike.

use super::measure;
use crate::output::escape;

/// Fonts in the order of preference. [`measure`] knows how wide the widest is.
const FONTS: &str = "Noto Sans, Source Sans 3, DejaVu Sans, Helvetica, Arial, sans-serif";

/// Width of the picture.
pub(super) const WIDTH: f64 = 1200.0;
/// Between its edge and everything in it.
pub(super) const MARGIN: f64 = 30.0;

/// How a picture says what made it.
pub(super) const MARK: &str = "<!-- Generator: ";

/// What made a picture, as a comment for its beginning.
pub(in crate::output) fn mark() -> String {
    format!("{MARK}{} -->", crate::output::generator::GENERATOR)
}

/// Text and what it is drawn in.
pub(super) const INK: &str = "#17191c";
/// Text that matters less.
pub(super) const DIM: &str = "#5a6067";
/// Thin lines between parts of the picture.
pub(super) const RULE: &str = "#d5d9db";
/// Paper.
pub(super) const PAPER: &str = "#ffffff";

/// Which end of a text its position is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) is_bold: bool,
    pub(super) fill: &'static str,
    pub(super) anchor: Anchor,
}

impl Type {
    /// Plain text.
    pub(super) const fn plain(size: f64) -> Self {
        Self { size, is_bold: false, fill: INK, anchor: Anchor::Start }
    }

    /// Text that matters less.
    pub(super) const fn dim(size: f64) -> Self {
        Self { fill: DIM, ..Self::plain(size) }
    }

    /// Headings.
    pub(super) const fn bold(size: f64) -> Self {
        Self { is_bold: true, ..Self::plain(size) }
    }

    /// The same, ending at its position.
    pub(super) const fn to_the_left(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }

    /// How wide a text of it is.
    pub(super) fn width(&self, text: &str) -> f64 {
        measure::width(text, self.size, self.is_bold)
    }

    fn attributes(&self) -> String {
        let weight = if self.is_bold { " font-weight=\"bold\"" } else { "" };
        let anchor = match self.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        format!("font-size=\"{}\"{weight}{anchor}", number(self.size))
    }
}

/// The elements drawn so far.
#[derive(Default)]
pub(super) struct Drawing {
    out: String,
}

impl Drawing {
    /// Appends an element as it is.
    pub(super) fn raw(&mut self, element: &str) {
        self.out.push_str(element);
        self.out.push('\n');
    }

    /// Text; what it holds is escaped.
    pub(super) fn text(&mut self, x: f64, y: f64, style: Type, text: &str) {
        let (x, y, attributes) = (number(x), number(y), style.attributes());
        self.raw(&format!(
            "<text x=\"{x}\" y=\"{y}\" {attributes} fill=\"{}\">{}</text>",
            style.fill,
            escape::svg(text)
        ));
    }

    /// Two texts after each other, the second dimmer, with a rim of paper around both so that they can be read on lines.
    pub(super) fn label(&mut self, x: f64, y: f64, style: Type, [first, second]: [&str; 2]) {
        let (x, y, attributes) = (number(x), number(y), style.attributes());
        let first = escape::svg(first);
        let second = |fill: &str| match second {
            "" => String::new(),
            second => format!(" <tspan font-weight=\"normal\" fill=\"{fill}\">{}</tspan>", escape::svg(second)),
        };
        self.raw(&format!(
            "<text x=\"{x}\" y=\"{y}\" {attributes} fill=\"none\" stroke=\"{PAPER}\" stroke-width=\"4\" stroke-linejoin=\"round\" \
             aria-hidden=\"true\">{first}{}</text>",
            second("none")
        ));
        self.raw(&format!(
            "<text x=\"{x}\" y=\"{y}\" {attributes} fill=\"{}\">{first}{}</text>",
            style.fill,
            second(DIM)
        ));
    }

    /// A line along a path.
    pub(super) fn line(&mut self, path: &str, stroke: &str, width: f64, dashes: &str) {
        let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
        self.raw(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\"{dashes}/>",
            precise(width)
        ));
    }

    /// A filled shape.
    pub(super) fn shape(&mut self, path: &str, fill: &str) {
        self.raw(&format!("<path d=\"{path}\" fill=\"{fill}\"/>"));
    }

    /// A circle with what else it has.
    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, attributes: &str) {
        self.raw(&format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {attributes}/>",
            number(x),
            number(y),
            precise(radius)
        ));
    }

    /// A thin line over the whole width.
    pub(super) fn rule(&mut self, y: f64) {
        let (left, right, y) = (number(MARGIN), number(WIDTH - MARGIN), number(y));
        self.line(&format!("M{left} {y}H{right}"), RULE, 1.0, "");
    }

    /// What was drawn, for a part of another picture.
    pub(super) fn into_elements(self) -> String {
        self.out
    }

    /// The whole picture of this height. `title` and `description` are for who cannot see it.
    pub(super) fn finish(self, height: f64, title: &str, description: &str) -> String {
        let (width, height, mark) = (number(WIDTH), number(height), mark());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"{FONTS}\" role=\"img\" aria-labelledby=\"t d\">\n{mark}\n\
             <title id=\"t\">{}</title>\n<desc id=\"d\">{}</desc>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{PAPER}\"/>\n{}</svg>\n",
            escape::svg(title),
            escape::svg(description),
            self.out
        )
    }
}

/// A coordinate: tenths of a pixel.
pub(super) fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        _ => format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, (tenths / 10).abs(), (tenths % 10).abs()),
    }
}

/// A width, which stands for bytes: hundredths of a pixel.
pub(super) fn precise(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A line through points, as path data.
pub(super) fn path(points: &[(f64, f64)]) -> String {
    let point = |(index, (x, y)): (usize, &(f64, f64))| {
        format!("{}{} {}", if index == 0 { 'M' } else { 'L' }, number(*x), number(*y))
    };
    points.iter().enumerate().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, -0.04, -0.26, 12.34, -7.0].map(number), ["0", "0", "-0.3", "12.3", "-7"]);
        assert_eq!([26.0, 0.5, 1.239].map(precise), ["26", "0.5", "1.24"]);
        assert_eq!(path(&[(0.0, 1.5), (2.0, -3.0)]), "M0 1.5L2 -3");
    }

    #[test]
    fn labels_are_escaped_and_their_braces_stay() {
        let mut drawing = Drawing::default();
        drawing.label(1.0, 2.0, Type::plain(13.0), ["<a>{}", "{} & 5 %"]);
        assert_eq!(drawing.out.matches("&lt;a&gt;{}").count(), 2);
        assert_eq!(drawing.out.matches("&amp; 5 %").count(), 2);
    }
}
