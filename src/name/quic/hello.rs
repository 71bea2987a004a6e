//! Reads a ClientHello, or the CHLO of Google's QUIC, as far as it has come in a CRYPTO stream.

use super::tag_table::TagTable;
use crate::name::findings::{Findings, Role};
use crate::name::reassembly::Reassembly;
use crate::name::source::NameSource;
use crate::name::tls::client_hello::{ClientHello, LENGTH_LIMIT};
use crate::name::tls::dialect::Dialect;
use crate::name::tls::hello_piece::server_name_in_piece;
use crate::name::wire::Wire;

pub(super) const APPLICATION: &str = "quic";
const CLIENT_HELLO: u8 = 1;

/// A hello in a CRYPTO stream.
pub(super) enum Hello {
    /// The hello is whole, or the stream holds something that will not become a hello.
    Whole(Findings),
    /// More is to come. The findings are what is certain already.
    Cut(Findings),
}

pub(super) fn hello(stream: &Reassembly) -> Hello {
    let prefix = stream.prefix();
    let mut findings = Findings::of(APPLICATION, Some(Role::Client));
    if prefix.first() == Some(&b'C') {
        // Q050 carries the CHLO of the versions before it.
        return match TagTable::read(prefix) {
            TagTable::Cut => Hello::Cut(findings),
            TagTable::Whole(Some(name)) => {
                findings.push_name(NameSource::QuicSni, name);
                Hello::Whole(findings)
            }
            TagTable::Whole(None) | TagTable::Foreign => Hello::Whole(findings),
        };
    }
    let mut wire = Wire::new(prefix);
    let kind = wire.u8();
    if kind.is_some_and(|kind| kind != CLIENT_HELLO) {
        return Hello::Whole(findings);
    }
    let length = wire.u24();
    let body = wire.take_at_most(length.unwrap_or_default());
    match ClientHello::read(prefix, Dialect::Tls) {
        Some(hello) => findings = hello.into_findings(APPLICATION, NameSource::QuicSni),
        None => return Hello::Whole(findings),
    }
    if length.is_some_and(|length| length == body.len() || length > LENGTH_LIMIT) {
        return Hello::Whole(findings);
    }
    if findings.names.is_empty() {
        // The piece with the name may have come while a piece before it has not.
        let mut names = stream.pieces().filter_map(server_name_in_piece);
        if let (Some(name), None) = (names.next(), names.next()) {
            findings.push_name(NameSource::QuicSni, &name);
        }
    }
    Hello::Cut(findings)
}

/// The handshake message of this kind at the start of a stream, with its header, if all of it is there.
pub(super) fn whole_message(stream: &[u8], kind: u8) -> Option<Vec<u8>> {
    let mut wire = Wire::new(stream);
    let (found, length) = (wire.u8()?, wire.u24()?);
    wire.take(length)?;
    stream.get(..4 + length).filter(|_| found == kind).map(<[u8]>::to_vec)
}
