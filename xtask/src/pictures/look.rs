//! Whether two pictures of a page look alike, though their fonts may differ: three measures of the whole picture, none of a single pixel.
//!
//! Measured with the page of the sample: other fonts and sizes of letters differ by 0.5 to 4 in light, 0.003 to 0.005 in tones and 0.001 to 0.02
//! in colour; a page without its map by 4, 0.18 and 0.52; without its lines by 0.6, 0.009 and 0.52; without the figures of its table by 1.4, 0.015
//! and 0.16; without its script by 7, 0.18 and 0.55; an empty one by 10, 0.23 and 1.

use std::error::Error;
use std::io::Cursor;

/// Pixels of a side of the squares whose mean light is compared.
const SQUARE: usize = 80;
/// Mean difference of light allowed, of 255.
const LIGHT: f64 = 6.0;
/// Share of the pixels that may have another tone, of 16 in each channel.
const TONES: f64 = 0.05;
/// The same of the pixels that are no grey, as a part of them: lines, bars, marks of apps.
const COLOUR: f64 = 0.1;
/// A pixel whose channels differ by so much is no grey.
const NO_GREY: u8 = 24;

/// Red, green and blue of each pixel, row by row.
struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

fn read(png: &[u8]) -> Result<Picture, Box<dyn Error>> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info()?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("the picture is too large")?];
    let frame = reader.next_frame(&mut bytes)?;
    let samples = frame.color_type.samples();
    if frame.bit_depth != png::BitDepth::Eight || samples < 3 {
        return Err("the picture is not of red, green and blue with 8 bits each".into());
    }
    let pixels = bytes[..frame.buffer_size()].chunks_exact(samples).map(|one| [one[0], one[1], one[2]]).collect();
    Ok(Picture { width: frame.width as usize, pixels })
}

/// The picture in fewer bytes, without its transparency.
pub(super) fn smaller(png: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let picture = read(png)?;
    let mut out = Vec::new();
    let height = picture.pixels.len() / picture.width;
    let mut encoder = png::Encoder::new(&mut out, u32::try_from(picture.width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    // Flat areas repeat as they are: a quarter smaller than with differences.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(picture.pixels.as_flattened())?;
    Ok(out)
}

/// An error that says by how much they differ, if it is too much.
pub(super) fn is_alike(there: &[u8], drawn: &[u8]) -> Result<(), Box<dyn Error>> {
    let (there, drawn) = (read(there)?, read(drawn)?);
    if (there.width, there.pixels.len()) != (drawn.width, drawn.pixels.len()) {
        return Err("the page is now pictured in another size".into());
    }
    let (light, tones, colour) =
        (light(&there, &drawn), tones(&there, &drawn, |_| true), tones(&there, &drawn, is_no_grey));
    if light <= LIGHT && tones <= TONES && colour <= COLOUR {
        return Ok(());
    }
    Err(format!(
        "it differs from the page by {light:.1} of {LIGHT} in light, {tones:.3} of {TONES} in tones, {colour:.2} of {COLOUR} in colour"
    )
    .into())
}

/// The mean difference of squares.
fn light(one: &Picture, other: &Picture) -> f64 {
    let across = one.width.div_ceil(SQUARE);
    let squares = |picture: &Picture| {
        let rows = (picture.pixels.len() / picture.width.max(1)).div_ceil(SQUARE);
        let mut sums = vec![(0_u64, 0_u64); across * rows];
        for (at, pixel) in picture.pixels.iter().enumerate() {
            let sum = &mut sums[at / picture.width / SQUARE * across + at % picture.width / SQUARE];
            sum.0 += pixel.iter().map(|channel| u64::from(*channel)).sum::<u64>();
            sum.1 += 3;
        }
        sums.into_iter().map(|(sum, count)| sum as f64 / count as f64).collect::<Vec<_>>()
    };
    let (one, other) = (squares(one), squares(other));
    one.iter().zip(&other).map(|(a, b)| (a - b).abs()).sum::<f64>() / one.len().max(1) as f64
}

/// The share of the counted pixels whose tone the other picture does not have as often: 0 to 1.
fn tones(one: &Picture, other: &Picture, is_counted: fn(&[u8; 3]) -> bool) -> f64 {
    let count = |picture: &Picture| {
        let mut counts = vec![0_u64; 1 << 12];
        for pixel in picture.pixels.iter().filter(|pixel| is_counted(pixel)) {
            counts[pixel.iter().fold(0, |tone, channel| tone << 4 | usize::from(channel >> 4))] += 1;
        }
        counts
    };
    let (one, other) = (count(one), count(other));
    let all: u64 = one.iter().chain(&other).sum();
    let differ: u64 = one.iter().zip(&other).map(|(a, b)| a.abs_diff(*b)).sum();
    if all == 0 { 0.0 } else { differ as f64 / all as f64 }
}

fn is_no_grey(pixel: &[u8; 3]) -> bool {
    let (least, most) = (pixel.iter().min().unwrap_or(&0), pixel.iter().max().unwrap_or(&0));
    most - least > NO_GREY
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of 320 × 240: ground, land, a line, letters that begin at this row.
    fn page(has_land: bool, has_line: bool, letters: usize) -> Vec<u8> {
        let color = |at: usize| {
            let (x, y) = (at % 320, at / 320);
            match (x, y) {
                (40..300, 130..140) if has_line => [120, 166, 209],
                (20.., 110..) if has_land => [236, 238, 237],
                _ if y >= letters && y < letters + 30 && x % 7 < 2 && y % 10 < 6 => [23, 25, 28],
                _ => [255; 3],
            }
        };
        let pixels: Vec<[u8; 3]> = (0..320 * 240).map(color).collect();
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, 320, 240);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(pixels.as_flattened()).unwrap();
        out
    }

    #[test]
    fn other_letters_are_alike_and_a_page_without_its_parts_is_not() {
        let whole = page(true, true, 20);
        assert!(is_alike(&whole, &page(true, true, 27)).is_ok());
        for broken in [page(true, false, 20), page(false, true, 20), page(false, false, 20), page(false, false, 300)] {
            assert!(is_alike(&whole, &broken).is_err());
        }
        assert!(is_alike(&whole, b"no picture").is_err());
    }

    #[test]
    fn a_smaller_picture_is_the_same() {
        let whole = page(true, true, 20);
        let smaller = smaller(&whole).unwrap();
        assert_eq!(read(&smaller).unwrap().pixels, read(&whole).unwrap().pixels);
    }
}
