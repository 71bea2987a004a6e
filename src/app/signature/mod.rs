//! Wire signatures: recognise an app by the first bytes of a flow. There is one file for each wire format, and one
//! row for it in the table.
//!
//! A signature reads only what a [`Probe`] holds, in constant time and without allocating. The weaker its marks are,
//! the stricter it is: if they could occur by chance, it also demands the operator's AS and says `probable` or
//! `weak`.

mod dingtalk;
mod discord;
mod dropbox;
mod facebook;
mod kakaotalk;
mod line;
mod mmtls;
mod qq;
mod snapchat;
mod spotify;
mod steam;
mod stun;
mod teamviewer;
mod telegram;
mod telegram_voip;
mod wechat_media;
mod whatsapp;
mod zoom;

use crate::flow::Flow;
use crate::place::Place;
use std::net::IpAddr;

/// IP protocol numbers (IANA).
const TCP: u8 = 6;
const UDP: u8 = 17;

/// How sure a signature is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Confidence {
    /// Hardly ever occurs by chance or in another app.
    Certain,
    /// Marks and address agree, but other apps could use the same format.
    Probable,
    /// A hint.
    Weak,
}

impl Confidence {
    /// All, surest first. The order is that of the tables that have one entry per confidence.
    pub const ALL: [Self; 3] = [Self::Certain, Self::Probable, Self::Weak];

    /// The word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Probable => "probable",
            Self::Weak => "weak",
        }
    }
}

/// What a signature identifies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Says {
    /// The app with this catalogue id.
    App(&'static str),
    /// Only the operator: the catalogue's platform with this id.
    Platform(&'static str),
}

/// The transport over which a wire format is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Over {
    /// TCP alone.
    Tcp,
    /// UDP alone.
    Udp,
    /// Either.
    Either,
}

impl Over {
    /// Whether the wire format may be used over this IP protocol.
    pub const fn holds(self, protocol: u8) -> bool {
        match self {
            Self::Tcp => protocol == TCP,
            Self::Udp => protocol == UDP,
            Self::Either => true,
        }
    }
}

/// The first bytes that one side sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side<'a> {
    /// At most [`crate::flow::Head::LIMIT`] bytes of the stream or the first datagram.
    pub bytes: &'a [u8],
    /// Payload lengths of the first segments or datagrams.
    pub lengths: &'a [u32],
}

impl Side<'_> {
    /// Length of the first segment or datagram.
    pub fn first_length(&self) -> usize {
        self.lengths.first().map_or(self.bytes.len(), |&length| length as usize)
    }

    /// The big-endian 16-bit number at an offset.
    fn u16(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(self.bytes.get(at..at + 2)?.try_into().ok()?))
    }

    /// The little-endian 32-bit number at an offset.
    fn u32_little(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?))
    }

    /// The big-endian 32-bit number at an offset.
    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?))
    }

    /// Whether these bytes are at an offset.
    fn has(&self, at: usize, bytes: &[u8]) -> bool {
        self.bytes.get(at..at + bytes.len()) == Some(bytes)
    }
}

/// The part of a flow that signatures look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Probe<'a> {
    /// Over TCP.
    pub is_tcp: bool,
    /// Over UDP.
    pub is_udp: bool,
    /// What the client sent.
    pub client: Side<'a>,
    /// What the server sent.
    pub server: Side<'a>,
    /// Port of the client.
    pub client_port: u16,
    /// Port of the server.
    pub server_port: u16,
    /// Origin AS of the server's address.
    pub asn: u32,
    /// The protocol that a reader recognised, as flow records show it; empty if none did.
    pub application: &'static str,
    /// The server's name; empty where none is known.
    pub name: &'a str,
    /// Whether the server's address is IPv6 and contains `face:b00c`, which Meta puts into its addresses.
    pub is_face_book: bool,
}

impl<'a> Probe<'a> {
    /// The probe of a flow; none if signatures can recognise nothing in it, because it has neither first bytes nor a
    /// protocol that only one app uses.
    pub fn of(flow: &'a Flow, place: &Place) -> Option<Self> {
        let speaks = |word: &str| flow.application.is_some_and(|application| application.0 == word);
        if flow.client_head.is_none() && flow.server_head.is_none() && !speaks(mmtls::APPLICATION) {
            return None;
        }
        let side = |head: &'a Option<Box<crate::flow::Head>>| {
            head.as_ref().map_or(Side::default(), |head| Side { bytes: &head.bytes, lengths: &head.lengths })
        };
        Some(Self {
            is_tcp: flow.protocol == TCP,
            is_udp: flow.protocol == UDP,
            client: side(&flow.client_head),
            server: side(&flow.server_head),
            client_port: flow.client_port.unwrap_or(0),
            server_port: flow.server_port.unwrap_or(0),
            asn: place.asn.unwrap_or(0),
            application: flow.application.map_or("", |application| application.0),
            name: flow.name().map_or("", |name| &name.name),
            is_face_book: match flow.server_ip {
                IpAddr::V6(ip) => ip.segments()[4..6] == [0xface, 0xb00c],
                IpAddr::V4(_) => false,
            },
        })
    }

    /// Either side, the client first.
    fn sides(&self) -> [Side<'a>; 2] {
        [self.client, self.server]
    }

    /// Whether the server's address is in one of these ASes.
    fn is_in(&self, asns: &[u32]) -> bool {
        asns.contains(&self.asn)
    }

    /// How sure a mark in the bytes is: certain if the server is in one of the operator's own networks, probable
    /// elsewhere.
    fn judge(&self, is_marked: bool, asns: &[u32]) -> Option<Confidence> {
        is_marked.then(|| if self.is_in(asns) { Confidence::Certain } else { Confidence::Probable })
    }
}

