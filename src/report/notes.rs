//! What a reader of a report must know of the captures and of the analysis.

use super::model::TablesAge;
use crate::analysis::{Analysed, Knowledge, TooMany};
use crate::flow::{OpenedHellos, Summary};
use crate::name::KeyCounts;
use crate::route::{RouteMap, SAMPLE_LIMIT, Shortage};
use crate::standing::STALE_MONTHS;

/// One packet in so many stands twice where a mirror port or a second interface copies some of the traffic. Fewer are not
/// told: links and devices repeat packets too.
const MIRRORED_SHARE: u64 = 20;

/// What is missing from a result because memory was short, or more came at once than is kept; empty where nothing is.
pub fn for_lack_of_memory(analysed: &Analysed) -> Vec<String> {
    let mut notes = Vec::new();
    let shed = analysed.summary.shed;
    if shed.sessions > 0 {
        notes.push(format!(
            "{} flows ({} frames) were left out for lack of memory, chosen by a hash of their endpoints: give more with --max-memory",
            shed.sessions, shed.frames.frames
        ));
    }
    if shed.fragments.frames > 0 {
        notes.push(format!(
            "{} fragments were left out for lack of memory, chosen by a hash of what identifies their datagrams: give more with \
             --max-memory",
            shed.fragments.frames
        ));
    }
    if shed.answers > 0 {
        notes.push(format!(
            "{} addresses that resolvers gave were forgotten for lack of memory, so that names may be missing: give more with \
             --max-memory",
            shed.answers
        ));
    }
    if shed.owner_packets > 0 {
        notes.push(format!(
            "the owners of {} packets were not counted, because the packets of a flow name too many owners",
            shed.owner_packets
        ));
    }
    let TooMany { seekers, known } = analysed.too_many;
    if seekers > 0 {
        notes.push(format!(
            "{seekers} flows without evidence of their own could not inherit an app: too many flows ended within a minute"
        ));
    }
    if known > 0 {
        notes.push(format!(
            "{known} flows of known apps could not pass their app on: too many flows ended within a minute"
        ));
    }
    notes
}

