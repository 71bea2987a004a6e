//! Wire signatures: recognise an app by the first bytes of a flow. There is one file for each wire format, and one
//! row for it in the table.
//!
//! A signature reads only what a [`Probe`] holds, in constant time and without allocating. The weaker its marks are,
//! the stricter it is: if they could occur by chance, it also demands the operator's AS and says `probable` or
//! `weak`.

mod agora;
mod alibaba_cloud;
mod anydesk;
mod browser;
mod dingtalk;
mod discord;
mod dropbox;
mod epic;
mod facebook;
mod facetime;
mod home;
mod hoyoverse;
mod iqiyi;
mod kakaotalk;
mod line;
mod minecraft;
mod mmtls;
mod netease;
mod networks;
mod nintendo;
mod probe;
mod push;
mod qq;
mod riot;
mod roblox;
mod snapchat;
mod spotify;
mod steam;
mod stun;
mod syncthing;
mod tailscale;
mod teamspeak;
mod teamviewer;
mod telegram;
mod telegram_voip;
mod tencent_games;
#[cfg(test)]
pub(super) mod testing;
mod threema;
mod viber;
mod warp;
mod webex;
mod wechat_media;
mod whatsapp;
mod wns;
mod zalo;
mod zoom;
mod zoom_peer;

pub use probe::{Confidence, Over, Probe, Says, Side, Signature};

/// All wire signatures, by name.
pub static SIGNATURES: &[Signature] = &[
    agora::SIGNATURE,
    alibaba_cloud::SIGNATURE,
    anydesk::SIGNATURE,
    push::APPLE,
    warp::SIGNATURE,
    dingtalk::SIGNATURE,
    discord::SIGNATURE,
    dropbox::SIGNATURE,
    epic::SIGNATURE,
    facetime::SIGNATURE,
    push::GOOGLE,
    stun::MEET,
    hoyoverse::SIGNATURE,
    iqiyi::SIGNATURE,
    kakaotalk::SIGNATURE,
    line::SIGNATURE,
    push::XIAOMI,
    minecraft::SIGNATURE,
    mmtls::SIGNATURE,
    stun::MICROSOFT,
    facebook::SIGNATURE,
    facebook::OWN_APP,
    netease::SIGNATURE,
    nintendo::SIGNATURE,
    qq::SIGNATURE,
    riot::SIGNATURE,
    roblox::SIGNATURE,
    snapchat::SIGNATURE,
    spotify::ACCESS_POINT,
    spotify::SIGNATURE,
    browser::BRAVE,
    browser::CHROME,
    browser::EDGE,
    steam::SIGNATURE,
    syncthing::SIGNATURE,
    tailscale::SIGNATURE,
    teamspeak::SIGNATURE,
    teamviewer::SIGNATURE,
    telegram::SIGNATURE,
    stun::TELEGRAM,
    telegram_voip::SIGNATURE,
    tencent_games::SIGNATURE,
    threema::SIGNATURE,
    home::KASA,
    home::TUYA,
    viber::CHAT,
    viber::CALL,
    webex::SIGNATURE,
    wechat_media::SIGNATURE,
    whatsapp::SIGNATURE,
    stun::WHATSAPP,
    wns::SIGNATURE,
    home::XIAOMI,
    zalo::SIGNATURE,
    zoom::SIGNATURE,
    zoom_peer::SIGNATURE,
];

#[cfg(test)]
mod tests {
    use super::testing::{tcp, udp};
    use super::*;
    use crate::name::table::{DATAGRAM_READERS, STREAM_READERS};
    use crate::packet::protocol::{TCP, UDP};
    use proptest::prelude::*;

    #[test]
    fn rows_are_sorted_and_named_once() {
        assert!(SIGNATURES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn each_row_is_in_the_documents() {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/signatures.md"));
        for signature in SIGNATURES {
            assert!(text.contains(&format!("`{}`", signature.name)), "{}", signature.name);
        }
    }

    #[test]
    fn each_row_says_an_entry_of_the_catalogue() {
        let catalogue = crate::app::Catalogue::embedded().expect("usable");
        for signature in SIGNATURES {
            let is_known = match signature.says {
                Says::App(id) => catalogue.app(id).is_some(),
                Says::Platform(id) => catalogue.service(id).is_some(),
            };
            assert!(is_known, "{}", signature.name);
        }
    }

    #[test]
    fn nothing_matches_nothing() {
        for signature in SIGNATURES {
            assert_eq!((signature.read)(&udp(&[], &[], 443, 0)), None, "{}", signature.name);
            assert_eq!((signature.read)(&tcp(&[], &[], 443, 0)), None, "{}", signature.name);
        }
    }

    /// A flow of which no bytes are kept need not be tested, because of this.
    #[test]
    fn without_bytes_only_a_protocol_of_one_app_matches() {
        let readers = STREAM_READERS.iter().map(|reader| reader.protocol);
        let readers = readers.chain(DATAGRAM_READERS.iter().map(|reader| reader.protocol));
        for application in readers.filter(|word| !probe::OF_ONE_APP.contains(word)) {
            for (asn, name) in [(0, ""), (32934, "graph.facebook.com"), (132203, "short.weixin.qq.com"), (62041, "")] {
                for probe in [tcp(&[], &[], 443, asn), udp(&[], &[], 3478, asn)] {
                    let probe = Probe { application, name, is_face_book: true, ..probe };
                    let found = SIGNATURES.iter().find(|signature| (signature.read)(&probe).is_some());
                    assert!(found.is_none(), "{} {application}", found.map_or("", |signature| signature.name));
                }
            }
        }
        for (application, read) in
            [(probe::MMTLS, mmtls::SIGNATURE.read), (probe::MINECRAFT, minecraft::SIGNATURE.read)]
        {
            assert_eq!(read(&Probe { application, ..tcp(&[], &[], 443, 0) }), Some(Confidence::Certain));
        }
    }

    #[test]
    fn common_protocols_match_nothing() {
        let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[0x5a; 117]].concat();
        let http =
            [&b"GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\n\r\n"[..], &[b' '; 64]].concat();
        let ssh = b"SSH-2.0-OpenSSH_9.6\r\n".to_vec();
        let quic = [&[0xc3, 0, 0, 0, 1, 8][..], &[0x77; 122]].concat();
        let dns = [&[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x07example\x03org\0\0\x01\0\x01"].concat();
        let zeros = vec![0u8; 128];
        let ones = vec![0xffu8; 10];
        for asn in [0, 32934, 38631, 62041, 132203, 8075, 30103] {
            for bytes in [&hello, &http, &ssh, &quic, &dns, &zeros, &ones] {
                for signature in SIGNATURES {
                    for probe in [tcp(bytes, &[], 443, asn), udp(bytes, &[], 443, asn), tcp(&[], bytes, 80, asn)] {
                        assert_eq!((signature.read)(&probe), None, "{} {bytes:02x?} AS{asn}", signature.name);
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn noise_is_never_certain(client in prop::collection::vec(any::<u8>(), 0..=128),
                                  server in prop::collection::vec(any::<u8>(), 0..=128), port in any::<u16>()) {
            for signature in SIGNATURES {
                for probe in [tcp(&client, &server, port, 0), udp(&client, &server, port, 0)] {
                    let found = (signature.read)(&probe);
                    prop_assert_ne!(found, Some(Confidence::Certain), "{}", signature.name);
                    let protocol = if probe.is_tcp { TCP } else { UDP };
                    prop_assert!(found.is_none() || signature.over.holds(protocol), "{}", signature.name);
                }
            }
        }
    }
}
