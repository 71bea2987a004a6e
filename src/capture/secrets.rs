//! All the decryption secrets of a capture that is given for them.

use super::format::secrets::Secrets;
use super::format::start::Start;
use super::format::visit::{Stop, Visit};
use super::frame::LinkType;
use super::note::FrameNote;
use super::source::{Streamed, streamed};
use crate::error::Error;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Bytes of lines that are kept: some hundred thousand connections.
const LIMIT: usize = 64 << 20;

/// Collects the secrets of a whole capture.
#[derive(Default)]
struct Collect(Secrets);

impl Visit for Collect {
    const WANTS_NOTES: bool = false;

    fn packet(&mut self, _: i64, _: LinkType, _: &[u8], _: u32, _: Option<&FrameNote>) {}

    fn other(&mut self) {}

    fn secrets(&mut self, log: &[u8]) {
        self.0.add(log, LIMIT);
    }
}

/// The lines on Encrypted Client Hello in all key logs in a capture, wherever they stand in it, and whether there are more than are
/// kept. What is behind damage in the capture is not read.
///
/// # Errors
/// If the file is no capture, or cannot be read.
pub fn secrets_in(path: &Path) -> Result<(Vec<u8>, bool), Error> {
    /// Bytes read at a time.
    const READ: u64 = 1 << 20;
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    let Streamed { start, mut stream, .. } = streamed(path, Box::new(file)).map_err(|refusal| refusal.error)?;
    let Start { mut state, offset, .. } = start;
    let mut collect = Collect::default();
    let (mut buffer, mut wanted, mut skip) = (Vec::new(), 0, offset);
    loop {
        let length = READ.max(wanted as u64);
        let read = stream.by_ref().take(length).read_to_end(&mut buffer).map_err(|error| Error::io(path, error))?;
        let (used, stop) = state.walk(buffer.get(skip..).unwrap_or_default(), usize::MAX, &mut collect);
        buffer.drain(..(skip + used).min(buffer.len()));
        skip = 0;
        match stop {
            Stop::NeedMore(bytes) if read > 0 => wanted = bytes.saturating_sub(buffer.len()),
            _ => return Ok((collect.0.lines, collect.0.is_cut)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Source;
    use fixtures::pcapng;

    const TLS_KEY_LOG: u32 = 0x544c_534b;

    /// A capture with secrets ahead of its first packet and behind it.
    fn capture() -> Vec<u8> {
        let order = fixtures::Order::Little;
        [
            pcapng::section(order),
            pcapng::interface(order, 1, 0, &[]),
            pcapng::secrets(order, TLS_KEY_LOG, b"# a log\nECH_SECRET 1\r\nCLIENT_RANDOM 2\n"),
            pcapng::secrets(order, 0x5353_484b, b"ECH_SECRET of something else\n"),
            pcapng::packet(order, 0, 1_000_000, 60, &[1; 60]),
            pcapng::secrets(order, TLS_KEY_LOG, b"ECH_CONFIG 3"),
            pcapng::packet(order, 0, 2_000_000, 60, &[2; 60]),
            pcapng::secrets(order, TLS_KEY_LOG, b"CLIENT_RANDOM 4"),
        ]
        .concat()
    }

    #[test]
    fn what_stands_ahead_of_the_packets_is_known_beforehand_and_the_rest_if_asked_for() {
        let source = Source::memory("test", capture()).unwrap();
        assert_eq!(source.secrets(), b"ECH_SECRET 1\r\n");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("capture");
        std::fs::write(&path, capture()).unwrap();
        let all = b"ECH_SECRET 1\r\nECH_CONFIG 3\n";
        assert_eq!(secrets_in(&path).unwrap(), (all.to_vec(), false));
        std::fs::write(&path, zstd::stream::encode_all(&*capture(), 1).unwrap()).unwrap();
        assert_eq!(secrets_in(&path).unwrap(), (all.to_vec(), false));
        let (_, outcomes) = crate::capture::testing::read_all(vec![source], Some(200), 2);
        assert_eq!(outcomes[0].secret_blocks, 2);
    }
}
