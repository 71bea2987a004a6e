//! Finds the owner of a connection in Linux's tables of sockets and processes (proc(5)).
//!
//! `/proc/net/{tcp,udp}{,6}` say which socket has which ends; the links in `/proc/PID/fd` say which process holds a socket. Of
//! other users' processes, only root sees the links.

use super::question::{Ends, Process, QUESTIONS_MAX, Question, Reply};
use procfs::net::{TcpNetEntries, TcpState, UdpNetEntries};
use procfs::process::FDTarget;
use procfs::{FromBufReadSI, current_system_info};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most bytes read of a table: 100,000 sockets.
const TABLE_BYTES_MAX: u64 = 16 << 20;
/// Links of one process that are looked at: above the usual limit of open files.
const LINKS_MAX: usize = 65_536;
/// Sockets whose process is remembered.
const SOCKETS_MAX: usize = 65_536;
/// Processes that are looked at first: a few processes make most connections.
const FIRST_MAX: usize = 32;
/// The search takes at most this part of the time of a processor.
const SHARE: u32 = 5;
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Starts the thread that answers; it ends with the questions. None where no thread can be had.
pub(super) fn start() -> Option<(SyncSender<Question>, Receiver<Reply>)> {
    let (questions, asked) = sync_channel(QUESTIONS_MAX);
    let (answers, replies) = sync_channel(QUESTIONS_MAX);
    let thread = std::thread::Builder::new().name("owners".to_owned());
    thread.spawn(move || answer(&asked, &answers)).ok()?;
    Some((questions, replies))
}

/// Answers until nobody asks any more.
fn answer(asked: &Receiver<Question>, answers: &SyncSender<Reply>) {
    let mut processes = Processes::new();
    let mut addresses = own_addresses();
    while let Ok(first) = asked.recv() {
        let began = Instant::now();
        let mut wanted = Vec::new();
        // All that was asked meanwhile is looked for at once.
        for question in std::iter::once(first).chain(asked.try_iter()).take(QUESTIONS_MAX) {
            match question {
                Question::Owner(ends) => wanted.push(ends),
                Question::Addresses => {
                    addresses = own_addresses();
                    if answers.send(Reply::Addresses(addresses.clone())).is_err() {
                        return;
                    }
                }
            }
        }
        for (ends, process) in processes.owners(&wanted, &addresses) {
            if answers.send(Reply::Owner(ends, process)).is_err() {
                return;
            }
        }
        std::thread::sleep((began.elapsed() * (SHARE - 1)).min(PAUSE_MAX));
    }
}

/// Addresses of this machine's interfaces.
fn own_addresses() -> HashSet<IpAddr> {
    let devices = pcap::Device::list().unwrap_or_default();
    devices.into_iter().flat_map(|device| device.addresses).map(|address| address.addr).collect()
}

/// Sockets by what packets are matched with.
#[derive(Default)]
struct Sockets {
    /// By both ends, the own one first.
    connected: HashMap<(bool, SocketAddr, SocketAddr), u64>,
    /// By the own port: sockets that listen, or that send to any address.
    bound: HashMap<(bool, u16), Vec<(IpAddr, u64)>>,
}

impl Sockets {
    /// Those of a protocol.
    fn read(&mut self, is_tcp: bool) {
        if is_tcp {
            for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
                for entry in read_table::<TcpNetEntries>(table).map(|table| table.0).unwrap_or_default() {
                    let is_bound = entry.state == TcpState::Listen;
                    self.add(true, (entry.local_address, entry.remote_address), is_bound, entry.inode);
                }
            }
        } else {
            for table in ["/proc/net/udp", "/proc/net/udp6"] {
                for entry in read_table::<UdpNetEntries>(table).map(|table| table.0).unwrap_or_default() {
                    let is_bound = entry.remote_address.ip().is_unspecified();
                    self.add(false, (entry.local_address, entry.remote_address), is_bound, entry.inode);
                }
            }
        }
    }

    fn add(&mut self, is_tcp: bool, (own, other): (SocketAddr, SocketAddr), is_bound: bool, inode: u64) {
        // A connection that is not taken over yet, or that is closed already, belongs to no socket.
        if inode == 0 {
            return;
        }
        // IPv4 through an IPv6 socket.
        let [own, other] = [own, other].map(|end| SocketAddr::new(end.ip().to_canonical(), end.port()));
        if is_bound {
            self.bound.entry((is_tcp, own.port())).or_default().push((own.ip(), inode));
        } else {
            self.connected.insert((is_tcp, own, other), inode);
        }
    }

    /// The socket between these ends, or those that may be it. The sender's comes first: on the loopback interface both ends
    /// are here.
    fn find(&self, ends: &Ends, addresses: &HashSet<IpAddr>) -> Vec<u64> {
        let Ends { is_tcp, source, destination } = *ends;
        let connected = |own, other| self.connected.get(&(is_tcp, own, other)).copied();
        if let Some(inode) = connected(source, destination).or_else(|| connected(destination, source)) {
            return vec![inode];
        }
        let own = [source, destination].into_iter().filter(|e| e.ip().is_loopback() || addresses.contains(&e.ip()));
        let bound = own.map(|end| self.bound_at(is_tcp, end)).find(|inodes| !inodes.is_empty());
        bound.unwrap_or_default()
    }

    /// Sockets at an own end: those at exactly this address, else those at all addresses.
    fn bound_at(&self, is_tcp: bool, end: SocketAddr) -> Vec<u64> {
        let there = self.bound.get(&(is_tcp, end.port())).map(Vec::as_slice).unwrap_or_default();
        let at = |fits: &dyn Fn(IpAddr) -> bool| -> Vec<u64> {
            there.iter().filter(|(ip, _)| fits(*ip)).map(|(_, inode)| *inode).collect()
        };
        let exact = at(&|ip| ip == end.ip());
        if exact.is_empty() { at(&|ip| ip.is_unspecified()) } else { exact }
    }
}

