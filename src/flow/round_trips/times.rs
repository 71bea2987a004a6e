//! The round trips of a flow from its client to its server, as far as its first packets show them.

/// Round trips from the client to the server, in ns as the clock of the capture shows them: the true times are less than these and
/// [`clock_step_ns`](Self::clock_step_ns) together. They are to the server's address only where the capture was taken at the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RoundTrips {
    /// The first SYN with the connection's initial sequence number to the SYN-ACK that acknowledges it; with timestamps (RFC 7323) the
    /// SYN that the SYN-ACK names. Where only the client was captured: to its first acknowledgment. Never a reset.
    pub handshake_ns: Option<u64>,
    /// The first byte of the client's hello to the first payload that acknowledges it and answers it. Where only the client was
    /// captured: to its first acknowledgment of payload.
    pub hello_ns: Option<u64>,
    /// The client's first payload to the first payload that acknowledges it, where no hello is known. Not of HTTP and DNS.
    pub answer_ns: Option<u64>,
    /// A request of QUIC, STUN or DTLS to its answer.
    pub datagram_ns: Option<u64>,
    /// The smallest difference of neighbouring times that is not 0. It is larger than the steps of the clock if packets are few.
    pub clock_step_ns: u64,
}

impl RoundTrips {
    /// The same where the client's first payload is known to be a hello of a protocol that only a wire signature tells, such as
    /// Telegram's obfuscated transport: the answer to it is then as good as one to a hello.
    #[must_use]
    pub const fn with_answer_as_hello(self) -> Self {
        if self.hello_ns.is_some() {
            return self;
        }
        Self { hello_ns: self.answer_ns, answer_ns: None, ..self }
    }
}
