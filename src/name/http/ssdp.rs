//! Recognises SSDP (UPnP Device Architecture 1.1 §1), whose datagrams have the form of HTTP/1 messages.

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use memchr::memmem;

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
