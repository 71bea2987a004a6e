//! JSON Schemas of what programs read: the report and the flow record, made from the types that are written.

use std::error::Error;
use std::path::Path;

use schemars::generate::SchemaSettings;
use whither::output::flows::OwnedRecord;
use whither::report::Report;

/// Writes both schemas.
pub(crate) fn run(into: &Path) -> Result<(), Box<dyn Error>> {
    for (name, text) in schemas()? {
        std::fs::write(into.join(name), text)?;
    }
    Ok(())
}

/// File names and schemas, in draft 2020-12.
fn schemas() -> Result<[(&'static str, String); 2], serde_json::Error> {
    let generator = || SchemaSettings::draft2020_12().for_serialize().into_generator();
    let text = |schema, title: &str| -> Result<String, serde_json::Error> {
        let mut schema = serde_json::to_value(schema)?;
        schema["title"] = title.into();
        Ok(serde_json::to_string_pretty(&schema)? + "\n")
    };
    Ok([
        ("report.schema.json", text(generator().into_root_schema_for::<Report>(), "The report of whither map --json")?),
        (
            "flow-record.schema.json",
            text(generator().into_root_schema_for::<OwnedRecord>(), "A line of whither flows --format ndjson")?,
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::path::PathBuf;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn the_schemas_in_docs_are_those_of_the_types() {
        for (name, text) in schemas().expect("they are JSON") {
            let written = std::fs::read_to_string(root().join("docs").join(name)).unwrap_or_default();
            assert_eq!(written.replace("\r\n", "\n"), text, "run `cargo xtask schema`: {name}");
        }
    }

    /// A validator that refuses what the schema does not name, so that a field that is missing there is found.
    fn validator(name: &str) -> jsonschema::Validator {
        let text = schemas().expect("JSON").into_iter().find(|schema| schema.0 == name).expect("it is there").1;
        let mut schema: Value = serde_json::from_str(&text).expect("JSON");
        close(&mut schema);
        jsonschema::validator_for(&schema).expect("a schema")
    }

    fn close(schema: &mut Value) {
        match schema {
            Value::Object(fields) => {
                if fields.get("properties").is_some_and(Value::is_object) {
                    fields.insert("additionalProperties".to_owned(), false.into());
                }
                fields.values_mut().for_each(close);
            }
            Value::Array(all) => all.iter_mut().for_each(close),
            _ => {}
        }
    }

    #[test]
    fn flow_records_of_all_samples_fit() {
        let validator = validator("flow-record.schema.json");
        let mut records = 0;
        for entry in std::fs::read_dir(root().join("tests/golden")).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "ndjson") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            for line in text.lines().filter(|line| line.starts_with('{')) {
                let record: Value = serde_json::from_str(line).expect("JSON");
                let faults: Vec<String> = validator.iter_errors(&record).map(|fault| fault.to_string()).collect();
                assert!(faults.is_empty(), "{}: {faults:?}", path.display());
                records += 1;
            }
        }
        assert!(records > 300, "{records} records");
    }

    #[test]
    fn reports_of_samples_fit() {
        let validator = validator("report.schema.json");
        let analyser = whither::Analyser::new().expect("the data are sound");
        for name in ["phone.pcapng", "unrouted.pcap", "claim-delhi.pcap", "owner/pktap-v1.pcap"] {
            let path = root().join("samples").join(name);
            let report = analyser.report(analyser.open(&[path]).expect("a capture").sources).expect("threads");
            let report = serde_json::to_value(&report).expect("JSON");
            let faults: Vec<String> = validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
        }
        assert!(!validator.is_valid(&serde_json::json!({ "schema": 2 })));
    }
}
