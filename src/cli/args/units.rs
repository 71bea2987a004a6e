//! Times and sizes, as users write them.

/// A number with a unit: the factor of the last character, 1 where it is a digit.
fn with_unit(text: &str, units: &[(char, u64)]) -> Result<u64, String> {
    let (digits, factor) = match units.iter().find(|(unit, _)| text.ends_with(*unit)) {
        Some((unit, factor)) => (text.trim_end_matches(*unit), *factor),
        None => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| "not a number with a unit".to_owned())?;
    number.checked_mul(factor).filter(|n| *n > 0).ok_or_else(|| "out of range".to_owned())
}

pub(super) fn seconds(text: &str) -> Result<u64, String> {
    with_unit(text, &[('s', 1), ('m', 60), ('h', 3600)])
}

pub(super) fn bytes(text: &str) -> Result<u64, String> {
    with_unit(text, &[('k', 1 << 10), ('M', 1 << 20), ('G', 1 << 30)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood() {
        assert_eq!(seconds("5m"), Ok(300));
        assert_eq!(bytes("20M"), Ok(20 << 20));
        assert!(seconds("m").is_err() && bytes("-1").is_err() && bytes("0").is_err());
    }
}
