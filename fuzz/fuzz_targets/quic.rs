#![no_main]
//! Any bytes as datagrams.

libfuzzer_sys::fuzz_target!(|data: &[u8]| whither_fuzz::read_datagrams("quic", data));
