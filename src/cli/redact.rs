//! What the arguments say of redaction, and the search of what goes to stdout.

use super::args::RedactArgs;
use super::stderr::say;
use crate::error::Error;
use crate::output::escape;
use crate::output::scan::Scan;
use crate::redact::{Key, Removed, What, notes};
use std::fs::File;
use std::io::Read;

/// A shorter secret can be guessed.
const LEAST_BYTES: usize = 16;
/// A longer file is hardly meant.
const MOST_BYTES: u64 = 1 << 20;

/// The key to redact with; none where nothing is to be redacted. It is a new one unless a file gives it.
pub(super) fn key(args: &RedactArgs) -> Result<Option<Key>, Error> {
    if !args.redact {
        return Ok(None);
    }
    let Some(path) = &args.redact_key else {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| {
            Error::usage(format!("the system gives no random key: {error}"), "give one in a file with --redact-key")
        })?;
        return Ok(Some(Key::new(&secret)));
    };
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let mut secret = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut secret).map_err(|source| Error::io(path, source))?;
    let hint = "`head -c 32 /dev/urandom > FILE` makes one; keep it to yourself";
    if secret.len() < LEAST_BYTES {
        return Err(Error::not_usable(path, "fewer than 16 bytes are no secret", hint));
    }
    if secret.len() as u64 > MOST_BYTES {
        return Err(Error::not_usable(path, "more than 1 MiB: this is hardly a key", hint));
    }
    Ok(Some(Key::new(&secret)))
}

/// What is taken out of the command line: all of it, and those of its words that are paths, addresses, places and the like; but not
/// the words of these options, which the user wants to have written.
pub(super) fn command(command: &str, written: &[(&str, &str)]) -> Removed {
    let mut removed = Removed::default();
    removed.remove(What::Command, command);
    let mut command = command.to_owned();
    for (option, text) in written {
        // As the command is shown: in two words or in one.
        for given in
            [format!(" {option} {}", escape::shell(text)), format!(" {}", escape::shell(&format!("{option}={text}")))]
        {
            command = command.replacen(&given, "", 1);
        }
    }
    for word in command.split([' ', '=']).map(|word| word.trim_matches(['\'', '"'])) {
        if word.contains(['/', '\\', '.', ':']) {
            removed.remove(What::Command, word);
        }
    }
    removed
}

/// Refuses a text for stdout in which something is left that was to be taken out.
pub(super) fn check(scan: &Scan, text: &[u8]) -> Result<(), Error> {
    scan.find(text).map_or(Ok(()), |what| Err(refused(what)))
}

/// The error for a result in which something of this kind is left.
pub(super) fn refused(what: What) -> Error {
    let (one, _) = what.words();
    let hint = "this is a bug of whither, unless the text of a policy or an argument holds it";
    Error::usage(format!("a {one} that --redact takes out is still in the result"), hint)
}

/// Says on stderr what was taken out, where the result has no room for it.
pub(super) fn say_list(removed: &Removed) {
    notes(&removed.list()).iter().for_each(|note| say(&format!("whither: {note}")));
}