pub(super) fn notes(analysed: &Analysed, routes: &RouteMap, knowledge: &Knowledge, tables: &TablesAge) -> Vec<String> {
    let mut notes = Vec::from_iter(tables.note());
    let summary = &analysed.summary;
    if let Some(step_ns) = summary.clock_stepped_back_ns() {
        let seconds = step_ns / 1_000_000_000;
        notes.push(format!(
            "the clock of the captures steps back by up to {seconds} s: connections and names go by the order of frames there, and times \
             may be wrong"
        ));
    }
    if let Some(step_ns) = summary.clock_jumped_ahead_ns() {
        let days = step_ns / (86_400 * 1_000_000_000);
        notes.push(format!(
            "the clock of the captures jumps ahead by up to {days} days from one frame to the next: either nothing was captured for so \
             long, or the clock was set, and times before that are wrong"
        ));
    }
    let twins = summary.twins;
    let frames: u64 = analysed.outcomes.iter().map(|outcome| outcome.frames).sum();
    if summary.doubled > 0 || twins.frames.saturating_mul(MIRRORED_SHARE) >= frames.max(1) {
        notes.push(format!(
            "packets stand twice in the captures, as from a mirror port or from several interfaces: {} frames ({} bytes) are duplicates of a \
             packet just before, and of {} TCP connections every packet stands twice; duplicates are counted as captured",
            twins.frames, twins.bytes, summary.doubled
        ));
    }
    keys(summary, &mut notes);
    if summary.has_both_sides_of_a_tunnel {
        notes.push(
            "the captures hold the inside of a VPN's tunnel and, on another interface, the tunnel itself: the same traffic counts in both"
                .to_owned(),
        );
    }
    let joined: u64 = analysed.outcomes.iter().map(|outcome| outcome.joined_files).sum();
    if joined > 0 {
        notes.push(format!(
            "{joined} file headers stand in the midst of a capture, as where files were joined end to end: what follows is read as well"
        ));
    }
    if summary.dropped.frames > 0 {
        notes.push(format!("the capture marks {} frames as never sent on the wire", summary.dropped.frames));
    }
    if summary.repeated.frames > 0 {
        notes.push(format!(
            "{} frames repeat a packet (same packet id, or sent again over Wi-Fi); each packet is counted once",
            summary.repeated.frames
        ));
    }
    notes.extend(for_lack_of_memory(analysed));
    let lengths: u64 = analysed.outcomes.iter().map(|outcome| outcome.lengths_not_believed).sum();
    if lengths > 0 {
        notes.push(format!(
            "{lengths} frames claim a length on the wire that no link carries (above 1 MiB): of each, what was captured is counted"
        ));
    }
    let owners_left_out: u64 = analysed.outcomes.iter().map(|outcome| outcome.owners_left_out).sum();
    if owners_left_out > 0 {
        notes.push(format!(
            "{owners_left_out} owners were left out, because the tables of processes and apps in the captures are longer than on any real system"
        ));
    }
    let answers = routes.hops().left_out();
    if answers > 0 {
        notes.push(format!(
            "{answers} answers of routers on paths were left out: of each target the first are kept, and of too many targets those \
             that a hash chooses"
        ));
    }
    let hops: u64 = knowledge.paths.paths.iter().map(|path| path.hops_left_out).sum();
    if knowledge.paths.paths_left_out + hops > 0 {
        notes.push(format!(
            "{} paths and {hops} hops of the files given with --path were left out: there are more than are kept",
            knowledge.paths.paths_left_out
        ));
    }
    if let Some(Shortage { one_name_of, destinations, owners, has_too_many_owners }) = routes.shortage() {
        let also = [
            (destinations, "destinations are shown as \"other networks\" of their country"),
            (owners, "owners as \"other owners\""),
        ];
        let also = also.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", about {count} {what}"));
        let (why, hint) = if has_too_many_owners {
            ("because the captures name more owners than are shown apart,", "")
        } else {
            ("for lack of memory", ": give more with --max-memory")
        };
        notes.push(format!(
            "{why} one in {one_name_of} names and addresses of each destination is kept{}, chosen by a hash; their bytes are \
             counted{hint}",
            also.collect::<String>()
        ));
    } else if !routes.is_whole() {
        notes.push(format!(
            "a destination has more than {SAMPLE_LIMIT} names or addresses: those shown are of a sample, their number is estimated"
        ));
    }
    notes
}

/// What keys showed of encrypted hellos, and what of the keys was not used.
fn keys(summary: &Summary, notes: &mut Vec<String>) {
    let KeyCounts { connections, left_out, malformed, late_blocks } = summary.keys;
    let OpenedHellos { accepted, refused, unconfirmed, not_fitting } = summary.hellos;
    if connections > 0 {
        notes.push(format!(
            "keys for the encrypted hellos of {connections} connections were given: {} hellos were opened ({accepted} accepted by their \
             servers, {refused} refused, {unconfirmed} without an answer that tells), and {not_fitting} could not be, because the secret \
             does not fit",
            accepted + refused + unconfirmed,
        ));
    }
    if malformed + left_out > 0 {
        notes.push(format!(
            "{malformed} lines of key logs are not as RFC 9850 has them, and {left_out} were left out because there are more than are kept"
        ));
    }
    if late_blocks > 0 {
        notes.push(format!(
            "{late_blocks} blocks of decryption secrets were not used, or not all of them, because they stand behind the first packet of their \
             capture or are longer than is read: give the capture with --keys as well"
        ));
    }
}

impl TablesAge {
    /// What the distance in time between captures and tables means.
    pub fn note(&self) -> Option<String> {
        /// Months from which the distance is told.
        const TOLD: u32 = 3;
        if self.is_ignored {
            return Some(
                "--ignore-age: the tables of places are taken as if they were of the captures' time".to_owned(),
            );
        }
        if self.is_stale {
            return Some(format!(
                "the tables of places are {} months {} than the captures: addresses may have changed hands, and nothing is confirmed by them",
                self.gap_months,
                if self.is_capture_older { "younger" } else { "older" }
            ));
        }
        let stale = if self.gap_months > STALE_MONTHS {
            "; what is further than three years from them is marked stale"
        } else {
            ""
        };
        let told = format!("the tables of places are up to {} months from the captures{stale}", self.gap_months);
        (self.gap_months > TOLD).then_some(told)
    }
}
