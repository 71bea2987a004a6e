//! A phone of ZTE's in Taipei: it looks for an update, over HTTP and TLS, and opens pages of the brands nubia and REDMAGIC.
//!
//! The addresses are of ZTE's own network and of Alibaba Cloud in Hong Kong; who talks to which of them is made up.

use super::messenger::{PHONE, Talk, converse};
use super::scene::{Packet, Path, Scene};
use super::tls::Flight;

const UPDATES: &str = "fota.ztems.com";

const TALKS: [Talk; 4] = [
    (UPDATES, "160.30.148.20:443", (60, 380), 24),
    ("www.ztedevices.com", "160.30.148.21:443", (40, 300), 24),
    ("www.nubia.com", "47.91.170.222:443", (50, 260), 25),
    ("www.redmagic.com", "47.91.170.223:443", (30, 240), 25),
];

/// The packets.
pub(super) fn packets() -> Vec<Packet> {
    let mut scene = Scene::default();
    converse(&mut scene, &TALKS);
    let request = format!("GET /check?model=A2322 HTTP/1.1\r\nHost: {UPDATES}\r\nConnection: close\r\n\r\n");
    let answer = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let path = Path::new(&format!("{PHONE}:41020"), "160.30.148.20:80", 24);
    scene.stream(24_000_000, path, &[Flight::up(request), Flight::down(answer)]);
    scene.packets()
}
