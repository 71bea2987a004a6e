//! What was taken out to the list that a report shows of it.

use super::removed::{Removed, What};
use crate::report::{Redaction, RemovedLine};

impl Removed {
    /// The list, with what can no longer be checked.
    pub fn list(&self) -> Redaction {
        let counts = self.counts();
        let line = |(what, count): &(What, Option<u64>)| {
            let (one, several) = what.words();
            let word = if *count == Some(1) { one } else { several };
            RemovedLine { what: word.to_owned(), count: *count }
        };
        let lost = counts.iter().filter_map(|(what, _)| lost(*what)).map(str::to_owned).collect();
        Redaction { removed: counts.iter().map(line).collect(), not_checkable: lost }
    }
}

/// The list as notes, for outputs that show sentences.
pub fn notes(list: &Redaction) -> Vec<String> {
    let lines = list.removed.iter().map(|line| match line.count {
        Some(count) => format!("{count} {}", line.what),
        None => line.what.clone(),
    });
    let lines: Vec<String> = lines.collect();
    let taken = if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") };
    let taken = format!("redacted: taken out or replaced: {taken}");
    let lost = (!list.not_checkable.is_empty())
        .then(|| format!("redacted: can no longer be checked: {}", list.not_checkable.join("; ")));
    [Some(taken), lost].into_iter().flatten().collect()
}

/// What nobody can check without it.
const fn lost(what: What) -> Option<&'static str> {
    Some(match what {
        What::Address => "which devices sent (their addresses are replaced by others of the same block)",
        What::Person => "whose devices calls went to, in which network and country (their bytes are still counted)",
        What::Hop => "the hops of paths (the countries seen on them are kept)",
        What::Name => "host names outside the catalogue (cut to the domain that was registered, or left out)",
        What::Owner => "the names of apps that the catalogue does not know (labels stand for them)",
        What::Time => {
            "times of day (the first packet is put at midnight of its day in UTC; dates and intervals are kept)"
        }
        What::Place => "distances from the place of the capture (it is given as a city or country)",
        What::Frame => "the frames that show it (--keep-frames keeps their numbers)",
        What::Mac | What::File | What::Command => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_is_lost() {
        let mut removed = Removed::default();
        removed.replace(What::Address, "192.168.1.7", "192.168.4.4");
        removed.note(What::Frame);
        let list = removed.list();
        let notes = notes(&list);
        assert_eq!(notes[0], "redacted: taken out or replaced: 1 local address, frame numbers");
        assert!(notes[1].ends_with("; the frames that show it (--keep-frames keeps their numbers)"), "{}", notes[1]);
        assert_eq!(super::notes(&Redaction::default()), ["redacted: taken out or replaced: nothing"]);
    }
}