/// A table up to the limit, whole lines only.
fn read_table<T: FromBufReadSI>(path: &str) -> Option<T> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(TABLE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n')?;
    T::from_buf_read(bytes.get(..=end)?, current_system_info()).ok()
}

/// Processes by the sockets they hold.
struct Processes {
    by_socket: HashMap<u64, Arc<Process>>,
    /// Those that were found last.
    first: VecDeque<i32>,
    /// When the system started, in ns since 1970 UTC.
    booted_ns: Option<u64>,
}

impl Processes {
    fn new() -> Self {
        Self { by_socket: HashMap::new(), first: VecDeque::new(), booted_ns: booted_ns() }
    }

    /// Who owns packets between each of these ends.
    fn owners(&mut self, wanted: &[Ends], addresses: &HashSet<IpAddr>) -> Vec<(Ends, Option<Arc<Process>>)> {
        let mut sockets = Sockets::default();
        for is_tcp in [true, false] {
            if wanted.iter().any(|ends| ends.is_tcp == is_tcp) {
                sockets.read(is_tcp);
            }
        }
        let found: Vec<_> = wanted.iter().map(|ends| (*ends, sockets.find(ends, addresses))).collect();
        self.look_for(found.iter().flat_map(|(_, inodes)| inodes.iter().copied()));
        found.into_iter().map(|(ends, inodes)| (ends, self.only(&inodes))).collect()
    }

    /// The process of these sockets, if it is the same for all.
    fn only(&self, inodes: &[u64]) -> Option<Arc<Process>> {
        let (first, rest) = inodes.split_first()?;
        let process = self.by_socket.get(first)?;
        rest.iter().all(|inode| self.by_socket.get(inode) == Some(process)).then(|| Arc::clone(process))
    }

    /// Finds the processes that hold these sockets, those first that were found before.
    fn look_for(&mut self, inodes: impl Iterator<Item = u64>) {
        if self.by_socket.len() >= SOCKETS_MAX {
            self.by_socket.clear();
        }
        let mut missing: HashSet<u64> = inodes.filter(|inode| !self.by_socket.contains_key(inode)).collect();
        for id in self.first.clone() {
            if missing.is_empty() {
                return;
            }
            if let Ok(process) = procfs::process::Process::new(id) {
                self.look_at(&process, &mut missing);
            }
        }
        let Ok(all) = procfs::process::all_processes() else { return };
        for process in all.flatten() {
            if missing.is_empty() {
                return;
            }
            self.look_at(&process, &mut missing);
        }
    }

    fn look_at(&mut self, process: &procfs::process::Process, missing: &mut HashSet<u64>) {
        let Ok(links) = process.fd() else { return };
        let mut described = None;
        for link in links.flatten().take(LINKS_MAX) {
            if let FDTarget::Socket(inode) = link.target
                && missing.remove(&inode)
            {
                let described = described.get_or_insert_with(|| Arc::new(describe(process, self.booted_ns)));
                self.by_socket.insert(inode, Arc::clone(described));
            }
        }
        if described.is_some() {
            self.first.retain(|id| *id != process.pid());
            self.first.push_front(process.pid());
            self.first.truncate(FIRST_MAX);
        }
    }
}

/// What the system says of a process. Its arguments are not asked for: they may hold passwords, and captures are passed on.
fn describe(process: &procfs::process::Process, booted_ns: Option<u64>) -> Process {
    let stat = process.stat().ok();
    let path = process.exe().ok().map(|path| path.to_string_lossy().trim_end_matches(" (deleted)").to_owned());
    let since_boot_ns = stat.as_ref().and_then(|stat| {
        let ns_per_tick = 1_000_000_000_u64.checked_div(procfs::ticks_per_second())?;
        stat.starttime.checked_mul(ns_per_tick)
    });
    Process {
        id: u32::try_from(process.pid()).unwrap_or(0),
        name: stat.map(|stat| whole_name(stat.comm, path.as_deref())),
        path,
        user_id: process.status().ok().map(|status| status.ruid),
        started_ns: booted_ns.zip(since_boot_ns).and_then(|(booted, since)| booted.checked_add(since)),
    }
}

