//! The text of a policy to rules. What is wrong is said with line and column.

use super::regions::Region;
use super::rule::{Direction, Kind, Located, Names, Policy, Rule, Share, Table, Territory};
use crate::app::Catalogue;
use crate::error::Error;
use crate::place::Country;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// A larger policy is refused: it is written by hand.
const LIMIT_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    #[serde(default)]
    rule: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    name: Spanned<String>,
    apps: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    direction: Direction,
    deny: Option<Spanned<TableEntry>>,
    allow_only: Option<Spanned<TableEntry>>,
    expect: Option<Spanned<TableEntry>>,
    over_bytes: Option<u64>,
    over_share: Option<Spanned<ShareEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableEntry {
    country: Option<Spanned<Vec<Spanned<String>>>>,
    region: Option<Spanned<Vec<Spanned<String>>>>,
    jurisdiction: Option<Spanned<Vec<Spanned<String>>>>,
    operator: Option<Spanned<Vec<Spanned<String>>>>,
    asn: Option<Spanned<Vec<Spanned<AsnEntry>>>>,
    registered_country: Option<Spanned<Vec<Spanned<String>>>>,
    name: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a share is a number from 0 to 1, or a text such as \"5 %\"")]
enum ShareEntry {
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a network is a number, or a text such as \"AS15169\"")]
enum AsnEntry {
    Number(u32),
    Text(String),
}

/// What is wrong, and at which byte.
type Fault = (usize, String);

/// Reads a policy. `path` is where it comes from, for messages. Operators must be known to the catalogue, since a rule about a
/// misspelled one would always hold.
pub fn parse(text: &str, path: &Path, catalogue: &Catalogue) -> Result<Policy, Error> {
    let wrong = |what: String| Error::not_usable(path, what, "`whither check --example` shows what a policy may say");
    if text.len() > LIMIT_BYTES {
        return Err(wrong(format!("longer than {LIMIT_BYTES} bytes")));
    }
    let at = |(at, what): Fault| {
        let (line, column) = position(text, at);
        wrong(format!("line {line}, column {column}: {what}"))
    };
    let file: PolicyFile = toml::from_str(text).map_err(|error| {
        let what = error.message().replace('\n', ", ");
        match error.span() {
            Some(span) => at((span.start, what)),
            None => wrong(what),
        }
    })?;
    if file.rule.is_empty() {
        return Err(wrong("no [[rule]] in it".to_owned()));
    }
    let reader = Reader { text, catalogue };
    let mut policy = Policy::default();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for entry in file.rule {
        let start = entry.name.span().start;
        let rule = reader.rule(entry).map_err(at)?;
        // What was found is recognised by the name of its rule from one run to the next.
        if let Some(line) = lines.insert(rule.name.value.clone(), rule.name.line) {
            return Err(at((start, format!("a rule of this name is in line {line} already"))));
        }
        policy.rules.push(rule);
    }
    Ok(policy)
}

/// Line and column of a byte, both from 1, the column in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}

struct Reader<'a> {
    text: &'a str,
    catalogue: &'a Catalogue,
}

