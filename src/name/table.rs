//! The table of readers. A new name source is one file beside this one and one row here.

use super::{Reading, dtls, fbzero, gquic, quic, tls};

/// A reader of openings in byte streams (TCP).
pub struct StreamReader {
    /// The protocol, as flow records show it.
    pub protocol: &'static str,
    /// Whether a segment with this payload (not empty, possibly only a byte long) may begin such an opening.
    /// Constant time; sees every payload-bearing segment, so false positives cost speed.
    /// `true` for a strict prefix of a possible opening.
    pub starts: fn(&[u8]) -> bool,
    /// Reads the stream from a start on. Called again with more bytes after [`Reading::NeedMore`].
    pub read: fn(&[u8]) -> Reading,
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
pub struct DatagramReader {
    /// The protocol, as flow records show it.
    pub protocol: &'static str,
    /// Whether this datagram may be (part of) such an opening. Constant time; sees every datagram.
    pub starts: fn(&Datagram<'_>) -> bool,
    /// Whether an opening may span several datagrams (QUIC, DTLS). Otherwise `read` sees every datagram by itself.
    pub gathers: bool,
    /// Reads the datagrams of one sender that passed `starts`, in capture order. Called again with one more after
    /// [`Reading::NeedMore`] (and, for a reader that gathers, after [`Reading::No`]); `consumed` is ignored.
    pub read: fn(&[Datagram<'_>]) -> Reading,
}

/// Readers of streams, asked in this order; the first whose `read` says other than `No` has it.
pub static STREAM_READERS: &[StreamReader] = &[
    StreamReader { protocol: "tls", starts: tls::starts, read: tls::read },
    StreamReader { protocol: "fbzero", starts: fbzero::starts, read: fbzero::read },
];

/// Readers of datagrams, asked in this order.
pub static DATAGRAM_READERS: &[DatagramReader] = &[
    DatagramReader { protocol: "quic", starts: quic::starts, read: quic::read },
    DatagramReader { protocol: "quic", starts: gquic::starts, read: gquic::read },
    DatagramReader { protocol: "dtls", starts: dtls::starts, read: dtls::read },
];
