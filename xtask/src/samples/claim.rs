//! WeChat of a user in Taipei and of one in Delhi, for the claim that `docs/claim.md` works through.
//!
//! The addresses are Tencent's own and one of China Telecom; who talks to which of them is made up.

use super::dns;
use super::messenger::{PHONE, RESOLVER, Talk, converse, try_in_vain};
use super::packet::at;
use super::scene::{Packet, Path, Scene};

/// An endpoint in mainland China by the embedded databases, in Tencent's network.
const MAINLAND: &str = "109.244.217.35:443";

const TAIPEI: [Talk; 3] = [
    ("hkshort.weixin.qq.com", "43.159.234.172:443", (1_800, 3_900), 24),
    ("sgshort.wechat.com", "203.205.239.154:443", (900, 1_200), 55),
    ("hkextshort.weixin.qq.com", "129.226.106.210:443", (300, 8_000), 23),
];

const DELHI: [Talk; 4] = [
    ("sgshort.wechat.com", "203.205.239.154:443", (1_700, 3_100), 68),
    ("hkshort.weixin.qq.com", "43.159.234.172:443", (700, 1_100), 92),
    ("szshort.weixin.qq.com", MAINLAND, (1_100, 800), 148),
    ("szextshort.weixin.qq.com", "183.47.102.183:443", (200, 600), 131),
];

/// The user in Taipei: nothing is exchanged with mainland China, and something is tried in vain.
pub(super) fn taipei() -> Vec<Packet> {
    let mut scene = Scene::default();
    converse(&mut scene, &TAIPEI);
    let path = Path::new(&format!("{PHONE}:41008"), RESOLVER, 6);
    let address = at(MAINLAND).ip().to_string();
    scene.lookup(19_000_000, path, "szshort.weixin.qq.com", &[dns::address("szshort.weixin.qq.com", &address)]);
    try_in_vain(&mut scene, MAINLAND);
    scene.packets()
}

/// The user in Delhi: some of what is sent goes to addresses that one source places in mainland China.
pub(super) fn delhi() -> Vec<Packet> {
    let mut scene = Scene::default();
    converse(&mut scene, &DELHI);
    scene.packets()
}
