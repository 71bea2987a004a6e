//! Which process owns a packet, if the system tells. A thread of its own finds it out, so that capturing never waits for it.

use super::question::{Ends, Process, QUESTIONS_MAX, Question, Reply};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

/// Answers kept; as many older ones may be kept beside them. No machine has so many connections of its own at a time.
const KNOWN_MAX: usize = 16_384;
/// After so much silence, the same ports may belong to another program.
const STALE: Duration = Duration::from_secs(60);
/// If no owner was found, the question is asked again after these times: a program may not have accepted its connection yet.
const AGAIN: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];
/// How often the machine's own addresses are asked for.
const ADDRESSES_EVERY: Duration = Duration::from_secs(10);

/// What is known of a packet's owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Process(Arc<Process>),
    /// No owner is known.
    Nobody,
    /// It was asked for, and the answer may come soon.
    Soon,
}

#[derive(Clone, Debug)]
struct Known {
    process: Option<Arc<Process>>,
    asked: Instant,
    seen: Instant,
    is_asked: bool,
    tries: usize,
}

/// The questions and answers. Without a thread that answers, no owner is known.
#[derive(Default)]
pub(super) struct Owners {
    thread: Option<(SyncSender<Question>, Receiver<Reply>)>,
    known: HashMap<Ends, Known>,
    /// Older answers, set aside when there were too many.
    earlier: HashMap<Ends, Known>,
    /// The machine's own addresses; none where they are not known.
    addresses: Option<HashSet<IpAddr>>,
    addresses_asked: Option<Instant>,
}

impl Owners {
    /// Questions go to a thread that looks into the system's tables, where there are any.
    pub(super) fn start() -> Self {
        #[cfg(target_os = "linux")]
        let thread = super::sockets::start();
        #[cfg(not(target_os = "linux"))]
        let thread = None;
        Self { thread, ..Self::default() }
    }

    /// Takes in the answers that came.
    pub(super) fn listen(&mut self, now: Instant) {
        let Some((questions, replies)) = &self.thread else { return };
        if self.addresses_asked.is_none_or(|asked| now - asked >= ADDRESSES_EVERY)
            && questions.try_send(Question::Addresses).is_ok()
        {
            self.addresses_asked = Some(now);
        }
        for reply in replies.try_iter().take(QUESTIONS_MAX) {
            match reply {
                Reply::Addresses(addresses) => self.addresses = Some(addresses),
                Reply::Owner(ends, process) => {
                    if let Some(known) = self.known.get_mut(&ends).or_else(|| self.earlier.get_mut(&ends)) {
                        known.is_asked = false;
                        // A program that has ended since then was still the owner of earlier packets.
                        known.process = process.or_else(|| known.process.take());
                    }
                }
            }
        }
    }

