//! LINE calls over UDP: the signalling of LINE's call servers, and their older fixed-length messages. They are
//! accepted only in LINE's own networks, since there are few marks.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "line-call",
    says: Says::App("line"),
    about: "UDP messages of LINE's call servers, within LINE's networks",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp || !probe.is_in(networks::LINE) {
        return None;
    }
    let marked = probe.sides().map(|side| is_fixed(side) || is_setup(side));
    match marked {
        [true, true] => Some(Confidence::Certain),
        [false, false] => None,
        _ => Some(Confidence::Probable),
    }
}

/// Whether the side's first message is one of the fixed-length messages.
fn is_fixed(side: Side<'_>) -> bool {
    let length = side.first_length();
    [
        (&[0xb6, 0x12, 0x00, 0x68], 108),
        (&[0xb6, 0x13, 0x00, 0x06], 35),
        (&[0xb6, 0x13, 0x00, 0x27], 43),
        (&[0xb6, 0x14, 0x00, 0x27], 43),
        (&[0xb6, 0x15, 0x00, 0x06], 46),
        (&[0xb6, 0x18, 0x00, 0x6a], 110),
        (&[0xb6, 0x13, 0x00, 0x06], 46),
        (&[0xb6, 0x07, 0x00, 0x04], 8),
        (&[0xb6, 0x09, 0x00, 0x0c], 16),
    ]
    .iter()
    .any(|(start, whole)| side.has(0, &start[..]) && length == *whole)
}

/// Whether the side's first message sets up a call: two bytes of which the first begins with the nibble D, two more
/// bytes, then 06 02; more than 40 bytes long.
fn is_setup(side: Side<'_>) -> bool {
    matches!(side.bytes, [0xd0..=0xdf, _, _, _, 6, 2, ..]) && side.first_length() > 40
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn only_in_lines_network() {
        let mut call = hex("b618006a");
        call.resize(110, 1);
        assert_eq!(read(&udp(&call, &[], 20610, 38631)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&call, &call, 20610, 38631)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&call, &call, 20610, 0)), None);
        for cut in 0..110 {
            assert_eq!(read(&udp(&call[..cut], &[], 20610, 38631)), None, "{cut}");
        }
    }

    #[test]
    fn setup_needs_both_sides_to_be_certain() {
        let mut ask = hex("db6400b90602 1b61432b5beff5fb");
        let mut answer = hex("d8ee00660602 57f4494eae4ff1e5");
        ask.resize(128, 3);
        answer.resize(128, 4);
        assert_eq!(read(&udp(&ask, &answer, 29070, 38631)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&ask, &[], 29070, 23576)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &answer, 29070, 0)), None);
    }
}
