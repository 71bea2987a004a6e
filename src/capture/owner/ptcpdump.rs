//! ptcpdump (Linux): from comments of `Key: value` lines to the owning process.
//!
//! A packet has several comments: process (`PID`, `Cmd` or formerly `Command`, `Args`), thread, user, parent, container,
//! pod. A value that ends in `...` was cut.

use super::section::Section;
use crate::capture::note::{FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use crate::capture::text;
use std::sync::Arc;

/// Lines read of one packet's comments; labels of a pod may be long, and the process stands first.
const MAX_LINES: usize = 64;

/// Reads the comments.
pub(super) fn packet(_: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let lines = options.comments.iter().flat_map(|comment| comment.lines()).take(MAX_LINES);
    let (mut pid, mut uid, mut command, mut arguments) = (None, None, None, None);
    for (key, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match key {
            // The first of each counts: arguments are the process' own and may hold lines that look like ours.
            "PID" => pid = pid.or_else(|| text::number(value).filter(|pid| *pid > 0)),
            "UserId" => uid = uid.or_else(|| text::number(value)),
            "Cmd" | "Command" => command = command.or(Some(value)),
            "Args" => arguments = arguments.or(Some(value)),
            _ => {}
        }
    }
    let (Some(pid), Some(command)) = (pid, command) else {
        return false;
    };
    let is_cut = command.ends_with("...");
    let program = if is_cut { arguments.and_then(|arguments| arguments.split(' ').next()) } else { Some(command) };
    note.owner = Some(Arc::new(Owner {
        name: program.filter(|program| !program.ends_with("...")).and_then(text::base_name),
        path: if is_cut { None } else { text::path(command) },
        pid: Some(pid),
        uid,
        ..Owner::new(OwnerFormat::Ptcpdump)
    }));
    true
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::{ByteOrder, LinkType};
    use crate::capture::owner::build;

    fn read(comments: &[&str]) -> Option<Arc<Owner>> {
        let order = ByteOrder::Little;
        let section = SectionOwners::start(order, &build::written_by(order, "ptcpdump v0.26.0"));
        let options: Vec<u8> = comments.iter().flat_map(|text| build::comment(text)).collect();
        section.packet(LinkType::ETHERNET, &options, 0)?.owner
    }

    fn curl() -> Owner {
        Owner {
            name: Some("curl".into()),
            path: Some("/usr/bin/curl".into()),
            pid: Some(1228),
            ..Owner::new(OwnerFormat::Ptcpdump)
        }
    }

    #[test]
    fn process_in_several_comments() {
        let process = "PID: 1228\nCmd: /usr/bin/curl\nArgs: curl -H a: b kernel.com";
        assert_eq!(read(&[process]).as_deref(), Some(&curl()));
        assert_eq!(read(&["PID: 1228\nCommand: /usr/bin/curl"]).as_deref(), Some(&curl()));
        let rest = ["ThreadId: 5\nThreadName: x", "UserId: 1000", "ParentPID: 9\nParentCmd: /bin/sh\nParentArgs: sh"];
        let expected = Owner { uid: Some(1000), ..curl() };
        assert_eq!(read(&[&[process], rest.as_slice()].concat()).as_deref(), Some(&expected));
    }

    #[test]
    fn cut_values() {
        let owner = read(&["PID: 1\nCmd: /very/long...\nArgs: ./tool -x..."]).unwrap();
        assert_eq!((owner.name.as_deref(), owner.path.as_deref()), (Some("tool"), None));
    }

    #[test]
    fn incomplete_comments() {
        for text in ["PID: 1", "Cmd: /bin/sh", "PID: x\nCmd: /bin/sh", "PID: 0\nCmd: -", "ThreadId: 5", ""] {
            assert_eq!(read(&[text]), None, "{text}");
        }
        assert_eq!(read(&[&"x\n".repeat(30_000), "PID: 1\nCmd: a"]), None, "bounded");
        let spoofed = read(&["PID: 1\nCmd: a\nArgs: a\nPID: 2\nCmd: b", "UserId: 3"]).unwrap();
        assert_eq!((spoofed.pid, spoofed.name.as_deref(), spoofed.uid), (Some(1), Some("a"), Some(3)));
    }
}
