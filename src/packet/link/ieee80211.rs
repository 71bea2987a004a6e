//! Wi-Fi data frames (IEEE 802.11-2020 §9.3.2; link type 105), by themselves or after a radiotap (127), Prism (119) or AVS
//! (163) header. Of an aggregate (A-MSDU) only the first part is read.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Type and subtype, in the first byte of the frame control.
const TYPE_MASK: u8 = 0x0c;
const TYPE_DATA: u8 = 0x08;
const SUBTYPE_NO_DATA: u8 = 0x40;
const SUBTYPE_QOS: u8 = 0x80;
/// Flags in the second byte of the frame control.
const TO_AND_FROM_DS: u8 = 0x03;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;
/// A flag in the first byte of the QoS control.
const AGGREGATE: u8 = 0x80;
const HEADER: usize = 24;
const FOURTH_ADDRESS: usize = 6;
const QOS_CONTROL: usize = 2;
const HT_CONTROL: usize = 4;
/// Length of the addresses and the length field before each part of an aggregate.
const SUBFRAME_HEADER: usize = 14;
/// The magic number with which an AVS header starts, in place of a Prism header.
const AVS_MAGIC: u32 = 0x8021_1000;
const PRISM_HEADER: usize = 144;

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let control = span.array(0)?;
    read_data(control, span, false)
}

/// Reads a frame whose frame control has its bytes exchanged, as some access points send it to their controller.
pub(crate) fn read_swapped(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [second, first] = span.array(0)?;
    read_data([first, second], span, false)
}

fn read_data([first, second]: [u8; 2], span: Span<'_>, is_padded: bool) -> Result<Next<'_>, NotIp> {
    if first & 0x03 != 0 {
        return Err(NotIp::Malformed);
    }
    if first & TYPE_MASK != TYPE_DATA || first & SUBTYPE_NO_DATA != 0 {
        return Err(NotIp::LinkControl);
    }
    if second & PROTECTED != 0 {
        return Err(NotIp::Encrypted);
    }
    let mut length = HEADER;
    if second & TO_AND_FROM_DS == TO_AND_FROM_DS {
        length += FOURTH_ADDRESS;
    }
    let mut is_aggregate = false;
    if first & SUBTYPE_QOS != 0 {
        is_aggregate = span.byte(length)? & AGGREGATE != 0;
        length += QOS_CONTROL;
        if second & ORDER != 0 {
            length += HT_CONTROL;
        }
    }
    if is_padded {
        length = length.next_multiple_of(4);
    }
    if is_aggregate {
        length += SUBFRAME_HEADER;
    }
    Ok(Next::Llc(span.after(length)?))
}

/// Reads a radiotap header (<https://www.radiotap.org>): its length, and the flag that says whether the header of the frame is
/// padded.
pub(crate) fn read_radiotap(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const DATA_PADDING: u8 = 0x20;
    let length = usize::from(span.u16_little(2)?);
    let is_padded = radiotap_flags(span).is_some_and(|flags| flags & DATA_PADDING != 0);
    let frame = span.after(length)?;
    read_data(frame.array(0)?, frame, is_padded)
}

fn radiotap_flags(span: Span<'_>) -> Option<u8> {
    const PRESENT_LIMIT: usize = 16;
    const MORE: u32 = 1 << 31;
    const TIMESTAMP: u32 = 1;
    const FLAGS: u32 = 2;
    let present = span.u32_little(4).ok()?;
    let words = (1..=PRESENT_LIMIT).find(|count| span.u32_little(4 * count).is_ok_and(|word| word & MORE == 0))?;
    let fields = 4 + 4 * words;
    let at = if present & TIMESTAMP != 0 { fields.next_multiple_of(8) + 8 } else { fields };
    (present & FLAGS != 0).then(|| span.byte(at).ok()).flatten()
}

/// Reads a Prism header, which has a fixed length. In some drivers the AVS header has the same link type.
pub(crate) fn read_prism(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    if span.u32(0)? & 0xffff_f000 == AVS_MAGIC {
        return read_avs(span);
    }
    read(span.after(PRISM_HEADER)?)
}

/// Reads an AVS header, which says its length after its version.
pub(crate) fn read_avs(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let length = usize::try_from(span.u32(4)?).map_err(|_| NotIp::Malformed)?;
    read(span.after(length)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(control: [u8; 2], header: usize) -> Vec<u8> {
        let mut bytes = vec![0; header];
        bytes[..2].copy_from_slice(&control);
        bytes.extend([0xaa, 0xaa, 3]);
        bytes
    }

    #[test]
    fn data_frames_lead_to_llc() {
        for (control, header) in [([0x08, 1], 24), ([0x88, 2], 26), ([0x88, 3], 32), ([0x88, 0x82], 30)] {
            let bytes = frame(control, header);
            let llc = Ok(Next::Llc(Span::new(&[0xaa, 0xaa, 3], 3)));
            assert_eq!(read(Span::new(&bytes, bytes.len())), llc);
            let mut swapped = bytes.clone();
            swapped.swap(0, 1);
            assert_eq!(read_swapped(Span::new(&swapped, bytes.len())), llc);
            let padding = [0; 1].repeat(header.next_multiple_of(4) - header);
            let tap = [&[0, 0, 9, 0, 2, 0, 0, 0, 0x20][..], &bytes[..header], &padding, &bytes[header..]].concat();
            assert_eq!(read_radiotap(Span::new(&tap, tap.len())), llc);
        }
    }

    #[test]
    fn others_say_what_they_are() {
        assert_eq!(read(Span::new(&frame([0x80, 0], 24), 27)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&frame([0x48, 1], 24), 27)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&frame([0x08, 0x41], 24), 27)), Err(NotIp::Encrypted));
        assert_eq!(read(Span::new(&[0x88], 99)), Err(NotIp::CutShort));
    }
}
