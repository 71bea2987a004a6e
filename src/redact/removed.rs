//! What was taken out: how much of what kind, and the values, for the search of outputs.

use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A kind of what is taken out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum What {
    /// Addresses of devices and of the local network.
    Address,
    /// Addresses of other people's devices, and of what never answered.
    Person,
    /// MAC addresses.
    Mac,
    /// Routers on paths: the first ones tell where the device was.
    Hop,
    /// Names of hosts and domains.
    Name,
    /// Apps, processes and users that the catalogue does not know.
    Owner,
    /// Names and paths of files.
    File,
    /// The command line.
    Command,
    /// Times of day.
    Time,
    /// The place of the captures.
    Place,
    /// Numbers of frames.
    Frame,
}

impl What {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Address,
        Self::Person,
        Self::Mac,
        Self::Hop,
        Self::Name,
        Self::Owner,
        Self::File,
        Self::Command,
        Self::Time,
        Self::Place,
        Self::Frame,
    ];

    /// What it is in words, of one and of several.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Address => ("local address", "local addresses"),
            Self::Person => ("address of a person's device", "addresses of persons' devices"),
            Self::Mac => ("MAC address", "MAC addresses"),
            Self::Hop => ("hop of a path", "hops of paths"),
            Self::Name => ("host name", "host names"),
            Self::Owner => ("label of an owner", "labels of owners"),
            Self::File => ("file name", "file names"),
            Self::Command => ("command line", "command lines"),
            Self::Time => ("time of day", "times of day"),
            Self::Place => ("exact place", "exact places"),
            Self::Frame => ("frame number", "frame numbers"),
        }
    }
}

/// What was taken out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Removed {
    values: BTreeMap<String, What>,
    /// What stands in place of a value. It cannot be told from the same value that was taken out elsewhere.
    given: HashSet<String>,
    uncounted: BTreeSet<What>,
}

impl Removed {
    /// Notes a value that is replaced by another, or by nothing.
    pub fn replace(&mut self, what: What, value: &str, by: &str) {
        if value != by {
            self.remove(what, value);
            if !by.is_empty() && !self.given.contains(by) {
                self.given.insert(by.to_owned());
            }
        }
    }

    /// Notes a value that is taken out.
    pub fn remove(&mut self, what: What, value: &str) {
        if !value.is_empty() && !self.values.contains_key(value) {
            self.values.insert(value.to_owned(), what);
        }
    }

    /// Notes a text that outputs show in any case, such as a fixed label.
    pub fn keep(&mut self, text: &str) {
        self.given.insert(text.to_owned());
    }

    /// Notes that there was something of a kind whose values are not kept: they are figures, which stand in outputs for other reasons.
    pub fn note(&mut self, what: What) {
        self.uncounted.insert(what);
    }

    /// How many values of each kind, in order; none where they were not counted.
    pub fn counts(&self) -> Vec<(What, Option<u64>)> {
        let mut counts: BTreeMap<What, Option<u64>> = self.uncounted.iter().map(|what| (*what, None)).collect();
        for what in self.values.values() {
            *counts.entry(*what).or_default().get_or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    /// The values to search outputs for: those that cannot stand there by chance.
    ///
    /// Left out are values of fewer than four characters; of digits only; of fewer than eight characters that are ASCII letters only,
    /// since everyday words are; and what was put in the place of another value.
    pub fn searched(&self) -> impl Iterator<Item = (&str, What)> {
        self.values
            .iter()
            .filter(|(value, _)| is_telling(value) && !self.given.contains(*value))
            .map(|(value, what)| (value.as_str(), *what))
    }

    /// Whether exactly this value of a kind was taken out, and stands for no other.
    pub fn holds(&self, what: What, value: &str) -> bool {
        self.values.get(value) == Some(&what) && !self.given.contains(value)
    }

    /// Whether a text that is shown in any case has this value in it.
    pub fn is_part_of_given(&self, value: &str) -> bool {
        self.given.iter().any(|given| given.contains(value))
    }

    /// Adds what was taken out elsewhere.
    pub fn merge(&mut self, other: Self) {
        let Self { values, given, uncounted } = other;
        for (value, what) in values {
            self.values.entry(value).or_insert(what);
        }
        self.given.extend(given);
        self.uncounted.extend(uncounted);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.values.clear();
        self.given.clear();
        self.uncounted.clear();
    }
}

/// Whether a value in an output is hardly there by chance.
fn is_telling(value: &str) -> bool {
    /// A shorter one stands in any text.
    const LEAST: usize = 4;
    /// A word of fewer letters may be an everyday one.
    const WORD: usize = 8;
    value.chars().count() >= LEAST
        && !value.bytes().all(|byte| byte.is_ascii_digit())
        && (value.len() >= WORD || !value.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_stand_there_by_chance_is_not_searched_for() {
        let mut removed = Removed::default();
        for value in ["", "a.b", "10123", "Mail", "MyHomeNetwork", "10.0.0.7", "pc-7"] {
            removed.remove(What::Owner, value);
        }
        removed.replace(What::Address, "192.168.1.7", "192.168.9.1");
        removed.replace(What::Address, "192.168.9.1", "192.168.77.3");
        removed.replace(What::Address, "192.168.5.5", "192.168.5.5");
        let searched: Vec<&str> = removed.searched().map(|(value, _)| value).collect();
        assert_eq!(searched, ["10.0.0.7", "192.168.1.7", "MyHomeNetwork", "pc-7"]);
        assert_eq!(removed.counts(), [(What::Address, Some(2)), (What::Owner, Some(6))]);
    }
}
