//! The client that Alibaba Cloud's machines run: `CEFABEBA` over TCP, within Alibaba's network.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "alibaba-cloud-client",
    says: Says::Platform("alibaba-cloud"),
    about: "TCP to Alibaba's network that begins with CEFABEBA",
    over: Over::Tcp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_tcp && probe.client.has(0, &[0xce, 0xfa, 0xbe, 0xba]) && probe.is_in(networks::ALIBABA))
        .then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    #[test]
    fn only_in_alibabas_network() {
        let bytes = hex("cefabeba 10000000");
        assert_eq!(read(&tcp(&bytes, &[], 8999, 37963)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&bytes, &[], 8999, 0)), None);
        assert_eq!(read(&tcp(&bytes[..3], &[], 8999, 37963)), None);
    }
}
