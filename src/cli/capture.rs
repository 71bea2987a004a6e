//! `whither capture`: from an interface into a file, with a running summary. Needs libpcap (feature `live`).

use super::End;
use super::args::{Args, CaptureArgs};
use crate::error::Error;

#[cfg(not(feature = "live"))]
pub(super) fn run(_: &Args, _: &CaptureArgs) -> Result<End, Error> {
    Err(Error::usage(
        "capture: this build has no live capture",
        "install libpcap and build with `cargo install whither --features live`, or capture with tcpdump or PCAPdroid",
    ))
}

#[cfg(feature = "live")]
pub(super) use live::{filter, run};

#[cfg(feature = "live")]
mod live {
    use super::{Args, CaptureArgs, End, Error};
    use crate::capture::{Frame, LinkType};
    use crate::cli::{say, stdout};
    use crate::flow::{Partial, SampleKey, Tracker};
    use crate::output::{escape, units};
    use crate::report::analysis::FrameFilter;
    use foldhash::fast::RandomState;
    use pcap::{Active, BpfProgram, Capture, Device, Linktype};
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::io::IsTerminal;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    /// How often the summary is renewed.
    const INTERVAL: Duration = Duration::from_secs(1);
    /// How long libpcap waits for packets before it lets us look at the clock, in ms.
    const WAIT_MS: i32 = 200;
    /// Kept of a frame: all of it, whatever offloading makes of it.
    const SNAP_LENGTH: i32 = 262_144;

    fn failed(what: &str, error: &pcap::Error) -> Error {
        let text = error.to_string();
        let denied =
            ["permission", "not permitted", "don't have"].iter().any(|word| text.to_lowercase().contains(word));
        let hint = match denied {
            true => {
                "capturing needs rights: run it with sudo, or `sudo setcap cap_net_raw,cap_net_admin=eip $(which whither)`"
            }
            false => "`whither capture` lists the interfaces",
        };
        Error::usage(format!("{what}: {text}"), hint)
    }

    /// Lists the interfaces.
    fn list() -> Result<End, Error> {
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
        stdout::write(text.as_bytes())?;
        Ok(End::Done)
    }

    /// Captures until told to stop, by time, by size, or by an interrupt (which leaves a whole file behind, since every
    /// record is flushed with the summary).
    pub(in crate::cli) fn run(args: &Args, given: &CaptureArgs) -> Result<End, Error> {
        let Some(interface) = &given.interface else { return list() };
        let Some(path) = &given.output else {
            return Err(Error::usage("capture: no file to write to", "give one with -o FILE"));
        };
        let mut capture = open(interface)?;
        if let Some(expression) = &given.filter {
            capture.filter(expression, true).map_err(|error| failed(&format!("--filter {expression}"), &error))?;
        }
        let link_type = LinkType(u16::try_from(capture.get_datalink().0).unwrap_or(u16::MAX));
        let mut file = capture
            .savefile(path)
            .map_err(|error| Error::not_usable(path, error.to_string(), "choose a folder that can be written to"))?;
        let began = Instant::now();
        let mut tally = Tally::new(link_type, path, !args.quiet && std::io::stderr().is_terminal());
        loop {
            match capture.next_packet() {
                Ok(packet) => {
                    file.write(&packet);
                    tally.observe(&packet);
                }
                Err(pcap::Error::TimeoutExpired) => {}
                Err(error) => {
                    tally.finish();
                    return Err(failed(interface, &error));
                }
            }
            if tally.is_due() {
                file.flush().map_err(|error| Error::not_usable(path, error.to_string(), "is the disk full?"))?;
                tally.show(began.elapsed());
            }
            let is_over = given.duration.is_some_and(|limit| began.elapsed().as_secs() >= limit)
                || given.bytes.is_some_and(|limit| tally.captured_bytes >= limit);
            if is_over {
                break;
            }
        }
        file.flush().map_err(|error| Error::not_usable(path, error.to_string(), "is the disk full?"))?;
        tally.finish();
        if !args.quiet {
            let (frames, bytes) = (units::count(tally.frames), units::bytes(tally.captured_bytes));
            say(&format!("whither: wrote {frames} frames, {bytes} to {0}\nNext: whither map {0}", path.display()));
        }
        Ok(End::Done)
    }

    fn open(interface: &str) -> Result<Capture<Active>, Error> {
        let open =
            || Capture::from_device(interface)?.snaplen(SNAP_LENGTH).timeout(WAIT_MS).immediate_mode(true).open();
        open().map_err(|error| failed(interface, &error))
    }

    /// The running summary.
    struct Tally {
        link_type: LinkType,
        name: String,
        is_shown: bool,
        frames: u64,
        captured_bytes: u64,
        shown: Instant,
        partial: Partial,
        tracker: Tracker,
    }

