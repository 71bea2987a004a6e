//! An interface that is captured from, through libpcap.

use crate::capture::LinkType;
use crate::error::Error;
use crate::output::escape;
use pcap::{Active, Capture, Device, Linktype, Precision};

/// Bytes kept of a frame: all of it, also if offloading makes it longer than a packet.
pub(super) const SNAP_LENGTH: u32 = 262_144;
/// How long the kernel gathers packets before it hands them over, in ms. Short, so that the process behind a connection is
/// still there when it is looked for.
const GATHER_MS: i32 = 10;

/// An interface, opened.
pub(super) struct Interface {
    capture: Capture<Active>,
    /// As the system calls it.
    pub(super) name: String,
    /// As people call it.
    pub(super) description: Option<String>,
    pub(super) link_type: LinkType,
    /// A fraction of a second in libpcap's times, in ns.
    ns_per_fraction: i64,
    drops: Drops,
}

/// A frame as it comes from the interface.
pub(super) struct Caught<'a> {
    pub(super) time_ns: u64,
    pub(super) bytes: &'a [u8],
    pub(super) wire_length: u32,
}

/// What the system counted since the capture began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counted {
    /// Packets that passed the filter, those that were dropped among them. Linux counts those of the loopback interface twice, as
    /// they go and as they come.
    pub(super) received: u64,
    /// Packets that the kernel had no room for, or that the interface dropped.
    pub(super) dropped: u64,
}

impl Interface {
    /// Opens an interface for frames that pass a filter. `buffer_bytes`: what the kernel may hold until it is read.
    pub(super) fn open(name: &str, filter: Option<&str>, buffer_bytes: u64) -> Result<Self, Error> {
        let denied = |error| failed(name, &error);
        let buffer_bytes = i32::try_from(buffer_bytes)
            .map_err(|_| Error::usage("--buffer: the kernel takes less than 2G", "give a smaller size"))?;
        // Not in immediate mode: on Linux, each packet would then take the room of the longest, and a buffer of 2 MiB holds 32.
        let open = |precision| {
            Capture::from_device(name)?
                .snaplen(SNAP_LENGTH as i32)
                .timeout(GATHER_MS)
                .buffer_size(buffer_bytes)
                .precision(precision)
                .open()
        };
        let nanoseconds = open(Precision::Nano);
        let (capture, ns_per_fraction) = match nanoseconds {
            Ok(capture) => (capture, 1),
            // A system that has no nanoseconds refuses only them.
            Err(first) => (open(Precision::Micro).map_err(|_| denied(first))?, 1_000),
        };
        // On Linux, a read of libpcap that waits may wait for ever on an idle interface, whatever its timeout. So we wait ourselves.
        let mut capture = capture.setnonblock().map_err(denied)?;
        if let Some(expression) = filter {
            let refused = |error: pcap::Error| {
                let what = format!("--filter {}: {error}", escape::shell(expression));
                Error::usage(what, "see pcap-filter(7) for the syntax")
            };
            capture.filter(expression, true).map_err(refused)?;
        }
        let link_type = in_files(capture.get_datalink());
        let known = Device::list().unwrap_or_default().into_iter().find(|device| device.name == name);
        let description = known.and_then(|device| device.desc);
        Ok(Self { capture, name: name.to_owned(), description, link_type, ns_per_fraction, drops: Drops::default() })
    }

    /// The next frame, if one is there.
    pub(super) fn next(&mut self) -> Result<Option<Caught<'_>>, Error> {
        let ns_per_fraction = self.ns_per_fraction;
        match self.capture.next_packet() {
            Ok(packet) => {
                // Types of timeval differ from system to system.
                #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
                let (seconds, fraction) = (packet.header.ts.tv_sec as i64, packet.header.ts.tv_usec as i64);
                let time_ns = seconds.saturating_mul(1_000_000_000).saturating_add(fraction * ns_per_fraction);
                Ok(Some(Caught {
                    time_ns: u64::try_from(time_ns).unwrap_or(0),
                    bytes: packet.data,
                    wire_length: packet.header.len,
                }))
            }
            Err(pcap::Error::TimeoutExpired) => Ok(None),
            Err(error) => Err(failed(&self.name, &error)),
        }
    }

    /// What the system counted, if it says.
    pub(super) fn counted(&mut self) -> Option<Counted> {
        let now = self.capture.stats().ok()?;
        Some(self.drops.add(now.received, now.dropped, now.if_dropped))
    }
}

