//! The modules of the crate, which of them import which, and the circles among them.

use super::paths::{Named, Token, paths, tokens, without_tests};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders below `src`, and re-exports of re-exports, are at most this deep.
const DEPTH_LIMIT: usize = 8;

/// A path from the crate's root, without `crate`.
pub(crate) type ModulePath = Vec<String>;

/// A module's code, without its tests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Module {
    words: BTreeMap<String, usize>,
    named: Vec<Named>,
}

/// All modules by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Modules(BTreeMap<ModulePath, Module>);

impl Modules {
    /// Reads the modules below a folder, without those that only tests compile.
    pub(crate) fn read(source: &Path) -> Self {
        let mut files = Vec::new();
        rust_files(source, 0, &mut files);
        let mut modules = Self::default();
        for file in files {
            let relative = file.strip_prefix(source).expect("it was found there").with_extension("");
            let mut path: ModulePath = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            path.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
            modules.add(path, &std::fs::read_to_string(&file).expect("sources are text"));
        }
        modules
    }

    /// Adds a module by its text.
    pub(crate) fn add(&mut self, path: ModulePath, text: &str) {
        if path.iter().any(|part| matches!(part.as_str(), "tests" | "testing" | "laws" | "main")) {
            return;
        }
        let tokens = tokens(without_tests(text));
        let mut words = BTreeMap::new();
        for token in &tokens {
            if let Token::Word(word) = token {
                *words.entry(word.clone()).or_default() += 1;
            }
        }
        self.0.insert(path, Module { words, named: paths(&tokens) });
    }

    /// Paths of all modules.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ModulePath> {
        self.0.keys()
    }

    /// The modules that one imports from, wherever they are in the crate. An item that another module passes on counts as
    /// imported from where it is defined.
    pub(crate) fn imports(&self, from: &ModulePath) -> BTreeSet<ModulePath> {
        let module = &self.0[from];
        // To pass an item on is not to use it, unless the file names it a second time.
        let is_used = |named: &&Named| {
            !named.is_reexport
                || named.alias.as_ref().is_some_and(|alias| module.words.get(alias).is_some_and(|count| *count > 1))
        };
        let targets = module.named.iter().filter(is_used).filter_map(|named| self.resolve(from, &named.segments, 0));
        targets.filter(|target| target != from).collect()
    }

    /// The module that defines what a path, as written in `from`, stands for.
    fn resolve(&self, from: &ModulePath, segments: &[String], depth: usize) -> Option<ModulePath> {
        let (mut at, rest) = self.start(from, segments)?;
        for (passed, segment) in rest.iter().enumerate() {
            at.push(segment.clone());
            if self.0.contains_key(&at) {
                continue;
            }
            at.pop();
            let mut reexports = self.0[&at].named.iter().filter(|named| named.is_reexport);
            return match reexports.find(|named| named.alias.as_ref() == Some(segment)) {
                Some(named) if depth < DEPTH_LIMIT => {
                    let mut whole = named.segments.clone();
                    whole.extend_from_slice(&rest[passed + 1..]);
                    self.resolve(&at, &whole, depth + 1)
                }
                _ => Some(at),
            };
        }
        Some(at)
    }

    /// The module that a path starts in, and the segments that are left. None for paths into other crates.
    fn start<'a>(&self, from: &ModulePath, segments: &'a [String]) -> Option<(ModulePath, &'a [String])> {
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => Some((Vec::new(), rest)),
            "self" => Some((from.clone(), rest)),
            "super" => {
                let mut at = from.clone();
                at.pop()?;
                let more = rest.iter().take_while(|segment| *segment == "super").count();
                at.truncate(at.len().checked_sub(more)?);
                Some((at, &rest[more..]))
            }
            child => {
                let at: ModulePath = from.iter().cloned().chain([child.to_owned()]).collect();
                self.0.contains_key(&at).then_some((at, rest))
            }
        }
    }

    /// Groups of modules of one layer that import each other, directly or through others of the group.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let imports: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = self
            .all()
            .map(|path| (path, self.imports(path).into_iter().filter(|to| to.first() == path.first()).collect()))
            .collect();
        let reach: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
            self.all().map(|path| (path, reached(path, &imports))).collect();
        let mut circles = Vec::<BTreeSet<String>>::new();
        for path in self.all() {
            let circle: BTreeSet<String> =
                reach[path].iter().filter(|other| reach[*other].contains(path)).map(|other| other.join("::")).collect();
            if circle.len() > 1 && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }
}

/// All modules that one imports from, and those that these import from, and so on.
fn reached<'a>(
    from: &'a ModulePath,
    imports: &'a BTreeMap<&ModulePath, BTreeSet<ModulePath>>,
) -> BTreeSet<&'a ModulePath> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(imports.get(next).into_iter().flatten().filter(|to| reached.insert(*to)));
    }
    reached
}

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

#[test]
fn a_circle_is_found() {
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<ModulePath>();
    let mut modules = Modules::default();
    modules.add(Vec::new(), "pub mod name;");
    modules.add(path("name"), "pub mod dns;\nmod wire;\npub use dns::Message;");
    modules.add(path("name::dns"), "use super::wire::Wire;\npub struct Message;");
    modules.add(path("name::wire"), "pub struct Wire;");
    assert!(modules.circles().is_empty(), "{:?}", modules.circles());
    // Through a re-export, in a group of imports.
    modules.add(path("name::wire"), "use crate::{error, name::{self, Message}};\npub struct Wire;");
    let names = ["name::dns", "name::wire"].map(str::to_owned);
    assert_eq!(modules.circles(), [BTreeSet::from(names.clone())]);
    // A module that uses what it passes on is no mere front of its folder.
    modules.add(path("name::wire"), "pub struct Wire;");
    modules.add(path("name"), "pub mod dns;\nmod wire;\npub use dns::Message;\npub fn read() -> Message {}");
    modules.add(path("name::dns"), "use super::read;\npub struct Message;");
    assert_eq!(modules.circles(), [BTreeSet::from(["name", "name::dns"].map(str::to_owned))]);
}
