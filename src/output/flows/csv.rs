//! Flow records as CSV (RFC 4180). Columns are the fields of the flow record in its order; `names`, `alpn`, `owner`,
//! `also`, `candidates` and `tunnel` hold JSON, so nothing is lost; null is an empty cell. Text is escaped and guarded as [`escape::csv_into`] says.

use super::community_id::CommunityId;
use super::record::FlowRecord;
use super::record::Json;
use super::writer::FlowWriter;
use crate::output::csv::party_word;
use crate::output::escape;
use std::io::Write;

/// The columns: the fields of [`FlowRecord`], in order.
pub(super) const COLUMNS: [&str; 54] = [
    "capture",
    "first_frame",
    "first_seen",
    "last_seen",
    "protocol",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "packets_up",
    "packets_down",
    "bytes_up",
    "bytes_down",
    "payload_up",
    "payload_down",
    "application",
    "server_name",
    "name_source",
    "name_frame",
    "names",
    "alpn",
    "ech",
    "resolver",
    "certificate_organisation",
    "certificate_country",
    "app",
    "app_evidence",
    "app_rule",
    "app_frame",
    "app_others",
    "service",
    "party",
    "owner",
    "country",
    "city",
    "latitude",
    "longitude",
    "registered_country",
    "asn",
    "as_name",
    "as_country",
    "operator",
    "jurisdiction",
    "also",
    "anycast",
    "rtt_ms",
    "rtt_source",
    "standing",
    "candidates",
    "age",
    "exchange",
    "tunnel",
    "ja4",
    "community_id",
];

/// CSV rows; the scratch buffer is reused for cells that hold JSON.
#[derive(Default)]
pub(super) struct Csv {
    scratch: Vec<u8>,
}

impl FlowWriter for Csv {
    fn header(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(COLUMNS.join(",").as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn record(&mut self, record: &FlowRecord<'_>, out: &mut Vec<u8>) {
        let mut row = Row { out, scratch: &mut self.scratch };
        row.text(record.capture);
        row.number(Some(record.first_frame));
        row.text(record.first_seen.as_str());
        row.text(record.last_seen.as_str());
        row.text(record.protocol.as_str());
        row.number(Some(record.client_ip));
        row.number(record.client_port);
        row.number(Some(record.server_ip));
        row.number(record.server_port);
        for value in [
            record.packets_up,
            record.packets_down,
            record.bytes_up,
            record.bytes_down,
            record.payload_up,
            record.payload_down,
        ] {
            row.number(Some(value));
        }
        row.maybe(record.application);
        row.maybe(record.server_name);
        row.maybe(record.name_source);
        row.number(record.name_frame);
        row.json(&record.names);
        row.json(&record.alpn);
        row.maybe(record.ech);
        row.maybe(record.resolver);
        row.maybe(record.certificate_organisation);
        row.maybe(record.certificate_country);
        row.maybe(record.app);
        row.maybe(record.app_evidence);
        row.maybe(record.app_rule);
        row.number(record.app_frame);
        row.json(&record.app_others);
        row.maybe(record.service);
        row.maybe(record.party.map(party_word));
        match record.owner {
            Some(owner) => row.json(owner),
            None => row.maybe(None),
        }
        row.maybe(record.country.as_ref().map(|country| country.code()));
        row.maybe(record.city);
        row.number(record.latitude);
        row.number(record.longitude);
        row.maybe(record.registered_country.as_ref().map(|country| country.code()));
        row.number(record.asn);
        row.maybe(record.as_name);
        row.maybe(record.as_country.as_ref().map(|country| country.code()));
        row.maybe(record.operator);
        row.maybe(record.jurisdiction.as_ref().map(|country| country.code()));
        row.json(&record.also);
        row.number(Some(record.anycast));
        row.number(record.rtt_ms);
        row.maybe(record.rtt_source);
        row.text(record.standing);
        row.json(&record.candidates);
        row.text(record.age);
        row.text(record.exchange.word());
        row.json(&record.tunnel);
        row.maybe(record.ja4);
        row.maybe(record.community_id.as_ref().map(CommunityId::as_str));
        // Every cell ended with a comma: the last one ends the line.
        out.pop();
        out.extend_from_slice(b"\r\n");
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}

/// A row being written: every cell ends with a comma.
struct Row<'a> {
    out: &'a mut Vec<u8>,
    scratch: &'a mut Vec<u8>,
}

impl Row<'_> {
    fn text(&mut self, text: &str) {
        escape::csv_into(self.out, text);
        self.out.push(b',');
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }

    fn number(&mut self, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            // Writing to a Vec cannot fail.
            let _ = write!(self.out, "{value}");
        }
        self.out.push(b',');
    }

    fn json(&mut self, value: &impl Json) {
        self.scratch.clear();
        let _ = serde_json::to_writer(&mut *self.scratch, value);
        // serde_json writes UTF-8 only.
        let text = std::str::from_utf8(self.scratch).unwrap_or_default();
        escape::csv_into(self.out, &escape::json_ascii(text));
        self.out.push(b',');
    }
}
