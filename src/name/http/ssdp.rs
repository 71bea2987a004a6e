//! Recognises SSDP (UPnP Device Architecture 1.1 §1), whose datagrams have the form of HTTP/1 messages.

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use memchr::memmem;

/// Lines of a datagram that are looked at.
const LINE_LIMIT: usize = 16;

/// Whether a datagram may be SSDP (UPnP Device Architecture 1.1 §1).
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    match datagram.payload.first() {
        Some(b'M') => datagram.payload.starts_with(b"M-SEARCH * HTTP/1."),
        Some(b'N') => datagram.payload.starts_with(b"NOTIFY * HTTP/1."),
        Some(b'H') => datagram.payload.starts_with(b"HTTP/1.1 200"),
        _ => false,
    }
}

/// Reads the last datagram. SSDP carries addresses and types of devices, but no names of interest.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last() else { return Reading::No };
    let role = match datagram.payload.first() {
        // An answer is recognised only if its first line is whole, since other protocols begin alike.
        Some(b'H') if memmem::find(datagram.payload, b"\r\n").is_none() => return Reading::No,
        Some(b'H') => Role::Server,
        _ => Role::Client,
    };
    Reading::Done { findings: Box::new(Findings::of("ssdp", Some(role))), consumed: datagram.payload.len() }
}

/// The line in which the sender says what it is, to the end of the datagram; empty if there is none. Apps are told by it.
pub(crate) fn agent(payload: &[u8]) -> &[u8] {
    const LINE: &[u8] = b"user-agent:";
    let starts = memmem::find_iter(payload, b"\r\n").take(LINE_LIMIT).map(|end| end + 2);
    starts
        .filter_map(|at| payload.get(at..))
        .find(|line| line.get(..LINE.len()).is_some_and(|word| word.eq_ignore_ascii_case(LINE)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_found_in_any_letters() {
        let search = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nUser-Agent: Google Chrome/1\r\n\r\n";
        assert_eq!(agent(search), b"User-Agent: Google Chrome/1\r\n\r\n");
        assert_eq!(agent(b"M-SEARCH * HTTP/1.1\r\nX-USER-AGENT: a\r\n"), b"");
        assert_eq!(agent(&[b"M-SEARCH * HTTP/1.1", &b"\r\nA: b".repeat(20)[..], b"\r\nUSER-AGENT: a"].concat()), b"");
    }
}
