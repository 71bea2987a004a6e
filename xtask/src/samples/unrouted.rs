//! A messenger of which most bytes go to addresses that no network announces any more, beside one that a network does, and a
//! connection that nobody answers.

use super::messenger::{Talk, converse, try_in_vain};
use super::scene::{Packet, Scene};

const TALKS: [Talk; 3] = [
    ("szshort.weixin.qq.com", "203.205.151.162:443", (2_600, 4_400), 48),
    ("sgshort.wechat.com", "203.205.147.171:443", (620, 430), 55),
    ("szextshort.weixin.qq.com", "203.205.158.34:443", (20, 90), 49),
];

/// The packets.
pub(super) fn packets() -> Vec<Packet> {
    let mut scene = Scene::default();
    converse(&mut scene, &TALKS);
    try_in_vain(&mut scene, TALKS[0].1);
    scene.packets()
}
