//! Host names as text: which bytes can be one, and how one is cut out of an authority or a URI (RFC 3986 §3.2).

use std::net::{Ipv4Addr, Ipv6Addr};

/// A host name as clients write it, in ASCII or not. `None` if it is empty, has more than 255 bytes, or has an invisible
/// character.
pub(crate) fn host(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let plain = |character: char| !character.is_control() && !character.is_whitespace();
    // Nearly all names are ASCII, for which no table of characters is needed.
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic()) || name.chars().all(plain);
    (!name.is_empty() && name.len() <= 255 && is_plain).then_some(name)
}

/// The host of an authority, without the user, the port and the brackets of an IPv6 address. `None` if it cannot be a host.
pub(crate) fn host_of_authority(authority: &[u8]) -> Option<&str> {
    let authority = std::str::from_utf8(authority).ok()?.trim();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?.0,
        None => match authority.split_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            // An IPv6 address without brackets has more than one colon.
            Some(_) if authority.parse::<Ipv6Addr>().is_ok() => authority,
            Some((host, port)) if !port.contains(':') => host,
            Some(_) => return None,
            None => authority,
        },
    };
    (!host.is_empty() && host.bytes().all(is_plain)).then_some(host)
}

/// Whether a host may have this byte. Controls, spaces, and bytes that end a host or are excluded from URIs are not allowed.
/// The pattern is compiled to one test of a bit set.
const fn is_plain(byte: u8) -> bool {
    byte > b' '
        && !matches!(byte, b'/' | b'?' | b'#' | b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x7f)
}

/// The authority of an absolute URI (`scheme://authority/…`).
pub(crate) fn authority_of_uri(uri: &[u8]) -> Option<&[u8]> {
    /// Length of the longest scheme that is read. Those seen here have 3 to 5 characters.
    const SCHEME_LIMIT: usize = 16;
    let colon = uri.iter().take(SCHEME_LIMIT).position(|byte| !byte.is_ascii_alphanumeric())?;
    let rest = uri.get(colon..)?.strip_prefix(b"://")?;
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    rest.get(..end)
}

/// Whether a host is an IP address, and not a name.
pub fn is_ip_literal(host: &str) -> bool {
    // A name ends with a letter, and an IPv6 address has a colon after at most four digits. Most names are told by that, which
    // is quicker than parsing.
    let may_be = host.ends_with(|last: char| last.is_ascii_digit()) || host.bytes().take(5).any(|byte| byte == b':');
    may_be && (host.parse::<Ipv4Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_no_names() {
        for address in ["192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::a", "fe80::", "::ffff:192.0.2.1"] {
            assert!(is_ip_literal(address), "{address}");
        }
        for name in
            ["", "example.org", "a1", "192.0.2", "192.0.2.1.", "192.0.2.256", "a:b", "fe80::1%eth0", "x.192.0.2.1"]
        {
            assert!(!is_ip_literal(name), "{name}");
        }
    }

    #[test]
    fn hosts_are_cut_out_of_authorities() {
        for (authority, host) in [
            ("example.org", Some("example.org")),
            ("example.org:8080", Some("example.org")),
            ("example.org:", Some("example.org")),
            ("user:secret@example.org:80", Some("example.org")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1", None),
            ("example.org:http", Some("example.org")),
            ("a:b:c", None),
            ("", None),
            ("two words", None),
        ] {
            assert_eq!(host_of_authority(authority.as_bytes()), host, "{authority}");
        }
    }

    #[test]
    fn authorities_are_cut_out_of_uris() {
        assert_eq!(authority_of_uri(b"http://a.example:80/x?y"), Some(&b"a.example:80"[..]));
        assert_eq!(authority_of_uri(b"rtsp://b.example"), Some(&b"b.example"[..]));
        assert_eq!(authority_of_uri(b"/path?u=http://c.example/"), None);
        assert_eq!(authority_of_uri(b"*"), None);
    }
}
