//! Samples of hellos that are hidden from who has no keys: Encrypted Client Hello, and TLS in OpenVPN's control channel.

use super::capture::{ETHERNET, Pcapng, pcap};
use super::packet;
use super::scene::{Path, Scene};
use super::tls::Flight;
use super::{Sample, sample};
use fixtures::ech::{Client, Seal};
use fixtures::openvpn::{Sender, framed};
use fixtures::quic::{Initial, crypto};
use fixtures::{Order, pcapng, tls};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "tls-ech-keys.pcapng",
            "Encrypted Client Hello with the secrets that the client logged: `hidden.example.net` in TLS, `hidden-quic.example.net` in QUIC \
             and `hidden-retry.example.net` after a HelloRetryRequest are accepted, `refused.example.net` is not, \
             `unconfirmed.example.net` has no answer that tells, and for `sealed.example.net` the secret is wrong",
            encrypted(),
        ),
        sample(
            "openvpn-tls.pcap",
            "OpenVPN whose control channel is not encrypted: `vpn.example.net` over UDP with pieces out of order and codes of SHA-1, \
             `vpn-tcp.example.net` over TCP",
            openvpn(),
        ),
    ]
}

fn client(hidden: &str, number: u8, seal: Seal) -> Client {
    Client { random: [number; 32], ..Client::new("public.example.net", hidden, seal) }
}

fn path(number: u8) -> Path {
    Path::new(&format!("192.168.1.23:{}", 42_000 + u16::from(number)), &format!("203.0.113.{}:443", 40 + number), 20)
}

fn encrypted() -> Vec<u8> {
    let mut scene = Scene::default();
    let mut log = "# TLS secrets log\n".to_owned();
    let up = |message: &[u8]| Flight::up(tls::record(message));
    let down = |message: &[u8]| Flight::down([tls::record(message), vec![0x17, 3, 3, 0, 64], vec![0x5a; 64]].concat());

    let accepted = client("hidden.example.net", 1, Seal::Aes128Gcm);
    let flights = [up(&accepted.hello(false)), down(&accepted.server_hello(0x1301, false, true))];
    scene.stream(0, path(1), &flights);

    let retried = client("hidden-retry.example.net", 2, Seal::ChaCha20Poly1305);
    let flights = [
        up(&retried.hello(false)),
        Flight::down(tls::record(&retried.server_hello(0x1302, true, true))),
        up(&retried.hello(true)),
        down(&retried.server_hello(0x1302, false, false)),
    ];
    scene.stream(200_000, path(2), &flights);

    let refused = client("refused.example.net", 3, Seal::Aes256Gcm);
    let flights = [up(&refused.hello(false)), down(&refused.server_hello(0x1303, false, false))];
    scene.stream(400_000, path(3), &flights);

    let unconfirmed = client("unconfirmed.example.net", 4, Seal::Aes128Gcm);
    scene.stream(600_000, path(4), &[up(&unconfirmed.hello(false))]);

    let sealed = client("sealed.example.net", 5, Seal::Aes128Gcm);
    let flights = [up(&sealed.hello(false)), down(&sealed.server_hello(0x1301, false, true))];
    scene.stream(800_000, path(5), &flights);

    let quic = client("hidden-quic.example.net", 6, Seal::Aes128Gcm);
    let id = *b"hid-quic";
    let hello = Initial::first(&id).seal(&crypto(0, &quic.hello(false)), 1_200);
    let answer = Initial { destination: &[], ..Initial::first(&id) };
    let frames = [&[2, 0, 0, 0, 0][..], &crypto(0, &quic.server_hello(0x1301, false, true))].concat();
    let flights = [Flight::up(hello), Flight::down(answer.seal_answer(&frames, 1_200))];
    scene.datagrams(1_000_000, path(6), &flights);

    [&accepted, &retried, &refused, &unconfirmed, &quic].iter().for_each(|client| log.push_str(&client.key_log()));
    log.push_str(&sealed.wrong_key_log());
    const TLS_KEY_LOG: u32 = 0x544c_534b;
    let mut file = Pcapng::default();
    file.section(false);
    file.interface(ETHERNET, "wlan0", Some(9));
    file.bytes.extend(pcapng::secrets(Order::Little, TLS_KEY_LOG, log.as_bytes()));
    for packet in scene.packets() {
        file.packet(0, packet.time_us * 1_000, &packet::ethernet(&packet.ip));
    }
    file.bytes
}

fn openvpn() -> Vec<u8> {
    let mut scene = Scene::default();
    let (mut client, mut server) = (Sender::client(20), Sender::server(20));
    let hello = tls::hello("vpn.example.net", 180);
    let mut flights = vec![Flight::up(client.reset()), Flight::down(server.reset())];
    let mut pieces: Vec<_> = hello.chunks(100).map(|piece| Flight::up(client.control(piece, 1))).collect();
    pieces.swap(0, 1);
    flights.append(&mut pieces);
    flights.push(Flight::down(server.control(&[0x16, 3, 3, 0, 4, 2, 0, 0], 3)));
    scene.datagrams(0, Path::new("192.168.1.23:41194", "203.0.113.61:1194", 20), &flights);

    let (mut client, mut server) = (Sender::client(0), Sender::server(0));
    let hello = tls::hello("vpn-tcp.example.net", 0);
    let flights = [
        Flight::up(framed(&client.reset())),
        Flight::down(framed(&server.reset())),
        Flight::up(hello.chunks(60).flat_map(|piece| framed(&client.control(piece, 1))).collect::<Vec<u8>>()),
    ];
    scene.stream(300_000, Path::new("192.168.1.23:41195", "203.0.113.62:1194", 20), &flights);
    pcap(&scene.packets())
}
