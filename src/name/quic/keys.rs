//! Derives the keys of Initial packets from the client's first destination connection id, and opens packets with them.
//!
//! RFC 9001 §5.2 (secrets), §5.3 (AEAD) and §5.4 (header protection).

use super::versions::Protection;
use aes::Aes128;
use aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;

/// The keys that protect the Initial packets of one side.
pub(super) struct InitialKeys {
    packet: Aes128Gcm,
    iv: [u8; 12],
    header: Aes128,
}

impl InitialKeys {
    /// Derives the keys of a client from a connection id.
    pub(super) fn derive(connection_id: &[u8], protection: &Protection) -> Self {
        Self::of(Parts::derive(connection_id, protection, CLIENT))
    }

    /// Derives the keys of its server.
    pub(super) fn derive_server(connection_id: &[u8], protection: &Protection) -> Self {
        Self::of(Parts::derive(connection_id, protection, SERVER))
    }

    fn of(Parts { key, iv, header }: Parts) -> Self {
        Self { packet: Aes128Gcm::new(&key.into()), iv, header: Aes128::new(&header.into()) }
    }

    /// The frames of a packet, if these keys open it. `number_at` is the offset of its packet number.
    pub(super) fn open(&self, packet: &[u8], number_at: usize) -> Option<Vec<u8>> {
        let sample: [u8; 16] = packet.get(number_at + 4..number_at + 20)?.try_into().ok()?;
        let mut mask = sample.into();
        self.header.encrypt_block(&mut mask);
        let [first_mask, number_mask @ ..] = <[u8; 16]>::from(mask);

        let first = packet.first()? ^ (first_mask & 0x0f);
        let number_length = usize::from(first & 0x03) + 1;
        let payload_at = number_at + number_length;
        let mut header = packet.get(..payload_at)?.to_vec();
        *header.first_mut()? = first;
        // The first packets of a connection have small numbers, so the truncated number is the whole number.
        let mut nonce = self.iv;
        for ((byte, mask), place) in
            header.get_mut(number_at..)?.iter_mut().zip(number_mask).zip(nonce.get_mut(12 - number_length..)?)
        {
            *byte ^= mask;
            *place ^= *byte;
        }

        let (payload, tag) = packet.get(payload_at..)?.split_last_chunk::<TAG_LENGTH>()?;
        let mut payload = payload.to_vec();
        self.packet
            .decrypt_inout_detached(&nonce.into(), &header, payload.as_mut_slice().into(), &(*tag).into())
            .ok()?;
        Some(payload)
    }
}

/// What protects the Initial packets of one side.
pub(super) struct Parts {
    pub(super) key: [u8; 16],
    pub(super) iv: [u8; 12],
    pub(super) header: [u8; 16],
}

impl Parts {
    /// Derives them from the destination connection id of the client's first Initial; `sender` is [`CLIENT`] or [`SERVER`].
    pub(super) fn derive(connection_id: &[u8], protection: &Protection, sender: &str) -> Self {
        let initial = Hkdf::<Sha256>::new(Some(&protection.salt), connection_id);
        let mut secret = [0; 32];
        expand(&initial, sender, &mut secret);
        let [key_label, iv_label, header_label] = protection.labels;
        let (mut key, mut iv, mut header) = ([0; 16], [0; 12], [0; 16]);
        if let Ok(side) = Hkdf::<Sha256>::from_prk(&secret) {
            expand(&side, key_label, &mut key);
            expand(&side, iv_label, &mut iv);
            expand(&side, header_label, &mut header);
        }
        Self { key, iv, header }
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1).
fn expand(secret: &Hkdf<Sha256>, label: &str, output: &mut [u8]) {
    let output_length = output.len() as u16;
    let label_length = (PREFIX.len() + label.len()) as u8;
    let info: [&[u8]; 5] = [&output_length.to_be_bytes(), &[label_length], PREFIX, label.as_bytes(), &[0]];
    // This fails only for more than 255 hash lengths. The outputs here are at most one.
    let _ = secret.expand_multi_info(&info, output);
}

/// Length of the authentication tag.
pub(super) const TAG_LENGTH: usize = 16;
const PREFIX: &[u8] = b"tls13 ";
/// The label of the client's secret.
pub(super) const CLIENT: &str = "client in";
/// The label of the server's.
pub(super) const SERVER: &str = "server in";

#[cfg(test)]
pub(super) mod tests {
    use super::super::versions::protections;
    use super::*;
    use sha2::Digest;

