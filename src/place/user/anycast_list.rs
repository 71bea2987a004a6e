//! Lists of anycast prefixes that a user gives (`--anycast FILE`): a prefix or address on each line, `#` begins a comment.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::record::short;
use crate::error::Error;
use crate::place::block::Block;
use crate::place::facts::DatabaseInfo;

/// Most lists a user may give.
const MAX_LISTS: usize = 32;
/// Largest file read: a list of all anycast prefixes known takes less than a hundredth of it.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// Letters of a line shown in an error.
const SHOWN: usize = 40;
/// What to do with a line that is none.
const HINT: &str = "give a prefix such as 192.0.2.0/24 or 2001:db8::/32 on each line; # begins a comment";

/// The addresses of the user's lists. They are kept as ranges by number, IPv4 apart from IPv6, sorted and joined.
#[derive(Debug, Default)]
pub(in crate::place) struct AnycastLists {
    four: Vec<(u128, u128)>,
    six: Vec<(u128, u128)>,
    /// Name of each file, and how many prefixes it has.
    files: Vec<(String, usize)>,
}

impl AnycastLists {
    /// Reads all lists.
    ///
    /// # Errors
    /// If a file cannot be read, is too large, or has a line that is no prefix.
    pub(in crate::place) fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        if paths.len() > MAX_LISTS {
            let what = format!("--anycast names {} files", paths.len());
            return Err(Error::usage(what, format!("give at most {MAX_LISTS}")));
        }
        let mut lists = Self::default();
        for path in paths {
            let before = lists.four.len() + lists.six.len();
            lists.read(path, &bytes(path)?)?;
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
            lists.files.push((short(&name), lists.four.len() + lists.six.len() - before));
        }
        lists.four = joined(lists.four);
        lists.six = joined(lists.six);
        Ok(lists)
    }

    fn read(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1_u64..) {
            let line = line.split(|&byte| byte == b'#').next().unwrap_or_default().trim_ascii();
            if line.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(line);
            let refuse = |why: &str| {
                let shown: String = text.chars().take(SHOWN).collect();
                Error::not_usable(path, format!("line {number}: {shown:?} {why}"), HINT)
            };
            let (ip, first, last) = range(&text).ok_or_else(|| refuse("is no prefix"))?;
            if number_of(ip) != first {
                return Err(refuse("has bits set behind its length"));
            }
            if ip.is_ipv4() { &mut self.four } else { &mut self.six }.push((first, last));
        }
        Ok(())
    }

    /// Whether a list has this address.
    pub(in crate::place) fn holds(&self, ip: IpAddr) -> bool {
        let number = number_of(ip);
        self.before(ip, number).is_some_and(|range| number <= range.1)
    }

    /// Whether the lists have all addresses of a block, or none.
    pub(in crate::place) fn is_uniform(&self, block: Block) -> bool {
        let [first, last] = [block.first, block.last].map(number_of);
        match self.before(block.first, last) {
            Some(range) => range.1 < first || (range.0 <= first && last <= range.1),
            None => true,
        }
    }

    /// An entry for each list.
    pub(in crate::place) fn info(&self) -> Vec<DatabaseInfo> {
        let info = |(name, prefixes): &(String, usize)| DatabaseInfo {
            name: name.clone(),
            date: String::new(),
            used_for: format!("anycast prefixes given by the user ({prefixes})"),
            attribution: String::new(),
        };
        self.files.iter().map(info).collect()
    }

    /// The last range, of the family of this address, that starts at this number or before it.
    fn before(&self, family: IpAddr, number: u128) -> Option<(u128, u128)> {
        let ranges = if family.is_ipv4() { &self.four } else { &self.six };
        ranges.get(ranges.partition_point(|range| range.0 <= number).checked_sub(1)?).copied()
    }
}

/// The contents of a file, if it is not too large.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        let what = format!("larger than {} MiB", MAX_FILE_BYTES >> 20);
        return Err(Error::not_usable(path, what, "give a list of prefixes"));
    }
    Ok(bytes)
}

