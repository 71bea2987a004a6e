//! The embedded file of address facts: named sections of bytes, and what sections are written with.
//!
//! Layout (our own): the magic, the number of sections, then per section a four-letter name, offset and length; all little
//! endian. A missing or damaged section leaves its facts unknown; it never stops the program.

/// First bytes of the file; the digit is the version of the layout.
pub const MAGIC: &[u8; 8] = b"WHPLACE2";
/// Sections a file may hold; ours has nine.
const MAX_SECTIONS: usize = 32;
/// Compression level for building; decoding costs the same at any.
const LEVEL: i32 = 22;

/// The section of this name, if the file is whole up to its end.
pub fn section(file: &'static [u8], name: [u8; 4]) -> Option<&'static [u8]> {
    let rest = file.strip_prefix(MAGIC)?;
    let (&count, mut rest) = rest.split_first()?;
    for _ in 0..usize::from(count).min(MAX_SECTIONS) {
        let (found, after) = rest.split_first_chunk::<4>()?;
        let (offset, after) = after.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        rest = after;
        if *found == name {
            let offset = usize::try_from(u32::from_le_bytes(*offset)).ok()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            return file.get(offset..offset.checked_add(length)?);
        }
    }
    None
}

/// Joins sections into a file.
///
/// # Errors
/// If a section or the file is larger than its directory can say.
pub fn join(sections: &[([u8; 4], Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let too_large = |_| std::io::Error::other("too large for the directory");
    let mut file = MAGIC.to_vec();
    file.push(u8::try_from(sections.len()).map_err(too_large)?);
    let mut offset = file.len() + sections.len() * 12;
    for (name, bytes) in sections {
        file.extend_from_slice(name);
        file.extend_from_slice(&u32::try_from(offset).map_err(too_large)?.to_le_bytes());
        file.extend_from_slice(&u32::try_from(bytes.len()).map_err(too_large)?.to_le_bytes());
        offset += bytes.len();
    }
    for (_, bytes) in sections {
        file.extend_from_slice(bytes);
    }
    Ok(file)
}

/// One zstd frame at the level used for embedded data.
///
/// # Errors
/// If the compressor fails.
pub fn compress(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(plain, LEVEL)
}

/// One zstd frame, if it is whole and no longer than `limit` when unpacked.
pub(crate) fn decompress(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    zstd::bulk::decompress(data, limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_are_found_by_name() {
        let file: &'static [u8] = join(&[(*b"aaaa", vec![1, 2]), (*b"bbbb", vec![3])]).unwrap().leak();
        assert_eq!(section(file, *b"bbbb"), Some(&[3_u8][..]));
        assert_eq!(section(file, *b"cccc"), None);
        for length in 0..file.len() {
            assert_eq!(section(&file[..length], *b"bbbb"), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes: &'static [u8] = [MAGIC.as_slice(), &bytes].concat().leak();
            section(bytes, *b"LOC4");
            decompress(bytes, 100);
        }
    }
}
