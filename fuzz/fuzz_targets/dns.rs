//! Any bytes, given to the dns reader: no panic, and never more consumed than given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whither::name::Reading;
use whither::name::table::{DATAGRAM_READERS, Datagram, STREAM_READERS};

fuzz_target!(|bytes: &[u8]| {
    for reader in STREAM_READERS.iter().filter(|reader| reader.protocol == "dns") {
        let _ = (reader.starts)(bytes);
        if let Reading::Done { consumed, .. } = (reader.read)(bytes) {
            assert!(consumed <= bytes.len());
        }
    }
    for port in [53, 5353, 5355] {
        let datagram = Datagram { payload: bytes, source_port: port, destination_port: port };
        for reader in DATAGRAM_READERS.iter().filter(|reader| reader.protocol == "dns") {
            let _ = (reader.starts)(&datagram);
            let _ = (reader.read)(&[datagram]);
        }
    }
});
