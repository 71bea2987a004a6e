//! rustnet: from `rustnet process=curl pid=7 uid=1000 …` comments to the owning process.
//!
//! `direction=` there is the connection's (who opened it), not the packet's, so it is not read.

use super::section::Section;
use crate::capture::note::{FrameNote, Owner, OwnerFormat};
use crate::capture::options::PacketOptions;
use crate::capture::text;
use std::sync::Arc;

/// Words read of a comment; rustnet writes at most sixteen.
const MAX_WORDS: usize = 64;

/// Reads the comment.
pub(super) fn packet(_: &Section, options: &PacketOptions<'_>, _: i64, note: &mut FrameNote) -> bool {
    let Some(words) = options.comments.iter().find_map(|comment| comment.strip_prefix("rustnet ")) else {
        return false;
    };
    let mut owner = Owner::new(OwnerFormat::Rustnet);
    for (key, value) in words.split_whitespace().take(MAX_WORDS).filter_map(|word| word.split_once('=')) {
        match key {
            "process" => owner.name = text::name(value),
            "pid" => owner.pid = text::number(value).and_then(text::process_id),
            "uid" => owner.uid = text::number(value),
            "exe" => owner.path = text::path(value),
            _ => {}
        }
    }
    if owner.name.is_some() || owner.pid.is_some() {
        note.owner = Some(Arc::new(owner));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::table::SectionOwners;
    use super::*;
    use crate::capture::frame::LinkType;
    use crate::capture::owner::build;

    fn read(comment: &str) -> Option<FrameNote> {
        SectionOwners::default().packet(LinkType::ETHERNET, &build::comment(comment), 0)
    }

    #[test]
    fn any_subset_of_the_words() {
        let comment = "rustnet process=curl pid=7 ppid=1 uid=1000 attr=exact direction=incoming app=TLS sni=a.b asn=1";
        let owner =
            Owner { name: Some("curl".into()), pid: Some(7), uid: Some(1000), ..Owner::new(OwnerFormat::Rustnet) };
        assert_eq!(read(comment), Some(FrameNote { owner: Some(Arc::new(owner)), ..FrameNote::default() }));
        let only = Owner { pid: Some(7), ..Owner::new(OwnerFormat::Rustnet) };
        assert_eq!(read("rustnet pid=7").unwrap().owner.as_deref(), Some(&only));
        for comment in ["rustnet sni=a.b", "rustnet uid=0", "rustnet", "rustnets pid=7", "rustnet pid=x process="] {
            assert_eq!(read(comment), None, "{comment}");
        }
        for cut in 0..comment.len() {
            read(&comment[..cut]);
        }
    }
}
