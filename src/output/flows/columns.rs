//! The columns of flow records, in Parquet and in Arrow: the fields of the flow record in its order, the same for every capture.

use crate::output::columns::shapes::{FLAG, REAL, TEXT, TEXTS, TIME, WHOLE};
use crate::output::columns::{Column, Shape};

/// Version of the columns. It is raised when one changes its type or meaning, or goes.
const VERSION: u32 = 1;
/// The fact in the metadata that says it.
const VERSION_KEY: &str = "whither.flow_record";

const NAME: &[Column] = &[
    Column::new("name", TEXT),
    Column::new("source", TEXT),
    Column::new("frame", WHOLE),
    Column::maybe("doubt", TEXT),
];
const CLAIM: &[Column] =
    &[Column::new("app", TEXT), Column::new("evidence", TEXT), Column::new("rule", TEXT), Column::new("frame", WHOLE)];
const OWNER: &[Column] = &[
    Column::new("format", TEXT),
    Column::maybe("name", TEXT),
    Column::maybe("package", TEXT),
    Column::maybe("path", TEXT),
    Column::maybe("pid", WHOLE),
    Column::maybe("uid", WHOLE),
];

/// The columns: the fields of [`FlowRecord`](super::FlowRecord), in order.
pub(super) const COLUMNS: &[Column] = &[
    Column::new("capture", TEXT),
    Column::new("first_frame", WHOLE),
    Column::new("first_seen", TIME),
    Column::new("last_seen", TIME),
    Column::new("protocol", TEXT),
    Column::new("client_ip", TEXT),
    Column::maybe("client_port", WHOLE),
    Column::new("server_ip", TEXT),
    Column::maybe("server_port", WHOLE),
    Column::new("packets_up", WHOLE),
    Column::new("packets_down", WHOLE),
    Column::new("bytes_up", WHOLE),
    Column::new("bytes_down", WHOLE),
    Column::new("payload_up", WHOLE),
    Column::new("payload_down", WHOLE),
    Column::maybe("application", TEXT),
    Column::maybe("server_name", TEXT),
    Column::maybe("name_source", TEXT),
    Column::maybe("name_frame", WHOLE),
    Column::new("names", Shape::List(&Shape::Object(NAME))),
    Column::new("alpn", TEXTS),
    Column::maybe("ech", TEXT),
    Column::maybe("resolver", TEXT),
    Column::maybe("certificate_organisation", TEXT),
    Column::maybe("certificate_country", TEXT),
    Column::maybe("app", TEXT),
    Column::maybe("app_evidence", TEXT),
    Column::maybe("app_rule", TEXT),
    Column::maybe("app_frame", WHOLE),
    Column::new("app_others", Shape::List(&Shape::Object(CLAIM))),
    Column::maybe("service", TEXT),
    Column::maybe("party", TEXT),
    Column::maybe("owner", Shape::Object(OWNER)),
    Column::maybe("country", TEXT),
    Column::maybe("city", TEXT),
    Column::maybe("latitude", REAL),
    Column::maybe("longitude", REAL),
    Column::maybe("registered_country", TEXT),
    Column::maybe("asn", WHOLE),
    Column::maybe("as_name", TEXT),
    Column::maybe("as_country", TEXT),
    Column::maybe("operator", TEXT),
    Column::maybe("jurisdiction", TEXT),
    Column::new("also", TEXTS),
    Column::new("anycast", FLAG),
    Column::maybe("rtt_ms", REAL),
    Column::maybe("rtt_source", TEXT),
    Column::new("standing", TEXT),
    Column::new("candidates", TEXTS),
    Column::new("age", TEXT),
    Column::new("exchange", TEXT),
    Column::new("tunnel", TEXTS),
    Column::maybe("ja4", TEXT),
    Column::maybe("community_id", TEXT),
];

/// What stands in the metadata of files and schemas.
pub(super) fn facts() -> [(&'static str, String); 1] {
    [(VERSION_KEY, VERSION.to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_every_other_format() {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names, super::super::csv::COLUMNS);
    }
}