/// The kernel keeps the first 15 bytes of a name; where the program's file has the same beginning, the rest is known.
fn whole_name(name: String, path: Option<&str>) -> String {
    const KEPT: usize = 15;
    let file = path.and_then(|path| path.rsplit('/').next());
    match file {
        Some(file) if name.len() == KEPT && file.starts_with(&name) => file.to_owned(),
        _ => name,
    }
}

/// When the system started: once, so that a clock that is set later does not make new processes of the old.
fn booted_ns() -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let up: f64 = std::fs::read_to_string("/proc/uptime").ok()?.split(' ').next()?.parse().ok()?;
    let booted = now.checked_sub(Duration::try_from_secs_f64(up).ok()?)?;
    u64::try_from(booted.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_types)]

    use super::*;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    fn end(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn ends(is_tcp: bool, source: &str, destination: &str) -> Ends {
        Ends { is_tcp, source: end(source), destination: end(destination) }
    }

    #[test]
    fn sockets_are_found_by_both_ends_then_by_the_own_port() {
        let mut sockets = Sockets::default();
        sockets.add(true, (end("192.0.2.1:4000"), end("198.51.100.7:443")), false, 1);
        sockets.add(true, (end("[::ffff:192.0.2.1]:4001"), end("[::ffff:198.51.100.7]:443")), false, 2);
        sockets.add(true, (end("[::]:80"), end("[::]:0")), true, 3);
        sockets.add(false, (end("0.0.0.0:5353"), end("0.0.0.0:0")), true, 4);
        sockets.add(false, (end("192.0.2.1:5353"), end("0.0.0.0:0")), true, 5);
        sockets.add(false, (end("0.0.0.0:68"), end("0.0.0.0:0")), true, 6);
        sockets.add(false, (end("[::]:68"), end("[::]:0")), true, 7);
        sockets.add(true, (end("192.0.2.1:80"), end("203.0.113.9:5000")), false, 0);
        let own = HashSet::from(["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()]);
        for (is_tcp, source, destination, inodes) in [
            (true, "192.0.2.1:4000", "198.51.100.7:443", vec![1]),
            (true, "198.51.100.7:443", "192.0.2.1:4000", vec![1]),
            (true, "192.0.2.1:4001", "198.51.100.7:443", vec![2]),
            (true, "203.0.113.9:5000", "192.0.2.1:80", vec![3]),
            (true, "203.0.113.9:5000", "203.0.113.1:80", vec![]),
            (false, "192.0.2.1:4000", "198.51.100.7:443", vec![]),
            (false, "192.0.2.1:5353", "224.0.0.251:5353", vec![5]),
            (false, "192.0.2.2:5353", "224.0.0.251:5353", vec![4]),
            (false, "192.0.2.2:68", "192.0.2.200:67", vec![6, 7]),
        ] {
            assert_eq!(sockets.find(&ends(is_tcp, source, destination), &own), inodes, "{source} {destination}");
        }
    }

    #[test]
    fn several_sockets_name_a_process_only_together() {
        let process = |id| Arc::new(Process { id, ..Process::default() });
        let by_socket = HashMap::from([(1, process(7)), (2, process(7)), (3, process(8))]);
        let processes = Processes { by_socket, first: VecDeque::new(), booted_ns: None };
        assert_eq!(processes.only(&[1, 2]), Some(process(7)));
        assert_eq!([processes.only(&[1, 3]), processes.only(&[1, 4]), processes.only(&[])], [None, None, None]);
    }

    #[test]
    fn this_process_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let wanted = [
            Ends { is_tcp: true, source: stream.local_addr().unwrap(), destination: stream.peer_addr().unwrap() },
            Ends { is_tcp: false, source: socket.local_addr().unwrap(), destination: end("127.0.0.9:9") },
            ends(false, "127.0.0.1:1", "127.0.0.1:2"),
        ];
        let mut processes = Processes::new();
        let [tcp, udp, nobody] = <[_; 3]>::try_from(processes.owners(&wanted, &HashSet::new())).unwrap();
        assert_eq!((tcp.1.as_ref(), nobody.1), (udp.1.as_ref(), None));
        let process = tcp.1.unwrap();
        let this = std::env::current_exe().unwrap();
        assert_eq!(process.id, std::process::id());
        assert_eq!(process.path.as_deref(), this.to_str());
        assert_eq!(process.name.as_deref(), this.file_name().and_then(|name| name.to_str()));
        let now_ns = UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        assert!(process.started_ns.is_some_and(|started| started <= now_ns && started > now_ns - 86_400_000_000_000));
    }

    #[test]
    fn cut_names_are_made_whole_where_the_file_tells() {
        let name = |name: &str, path| whole_name(name.to_owned(), path);
        assert_eq!(name("chromium-browse", Some("/usr/lib/chromium-browser")), "chromium-browser");
        assert_eq!(name("script.py", Some("/usr/bin/python3")), "script.py");
        assert_eq!(name("chromium-browse", None), "chromium-browse");
    }
}
