//! Rebuilds the ClientHelloInner from what was encrypted (EncodedClientHelloInner, RFC 9849 §5.1).

use super::outer::{CLIENT_HELLO, ENCRYPTED_CLIENT_HELLO, Fields};
use crate::name::wire::Wire;

/// The extension that stands for others, which are those of the outer hello.
const OUTER_EXTENSIONS: u16 = 0xfd00;
/// The content of the ECH extension in an inner hello.
const INNER: &[u8] = &[1];

/// The message that the client means, with its header. `None` if what was encrypted is not one.
pub(super) fn rebuild(encoded: &[u8], outer: &Fields<'_>) -> Option<Vec<u8>> {
    let fields = Fields::read(encoded)?;
    // Zeros pad it.
    if !fields.session_id.is_empty() || fields.rest.iter().any(|byte| *byte != 0) {
        return None;
    }
    let mut extensions = Vec::new();
    let mut push = |kind: u16, content: &[u8]| {
        extensions.extend(kind.to_be_bytes());
        extensions.extend((content.len() as u16).to_be_bytes());
        extensions.extend(content);
    };
    let mut is_marked = false;
    // Each extension of the outer hello is taken once, in its order, so what is rebuilt is no longer than both together.
    let mut theirs = Some(outer.extensions.iter());
    for (kind, content) in &fields.extensions {
        is_marked |= (*kind, *content) == (ENCRYPTED_CLIENT_HELLO, INNER);
        if *kind != OUTER_EXTENSIONS {
            push(*kind, content);
            continue;
        }
        // There may be only one such list.
        let mut theirs = theirs.take()?;
        let mut list = Wire::new(content);
        let mut kinds = Wire::new(list.vector_u8().filter(|_| list.is_empty())?);
        while !kinds.is_empty() {
            let wanted = kinds.u16().filter(|kind| *kind != ENCRYPTED_CLIENT_HELLO)?;
            let (kind, content) = theirs.find(|(kind, _)| *kind == wanted)?;
            push(*kind, content);
        }
    }
    if !is_marked {
        return None;
    }
    let block = u16::try_from(extensions.len()).ok()?.to_be_bytes();
    let session_id = [&[outer.session_id.len() as u8][..], outer.session_id].concat();
    let body = [encoded.get(..34)?, &session_id, fields.between, &block, &extensions].concat();
    let mut message = (u32::from(CLIENT_HELLO) << 24 | u32::try_from(body.len()).ok()?).to_be_bytes().to_vec();
    message.extend(body);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tls::dialect::Dialect;
    use crate::name::tls::samples::{body, extension, sni};

    fn rebuilt(extensions: &[Vec<u8>]) -> Option<Vec<u8>> {
        let outer = body(Dialect::Tls, &[sni(b"public.example"), extension(10, b"ab"), extension(16, b"c")]);
        let outer = Fields { session_id: &[9; 32], ..Fields::read(&outer).unwrap() };
        rebuild(&[body(Dialect::Tls, extensions), vec![0; 9]].concat(), &outer)
    }

    fn mark() -> Vec<u8> {
        extension(ENCRYPTED_CLIENT_HELLO, INNER)
    }

    #[test]
    fn extensions_of_the_outer_hello_are_put_in() {
        let list = extension(OUTER_EXTENSIONS, &[4, 0, 10, 0, 16]);
        let message = rebuilt(&[mark(), list, sni(b"hidden.example")]).unwrap();
        let fields = Fields::read(&message[4..]).unwrap();
        assert_eq!(message.len(), 4 + usize::from(message[2]) * 256 + usize::from(message[3]));
        let kinds: Vec<u16> = fields.extensions.iter().map(|(kind, _)| *kind).collect();
        assert_eq!((kinds, fields.session_id), (vec![ENCRYPTED_CLIENT_HELLO, 10, 16, 0], &[9; 32][..]));
        assert!(fields.rest.is_empty());
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        let list = |content: &[u8]| extension(OUTER_EXTENSIONS, content);
        for wrong in [
            vec![sni(b"hidden.example")],
            vec![mark(), list(&[4, 0, 16, 0, 10])],
            vec![mark(), list(&[4, 0, 10, 0, 10])],
            vec![mark(), list(&[2, 0, 99])],
            vec![mark(), list(&[2, 0xfe, 0x0d])],
            vec![mark(), list(&[3, 0, 10, 0])],
            vec![mark(), list(&[2, 0, 10, 0])],
            vec![mark(), list(&[2, 0, 10]), list(&[2, 0, 16])],
        ] {
            assert_eq!(rebuilt(&wrong), None, "{wrong:?}");
        }
    }
}
