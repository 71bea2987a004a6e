//! Decryption secrets that stand in captures (draft-ietf-opsawg-pcapng §4.7), as far as they are of use here: of key logs of TLS, the
//! lines on Encrypted Client Hello (RFC 9850).

/// What the labels of the lines that are kept begin with.
const LABEL: &[u8] = b"ECH_";
/// Bytes of lines that are kept ahead of the first packet of a capture: a thousand connections.
const HEAD_LIMIT: usize = 512 << 10;

/// The lines of key logs on Encrypted Client Hello.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Secrets {
    /// The lines, each with its end.
    pub(crate) lines: Vec<u8>,
    /// Blocks that hold such lines, of which all are kept.
    pub(crate) blocks: u64,
    /// Whether there were more than are kept.
    pub(crate) is_cut: bool,
}

impl Secrets {
    /// Whether a key log has such a line.
    pub(crate) fn are_in(log: &[u8]) -> bool {
        lines(log).next().is_some()
    }

    /// Adds the lines of a key log, until there are so many bytes.
    pub(crate) fn add(&mut self, log: &[u8], limit: usize) {
        for line in lines(log) {
            if self.lines.len() + line.len() >= limit {
                self.is_cut = true;
                return;
            }
            self.lines.extend_from_slice(line);
            self.lines.push(b'\n');
        }
        self.blocks += u64::from(Self::are_in(log));
    }

    /// The same ahead of a first packet.
    pub(crate) fn add_of_head(&mut self, log: &[u8]) {
        self.add(log, HEAD_LIMIT);
    }
}

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    log.split(|byte| *byte == b'\n').filter(|line| line.starts_with(LABEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut secrets = Secrets::default();
        (0..3).for_each(|_| secrets.add_of_head(&b"ECH_SECRET 12345\n".repeat(20_000)));
        assert!(secrets.is_cut && secrets.blocks == 1 && secrets.lines.len() <= HEAD_LIMIT);
    }
}