impl Reader<'_> {
    fn located(&self, value: Spanned<String>) -> Located<String> {
        let (line, column) = position(self.text, value.span().start);
        Located { value: value.into_inner(), line, column }
    }

    fn rule(&self, entry: RuleEntry) -> Result<Rule, Fault> {
        let start = entry.name.span().start;
        if entry.name.get_ref().trim().is_empty() {
            return Err((start, "a rule needs a name".to_owned()));
        }
        let kinds = [(Kind::Deny, entry.deny), (Kind::AllowOnly, entry.allow_only), (Kind::Expect, entry.expect)];
        let mut given = kinds.into_iter().filter_map(|(kind, table)| Some((kind, table?)));
        let (kind, table) = match (given.next(), given.next()) {
            (Some(one), None) => one,
            (None, _) => return Err((start, "the rule has none of deny, allow_only and expect".to_owned())),
            (Some((first, _)), Some((second, table))) => {
                let what = format!("the rule has {} already; write another rule for {}", first.key(), second.key());
                return Err((table.span().start, what));
            }
        };
        Ok(Rule {
            kind,
            table: self.table(table)?,
            apps: self.apps(entry.apps)?,
            direction: entry.direction,
            over_bytes: entry.over_bytes,
            over_share: entry.over_share.map(share).transpose()?,
            name: self.located(entry.name),
        })
    }

    fn apps(&self, apps: Spanned<Vec<Spanned<String>>>) -> Result<Vec<Located<String>>, Fault> {
        let apps = filled(apps, "apps")?;
        let is_all = |app: &Spanned<String>| app.get_ref() == "*";
        match apps.iter().find(|app| is_all(app)) {
            Some(_) if apps.len() == 1 => Ok(Vec::new()),
            Some(all) => Err((all.span().start, "\"*\" is all apps, and stands alone".to_owned())),
            None => apps.into_iter().map(|app| self.app(app)).collect(),
        }
    }

    /// An id of the catalogue, or the name of an owner that the catalogue does not know. What is like an id and is none is a slip:
    /// the rule would never be observed.
    fn app(&self, app: Spanned<String>) -> Result<Located<String>, Fault> {
        let id = app.get_ref().to_lowercase();
        let is_known = self.catalogue.app(app.get_ref()).is_some() || self.catalogue.app(&id).is_some();
        match self.catalogue.find(&id).first().filter(|_| !is_known) {
            Some(similar) => Err((app.span().start, format!("no app has this id; did you mean \"{}\"?", similar.id))),
            None if id.trim().is_empty() => Err((app.span().start, "an app without a name".to_owned())),
            None => Ok(self.located(app)),
        }
    }

    fn table(&self, table: Spanned<TableEntry>) -> Result<Table, Fault> {
        let start = table.span().start;
        let entry = table.into_inner();
        let countries = |entry: Option<_>, key| list(entry, key, country);
        let table = Table {
            country: countries(entry.country, "country")?,
            region: list(entry.region, "region", territory)?,
            jurisdiction: countries(entry.jurisdiction, "jurisdiction")?,
            operator: list(entry.operator, "operator", |one| self.operator(one))?,
            asn: list(entry.asn, "asn", asn)?,
            registered_country: countries(entry.registered_country, "registered_country")?,
            name: list(entry.name, "name", names)?,
        };
        match table == Table::default() {
            true => Err((start, "the table is empty, and all bytes would fit".to_owned())),
            false => Ok(table),
        }
    }

    fn operator(&self, text: String) -> Result<String, String> {
        let wanted = text.to_lowercase();
        let mut near: Option<&str> = None;
        for group in self.catalogue.groups() {
            if group.eq_ignore_ascii_case(&text) || group.to_lowercase() == wanted {
                return Ok(group.to_owned());
            }
            let is_near =
                wanted.len() > 2 && (group.to_lowercase().contains(&wanted) || wanted.contains(&group.to_lowercase()));
            // Short ones are in many words.
            let rank = |group: &str| (std::cmp::Reverse(group.len()), group.to_owned());
            near = if is_near { near.into_iter().chain([group]).min_by_key(|one| rank(one)) } else { near };
        }
        let hint = match near {
            Some(group) => format!("did you mean \"{group}\"?"),
            None => "the groups of `whither apps` are known".to_owned(),
        };
        Err(format!("no operator of this name is known; {hint}"))
    }
}

/// A list that holds something.
fn filled<T>(list: Spanned<Vec<T>>, key: &str) -> Result<Vec<T>, Fault> {
    let start = list.span().start;
    let list = list.into_inner();
    if list.is_empty() { Err((start, format!("the list {key} is empty"))) } else { Ok(list) }
}

fn list<T, U>(
    entry: Option<Spanned<Vec<Spanned<T>>>>,
    key: &str,
    read: impl Fn(T) -> Result<U, String>,
) -> Result<Option<Vec<U>>, Fault> {
    let Some(entry) = entry else { return Ok(None) };
    let one = |value: Spanned<T>| {
        let start = value.span().start;
        read(value.into_inner()).map_err(|what| (start, what))
    };
    filled(entry, key)?.into_iter().map(one).collect::<Result<_, _>>().map(Some)
}

fn country(text: String) -> Result<Country, String> {
    Country::find(&text).ok_or_else(|| "no country has this code or name (ISO 3166-1 alpha-2)".to_owned())
}

fn territory(text: String) -> Result<Territory, String> {
    let region = Region::new(&text).map(Territory::Region);
    region.or_else(|| Country::find(&text).map(Territory::Country)).ok_or_else(|| {
        let words = Region::ALL.map(|(word, _)| word);
        format!("no region or country has this name; the regions are {}", words.join(", "))
    })
}

fn asn(entry: AsnEntry) -> Result<u32, String> {
    match entry {
        AsnEntry::Number(asn) => Ok(asn),
        AsnEntry::Text(text) => {
            let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(&text);
            digits.parse().map_err(|_| "not the number of a network, such as 15169 or \"AS15169\"".to_owned())
        }
    }
}

fn names(text: String) -> Result<Names, String> {
    Names::new(&text).ok_or_else(|| "not a server name, such as \"www.example.com\" or \"*.example.com\"".to_owned())
}

