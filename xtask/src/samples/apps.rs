//! Samples of apps and protocols that are told by the bytes they send, and of what looks like them and is not. Each
//! conversation is with a server of its own, so that none takes over from another.

use super::capture::pcap;
use super::scene::{Path, Scene};
use super::tls::Flight;
use super::{Sample, sample};

/// A conversation: whether it is over TCP, the server's port, and what each side says first, in the form of [`bytes`].
type Talk = (bool, u16, &'static str, &'static str);

const TCP: bool = true;
const UDP: bool = false;

/// What apps say.
static APPS: &[Talk] = &[
    // Discord: keep-alive, and the question for one's own address.
    (UDP, 50_004, "1337cafe 02000000", "1337cafe 02000000"),
    // Zoom: the probe for address translation, and the hello between peers.
    (UDP, 3478, "0001 0018 *20 0101 0014 *44", "0002 000c *20 0103 0008 *32"),
    (UDP, 40_001, "1f0201 *24 0000000b '192.168.1.7' 00000004 01020304 00000000", ""),
    // Viber: chat and call.
    (TCP, 4244, "1000 0102 0304 fcff 05 80 060708090a0b", "0c00 0102030405060708090a"),
    (UDP, 7985, "abcd 0300 0102030405060708", "abcd 0400 0102030405060708"),
    // Webex, Teams, TeamViewer.
    (UDP, 9000, "01000000 0a0b0c0d", "02000000 0a0b0c0d"),
    (UDP, 50_021, "ff10 0024 0102030405060708 0001 0008 2112a442 0102030405060708090a0b0c 0024 0004 00000001", ""),
    (TCP, 443, "1724 0a20 00112233", "1130 3600 00112233"),
    // Telegram's reflector, WhatsApp's chat, QQ.
    (UDP, 533, "0102030405060708090a0b0c0d0e0f10 ffffffffffffffffffffffff feffffff 1122334455667788", ""),
    (TCP, 5222, "'WA' 0603 000024 *43", ""),
    (UDP, 8000, "02 3b0b 0091 1234 00000001 aabbcc 03", ""),
    // Xiaomi's push, Tencent's channel, Spotify.
    (TCP, 5222, "c2fe0005 00000000 0d2301c6", "c2fe0005 00000000 0d2301c6"),
    (TCP, 80, "'wns' 00 *40", "'wns' 00 *40"),
    (TCP, 4070, "0004 0000000c 520a 50010102", "00000008 52025201"),
    // Tailscale, Syncthing.
    (UDP, 41_641, "5453f09f92ac *110", ""),
    (UDP, 21_027, "2ea7d90b *60", ""),
    // Games.
    (UDP, 22_101, "000000ff 0000000000000000 499602d2 ffffffff", "00000145 0000012345678901 499602d2 14514545"),
    (TCP, 8085, "3366000b 000b 0001 *30", ""),
    (UDP, 9_001, "a1b2c3d4 010203040506 000000000000000000000000000000000000000000000000", "a1b2c3dc 1122"),
    (UDP, 8_181, "0102030405060708 aaaaaaaabbbbbbbb", ""),
    (UDP, 27_018, "0102 'sdping' *100", ""),
    (UDP, 40_002, "32ab986402 *60", ""),
    (UDP, 9_987, "'TS3INIT1' 00650000 88", ""),
    (
        UDP,
        19_132,
        "01 0000000000000001 00ffff00fefefefefdfdfdfd12345678 0000000000000002",
        "1c 0000000000000001 0000000000000003 00ffff00fefefefefdfdfdfd12345678 000e 'MCPE;A server;'",
    ),
    (TCP, 25_565, "17 00 ff05 10 'play.example.net' 63dd 01 0100", ""),
    // The home: Tuya, Xiaomi, TP-Link.
    (UDP, 6_667, "000055aa 00000000 00000013 0000000c 00000000 01020304 0000aa55", ""),
    (UDP, 54_321, "21310020 ffffffffffffffffffffffffffffffffffffffffffffffffffffffff", ""),
    (UDP, 9_999, "d0f281f88bff9af7d5ef94b6d1b4c09fec95e68fe187e8caf08bf68bf6", ""),
    // A browser that looks for screens.
    (
        UDP,
        1_900,
        "'M-SEARCH * HTTP/1.1' 0d0a 'HOST: 239.255.255.250:1900' 0d0a 'MAN: \"ssdp:discover\"' 0d0a 'MX: 1' 0d0a \
      'ST: urn:dial-multiscreen-org:service:dial:1' 0d0a 'USER-AGENT: Google Chrome/126.0.6478.127 Windows' 0d0a 0d0a",
        "",
    ),
    // Protocols that tell no app: Agora with the server's name, IKE, a search for peers, KCP, a question to a game server.
    (UDP, 8_130, "010203040506 21 08090a0b0c 04 'SNI' 0010 00 'edge.example.net' *90", ""),
    (UDP, 500, "0102030405060708 0000000000000000 21 20 22 08 00000000 00000028 *40", ""),
    (UDP, 6_771, "'BT-SEARCH * HTTP/1.1' 0d0a 'Host: 239.192.152.143:6771' 0d0a 0d0a", ""),
    (UDP, 40_003, "01020304 51 00 8000 *20 03000000 'abc'", ""),
    (UDP, 27_015, "ffffffff 54 'Source Engine Query' 00", ""),
];

