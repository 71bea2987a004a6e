//! What protects the Initial packets of each QUIC version, and how the version types its long headers.
//!
//! RFC 9001 §5.2, RFC 9369 §3, the drafts before them, and the versions that Google and Meta deployed.

/// What the keys of Initial packets are derived with.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Protection {
    /// The salt of HKDF-Extract.
    pub(super) salt: [u8; 20],
    /// The labels of the key, the initialisation vector and the header protection, without "tls13 ".
    pub(super) labels: [&'static str; 3],
}

/// The kind of a long-header packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It carries the hellos, under keys that anyone can derive.
    Initial,
    /// Early data.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// A token from the server. It ends with the datagram.
    Retry,
    /// A header alone, in which a network says how fast it will be (draft-ietf-scone-protocol). The packet follows.
    Prefix,
}

/// Whether a version is in the table.
pub(super) fn is_known(version: u32) -> bool {
    VERSIONS.binary_search_by_key(&version, |(known, _)| *known).is_ok()
}

/// What may protect a version: one entry for a known version, and all entries, the most likely first, for any other.
///
/// Versions reserved to force negotiation (0x?a?a?a?a) have been seen with the salt of draft 29.
pub(super) fn protections(version: u32) -> &'static [Protection] {
    let Ok(index) = VERSIONS.binary_search_by_key(&version, |(known, _)| *known) else { return &PROTECTIONS };
    VERSIONS.get(index).and_then(|(_, at)| PROTECTIONS.get(*at..=*at)).unwrap_or(&PROTECTIONS)
}

/// The kind that the type bits (4 and 5) of a first byte mean in a version. An unknown version may have either layout.
pub(super) fn kind(version: u32, first_byte: u8) -> Kind {
    let bits = (first_byte >> 4) & 0x03;
    match version {
        SCONE_LOW | SCONE_HIGH => Kind::Prefix,
        V2 | V2_DRAFT => [Kind::Retry, Kind::Initial, Kind::ZeroRtt, Kind::Handshake][usize::from(bits)],
        _ if bits == 1 && !is_known(version) => Kind::Initial,
        _ => [Kind::Initial, Kind::ZeroRtt, Kind::Handshake, Kind::Retry][usize::from(bits)],
    }
}

/// Whether a version is reserved to provoke version negotiation (RFC 9000 §15).
pub(super) const fn is_reserved(version: u32) -> bool {
    version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

const V2: u32 = 0x6b33_43cf;
const V2_DRAFT: u32 = 0x709a_50c4;

const SCONE_LOW: u32 = 0x6f7d_c0fd;
const SCONE_HIGH: u32 = 0xef7d_c0fd;

const V1_LABELS: [&str; 3] = ["quic key", "quic iv", "quic hp"];
const V2_LABELS: [&str; 3] = ["quicv2 key", "quicv2 iv", "quicv2 hp"];

/// All salts that are known. For an unknown version the most likely comes first.
static PROTECTIONS: [Protection; 10] = [
    Protection { salt: salt(0x38762cf7, 0xf55934b3_4d179ae6, 0xa4c80cad_ccbb7f0a), labels: V1_LABELS },
    Protection { salt: salt(0xafbfec28, 0x9993d24c_9e9786f1, 0x9c6111e0_4390a899), labels: V1_LABELS },
    Protection { salt: salt(0x0dede3de, 0xf700a6db_819381be, 0x6e269dcb_f9bd2ed9), labels: V2_LABELS },
    Protection { salt: salt(0xc3eef712, 0xc72ebb5a_11a7d243, 0x2bb46365_bef9f502), labels: V1_LABELS },
    Protection { salt: salt(0x7fbcdb0e, 0x7c66bbe9_193a96cd, 0x21519ebd_7a02644a), labels: V1_LABELS },
    Protection { salt: salt(0xa707c203, 0xa59b4718_4a1d62ca, 0x570406ea_7ae3e5d3), labels: V2_LABELS },
    Protection { salt: salt(0xca6b74a5, 0xce82fc04_436bf2ea, 0x75e78c56_c8c08d24), labels: V1_LABELS },
    Protection { salt: salt(0x504574ef, 0xd066fe2f_9d945cfc, 0xdbd3a7f0_d3b56b45), labels: V1_LABELS },
    Protection { salt: salt(0x7ff579e5, 0xacd07291_5580304c, 0x43a2367c_60488310), labels: V1_LABELS },
    Protection { salt: salt(0x7a4edef4, 0xe7ccee5f_a4506c19, 0x124fc8cc_da6e033d), labels: V1_LABELS },
];

/// Each version with the index of its salt, sorted by version.
static VERSIONS: &[(u32, usize)] = &[
    (0x0000_0001, 0),
    (0x5130_3530, 7), // Q050
    (0x5430_3530, 8), // T050
    (0x5430_3531, 9), // T051
    (V2, 2),
    (V2_DRAFT, 5),
    (0xd400_0400, 0),
    // Meta's mvfst.
    (0xface_b001, 4),
    (0xface_b002, 3),
    (0xface_b003, 0),
    (0xface_b004, 0),
    (0xface_b00e, 3),
    (0xface_b010, 3),
    (0xface_b011, 3),
    (0xface_b012, 3),
    (0xface_b013, 3),
    (0xface_b014, 6),
    (0xface_b015, 6),
    (0xface_feed, 0),
    // Drafts 22 to 34.
    (0xff00_0016, 4),
    (0xff00_0017, 3),
    (0xff00_0018, 3),
    (0xff00_0019, 3),
    (0xff00_001a, 3),
    (0xff00_001b, 3),
    (0xff00_001c, 3),
    (0xff00_001d, 1),
    (0xff00_001e, 1),
    (0xff00_001f, 1),
    (0xff00_0020, 1),
    (0xff00_0021, 0),
    (0xff00_0022, 0),
];

/// A salt of 4, 8 and 8 bytes, grouped as the standards print it.
const fn salt(first: u32, second: u64, third: u64) -> [u8; 20] {
    let mut bytes = [0; 20];
    let (parts, second, third) = (first.to_be_bytes(), second.to_be_bytes(), third.to_be_bytes());
    let mut index = 0;
    while index < 8 {
        if index < 4 {
            bytes[index] = parts[index];
        }
        bytes[4 + index] = second[index];
        bytes[12 + index] = third[index];
        index += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_points_at_salts() {
        assert!(VERSIONS.is_sorted_by(|(left, _), (right, _)| left < right));
        assert!(VERSIONS.iter().all(|(_, at)| *at < PROTECTIONS.len()));
    }

    #[test]
    fn a_known_version_has_one_protection() {
        let [protection] = protections(1) else { panic!() };
        assert_eq!(protection.salt[..4], [0x38, 0x76, 0x2c, 0xf7]);
        assert_eq!(protection.salt[16..], [0xcc, 0xbb, 0x7f, 0x0a]);
        assert_eq!(protections(0x1a2a_3a4a).len(), PROTECTIONS.len());
        assert_eq!(protections(V2)[0].labels, V2_LABELS);
    }

    #[test]
    fn versions_type_their_packets_differently() {
        assert_eq!(kind(1, 0xc3), Kind::Initial);
        assert_eq!(kind(V2, 0xd3), Kind::Initial);
        assert_eq!(kind(V2, 0xc3), Kind::Retry);
        assert_eq!(kind(1, 0xf0), Kind::Retry);
    }
}
