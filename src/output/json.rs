//! A [`Report`] as JSON, field for field: for programs. Strings are as they were on the wire; JSON escapes what it must.

use super::escape::json_visible;
use crate::report::{Report, schema_of};
use std::io::{self, Write};

/// Writes the report as indented JSON with a final line feed.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // Into memory first: it is written in a hundred thousand pieces.
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    out.write_all(json_visible(&text).as_bytes())
}

/// Writes the report as one line of JSON.
pub fn write_compact(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string(report)?;
    out.write_all(json_visible(&text).as_bytes())?;
    out.write_all(b"\n")
}

/// Whether a report of this program begins so, in either form.
pub(super) fn is_own(head: &[u8]) -> bool {
    schema_of(head).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn a_report_that_is_read_is_the_one_that_was_written() {
        let report = example::report();
        let mut text = Vec::new();
        write(&report, &mut text).unwrap();
        let length = text.len() as u64;
        assert_eq!(Report::read_json(text.as_slice(), length).unwrap(), report);
        let refused = |text: &[u8], most: u64| Report::read_json(text, most).unwrap_err().to_string();
        assert!(refused(&text, length - 1).contains("longer than"));
        let other = String::from_utf8(text.clone()).unwrap().replacen("\"schema\": 2", "\"schema\": 1", 1);
        assert_eq!(refused(other.as_bytes(), u64::MAX), "a report of schema 1; this version reads schema 2");
        for cut in (0..text.len()).step_by(997) {
            assert!(refused(&text[..cut], u64::MAX).starts_with("not a whole report"), "{cut}");
        }
        let other = String::from_utf8(text).unwrap().replace("\"confirmed\"", "\"certain\"");
        assert!(refused(other.as_bytes(), u64::MAX).contains("no standing is called \"certain\""));
    }

    #[test]
    fn both_forms_hold_the_same_and_keep_names_as_they_are() {
        let report = example::report();
        let (mut pretty, mut compact) = (Vec::new(), Vec::new());
        write(&report, &mut pretty).unwrap();
        write_compact(&report, &mut compact).unwrap();
        let pretty: serde_json::Value = serde_json::from_slice(&pretty).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&compact).unwrap();
        assert_eq!(pretty, value);
        assert_eq!(value["apps"][0]["destinations"][0]["names"][0]["name"], "long.weixin.qq.com");
        assert_eq!(value["apps"][2]["destinations"][0]["names"][1]["name"], example::HOSTILE_NAME);
        assert_eq!(compact.iter().filter(|&&byte| byte == b'\n').count(), 1);
    }
}
