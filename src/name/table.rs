//! The table of readers. A new name source is one file beside this one and one row here.

use super::{
    Reading, app_resolver, bittorrent, datagram, dcerpc, dns, dtls, fbzero, gquic, greeting, http, http2, kerberos,
    netbios, preamble, proxy, quic, rdp_udp, rtmp, sip, smb, socks, stun, tls, turn,
};

/// A reader of openings in byte streams (TCP).
#[derive(Clone, Copy)]
pub struct StreamReader {
    /// The protocol, as flow records show it.
    pub protocol: &'static str,
    /// The first bytes an opening may have; empty where any will do.
    pub first_bytes: &'static [u8],
    /// Whether a segment with this payload (not empty, possibly only a byte long) may begin such an opening.
    /// Constant time; sees every payload-bearing segment, so false positives cost speed.
    /// `true` for a strict prefix of a possible opening.
    pub starts: fn(&[u8]) -> bool,
    /// Reads the stream from a start on. Called again with more bytes after [`Reading::NeedMore`].
    pub read: fn(&[u8]) -> Reading,
    /// Whether an opening that was unfinished with so many bytes still lacks its end with these: then reading it again would
    /// complete nothing. None where reading is as quick.
    pub lacks_end: Option<fn(&[u8], usize) -> bool>,
    /// What it finds counts only where a flow has no server name yet.
    pub is_second_choice: bool,
    /// Another protocol may follow what it reads: the words before TLS, of a mail server, a database or a proxy.
    pub is_preamble: bool,
}

/// One datagram with the ports it went between.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// UDP payload as captured.
    pub payload: &'a [u8],
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
}

