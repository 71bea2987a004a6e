//! What is written to be read again: values of the analysis as bytes behind a header, with a checksum at their end.
//!
//! | bytes | what |
//! |--:|---|
//! | 8 | how everything that is written begins |
//! | 4 | what it is |
//! | 2 | version of its form, low byte first |
//! | 1 + n | length and text of the version of whither that wrote it |
//! | 8 | length of the body, low byte first |
//! | n | the body, as [postcard](https://postcard.jamesmunns.com) writes serde's data model |
//! | 4 | CRC-32 of all before it, low byte first |
//!
//! Only the version that wrote a value reads it: another one may read packets by other rules, and what it adds would not fit. The
//! checksum finds what was damaged by accident. It keeps nobody from writing what they like, so whoever reads a value checks all
//! that the code relies on.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::io::{self, Read, Write};

/// How everything that is written begins. No text begins so, and a transfer that changes line ends damages it.
const MAGIC: [u8; 8] = *b"\x97whi\r\n\x1a\n";
/// The version of whither.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What all figures of a value that is read may come to together, whoever wrote it. A byte of a capture is in a dozen figures, so
/// this is room for captures of 300 TB.
pub(crate) const AMOUNT_LIMIT: u64 = 1 << 52;
/// What all figures that were read may come to in one value into which others are merged: room for 256 of the largest. A figure of the
/// report counts each of them a few times at most, so that no sum of 64 bits is ever full.
const MERGED_LIMIT: u64 = 1 << 60;

/// Whether figures that come to so much, and figures that come to this much more, may be merged.
pub(crate) fn have_room(amount: u64, more: u64) -> bool {
    amount.saturating_add(more) <= MERGED_LIMIT
}

/// What is written, and in which form.
pub(crate) struct Form {
    /// What it is, in words for a user, with its article.
    pub(crate) what: &'static str,
    /// What it is, in the header.
    pub(crate) tag: [u8; 4],
    /// Goes up with each change of what is written or what it means.
    pub(crate) version: u16,
}

/// Why what was written could not be read again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It ends before its end.
    #[error("is cut short; copy it again")]
    CutShort,
    /// It is something else.
    #[error("is not {what} that whither wrote")]
    NotThis {
        /// What was expected.
        what: &'static str,
    },
    /// Another version wrote it.
    #[error(
        "was written by whither {version} in form {form}, and only that version reads it; analyse its captures again"
    )]
    OtherVersion {
        /// The version of whither that wrote it.
        version: String,
        /// The form in which it is written.
        form: u16,
    },
    /// It is larger than the caller allows.
    #[error("takes {bytes} bytes, more than the {limit_bytes} allowed")]
    TooLarge {
        /// What it takes.
        bytes: u64,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// The checksum does not fit.
    #[error("is damaged: its checksum does not fit; copy it again")]
    Damaged,
    /// The checksum fits, but whither writes no such thing.
    #[error("is not as whither writes it: {what}")]
    Unsound {
        /// What is wrong.
        what: &'static str,
    },
}

impl StoredError {
    /// For a value that breaks a rule which the code relies on.
    pub(crate) const fn unsound(what: &'static str) -> Self {
        Self::Unsound { what }
    }
}

/// Writes a value. It is put together in memory first, since its length stands before it.
pub(crate) fn write(form: &Form, value: &impl Serialize, writer: &mut impl Write) -> io::Result<()> {
    let body = postcard::to_stdvec(value).map_err(io::Error::other)?;
    let mut header = [&MAGIC[..], &form.tag, &form.version.to_le_bytes()].concat();
    header.push(VERSION.len() as u8);
    header.extend_from_slice(VERSION.as_bytes());
    header.extend_from_slice(&(body.len() as u64).to_le_bytes());
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&header);
    checksum.update(&body);
    writer.write_all(&header)?;
    writer.write_all(&body)?;
    writer.write_all(&checksum.finalize().to_le_bytes())
}

/// Reads bytes and takes their checksum.
struct Checked<'a, R> {
    reader: &'a mut R,
    checksum: crc32fast::Hasher,
}

impl<R: Read> Checked<'_, R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoredError> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(cut_short)?;
        self.checksum.update(&bytes);
        Ok(bytes)
    }

    /// So many bytes: memory is taken as they come, not as their number says.
    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, StoredError> {
        let mut bytes = Vec::new();
        self.reader.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(StoredError::CutShort);
        }
        self.checksum.update(&bytes);
        Ok(bytes)
    }
}