/// One wire format.
pub struct Signature {
    /// The name that claims show: `signature mmtls`.
    pub name: &'static str,
    /// Which app or operator uses it.
    pub says: Says,
    /// What it looks for, in a sentence.
    pub about: &'static str,
    /// The transport over which it is used.
    pub over: Over,
    /// Tests whether a flow uses it, and how sure that is.
    pub read: fn(&Probe<'_>) -> Option<Confidence>,
}

/// All wire signatures, by name.
pub static SIGNATURES: &[Signature] = &[
    dingtalk::SIGNATURE,
    discord::SIGNATURE,
    dropbox::SIGNATURE,
    kakaotalk::SIGNATURE,
    line::SIGNATURE,
    mmtls::SIGNATURE,
    stun::MICROSOFT,
    facebook::SIGNATURE,
    facebook::OWN_APP,
    qq::SIGNATURE,
    snapchat::SIGNATURE,
    spotify::SIGNATURE,
    steam::SIGNATURE,
    teamviewer::SIGNATURE,
    telegram::SIGNATURE,
    telegram_voip::SIGNATURE,
    wechat_media::SIGNATURE,
    whatsapp::SIGNATURE,
    stun::WHATSAPP,
    zoom::SIGNATURE,
];

/// AS numbers of operators, by which signatures with weak marks are confirmed.
mod networks {
    pub(super) const ALIBABA: &[u32] = &[37963, 45102, 45103, 45104, 24429, 134963];
    pub(super) const AMAZON: &[u32] = &[16509, 14618];
    pub(super) const GOOGLE: &[u32] = &[15169, 396982];
    pub(super) const KAKAO: &[u32] = &[38099, 7625, 10158, 152199];
    /// LINE's calls run in LY's network and, formerly, in NAVER's.
    pub(super) const LINE: &[u32] = &[38631, 23576];
    pub(super) const META: &[u32] = &[32934, 11917, 63293, 54115, 149642];
    pub(super) const MICROSOFT: &[u32] = &[8075, 8068];
    pub(super) const TELEGRAM: &[u32] = &[62041, 62014, 59930, 44907, 211157];
    pub(super) const TENCENT: &[u32] = &[45090, 132203, 133478, 139341];
    pub(super) const ZOOM: &[u32] = &[30103];
}

#[cfg(test)]
pub(super) mod testing {
    use super::{Probe, Side};

    pub(crate) use fixtures::hex;

    /// A UDP probe with one datagram each way.
    pub(crate) fn udp<'a>(client: &'a [u8], server: &'a [u8], server_port: u16, asn: u32) -> Probe<'a> {
        let side = |bytes| Side { bytes, lengths: &[] };
        Probe { is_udp: true, client: side(client), server: side(server), server_port, asn, ..Probe::default() }
    }

    /// A TCP probe.
    pub(crate) fn tcp<'a>(client: &'a [u8], server: &'a [u8], server_port: u16, asn: u32) -> Probe<'a> {
        Probe { is_tcp: true, is_udp: false, ..udp(client, server, server_port, asn) }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{tcp, udp};
    use super::*;
    use crate::name::table::{DATAGRAM_READERS, STREAM_READERS};
    use proptest::prelude::*;

    #[test]
    fn rows_are_sorted_and_named_once() {
        assert!(SIGNATURES.windows(2).all(|pair| pair[0].name < pair[1].name));
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
        for application in readers.chain(DATAGRAM_READERS.iter().map(|reader| reader.protocol)) {
            for (asn, name) in [(0, ""), (32934, "graph.facebook.com"), (132203, "short.weixin.qq.com"), (62041, "")] {
                for probe in [tcp(&[], &[], 443, asn), udp(&[], &[], 3478, asn)] {
                    let probe = Probe { application, name, is_face_book: true, ..probe };
                    let found = SIGNATURES.iter().find(|signature| (signature.read)(&probe).is_some());
                    assert!(found.is_none(), "{} {application}", found.map_or("", |signature| signature.name));
                }
            }
        }
        let probe = Probe { application: mmtls::APPLICATION, ..tcp(&[], &[], 443, 0) };
        assert_eq!((mmtls::SIGNATURE.read)(&probe), Some(Confidence::Certain));
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
