#![no_main]
//! Any bytes as the certificate behind a sound ServerHello.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // One record holds it all.
    let data = data.get(..16_000).unwrap_or(data);
    let length = |length: usize| [(length >> 16) as u8, (length >> 8) as u8, length as u8];
    let mut handshake = vec![2, 0, 0, 38, 3, 3];
    handshake.extend([7; 32]);
    handshake.extend([0, 0xc0, 0x2f, 0, 11]);
    handshake.extend(length(data.len() + 6));
    handshake.extend(length(data.len() + 3));
    handshake.extend(length(data.len()));
    handshake.extend(data);
    let mut record = vec![0x16, 3, 3];
    record.extend((handshake.len() as u16).to_be_bytes());
    record.extend(handshake);
    whither_fuzz::read_stream("tls", &record);
});
