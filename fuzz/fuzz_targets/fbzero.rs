#![no_main]
//! Any bytes as a stream.

libfuzzer_sys::fuzz_target!(|data: &[u8]| whither_fuzz::read_stream("fbzero", data));
