//! What a ServerHello of TLS or DTLS says about the certificate that follows it.

use crate::name::wire::Wire;

const SUPPORTED_VERSIONS: u16 = 43;

/// Whether a ServerHello chooses version 1.3, so that what follows it is encrypted. Also true of bytes that are no ServerHello.
pub(super) fn encrypts_certificates(body: &[u8]) -> bool {
    let mut wire = Wire::new(body);
    let before_extensions = |wire: &mut Wire<'_>| {
        let version = wire.u16()?;
        wire.take(32)?;
        wire.vector_u8()?;
        // The cipher suite and the compression method.
        wire.take(3)?;
        Some(version)
    };
    // Drafts of TLS 1.3 wrote their own number into this field.
    if before_extensions(&mut wire).is_none_or(|version| version >> 8 == 0x7f) {
        return true;
    }
    let mut extensions = Wire::new(wire.vector_u16().unwrap_or_default());
    while let (Some(kind), Some(content)) = (extensions.u16(), extensions.vector_u16()) {
        if kind == SUPPORTED_VERSIONS {
            return matches!(content, [3, 4] | [0x7f, _] | [0xfe, 0xfc]);
        }
    }
    false
}
