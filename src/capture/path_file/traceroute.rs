//! Reads what traceroute of Linux, BSD, macOS and BusyBox writes: a line that names the target, then a line for each hop; BSD goes on
//! in lines of their own where several routers answer.

use super::found::Found;
use super::given::GivenPath;
use super::refused::Refused;
use super::text::{address, enclosed, numbered};

/// Whether a line names the target.
pub(super) fn is_head(line: &str) -> bool {
    target(line).is_some()
}

/// What stands behind `traceroute to`, or `traceroute6 to`.
fn target(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("traceroute to ").or_else(|| line.strip_prefix("traceroute6 to "))
}

pub(super) fn read(text: &str) -> Result<Found, Refused> {
    let mut found = Found::default();
    let mut distance = None;
    for (written, line) in text.lines().zip(1_u64..) {
        if let Some(rest) = target(written) {
            let mut tokens = rest.split_whitespace();
            let name = tokens.next().map(|name| name.trim_end_matches(','));
            let at = tokens.next().and_then(|token| enclosed(token, ['(', ')']));
            let at = at.or_else(|| name.and_then(address));
            let at = at.ok_or_else(|| Refused::at(line, "the target has no address"))?;
            found.begin(GivenPath::to("traceroute", line, Some(at), name));
            distance = None;
            continue;
        }
        // What stands before the first target, such as the command, says nothing.
        let Some(path) = found.current() else { continue };
        let rest = match numbered(written) {
            Some((number, rest)) => {
                let number = u8::try_from(number).ok().filter(|number| *number > 0);
                distance = Some(number.ok_or_else(|| Refused::at(line, "no distance from 1 to 255"))?);
                rest
            }
            None => written,
        };
        if let Some(distance) = distance {
            path.tried(distance);
            hop(path, distance, rest);
        }
    }
    Ok(found)
}

/// Adds the answers that stand in a line: a router, then its times; another router, then its times.
fn hop(path: &mut GivenPath, distance: u8, rest: &str) {
    let mut router = None;
    let mut tokens = rest.split_whitespace().peekable();
    while let Some(token) = tokens.next() {
        if let Some(found) = address(token).or_else(|| enclosed(token, ['(', ')'])) {
            router = Some(found);
            continue;
        }
        let is_time = tokens.peek() == Some(&"ms");
        let number = if is_time { Some(token) } else { token.strip_suffix("ms") };
        let ms = number.and_then(|number| number.parse::<f64>().ok()).filter(|ms| *ms >= 0.0);
        if let (Some(ms), Some(router)) = (ms, router) {
            path.answered(distance, router, Some(ms), 1);
        }
    }
}
