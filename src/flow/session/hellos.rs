//! The fingerprints of the hellos that were read in a session (JA4).

use super::said::{Said, Sent};
use crate::capture::FrameId;
use crate::flow::record::Name;
use crate::name::{JA4_LENGTH, NameSource};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;

/// Fingerprints kept per session, the first by frame: that of the server's hello, and those of a few decoys.
const LIMIT: usize = 8;

/// The fingerprints of a session's hellos, in the order in which they were found. Each is kept in the form of a name that was said at
/// a place of the stream, so that the hello that counts is chosen as names are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Hellos(Vec<Said>);

impl Hellos {
    /// Whether packets can have made it.
    pub(super) fn is_sound(&self) -> bool {
        let is_text = |said: &Said| {
            let text = said.name.name.as_bytes();
            text.len() == JA4_LENGTH && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        self.0.len() <= LIMIT && self.0.iter().all(is_text) && self.0.is_sorted_by(|a, b| !b.name.found_before(&a.name))
    }

    /// Adds the fingerprint of a hello that was whole in this frame and stood at this place of a stream.
    pub(super) fn observe(
        &mut self,
        frame: FrameId,
        source: NameSource,
        ja4: &str,
        position: u32,
        intern: &mut impl FnMut(&str) -> Arc<str>,
    ) {
        let known = self.0.iter().find(|known| known.is(source, ja4));
        let name = known.map_or_else(|| intern(ja4), |known| Arc::clone(&known.name.name));
        self.add(Said::once(Name { source, frame, name, doubt: None }, position));
    }

    /// Adds a fingerprint. The first by frame are kept, in whatever order they are added.
    fn add(&mut self, mut new: Said) {
        if let Some(at) = self.0.iter().position(|known| known.is(new.name.source, &new.name.name)) {
            if self.0[at].name.frame <= new.name.frame {
                return self.0[at].merge_places(&new);
            }
            new.merge_places(&self.0.remove(at));
        }
        let at = self.0.partition_point(|known| known.name.found_before(&new.name));
        if at < LIMIT {
            // Most sessions have one hello, so room is made for one only.
            self.0.reserve_exact(usize::from(self.0.is_empty()));
            self.0.truncate(LIMIT - 1);
            self.0.insert(at, new);
        }
    }

    /// Adds the fingerprints of the session that continues this one.
    pub(super) fn merge(&mut self, right: Self) {
        right.0.into_iter().for_each(|said| self.add(said));
    }

    /// The fingerprint of the hello that counts: in a stream, `sent` tells what its server took.
    pub(super) fn choose(self, sent: Option<Sent>) -> Option<Arc<str>> {
        let mut names = SmallVec::new();
        match sent {
            Some(sent) => sent.judge(self.0.into_iter(), &mut names),
            None => names.extend(self.0.into_iter().map(|said| said.name)),
        }
        names.into_iter().find(|name| !name.is_rejected()).map(|name| name.name)
    }

    /// Adds `base` to all frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.0.iter_mut().for_each(|said| said.rebase(base));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    const DECOY: &str = "t12d0000h1_000000000000_000000000000";

    fn hellos(found: &[(u64, &str, u32)]) -> Hellos {
        let mut hellos = Hellos::default();
        for &(frame, ja4, position) in found {
            hellos.observe(FrameId::new(0, frame), NameSource::TlsSni, ja4, position, &mut |text| text.into());
        }
        hellos
    }

    #[test]
    fn the_hello_in_the_stream_counts() {
        let found = hellos(&[(4, DECOY, 50), (5, REAL, 101)]);
        assert!(found.is_sound());
        let sent = Sent { origin: Some(101), payload: 1_000 };
        assert_eq!(found.clone().choose(Some(sent)).as_deref(), Some(REAL));
        assert_eq!(found.choose(None).as_deref(), Some(DECOY), "datagrams have no places");
        assert_eq!(hellos(&[(4, DECOY, 50)]).choose(Some(sent)), None);
        assert_eq!(Hellos::default().choose(None), None);
    }

    #[test]
    fn the_first_are_kept_in_any_order() {
        let texts: Vec<String> = (0..12).map(|at| format!("{REAL:.34}{at:02}")).collect();
        let found: Vec<(u64, &str, u32)> = texts.iter().enumerate().map(|(at, text)| (at as u64, &**text, 0)).collect();
        let whole = hellos(&found);
        for cut in 0..=12 {
            let (mut left, right) = (hellos(&found[..cut]), hellos(&found[cut..]));
            left.merge(right);
            assert_eq!((left.len(), &left.0), (LIMIT, &whole.0));
        }
        let backwards: Vec<_> = found.iter().rev().copied().collect();
        assert_eq!(hellos(&backwards).0, whole.0);
        assert!(!hellos(&[(1, "text", 0)]).is_sound());
    }
}
