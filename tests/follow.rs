//! A pipe that is followed: what is shown while it runs, what is said at its end, and what is refused.

use fixtures::program::{Program, has_all};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));
const PHONE: &str = "samples/phone.pcap";
/// Its phone.
const ADDRESS: &str = "192.168.1.23";
/// Nobody waits longer for what comes within a few seconds, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

fn capture() -> Vec<u8> {
    std::fs::read(WHITHER.file(PHONE)).expect("the sample is there")
}

/// Where the record ends in which, or before which, so many bytes end (of a classic capture, least significant byte first).
fn whole_records(capture: &[u8], bytes: usize) -> usize {
    let mut at = 24;
    while let Some(&[a, b, c, d]) = capture.get(at + 8..at + 12)
        && at < bytes
    {
        at += 16 + u32::from_le_bytes([a, b, c, d]) as usize;
    }
    at
}

fn start(args: &[&str]) -> Child {
    let mut command = WHITHER.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

/// A report without the command that made it.
fn report(text: &str) -> Option<serde_json::Value> {
    let mut report: serde_json::Value = serde_json::from_str(text).ok()?;
    report["generator"].as_object_mut()?.remove("command");
    Some(report)
}

/// Waits until a file is as expected.
fn wait(path: &Path, is_expected: impl Fn(&str) -> bool) {
    let began = Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|text| is_expected(&text)) {
        assert!(began.elapsed() < PATIENCE, "{} is not as expected", path.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("text").to_owned()
    }
}

#[test]
fn files_are_written_anew_while_a_pipe_runs_and_say_what_a_capture_at_once_says() {
    let (capture, files) = (capture(), Files::new());
    let (page, json) = (files.text("map.html"), files.text("map.json"));
    let mut child = start(&["map", "-", "--html", &page, "--json", &json, "--every", "1s"]);
    let mut pipe = child.stdin.take().expect("a pipe");
    let half = whole_records(&capture, capture.len() / 2);
    // In the midst of the next record.
    pipe.write_all(&capture[..half + 20]).expect("it is read");
    let at_half = WHITHER.fed(&["map", "-", "--json", "-"], capture[..half].to_vec());
    let expected = report(&at_half.out);
    assert!(expected.is_some(), "{at_half:?}");
    wait(&files.path("map.json"), |text| report(text) == expected);
    let so_far = WHITHER.fed(&["map", "-", "--html", "-"], capture[..half].to_vec()).out;
    let sentence = |page: &str| page.lines().find(|line| line.contains("id=\"lede\"")).map(str::to_owned);
    wait(&files.path("map.html"), |text| sentence(text) == sentence(&so_far));
    has_all(&std::fs::read_to_string(&page).expect("it is there"), &["id=\"live\" data-every=\"1\"", "every 1 s"]);

    pipe.write_all(&capture[half + 20..]).expect("it is read");
    drop(pipe);
    let said = child.wait_with_output().expect("it ends");
    assert_eq!(said.status.code(), Some(0));
    let at_once = |args: &[&str]| WHITHER.fed(&[&["map", "-"], args].concat(), capture.clone()).out;
    assert_eq!(String::from_utf8(said.stdout).expect("text"), at_once(&[]));
    let written = |path: &str| std::fs::read_to_string(path).expect("it is there");
    assert!(written(&page) == at_once(&["--html", "-"]), "the last page is that of the whole capture, byte for byte");
    assert_eq!(report(&written(&json)), report(&at_once(&["--json", "-"])));
    assert_eq!(std::fs::read_dir(files.folder.path()).expect("a folder").count(), 2, "nothing unfinished is left");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_the_whole_report() {
    let (capture, files) = (capture(), Files::new());
    let page = files.text("map.html");
    let mut child = start(&["map", "-", "--html", &page, "--every", "1s", "--quiet"]);
    let mut pipe = child.stdin.take().expect("a pipe");
    let half = whole_records(&capture, capture.len() / 2);
    pipe.write_all(&capture[..half]).expect("it is read");
    wait(&files.path("map.html"), |_| true);
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill(1)");
    assert!(killed.success());
    let said = child.wait_with_output().expect("it ends, though the pipe is still open");
    drop(pipe);
    assert_eq!((said.status.code(), String::from_utf8(said.stderr).expect("text")), (Some(0), String::new()));
    let expected = WHITHER.fed(&["map", "-"], capture[..half].to_vec()).out;
    assert_eq!(String::from_utf8(said.stdout).expect("text"), expected);
    assert!(!std::fs::read_to_string(&page).expect("it is there").contains("id=\"live\""), "nothing follows");
}

#[test]
fn a_page_in_which_something_is_left_takes_no_place() {
    let (capture, files) = (capture(), Files::new());
    let page = files.text("map.html");
    let title = format!("The phone {ADDRESS}");
    let args = ["map", "-", "--redact", "--title", &title, "--html", &page, "--every", "1s", "--quiet"];
    let mut child = start(&args);
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(&capture[..whole_records(&capture, capture.len() / 2)]).expect("it is read");
    // It ends by itself, at the first result.
    let said = child.wait_with_output().expect("it ends");
    drop(pipe);
    assert_eq!(said.status.code(), Some(2));
    has_all(&String::from_utf8(said.stderr).expect("text"), &["--redact takes out"]);
    assert!(!files.path("map.html").exists());
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let files = Files::new();
    let page = files.text("map.html");
    let bad = |args: &[&str]| WHITHER.bad(&[&["map"], args].concat());
    has_all(&bad(&["-", "--watch"]), &["--watch draws in a terminal", "--every 5s"]);
    has_all(&bad(&["-", "--every", "5s"]), &["no file to write anew", "--html FILE"]);
    has_all(&bad(&["-", "--every", "5s", "--json", "-"]), &["no file to write anew"]);
    has_all(&bad(&[PHONE, "--every", "5s", "--html", &page]), &["follows a pipe", "samples/phone.pcap is a file"]);
    has_all(&bad(&[PHONE, "samples/quic.pcap", "--every", "5s", "--html", &page]), &["follows one pipe"]);
    for time in ["0s", "5", "now"] {
        assert_eq!(WHITHER.run(&["map", "-", "--every", time, "--html", &page]).code, Some(2), "{time}");
    }
    assert!(!files.path("map.html").exists());
}
