//! Layers import one way only: each only from those to its left in the crate's own documentation.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LAYERS: [&str; 11] =
    ["error", "capture", "packet", "name", "flow", "place", "app", "route", "report", "output", "cli"];

/// Folders below `src` are at most this deep.
const DEPTH_LIMIT: usize = 8;

fn rust_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    assert!(depth < DEPTH_LIMIT, "{}", folder.display());
    for entry in std::fs::read_dir(folder).expect("the sources are readable") {
        let path = entry.expect("the sources are readable").path();
        if path.is_dir() {
            rust_files(&path, depth + 1, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The part that is compiled without tests: their module stands at the bottom, or in a file of its own.
fn without_tests(text: &str) -> &str {
    let mut marks = text.match_indices("#[cfg(test)]\nmod ");
    let end = marks.find(|(at, _)| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{')));
    end.map_or(text, |(at, _)| &text[..at])
}

/// The modules of the crate's root that a line names: `crate::x`, `crate::{x, y::z}`.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, mark) in text.match_indices("crate::") {
        let starts_word = |before: char| before.is_alphanumeric() || before == '_' || before == '$';
        if text[..at].chars().next_back().is_some_and(starts_word) {
            continue;
        }
        let rest = &text[at + mark.len()..];
        match rest.strip_prefix('{') {
            None => found.extend(word(rest)),
            Some(group) => {
                let mut depth = 0_i32;
                let mut is_first = true;
                for (place, character) in group.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => is_first = true,
                        _ if character.is_whitespace() => {}
                        _ if is_first => {
                            found.extend(word(&group[place..]));
                            is_first = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The lines that are code.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn layers_import_only_those_before_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, 0, &mut files);
    files.sort();
    let mut against = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&source).expect("it was found there");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
        let own = first.trim_end_matches(".rs");
        if matches!(own, "lib" | "main") || file.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing") {
            continue;
        }
        let rank = |layer: &str| LAYERS.iter().position(|other| *other == layer);
        let own_rank = rank(own).unwrap_or_else(|| panic!("{own} is no layer: say where it stands"));
        let text = std::fs::read_to_string(&file).expect("sources are text");
        for import in imports(&code(without_tests(&text))) {
            match rank(&import) {
                Some(other) if other <= own_rank => {}
                _ => against.push(format!("{}: {own} imports {import}", relative.display())),
            }
        }
    }
    assert!(against.is_empty(), "against the order of layers:\n{}", against.join("\n"));
}

#[test]
fn layers_are_those_that_the_crate_documents() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = std::fs::read_to_string(source).expect("the sources are readable");
    assert!(text.contains(&LAYERS.join(" → ")));
    let modules: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(modules, BTreeSet::from(LAYERS));
}

#[test]
fn imports_are_found() {
    let text =
        "use crate::flow::{self, Flow};\nuse crate::{name::Name, place, app::{A, B}};\nlet x = crate::error::y();";
    let found: Vec<_> = imports(text).into_iter().collect();
    assert_eq!(found, ["app", "error", "flow", "name", "place"]);
    assert!(imports("my_crate::output $crate::output").is_empty());
    let file = "#[cfg(test)]\nmod tests;\nuse crate::app;\n#[cfg(test)]\nmod more {\nuse crate::cli;\n}";
    assert_eq!(imports(without_tests(file)).into_iter().collect::<Vec<_>>(), ["app"]);
    assert_eq!(code("// use crate::cli;\nuse crate::name;"), "use crate::name;");
}