    pub(crate) use fixtures::hex;
    pub(crate) use fixtures::quic::{SAMPLE_ID, sample_frames};

    /// Protects a packet: header up to and with a packet number of four bytes, then frames.
    pub(crate) fn protect(keys: &InitialKeys, header: &[u8], frames: &[u8]) -> Vec<u8> {
        let number_at = header.len() - 4;
        let mut nonce = keys.iv;
        for (place, byte) in nonce[8..].iter_mut().zip(&header[number_at..]) {
            *place ^= byte;
        }
        let mut payload = frames.to_vec();
        let tag = keys.packet.encrypt_inout_detached(&nonce.into(), header, payload.as_mut_slice().into()).unwrap();
        let mut packet = [header, &payload, &tag].concat();
        let sample: [u8; 16] = packet[number_at + 4..number_at + 20].try_into().unwrap();
        let mut mask = sample.into();
        keys.header.encrypt_block(&mut mask);
        packet[0] ^= mask[0] & 0x0f;
        for (byte, mask) in packet[number_at..number_at + 4].iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
        }
        packet
    }

    /// RFC 9001 §A.1 and RFC 9369 §A.1: initialisation vectors of the client.
    #[test]
    fn derives_the_keys_of_the_standards() {
        let keys = InitialKeys::derive(&SAMPLE_ID, &protections(1)[0]);
        assert_eq!(keys.iv[..], hex("fa044b2f42a3fd3b46fb255c"));
        let keys = InitialKeys::derive(&SAMPLE_ID, &protections(0x6b33_43cf)[0]);
        assert_eq!(keys.iv[..], hex("91f73e2351d8fa91660e909f"));
    }

    /// RFC 9001 §A.2 and RFC 9369 §A.2: beginning and end of the protected packets. The tag at the end stands for all
    /// bytes between.
    #[test]
    fn protects_and_opens_the_samples_of_the_standards() {
        let samples = [
            (
                1,
                "c300000001088394c8f03e5157080000449e00000002",
                "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
                "e221af44860018ab0856972e194cd934",
            ),
            (
                0x6b33_43cf,
                "d36b3343cf088394c8f03e5157080000449e00000002",
                "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
                "a18b2faa745b6fe189cf772a9f84cbfc",
            ),
        ];
        for (version, header, beginning, end) in samples {
            let keys = InitialKeys::derive(&SAMPLE_ID, &protections(version)[0]);
            let packet = protect(&keys, &hex(header), &sample_frames());
            assert_eq!(packet.len(), 1200);
            assert!(packet.starts_with(&hex(beginning)) && packet.ends_with(&hex(end)));
            assert_eq!(keys.open(&packet, 18), Some(sample_frames()));
        }
    }

    #[test]
    fn nothing_opens_but_the_whole_packet_under_its_keys() {
        let keys = InitialKeys::derive(&SAMPLE_ID, &protections(1)[0]);
        let packet = protect(&keys, &hex("c300000001088394c8f03e5157080000449e00000002"), &[1; 40]);
        for length in 0..packet.len() {
            assert_eq!(keys.open(&packet[..length], 18), None);
            let mut damaged = packet.clone();
            damaged[length] ^= 0x10;
            assert_eq!(keys.open(&damaged, 18), None);
        }
        for protection in &protections(0)[1..] {
            assert_eq!(InitialKeys::derive(&SAMPLE_ID, protection).open(&packet, 18), None);
        }
        assert_eq!(keys.open(&packet, 5000), None);
        assert_eq!(Sha256::output_size(), 32);
    }
}
