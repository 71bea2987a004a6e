//! Packets that wait a short time until their owners are known.

use super::question::Ends;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Longest wait.
const PATIENCE: Duration = Duration::from_millis(150);
/// Bytes that wait at most, about.
const BYTES_MAX: usize = 4 << 20;
/// What a packet takes beside its bytes, about.
const PACKET_BYTES: usize = 128;

/// A packet that waits.
pub(super) struct Waiting {
    since: Instant,
    pub(super) time_ns: u64,
    pub(super) wire_length: u32,
    pub(super) bytes: Box<[u8]>,
    pub(super) ends: Option<Ends>,
}

impl Waiting {
    pub(super) fn new(now: Instant, time_ns: u64, wire_length: u32, bytes: &[u8], ends: Option<Ends>) -> Self {
        Self { since: now, time_ns, wire_length, bytes: bytes.into(), ends }
    }
}

/// Packets in the order of the capture: one that waits holds up those that follow.
#[derive(Default)]
pub(super) struct Queue {
    packets: VecDeque<Waiting>,
    bytes: usize,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(super) fn push(&mut self, packet: Waiting) {
        self.bytes += packet.bytes.len() + PACKET_BYTES;
        self.packets.push_back(packet);
    }

    /// The next packet if it need not wait any longer. `is_known`: whether the answer to its owner is there.
    pub(super) fn next(&mut self, now: Instant, is_known: impl FnOnce(&Waiting) -> bool) -> Option<Waiting> {
        let first = self.packets.front()?;
        let is_over = self.bytes > BYTES_MAX || now.saturating_duration_since(first.since) >= PATIENCE;
        (is_over || is_known(first)).then(|| self.pop()).flatten()
    }

    /// The next packet, whether it waits or not.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let first = self.packets.pop_front()?;
        self.bytes -= first.bytes.len() + PACKET_BYTES;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_waiting_is_bounded_in_time_and_bytes() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for time_ns in 0..3 {
            queue.push(Waiting::new(now, time_ns, 1, &[0], None));
        }
        assert!(queue.next(now, |_| false).is_none());
        assert_eq!(queue.next(now, |first| first.time_ns == 0).unwrap().time_ns, 0);
        assert!(queue.next(now, |first| first.time_ns == 0).is_none(), "the next holds up the last");
        assert_eq!(queue.next(now + PATIENCE, |_| false).unwrap().time_ns, 1);
        assert_eq!((queue.pop().unwrap().time_ns, queue.is_empty(), queue.bytes), (2, true, 0));
        for _ in 0..100 {
            queue.push(Waiting::new(now, 0, 1, &[0; 100_000], None));
            while queue.next(now, |_| false).is_some() {}
            assert!(queue.bytes <= BYTES_MAX);
        }
    }
}
