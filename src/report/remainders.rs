//! Traffic that no app sent, as far as can be told: by reason; frames that hold no IP packet; and what was left out.

use super::model::Remainder;
use crate::analysis::Analysed;
use crate::app::Catalogue;
use crate::flow::OtherFrames;
use crate::packet::NotIp;
use crate::route::{Reason, ReasonSums, RouteMap};

/// A kind of frame without an IP packet, in words.
fn kind_of(kind: NotIp) -> String {
    match kind {
        NotIp::Protocol(0x0806) => "ARP".into(),
        NotIp::Protocol(0x888e) => "EAPOL".into(),
        NotIp::Protocol(0x88cc) => "LLDP".into(),
        NotIp::Protocol(0x88e5) => "MACsec".into(),
        NotIp::Protocol(number) => format!("EtherType 0x{number:04x}"),
        NotIp::LinkControl => "link-layer control".into(),
        NotIp::UnknownLinkType(number) => format!("link type {number}, not read by whither"),
        NotIp::Encrypted => "encrypted on the link".into(),
        NotIp::CutShort => "headers cut short by the snap length".into(),
        NotIp::Malformed => "headers that contradict themselves".into(),
        NotIp::TooDeep => "headers nested deeper than whither reads".into(),
    }
}

/// Remainders of frames that are in no flow, most bytes first.
fn of_frames(sums: impl Iterator<Item = (String, OtherFrames)>) -> Vec<Remainder> {
    let mut lines: Vec<Remainder> = sums
        .filter(|(_, sums)| sums.frames > 0)
        .map(|(reason, sums)| Remainder {
            reason,
            frames: sums.frames,
            bytes: sums.bytes,
            flows: 0,
            examples: Vec::new(),
        })
        .collect();
    sort(&mut lines);
    lines
}

fn sort(lines: &mut [Remainder]) {
    lines.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.reason.cmp(&b.reason)));
}

/// Frames without an IP packet that counts.
pub(super) fn not_ip(analysed: &Analysed) -> Vec<Remainder> {
    let summary = &analysed.summary;
    let kinds = summary.others.iter().map(|(&kind, sums)| (kind_of(kind), *sums));
    let dropped = ("dropped by the operating system".to_owned(), summary.dropped);
    of_frames(kinds.chain([dropped, ("repeats of a packet".to_owned(), summary.repeated)]))
}

/// What was left out because the user asked for something else, or for lack of memory.
pub(super) fn left_out(analysed: &Analysed, routes: &RouteMap) -> Vec<Remainder> {
    let summary = &analysed.summary;
    let skipped = ("by --filter".to_owned(), summary.skipped);
    let mut lines = of_frames([skipped, ("for lack of memory".to_owned(), summary.shed.left_out())].into_iter());
    lines.extend(routes.reasons.get(&Reason::LeftOut).map(|sums| remainder("by --app or --device".to_owned(), sums)));
    sort(&mut lines);
    lines
}

fn remainder(reason: String, sums: &ReasonSums) -> Remainder {
    Remainder {
        reason,
        frames: sums.traffic.packets(),
        bytes: sums.traffic.bytes(),
        flows: sums.traffic.flows,
        examples: sums.examples.iter().map(|(_, example)| example.to_string()).collect(),
    }
}

/// Traffic that was attributed to no app: on local addresses, and on the public network.
pub(super) fn remainders(routes: &RouteMap, catalogue: &Catalogue) -> (Vec<Remainder>, Vec<Remainder>) {
    let (mut local, mut unattributed) = (Vec::new(), Vec::new());
    let service = |id: &str| catalogue.service(id).map_or_else(|| id.to_owned(), |service| service.name.to_string());
    for (reason, sums) in &routes.reasons {
        let (list, reason) = match reason {
            Reason::Private => (&mut local, "private addresses".to_owned()),
            Reason::Multicast => (&mut local, "multicast and broadcast".to_owned()),
            Reason::Reserved => (&mut local, "reserved addresses".to_owned()),
            Reason::SharedService(id) => (&mut unattributed, format!("shared service: {}", service(id))),
            Reason::EncryptedHello => (&mut unattributed, "name hidden by Encrypted Client Hello".to_owned()),
            Reason::NameNotInCatalogue => (&mut unattributed, "name not in the catalogue".to_owned()),
            Reason::SystemProtocol(application) => (&mut unattributed, format!("system protocol: {}", application.0)),
            Reason::NoNameIn(application) => (&mut unattributed, format!("no name: {}", application.0)),
            Reason::NoName => (&mut unattributed, "no name, protocol not recognised".to_owned()),
            // See `left_out`.
            Reason::LeftOut => continue,
        };
        list.push(remainder(reason, sums));
    }
    for list in [&mut local, &mut unattributed] {
        sort(list);
    }
    (local, unattributed)
}
