//! `whither lookup`: what is known of an address or a name.

use super::args::{Args, LookupArgs};
use super::end::End;
use super::{input, screen, stdout};
use crate::error::Error;
use crate::output::{escape, lookup};
use std::net::IpAddr;

pub(super) fn run(args: &Args, given: &LookupArgs) -> Result<End, Error> {
    let knowledge = input::knowledge(&given.knowledge, None)?;
    let style = screen::style(args);
    let mut text = String::new();
    for subject in &given.subjects {
        let answer = match subject.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => lookup::Answer::Address { ip, place: knowledge.places.locate(ip) },
            Err(_) if is_number(subject) => {
                let hint = "give one address, such as 203.205.254.1 or 2001:db8::1, or a name";
                return Err(Error::usage(format!("lookup {}: this is no address", escape::shell(subject)), hint));
            }
            Err(_) => lookup::Answer::name(subject, &knowledge.catalogue),
        };
        text += &match given.json {
            true => lookup::json(&answer),
            false => lookup::render(&answer, &knowledge.places.databases(), &style),
        };
    }
    stdout::write(text.as_bytes())?;
    Ok(End::Done)
}

/// Whether this is meant for an address: no name has a colon, or a number for its last label (RFC 3696 §2).
fn is_number(subject: &str) -> bool {
    let last = subject.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let number = last.split('/').next().unwrap_or_default();
    subject.contains(':') || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
