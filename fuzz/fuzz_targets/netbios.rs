//! Any bytes, given to the netbios reader: no panic, and never more consumed than given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whither::name::table::{DATAGRAM_READERS, Datagram};

fuzz_target!(|bytes: &[u8]| {
    for port in [137, 138] {
        let datagram = Datagram { payload: bytes, source_port: port, destination_port: port };
        for reader in DATAGRAM_READERS.iter().filter(|reader| reader.protocol == "netbios") {
            let _ = (reader.starts)(&datagram);
            let _ = (reader.read)(&[datagram]);
        }
    }
});