/// Sums of counters that libpcap gives with 32 bits, which start again at 0.
#[derive(Debug, Default)]
struct Drops {
    last: [u32; 3],
    sums: [u64; 3],
}

impl Drops {
    fn add(&mut self, received: u32, dropped: u32, dropped_by_interface: u32) -> Counted {
        let now = [received, dropped, dropped_by_interface];
        for ((sum, last), now) in self.sums.iter_mut().zip(&mut self.last).zip(now) {
            *sum += u64::from(now.wrapping_sub(*last));
            *last = now;
        }
        let [received, by_kernel, by_interface] = self.sums;
        Counted { received, dropped: by_kernel + by_interface }
    }
}

/// One line for each interface.
pub(super) fn list() -> Result<String, Error> {
    let devices = Device::list().map_err(|error| failed("cannot list the interfaces", &error))?;
    let mut text = String::new();
    for device in devices {
        let addresses: Vec<String> = device.addresses.iter().map(|a| a.addr.to_string()).collect();
        let about = device.desc.unwrap_or_default();
        text.push_str(&format!("{:<16} {}  {}\n", device.name, addresses.join(" "), about).replace("   \n", "\n"));
    }
    if text.is_empty() {
        text.push_str("no interface may be captured from: run it with sudo\n");
    }
    Ok(text)
}

fn failed(what: &str, error: &pcap::Error) -> Error {
    let text = error.to_string();
    let denied = ["permission", "not permitted", "don't have"].iter().any(|word| text.to_lowercase().contains(word));
    let hint = match denied {
        true => {
            "capturing needs rights: run it with sudo, or `sudo setcap cap_net_raw,cap_net_admin=eip $(which whither)`"
        }
        false => "`whither capture` lists the interfaces",
    };
    Error::usage(format!("{what}: {text}"), hint)
}

/// The few link types that systems number differently have another number in files (tcpdump.org, "Link-layer header types");
/// libpcap knows them by name.
const NAMED: [(u16, &str); 7] = [
    (100, "ATM_RFC1483"),
    (101, "RAW"),
    (102, "SLIP_BSDOS"),
    (103, "PPP_BSDOS"),
    (106, "ATM_CLIP"),
    (246, "PFSYNC"),
    (258, "PKTAP"),
];

/// What libpcap calls a link type while it runs.
pub(super) fn data_link(link_type: LinkType) -> Linktype {
    let named = NAMED.iter().find(|(number, _)| *number == link_type.0);
    named.and_then(|(_, name)| Linktype::from_name(name).ok()).unwrap_or(Linktype(i32::from(link_type.0)))
}

/// How files number what libpcap says while it runs.
fn in_files(data_link: Linktype) -> LinkType {
    let named = NAMED.iter().find(|(_, name)| Linktype::from_name(name).is_ok_and(|named| named == data_link));
    LinkType(named.map_or_else(|| u16::try_from(data_link.0).unwrap_or(u16::MAX), |(number, _)| *number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_types_are_numbered_as_in_files() {
        for number in [0, 1, 9, 100, 101, 102, 103, 105, 106, 113, 127, 192, 228, 246, 258, 276] {
            let link_type = LinkType(number);
            assert_eq!(in_files(data_link(link_type)), link_type);
        }
        #[cfg(target_os = "linux")]
        assert_eq!(in_files(Linktype(12)), LinkType::RAW);
    }

    #[test]
    fn counters_go_on_past_32_bits() {
        let mut drops = Drops::default();
        assert_eq!(drops.add(u32::MAX, 5, 1), Counted { received: u32::MAX.into(), dropped: 6 });
        assert_eq!(drops.add(9, 7, 1), Counted { received: (1 << 32) + 9, dropped: 8 });
    }
}
