//! WeChat's MMTLS over TCP: records of type 15 alert, 16 handshake, 17 data or 19 early handshake (hexadecimal), then `F1 03`
//! or `F1 04` and a 16-bit length. Documented by the Citizen Lab's analysis of the protocol (2024).

use super::probe::MMTLS;
use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "mmtls",
    says: Says::App("wechat"),
    about: "MMTLS records (types 15, 16, 17, 19; versions F103, F104) whose lengths chain, or an MMTLS hello",
    over: Over::Either,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if probe.application == MMTLS {
        return Some(Confidence::Certain);
    }
    if !probe.is_tcp {
        return None;
    }
    probe.sides().into_iter().filter_map(read_side).min()
}

fn read_side(side: Side<'_>) -> Option<Confidence> {
    let (first, length) = record(side, 0)?;
    let is_hello = matches!(first, 0x16 | 0x19)
        && side.u32(5).is_some_and(|inner| inner as usize + 4 == length)
        && matches!(side.bytes.get(9..12), Some([1 | 2, 3 | 4, 0xf1]));
    if is_hello || record(side, 5 + length).is_some() {
        return Some(Confidence::Certain);
    }
    // The first segment carried exactly one record.
    (side.first_length() == 5 + length).then_some(Confidence::Probable)
}

/// Type and length of the record that starts here.
fn record(side: Side<'_>, at: usize) -> Option<(u8, usize)> {
    let kind = *side.bytes.get(at)?;
    let is_record =
        matches!(kind, 0x15 | 0x16 | 0x17 | 0x19) && matches!(side.bytes.get(at + 1..at + 3)?, [0xf1, 3 | 4]);
    let length = usize::from(side.u16(at + 3)?);
    (is_record && length > 0).then_some((kind, length))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    fn hello() -> Vec<u8> {
        let mut bytes = hex("16f1040014 00000010 01 04f1 01 00a8");
        bytes.resize(25, 0);
        bytes
    }

    #[test]
    fn hello_is_certain_and_every_cut_is_not() {
        let bytes = hello();
        assert_eq!(read(&tcp(&bytes, &[], 8080, 0)), Some(Confidence::Certain));
        for cut in 0..12 {
            assert_eq!(read(&tcp(&bytes[..cut], &[], 8080, 0)), None, "{cut}");
        }
    }

    #[test]
    fn records_chain() {
        let two = hex("17f1040003 aabbcc 17f1040001 00");
        assert_eq!(read(&tcp(&[], &two, 443, 0)), Some(Confidence::Certain));
        let one = hex("17f1040003 aabbcc");
        assert_eq!(read(&tcp(&one, &[], 443, 0)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&hex("17f1040003 aabbccdd"), &[], 443, 0)), None);
        assert_eq!(read(&tcp(&hex("1703030003 aabbcc"), &[], 443, 0)), None);
    }
}
