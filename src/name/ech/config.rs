//! What an ECHConfig says of the encryption (RFC 9849 §4).

use crate::name::wire::Wire;

/// The version of a configuration, which is the number of the extension.
const VERSION: u16 = 0xfe0d;

/// The key encapsulation of a configuration. `None` if these bytes are not one configuration of the version that is known.
pub(super) fn kem(config: &[u8]) -> Option<u16> {
    let mut wire = Wire::new(config);
    if wire.u16()? != VERSION {
        return None;
    }
    let mut contents = Wire::new(wire.vector_u16()?);
    contents.u8()?;
    let kem = contents.u16()?;
    // The public key, the suites, the longest name, the public name, the extensions.
    contents.vector_u16()?;
    contents.vector_u16()?;
    contents.u8()?;
    contents.vector_u8()?;
    contents.vector_u16()?;
    (wire.is_empty() && contents.is_empty()).then_some(kem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_configuration_counts() {
        let config = fixtures::ech::config(7, "public.example");
        assert_eq!(kem(&config), Some(0x20));
        for length in 0..config.len() {
            assert_eq!(kem(&config[..length]), None);
        }
        assert_eq!(kem(&[&config[..], &[0]].concat()), None);
        let mut other = config;
        other[1] = 0x0c;
        assert_eq!(kem(&other), None);
    }
}
