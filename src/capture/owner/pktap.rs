//! Apple's PKTAP: from the header in front of each packet to the process that sent or received it.
//!
//! xnu `bsd/net/pktap.h`; all fields little-endian. Version 1 is 108 bytes or longer (only fields inside its length are
//! read), version 2 is 40 bytes with offsets to the rest, and a drop record extends version 1. Link type 258 is registered;
//! Apple's own libpcap writes 149, which is also everyone's "user 2", so that one is validated field by field.

use super::in_band::InBand;
use crate::capture::frame::LinkType;
use crate::capture::note::{Direction, FrameNote, Owner, OwnerFormat};
use crate::capture::text;
use std::sync::Arc;

/// LINKTYPE_PKTAP.
pub(super) const LINK_TYPE: LinkType = LinkType(258);
/// LINKTYPE_USER2, as Apple's libpcap writes PKTAP.
pub(super) const LINK_TYPE_USER2: LinkType = LinkType(149);

const FLAG_INBOUND: u32 = 0x1;
const FLAG_OUTBOUND: u32 = 0x2;
const FLAG_VERSION_2: u32 = 0x0008_0000;
/// The shortest version 1 header ever seen.
const MIN_LENGTH_V1: usize = 108;
/// Longer than a drop record with the longest function name: what passes this is no PKTAP header.
const MAX_LENGTH_V1: usize = 512;
const LENGTH_V2: usize = 40;
const TYPE_DROP: u32 = 2;

/// What both versions say.
struct Header {
    length: usize,
    data_link_type: u32,
    flags: u32,
    process: Process,
    effective: Process,
    is_drop: bool,
}

#[derive(Default)]
struct Process {
    id: i32,
    name: Option<Box<str>>,
}

impl Process {
    /// 0 is the kernel where it has a name, and an unset field where it has none.
    fn is_known(&self) -> bool {
        self.id > 0 || (self.id == 0 && self.name.is_some())
    }
}

/// Takes the header off.
pub(super) fn header(link_type: LinkType, bytes: &[u8], wire_length: u32) -> Option<InBand> {
    let header = read(bytes)?;
    let inner = inner_link_type(header.data_link_type);
    if link_type == LINK_TYPE_USER2 && !is_plausible(bytes, &header, inner) {
        return None;
    }
    let direction = match header.flags & (FLAG_INBOUND | FLAG_OUTBOUND) {
        FLAG_INBOUND => Direction::Inbound,
        FLAG_OUTBOUND => Direction::Outbound,
        _ => Direction::Unknown,
    };
    let note = FrameNote {
        owner: owner(header.process, header.effective),
        direction,
        packet_id: None,
        is_dropped: header.is_drop,
    };
    Some(InBand {
        link_type: inner?,
        range: header.length..bytes.len(),
        wire_length: wire_length.saturating_sub(u32::try_from(header.length).ok()?),
        note,
    })
}

fn read(bytes: &[u8]) -> Option<Header> {
    if u32_at(bytes, 36)? & FLAG_VERSION_2 != 0 { read_v2(bytes) } else { read_v1(bytes) }
}

fn read_v1(bytes: &[u8]) -> Option<Header> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    if !(MIN_LENGTH_V1..=MAX_LENGTH_V1).contains(&length) {
        return None;
    }
    let header = bytes.get(..length)?;
    let next = u32_at(header, 4)?;
    let is_drop = next == TYPE_DROP;
    if next > TYPE_DROP {
        return None;
    }
    // A drop record's own length field counts only what version 1 has; its fields and the function's name follow.
    let packet_at = match (is_drop, bytes.get(160)) {
        (false, _) => length,
        (true, Some(0)) => length.max(161),
        (true, Some(name_length)) => length.max(164 + usize::from(*name_length) + 1),
        (true, None) => return None,
    };
    bytes.get(packet_at..)?;
    Some(Header {
        length: packet_at,
        data_link_type: u32_at(header, 8)?,
        flags: u32_at(header, 36)?,
        process: Process { id: i32_at(header, 52)?, name: text::field(header.get(56..73)?) },
        effective: Process { id: i32_at(header, 84)?, name: text::field(header.get(88..105)?) },
        is_drop,
    })
}

