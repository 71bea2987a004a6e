//! A proof without what tells whose captures it is of: it is redacted, analysed and searched before it is written.

use super::redact as arguments;
use crate::analysis::{self, Knowledge, Options};
use crate::capture::{self, Frame, Observe, Progress, ReadOptions, Source};
use crate::error::Error;
use crate::output::scan::Scan;
use crate::output::units;
use crate::policy::{Policy, Rule};
use crate::proof::{self, Known, Redacted, Selection, Statement, Subject};
use crate::redact::{Clock, Key, Redactor, Removed, Texts, What, notes};
use crate::report::{Report, build};
use crate::route::Observed;
use std::sync::atomic::{AtomicBool, Ordering};

/// A proof that was redacted.
pub(super) struct RedactedProof {
    pub(super) frames: Redacted,
    /// What was taken out.
    pub(super) removed: Removed,
    /// What the report of the proof does not show as the redacted report of the whole does.
    pub(super) differences: Vec<String>,
    /// The redacted report of the whole, and what the proof is of in it.
    pub(super) whole: Report,
    pub(super) subject: Subject,
}

/// What a proof is made from.
pub(super) struct Given<'a> {
    pub(super) selection: &'a Selection,
    pub(super) whole: &'a Report,
    pub(super) subject: &'a Subject,
    pub(super) rule: Option<&'a Rule>,
    pub(super) options: &'a Options,
    pub(super) knowledge: &'a Knowledge,
    pub(super) command: &'a str,
}

impl RedactedProof {
    /// Redacts a proof, and compares what it shows.
    pub(super) fn of(given: &Given<'_>, key: &Key, keeps_frames: bool) -> Result<Self, Error> {
        let Given { selection, whole, subject, rule, options, knowledge, command } = *given;
        let redactor = Redactor::new(key, knowledge, keeps_frames);
        let mut removed = arguments::command(command, &[]);
        let clock = Clock::of_text(whole.first_seen.as_deref());
        let known = Known::default();
        let is_meant = |app: &str| subject.ids().any(|id| id == app);
        let bytes = proof::write(selection, &Statement::default());
        analyse(bytes, options, knowledge, &|observed| known.look(observed, is_meant))?;
        let listed = subject.rows(whole).flat_map(|(_, row)| row.names.iter().map(|name| name.name.clone()));
        let texts = Texts::new(&redactor, subject.ids().map(str::to_owned), listed.chain(known.shown()));
        let frames = proof::redact(selection, &known, (&redactor, &texts, clock), &mut removed);

        let mut whole = redactor.report(whole.clone(), &mut removed);
        let ids: Vec<String> = subject.ids().map(|id| redactor.app(id, &mut removed)).collect();
        let subject = match rule {
            Some(rule) => {
                let policy = Policy { rules: vec![rule.clone()] }.with_apps(|app| redactor.app(app, &mut removed));
                policy.rules.first().map_or_else(|| Subject::apps(&whole, &ids), |rule| Subject::rule(&whole, rule))
            }
            None => Subject::apps(&whole, &ids),
        };
        let bytes = proof::write(&frames.selection, &Statement::default());
        let is_left = AtomicBool::new(false);
        let shown = analyse(bytes, options, knowledge, &|observed| {
            if observed.flow.names.iter().any(|name| !texts.is_clean(&name.name)) {
                is_left.store(true, Ordering::Relaxed);
            }
        })?;
        if is_left.into_inner() {
            return Err(arguments::refused(What::Name));
        }
        let shown = Redactor::new(key, knowledge, keeps_frames).again().report(shown, &mut Removed::default());
        // Of persons' devices, and of what may be one, nothing is left to be compared.
        let compared = {
            let mut whole = whole.clone();
            for app in &mut whole.apps {
                app.destinations.retain(|row| !row.addresses.is_empty());
            }
            whole
        };
        let differences = subject.differences(&compared, &shown);
        whole.generator.command = "whither prove --redact".to_owned();
        Ok(Self { frames, removed, differences, whole, subject })
    }

    /// What the proof says of what was taken out of it.
    pub(super) fn says(&self) -> Vec<String> {
        let fixed = "lengths on the wire are as captured; times are moved so that the captures begin at midnight, and addresses of devices and of the \
                     local network, MAC addresses, names of others, owners and texts of payload are replaced by others of the same length or cut \
                     away; checksums followed, so that they are right or wrong as they were; codes of integrity in STUN and TLS did not; \
                     the hashes of the captures can only be compared by who has them";
        std::iter::once(fixed.to_owned()).chain(notes(&self.removed.list())).chain(self.left_out()).collect()
    }

    /// What had to be left out.
    pub(super) fn left_out(&self) -> Option<String> {
        let frames = self.frames.left_out;
        (frames > 0).then(|| {
            let frames = units::plural(frames, "frame", "frames");
            format!("redacted: left out: {frames} in tunnels or of kinds that cannot be redacted")
        })
    }

    /// Searches the written proof for what was taken out.
    ///
    /// # Errors
    /// If something is found.
    pub(super) fn check(&self, written: &[u8]) -> Result<(), Error> {
        struct Found<'a> {
            by: &'a RedactedProof,
            what: Option<What>,
        }
        impl Observe for Found<'_> {
            fn observe(&mut self, frame: Frame<'_>) {
                if self.what.is_none() {
                    self.what = self.by.frames.find(&frame, &self.by.removed);
                }
            }
        }
        let mut found = Scan::bytes(&self.removed).find_in_bytes(written);
        let source = Source::memory("proof", written.to_vec())?;
        let empty = || Found { by: self, what: None };
        capture::read(vec![source], &ReadOptions::default(), &Progress::default(), &empty, &mut |piece| {
            found = found.or(piece.partial.what);
        });
        found.map_or(Ok(()), |what| Err(arguments::refused(what)))
    }
}

/// The report of a proof.
fn analyse(
    bytes: Vec<u8>,
    options: &Options,
    knowledge: &Knowledge,
    look: &(dyn Fn(&Observed<'_>) + Sync),
) -> Result<Report, Error> {
    let source = Source::memory("proof", bytes)?;
    // Devices have other addresses here.
    let options = Options { filter: None, devices: Vec::new(), ..options.clone() };
    let (routes, analysed) = analysis::map_with(vec![source], &options, knowledge, &Progress::default(), &look);
    Ok(build(&routes, &analysed, knowledge, String::new()))
}