fn share(entry: Spanned<ShareEntry>) -> Result<Share, Fault> {
    let start = entry.span().start;
    let share = match entry.get_ref() {
        ShareEntry::Number(share) => Share::new(*share),
        ShareEntry::Text(text) => {
            let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
            percent.and_then(|percent| Share::new(percent / 100.0))
        }
    };
    share.ok_or_else(|| (start, "a share is a number from 0 to 1, or a text such as \"5 %\"".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::EXAMPLE;

    fn read(text: &str) -> Result<Policy, String> {
        parse(text, Path::new("p.toml"), &Catalogue::embedded().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_is_a_policy_that_uses_every_field() {
        let policy = read(EXAMPLE).unwrap();
        assert!(policy.rules.len() >= 6);
        let any = |is: &dyn Fn(&Rule) -> bool| policy.rules.iter().any(is);
        assert!(any(&|rule| rule.table.country.is_some()) && any(&|rule| rule.table.region.is_some()));
        assert!(any(&|rule| rule.table.jurisdiction.is_some()) && any(&|rule| rule.table.operator.is_some()));
        assert!(any(&|rule| rule.table.asn.is_some()) && any(&|rule| rule.table.registered_country.is_some()));
        assert!(any(&|rule| rule.table.name.is_some()) && any(&|rule| rule.apps.is_empty()));
        assert!(any(&|rule| rule.over_bytes.is_some()) && any(&|rule| rule.over_share.is_some()));
        for kind in [Kind::Deny, Kind::AllowOnly, Kind::Expect] {
            assert!(any(&|rule| rule.kind == kind));
        }
    }

    #[test]
    fn all_values_are_understood() {
        let policy = read(
            "[[rule]]\nname = \"é\"\napps = [\"WeChat\", \"com.example.own\"]\ndirection = \"both\"\nover_share = \"2.5 %\"\nover_bytes = 7\n\
             deny = { country = [\"cn\", \"Hong Kong\"], region = [\"eea\", \"JP\"], operator = [\"tencent\"], asn = [\"AS1\", 2], name = [\"*.QQ.com\"] }\n",
        );
        let rule = &policy.unwrap().rules[0];
        assert_eq!((rule.name.line, rule.name.column, rule.apps[1].column), (2, 8, 19));
        assert_eq!((rule.direction, rule.kind), (Direction::Both, Kind::Deny));
        assert_eq!((rule.threshold(1_000), rule.threshold(100)), (25, 7));
        assert_eq!(rule.table.country, Some(vec![Country::new("CN").unwrap(), Country::new("HK").unwrap()]));
        assert_eq!(rule.table.operator, Some(vec!["Tencent".to_owned()]));
        assert_eq!(
            (&rule.table.asn, &rule.table.name),
            (&Some(vec![1, 2]), &Some(vec![Names::Below("qq.com".to_owned())]))
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        let rule = |rest: &str| format!("[[rule]]\nname = 'a'\napps = ['*']\n{rest}\n");
        for (text, said) in [
            (String::new(), "p.toml: no [[rule]] in it"),
            ("[[rule]\n".to_owned(), "line 1, column"),
            (rule("deny = { countries = ['CN'] }"), "line 4, column 10: unknown field `countries`"),
            (rule("deny = { country = ['CN', 'Chinna'] }"), "line 4, column 27: no country has this code or name"),
            (
                rule("deny = { region = ['EUU'] }"),
                "line 4, column 20: no region or country has this name; the regions are EU, EEA",
            ),
            (rule("deny = { operator = ['Tencet'] }"), "line 4, column 22: no operator of this name is known"),
            (rule("deny = { operator = ['Tencent Cloud'] }"), "did you mean \"Tencent\"?"),
            (rule("deny = { asn = ['x'] }"), "line 4, column 17: not the number of a network"),
            (rule("deny = { name = ['https://a'] }"), "line 4, column 18: not a server name"),
            (rule("deny = { country = [] }"), "line 4, column 20: the list country is empty"),
            (rule("deny = {}"), "line 4, column 8: the table is empty"),
            (rule(""), "line 2, column 8: the rule has none of deny, allow_only and expect"),
            (rule("deny = { asn = [1] }\nexpect = { asn = [1] }"), "line 5, column 10: the rule has deny already"),
            (rule("over_share = 5\ndeny = { asn = [1] }"), "line 4, column 14: a share is a number from 0 to 1"),
            (rule("over_share = '5'\ndeny = { asn = [1] }"), "line 4, column 14: a share is a number from 0 to 1"),
            (rule("over_bytes = -1\ndeny = { asn = [1] }"), "line 4, column 14: "),
            (rule("direction = 'out'\ndeny = { asn = [1] }"), "line 4, column 13: unknown variant `out`"),
            (rule("deny = { asn = [1] }").repeat(2), "line 6, column 8: a rule of this name is in line 2 already"),
            ("[[rule]]\nname = ' '\napps = ['*']".to_owned(), "line 2, column 8: a rule needs a name"),
            (
                "[[rule]]\nname = 'a'\napps = ['*', 'line']\ndeny.asn = [1]".to_owned(),
                "line 3, column 9: \"*\" is all apps",
            ),
            (
                "[[rule]]\nname = 'a'\napps = ['wecha']\ndeny.asn = [1]".to_owned(),
                "line 3, column 9: no app has this id; did you mean \"wechat\"?",
            ),
            ("x".repeat(LIMIT_BYTES + 1), "longer than"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(said), "{text}\n{error}");
            assert!(error.ends_with("`whither check --example` shows what a policy may say"), "{error}");
        }
    }
}
