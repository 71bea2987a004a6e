#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| whither_fuzz::run("rows", data));
