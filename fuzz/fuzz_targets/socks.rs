//! Any bytes, given to the socks reader: no panic, and never more consumed than given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whither::name::Reading;
use whither::name::table::STREAM_READERS;

fuzz_target!(|bytes: &[u8]| {
    for reader in STREAM_READERS.iter().filter(|reader| reader.protocol == "socks") {
        let _ = (reader.starts)(bytes);
        if let Reading::Done { consumed, .. } = (reader.read)(bytes) {
            assert!(consumed <= bytes.len());
        }
    }
});