fn cut_short(error: io::Error) -> StoredError {
    if error.kind() == io::ErrorKind::UnexpectedEof { StoredError::CutShort } else { error.into() }
}

/// Reads a value whose body takes no more bytes than this. Whether it is one that whither would write, the caller checks.
pub(crate) fn read<T: DeserializeOwned>(
    form: &Form,
    reader: &mut impl Read,
    limit_bytes: u64,
) -> Result<T, StoredError> {
    let mut checked = Checked { reader, checksum: crc32fast::Hasher::new() };
    if checked.array()? != MAGIC || checked.array()? != form.tag {
        return Err(StoredError::NotThis { what: form.what });
    }
    let written_form = u16::from_le_bytes(checked.array()?);
    let [length] = checked.array()?;
    let version = checked.bytes(u64::from(length))?;
    if written_form != form.version || version != VERSION.as_bytes() {
        let version = String::from_utf8_lossy(&version).escape_debug().to_string();
        return Err(StoredError::OtherVersion { version, form: written_form });
    }
    let bytes = u64::from_le_bytes(checked.array()?);
    if bytes > limit_bytes {
        return Err(StoredError::TooLarge { bytes, limit_bytes });
    }
    let body = checked.bytes(bytes)?;
    let checksum = checked.checksum.clone().finalize();
    if u32::from_le_bytes(checked.array()?) != checksum {
        return Err(StoredError::Damaged);
    }
    let wrong = StoredError::unsound("its body is no such value");
    match postcard::take_from_bytes(&body) {
        Ok((value, [])) => Ok(value),
        _ => Err(wrong),
    }
}

/// A map of hashed keys, written in the order of its keys, so that equal maps are equal bytes.
pub(crate) struct Sorted<'a, K, V>(pub(crate) &'a HashMap<K, V, RandomState>);

impl<K: Ord + Serialize, V: Serialize> Serialize for Sorted<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
        entries.serialize(serializer)
    }
}

/// For a field that is a map of hashed keys: see [`Sorted`]. Read, it gets a hash of its own, which nobody can foresee.
pub(crate) mod sorted_map {
    use crate::stored::Sorted;
    use foldhash::fast::RandomState;
    use hashbrown::HashMap;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::hash::Hash;

    pub(crate) fn serialize<K: Ord + Serialize, V: Serialize, S: Serializer>(
        map: &HashMap<K, V, RandomState>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Sorted(map).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<HashMap<K, V, RandomState>, D::Error>
    where
        K: Ord + Hash + Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let entries = Vec::<(K, V)>::deserialize(deserializer)?;
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(D::Error::custom("keys out of order"));
        }
        Ok(entries.into_iter().collect())
    }
}

/// The same for a set that is shared.
pub(crate) mod sorted_set {
    use hashbrown::HashSet;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::hash::Hash;
    use std::sync::Arc;

    pub(crate) fn serialize<K: Ord + Serialize, S: Serializer>(
        set: &Arc<HashSet<K>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut keys: Vec<_> = set.iter().collect();
        keys.sort_unstable();
        keys.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, K: Ord + Hash + Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<HashSet<K>>, D::Error> {
        let keys = Vec::<K>::deserialize(deserializer)?;
        if !keys.is_sorted_by(|a, b| a < b) {
            return Err(D::Error::custom("keys out of order"));
        }
        Ok(Arc::new(keys.into_iter().collect()))
    }
}

/// For a field that is a short list, kept in place: memory for more is taken as they come, not as their number says.
pub(crate) mod small {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use smallvec::{Array, SmallVec};

