//! A [`Report`] as JSON, field for field: for programs. Strings are as they were on the wire; JSON escapes what it must.

use super::escape::json_visible;
use crate::report::Report;
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
    /// More than the first keys take up.
    const START: usize = 256;
    let start: Vec<u8> = head.iter().take(START).filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    let Some(schema) = start.strip_prefix(b"{\"schema\":") else { return false };
    let digits = schema.iter().take_while(|byte| byte.is_ascii_digit()).count();
    schema.get(digits..).is_some_and(|rest| rest.starts_with(b",\"generator\":{\"name\":\"whither\","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

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
