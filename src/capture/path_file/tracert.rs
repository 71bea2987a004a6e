//! Reads what tracert of Windows writes, in any language: a line with the target's address, then for each hop its distance, three
//! times and the router.

use super::found::Found;
use super::given::GivenPath;
use super::refused::{HINT, Refused};
use super::text::{address, enclosed, numbered};
use std::net::IpAddr;

/// What helps where hops come before any target: BSD and macOS write that line to stderr.
const NO_TARGET: &str = "write the tool's first line too: `traceroute HOST > FILE 2>&1`, or `tracert HOST > FILE`";

pub(super) fn read(text: &str) -> Result<Found, Refused> {
    let mut found = Found::default();
    let mut head: Option<(u64, IpAddr, Option<&str>)> = None;
    for (written, line) in text.lines().zip(1_u64..) {
        let Some((number, rest)) = numbered(written) else {
            head = target(written).map(|(at, name)| (line, at, name)).or(head);
            continue;
        };
        let distance = u8::try_from(number).ok().filter(|number| *number > 0);
        let distance = distance.ok_or_else(|| Refused::at(line, "no distance from 1 to 255"))?;
        if let Some((line, at, name)) = head.take() {
            found.begin(GivenPath::to("tracert", line, Some(at), name));
        }
        let Some(path) = found.current() else {
            let is_hop = rest.split_whitespace().any(|token| token == "*" || router(token).is_some());
            let (what, hint) = if is_hop {
                ("a hop, but no line before it says where the path leads", NO_TARGET)
            } else {
                ("no path that is understood", HINT)
            };
            return Err(Refused { line, what: what.to_owned(), hint });
        };
        path.tried(distance);
        hop(path, distance, rest);
    }
    Ok(found)
}

/// The address that a line names, and the name before it.
fn target(line: &str) -> Option<(IpAddr, Option<&str>)> {
    let mut before = None;
    for token in line.split_whitespace() {
        if let Some(at) = enclosed(token, ['[', ']']) {
            return Some((at, before));
        }
        if let Some(at) = address(token.trim_end_matches([':', ',', '.'])) {
            return Some((at, None));
        }
        before = Some(token);
    }
    None
}

fn router(token: &str) -> Option<IpAddr> {
    address(token).or_else(|| enclosed(token, ['[', ']']))
}

/// Adds the answers of a line. `<1` is at most one millisecond.
fn hop(path: &mut GivenPath, distance: u8, rest: &str) {
    let Some(address) = rest.split_whitespace().find_map(router) else { return };
    let times = rest.split_whitespace().take_while(|token| router(token).is_none());
    let times = times.filter_map(|token| token.strip_prefix('<').unwrap_or(token).parse::<u32>().ok());
    let (least, count) =
        times.fold((None, 0), |(least, count), ms| (Some(least.map_or(ms, |least: u32| least.min(ms))), count + 1));
    path.answered(distance, address, least.map(|ms| f64::from(ms.max(1))), count.max(1));
}
