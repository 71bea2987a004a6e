//! What a reader is: how it is asked, what it is given, and what it answers. The readers themselves are in [`super::table`].

use super::findings::Findings;

/// How far a reader got with the bytes it was given. `Done` and `No` are final: more bytes never change them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reading {
    /// The bytes are not of the reader's protocol.
    No,
    /// The bytes may be of the protocol, and more of them are needed. The findings are what is certain already: they count if
    /// no more bytes come.
    NeedMore(Option<Box<Findings>>),
    /// The reader has read all that this opening carries. Another opening may follow in a stream after `consumed` bytes.
    Done {
        /// What was found.
        findings: Box<Findings>,
        /// Number of bytes read, counted from the start; at most the number of bytes given.
        consumed: usize,
    },
}

impl Reading {
    /// The reading of a protocol whose datagrams are read one by one: the last one is read whole.
    pub(super) fn whole_datagram(findings: Findings, datagrams: &[Datagram<'_>]) -> Self {
        let consumed = datagrams.last().map_or(0, |datagram| datagram.payload.len());
        Self::Done { findings: Box::new(findings), consumed }
    }
}

/// A reader of openings in byte streams (TCP).
#[derive(Clone, Copy)]
pub struct StreamReader {
    /// The protocol, as flow records show it.
    pub protocol: &'static str,
    /// The bytes that an opening can begin with; empty if it can begin with any byte.
    pub first_bytes: &'static [u8],
    /// Whether a segment with this payload may begin such an opening. The payload is never empty but may be one byte long, and
    /// the answer is `true` for the first part of a possible opening. It is asked for every segment that carries payload, so it
    /// takes constant time, and wrong guesses cost speed.
    pub starts: fn(&[u8]) -> bool,
    /// Reads the stream from such a start. It is called again with more bytes after [`Reading::NeedMore`].
    pub read: fn(&[u8]) -> Reading,
    /// Whether an opening that was unfinished after so many bytes still lacks its end with these bytes, so that reading it
    /// again would complete nothing. `None` where reading again is as quick as this test.
    pub lacks_end: Option<fn(&[u8], usize) -> bool>,
    /// Whether its findings count only where a flow has no server name yet.
    pub is_second_choice: bool,
    /// Whether another protocol may follow what it reads, as TLS follows the first words of a mail server, a database or a proxy.
    pub is_preamble: bool,
}

impl StreamReader {
    /// A reader without any of the special cases.
    pub(super) const fn new(
        protocol: &'static str,
        first_bytes: &'static [u8],
        starts: fn(&[u8]) -> bool,
        read: fn(&[u8]) -> Reading,
    ) -> Self {
        Self { protocol, first_bytes, starts, read, lacks_end: None, is_second_choice: false, is_preamble: false }
    }

    /// A reader of what comes before another protocol.
    pub(super) const fn preamble(
        protocol: &'static str,
        first_bytes: &'static [u8],
        starts: fn(&[u8]) -> bool,
        read: fn(&[u8]) -> Reading,
    ) -> Self {
        Self { is_preamble: true, ..Self::new(protocol, first_bytes, starts, read) }
    }
}

/// One UDP datagram: its payload and its ports.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// UDP payload as captured.
    pub payload: &'a [u8],
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
}

/// All of a datagram, where that is the part by which apps are told.
pub(super) fn whole(payload: &[u8]) -> &[u8] {
    payload
}

/// The part of a datagram by which apps are told.
pub(super) type Shown = fn(&[u8]) -> &[u8];

/// A reader of openings in datagrams (UDP).
#[derive(Clone, Copy)]
pub struct DatagramReader {
    /// The protocol, as flow records show it.
    pub protocol: &'static str,
    /// Every datagram of the protocol has one of these ports; empty if any port will do.
    pub ports: &'static [u16],
    /// The bytes that a datagram can begin with; empty if it can begin with any byte.
    pub first_bytes: &'static [u8],
    /// Whether this datagram may be an opening or a part of one. It is asked for every datagram and takes constant time.
    pub starts: fn(&Datagram<'_>) -> bool,
    /// Whether an opening may span several datagrams (QUIC, DTLS). Otherwise `read` is given every datagram by itself.
    pub gathers: bool,
    /// Whether apps can be told by how they speak this protocol, and by which part of a datagram: its first bytes are kept.
    pub shows_app: Option<Shown>,
    /// For a reader that gathers: whether each side's opening is read, and not only that of the side whose opening is whole first.
    pub reads_both_sides: bool,
    /// Reads the datagrams of one sender that passed `starts`, in capture order. It is called again with one more datagram after
    /// [`Reading::NeedMore`] and, for a reader that gathers, after [`Reading::No`]. Its `consumed` is not used.
    pub read: fn(&[Datagram<'_>]) -> Reading,
    /// For a reader that gathers: whether this datagram may hold a whole opening by itself. It is asked where an opening was read
    /// before, and takes constant time.
    pub may_be_whole: fn(&Datagram<'_>) -> bool,
    /// For a reader that gathers: makes a reader that is given one datagram at a time, where that is less work.
    pub begin: Option<fn() -> Box<dyn IncrementalReader>>,
}

impl DatagramReader {
    /// A reader that reads every datagram by itself.
    pub(super) const fn new(
        protocol: &'static str,
        ports: &'static [u16],
        first_bytes: &'static [u8],
        starts: fn(&Datagram<'_>) -> bool,
        read: fn(&[Datagram<'_>]) -> Reading,
    ) -> Self {
        Self {
            protocol,
            ports,
            first_bytes,
            starts,
            gathers: false,
            shows_app: None,
            reads_both_sides: false,
            read,
            may_be_whole: |_| false,
            begin: None,
        }
    }

    /// A reader of openings that may span several datagrams, on any port.
    pub(super) const fn gathering(
        protocol: &'static str,
        first_bytes: &'static [u8],
        starts: fn(&Datagram<'_>) -> bool,
        read: fn(&[Datagram<'_>]) -> Reading,
    ) -> Self {
        Self { gathers: true, shows_app: Some(whole), ..Self::new(protocol, &[], first_bytes, starts, read) }
    }

    /// Whether a datagram is on a port of this reader, and [`starts`](Self::starts) an opening of it. The bytes of some
    /// protocols are told by their ports only.
    #[inline]
    pub fn takes(&self, datagram: &Datagram<'_>) -> bool {
        let is_port = |port| self.ports.contains(&port);
        (self.ports.is_empty() || is_port(datagram.source_port) || is_port(datagram.destination_port))
            && (self.starts)(datagram)
    }
}

/// A reader that remembers the earlier datagrams of one sender, so that it need not read all of them again with each new one.
pub trait IncrementalReader: Send + Sync {
    /// Reads the next datagram, and says what [`DatagramReader::read`] would say of all datagrams so far. It is not called
    /// after [`Reading::Done`].
    fn next(&mut self, datagram: &Datagram<'_>) -> Reading;
}
