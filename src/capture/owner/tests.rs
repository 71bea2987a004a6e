//! The table as a whole: which format reads which comment, and hostile bytes.

use super::build;
use super::table::*;
use crate::capture::frame::{ByteOrder, LinkType};
use crate::capture::note::{Direction, FrameNote, OwnerFormat};
use proptest::prelude::*;

fn format_of(application: &str, comment: &str) -> Option<OwnerFormat> {
    let options = if application.is_empty() { vec![] } else { build::written_by(ByteOrder::Little, application) };
    let section = SectionOwners::start(ByteOrder::Little, &options);
    Some(section.packet(LinkType::ETHERNET, &build::comment(comment), 0)?.owner?.format)
}

#[test]
fn comments_find_their_format_without_a_signature() {
    for application in ["", "Dumpcap (Wireshark) 4.4", "PCAPdroid v1.8", "ptcpdump v1", "rustnet 1", "pymobiledevice3"]
    {
        for (comment, format) in [
            ("u-10123", OwnerFormat::Pcapdroid),
            ("rustnet pid=7", OwnerFormat::Rustnet),
            ("PID=12 TID=3", OwnerFormat::Etl2pcapng),
            ("proc Safari:501, svc BE, out", OwnerFormat::AppleComment),
            ("PID: 1, ProcName: a, EPID: 0, EProcName: , SVC: 0", OwnerFormat::Pymobiledevice),
            ("PID: 1\nCmd: /bin/a\nArgs: a", OwnerFormat::Ptcpdump),
        ] {
            assert_eq!(format_of(application, comment), Some(format), "{application}: {comment}");
        }
        assert_eq!(format_of(application, "a person wrote this: 12"), None);
    }
}

#[test]
fn the_direction_is_noted_without_an_owner() {
    let section = SectionOwners::start(ByteOrder::Little, &[]);
    for (flags, direction) in [(1, Direction::Inbound), (2, Direction::Outbound)] {
        let options = build::option(ByteOrder::Little, 2, &[flags, 0, 0, 0]);
        let expected = FrameNote { direction, ..FrameNote::default() };
        assert_eq!(section.packet(LinkType::ETHERNET, &options, 0), Some(expected));
    }
    assert_eq!(section.packet(LinkType::ETHERNET, &build::option(ByteOrder::Little, 2, &[0; 4]), 0), None);
    assert_eq!(section.packet(LinkType::ETHERNET, &[], 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_sections_do_not_panic(
        is_big in any::<bool>(),
        start in proptest::collection::vec(any::<u8>(), 0..64),
        blocks in proptest::collection::vec(
            (prop_oneof![Just(0xbad_u32), Just(0x8000_0001), any::<u32>()], proptest::collection::vec(any::<u8>(), 0..64)),
            0..8,
        ),
        options in proptest::collection::vec(any::<u8>(), 0..128),
        time_ns in any::<i64>(),
    ) {
        let order = if is_big { ByteOrder::Big } else { ByteOrder::Little };
        let mut section = SectionOwners::start(order, &start);
        for (block_type, body) in &blocks {
            section.block(*block_type, body);
        }
        section.packet(LinkType::ETHERNET, &options, time_ns);
    }

    #[test]
    fn random_comments_do_not_panic(
        prefix in prop_oneof![
            Just("u-"), Just("rustnet "), Just("PID="), Just("proc "), Just("PID: 1, ProcName: "), Just("PID: 1\nCmd: "),
        ],
        text in "[ -~\n€:,=.0-9]{0,40}",
    ) {
        let comment = format!("{prefix}{text}");
        SectionOwners::default().packet(LinkType::ETHERNET, &build::comment(&comment), 0);
    }

    #[test]
    fn random_enterprise_blocks_do_not_panic(
        enterprise_number in prop_oneof![Just(62652_u32), Just(32622)],
        fields in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(3), any::<u8>()], 0..80),
    ) {
        let mut section = SectionOwners::default();
        section.block(0xbad, &[enterprise_number.to_le_bytes().as_slice(), &fields].concat());
    }

    #[test]
    fn what_is_found_in_band_lies_in_the_frame(
        link_type in prop_oneof![Just(1_u16), Just(149), Just(258), any::<u16>()],
        mut bytes in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..300),
        first in prop_oneof![Just(0_u8), Just(0x45), Just(0x60), Just(0xbe), Just(156), any::<u8>()],
        wire_length in prop_oneof![0..400_u32, any::<u32>()],
    ) {
        if let Some(byte) = bytes.first_mut() {
            *byte = first;
        }
        let may_be = may_be_in_band(LinkType(link_type), &bytes);
        if let Some(found) = in_band(LinkType(link_type), &bytes, wire_length) {
            prop_assert!(may_be);
            prop_assert!(found.range.start <= found.range.end && found.range.end <= bytes.len());
            prop_assert!(found.wire_length <= wire_length);
        }
    }
}