/// The address of a prefix as it stands there, and its first and last address as numbers.
fn range(text: &str) -> Option<(IpAddr, u128, u128)> {
    let (ip, length) = match text.split_once('/') {
        // `parse` takes a sign.
        Some((_, length)) if !length.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Some((ip, length)) => (ip.parse().ok()?, Some(length.parse::<u32>().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let bits = match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    };
    let host = u32::checked_sub(bits, length.unwrap_or(bits))?;
    let mask = 1_u128.checked_shl(host).map_or(u128::MAX, |bit| bit - 1);
    let number = number_of(ip);
    Some((ip, number & !mask, number | mask))
}

fn number_of(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// Ranges in order, those that touch or overlap joined.
fn joined(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut out: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ranges {
        match out.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open(text: &[u8]) -> Result<AnycastLists, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anycast.txt");
        std::fs::write(&path, text).unwrap();
        AnycastLists::open(&[path])
    }

    fn refused(text: &[u8]) -> String {
        open(text).unwrap_err().to_string()
    }

    #[test]
    fn prefixes_addresses_and_comments_are_read() {
        let text =
            b"\xef\xbb\xbf# mine\r\n192.0.2.0/25 # half\r\n192.0.2.128/25\n\n 2001:db8::/32\n198.51.100.7\n::1\n";
        let lists = open(text).unwrap();
        let holds = |ip: &str| lists.holds(ip.parse().unwrap());
        for ip in ["192.0.2.0", "192.0.2.127", "192.0.2.255", "2001:db8:ffff::1", "198.51.100.7", "::1"] {
            assert!(holds(ip), "{ip}");
        }
        for ip in ["192.0.1.255", "192.0.3.0", "198.51.100.6", "198.51.100.8", "2001:db9::", "::2", "::c000:201"] {
            assert!(!holds(ip), "{ip}");
        }
        assert_eq!((lists.four.len(), lists.six.len()), (2, 2), "neighbours are joined");
        assert_eq!(lists.info()[0].used_for, "anycast prefixes given by the user (5)");
        assert_eq!(lists.info()[0].name, "anycast");
    }

    #[test]
    fn whole_families_can_be_given() {
        let lists = open(b"0.0.0.0/0\n::/0\n").unwrap();
        assert!(lists.holds("255.255.255.255".parse().unwrap()) && lists.holds("ffff::".parse().unwrap()));
        assert!(!AnycastLists::default().holds("0.0.0.0".parse().unwrap()));
    }

    #[test]
    fn what_is_no_prefix_is_refused_with_its_line() {
        assert!(
            refused(b"# a\n192.0.2.0/24\nhello\n").contains("line 3: \"hello\" is no prefix; give a prefix such as")
        );
        assert!(refused(b"192.0.2.1/24").contains("line 1: \"192.0.2.1/24\" has bits set behind its length"));
        for text in [
            "192.0.2.0/33",
            "::/129",
            "192.0.2.0/",
            "192.0.2.0/+8",
            "/8",
            "192.0.2.0/24,192.0.2.1",
            "1.2.3/8",
            "\u{1b}[2J",
        ] {
            assert!(refused(text.as_bytes()).contains("is no prefix"), "{text}");
        }
        assert!(refused(&[0xff; 500]).len() < 300);
        assert!(matches!(AnycastLists::open(&["/no/such".into()]), Err(Error::Io { .. })));
        assert!(matches!(AnycastLists::open(&vec![PathBuf::new(); MAX_LISTS + 1]), Err(Error::Usage { .. })));
    }

    #[test]
    fn a_list_that_is_too_large_is_refused() {
        let longest = usize::try_from(MAX_FILE_BYTES).unwrap();
        assert!(open(&vec![b'#'; longest]).is_ok());
        assert!(refused(&vec![b'#'; longest + 1]).contains("larger than 16 MiB"));
    }

    #[test]
    fn blocks_are_uniform_where_no_prefix_is_part_of_them() {
        let lists = open(b"192.0.2.64/26\n198.51.0.0/16\n203.0.113.255\n2001:db8::/64\n").unwrap();
        let is_uniform = |ip: &str| lists.is_uniform(Block::of(ip.parse().unwrap()));
        assert!(!is_uniform("192.0.2.1") && !is_uniform("203.0.113.1") && !is_uniform("2001:db8::1"));
        assert!(
            is_uniform("198.51.7.1") && is_uniform("192.0.3.1") && is_uniform("1.1.1.1") && is_uniform("2001:db9::1")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = AnycastLists::default().read(Path::new("list"), &bytes);
        }

        #[test]
        fn what_a_prefix_holds_is_what_its_first_bits_say(ip: u32, length in 0_u32..=32, other: u32) {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let mut lists = AnycastLists::default();
            let prefix = format!("{}/{length}", std::net::Ipv4Addr::from_bits(ip & mask));
            lists.read(Path::new("list"), prefix.as_bytes()).unwrap();
            for other in [other, ip ^ (other >> length.min(31)), ip] {
                let is_held = lists.holds(IpAddr::V4(other.into()));
                prop_assert_eq!(is_held, other & mask == ip & mask);
            }
        }
    }
}
