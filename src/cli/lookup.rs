//! `whither lookup`: what is known of an address or a name.

use super::args::{Args, LookupArgs};
use super::{End, input, map, stdout};
use crate::error::Error;
use crate::output::lookup;
use std::net::IpAddr;

pub(super) fn run(args: &Args, given: &LookupArgs) -> Result<End, Error> {
    let knowledge = input::knowledge(&given.knowledge, None)?;
    let style = map::style(args);
    let mut text = String::new();
    for subject in &given.subjects {
        let answer = match subject.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => lookup::Answer::Address { ip, place: knowledge.places.locate(ip) },
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
