//! `whither check` from outside: exit codes, errors with their place, outputs, baselines, and the law that neither order nor cuts of
//! the captures change a verdict.

mod folder;

use fixtures::program::{Program, Said, has_all};
use folder::Folder;
use std::path::{Path, PathBuf};

const PHONE: &str = "samples/phone.pcap";
/// A capture that was cut in a record.
const CUT: &str = "samples/broken/cut-in-record.pcap";

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

/// Tencent's network is certain, a country by one source is not, Signal is not in the sample.
const HOLDS: &str = "[[rule]]\nname = 'holds'\napps = ['tiktok']\ndeny.asn = [132203]\n";
const BROKEN: &str = "[[rule]]\nname = 'broken'\napps = ['wechat']\ndeny.asn = [132203]\n";
const OPEN: &str = "[[rule]]\nname = 'open'\napps = ['wechat']\ndeny.country = ['CN']\n";
const ABSENT: &str = "[[rule]]\nname = 'absent'\napps = ['signal']\ndeny.country = ['CN']\n";

impl Folder {
    /// Checks a policy against the sample.
    fn check(&self, policy: &str, args: &[&str]) -> Said {
        let policy = self.write("policy.toml", policy);
        WHITHER.run(&[&["check", &policy, PHONE][..], args].concat())
    }
}

/// Arguments that are refused before anything is read.
#[track_caller]
fn refused(args: &[&str], word: &str) {
    let said = WHITHER.run(args);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    has_all(&said.err, &[word]);
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).expect("the file is there")
}

