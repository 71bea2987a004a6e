//! The words of application protocols: those that readers give, and no others.

use super::findings::Application;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All words that a reader gives, sorted.
static WORDS: &[&str] = &[
    "agora",
    "amqp",
    "bittorrent",
    "dcerpc",
    "dhcp",
    "dhcpv6",
    "dns",
    "dtls",
    "edonkey",
    "fbzero",
    "ftp",
    "http",
    "http2",
    "ike",
    "imap",
    "irc",
    "kcp",
    "kerberos",
    "ldap",
    "llmnr",
    "lmtp",
    "mdns",
    "minecraft",
    "mmtls",
    "mqtt",
    "mysql",
    "netbios",
    "netcode",
    "ntp",
    "openvpn",
    "pop3",
    "postgresql",
    "quic",
    "raknet",
    "rdp",
    "rtmp",
    "rtsp",
    "sip",
    "smb",
    "smtp",
    "snmp",
    "socks",
    "source-query",
    "ssdp",
    "ssh",
    "stun",
    "tds",
    "telnet",
    "tls",
    "vnc",
    "wireguard",
    "xmpp",
];

impl Application {
    /// The protocol with this word, if a reader gives it.
    pub fn known(word: &str) -> Option<Self> {
        let at = WORDS.binary_search(&word).ok()?;
        WORDS.get(at).map(|word| Self(word))
    }
}

impl Serialize for Application {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Application {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = <&str>::deserialize(deserializer)?;
        Self::known(word).ok_or_else(|| D::Error::custom("an application protocol that no reader gives"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_and_known() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        assert_eq!(Application::known("tls"), Some(Application("tls")));
        assert_eq!(Application::known("tl"), None);
    }
}
