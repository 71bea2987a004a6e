//! What joins an answer to its question: the number of the message and the name asked for (RFC 5452 §3). The kind adds little to
//! them.

use super::message::HEADER_LENGTH;
use crate::name::wire::u16_at;

/// Labels of a name that are read (RFC 1035 §2.3.4 allows fewer).
const LABEL_LIMIT: usize = 128;

/// A message of DNS, as far as it is held against others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Transaction {
    pub(crate) is_response: bool,
    /// Number and name in one: the same for a question and its answer.
    pub(crate) id: u64,
}

/// The transaction of a message; `None` if it does not repeat one question, as in multicast DNS, which has no numbers.
pub(crate) fn transaction(message: &[u8]) -> Option<Transaction> {
    let (number, flags, questions) = (u16_at(message, 0)?, u16_at(message, 2)?, u16_at(message, 4)?);
    if questions != 1 {
        return None;
    }
    let (mut at, mut hash) = (HEADER_LENGTH, Fnv::default());
    for _ in 0..LABEL_LIMIT {
        let length = usize::from(*message.get(at)?);
        // A question comes first, so there is nothing that it could point to.
        if length > 63 {
            return None;
        }
        // Some resolvers' clients mix cases at random, and an answer may not repeat them.
        message.get(at..=at + length)?.iter().for_each(|byte| hash.add(byte.to_ascii_lowercase()));
        at += 1 + length;
        if length == 0 {
            return Some(Transaction { is_response: flags & 0x8000 != 0, id: u64::from(number) << 48 | hash.0 >> 16 });
        }
    }
    None
}

/// The hash of Fowler, Noll and Vo (FNV-1a), which is the same in every process.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    const fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::dns;

    #[test]
    fn an_answer_has_the_transaction_of_its_question() {
        let asked = transaction(&dns::query(7, "www.Example.org", 1)).unwrap();
        assert!(!asked.is_response);
        let answer = |id, name, kind| transaction(&dns::answer(id, name, kind, 60, &[])).unwrap();
        assert_eq!(answer(7, "www.example.org", 1), Transaction { is_response: true, ..asked });
        for other in [answer(8, "www.example.org", 1), answer(7, "ww.example.org", 1)] {
            assert_ne!(other.id, asked.id);
        }
        let message = dns::query(7, "www.example.org", 1);
        for length in 0..message.len() - 4 {
            assert_eq!(transaction(&message[..length]), None);
        }
    }
}
