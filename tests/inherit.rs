//! Inheritance under the one law: a call whose peer is found by its socket comes out the same however the capture is cut, in
//! however many files, in whatever order they are given.

use fixtures::pcap::{RAW, file};
use fixtures::transport::udp_packet as udp;
use std::net::Ipv4Addr;
use whither::analysis::{self, Knowledge, Options};
use whither::app::Catalogue;
use whither::capture::{self, Progress, ReadOptions};
use whither::place::Places;

const PHONE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 168, 1, 20), 51_518);
/// One of Meta's relays.
const RELAY: (Ipv4Addr, u16) = (Ipv4Addr::new(31, 13, 86, 48), 3_478);
const PEER: (Ipv4Addr, u16) = (Ipv4Addr::new(91, 252, 56, 51), 32_704);
/// From the phone, but from another socket.
const STRANGER: (Ipv4Addr, u16) = (Ipv4Addr::new(198, 51, 100, 7), 9_000);

/// Packets with their times in microseconds: the relay is asked at the start, the peer talks for minutes, a stranger all the while.
fn call() -> Vec<(u64, Vec<u8>)> {
    let at = |second: u64| (1_768_471_200 + second) * 1_000_000;
    let mut allocate = vec![0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42];
    allocate.extend([7; 12]);
    allocate.extend([0x40, 0, 0, 4, 6, 5, 3, 8]);
    let mut packets = vec![(at(0), udp(PHONE, RELAY, &allocate)), (at(1), udp(RELAY, PHONE, &allocate))];
    for second in 1..900 {
        let voice = [0x80, 0x78, 0, second as u8, 1, 2, 3, 4, 5, 6, 7, 8];
        packets.push((at(second), udp(PEER, PHONE, &voice)));
        packets.push((at(second), udp(PHONE, PEER, &voice)));
        if second % 50 == 0 {
            packets.push((at(second), udp((PHONE.0, 50_000), STRANGER, &voice)));
        }
    }
    packets
}

fn knowledge() -> Knowledge {
    Knowledge::new(Catalogue::embedded().expect("usable"), Places::open(&[]).expect("embedded"), None)
}

/// Each flow's ends, app, kind and rule, as handed out; and the map's bytes by app.
fn shown(files: &[&[u8]], range_bytes: Option<u64>, knowledge: &Knowledge) -> (Vec<String>, Vec<(String, u64)>) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(number, bytes): (usize, &&[u8])| {
        let path = folder.path().join(format!("{number}.pcap"));
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let paths: Vec<_> = files.iter().enumerate().map(write).collect();
    let sources = || capture::open(&paths).expect("captures").sources;
    let options = Options { read: ReadOptions { range_bytes, ..ReadOptions::default() }, ..Options::default() };
    let mut flows = Vec::new();
    analysis::flows(sources(), &options, knowledge, &Progress::default(), &mut |studied| {
        let claim = studied.learned.attribution.chosen.as_ref();
        let claim = claim.map(|claim| format!("{} {} {}", claim.app, claim.kind.word(), claim.rule));
        let ends = (studied.flow.client_ip, studied.flow.server_ip);
        flows.push(format!("{} {} {}", ends.0, ends.1, claim.unwrap_or_default()));
        true
    });
    let (routes, _) = analysis::map(sources(), &options, knowledge, &Progress::default());
    let mut apps: Vec<(String, u64)> =
        routes.apps.iter().map(|(app, sums)| (app.to_string(), sums.traffic.bytes())).collect();
    apps.sort();
    (flows, apps)
}

#[test]
fn cuts_files_and_their_order_change_nothing() {
    let (packets, knowledge) = (call(), knowledge());
    let whole = shown(&[&file(RAW, &packets)], None, &knowledge);
    let (flows, apps) = &whole;
    assert_eq!(
        flows[..],
        [
            "192.168.1.20 31.13.86.48 whatsapp signature signature whatsapp-call".to_owned(),
            "192.168.1.20 91.252.56.51 whatsapp inherited same socket as frame 1 (signature whatsapp-call)".to_owned(),
            "192.168.1.20 198.51.100.7 ".to_owned(),
        ]
    );
    assert_eq!(apps.len(), 1, "{apps:?}");
    for range_bytes in [100, 1_000, 20_000] {
        assert_eq!(shown(&[&file(RAW, &packets)], Some(range_bytes), &knowledge), whole, "{range_bytes}");
    }
    let [first, second] = [file(RAW, &packets[..700]), file(RAW, &packets[700..])];
    assert_eq!(shown(&[&first, &second], Some(5_000), &knowledge), whole);
    assert_eq!(shown(&[&second, &first], None, &knowledge), whole);
}
