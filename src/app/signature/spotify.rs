//! Spotify's discovery in the local network: `SpotUdp` broadcast on UDP port 57621.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "spotify-discovery",
    says: Says::App("spotify"),
    about: "UDP datagrams that begin with SpotUdp",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_udp && probe.client.has(0, b"SpotUdp")).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn begins_with_its_name() {
        assert_eq!(read(&udp(b"SpotUdp0\xba\xe1", &[], 57621, 0)), Some(Confidence::Certain));
        for cut in 0..7 {
            assert_eq!(read(&udp(&b"SpotUdp"[..cut], &[], 57621, 0)), None, "{cut}");
        }
    }
}
