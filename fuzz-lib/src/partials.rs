//! Bytes as a partial or a routing map that another process wrote: read, merged, written and shown.

use whither::analysis::{self, Options};
use whither::capture::{FrameId, Progress};
use whither::flow::{Partial, SampleKey, Tracker};
use whither::output::write_json_compact;
use whither::report::build;
use whither::route::RouteMap;

use crate::whole::knowledge;

/// What follows is the body of a routing map.
pub(crate) const ROUTES: u8 = 0;
/// What follows is the body of a partial of flows.
pub(crate) const FLOWS: u8 = 1;
/// Bytes that are read: more than any input has.
const LIMIT_BYTES: u64 = 1 << 20;
/// Where the length of the version of whither stands in the header.
const VERSION_AT: usize = 14;

/// The same header before another body, and a checksum that fits.
fn with_body(written: &[u8], body: &[u8]) -> Vec<u8> {
    let length_at = body_at(written) - 8;
    let mut bytes = [&written[..length_at], &(body.len() as u64).to_le_bytes(), body].concat();
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn body_at(written: &[u8]) -> usize {
    VERSION_AT + 1 + usize::from(written[VERSION_AT]) + 8
}

/// The body of what was written.
pub(crate) fn body(written: &[u8]) -> &[u8] {
    &written[body_at(written)..written.len() - 4]
}

pub(crate) fn written_map(map: RouteMap) -> Vec<u8> {
    let mut bytes = Vec::new();
    map.write_to(&mut bytes).expect("memory takes everything");
    bytes
}

pub(crate) fn written_partial(mut partial: Partial) -> Vec<u8> {
    let mut bytes = Vec::new();
    partial.write_to(&mut bytes).expect("memory takes everything");
    bytes
}

/// The first byte chooses what the rest is. Refused, or it merges, is written, is read as the same, and is shown.
pub(crate) fn partials(data: &[u8]) {
    match data.split_first() {
        Some((&ROUTES, body)) => routes(body),
        Some((&FLOWS, body)) => flows(body),
        _ => {
            let is_map = RouteMap::read_from(&mut &*data, LIMIT_BYTES).is_ok();
            assert!(!(is_map && Partial::read_from(&mut &*data, LIMIT_BYTES).is_ok()), "no bytes are both");
        }
    }
}

fn routes(body: &[u8]) {
    let bytes = with_body(&written_map(RouteMap::default()), body);
    let Ok(map) = RouteMap::read_from(&mut &*bytes, LIMIT_BYTES) else { return };
    let bytes = written_map(map);
    let mut map = RouteMap::read_from(&mut &*bytes, LIMIT_BYTES).expect("what is written is read");
    assert_eq!(written_map(map.clone()), bytes, "equal maps are equal bytes");
    map.merge(map.clone()).expect("one key");
    let knowledge = knowledge();
    let (_, analysed) = analysis::map(Vec::new(), &Options::default(), knowledge, &Progress::default());
    let report = build(&map, &analysed, knowledge, "whither map".to_owned());
    write_json_compact(&report, &mut Vec::new()).expect("memory takes everything");
}

fn flows(body: &[u8]) {
    let bytes = with_body(&written_partial(Partial::new(SampleKey::default())), body);
    let Ok(mut partial) = Partial::read_from(&mut &*bytes, LIMIT_BYTES) else { return };
    let bytes = written_partial(partial.clone());
    let again = Partial::read_from(&mut &*bytes, LIMIT_BYTES).expect("what is written is read");
    assert_eq!(written_partial(again.clone()), bytes, "equal partials are equal bytes");
    let base = FrameId::new(0, 1 << 20);
    partial.merge(again.clone(), base).expect("one key");
    let mut tracker = Tracker::new(partial.sample_key(), None);
    for (mut part, base) in [(partial, FrameId::new(0, 0)), (again, base)] {
        tracker.join(&mut part, base, &mut |_| ()).expect("one key");
        tracker.close(Vec::clear);
    }
    tracker.finish(Vec::clear);
}