/// What looks like an app's and is not.
static OTHERS: &[Talk] = &[
    // Silence on the telephone: RTP with G.711 and a run of FF.
    (UDP, 4_000, "8008 0001 000000a0 11223344 01020304 ~172", "8008 0001 000000a0 55667788 01020304 ~172"),
    // The Service Location Protocol begins like QQ.
    (UDP, 427, "02 01 0031 0000 00000001 0002 'en' *49", ""),
    (UDP, 8_000, "02 0900 0031 0000 00000001 0002 'en' 00", ""),
    // The older STUN, as everybody asks it.
    (UDP, 3478, "0001 0008 0102030405060708090a0b0c0d0e0f10 0003 0004 00000000", ""),
    // A process bus that nDPI takes for a call of Viber's.
    (UDP, 5_094, "0100 0300 0001 0008", "0101 0300 0001 0008"),
    // Other people's use of ports: XMPP, a queue, an RTCP report, a game console's port.
    (TCP, 5_223, "'<stream:stream to=' 22 'chat.example.net' 22 '>'", ""),
    (TCP, 7_000, "0000000c *12", "0000000c *12"),
    (UDP, 9_000, "80c8 0006 11223344 *28", "81c8 000c 11223344 *52"),
    (UDP, 3_074, "01020304 *24", "01020304 *24"),
    // A relay that several apps share.
    (
        UDP,
        3478,
        "0003 0008 2112a442 0102030405060708090a0b0c 0019 0004 11000000",
        "0113 0010 2112a442 0102030405060708090a0b0c 0009 0004 00000401 8022 0004 'None'",
    ),
];

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "apps.pcap",
            "what some thirty apps and protocols say first: each conversation is told by its bytes",
            file(APPS),
        ),
        sample("apps-not.pcap", "what looks like the bytes of an app and is not: no app is named", file(OTHERS)),
    ]
}

fn file(talks: &[Talk]) -> Vec<u8> {
    let mut scene = Scene::default();
    for (number, &(is_tcp, port, up, down)) in (1u64..).zip(talks) {
        let path = Path::new(&format!("192.168.1.23:{}", 41_000 + number), &format!("203.0.113.{number}:{port}"), 20);
        let flights = [Flight::up(bytes(up)), Flight::down(bytes(down))].into_iter();
        let flights: Vec<Flight> = flights.filter(|flight| !flight.bytes.is_empty()).collect();
        let at_us = number * 1_000_000;
        if is_tcp {
            scene.stream(at_us, path, &flights);
        } else {
            scene.datagrams(at_us, path, &flights);
        }
    }
    pcap(&scene.packets())
}

/// Bytes from words: hexadecimal digits; 'text'; `*n` fills up to n bytes with numbers, `~n` with FF.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (part, is_quoted) in text.split('\'').zip([false, true].into_iter().cycle()) {
        if is_quoted {
            bytes.extend(part.as_bytes());
            continue;
        }
        for word in part.split_whitespace() {
            let (kind, count) = word.split_at(1);
            match kind {
                "*" | "~" => {
                    let count: usize = count.parse().expect("a number");
                    let fill = |at| if kind == "~" { 0xff } else { at as u8 };
                    bytes.extend((bytes.len()..count).map(fill));
                }
                _ => bytes.extend(word.as_bytes().chunks(2).map(|pair| {
                    let pair = std::str::from_utf8(pair).expect("text");
                    u8::from_str_radix(pair, 16).expect("hexadecimal digits")
                })),
            }
        }
    }
    bytes
}
