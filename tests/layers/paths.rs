//! The paths that a Rust file names: `crate::a::{b, c::D}` is `crate::a::b` and `crate::a::c::D`.

/// Groups in a path are nested at most this deep.
const DEPTH_LIMIT: usize = 8;

/// A word, a sign, or `::`, of code without comments and strings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Path,
    Sign(char),
}

/// A path as it is written, and whether it stands in a `pub use`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    /// What the file calls it, where it is imported.
    pub(crate) alias: Option<String>,
    pub(crate) is_reexport: bool,
}

/// The part that is compiled without tests: their module stands at the bottom, or in a file of its own.
pub(crate) fn without_tests(text: &str) -> &str {
    let mut marks = text.match_indices("#[cfg(test)]\n");
    let is_module = |line: &str| line.split_whitespace().any(|word| word == "mod") && line.ends_with('{');
    let end = marks.find(|(at, _)| text[*at..].lines().nth(1).is_some_and(is_module));
    end.map_or(text, |(at, _)| &text[..at])
}

/// The tokens of code. Comments are left out by line, and strings are taken to hold no quotes of their own but escaped ones.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            if rest.starts_with("//") {
                break;
            }
            let word =
                rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
            let length = if word > 0 {
                tokens.push(Token::Word(rest[..word].to_owned()));
                word
            } else if rest.starts_with("::") {
                tokens.push(Token::Path);
                2
            } else if first == '"' {
                string_length(rest)
            } else {
                if !first.is_whitespace() {
                    tokens.push(Token::Sign(first));
                }
                first.len_utf8()
            };
            rest = &rest[length..];
        }
    }
    tokens
}

/// Bytes of the string literal that a line goes on with, or of what of it stands in this line.
fn string_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    rest.len()
}

/// All paths of more than one segment, and all that `use` names.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut end = 0;
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let Token::Word(word) = token else { continue };
        let is_start = !matches!(before, Some(Token::Path | Token::Sign('.')));
        // What stands in `pub(in …)` is no import.
        let is_visibility = matches!(&tokens[..at], [.., Token::Sign('('), Token::Word(word)] if word == "in");
        if at < end || !is_start || is_visibility || word == "use" {
            continue;
        }
        let is_used = before == Some(&Token::Word("use".to_owned()));
        let is_reexport = is_used && at >= 2 && is_public(&tokens[..at - 1]);
        if is_used || tokens.get(at + 1) == Some(&Token::Path) {
            end = at + walk(&tokens[at..], &[], is_reexport, 0, &mut found);
        }
    }
    found
}

/// Whether what comes next is `pub`, `pub(crate)` or `pub(super)`.
fn is_public(before: &[Token]) -> bool {
    match before {
        [.., Token::Word(word)] => word == "pub",
        [.., Token::Word(word), Token::Sign('('), Token::Word(_), Token::Sign(')')] => word == "pub",
        _ => false,
    }
}

/// Reads one path, or the tree of a `use`. Returns how many tokens it took.
fn walk(tokens: &[Token], prefix: &[String], is_reexport: bool, depth: usize, found: &mut Vec<Named>) -> usize {
    assert!(depth < DEPTH_LIMIT, "groups of imports are nested too deep");
    let mut segments = prefix.to_vec();
    let mut at = 0;
    loop {
        match &tokens[at..] {
            [Token::Word(word), Token::Path, ..] => {
                segments.push(word.clone());
                at += 2;
            }
            [Token::Sign('{'), ..] if at > 0 || depth > 0 => {
                at += 1;
                while at < tokens.len() && tokens[at] != Token::Sign('}') {
                    at += walk(&tokens[at..], &segments, is_reexport, depth + 1, found).max(1);
                    at += usize::from(tokens.get(at) == Some(&Token::Sign(',')));
                }
                return at + 1;
            }
            [Token::Word(word), Token::Word(as_word), Token::Word(alias), ..]
                if as_word == "as" && !alias.is_empty() =>
            {
                segments.push(word.clone());
                found.push(Named { segments, alias: Some(alias.clone()), is_reexport });
                return at + 3;
            }
            [Token::Word(word), ..] => {
                if word != "self" || segments.is_empty() {
                    segments.push(word.clone());
                }
                let alias = segments.last().cloned();
                found.push(Named { segments, alias, is_reexport });
                return at + 1;
            }
            [Token::Sign('*'), ..] => {
                found.push(Named { segments, alias: None, is_reexport });
                return at + 1;
            }
            // A path that goes on with generics, or ends with its text.
            _ => {
                found.push(Named { segments, alias: None, is_reexport });
                return at;
            }
        }
    }
}

#[test]
fn paths_are_found() {
    let text = "use crate::flow::{self, Flow};\npub(crate) use super::name::{Name as N, dns::{A, B}, *}; // crate::no\n\
        let x = crate::error::y(\"crate::string\") + message::read::<u8>().a::b;";
    let found: Vec<String> = paths(&tokens(text)).iter().map(|named| named.segments.join("::")).collect();
    let imported = ["crate::flow", "crate::flow::Flow"];
    let passed_on = ["super::name::Name", "super::name::dns::A", "super::name::dns::B", "super::name"];
    assert_eq!(found, [&imported[..], &passed_on, &["crate::error::y", "message::read"]].concat());
    let reexports: Vec<bool> = paths(&tokens(text)).iter().map(|named| named.is_reexport).collect();
    assert_eq!(reexports, [false, false, true, true, true, true, false, false]);
    let file = "#[cfg(test)]\nmod tests;\nuse crate::app;\n#[cfg(test)]\nmod more {\nuse crate::cli;\n}";
    assert_eq!(paths(&tokens(without_tests(file))).len(), 1);
}