#[test]
fn an_app_that_is_nearly_an_id_is_refused_with_its_line() {
    let folder = Folder::new();
    let said = folder.check("[[rule]]\nname = 'slip'\napps = ['wechatt']\ndeny.country = ['CN']\n", &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    has_all(&said.err, &["line 3, column 9", "\"wechatt\"", "did you mean \"wechat\"?"]);
    let other = folder.check("[[rule]]\nname = 'own'\napps = ['com.example.ours']\ndeny.country = ['CN']\n", &[]);
    assert_eq!(other.code, Some(0), "an owner outside the catalogue may be named");
}

#[test]
fn what_the_law_on_transfers_makes_of_the_countries_stands_beside_the_rules() {
    let folder = Folder::new();
    let said = folder.check(HOLDS, &["--transfers", "eu", "--as-of", "2026-06-14"]);
    assert_eq!(said.code, Some(0));
    has_all(&said.out, &["holds", "as of 2026-06-14", "certified participants"]);
    let json = folder.check(HOLDS, &["--transfers", "eu", "--json", "-"]);
    has_all(&json.out, &["\"transfers\": {", "\"framework\": \"eu\""]);
}

#[test]
fn exit_codes_say_how_it_ended() {
    let folder = Folder::new();
    let code = |policy: &str, args: &[&str]| folder.check(policy, args).code;
    assert_eq!(code(HOLDS, &[]), Some(0));
    assert_eq!(code(BROKEN, &[]), Some(1));
    assert_eq!(code(OPEN, &[]), Some(1));
    assert_eq!(code(OPEN, &["--undecidable=pass"]), Some(0));
    assert_eq!(code(ABSENT, &[]), Some(0));
    assert_eq!(code(ABSENT, &["--require-observed"]), Some(1));
    assert_eq!(code(&[HOLDS, ABSENT].concat(), &["--undecidable", "pass"]), Some(0));
    assert_eq!(code(&[BROKEN, ABSENT].concat(), &["--undecidable", "pass"]), Some(1));
    let holds = folder.write("holds.toml", HOLDS);
    let said = WHITHER.run(&["check", &holds, PHONE, CUT]);
    assert_eq!(said.code, Some(1), "a capture ended early");
    has_all(&said.err, &["cut-in-record.pcap"]);
    WHITHER.run(&["check", &holds, "samples/README.md"]).refusal(&["README.md"]);
    refused(&["check", &holds], "<CAPTURE>");
    refused(&["check"], "<POLICY>");
}

#[test]
fn each_verdict_has_its_words() {
    let folder = Folder::new();
    let said = folder.check(&[HOLDS, BROKEN, OPEN, ABSENT].concat(), &[]);
    has_all(
        &said.out,
        &[
            "holds        holds · supported at the endpoint",
            "broken       broken · not supported at the endpoint for 29 % of sent bytes",
            "WeChat / Weixin · Hong Kong · Tencent AS132203 · ",
            "samples/phone.pcap #36",
            "undecidable  open · undecidable: 71 % possible, not confirmed",
            "not observed absent · not observed in this capture",
            "4 rules · 1 supported · 1 not supported · 1 undecidable · 1 not observed",
            "does not pass",
        ],
    );
}

#[test]
fn what_is_wrong_with_a_policy_is_said_with_its_place() {
    let folder = Folder::new();
    folder
        .check("[[rule]]\nname = 'a'\napps = ['*']\ndeny = { countrys = ['CN'] }\n", &[])
        .refusal(&["policy.toml: line 4, column 10: unknown field `countrys`", "whither check --example"]);
    folder.check("[[rule]]\nname = 'a\n", &[]).refusal(&["policy.toml: line 2, column"]);
    folder
        .check("[[rule]]\nname = 'a'\napps = ['wecha']\ndeny.asn = [1]\n", &[])
        .refusal(&["line 3, column 9", "no app"]);
    let bytes = folder.write("latin.toml", b"# a\n# \xe9\n");
    WHITHER.run(&["check", &bytes, PHONE]).refusal(&["line 2, column 3: not text in UTF-8"]);
    WHITHER.run(&["check", &folder.path("none.toml"), PHONE]).refusal(&["none.toml: there is no such file"]);
    WHITHER.run(&["check", PHONE, PHONE]).refusal(&["phone.pcap: line 1, column"]);
}

#[test]
fn the_example_is_a_policy() {
    let folder = Folder::new();
    let example = WHITHER.good(&["check", "--example"]);
    let said = folder.check(&example, &["--undecidable=pass"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
}

#[test]
fn outputs_are_written_and_replaced_like_any_other() {
    let folder = Folder::new();
    let [json, junit, sarif] = ["o.json", "o.xml", "o.sarif"].map(|name| folder.path(name));
    let args = ["--json", &json, "--junit", &junit, "--sarif", &sarif];
    let said = folder.check(BROKEN, &args);
    assert_eq!(said.code, Some(1));
    has_all(&said.err, &["wrote", "o.json", "o.xml", "o.sarif"]);
    let first = [&json, &junit, &sarif].map(|path| read(path));
    assert_eq!(folder.check(BROKEN, &args).code, Some(1), "own files are replaced");
    assert_eq!([&json, &junit, &sarif].map(|path| read(path)), first);
    has_all(&first[1], &["<failure type=\"broken\" message=\"not supported at the endpoint for 29 % of sent bytes\">"]);
    // Never a file that is not known, nor one that is read.
    let mine = folder.write("mine.json", "{}");
    folder.check(BROKEN, &["--json", &mine]).refusal(&["not an earlier output"]);
    folder.check(BROKEN, &["--json", &folder.path("policy.toml"), "--force"]).refusal(&["read for the policy"]);
    assert_eq!(read(&folder.path("policy.toml")), BROKEN);
    let said = folder.check(BROKEN, &["--json", "-"]);
    assert!(said.out.starts_with("{\n  \"check\": 1,") && said.out.ends_with("}\n"), "instead of the terminal view");
    let said = folder.check(BROKEN, &["--github"]);
    has_all(
        &said.out,
        &[
            "broken  ",
            "\n::error file=",
            ",line=2,col=8,title=broken::not supported at the endpoint for 29 %25 of sent bytes%0A",
        ],
    );
}

#[test]
fn a_baseline_finds_what_is_new() {
    let folder = Folder::new();
    let seen = folder.path("seen.toml");
    folder.check(HOLDS, &["--baseline", &seen]).refusal(&["seen.toml: there is no such file", "--update"]);
    assert_eq!(folder.check(HOLDS, &["--baseline", &seen, "--update"]).code, Some(0));
    assert_eq!(folder.check(HOLDS, &["--baseline", &seen]).code, Some(0), "nothing is new");
    let text = read(&seen);
    has_all(
        &text,
        &["# whither baseline 1\n", "[app.\"wechat\"]\noperator = [\n  ", "\n  \"Tencent\",\n", "\"qq.com\""],
    );
    // One is gone, and so it is new in the captures.
    let sarif = folder.path("o.sarif");
    folder.write("seen.toml", text.replace("  \"qq.com\",\n", ""));
    let said = folder.check(HOLDS, &["--baseline", &seen, "--sarif", &sarif]);
    assert_eq!(said.code, Some(1));
    has_all(&said.out, &["Not in the baseline", "wechat: domain qq.com is not in the baseline"]);
    has_all(&read(&sarif), &["wechat: domain qq.com is not in the baseline"]);
    folder.write("seen.toml", format!("{text}\n[app.wechat.more]\n"));
    folder.check(HOLDS, &["--baseline", &seen]).refusal(&["seen.toml: line "]);
    // Any other file stays as it is.
    let policy = folder.path("policy.toml");
    folder.check(HOLDS, &["--baseline", &policy, "--update"]).refusal(&["read for the policy"]);
    let mine = folder.write("mine.toml", "a = 1\n");
    folder.check(HOLDS, &["--baseline", &mine, "--update"]).refusal(&["not an earlier output"]);
    refused(&["check", &policy, PHONE, "--update"], "--baseline <FILE>");
}

/// The sample in so many captures, cut between records.
fn pieces(folder: &Folder, count: usize) -> Vec<String> {
    let bytes = std::fs::read(WHITHER.file(PHONE)).expect("the sample is there");
    let (head, mut rest) = bytes.split_at(24);
    let mut records: Vec<&[u8]> = Vec::new();
    while let Some(length) = rest.get(8..12) {
        let length = 16 + u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let (record, after) = rest.split_at(length);
        records.push(record);
        rest = after;
    }
    let size = records.len().div_ceil(count);
    let write = |(at, records): (usize, &[&[u8]])| {
        folder.write(&format!("{count}-{at}.pcap"), [&[head], records].concat().concat())
    };
    records.chunks(size).enumerate().map(write).collect()
}

/// What is said of all rules, without the names and frames of the captures.
fn verdicts(folder: &Folder, captures: &[String]) -> (serde_json::Value, String) {
    let example = WHITHER.good(&["check", "--example"]);
    let policy = folder.write("policy.toml", [&example, HOLDS, BROKEN, OPEN, ABSENT].concat());
    let [json, seen] = ["o.json", "seen.toml"].map(|name| folder.path(name));
    let captures: Vec<&str> = captures.iter().map(String::as_str).collect();
    let args = ["--baseline", &seen, "--update", "--json", &json, "--quiet"];
    WHITHER.run(&[&["check", &policy], &captures[..], &args].concat());
    let mut value: serde_json::Value = serde_json::from_str(&read(&json)).expect("JSON");
    for rule in value["rules"].as_array_mut().expect("rules") {
        for row in rule["rows"].as_array_mut().expect("rows") {
            let row = row.as_object_mut().expect("a row");
            ["capture", "frame", "names"].iter().for_each(|key| _ = row.remove(*key));
        }
    }
    (value["rules"].take(), read(&seen))
}

#[test]
fn neither_order_nor_cuts_change_a_verdict() {
    let folder = Folder::new();
    let whole = verdicts(&folder, &[PHONE.to_owned()]);
    assert_eq!(whole.0.as_array().map(Vec::len), Some(10));
    for count in [2, 5] {
        let mut captures = pieces(&folder, count);
        assert_eq!(verdicts(&folder, &captures), whole, "{count} pieces");
        captures.reverse();
        captures.rotate_left(1);
        assert_eq!(verdicts(&folder, &captures), whole, "{count} pieces in another order");
    }
}

#[test]
fn commands_of_runners_are_not_taken_from_captures() {
    // The name of a capture is shown beside each row.
    let folder = Folder::new();
    let capture: PathBuf = Path::new(&folder.path("##[error]x.pcap")).to_owned();
    std::fs::copy(WHITHER.file(PHONE), &capture).expect("copied");
    let policy = folder.write("policy.toml", BROKEN);
    let said = WHITHER.run(&["check", &policy, capture.to_str().expect("text"), "--github", "--quiet"]);
    assert_eq!(said.code, Some(1));
    assert!(!said.out.contains("##["), "{}", said.out);
}