    impl Tally {
        fn new(link_type: LinkType, path: &Path, is_shown: bool) -> Self {
            let hasher = RandomState::default();
            Self {
                link_type,
                name: escape::terminal(&path.display().to_string(), false).into_owned(),
                is_shown,
                frames: 0,
                captured_bytes: 0,
                shown: Instant::now(),
                partial: Partial::new(hasher.clone(), SampleKey::default()),
                tracker: Tracker::new(hasher, SampleKey::default(), None),
            }
        }

        fn observe(&mut self, packet: &pcap::Packet<'_>) {
            let time = packet.header.ts;
            self.frames += 1;
            self.captured_bytes += packet.data.len() as u64;
            self.partial.observe(Frame {
                id: crate::capture::FrameId::new(0, self.frames),
                time_ns: time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_usec.saturating_mul(1000)),
                link_type: self.link_type,
                bytes: packet.data,
                wire_length: packet.header.len,
                note: None,
            });
        }

        fn is_due(&self) -> bool {
            self.shown.elapsed() >= INTERVAL
        }

        fn show(&mut self, elapsed: Duration) {
            self.shown = Instant::now();
            self.tracker.join(&mut self.partial, crate::capture::FrameId::default(), &mut |_| ());
            self.tracker.close(Vec::clear);
            if self.is_shown {
                let line = format!(
                    "\r{} s · {} frames · {} · {} open flows → {}   ",
                    elapsed.as_secs(),
                    units::count(self.frames),
                    units::bytes(self.captured_bytes),
                    units::count(self.tracker.open_sessions() as u64),
                    self.name,
                );
                eprint(&line);
            }
        }

        fn finish(&self) {
            if self.is_shown {
                eprint("\n");
            }
        }
    }

    fn eprint(text: &str) {
        use std::io::Write;
        let mut out = std::io::stderr();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Programs of one expression by link type; none where it has no meaning there (`ether host` on raw IP).
    type Programs = HashMap<LinkType, Option<BpfProgram>>;

    thread_local! {
        /// Each thread compiles for itself: libpcap's programs may not be shared between threads.
        static PROGRAMS: RefCell<Option<(Arc<str>, Programs)>> = const { RefCell::new(None) };
    }

    /// A test of frames by a BPF expression, compiled for each link type as it comes.
    pub(in crate::cli) fn filter(expression: &str) -> Result<FrameFilter, Error> {
        compile(expression, LinkType::ETHERNET).or_else(|_| compile(expression, LinkType::RAW))?;
        let expression: Arc<str> = expression.into();
        Ok(Arc::new(move |frame: &Frame<'_>| {
            PROGRAMS.with_borrow_mut(|programs| {
                if !programs.as_ref().is_some_and(|(compiled, _)| Arc::ptr_eq(compiled, &expression)) {
                    *programs = None;
                }
                let (_, programs) = programs.get_or_insert_with(|| (Arc::clone(&expression), Programs::new()));
                let program =
                    programs.entry(frame.link_type).or_insert_with(|| compile(&expression, frame.link_type).ok());
                program.as_ref().is_some_and(|program| program.filter(frame.bytes))
            })
        }))
    }

    fn compile(expression: &str, link_type: LinkType) -> Result<BpfProgram, Error> {
        let refused = |error: pcap::Error| {
            Error::usage(
                format!("--filter {}: {error}", escape::shell(expression)),
                "see pcap-filter(7) for the syntax",
            )
        };
        let dead = Capture::dead(data_link(link_type)).map_err(refused)?;
        dead.compile(expression, true).map_err(refused)
    }

    /// What libpcap calls a link type while it runs. The few that systems number differently have another number in files
    /// (tcpdump.org, "Link-layer header types"); libpcap knows them by name.
    fn data_link(link_type: LinkType) -> Linktype {
        let name = match link_type.0 {
            100 => "ATM_RFC1483",
            101 => "RAW",
            102 => "SLIP_BSDOS",
            103 => "PPP_BSDOS",
            106 => "ATM_CLIP",
            _ => return Linktype(i32::from(link_type.0)),
        };
        Linktype::from_name(name).unwrap_or(Linktype(i32::from(link_type.0)))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// A UDP packet without payload from 192.0.2.1 to 192.0.2.2, port 9 to 53.
        const PACKET: [u8; 28] =
            [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 9, 0, 53, 0, 8, 0, 0];

        fn passes(filter: &FrameFilter, link_type: LinkType) -> bool {
            filter(&Frame {
                id: crate::capture::FrameId::default(),
                time_ns: 0,
                link_type,
                bytes: &PACKET,
                wire_length: 28,
                note: None,
            })
        }

        #[test]
        fn filters_pass_by_link_type_and_do_not_mix() {
            let [dns, host, ether] =
                ["udp port 53", "host 192.0.2.9", "ether host 0:1:2:3:4:5"].map(|e| filter(e).unwrap());
            assert!(passes(&dns, LinkType::RAW) && !passes(&dns, LinkType::ETHERNET));
            assert!(!passes(&host, LinkType::RAW) && passes(&dns, LinkType::RAW));
            assert!(!passes(&ether, LinkType::RAW));
            assert!(filter("no such thing").is_err());
        }
    }
}
