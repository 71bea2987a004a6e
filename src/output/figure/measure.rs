//! How wide text is, and where its lines break.
//!
//! Whoever opens a picture has some font of the family list, not a certain one. The widths are those of DejaVu Sans, the widest of the
//! list, so that what fits here fits everywhere.

use unicode_width::UnicodeWidthChar;

/// Advances of the characters from space to tilde in thousandths of the size.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
];
/// The advance of any other character per column that a terminal gives it.
const OTHER: u16 = 800;

/// The width of text of this size.
pub(super) fn width(text: &str, size: f64, is_bold: bool) -> f64 {
    let table = if is_bold { &BOLD } else { &REGULAR };
    let advance = |character: char| {
        let known = u32::from(character).checked_sub(32).and_then(|at| table.get(at as usize)).copied();
        let other = || OTHER.saturating_mul(character.width().unwrap_or(0).min(2) as u16);
        match character {
            '·' | '’' | '‘' => 380,
            '–' => 500,
            _ => known.unwrap_or_else(other),
        }
    };
    text.chars().map(|character| f64::from(advance(character))).sum::<f64>() * size / 1000.0
}

/// Text cut with an ellipsis where it is wider than this.
pub(super) fn cut(text: &str, size: f64, is_bold: bool, room: f64) -> String {
    if width(text, size, is_bold) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…", size, is_bold);
    let mut out = String::new();
    for character in text.chars() {
        left -= width(character.encode_utf8(&mut [0; 4]), size, is_bold);
        if left < 0.0 {
            break;
        }
        out.push(character);
    }
    out.truncate(out.trim_end().len());
    out + "…"
}

/// Text in lines that are no wider than this. Words that are wider alone are broken.
pub(super) fn wrap(text: &str, size: f64, is_bold: bool, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut put = |piece: &str, is_word: bool| {
        let Some(line) = lines.last_mut() else { return };
        let gap = if is_word && !line.is_empty() { " " } else { "" };
        if line.is_empty() || width(line, size, is_bold) + width(&format!("{gap}{piece}"), size, is_bold) <= room {
            line.push_str(gap);
            line.push_str(piece);
        } else {
            lines.push(piece.to_owned());
        }
    };
    for word in text.split_whitespace() {
        if width(word, size, is_bold) <= room {
            put(word, true);
        } else {
            let mut is_word = true;
            for character in word.chars() {
                put(character.encode_utf8(&mut [0; 4]), is_word);
                is_word = false;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_the_room() {
        let text = "An endpoint is where a connection ended, not where data ends up. Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 微信微信微信微信微信微信";
        let lines = wrap(text, 12.0, false, 120.0);
        assert!(lines.len() > 6 && lines.iter().all(|line| width(line, 12.0, false) <= 120.0), "{lines:?}");
        let all = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
        assert_eq!(all(&lines.concat()), all(text), "nothing is lost");
        assert_eq!(wrap("", 12.0, false, 120.0), [""]);
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_sign() {
        assert_eq!(cut("WeChat", 12.0, false, 200.0), "WeChat");
        let short = cut("Huawei (HMS, AppGallery)", 12.0, true, 60.0);
        assert!(short.ends_with('…') && width(&short, 12.0, true) <= 60.0, "{short}");
    }
}
