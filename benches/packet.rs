//! How long a frame takes on the short path and on the general one.

#![allow(missing_docs, reason = "criterion's macros write public items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixtures::ethernet::{ADDRESSES, frame, frame_with};
use fixtures::ip;
use fixtures::transport::{ACK, tcp, udp};
use std::hint::black_box;
use whither::capture::{Frame, FrameId, LinkType};
use whither::packet::{Dissected, dissect};

const PAYLOAD: [u8; 900] = [0x17; 900];

const CLIENT: [u8; 4] = [192, 0, 2, 1];
const SERVER: [u8; 4] = [198, 51, 100, 7];
/// A tag of a virtual network.
const TAG: [u8; 4] = [0x81, 0, 0, 7];

fn ip_tcp_v4() -> Vec<u8> {
    ip::v4(CLIENT, SERVER, ip::TCP, &tcp((50_123, 443), 1, 0, ACK, &PAYLOAD))
}

fn tcp_v4() -> Vec<u8> {
    frame(&ip_tcp_v4())
}

fn udp_v6() -> Vec<u8> {
    frame(&ip::v6([0x20; 16], [0x21; 16], ip::UDP, &udp((50_123, 443), &PAYLOAD)))
}

fn vlan_tcp_v4() -> Vec<u8> {
    frame_with(ADDRESSES, &TAG, &ip_tcp_v4())
}

/// Two tags: for the general path.
fn double_vlan_tcp_v4() -> Vec<u8> {
    frame_with(ADDRESSES, &[[0x88, 0xa8, 0, 7], TAG].concat(), &ip_tcp_v4())
}

fn icmp_v4() -> Vec<u8> {
    frame(&ip::v4(CLIENT, SERVER, 1, &[&[8, 0, 0, 0, 0, 1, 0, 1][..], &PAYLOAD].concat()))
}

fn vxlan() -> Vec<u8> {
    let inner = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &tcp_v4()].concat();
    frame(&ip::v4([10, 0, 0, 1], [10, 0, 0, 2], ip::UDP, &udp((50_001, 4789), &inner)))
}

fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packet");
    group.throughput(Throughput::Elements(1));
    for (name, bytes) in [
        ("short/tcp-v4", tcp_v4()),
        ("short/udp-v6", udp_v6()),
        ("short/vlan-tcp-v4", vlan_tcp_v4()),
        ("general/double-vlan-tcp-v4", double_vlan_tcp_v4()),
        ("general/icmp-v4", icmp_v4()),
        ("general/vxlan", vxlan()),
    ] {
        let record = Frame {
            id: FrameId::default(),
            time_ns: 0,
            link_type: LinkType::ETHERNET,
            bytes: &bytes,
            wire_length: bytes.len() as u32,
            note: None,
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| match dissect(black_box(&record)) {
                Dissected::Packet(packet) => packet.payload_length + u32::from(packet.key.port(packet.side)),
                Dissected::NotIp(_) => 0,
            });
        });
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
