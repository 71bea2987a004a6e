//! Who is talked to: a domain, and address ranges of its operator (facts of the public routing tables), 16 networks of 256
//! addresses each. Names and addresses are put together by chance, the traffic is made up.

use super::random::Random;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A domain with where its servers are.
pub(super) struct Site {
    pub(super) domain: &'static str,
    v4: [u8; 3],
    v6: Option<[u16; 3]>,
}

const fn site(domain: &'static str, v4: [u8; 3], v6: Option<[u16; 3]>) -> Site {
    Site { domain, v4, v6 }
}

pub(super) const SITES: &[Site] = &[
    site("googlevideo.com", [142, 250, 64], Some([0x2607, 0xf8b0, 0x4006])),
    site("googleapis.com", [142, 250, 176], Some([0x2a00, 0x1450, 0x4001])),
    site("instagram.com", [157, 240, 0], Some([0x2a03, 0x2880, 0xf20c])),
    site("facebook.com", [31, 13, 64], Some([0x2a03, 0x2880, 0xf10c])),
    site("whatsapp.net", [157, 240, 192], Some([0x2a03, 0x2880, 0xf21c])),
    site("weixin.qq.com", [203, 205, 224], None),
    site("wechat.com", [203, 205, 240], None),
    site("tiktokv.com", [161, 117, 64], None),
    site("aliexpress.com", [47, 88, 0], None),
    site("icloud.com", [17, 248, 128], Some([0x2620, 0x149, 0xa44])),
    site("apple.com", [17, 253, 0], Some([0x2620, 0x149, 0xa20])),
    site("microsoft.com", [20, 190, 128], Some([0x2603, 0x1030, 0x800])),
    site("office.com", [13, 107, 0], Some([0x2620, 0x1ec, 0x8])),
    site("amazonaws.com", [52, 94, 224], Some([0x2600, 0x1f18, 0x100])),
    site("amazon.com", [205, 251, 240], None),
    site("discord.com", [162, 159, 128], Some([0x2606, 0x4700, 0x7])),
    site("reddit.com", [151, 101, 0], Some([0x2a04, 0x4e42, 0x400])),
    site("telegram.org", [149, 154, 160], Some([0x2001, 0x67c, 0x4e8])),
    site("vk.com", [87, 240, 128], None),
    site("yandex.net", [77, 88, 0], Some([0x2a02, 0x6b8, 0x0])),
    site("akamaized.net", [23, 32, 0], Some([0x2600, 0x1406, 0x3a00])),
    site("spotify.com", [35, 186, 224], None),
    site("netflix.com", [45, 57, 0], Some([0x2620, 0x10c, 0x7000])),
    site("example.com", [93, 184, 208], None),
];

/// First labels of names, before a number.
const LABELS: [&str; 8] = ["api", "cdn", "img", "edge", "log", "push", "video", "short"];
/// Numbers after them; with labels and domains, 12,288 names.
const NUMBERS: u32 = 64;

impl Site {
    /// An address of the site: its network and host by numbers below 16 and 255.
    pub(super) fn address(&self, is_v6: bool, network: u32, host: u32) -> IpAddr {
        match self.v6 {
            Some([a, b, c]) if is_v6 => Ipv6Addr::new(a, b, c, network as u16, 0, 0, 0, host as u16 + 1).into(),
            _ => Ipv4Addr::new(self.v4[0], self.v4[1], self.v4[2] + network as u8, host as u8 + 1).into(),
        }
    }

    pub(super) fn has_v6(&self) -> bool {
        self.v6.is_some()
    }
}

/// Writes a name in the site's domain, always the same for a seed.
pub(super) fn name(site: &Site, seed: u64, out: &mut String) {
    use std::fmt::Write;
    let mut random = Random::new(seed);
    let label = LABELS[random.below(LABELS.len() as u32) as usize];
    out.clear();
    let _ = write!(out, "{label}{}.{}", random.below(NUMBERS), site.domain);
}
