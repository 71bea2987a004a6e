//! Live capture from outside, each test in a network namespace of its own: only its loopback interface is captured from, and
//! nothing else sends there. Where a namespace cannot be made, the tests say so and pass.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_types)]

use fixtures::blocks;
use fixtures::pcapng::{PACKET, STATISTICS};
use fixtures::program::{Program, Said, has_all};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

/// Longest that anything is waited for that must happen. Long, since machines that test are busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Set in the process that runs in the namespace.
const INSIDE: &str = "WHITHER_TEST_NAMESPACE";

/// A test whose body runs in a namespace of its own, in a process of its own.
macro_rules! isolated {
    ($(#[$about:meta])* fn $name:ident() $body:block) => {
        $(#[$about])*
        #[test]
        fn $name() {
            if is_inside(stringify!($name)) {
                $body
            }
        }
    };
}

/// Whether this process is the one in the namespace. Outside, starts it and expects that it succeeds.
#[expect(clippy::print_stdout, reason = "whoever runs the tests is told which were skipped")]
fn is_inside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status().expect("ip starts");
        assert!(up.success(), "the loopback interface is up");
        return true;
    }
    // Root needs no user namespace; others are root in one.
    let flags = [&["--net", "--mount"][..], &["--net", "--mount", "--map-root-user"]].into_iter().find(|flags| {
        let mut probe = Command::new("unshare");
        probe.args(*flags).args(["--", "ip", "link", "set", "lo", "up"]).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    });
    let Some(flags) = flags else {
        println!("skipped: {name}: no network namespace can be made here");
        return false;
    };
    let this = std::env::current_exe().expect("this test");
    let mut inside = Command::new("unshare");
    inside.args(flags).arg("--").arg(this).args(["--exact", name, "--nocapture"]).env(INSIDE, "1");
    let output = inside.output().expect("unshare starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

/// Whether these tests, and so what they start, ignore SIGHUP (signal 1): the lowest bit of the mask that `proc` shows.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Waits until something is so; panics where it takes too long.
fn wait_for<T>(what: &str, mut test: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = test() {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited too long: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A capture that runs.
struct Running {
    child: Child,
}

impl Running {
    /// Starts a capture from the loopback interface to a file and waits until it listens: the file is begun then.
    fn start(path: &Path, args: &[&str]) -> Self {
        let running = Self::spawn(WHITHER.command(&["capture", "-i", "lo", "-o", text(path)]).args(args));
        wait_for("the file is begun", || std::fs::metadata(path).is_ok_and(|file| file.len() > 0).then_some(()));
        running
    }

    fn spawn(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().expect("whither starts") }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status();
        sent.expect("kill starts");
    }

    /// A file of each of its threads (proc(5)).
    fn threads(&self, file: &str) -> Vec<String> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        threads.map(|thread| std::fs::read_to_string(thread.path().join(file)).unwrap_or_default()).collect()
    }

    /// Whether it has a thread of this name. The one for owners is begun when it has begun to listen.
    fn has_thread(&self, name: &str) -> bool {
        self.threads("comm").iter().any(|thread| thread.trim() == name)
    }

    /// Waits for the end.
    fn end(mut self) -> Said {
        wait_for("whither ends", || self.child.try_wait().expect("it can be waited for"));
        self.child.wait_with_output().expect("whither ends").into()
    }

    fn stop(self) -> Said {
        self.signal("-INT");
        self.end()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name of text")
}

/// Datagrams of this size from one socket to another.
struct Sender {
    from: UdpSocket,
    to: UdpSocket,
}

impl Sender {
    fn new() -> Self {
        let [from, to] = [0; 2].map(|port| UdpSocket::bind(("127.0.0.1", port)).expect("a socket"));
        from.connect(to.local_addr().expect("bound")).expect("connected");
        Self { from, to }
    }

    fn send(&self, count: usize, size: usize) {
        let bytes = vec![b'w'; size];
        for _ in 0..count {
            self.from.send(&bytes).expect("sent");
        }
    }
}

/// The records of `whither flows`, which must read the capture to its end.
fn flows(path: &Path) -> Vec<serde_json::Value> {
    let said = WHITHER.run(&["flows", text(path)]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    said.out.lines().map(json).collect()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

/// How many blocks of a kind the file has, which must be whole.
fn blocks(path: &Path, kind: u32) -> usize {
    blocks::of(&std::fs::read(path).expect("the file is there"), kind).len()
}

/// A counter of the only statistics block.
fn counter(path: &Path, code: u16) -> u64 {
    blocks::counter(&std::fs::read(path).expect("the file is there"), code)
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pcapng");
    (folder, path)
}

isolated! {
    fn each_signal_ends_with_a_whole_file_and_the_summary() {
        for signal in ["-INT", "-TERM", "-HUP"] {
            if signal == "-HUP" && is_hangup_ignored() {
                println!("not tested: SIGHUP is ignored here, as under nohup, and whither leaves it so");
                continue;
            }
            let (_folder, path) = folder();
            let running = Running::start(&path, &[]);
            Sender::new().send(5, 100);
            running.signal(signal);
            let said = running.end();
            assert_eq!(said.code, Some(0), "{signal}: {}", said.err);
            has_all(&said.err, &["wrote 5 frames", "Next: whither map ", text(&path)]);
            assert_eq!(blocks(&path, PACKET), 5, "{signal}");
            // On the loopback interface, Linux counts a packet twice: as it goes and as it comes.
            assert_eq!((counter(&path, 4), counter(&path, 5), counter(&path, 8)), (10, 0, 5));
            assert_eq!(flows(&path).len(), 1);
        }
    }
}

isolated! {
    fn a_second_signal_ends_at_once() {
        // Nobody reads: the capture cannot end by itself, since it waits for room in the pipe.
        let running = Running::spawn(&mut WHITHER.command(&["capture", "-i", "lo", "-o", "-"]));
        wait_for("it listens", || running.has_thread("owners").then_some(()));
        let sender = Sender::new();
        wait_for("it waits for room", || {
            sender.send(100, 1_000);
            // The number of the system call, then what it was given: a write to stdout.
            running.threads("syscall").iter().any(|call| call.split(' ').nth(1) == Some("0x1")).then_some(())
        });
        running.signal("-INT");
        let mut child = running.child;
        let id = child.id().to_string();
        let status = wait_for("another signal ends it", || {
            Command::new("kill").args(["-INT", &id]).stderr(Stdio::null()).status().expect("kill starts");
            child.try_wait().expect("it can be waited for")
        });
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    }
}

isolated! {
    fn duration_ends_on_an_idle_interface() {
        let (_folder, path) = folder();
        let began = Instant::now();
        let said = Running::start(&path, &["--duration", "1s"]).end();
        let elapsed = began.elapsed();
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!((Duration::from_secs(1)..PATIENCE).contains(&elapsed), "{elapsed:?}");
        has_all(&said.err, &["wrote 0 frames"]);
        assert_eq!(blocks(&path, STATISTICS), 1);
    }
}

isolated! {
    fn packets_reach_the_file_while_the_capture_goes_on() {
        let (_folder, path) = folder();
        let running = Running::start(&path, &[]);
        let sender = Sender::new();
        for packets in 1..4 {
            sender.send(1, 100);
            wait_for("the packet is in the file", || (blocks(&path, PACKET) == packets).then_some(()));
        }
        running.stop();
    }
}

isolated! {
    fn an_existing_file_is_refused_without_force() {
        let (_folder, path) = folder();
        std::fs::write(&path, "precious").expect("written");
        let command = ["capture", "-i", "lo", "-o", text(&path), "--duration", "1s"];
        WHITHER.run(&command).refusal(&["--force", text(&path)]);
        assert_eq!(std::fs::read(&path).expect("still there"), b"precious");
        let forced = WHITHER.command(&command).arg("--force").output().expect("whither starts");
        assert!(forced.status.success());
        assert_eq!(flows(&path).len(), 0);
    }
}

isolated! {
    fn rotated_files_are_whole_and_only_the_last_of_this_run_are_kept() {
        let (folder, path) = folder();
        let foreign = folder.path().join("a_00001_20200101000000.pcapng");
        std::fs::write(&foreign, "another run's").expect("written");
        let arguments = ["capture", "-i", "lo", "-o", text(&path), "--rotate", "20k", "--keep", "3"];
        let running = Running::spawn(&mut WHITHER.command(&arguments));
        let files = || {
            let entries = std::fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("one").path());
            let mut files: Vec<_> = entries.filter(|path| *path != foreign).collect();
            files.sort();
            files
        };
        wait_for("the first file is begun", || (files().len() == 1).then_some(()));
        let sender = Sender::new();
        // Each filled before the next begins, or the socket would be asked to hold all of it.
        for _ in 0..10 {
            sender.send(10, 1_000);
            let mut received = [0; 1_000];
            (0..10).for_each(|_| drop(sender.to.recv(&mut received)));
        }
        let said = running.stop();
        assert_eq!(said.code, Some(0), "{}", said.err);
        has_all(&said.err, &["wrote 100 frames", "3 files", "removed", "a_*.pcapng"]);
        let files = files();
        assert_eq!(files.len(), 3, "{files:?}");
        for file in &files {
            assert!(file.metadata().expect("there").len() <= 20 << 10);
            assert_eq!(counter(file, 8), blocks(file, PACKET) as u64);
            assert_eq!(flows(file).len(), 1);
        }
        assert!(text(&files[2]).contains("a_0000"), "{files:?}");
        assert_eq!(std::fs::read(&foreign).expect("still there"), b"another run's");
    }
}

isolated! {
    fn a_file_ends_by_time_though_no_packet_follows() {
        let (folder, path) = folder();
        let running = Running::spawn(&mut WHITHER.command(&["capture", "-i", "lo", "-o", text(&path), "--rotate", "1s"]));
        let count = || std::fs::read_dir(folder.path()).expect("the folder").count();
        wait_for("the first file is begun", || (count() == 1).then_some(()));
        Sender::new().send(1, 100);
        wait_for("the second file is begun", || (count() == 2).then_some(()));
        has_all(&running.stop().err, &["wrote 1 frame,", "2 files"]);
        assert_eq!(count(), 2, "an idle interface makes no files");
    }
}

isolated! {
    fn a_pipe_is_read_as_it_comes() {
        let mut capture = Running::spawn(&mut WHITHER.command(&["capture", "-i", "lo", "-o", "-"]));
        let out = capture.child.stdout.take().expect("a pipe");
        let mut map = WHITHER.command(&["map", "-", "--json", "-"]);
        let map = map.stdin(out).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("whither starts");
        let map = Running { child: map };
        let sender = Sender::new();
        wait_for("it listens", || capture.has_thread("owners").then_some(()));
        sender.send(7, 100);
        let said = capture.stop();
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.err.contains("wrote 7 frames") && !said.err.contains("Next"), "{}", said.err);
        let said = map.end();
        assert_eq!(said.code, Some(0), "{}", said.err);
        let report = json(&said.out);
        assert_eq!(report["captures"][0]["frames"], 7, "{report}");
    }
}

isolated! {
    fn a_reader_that_goes_away_ends_it_quietly_though_nothing_comes() {
        let mut capture = Running::spawn(&mut WHITHER.command(&["capture", "-i", "lo", "-o", "-"]));
        drop(capture.child.stdout.take());
        let said = capture.end();
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    }
}

isolated! {
    fn a_full_disk_is_an_error_that_tells_what_is_there() {
        let (folder, _) = folder();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "none", text(folder.path())])
            .status()
            .expect("mount starts");
        if !mounted.success() {
            println!("skipped: no file system of its own can be mounted here");
            return;
        }
        let path = folder.path().join("a.pcapng");
        is_told_and_whole(Running::start(&path, &[]), &path, "No space left");
        Command::new("umount").arg(folder.path()).status().expect("umount starts");
    }
}

isolated! {
    fn a_limit_of_files_is_an_error_that_tells_what_is_there() {
        let (_folder, path) = folder();
        let mut limited = Command::new("sh");
        let whither = WHITHER.path();
        limited.args(["-c", "ulimit -f 200; exec \"$0\" capture -i lo -o \"$1\"", whither, text(&path)]);
        let running = Running::spawn(&mut limited);
        wait_for("the file is begun", || std::fs::metadata(&path).is_ok_and(|file| file.len() > 0).then_some(()));
        is_told_and_whole(running, &path, "too large");
    }
}

/// Sends more than there is room for.
fn is_told_and_whole(mut running: Running, path: &Path, reason: &str) {
    let sender = Sender::new();
    wait_for("it ends", || {
        sender.send(100, 1_000);
        running.child.try_wait().expect("it can be waited for")
    });
    let said = running.end();
    assert_eq!(said.code, Some(2), "{}", said.err);
    let packets = blocks(path, PACKET);
    assert!(packets > 10);
    has_all(&said.err, &[reason, &format!("; {packets} of "), "can be read", "make room"]);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert_eq!(flows(path).len(), 1);
}

isolated! {
    fn dropped_frames_are_told() {
        let (_folder, path) = folder();
        let running = Running::start(&path, &["--buffer", "64k"]);
        running.signal("-STOP");
        let stat = format!("/proc/{}/stat", running.child.id());
        wait_for("it stands still", || std::fs::read_to_string(&stat).ok()?.contains(") T ").then_some(()));
        let sender = Sender::new();
        sender.send(5_000, 1_000);
        running.signal("-CONT");
        wait_for("it goes on", || (blocks(&path, PACKET) > 0).then_some(()));
        let said = running.stop();
        assert_eq!(said.code, Some(0), "{}", said.err);
        has_all(&said.err, &["dropped by the system", "--buffer"]);
        let (received, dropped, written) = (counter(&path, 4), counter(&path, 5), counter(&path, 8));
        assert_eq!(received, 2 * 5_000, "each twice");
        assert!(dropped > 1_000 && written > 0 && dropped + written <= received, "{dropped} {written}");
    }
}

isolated! {
    fn the_process_that_owns_a_flow_is_named() {
        let (_folder, path) = folder();
        let running = Running::start(&path, &[]);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let stream = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
        let sender = Sender::new();
        sender.send(3, 100);
        wait_for("all is in the file", || (blocks(&path, PACKET) == 6).then_some(()));
        drop(stream);
        assert!(running.stop().code == Some(0));
        let records = flows(&path);
        assert_eq!(records.len(), 2);
        let this = std::env::current_exe().expect("this test");
        for record in records {
            let owner = &record["owner"];
            assert_eq!(owner["pid"], std::process::id(), "{record}");
            assert_eq!(owner["name"].as_str(), this.file_name().and_then(|name| name.to_str()), "{record}");
            assert_eq!(owner["path"].as_str(), this.to_str(), "{record}");
            assert_eq!(owner["format"], "wireshark-process", "{record}");
        }
    }
}
