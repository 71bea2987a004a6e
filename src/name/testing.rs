//! What the tests of readers share.

use super::reader::Datagram;

/// A datagram from one port to another.
pub(crate) fn datagram(payload: &[u8], source_port: u16, destination_port: u16) -> Datagram<'_> {
    Datagram { payload, source_port, destination_port }
}
