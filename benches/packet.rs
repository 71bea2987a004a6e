//! How long a frame takes on the short path and on the general one.

#![allow(missing_docs, reason = "criterion's macros write public items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use etherparse::PacketBuilder;
use std::hint::black_box;
use whither::capture::{Frame, FrameId, LinkType};
use whither::packet::{Dissected, dissect};

const PAYLOAD: [u8; 900] = [0x17; 900];

/// What a plain packet with these payload bytes is in Ethernet.
fn build(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

fn ethernet() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
}

fn tcp_v4() -> Vec<u8> {
    build(|bytes| {
        let step = ethernet().ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64).tcp(50_123, 443, 1, 1024);
        step.write(bytes, &PAYLOAD).expect("fits");
    })
}

fn udp_v6() -> Vec<u8> {
    build(|bytes| {
        let step = ethernet().ipv6([0x20; 16], [0x21; 16], 64).udp(50_123, 443);
        step.write(bytes, &PAYLOAD).expect("fits");
    })
}

fn vlan_tcp_v4() -> Vec<u8> {
    build(|bytes| {
        let tag = etherparse::VlanId::try_new(7).expect("small");
        let step = ethernet().single_vlan(tag).ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64);
        step.tcp(50_123, 443, 1, 1024).write(bytes, &PAYLOAD).expect("fits");
    })
}

/// Two tags: for the general path.
fn double_vlan_tcp_v4() -> Vec<u8> {
    build(|bytes| {
        let tag = etherparse::VlanId::try_new(7).expect("small");
        let step = ethernet().double_vlan(tag, tag).ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64);
        step.tcp(50_123, 443, 1, 1024).write(bytes, &PAYLOAD).expect("fits");
    })
}

fn icmp_v4() -> Vec<u8> {
    build(|bytes| {
        let step = ethernet().ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64).icmpv4_echo_request(1, 1);
        step.write(bytes, &PAYLOAD).expect("fits");
    })
}

fn vxlan() -> Vec<u8> {
    build(|bytes| {
        let inner = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &tcp_v4()].concat();
        let step = ethernet().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(50_001, 4789);
        step.write(bytes, &inner).expect("fits");
    })
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
        let frame = Frame {
            id: FrameId::default(),
            time_ns: 0,
            link_type: LinkType::ETHERNET,
            bytes: &bytes,
            wire_length: bytes.len() as u32,
            note: None,
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| match dissect(black_box(&frame)) {
                Dissected::Packet(packet) => packet.payload_length + u32::from(packet.key.port(packet.side)),
                Dissected::NotIp(_) => 0,
            });
        });
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
