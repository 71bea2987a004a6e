//! What belongs to the user: files are replaced whole or not at all, never one that is read, never one that is not known; and
//! nothing is left out without a word.

use fixtures::program::{Program, Said};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Two apps, five conversations.
const SMALL: &str = "samples/owner/pktap-v1.pcap";
const FORMATS: [&str; 8] = ["csv", "dot", "geojson", "html", "json", "kepler", "mermaid", "svg"];

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

/// Runs a line of the shell, in which `$W` is whither and `$S` a sample.
#[cfg(unix)]
fn shell(folder: &Path, line: &str) -> Said {
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("W", WHITHER.path())
        .env("S", WHITHER.file(SMALL))
        .output();
    output.expect("a shell").into()
}

/// Runs a command that must be refused with all of these words.
#[track_caller]
fn refused(args: &[&str], words: &[&str]) {
    WHITHER.run(args).refusal(words);
}

/// A folder with a capture in it, called `x.pcap`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(WHITHER.file(SMALL), folder.path().join("x.pcap")).expect("copied");
    folder
}

fn at(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("text").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).expect("it is there")
}

/// The names in a folder, sorted.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn an_earlier_output_is_replaced_and_anything_else_only_with_force() {
    let folder = folder();
    for format in FORMATS {
        assert_eq!(
            WHITHER.run(&["map", SMALL, &format!("--{format}"), &at(&folder, format)]).code,
            Some(0),
            "{format}"
        );
    }
    for format in FORMATS {
        let (option, path) = (format!("--{format}"), at(&folder, format));
        assert_eq!(WHITHER.run(&["map", SMALL, &option, &path]).code, Some(0), "{format}");
        let written = read(&path);
        // Something else of the same kind, another format of whither's, a capture, text: none of them is replaced.
        let other = at(&folder, if format == "json" { "csv" } else { "json" });
        refused(&["map", SMALL, &option, &other], &["not an earlier output of this kind", &option, "--force", &other]);
        let capture = at(&folder, "x.pcap");
        refused(&["map", "samples/quic.pcap", &option, &capture], &["x.pcap", "is a capture", "--force"]);
        std::fs::write(&path, "my notes").expect("written");
        refused(&["map", SMALL, &option, &path], &[&path, "not an earlier output", "--force"]);
        assert_eq!(read(&path), "my notes");
        assert_eq!(WHITHER.run(&["map", SMALL, &option, &path, "--force"]).code, Some(0));
        assert_eq!(read(&path).replace(" --force", ""), written);
        std::fs::write(&path, "").expect("written");
        assert_eq!(WHITHER.run(&["map", SMALL, &option, &path]).code, Some(0), "an empty file may be replaced");
    }
    assert_eq!(names(&folder), ["csv", "dot", "geojson", "html", "json", "kepler", "mermaid", "svg", "x.pcap"]);
    let chart = at(&folder, "svg");
    assert_eq!(WHITHER.run(&["bench", SMALL, "--runs", "1", "--svg", &chart]).code, Some(0));
    assert_eq!(WHITHER.run(&["bench", SMALL, "--runs", "1", "--svg", &chart]).code, Some(0));
    refused(&["bench", SMALL, "--runs", "1", "--svg", &at(&folder, "csv")], &["--force"]);
}

#[test]
fn what_is_read_is_never_written() {
    let folder = folder();
    let capture = at(&folder, "x.pcap");
    let before = std::fs::read(&capture).expect("a capture");
    std::fs::hard_link(&capture, at(&folder, "hard")).expect("a link");
    std::fs::copy("data/apps.toml", at(&folder, "apps.toml")).expect("copied");
    let table = "client_ip,server_ip,owner\n10.0.0.1,10.0.0.2,x\n";
    std::fs::write(at(&folder, "owners.csv"), table).expect("written");
    let mut outputs = vec!["x.pcap", "hard"];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink("x.pcap", at(&folder, "soft")).expect("a link");
        outputs.push("soft");
    }
    let pattern = at(&folder, "*.pcap");
    for output in outputs {
        for input in [&capture, &folder.path().to_str().expect("text").to_owned(), &pattern] {
            let output = at(&folder, output);
            refused(&["map", input, "--json", &output, "--force"], &[&output, "--json", "read as a capture: "]);
        }
    }
    for (option, name) in [("--apps", "apps.toml"), ("--owners", "owners.csv"), ("--geo", "x.pcap")] {
        let path = at(&folder, name);
        refused(&["map", SMALL, option, &path, "--html", &path, "--force"], &["--html", option, "is read"]);
    }
    let stdin = std::fs::File::open(&capture).expect("a capture");
    let said: Said = WHITHER
        .command(&["map", "-", "--json", &capture, "--force"])
        .stdin(stdin)
        .output()
        .expect("whither starts")
        .into();
    said.refusal(&["--json", "standard input"]);
    assert_eq!(std::fs::read(&capture).expect("still there"), before);
    // An earlier output among the captures is none of them.
    let json = at(&folder, "map.json");
    for _ in 0..2 {
        assert_eq!(WHITHER.run(&["map", folder.path().to_str().expect("text"), "--json", &json]).code, Some(0));
    }
}

