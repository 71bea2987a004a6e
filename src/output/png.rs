//! The figure as a PNG, drawn with a font that the program carries, so that it looks the same everywhere.
//!
//! Noto Sans in `data/font/` has Latin, Greek and Cyrillic letters. What it lacks is drawn as a box; the SVG has the text itself.

use super::figure;
use super::look::Look;
use crate::report::Report;
use resvg::usvg::{self, fontdb};
use resvg::{tiny_skia, usvg::Tree};
use std::io::{self, Write};
use std::sync::Arc;

static REGULAR: &[u8] = include_bytes!("../../data/font/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../data/font/NotoSans-Bold.ttf");
/// The family of both.
const FAMILY: &str = "Noto Sans";

/// Pixels of the picture per pixel of the figure: 300 to the inch, if the figure is printed 8 inches wide.
const SCALE: f32 = 2.0;
/// Dots per metre that say so.
const DOTS_PER_METRE: u32 = 11_811;
/// The highest figure that is drawn so large; a title may be as long as it likes.
const HIGHEST: f32 = 6000.0;

/// What every PNG begins with, and its first chunk, the header (PNG 3rd edition §5.2 and §11.2.1).
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const HEADER_END: usize = 33;
/// How a picture says what made it.
const SOFTWARE: &str = "Software\0whither ";

/// Whether a picture of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(SIGNATURE) && super::generator::contains(head, SOFTWARE)
}

/// Writes the figure.
pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let png = encode(&figure::draw(report, look))?;
    let (head, rest) = png.split_at_checked(HEADER_END).ok_or_else(|| io::Error::other("the picture has no header"))?;
    out.write_all(head)?;
    let dots = DOTS_PER_METRE.to_be_bytes();
    write_chunk(out, *b"pHYs", &[&dots[..], &dots[..], &[1]].concat())?;
    write_chunk(out, *b"tEXt", format!("{SOFTWARE}{}", env!("CARGO_PKG_VERSION")).as_bytes())?;
    out.write_all(rest)
}

/// A picture of an SVG.
fn encode(svg: &str) -> io::Result<Vec<u8>> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    let options = usvg::Options { fontdb: Arc::new(fonts), font_family: FAMILY.to_owned(), ..usvg::Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(io::Error::other)?;
    let size = tree.size();
    let scale = if size.height() > HIGHEST { 1.0 } else { SCALE };
    let pixels = (size.width() * scale).ceil() as u32;
    let mut picture = tiny_skia::Pixmap::new(pixels, (size.height() * scale).ceil() as u32)
        .ok_or_else(|| io::Error::other("the picture is too large"))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().map_err(io::Error::other)
}

/// A chunk: length, name, data, checksum (PNG 3rd edition §5.3).
fn write_chunk(out: &mut dyn Write, name: [u8; 4], data: &[u8]) -> io::Result<()> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&name);
    checksum.update(data);
    out.write_all(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes())?;
    out.write_all(&name)?;
    out.write_all(data)?;
    out.write_all(&checksum.finalize().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn a_picture_is_twice_as_large_and_has_text() {
        let mut out = Vec::new();
        write(&example::report(), &Look::default(), &mut out).unwrap();
        assert!(is_own(&out) && out.ends_with(b"IEND\xaeB`\x82"));
        assert_eq!(u32::from_be_bytes(out[16..20].try_into().unwrap()), 2400);
        // The same figure without its text differs, so the font is found.
        let svg = |text: &str| {
            encode(&format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"99\" height=\"20\" font-family=\"Noto Sans, Arial\"><text y=\"15\">{text}</text></svg>")).unwrap()
        };
        // The font has every sign that the words of a figure use: what it lacks is drawn alike, as a box.
        let lacking = svg("微");
        for sign in ["≤", "–", "’", "…", "·", "±", "°", "Ł", "İ", "Ж", "Ω"] {
            assert!(svg(sign) != lacking && svg(sign) != svg(" "), "{sign}");
        }
    }

    #[test]
    fn other_pictures_are_not_ours() {
        assert!(!is_own(SIGNATURE) && !is_own(b"<svg ") && !is_own(b""));
    }
}
