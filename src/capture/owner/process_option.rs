//! The standard's own process option: from `epb_processid_threadid` (draft-ietf-opsawg-pcapng, section 4.3) to a process id.

use super::section::Section;
use crate::capture::note::{FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use std::sync::Arc;

/// Reads the option.
pub(super) fn packet(_: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let Some(pid) = options.process_id else {
        return false;
    };
    note.owner = Some(Arc::new(Owner { pid: Some(pid.into()), ..Owner::new(OwnerFormat::ProcessOption) }));
    true
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::{ByteOrder, LinkType};
    use crate::capture::owner::build;

    #[test]
    fn process_id_in_section_order() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let section = SectionOwners::start(order, &[]);
            let read = |pid: u32| {
                let value = [build::u32(order, pid), build::u32(order, 9)].concat();
                section.packet(LinkType::ETHERNET, &build::option(order, 8, &value), 0)
            };
            let expected = Owner { pid: Some(258), ..Owner::new(OwnerFormat::ProcessOption) };
            assert_eq!(read(258).unwrap().owner.as_deref(), Some(&expected));
            assert_eq!(read(0), None);
            assert_eq!(section.packet(LinkType::ETHERNET, &build::option(order, 8, &[1, 2, 3]), 0), None);
        }
    }
}
