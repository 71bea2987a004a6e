//! The frames of a proof as a pcapng file, with what was left out and what it was made from.
//!
//! Owners are written in the form by which they are read again: apps of Android as PCAPdroid writes them, processes as Wireshark
//! does. Each frame says which frame it is of which capture.

use super::kept::Selection;
use crate::capture::LinkType;
use crate::capture::owner::Owner;
use crate::output::pcapng::{App, Blocks, Interface, Packet, Process, Section};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the remark begins by which a proof is known.
const MARK: &str = "whither prove: ";
/// Longest remark: readers are only sure to take so much in one option.
const REMARK_BYTES: usize = 4_000;

/// What a proof says of itself.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// The program and its version.
    pub application: String,
    /// What it shows, what was left out, and by which command, line by line.
    pub lines: Vec<String>,
    /// The captures, in the order of their ordinals: a name, and a line that says what it is.
    pub captures: Vec<(String, String)>,
    /// Whether frames do not say which frames of the captures they are.
    pub hides_frames: bool,
}

/// Whether a file that begins with these bytes is a proof.
pub fn is_own(head: &[u8]) -> bool {
    head.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) && memchr::memmem::find(head, MARK.as_bytes()).is_some()
}

/// Writes a proof.
pub fn write(selection: &Selection, statement: &Statement) -> Vec<u8> {
    let mut blocks = Blocks::default();
    let remarks = statement.remarks();
    let remarks: Vec<&str> = remarks.iter().map(String::as_str).collect();
    blocks.section(&Section { application: &statement.application, comments: &remarks, ..Section::default() });
    let mut interfaces: BTreeMap<(u32, LinkType), u32> = BTreeMap::new();
    for (frame, kept) in &selection.frames {
        let next = interfaces.len() as u32;
        interfaces.entry((frame.capture(), kept.link_type)).or_insert_with(|| {
            let name = statement.captures.get(frame.capture() as usize).map(|(name, _)| name.as_str());
            blocks.interface(&Interface { link_type: kept.link_type, description: name, ..Interface::default() });
            next
        });
    }
    let mut owners = Owners::default();
    for (frame, kept) in &selection.frames {
        let interface = interfaces.get(&(frame.capture(), kept.link_type)).copied().unwrap_or(0);
        let note = kept.note.as_ref();
        let (process_id, user) = match note.and_then(|note| note.owner.as_ref()) {
            Some(owner) => owners.describe(owner, &mut blocks),
            None => (None, None),
        };
        let number = format!("frame {}", frame.number());
        let comments: Vec<&str> =
            user.iter().map(String::as_str).chain((!statement.hides_frames).then_some(&*number)).collect();
        blocks.packet(&Packet {
            interface,
            time_ns: u64::try_from(kept.time_ns).unwrap_or(0),
            bytes: &kept.bytes,
            wire_length: kept.wire_length,
            direction: note.map(|note| note.direction).unwrap_or_default(),
            packet_id: note.and_then(|note| note.packet_id),
            process_id,
            comments: &comments,
        });
    }
    blocks.into_bytes()
}

impl Statement {
    /// All lines, in as few remarks as hold them.
    fn remarks(&self) -> Vec<String> {
        let captures = self.captures.iter().map(|(name, says)| format!("capture {name}: {says}"));
        let mut remarks = vec![MARK.to_owned()];
        for line in self.lines.iter().cloned().chain(captures) {
            match remarks.last_mut() {
                Some(last) if last == MARK => last.push_str(&line),
                Some(last) if last.len() + 1 + line.len() <= REMARK_BYTES => {
                    last.push('\n');
                    last.push_str(&line);
                }
                _ => remarks.push(line),
            }
        }
        remarks
    }
}

/// Owners that were described in the file so far, by the number that packets name them by.
#[derive(Default)]
struct Owners {
    processes: BTreeMap<u32, Arc<Owner>>,
    users: BTreeMap<i32, Arc<Owner>>,
}

impl Owners {
    /// Describes an owner, if it was not yet, and says how a packet names it: a process id, or a remark.
    fn describe(&mut self, owner: &Arc<Owner>, blocks: &mut Blocks) -> (Option<u32>, Option<String>) {
        let process_id = owner.pid.and_then(|id| u32::try_from(id).ok()).filter(|id| *id > 0);
        if let (Some(id), None) = (process_id, &owner.package) {
            let is_bare = owner.name.is_none() && owner.path.is_none() && owner.uid.is_none();
            if !is_bare && self.processes.get(&id) != Some(owner) {
                let user_id = owner.uid.and_then(|id| u32::try_from(id).ok());
                let (name, path) = (owner.name.as_deref(), owner.path.as_deref());
                blocks.process(&Process { id, name, path, user_id, started_ns: None });
                self.processes.insert(id, Arc::clone(owner));
            }
            return (Some(id), None);
        }
        let Some(user_id) = owner.uid.and_then(|id| i32::try_from(id).ok()) else { return (None, None) };
        let (package, label) = (owner.package.as_deref(), owner.name.as_deref());
        if (package.is_some() || label.is_some()) && self.users.get(&user_id) != Some(owner) {
            let (package, label) = (package.unwrap_or_default(), label.unwrap_or_default());
            blocks.app(&App { user_id, package, label });
            self.users.insert(user_id, Arc::clone(owner));
        }
        (None, Some(format!("u-{user_id}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_hold_all_lines_and_the_first_says_what_it_is() {
        let lines = vec!["a".to_owned(); 3];
        let captures = (0..2_000).map(|number| (format!("c{number}"), "sha256 00".repeat(5))).collect();
        let application = "whither".to_owned();
        let statement = Statement { application, lines, captures, hides_frames: false };
        let remarks = statement.remarks();
        assert!(remarks.iter().all(|remark| remark.len() <= REMARK_BYTES));
        assert!(remarks[0].starts_with("whither prove: a\na\na\ncapture c0: "));
        assert_eq!(remarks.iter().map(|remark| remark.lines().count()).sum::<usize>(), 2_003);
        let bytes = write(&Selection::default(), &statement);
        assert!(is_own(&bytes[..100]) && !is_own(b"whither prove: ") && !is_own(&bytes[..20]));
    }
}