/// A reader of openings in datagrams (UDP).
#[derive(Clone, Copy)]
pub struct DatagramReader {
    /// The protocol, as flow records show it.
    pub protocol: &'static str,
    /// One of them is among the ports of every such datagram; empty if any ports will do.
    pub ports: &'static [u16],
    /// The bytes a datagram can begin with; empty if any can. Like `ports` for [`datagram_candidates`].
    pub first_bytes: &'static [u8],
    /// Whether this datagram may be (part of) such an opening. Constant time; sees every datagram.
    pub starts: fn(&Datagram<'_>) -> bool,
    /// Whether an opening may span several datagrams (QUIC, DTLS). Otherwise `read` sees every datagram by itself.
    pub gathers: bool,
    /// Whether apps give themselves away by how they speak this protocol, so that its first bytes are kept.
    pub shows_app: bool,
    /// For one that gathers: whether each side's opening is read, rather than the first side's that is whole.
    pub reads_both_sides: bool,
    /// Reads the datagrams of one sender that passed `starts`, in capture order. Called again with one more after
    /// [`Reading::NeedMore`] (and, for a reader that gathers, after [`Reading::No`]); `consumed` is ignored.
    pub read: fn(&[Datagram<'_>]) -> Reading,
    /// For one that gathers: begins a reading that goes on datagram by datagram, where that is less work.
    pub begin: Option<fn() -> Box<dyn GoesOn>>,
}

/// A reading that goes on: what a reader remembers of the datagrams of one sender, so that it need not read all of them again
/// with each that comes.
pub trait GoesOn: Send + Sync {
    /// Reads the next datagram: says what [`DatagramReader::read`] says of it and all before it. Not called after
    /// [`Reading::Done`].
    fn next(&mut self, datagram: &Datagram<'_>) -> Reading;
}

/// Readers of streams, asked in this order; the first whose `read` says other than `No` has it. At most 32.
pub static STREAM_READERS: &[StreamReader] = &[
    row("tls", tls::FIRST_BYTES, tls::starts_client, tls::read),
    StreamReader { is_second_choice: true, ..row("tls", tls::FIRST_BYTES, tls::starts_server, tls::read) },
    row("fbzero", fbzero::FIRST_BYTES, fbzero::starts, fbzero::read),
    StreamReader {
        lacks_end: Some(http::lacks_end),
        ..row("http", http::FIRST_BYTES, http::starts_stream, http::read_stream)
    },
    row("http2", http2::FIRST_BYTES, http2::starts_stream, http2::read_stream),
    row("sip", sip::FIRST_BYTES, sip::starts_stream, sip::read_stream),
    preamble_row("proxy", proxy::FIRST_BYTES, proxy::starts_stream, proxy::read_stream),
    preamble_row("socks", socks::FIRST_BYTES, socks::starts_stream, socks::read_stream),
    row("app-resolver", app_resolver::FIRST_BYTES, app_resolver::starts_stream, app_resolver::read_stream),
    preamble_row("greeting", greeting::FIRST_BYTES, greeting::starts_stream, greeting::read_stream),
    row("bittorrent", bittorrent::STREAM_FIRST_BYTES, bittorrent::starts_stream, bittorrent::read_stream),
    row("stun", stun::STREAM_FIRST_BYTES, stun::starts_stream, stun::read_stream),
    row("rtmp", rtmp::FIRST_BYTES, rtmp::starts_stream, rtmp::read_stream),
    row("turn", turn::FIRST_BYTES, turn::starts_stream, turn::read_stream),
    row("smb", smb::FIRST_BYTES, smb::starts_stream, smb::read_stream),
    row("dcerpc", dcerpc::FIRST_BYTES, dcerpc::starts_stream, dcerpc::read_stream),
    row("kerberos", kerberos::STREAM_FIRST_BYTES, kerberos::starts_stream, kerberos::read_stream),
    preamble_row("preamble", preamble::FIRST_BYTES, preamble::starts_stream, preamble::read_stream),
    row("dns", dns::STREAM_FIRST_BYTES, dns::starts_stream, dns::read_stream),
];

/// Readers of datagrams, asked in this order. At most 32.
pub static DATAGRAM_READERS: &[DatagramReader] = &[
    DatagramReader { begin: Some(quic::begin), ..gathering_row("quic", quic::FIRST_BYTES, quic::starts, quic::read) },
    gathering_row("quic", gquic::FIRST_BYTES, gquic::starts, gquic::read),
    DatagramReader { reads_both_sides: true, ..gathering_row("dtls", dtls::FIRST_BYTES, dtls::starts, dtls::read) },
    datagram_row("dns", dns::PORTS, &[], dns::starts_datagram, dns::read_datagrams),
    DatagramReader {
        shows_app: true,
        ..datagram_row("stun", &[], stun::FIRST_BYTES, stun::starts_datagram, stun::read_datagrams)
    },
    datagram_row("rdp", rdp_udp::PORTS, &[], rdp_udp::starts_datagram, rdp_udp::read_datagrams),
    datagram_row("netbios", netbios::PORTS, &[], netbios::starts_datagram, netbios::read_datagrams),
    datagram_row("ssdp", &[], b"HMN", http::starts_datagram, http::read_datagrams),
    datagram_row("ntp", &[123], &[], datagram::starts_ntp, datagram::read_ntp),
    datagram_row("dhcp", &[67, 68, 546, 547], &[], datagram::starts_dhcp, datagram::read_dhcp),
    datagram_row("kerberos", &[88], &[], kerberos::starts_datagram, kerberos::read_datagrams),
    datagram_row("snmp", &[161, 162], b"0", datagram::starts_snmp, datagram::read_snmp),
    datagram_row("wireguard", &[], &[1, 2], datagram::starts_wireguard, datagram::read_wireguard),
    datagram_row("openvpn", &[], datagram::OPENVPN_FIRST_BYTES, datagram::starts_openvpn, datagram::read_openvpn),
    datagram_row("bittorrent", &[], b"d", bittorrent::starts_datagram, bittorrent::read_datagrams),
    datagram_row("sip", &[], sip::FIRST_BYTES, sip::starts_datagram, sip::read_datagrams),
];

const fn row(
    protocol: &'static str,
    first_bytes: &'static [u8],
    starts: fn(&[u8]) -> bool,
    read: fn(&[u8]) -> Reading,
) -> StreamReader {
    StreamReader { protocol, first_bytes, starts, read, lacks_end: None, is_second_choice: false, is_preamble: false }
}

const fn preamble_row(
    protocol: &'static str,
    first_bytes: &'static [u8],
    starts: fn(&[u8]) -> bool,
    read: fn(&[u8]) -> Reading,
) -> StreamReader {
    StreamReader { is_preamble: true, ..row(protocol, first_bytes, starts, read) }
}

const fn datagram_row(
    protocol: &'static str,
    ports: &'static [u16],
    first_bytes: &'static [u8],
    starts: fn(&Datagram<'_>) -> bool,
    read: fn(&[Datagram<'_>]) -> Reading,
) -> DatagramReader {
    DatagramReader {
        protocol,
        ports,
        first_bytes,
        starts,
        gathers: false,
        shows_app: false,
        reads_both_sides: false,
        read,
        begin: None,
    }
}

const fn gathering_row(
    protocol: &'static str,
    first_bytes: &'static [u8],
    starts: fn(&Datagram<'_>) -> bool,
    read: fn(&[Datagram<'_>]) -> Reading,
) -> DatagramReader {
    DatagramReader { gathers: true, shows_app: true, ..datagram_row(protocol, &[], first_bytes, starts, read) }
}

/// Which of [`STREAM_READERS`] an opening with this first byte may belong to: bit `n` is row `n`. Zero, the common answer
/// in the middle of a stream, rules all of them out.
#[inline]
pub fn stream_candidates(first: u8) -> u32 {
    // The index is a byte and the table has a place for each.
    STREAM_CANDIDATES[usize::from(first)]
}

/// Rows whose findings count only where a flow has no server name yet.
pub static SECOND_CHOICES: u32 = second_choices(STREAM_READERS);

static STREAM_CANDIDATES: [u32; 256] = candidates(STREAM_READERS);

const fn second_choices(readers: &[StreamReader]) -> u32 {
    let (mut rows, mut row) = (0, 0);
    while row < readers.len() {
        if readers[row].is_second_choice {
            rows |= 1 << row;
        }
        row += 1;
    }
    rows
}

const fn candidates(readers: &[StreamReader]) -> [u32; 256] {
    assert!(readers.len() <= 32);
    let mut table = [0; 256];
    let mut row = 0;
    while row < readers.len() {
        mark_bytes(&mut table, readers[row].first_bytes, row);
        row += 1;
    }
    table
}

/// Marks a row at the first bytes it reads: at all of them where it names none.
const fn mark_bytes(table: &mut [u32; 256], bytes: &[u8], row: usize) {
    let mut place = 0;
    while place < if bytes.is_empty() { table.len() } else { bytes.len() } {
        let byte = if bytes.is_empty() { place } else { bytes[place] as usize };
        table[byte] |= 1 << row;
        place += 1;
    }
}

/// Which of [`DATAGRAM_READERS`] may read this datagram: bit `n` is row `n`. Rows that look at ports may be among them
/// although the ports are others; `starts` decides.
#[inline]
pub fn datagram_candidates(datagram: &Datagram<'_>) -> u32 {
    let Some(&first) = datagram.payload.first() else { return 0 };
    let of_port = |port: u16| DATAGRAM_PORTS[usize::from(port) % DATAGRAM_PORTS.len()];
    DATAGRAM_FIRST_BYTES[usize::from(first)] & (of_port(datagram.source_port) | of_port(datagram.destination_port))
}

static DATAGRAM_FIRST_BYTES: [u32; 256] = {
    assert!(DATAGRAM_READERS.len() <= 32);
    let mut table = [0; 256];
    let mut row = 0;
    while row < DATAGRAM_READERS.len() {
        mark_bytes(&mut table, DATAGRAM_READERS[row].first_bytes, row);
        row += 1;
    }
    table
};

/// Rows by the low ten bits of a port: small enough to stay in the cache, and ephemeral ports rarely meet a row.
static DATAGRAM_PORTS: [u32; 1024] = {
    let mut table = [0u32; 1024];
    let mut row = 0;
    while row < DATAGRAM_READERS.len() {
        let ports = DATAGRAM_READERS[row].ports;
        let mut place = 0;
        while place < if ports.is_empty() { table.len() } else { ports.len() } {
            let port = if ports.is_empty() { place } else { ports[place] as usize };
            table[port % table.len()] |= 1 << row;
            place += 1;
        }
        row += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_byte_has_exactly_its_rows() {
        for byte in 0..=u8::MAX {
            for (row, reader) in STREAM_READERS.iter().enumerate() {
                let is_candidate = reader.first_bytes.is_empty() || reader.first_bytes.contains(&byte);
                assert_eq!(stream_candidates(byte) >> row & 1 == 1, is_candidate, "{} {byte:#x}", reader.protocol);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn first_bytes_leave_no_start_out(bytes in proptest::collection::vec(any::<u8>(), 1..40)) {
            for reader in STREAM_READERS {
                if !reader.first_bytes.is_empty() && !reader.first_bytes.contains(&bytes[0]) {
                    prop_assert!(!(reader.starts)(&bytes), "{}", reader.protocol);
                }
            }
        }

        #[test]
        fn random_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 1..200),
            ports in (any::<u16>(), proptest::sample::select(vec![53u16, 67, 88, 123, 137, 138, 161, 547, 5353, 5355, 9])),
        ) {
            for reader in STREAM_READERS {
                if let Reading::Done { consumed, .. } = (reader.read)(&bytes) {
                    prop_assert!(consumed <= bytes.len());
                }
            }
            let datagram = Datagram { payload: &bytes, source_port: ports.0, destination_port: ports.1 };
            for (row, reader) in DATAGRAM_READERS.iter().enumerate() {
                let is_candidate = datagram_candidates(&datagram) >> row & 1 == 1;
                prop_assert!(is_candidate || !(reader.starts)(&datagram), "{}", reader.protocol);
                let _ = (reader.read)(&[datagram]);
            }
        }
    }
}