#[cfg(unix)]
#[test]
fn standard_output_is_no_file_that_is_read_or_written() {
    let folder = folder();
    let before = std::fs::read(folder.path().join("x.pcap")).expect("a capture");
    for line in ["$W map x.pcap >> x.pcap", "$W flows x.pcap >> x.pcap", "$W map . >> x.pcap"] {
        shell(folder.path(), line).refusal(&["standard output", "x.pcap"]);
    }
    let said = shell(folder.path(), "$W flows - < x.pcap >> x.pcap");
    said.refusal(&["standard output", "read as a capture: standard input"]);
    assert_eq!(std::fs::read(folder.path().join("x.pcap")).expect("still there"), before);
    let said = shell(folder.path(), "$W map $S --json out > out");
    said.refusal(&["--json out is where standard output goes", "give --json -"]);
    let said = shell(folder.path(), "$W map $S --json /dev/stdout | cat; exit 2");
    said.refusal(&["--json /dev/stdout is where standard output goes"]);
    assert_eq!(shell(folder.path(), "$W flows x.pcap >> flows; $W flows x.pcap >> flows").code, Some(0));
}

#[test]
fn two_results_do_not_go_to_one_place() {
    let folder = folder();
    refused(&["map", SMALL, "--json", "-", "--csv", "-"], &["--csv - and --json - both write to stdout"]);
    let path = at(&folder, "new");
    refused(&["map", SMALL, "--json", &path, "--svg", &path], &["--json", "--svg", "are the same file"]);
    let roundabout = folder.path().join(".").join("new");
    refused(&["map", SMALL, "--json", &path, "--svg", roundabout.to_str().expect("text")], &["are the same file"]);
    std::fs::write(&path, "").expect("written");
    std::fs::hard_link(&path, at(&folder, "other")).expect("a link");
    refused(&["map", SMALL, "--json", &path, "--svg", &at(&folder, "other"), "--force"], &["are the same file"]);
    assert_eq!(names(&folder), ["new", "other", "x.pcap"]);
    if cfg!(unix) {
        assert_eq!(WHITHER.run(&["map", SMALL, "--json", "/dev/null", "--svg", "/dev/null"]).code, Some(0));
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_permissions_are_kept() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = folder();
    std::fs::create_dir(at(&folder, "sub")).expect("a folder");
    symlink("sub/map.json", at(&folder, "link")).expect("a link");
    for round in 0..2 {
        assert_eq!(WHITHER.run(&["map", SMALL, "--json", &at(&folder, "link")]).code, Some(0));
        assert!(folder.path().join("link").is_symlink());
        let written = folder.path().join("sub/map.json");
        let metadata = written.metadata().expect("it was written");
        assert!(metadata.len() > 500);
        if round == 1 {
            assert_eq!(metadata.mode() & 0o7777, 0o604);
        }
        std::fs::set_permissions(&written, PermissionsExt::from_mode(0o604)).expect("set");
    }
    let new = shell(folder.path(), "umask 027; $W map $S --quiet --json new > /dev/null");
    assert_eq!(new.code, Some(0), "{new:?}");
    assert_eq!(folder.path().join("new").metadata().expect("written").mode() & 0o7777, 0o640);
}

/// Tells whether these tests may mount a file system of their own.
#[cfg(target_os = "linux")]
fn can_mount(folder: &Path) -> bool {
    let line = "unshare -rm sh -c 'mount -t tmpfs -o size=4k none .' 2>/dev/null";
    shell(folder, line).code == Some(0)
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_files() {
    let folder = folder();
    std::fs::create_dir(at(&folder, "small")).expect("a folder");
    if !can_mount(&folder.path().join("small")) {
        println!("skipped: no mounts here");
        return;
    }
    // Room for the first result and not for the second. The old ones stay, and nothing lies beside them.
    let line = "unshare -rm sh -c 'mount -t tmpfs -o size=24k none small && cd small && printf old > a && printf old > b && \
                $W map $S --quiet --csv a --html b --force > out; code=$?; cat a b; ls -A | tr \"\\n\" \" \"; exit $code'";
    let said = shell(folder.path(), line);
    assert_eq!((said.code, said.out.as_str()), (Some(2), "oldolda b out "), "{said:?}");
    assert!(said.err.starts_with("whither: b: could not be written: No space left"), "{said:?}");
    assert!(said.err.contains("the file that was there is still there"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn a_result_that_is_too_large_leaves_the_old_file() {
    let folder = folder();
    std::fs::write(at(&folder, "map.html"), "old").expect("written");
    // SIGXFSZ ends the program as a killer would; ignored, the write fails.
    for line in [
        "trap '' XFSZ; ulimit -f 8; $W map $S --quiet --force --html map.html",
        "ulimit -f 8; $W map $S --force --html map.html",
    ] {
        let said = shell(folder.path(), line);
        assert_ne!(said.code, Some(0), "{said:?}");
        assert_eq!(read(&at(&folder, "map.html")), "old");
    }
    let said =
        shell(folder.path(), "rm -f .whither-*; trap '' XFSZ; ulimit -f 8; $W map $S --quiet --force --html map.html");
    assert!(said.code == Some(2) && said.err.contains("map.html: could not be written"), "{said:?}");
    assert_eq!(names(&folder), ["map.html", "x.pcap"]);
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_written_through() {
    let folder = folder();
    let said = shell(
        folder.path(),
        "mkfifo pipe; cat pipe > copy & $W map $S --quiet --json pipe > /dev/null && wait && head -c 1 copy",
    );
    assert_eq!((said.code, said.out.as_str()), (Some(0), "{"), "{said:?}");
    assert_eq!(names(&folder), ["copy", "pipe", "x.pcap"]);
    let said = WHITHER.run(&["map", SMALL, "--json", "/dev/full"]);
    if Path::new("/dev/full").exists() {
        said.refusal(&["/dev/full: No space left"]);
    }
    // A reader who goes away keeps no other from its result.
    let said = shell(folder.path(), "$W map $S --quiet --csv - --svg map.svg | true; test -s map.svg");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
}

#[cfg(unix)]
#[test]
fn a_standard_output_that_cannot_be_written_is_an_error() {
    let folder = folder();
    let commands = [
        "map $S",
        "flows $S",
        "lookup 1.1.1.1",
        "apps",
        "man",
        "completions bash",
        "bench $S --runs 1",
        "--help",
        "map --help",
        "--version",
        "map $S --json -",
        "map $S --quiet --json new",
    ];
    for command in commands {
        shell(folder.path(), &format!("$W {command} >&-")).refusal(&["standard output is closed"]);
        shell(folder.path(), &format!("$W {command} 1</dev/null")).refusal(&["<stdout>"]);
        if Path::new("/dev/full").exists() {
            shell(folder.path(), &format!("$W {command} > /dev/full")).refusal(&["<stdout>: No space left"]);
        }
        // These are what a user may well want, and what some programs start others with.
        for null in ["> /dev/null", "1<> /dev/null", "| true"] {
            let said = shell(folder.path(), &format!("$W {command} {null}"));
            assert_eq!(said.code, Some(0), "{command} {null}: {said:?}");
        }
    }
}

#[test]
fn what_a_folder_holds_beside_captures_is_counted() {
    let folder = folder();
    let deep = folder.path().join("a/b/c/d/e/f");
    std::fs::create_dir_all(&deep).expect("folders");
    std::fs::copy("samples/tls-split.pcap", deep.join("deep.pcap")).expect("copied");
    std::fs::write(folder.path().join("notes.txt"), "hello").expect("written");
    let text = folder.path().to_str().expect("text");
    let said = WHITHER.run(&["flows", text]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.err, format!("whither: skipped 1 file that is not a capture: {}\n", at(&folder, "notes.txt")));
    assert!(said.out.contains("split.example.net"));
    let said = WHITHER.run(&["flows", text, "--quiet"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    // A capture that is broken at its very start is missing from the result, which is said even so.
    std::fs::write(folder.path().join("broken.pcap.gz"), [0x1f, 0x8b, 8, 0]).expect("written");
    let said = WHITHER.run(&["map", text, "--quiet"]);
    assert_eq!((said.code, said.err.lines().count()), (Some(1), 1), "{said:?}");
    assert!(said.err.contains("broken.pcap.gz: its gzip data cannot be decompressed"), "{said:?}");
    assert!(said.err.contains("`gzip -t FILE` tests it; it is missing from the result"), "{said:?}");
    assert_eq!(WHITHER.run(&["bench", text, "--runs", "1"]).code, Some(1));
}

#[test]
fn a_folder_gives_what_its_captures_give() {
    let files = |folder: &str| {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("samples");
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect::<Vec<PathBuf>>()
    };
    let named: Vec<_> = [files("samples/owner"), files("samples/compressed")].concat();
    let named: Vec<_> = named
        .iter()
        .map(|path| path.to_str().expect("text"))
        .filter(|path| WHITHER.run(&["flows", path]).code != Some(2))
        .collect();
    let top = tempfile::tempdir().expect("a folder");
    for (number, path) in named.iter().enumerate() {
        let folder = (0..number).fold(top.path().to_owned(), |folder, level| folder.join(level.to_string()));
        std::fs::create_dir_all(&folder).expect("folders");
        std::fs::copy(path, folder.join(Path::new(path).file_name().expect("a name"))).expect("copied");
    }
    let count = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).expect("JSON");
        (report["captures"].as_array().expect("captures").len(), report["frames"].as_u64().expect("a number"))
    };
    let whole = WHITHER.run(&["map", top.path().to_str().expect("text"), "--json", "-"]);
    let each = WHITHER.run(&[&["map", "--json", "-"], named.as_slice()].concat());
    assert_eq!((whole.code, count(&whole.out)), (Some(0), count(&each.out)), "{}", whole.err);
    assert_eq!(count(&whole.out).0, named.len());
}

#[cfg(unix)]
#[test]
fn loops_of_links_end() {
    let folder = folder();
    let line = "mkdir -p a/b; ln -s ../.. a/b/up; ln -s . here; ln -s self self; ln -s gone lost; $W flows . ; $W flows '**/*'";
    let said = shell(folder.path(), line);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("skipped 2 files that are not captures: ./lost and ./self"), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    assert!(
        lines.len() >= 2 && lines.len().is_multiple_of(2) && lines[0].replace("./", "") == lines[lines.len() / 2],
        "{said:?}"
    );
}

/// Whether a command can be run as somebody who may not read everything. Needed only by the superuser, who may.
#[cfg(target_os = "linux")]
const AS_NOBODY: &str = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all";

#[cfg(target_os = "linux")]
#[test]
fn an_unreadable_subfolder_is_named_and_the_rest_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("open");
    std::fs::create_dir(path("secret")).expect("a folder");
    std::fs::copy(path("x.pcap"), path("closed.pcap")).expect("copied");
    // The program may lie where only the superuser looks.
    std::fs::copy(env!("CARGO_BIN_EXE_whither"), path("whither")).expect("copied");
    for (name, mode) in [("secret", 0o000), ("closed.pcap", 0o000), ("x.pcap", 0o644), ("whither", 0o755)] {
        std::fs::set_permissions(path(name), PermissionsExt::from_mode(mode)).expect("set");
    }
    let mut user = "";
    if std::fs::read_dir(path("secret")).is_ok() {
        user = AS_NOBODY;
        if shell(folder.path(), &format!("{user} ./whither --version")).code != Some(0) {
            println!("skipped: nobody to be");
            return;
        }
    }
    let said = shell(folder.path(), &format!("{user} ./whither flows ."));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.lines().count() >= 5, "{said:?}");
    for word in ["./secret: it may not be read by this user", "./closed.pcap: it may not be read by this user"] {
        assert!(said.err.contains(word), "{said:?}");
    }
    assert!(said.err.contains("skipped 1 file that is not a capture: ./whither"), "{said:?}");
    let quiet = shell(folder.path(), &format!("{user} ./whither flows . --quiet"));
    assert_eq!((quiet.code, quiet.err.lines().count()), (Some(1), 2), "{quiet:?}");
    shell(folder.path(), &format!("{user} ./whither flows secret")).refusal(&["secret: it may not be read"]);
    // Neither may be written what this user may not write.
    std::fs::write(path("map.json"), "").expect("written");
    for output in ["map.json", "new.json"] {
        let said = shell(folder.path(), &format!("{user} ./whither map x.pcap --json {output}"));
        if !user.is_empty() {
            said.refusal(&[output, "it may not be written by this user"]);
        }
    }
}

#[test]
fn a_capture_that_breaks_before_its_first_packet_fails_unless_others_gave_something() {
    let folder = folder();
    let whole = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/phone.pcapng")).expect("a sample");
    // After the section header, whose length its second word says, a block of no length.
    let header = u32::from_le_bytes([whole[4], whole[5], whole[6], whole[7]]) as usize;
    let broken = [&whole[..header], &[0; 64]].concat();
    let (plain, packed) = (at(&folder, "broken.pcapng"), at(&folder, "broken.pcapng.zst"));
    std::fs::write(&plain, &broken).expect("written");
    std::fs::write(&packed, zstd(&broken)).expect("written");
    let json = at(&folder, "map.json");
    for command in ["map", "flows"] {
        refused(&[command, &plain], &["broken.pcapng: offset", "nothing was read; `pcapfix FILE`"]);
        refused(&[command, &packed], &["broken.pcapng.zst: offset", "nothing was read; decompress it, then `pcapfix`"]);
        let both = WHITHER.run(&[command, &plain, &packed]);
        assert_eq!((both.code, both.out.as_str(), both.err.lines().count()), (Some(2), "", 2), "{both:?}");
        let mixed = WHITHER.run(&[command, &plain, SMALL]);
        assert_eq!((mixed.code, mixed.err.lines().count()), (Some(1), 1), "{mixed:?}");
        assert!(mixed.err.contains("everything before it is in the result"), "{mixed:?}");
    }
    refused(&["flows", &plain, "--format", "csv"], &["nothing was read"]);
    refused(&["map", &plain, "--json", &json], &["nothing was read"]);
    refused(&["bench", &plain, "--runs", "1"], &["nothing was read"]);
    assert!(!Path::new(&json).exists());
}

/// As a frame of zstd with one raw block (RFC 8878, section 3.1.1), which needs no compressor.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a small sample");
    let block = (length << 3 | 1).to_le_bytes();
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    frame.extend(length.to_le_bytes());
    frame.extend(&block[..3]);
    frame.extend(bytes);
    frame
}

#[test]
fn advice_names_tools_that_read_the_file() {
    let folder = folder();
    let capture = std::fs::read(at(&folder, "x.pcap")).expect("a capture");
    let case = |name: &str, bytes: &[u8], code: i32, words: &[&str]| {
        let path = at(&folder, name);
        std::fs::write(&path, bytes).expect("written");
        let said = WHITHER.run(&["flows", &path]);
        assert_eq!(said.code, Some(code), "{said:?}");
        for word in words {
            assert!(said.err.contains(word), "{word:?} is not in {said:?}");
        }
        said.err
    };
    let wild = [&capture[..], &[0xff; 32]].concat();
    case("wild", &wild, 1, &["everything before it is in the result; `pcapfix FILE` may recover"]);
    case("wild.zst", &zstd(&wild), 1, &["decompress it, then `pcapfix` may recover"]);
    let cut = case("cut", &capture[..capture.len() - 5], 1, &["cut short", "everything before it is in the result\n"]);
    assert!(!cut.contains("pcapfix"));
    let packed = zstd(&capture);
    case("cut.zst", &packed[..packed.len() - 5], 1, &["`zstd -t FILE` tests it"]);
    case("text", b"a letter", 2, &["this is text", "made from"]);
    case("tar", &[&[b'a'; 257][..], b"ustar"].concat(), 2, &["tar archive; unpack it"]);
    case(
        "version",
        &[0xd4, 0xc3, 0xb2, 0xa1, 1, 0, 4, 0].iter().chain(&[0; 24]).copied().collect::<Vec<_>>(),
        2,
        &["version 1.4", "pcapfix"],
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_old_file() {
    let folder = folder();
    std::fs::write(at(&folder, "map.json"), "old").expect("written");
    // Killed while it waits for the rest of a pipe.
    let mut child = WHITHER
        .command(&["map", "-", "--force", "--json", &at(&folder, "map.json")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("whither starts");
    use std::io::Write;
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&std::fs::read(at(&folder, "x.pcap")).expect("a capture")).expect("it reads");
    stdin.flush().expect("it reads");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
    assert!(!child.wait().expect("it ends").success());
    assert_eq!((read(&at(&folder, "map.json")).as_str(), names(&folder).len()), ("old", 2));
}
