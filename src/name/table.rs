//! The table of readers. A new name source is one file in its family's folder and one row here.

use super::call::{agora, minecraft, rtmp, sip, stun, turn};
use super::dns::{app_resolver, transport as dns};
use super::http::{head, http1, http2, ssdp};
use super::nameless::{bittorrent, dhcp, edonkey, game, greeting, ike, ntp, openvpn, preamble, snmp, wireguard};
use super::proxy::{proxy_protocol, socks};
use super::quic::{fbzero, gquic, initial as quic};
use super::reader::{DatagramReader, StreamReader, whole};
use super::tls::{dtls, stream as tls};
use super::windows::{dcerpc, kerberos, netbios, rdp_udp, smb};

/// The readers of streams, in the order in which they are asked. The first whose `read` says other than `No` has the stream. At
/// most 32.
pub static STREAM_READERS: &[StreamReader] = &[
    StreamReader::new("tls", tls::FIRST_BYTES, tls::starts_client, tls::read),
    StreamReader {
        is_second_choice: true,
        ..StreamReader::new("tls", tls::FIRST_BYTES, tls::starts_server, tls::read)
    },
    StreamReader::new("fbzero", fbzero::FIRST_BYTES, fbzero::starts, fbzero::read),
    StreamReader {
        lacks_end: Some(head::lacks_end),
        ..StreamReader::new("http", http1::FIRST_BYTES, http1::starts_stream, http1::read_stream)
    },
    StreamReader::new("http2", http2::FIRST_BYTES, http2::starts_stream, http2::read_stream),
    StreamReader::new("sip", sip::FIRST_BYTES, sip::starts_stream, sip::read_stream),
    StreamReader::preamble(
        "proxy",
        proxy_protocol::FIRST_BYTES,
        proxy_protocol::starts_stream,
        proxy_protocol::read_stream,
    ),
    StreamReader::preamble("socks", socks::FIRST_BYTES, socks::starts_stream, socks::read_stream),
    StreamReader::new(
        "app-resolver",
        app_resolver::FIRST_BYTES,
        app_resolver::starts_stream,
        app_resolver::read_stream,
    ),
    StreamReader::preamble("greeting", greeting::FIRST_BYTES, greeting::starts_stream, greeting::read_stream),
    StreamReader::new("bittorrent", bittorrent::STREAM_FIRST_BYTES, bittorrent::starts_stream, bittorrent::read_stream),
    StreamReader::new("stun", stun::STREAM_FIRST_BYTES, stun::starts_stream, stun::read_stream),
    StreamReader::new("rtmp", rtmp::FIRST_BYTES, rtmp::starts_stream, rtmp::read_stream),
    StreamReader::new("turn", turn::FIRST_BYTES, turn::starts_stream, turn::read_stream),
    StreamReader::new("smb", smb::FIRST_BYTES, smb::starts_stream, smb::read_stream),
    StreamReader::new("dcerpc", dcerpc::FIRST_BYTES, dcerpc::starts_stream, dcerpc::read_stream),
    StreamReader::new("kerberos", kerberos::STREAM_FIRST_BYTES, kerberos::starts_stream, kerberos::read_stream),
    StreamReader::new("openvpn", openvpn::STREAM_FIRST_BYTES, openvpn::starts_stream, openvpn::read_stream),
    StreamReader::preamble("preamble", preamble::FIRST_BYTES, preamble::starts_stream, preamble::read_stream),
    StreamReader::new("edonkey", edonkey::FIRST_BYTES, edonkey::starts_stream, edonkey::read_stream),
    StreamReader::new("minecraft", minecraft::FIRST_BYTES, minecraft::starts_stream, minecraft::read_stream),
    StreamReader::new("dns", dns::STREAM_FIRST_BYTES, dns::starts_stream, dns::read_stream),
];

/// The readers of datagrams, in the order in which they are asked. At most 32.
pub static DATAGRAM_READERS: &[DatagramReader] = &[
    DatagramReader {
        begin: Some(quic::begin),
        may_be_whole: quic::may_be_whole,
        ..DatagramReader::gathering("quic", quic::FIRST_BYTES, quic::starts, quic::read)
    },
    DatagramReader::gathering("quic", gquic::FIRST_BYTES, gquic::starts, gquic::read),
    DatagramReader {
        reads_both_sides: true,
        ..DatagramReader::gathering("dtls", dtls::FIRST_BYTES, dtls::starts, dtls::read)
    },
    DatagramReader::new("dns", dns::PORTS, &[], dns::starts_datagram, dns::read_datagrams),
    DatagramReader {
        shows_app: Some(whole),
        ..DatagramReader::new("stun", &[], stun::FIRST_BYTES, stun::starts_datagram, stun::read_datagrams)
    },
    DatagramReader::new("rdp", rdp_udp::PORTS, &[], rdp_udp::starts_datagram, rdp_udp::read_datagrams),
    DatagramReader::new("netbios", netbios::PORTS, &[], netbios::starts_datagram, netbios::read_datagrams),
    DatagramReader {
        shows_app: Some(ssdp::agent),
        ..DatagramReader::new("ssdp", &[], b"HMN", ssdp::starts, ssdp::read)
    },
    DatagramReader::new("ntp", &[123], &[], ntp::starts, ntp::read),
    DatagramReader::new("dhcp", &[67, 68, 546, 547], &[], dhcp::starts, dhcp::read),
    DatagramReader::new("kerberos", &[88], &[], kerberos::starts_datagram, kerberos::read_datagrams),
    DatagramReader::new("snmp", &[161, 162], b"0", snmp::starts, snmp::read),
    DatagramReader {
        shows_app: Some(whole),
        ..DatagramReader::new("wireguard", &[], &[1, 2, 3], wireguard::starts, wireguard::read)
    },
    DatagramReader::new("ike", ike::PORTS, &[], ike::starts, ike::read),
    DatagramReader {
        reads_both_sides: true,
        begin: Some(openvpn::begin),
        ..DatagramReader::gathering("openvpn", openvpn::FIRST_BYTES, openvpn::starts, openvpn::read)
    },
    DatagramReader::new(
        "bittorrent",
        &[],
        bittorrent::DATAGRAM_FIRST_BYTES,
        bittorrent::starts_datagram,
        bittorrent::read_datagrams,
    ),
    DatagramReader::new("sip", &[], sip::FIRST_BYTES, sip::starts_datagram, sip::read_datagrams),
    DatagramReader::new("agora", &[], &[], agora::starts, agora::read),
    DatagramReader {
        shows_app: Some(whole),
        ..DatagramReader::new("raknet", &[], &[], game::starts_raknet, game::read_raknet)
    },
    DatagramReader::new("netcode", &[], b"\0", game::starts_netcode, game::read_netcode),
    DatagramReader::new("source-query", &[], b"\xff", game::starts_query, game::read_query),
    DatagramReader::new("kcp", &[], &[], game::starts_kcp, game::read_kcp),
];
