//! What the operating system says of itself and of this process. Linux says most in `/proc` (proc(5)); what a system does not
//! say is not known.

use crate::output::bench::Machine;
use std::fs::File;
use std::io::Read;

/// Most bytes read of a file in `/proc`. `cpuinfo` has an entry for each processor, of which only the first is needed.
const PROC_LIMIT: u64 = 1 << 16;

/// The machine.
pub(super) fn describe() -> Machine {
    let cpu = proc("/proc/cpuinfo");
    let words = ["model name", "Model", "cpu model", "cpu", "Hardware"];
    Machine {
        processors: std::thread::available_parallelism().ok().map(std::num::NonZero::get),
        processor: words
            .iter()
            .find_map(|word| value(&cpu, word))
            .map(|model| model.split_whitespace().collect::<Vec<_>>().join(" ")),
        memory_bytes: value(&proc("/proc/meminfo"), "MemTotal").and_then(kibibytes),
        load: proc("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

/// Most memory that this process held at once, so far: its peak resident set.
pub(super) fn peak_memory_bytes() -> Option<u64> {
    value(&proc("/proc/self/status"), "VmHWM").and_then(kibibytes)
}

/// A line of what the system says of this process, by its key.
#[cfg(unix)]
pub(super) fn status(key: &str) -> Option<String> {
    value(&proc("/proc/self/status"), key).map(str::to_owned)
}

/// The operating system with its release.
#[cfg(feature = "live")]
pub(super) fn system() -> String {
    let release = proc("/proc/sys/kernel/osrelease");
    format!("{} {}", std::env::consts::OS, release.trim()).trim_end().to_owned()
}

/// A file of `/proc`; nothing where there is none.
fn proc(path: &str) -> String {
    let mut bytes = Vec::new();
    // What could be read before an error is as good as a shorter file.
    let _ = File::open(path).and_then(|file| file.take(PROC_LIMIT).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of a line `key : value`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key && !value.trim().is_empty()).then(|| value.trim())
    })
}

/// `123 kB`, which is meant in units of 1024.
fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_key() {
        let text = "processor\t: 0\nmodel name\t: Made Up  3000\nmodel\t\t: 3\nVmHWM:\t  2048 kB\nempty:\n";
        assert_eq!((value(text, "model name"), value(text, "model")), (Some("Made Up  3000"), Some("3")));
        assert_eq!((value(text, "empty"), value(text, "none")), (None, None));
        assert_eq!(value(text, "VmHWM").and_then(kibibytes), Some(2 << 20));
        assert_eq!([kibibytes("12"), kibibytes("x kB"), kibibytes("18446744073709551615 kB")], [None; 3]);
    }

    #[test]
    fn what_the_system_says_is_plausible() {
        assert!(peak_memory_bytes().is_none_or(|bytes| bytes > 1 << 16));
        assert!(!describe().system.is_empty() && proc("/proc/there/is/none").is_empty());
    }
}
