//! Turns the tokens of Windows logins, which travel in SMB, DCE/RPC, LDAP and HTTP, into the server's own name: NTLM's
//! challenge (MS-NLMP §2.2.1.2), and the ticket that a Kerberos client shows to a service (RFC 4120 §5.5.1, RFC 4121 §4.1).
//!
//! The client's name, which is in NTLM's last message, names no destination and is left out.

use super::kerberos;
use crate::name::findings::Findings;
use crate::name::host::{host, is_ip_literal};
use crate::name::source::NameSource;
use crate::name::wire::{Wire, u16_le_at, u32_le_at};
use memchr::memmem::Finder;
use std::sync::LazyLock;

const CHALLENGE: &[u8] = b"NTLMSSP\0\x02\0\0\0";
/// Kerberos's object identifier, and the kind of token that a client sends to a service.
const REQUEST: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00];

/// Bytes of a message that are searched. Tokens stand in its first part, and tickets with many groups reach 12 KiB.
const SEARCH_LIMIT: usize = 16 * 1024;
/// Pairs that are read of a challenge's list. Ten are defined.
const PAIR_LIMIT: usize = 16;
/// Length of the longest text in base64 that is read.
const BASE64_LIMIT: usize = 16 * 1024;

/// Adds the names of the server in a message's token, if there is a token.
pub(crate) fn add_names(message: &[u8], findings: &mut Findings) {
    static OF_CHALLENGE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(CHALLENGE));
    static OF_REQUEST: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(REQUEST));
    let message = message.get(..SEARCH_LIMIT).unwrap_or(message);
    if let Some(at) = OF_CHALLENGE.find(message) {
        if let Some(name) = message.get(at..).and_then(challenger) {
            push(&name, findings);
        }
    } else if let Some(at) = OF_REQUEST.find(message)
        && let Some(name) = message.get(at + REQUEST.len()..).and_then(kerberos::service_host)
    {
        push(name, findings);
    }
}

/// Adds the names of the server in a token that is written in base64, as HTTP and mail carry it.
pub(crate) fn add_names_of_base64(text: &[u8], findings: &mut Findings) {
    add_names(&base64(text), findings);
}

fn push(name: &str, findings: &mut Findings) {
    if let Some(name) = host(name.as_bytes()).filter(|name| !is_ip_literal(name)) {
        findings.push_name(NameSource::Smb, name);
    }
}

/// The computer that sends the challenge: its DNS name, or else its NetBIOS name.
fn challenger(message: &[u8]) -> Option<String> {
    const END: u16 = 0;
    const NETBIOS_COMPUTER: u16 = 1;
    const DNS_COMPUTER: u16 = 3;
    const TARGET_INFO: usize = 40;
    const TARGET_IS_SERVER: u32 = 0x0002_0000;
    let field = |at: usize| {
        let (length, offset) = (u16_le_at(message, at)?, u32_le_at(message, at + 4)?);
        message.get(usize::try_from(offset).ok()?..)?.get(..usize::from(length))
    };
    let mut netbios = None;
    let mut pairs = Wire::new(field(TARGET_INFO).unwrap_or_default());
    for _ in 0..PAIR_LIMIT {
        let (Some(kind), Some(length)) = (pairs.u16_le(), pairs.u16_le()) else { break };
        let Some(value) = pairs.take(usize::from(length)) else { break };
        match kind {
            END => break,
            DNS_COMPUTER => return utf16(value),
            NETBIOS_COMPUTER => netbios = utf16(value),
            _ => {}
        }
    }
    // Servers before Windows 2000 give only the target's name, which may be that of a domain.
    let is_server = u32_le_at(message, 20).is_some_and(|flags| flags & TARGET_IS_SERVER != 0);
    netbios.or_else(|| if is_server { utf16(field(12)?) } else { None })
}

/// Text in UTF-16, little-endian, up to a zero.
pub(crate) fn utf16(bytes: &[u8]) -> Option<String> {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let text: String = char::decode_utf16(units.take(255)).collect::<Result<_, _>>().ok()?;
    (!text.is_empty()).then_some(text)
}

/// The bytes of a text in base64 (RFC 4648 §4), up to the first character that does not belong to it.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.iter().take(BASE64_LIMIT) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// A challenge of a computer with these names, in this order.
    pub(crate) fn challenge(pairs: &[(u16, &str)]) -> Vec<u8> {
        let mut list = Vec::new();
        for (kind, text) in pairs {
            let text = wide(text);
            list.extend(kind.to_le_bytes());
            list.extend((text.len() as u16).to_le_bytes());
            list.extend(text);
        }
        list.extend([0; 4]);
        let target = wide("OFFICE");
        let (length, at) = (target.len() as u16, 56_u32 + target.len() as u32);
        let mut bytes = [CHALLENGE, &length.to_le_bytes(), &length.to_le_bytes(), &56_u32.to_le_bytes()].concat();
        bytes.extend([0x05, 0x82, 0x89, 0xa2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend((list.len() as u16).to_le_bytes());
        bytes.extend((list.len() as u16).to_le_bytes());
        bytes.extend(at.to_le_bytes());
        bytes.extend([10, 0, 0, 0, 0, 0, 0, 15]);
        [bytes, target, list].concat()
    }

    fn names(message: &[u8]) -> Vec<String> {
        let mut findings = Findings::default();
        add_names(message, &mut findings);
        findings.names.iter().map(|found| found.name.to_string()).collect()
    }

    #[test]
    fn the_challenger_names_itself() {
        let both = challenge(&[(2, "OFFICE"), (1, "FILES1"), (3, "Files1.office.example")]);
        assert_eq!(names(&[b"before", &both[..], b"after"].concat()), ["files1.office.example"]);
        assert_eq!(names(&challenge(&[(2, "OFFICE"), (1, "FILES1")])), ["files1"]);
        assert_eq!(names(&challenge(&[(2, "OFFICE"), (3, "192.0.2.7")])), [""; 0]);
        let bare = challenge(&[]);
        assert_eq!(names(&bare), [""; 0]);
        let mut of_server = bare;
        of_server[22] |= 2;
        assert_eq!(names(&of_server), ["office"]);
        for cut in 0..both.len() {
            let _ = names(&both[..cut]);
        }
    }

    #[test]
    fn base64_is_read_to_its_end() {
        assert_eq!(base64(b"TlRMTVNTUAACAAAA=,"), CHALLENGE);
        assert_eq!(base64(b"VGVzdA== more"), b"Test");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_tokens_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = names(&[CHALLENGE, &bytes].concat());
            let _ = names(&[REQUEST, &[0x6e], &bytes].concat());
            let _ = base64(&bytes);
        }
    }
}
