//! Names without end, and what is summed by them: apps, domains, services, and flows that inherit an app from each other.

use super::kind::Kind;
use super::wire::{ACK, CLIENT, SERVER, SERVERS, START, TCP, closing, hello, ip, opening, port, public, record, tcp};

/// A name of an app in the catalogue.
const APP_NAME: &str = "www.whatsapp.com";
/// Domains that many apps share.
const SERVICES: [&str; 5] = ["cloudfront.net", "akamaiedge.net", "fastly.net", "googleapis.com", "doubleclick.net"];
/// Names of apps in the catalogue.
const APPS: [&str; 16] = [
    "www.whatsapp.com",
    "telegram.org",
    "www.facebook.com",
    "www.instagram.com",
    "www.tiktok.com",
    "line.me",
    "www.netflix.com",
    "www.spotify.com",
    "zoom.us",
    "signal.org",
    "discord.com",
    "www.reddit.com",
    "twitter.com",
    "www.linkedin.com",
    "www.pinterest.com",
    "www.snapchat.com",
];

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("one_app_everywhere", "one app's name at every address", |number, out| {
        named(number, public(number), APP_NAME, out);
    }),
    Kind::pcap("many_apps_everywhere", "names of many apps at every address", |number, out| {
        named(number, public(number), APPS[number as usize % APPS.len()], out);
    }),
    Kind::pcap("names_of_one_domain", "every packet says another name of one domain", |number, out| {
        named(number, near(number), &format!("n{number:09}.example.org"), out);
    }),
    Kind::pcap("names_alike", "names of 200 letters that differ only at the end", names_alike),
    Kind::pcap("names_of_many_domains", "every packet says a name of another domain", |number, out| {
        named(number, public(number), &format!("d{number:09}.com"), out);
    }),
    Kind::pcap("names_of_services", "every packet says another name of a shared service", |number, out| {
        let domain = SERVICES[number as usize % SERVICES.len()];
        named(number, public(number), &format!("d{number:09}.{domain}"), out);
    }),
    Kind::pcap("heirs_of_sockets", "sockets of an app, and peers without end that inherit from them", heirs_of_sockets),
    Kind::pcap("heirs_of_one_server", "named and nameless flows by turns to one server", heirs_of_one_server),
    Kind::pcap("heirs_in_each_window", "the same, some thousands in each of many windows", heirs_in_each_window),
];

/// A server near the others.
fn near(number: u64) -> u32 {
    SERVERS + (number % 60_000) as u32
}

fn named(number: u64, server: u32, name: &str, out: &mut Vec<u8>) {
    record(out, closing(number), &opening(CLIENT, server, port(number), &hello(name)));
}

fn names_alike(number: u64, out: &mut Vec<u8>) {
    let letters = "x".repeat(60);
    named(number, near(number), &format!("{letters}.{letters}.{letters}.n{number:09}.org"), out);
}

/// Twenty sockets that say an app's name, then sixty that go to the same servers and say nothing.
fn heirs_of_sockets(number: u64, out: &mut Vec<u8>) {
    let (round, at) = (number / 80 * 80, number % 80);
    let server = public(round + at % 20);
    if at < 20 {
        record(out, closing(number), &opening(CLIENT, server, port(at), &hello(APP_NAME)));
    } else {
        let segment = tcp(3_000 + (number % 60_000) as u16, 1, ACK, b"");
        record(out, closing(number), &ip(CLIENT, server, TCP, &segment));
    }
}

fn heirs_of_one_server(number: u64, out: &mut Vec<u8>) {
    let said = if number % 2 == 1 { hello(APP_NAME) } else { Vec::new() };
    record(out, closing(number), &opening(CLIENT, SERVER, port(number), &said));
}

fn heirs_in_each_window(number: u64, out: &mut Vec<u8>) {
    let said = if number.is_multiple_of(8) { hello(APP_NAME) } else { Vec::new() };
    let seconds = START + (number / 4_000 * 60) as u32;
    record(out, seconds, &opening(CLIENT, public(number / 8), port(number), &said));
}