fn read_v2(bytes: &[u8]) -> Option<Header> {
    let length = usize::from(*bytes.first()?);
    if length < LENGTH_V2 {
        return None;
    }
    let header = bytes.get(..length)?;
    // Offsets count from the header's start; one that points into the fixed fields or past the end stands for nothing.
    let string_at = |at: usize| {
        let offset = usize::from(*header.get(at)?);
        if offset < LENGTH_V2 { None } else { text::field(header.get(offset..)?) }
    };
    Some(Header {
        length,
        data_link_type: u16::from_le_bytes(*header.get(6..)?.first_chunk()?).into(),
        flags: u32_at(header, 36)?,
        process: Process { id: i32_at(header, 28)?, name: string_at(4) },
        effective: Process { id: i32_at(header, 32)?, name: string_at(5) },
        is_drop: false,
    })
}

/// The app is the process on whose behalf a daemon sent the packet, where there is one.
fn owner(process: Process, effective: Process) -> Option<Arc<Owner>> {
    let is_effective = effective.id > 0 && (effective.name.is_some() || effective.id != process.id);
    let chosen = if is_effective { effective } else { process };
    if !chosen.is_known() && chosen.name.is_none() {
        return None;
    }
    let pid = chosen.is_known().then_some(i64::from(chosen.id));
    Some(Arc::new(Owner { name: chosen.name, pid, ..Owner::new(OwnerFormat::Pktap) }))
}

/// Registered link type for a DLT as Darwin numbers it. Most are equal from 104 on.
fn inner_link_type(data_link_type: u32) -> Option<LinkType> {
    let number = match data_link_type {
        // DLT_NULL: loopback, cellular and tunnels, a four-byte address family in host order in front of the IP packet.
        0 | 1 | 3 | 6..=10 => data_link_type,
        12 => 101,
        11 => 100,
        // Nothing writes PKTAP inside PKTAP, and accepting it would allow any nesting.
        149 | 258 => return None,
        50 | 51 | 104..=300 => data_link_type,
        _ => return None,
    };
    u16::try_from(number).ok().map(LinkType)
}