    pub(crate) fn serialize<A: Array<Item: Serialize>, S: Serializer>(
        list: &SmallVec<A>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        list.as_slice().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, A: Array<Item: Deserialize<'de>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SmallVec<A>, D::Error> {
        Vec::<A::Item>::deserialize(deserializer).map(|list| list.into_iter().collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use hashbrown::HashSet;
    use serde::Deserialize;
    use std::sync::Arc;

    const FORM: Form = Form { what: "a list", tag: *b"test", version: 3 };
    const ROOM: u64 = 1 << 20;

    fn written(value: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&FORM, value, &mut bytes).unwrap();
        bytes
    }

    /// All but the checksum, with the length of the body and the checksum that fit it.
    pub(crate) fn resealed(unsealed: &[u8]) -> Vec<u8> {
        let mut bytes = unsealed.to_vec();
        if let Some(length) = bytes.len().checked_sub(BODY_AT) {
            bytes[BODY_AT - 8..BODY_AT].copy_from_slice(&(length as u64).to_le_bytes());
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// The body of what was written.
    pub(crate) fn body(bytes: &[u8]) -> &[u8] {
        &bytes[BODY_AT..bytes.len() - 4]
    }

    const BODY_AT: usize = MAGIC.len() + 4 + 2 + 1 + VERSION.len() + 8;

    fn read_list(bytes: &[u8]) -> Result<Vec<u64>, StoredError> {
        read(&FORM, &mut &*bytes, ROOM)
    }

    #[test]
    fn what_is_written_is_read_and_what_follows_is_left() {
        let list = vec![1_u64, 1 << 40, 0];
        let bytes = [written(&list), b"more".to_vec()].concat();
        let mut rest = &bytes[..];
        assert_eq!(read::<Vec<u64>>(&FORM, &mut rest, ROOM).unwrap(), list);
        assert_eq!(rest, b"more");
    }

    #[test]
    fn every_cut_is_told_and_every_changed_byte() {
        let bytes = written(&(0..300_u64).collect::<Vec<_>>());
        for length in 0..bytes.len() {
            assert!(matches!(read_list(&bytes[..length]), Err(StoredError::CutShort)), "{length}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x11;
            assert!(read_list(&bytes).is_err(), "{at}");
        }
    }

    #[test]
    fn what_is_not_this_says_so() {
        let error = |bytes: &[u8]| read_list(bytes).unwrap_err().to_string();
        let bytes = written(&vec![7_u64]);
        assert_eq!(error(&[0; 64]), "is not a list that whither wrote");
        let mut other = bytes.clone();
        other[12] = 4;
        let expected = format!(
            "was written by whither {VERSION} in form 4, and only that version reads it; analyse its captures again"
        );
        assert_eq!(error(&other), expected);
        let other = read::<Vec<u64>>(&Form { tag: *b"else", ..FORM }, &mut &*bytes, ROOM);
        assert!(matches!(other, Err(StoredError::NotThis { .. })));
        let tight = read::<Vec<u64>>(&FORM, &mut &*bytes, 1);
        assert!(matches!(tight, Err(StoredError::TooLarge { bytes: 2, limit_bytes: 1 })));
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(matches!(read_list(&damaged), Err(StoredError::Damaged)));
    }

    /// A length that is far too large takes no memory, and bytes behind the value are a fault.
    #[test]
    fn lengths_are_not_trusted() {
        let mut many = written(&vec![0_u64; 20]);
        many[BODY_AT] = 90;
        assert!(matches!(read_list(&resealed(&many[..many.len() - 4])), Err(StoredError::Unsound { .. })));
        let mut few = written(&vec![0_u64; 20]);
        few[BODY_AT] = 9;
        assert!(matches!(read_list(&resealed(&few[..few.len() - 4])), Err(StoredError::Unsound { .. })));
        let mut long = written(&vec![0_u64; 20]);
        long[BODY_AT - 8..BODY_AT].copy_from_slice(&ROOM.to_le_bytes());
        assert!(matches!(read_list(&long), Err(StoredError::CutShort)));
    }

    #[test]
    fn equal_maps_are_equal_bytes_and_keys_stand_once_in_their_order() {
        #[derive(Serialize, Deserialize)]
        struct Maps(
            #[serde(with = "sorted_map")] HashMap<u32, u8, RandomState>,
            #[serde(with = "sorted_set")] Arc<HashSet<u32>>,
        );
        let set = |order: &[u32]| Arc::new(order.iter().copied().collect());
        let maps = |order: &[u32]| Maps(order.iter().map(|&key| (key, 1)).collect(), set(order));
        assert_eq!(written(&maps(&[1, 2, 3])), written(&maps(&[3, 1, 2])));
        let same: Maps = read(&FORM, &mut &*written(&maps(&[2, 1])), ROOM).unwrap();
        assert_eq!((same.0.get(&2), same.1.len()), (Some(&1), 2));
        for keys in [[2_u32, 1], [1, 1]] {
            let wrong = (keys.map(|key| (key, 0_u8)).to_vec(), Vec::<u32>::new());
            assert!(read::<Maps>(&FORM, &mut &*written(&wrong), ROOM).is_err());
        }
    }
}
