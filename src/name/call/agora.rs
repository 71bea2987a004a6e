//! Reads the opening datagram of Agora's network for live sound and video, which Clubhouse and many other apps use. It names
//! the server, as TLS does: `04 "SNI"` at 12, the length of the name, and the name at 19.

use crate::name::findings::{Findings, Role};
use crate::name::host::host;
use crate::name::reader::{Datagram, Reading};
use crate::name::source::NameSource;
use crate::name::wire::u16_at;

const KIND_AT: usize = 6;
const KIND: u8 = 0x21;
const TAG_AT: usize = 12;
const NAME_AT: usize = 19;

/// Whether a datagram is such an opening.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    name(datagram.payload).is_some()
}

/// Reads the last datagram.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(name) = datagrams.last().and_then(|datagram| name(datagram.payload)) else { return Reading::No };
    let mut findings = Findings::of("agora", Some(Role::Client));
    findings.push_name(NameSource::AppHello, name);
    Reading::whole_datagram(findings, datagrams)
}

fn name(payload: &[u8]) -> Option<&str> {
    if *payload.get(KIND_AT)? != KIND || payload.get(TAG_AT..TAG_AT + 4)? != b"\x04SNI" || *payload.get(18)? != 0 {
        return None;
    }
    let length = usize::from(u16_at(payload, 16)?);
    host(payload.get(NAME_AT..NAME_AT.checked_add(length)?)?).filter(|name| name.is_ascii() && name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::testing::datagram;

    fn opening() -> Vec<u8> {
        let name = b"edge.sd-rtn.example";
        [&[1, 2, 3, 4, 5, 6, 0x21, 8, 9, 10, 11, 12][..], b"\x04SNI", &[0, name.len() as u8, 0], name, &[7; 30]]
            .concat()
    }

    #[test]
    fn the_name_is_found() {
        let opening = opening();
        let Reading::Done { findings, .. } = read(&[datagram(&opening, 50_000, 8130)]) else { panic!("not read") };
        assert_eq!(&*findings.names[0].name, "edge.sd-rtn.example");
        assert_eq!(findings.application.map(|word| word.0), Some("agora"));
        for cut in 0..NAME_AT + 19 {
            assert!(!starts(&datagram(&opening[..cut], 50_000, 8130)), "{cut}");
        }
    }

    #[test]
    fn what_is_no_name_is_no_opening() {
        for (at, byte) in [(6, 0x20), (12, 5), (18, 1), (19, b' '), (17, 255)] {
            let mut other = opening();
            other[at] = byte;
            assert!(!starts(&datagram(&other, 50_000, 8130)), "{at}");
        }
    }
}