    /// Who owns packets between these ends, asking where that is not known. `opens`: a connection begins with this packet.
    pub(super) fn ask(&mut self, ends: Ends, opens: bool, now: Instant) -> Answer {
        let Some((questions, _)) = &self.thread else { return Answer::Nobody };
        let is_own = |ip: IpAddr| ip.is_loopback() || self.addresses.as_ref().is_none_or(|own| own.contains(&ip));
        if !is_own(ends.source.ip()) && !is_own(ends.destination.ip()) {
            return Answer::Nobody;
        }
        if self.known.len() >= KNOWN_MAX {
            self.earlier = std::mem::take(&mut self.known);
        }
        if let Some(known) = self.earlier.remove(&ends) {
            self.known.insert(ends, known);
        }
        let is_new = self.known.get(&ends).is_none_or(|known| {
            !known.is_asked && (now - known.seen >= STALE || (opens && now - known.asked >= AGAIN[1]))
        });
        if is_new {
            if questions.try_send(Question::Owner(ends)).is_err() {
                return Answer::Nobody;
            }
            self.known.insert(ends, Known { process: None, asked: now, seen: now, is_asked: true, tries: 0 });
            return Answer::Soon;
        }
        let Some(known) = self.known.get_mut(&ends) else { return Answer::Nobody };
        known.seen = now;
        if let Some(process) = &known.process {
            return Answer::Process(Arc::clone(process));
        }
        let is_due = AGAIN.get(known.tries).is_some_and(|pause| now - known.asked >= *pause);
        if !known.is_asked && is_due && questions.try_send(Question::Owner(ends)).is_ok() {
            (known.is_asked, known.asked, known.tries) = (true, now, known.tries + 1);
        }
        // Packets wait only for the first answer: if it is that there is no owner, later answers mostly say the same.
        if known.is_asked && known.tries == 0 { Answer::Soon } else { Answer::Nobody }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use std::sync::mpsc::sync_channel;

    fn ends(port: u16) -> Ends {
        let [source, destination] =
            [("127.0.0.1", port), ("198.51.100.7", 443)].map(|(ip, port)| SocketAddr::new(ip.parse().unwrap(), port));
        Ends { is_tcp: true, source, destination }
    }

    /// Owners, what they ask, and how to answer.
    fn owners(room: usize) -> (Owners, Receiver<Question>, SyncSender<Reply>) {
        let (questions, asked) = sync_channel(room);
        let (answer, replies) = sync_channel(QUESTIONS_MAX);
        (Owners { thread: Some((questions, replies)), ..Owners::default() }, asked, answer)
    }

    fn count(asked: &Receiver<Question>) -> usize {
        asked.try_iter().filter(|question| matches!(question, Question::Owner(_))).count()
    }

    #[test]
    fn an_answer_is_remembered_and_asked_for_again_after_a_silence() {
        let (mut owners, asked, answer) = owners(8);
        let start = Instant::now();
        assert_eq!(owners.ask(ends(1), true, start), Answer::Soon);
        assert_eq!(owners.ask(ends(1), true, start), Answer::Soon);
        assert_eq!(count(&asked), 1);
        let process = Arc::new(Process { id: 7, ..Process::default() });
        answer.send(Reply::Owner(ends(1), Some(Arc::clone(&process)))).unwrap();
        owners.listen(start);
        assert_eq!(owners.ask(ends(1), false, start), Answer::Process(process));
        assert_eq!(count(&asked), 0);
        assert_eq!(owners.ask(ends(1), false, start + STALE), Answer::Soon);
        assert_eq!(count(&asked), 1);
    }

    #[test]
    fn nobody_is_asked_for_again_a_few_times_and_packets_go_on() {
        let (mut owners, asked, answer) = owners(8);
        let mut now = Instant::now();
        assert_eq!(owners.ask(ends(1), false, now), Answer::Soon);
        for _ in 0..50 {
            answer.send(Reply::Owner(ends(1), None)).unwrap();
            owners.listen(now);
            now += Duration::from_millis(200);
            assert_eq!(owners.ask(ends(1), false, now), Answer::Nobody);
        }
        assert_eq!(count(&asked), 1 + AGAIN.len());
    }

    #[test]
    fn what_is_not_this_machine_s_is_not_asked_for() {
        let (mut owners, asked, answer) = owners(8);
        answer.send(Reply::Addresses(HashSet::from(["192.0.2.1".parse().unwrap()]))).unwrap();
        let now = Instant::now();
        owners.listen(now);
        let mut passing = ends(1);
        passing.source.set_ip("192.0.2.9".parse().unwrap());
        assert_eq!((owners.ask(passing, true, now), count(&asked)), (Answer::Nobody, 0));
        passing.source.set_ip("192.0.2.1".parse().unwrap());
        assert_eq!((owners.ask(passing, true, now), count(&asked)), (Answer::Soon, 1));
    }

    #[test]
    fn memory_is_bounded_and_a_full_queue_does_not_hold_packets() {
        let (mut owners, asked, _answer) = owners(QUESTIONS_MAX);
        let now = Instant::now();
        for port in 0..60_000 {
            if usize::from(port).is_multiple_of(QUESTIONS_MAX) {
                asked.try_iter().for_each(drop);
            }
            owners.ask(ends(port), true, now);
            assert!(owners.known.len() <= KNOWN_MAX && owners.earlier.len() <= KNOWN_MAX);
        }
        let (mut owners, _asked, _answer) = self::owners(1);
        assert_eq!([1, 2].map(|port| owners.ask(ends(port), true, now)), [Answer::Soon, Answer::Nobody]);
        assert_eq!(Owners::default().ask(ends(1), true, now), Answer::Nobody);
    }
}
