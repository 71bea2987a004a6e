//! Minecraft. Its Java edition opens with a handshake that a reader recognises and that names the server; only Minecraft
//! speaks so. A server of its Bedrock edition answers RakNet's pings with a text that begins with `MCPE;`.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "minecraft",
    says: Says::App("minecraft"),
    about: "TCP: the handshake of the Java edition; UDP: RakNet's pong with a text that begins with `MCPE;`",
    over: Over::Either,
    read,
};

/// Type, time, number of the server, RakNet's mark, length of the text.
const TEXT_AT: usize = 1 + 8 + 8 + 16 + 2;

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_bedrock =
        |side: Side<'_>| side.has(0, &[0x1c]) && side.has(17, &super::roblox::RAKNET) && side.has(TEXT_AT, b"MCPE;");
    let is_java = probe.is_tcp && probe.application == super::probe::MINECRAFT;
    (is_java || (probe.is_udp && probe.sides().into_iter().any(is_bedrock))).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{tcp, udp};
    use super::*;

    #[test]
    fn both_editions() {
        let mut pong = vec![0x1c; 17];
        pong.extend(super::super::roblox::RAKNET);
        pong.extend(b"\0\x10MCPE;A server;1;");
        assert_eq!(read(&udp(&[], &pong, 19132, 0)), Some(Confidence::Certain));
        for cut in 0..40 {
            assert_eq!(read(&udp(&[], &pong[..cut], 19132, 0)), None, "{cut}");
        }
        pong[35..40].copy_from_slice(b"Other");
        assert_eq!(read(&udp(&[], &pong, 19132, 0)), None);
        let java = tcp(&[0x10, 0], &[], 25565, 0);
        assert_eq!(read(&Probe { application: "minecraft", ..java }), Some(Confidence::Certain));
        assert_eq!(read(&java), None);
    }
}
