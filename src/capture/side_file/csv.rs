//! From a line of a CSV file to its values, and from its header to the places of the columns.

/// Columns read of a row.
pub(super) const MAX_COLUMNS: usize = 256;

/// Column names of a CSV, in lower case.
pub(super) struct Header(pub(super) Vec<String>);

impl Header {
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column == name)
    }

    /// A row's value in a named column, `None` where it is empty or the column is not there.
    pub(super) fn value<'a>(&self, row: &'a [String], name: &str) -> Option<&'a str> {
        row.get(self.position(name)?).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// The values of one CSV line (RFC 4180, without line breaks inside quotes); `None` where a quote is not closed.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = line;
    while values.len() < MAX_COLUMNS {
        let mut value = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (text, after) = quoted.split_once('"')?;
                value.push_str(text);
                match after.strip_prefix('"') {
                    Some(more) => {
                        value.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        }
        let (text, next) = rest.split_once(',').map_or((rest, None), |(text, next)| (text, Some(next)));
        value.push_str(text);
        values.push(value);
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn csv_values_come_back(values in proptest::collection::vec("[a-z\", é]{0,12}", 1..8)) {
            let quoted: Vec<_> = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect();
            prop_assert_eq!(split(&quoted.join(",")), Some(values));
        }
    }
}
