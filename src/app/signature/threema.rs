//! Threema over TCP port 5222: the handshake is 48 bytes of the client, 80 of the server, 191 of the client; nothing in
//! it is readable, so the lengths in this order are all there is.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "threema",
    says: Says::App("threema"),
    about: "TCP 5222: 48 bytes of the client, 80 of the server, 191 of the client",
    over: Over::Tcp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    // XML, TLS and what else is readable is XMPP.
    let is_readable = matches!(probe.client.bytes, [b'<' | 0x16, ..]) || !probe.application.is_empty();
    (probe.is_tcp
        && probe.server_port == 5222
        && !is_readable
        && matches!(probe.client.lengths, [48, 191, ..])
        && matches!(probe.server.lengths, [80, ..]))
    .then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::Side;
    use super::super::testing::tcp;
    use super::*;

    #[test]
    fn lengths_in_order() {
        let shown = |client, server, port| {
            let bytes = &[0x5a; 48][..];
            let probe = tcp(&[], &[], port, 0);
            read(&Probe { client: Side { bytes, lengths: client }, server: Side { bytes, lengths: server }, ..probe })
        };
        assert_eq!(shown(&[48, 191], &[80], 5222), Some(Confidence::Probable));
        assert_eq!(shown(&[48, 191], &[80], 443), None);
        assert_eq!(shown(&[191, 48], &[80], 5222), None);
        assert_eq!(shown(&[48], &[80], 5222), None);
        assert_eq!(shown(&[48, 191], &[81], 5222), None);
    }
}