/// Whether a "user 2" frame is PKTAP beyond doubt: known link type, address family and flags, a printable interface name.
fn is_plausible(bytes: &[u8], header: &Header, inner: Option<LinkType>) -> bool {
    const KNOWN_FLAGS: u32 = 0x00ff_ffff;
    let (family_at, name) = if header.flags & FLAG_VERSION_2 == 0 {
        (40, bytes.get(12..36))
    } else {
        (16, bytes.get(3).and_then(|at| bytes.get(usize::from(*at)..header.length)))
    };
    let is_name = name.and_then(|name| name.split(|byte| *byte == 0).next()).is_some_and(|name| {
        (1..24).contains(&name.len()) && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte))
    });
    inner.is_some()
        && is_name
        && header.flags & !KNOWN_FLAGS == 0
        && matches!(u32_at(bytes, family_at), Some(0 | 2 | 30 | u32::MAX))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::owner::build;
    use crate::capture::owner::table::{in_band, may_be_in_band};
    use proptest::prelude::*;

    struct Fields {
        data_link_type: u32,
        flags: u32,
        process: (i32, &'static str),
        effective: (i32, &'static str),
    }

    const SAFARI: Fields =
        Fields { data_link_type: 1, flags: 2, process: (88, "mDNSResponder"), effective: (501, "Safari") };

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }

    fn v1(fields: &Fields, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        put(&mut bytes, 0, &(length as u32).to_le_bytes());
        put(&mut bytes, 4, &1u32.to_le_bytes());
        put(&mut bytes, 8, &fields.data_link_type.to_le_bytes());
        put(&mut bytes, 12, b"en0");
        put(&mut bytes, 36, &fields.flags.to_le_bytes());
        put(&mut bytes, 40, &2u32.to_le_bytes());
        put(&mut bytes, 52, &fields.process.0.to_le_bytes());
        put(&mut bytes, 56, fields.process.1.as_bytes());
        put(&mut bytes, 84, &fields.effective.0.to_le_bytes());
        put(&mut bytes, 88, fields.effective.1.as_bytes());
        bytes
    }

    fn v2(fields: &Fields) -> Vec<u8> {
        let mut bytes = vec![0; LENGTH_V2];
        let strings = ["utun3", fields.process.1, fields.effective.1];
        for (at, string) in [3, 4, 5].into_iter().zip(strings) {
            if !string.is_empty() {
                bytes[at] = bytes.len() as u8;
                bytes.extend(string.as_bytes());
                bytes.push(0);
            }
        }
        bytes[0] = bytes.len() as u8;
        put(&mut bytes, 6, &(fields.data_link_type as u16).to_le_bytes());
        put(&mut bytes, 16, &30u32.to_le_bytes());
        put(&mut bytes, 28, &fields.process.0.to_le_bytes());
        put(&mut bytes, 32, &fields.effective.0.to_le_bytes());
        put(&mut bytes, 36, &(fields.flags | FLAG_VERSION_2).to_le_bytes());
        bytes
    }

    fn expected(length: usize, total: usize, inner: u16, owner: Option<(i64, &str)>, direction: Direction) -> InBand {
        let owner = owner.map(|(pid, name)| {
            Arc::new(Owner { name: Some(name.into()), pid: Some(pid), ..Owner::new(OwnerFormat::Pktap) })
        });
        InBand {
            link_type: LinkType(inner),
            range: length..total,
            wire_length: 900 - length as u32,
            note: FrameNote { owner, direction, ..FrameNote::default() },
        }
    }

    #[test]
    fn both_versions_under_both_link_types() {
        for link_type in [LINK_TYPE, LINK_TYPE_USER2] {
            for mut bytes in [v1(&SAFARI, 108), v1(&SAFARI, 156), v2(&SAFARI)] {
                let length = bytes.len();
                bytes.extend(build::ipv4([1; 4], [2; 4], 20));
                assert!(may_be_in_band(link_type, &bytes));
                let expected = expected(length, bytes.len(), 1, Some((501, "Safari")), Direction::Outbound);
                assert_eq!(in_band(link_type, &bytes, 900), Some(expected));
            }
        }
    }

    #[test]
    fn effective_process_only_where_there_is_one() {
        for (effective, pid) in [((-1, ""), 7), ((0, ""), 7), ((7, ""), 7), ((9, "app"), 9)] {
            let fields = Fields { data_link_type: 0, flags: 1, process: (7, "daemon"), effective };
            let name = if pid == 9 { "app" } else { "daemon" };
            for bytes in [v1(&fields, 156), v2(&fields)] {
                let length = bytes.len();
                let expected = expected(length, length, 0, Some((pid, name)), Direction::Inbound);
                assert_eq!(in_band(LINK_TYPE, &bytes, 900), Some(expected));
            }
        }
    }

    #[test]
    fn no_process_is_no_owner_and_the_kernel_is_one() {
        for (process, owner) in [((-1, ""), None), ((0, ""), None), ((0, "kernel_task"), Some((0, "kernel_task")))] {
            let fields = Fields { data_link_type: 12, flags: 3, process, effective: (-1, "") };
            let bytes = v1(&fields, 156);
            assert_eq!(in_band(LINK_TYPE, &bytes, 900), Some(expected(156, 156, 101, owner, Direction::Unknown)));
        }
    }

    #[test]
    fn drop_records_are_marked_and_their_packet_found() {
        for (name_length, packet_at) in [(0u8, 161), (9, 174)] {
            let mut bytes = v1(&SAFARI, 156);
            put(&mut bytes, 4, &TYPE_DROP.to_le_bytes());
            bytes.resize(packet_at, 0);
            bytes[160] = name_length;
            bytes.extend([0x45; 20]);
            let found = in_band(LINK_TYPE, &bytes, 900).unwrap();
            assert!(found.note.is_dropped);
            assert_eq!((found.range, found.wire_length), (packet_at..packet_at + 20, 900 - packet_at as u32));
        }
    }

    #[test]
    fn cut_headers_are_none() {
        for bytes in [v1(&SAFARI, 156), v2(&SAFARI)] {
            for cut in 0..bytes.len() {
                assert_eq!(in_band(LINK_TYPE, &bytes[..cut], 900), None, "{cut}");
            }
        }
    }

    #[test]
    fn user_2_is_validated() {
        let good = v1(&SAFARI, 156);
        for (at, value) in [(12, 0xff), (12, 0), (39, 0x80), (40, 99), (8, 200), (9, 200)] {
            let mut bytes = good.clone();
            bytes[at] = value;
            let is_odd_link_type = at == 8;
            assert_eq!(in_band(LINK_TYPE_USER2, &bytes, 900).is_some(), is_odd_link_type, "{at}");
        }
        assert_eq!(in_band(LINK_TYPE_USER2, &[0x45; 300], 900), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn altered_headers_stay_inside_the_frame(
            is_v2 in any::<bool>(),
            changes in proptest::collection::vec((0..180_usize, any::<u8>()), 0..6),
            cut in 0..200_usize,
        ) {
            let mut bytes = if is_v2 { v2(&SAFARI) } else { v1(&SAFARI, 156) };
            bytes.resize(bytes.len() + 24, 0x45);
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            bytes.truncate(cut);
            for link_type in [LINK_TYPE, LINK_TYPE_USER2] {
                if let Some(found) = in_band(link_type, &bytes, 900) {
                    prop_assert!(bytes.get(found.range).is_some());
                }
            }
        }
    }
}
