//! The first records of a TLS stream (RFC 8446 §5.1), joined into the handshake messages that span them.

use crate::name::findings::Findings;
use crate::name::reader::Reading;
use crate::name::wire::Wire;
use smallvec::SmallVec;
use std::borrow::Cow;
use tls_parser::{TlsRecordType, parse_tls_record_header};

const RECORD_HEADER: usize = 5;
/// Longest payload of one record: 2^14 bytes, and what TLS 1.2 lets protection add (RFC 5246 §6.2.3).
pub(super) const RECORD_LIMIT: usize = (1 << 14) + 2048;
/// Handshake bytes that are gathered. Longer certificate chains are not made for browsers.
const FLIGHT_LIMIT: usize = 64 * 1024;
/// Records that are gathered. A hello in records of one byte each, as evasion tests send it, still fits.
const RECORDS_LIMIT: usize = 4096;

/// The handshake bytes in the first records of a stream.
pub(super) struct Flight<'a> {
    pub(super) handshake: Cow<'a, [u8]>,
    /// The place of each record's fragment: its offset in the handshake bytes, and its offset in the stream.
    fragments: SmallVec<[(usize, usize); 4]>,
    /// Whether no more handshake bytes can follow, because another kind of record follows or a limit is reached.
    pub(super) closed: bool,
}

impl<'a> Flight<'a> {
    pub(super) fn gather(stream: &'a [u8]) -> Self {
        let mut flight = Self { handshake: Cow::Borrowed(&[]), fragments: SmallVec::new(), closed: false };
        let mut wire = Wire::new(stream);
        while let Some(bytes) = wire.take(RECORD_HEADER) {
            let header = parse_tls_record_header(bytes).map(|(_, header)| header);
            let Ok(header) = header.map_err(drop) else { break };
            let length = usize::from(header.len);
            let room = FLIGHT_LIMIT - flight.handshake.len();
            flight.closed = header.record_type != TlsRecordType::Handshake
                || header.version.0 >> 8 != 3
                || length > RECORD_LIMIT
                || room == 0
                || flight.fragments.len() >= RECORDS_LIMIT;
            if flight.closed {
                break;
            }
            flight.fragments.push((flight.handshake.len(), stream.len() - wire.rest().len()));
            let fragment = wire.take_at_most(length);
            let kept = fragment.get(..room).unwrap_or(fragment);
            if flight.handshake.is_empty() {
                flight.handshake = Cow::Borrowed(kept);
            } else {
                flight.handshake.to_mut().extend_from_slice(kept);
            }
        }
        flight
    }

    /// The number of stream bytes that hold the first `length` handshake bytes. It stays the same when more bytes come.
    pub(super) fn consumed(&self, length: usize) -> usize {
        let before = self.fragments.partition_point(|(start, _)| *start < length);
        let fragment = before.checked_sub(1).and_then(|index| self.fragments.get(index));
        fragment.map_or(0, |(start, in_stream)| in_stream + length - start)
    }

    /// The findings so far as a reading, which is final if nothing can follow.
    pub(super) fn so_far(&self, findings: Findings) -> Reading {
        if self.closed {
            let consumed = self.consumed(self.handshake.len());
            return Reading::Done { findings: Box::new(findings), consumed };
        }
        Reading::NeedMore(Some(Box::new(findings)))
    }
}
