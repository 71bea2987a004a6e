//! From a BPF expression to a test of frames, by libpcap's compiler.

use super::device::data_link;
use crate::analysis::FrameFilter;
use crate::capture::{Frame, LinkType};
use crate::error::Error;
use crate::output::escape;
use pcap::{BpfProgram, Capture};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Programs of one expression by link type; none where it has no meaning there (`ether host` on raw IP).
type Programs = HashMap<LinkType, Option<BpfProgram>>;

thread_local! {
    /// Each thread compiles for itself: libpcap's programs may not be shared between threads.
    static PROGRAMS: RefCell<Option<(Arc<str>, Programs)>> = const { RefCell::new(None) };
}

/// A test of frames by a BPF expression, compiled for each link type as it comes.
pub(in crate::cli) fn filter(expression: &str) -> Result<FrameFilter, Error> {
    compile(expression, LinkType::ETHERNET).or_else(|_| compile(expression, LinkType::RAW))?;
    let expression: Arc<str> = expression.into();
    Ok(Arc::new(move |frame: &Frame<'_>| {
        PROGRAMS.with_borrow_mut(|programs| {
            if !programs.as_ref().is_some_and(|(compiled, _)| Arc::ptr_eq(compiled, &expression)) {
                *programs = None;
            }
            let (_, programs) = programs.get_or_insert_with(|| (Arc::clone(&expression), Programs::new()));
            let program = programs.entry(frame.link_type).or_insert_with(|| compile(&expression, frame.link_type).ok());
            program.as_ref().is_some_and(|program| program.filter(frame.bytes))
        })
    }))
}

fn compile(expression: &str, link_type: LinkType) -> Result<BpfProgram, Error> {
    let refused = |error: pcap::Error| {
        Error::usage(format!("--filter {}: {error}", escape::shell(expression)), "see pcap-filter(7) for the syntax")
    };
    let dead = Capture::dead(data_link(link_type)).map_err(refused)?;
    dead.compile(expression, true).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP packet without payload from 192.0.2.1 to 192.0.2.2, port 9 to 53.
    const PACKET: [u8; 28] =
        [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 9, 0, 53, 0, 8, 0, 0];

    fn passes(filter: &FrameFilter, link_type: LinkType) -> bool {
        filter(&Frame {
            id: crate::capture::FrameId::default(),
            time_ns: 0,
            link_type,
            bytes: &PACKET,
            wire_length: 28,
            note: None,
        })
    }

    #[test]
    fn filters_pass_by_link_type_and_do_not_mix() {
        let [dns, host, ether] =
            ["udp port 53", "host 192.0.2.9", "ether host 0:1:2:3:4:5"].map(|e| filter(e).unwrap());
        assert!(passes(&dns, LinkType::RAW) && !passes(&dns, LinkType::ETHERNET));
        assert!(!passes(&host, LinkType::RAW) && passes(&dns, LinkType::RAW));
        assert!(!passes(&ether, LinkType::RAW));
        assert!(filter("no such thing").is_err());
    }
}
