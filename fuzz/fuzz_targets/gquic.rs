#![no_main]
//! Any bytes behind a sound header of Google's QUIC, so that frames and tags are reached at once.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((digits, frames)) = data.split_first_chunk::<2>() else { return };
    let mut packet = vec![0x09, 1, 2, 3, 4, 5, 6, 7, 8, b'Q', b'0'];
    packet.extend(digits.map(|digit| b'0' + digit % 10));
    packet.extend([0; 14]);
    packet.extend(frames.iter().take(1500));
    let mut datagrams = (packet.len() as u16).to_be_bytes().to_vec();
    datagrams.extend(packet);
    whither_fuzz::read_datagrams("quic", &datagrams);
});
