//! `whither prove`: the smallest capture that shows of an app, or for a rule, what the captures show.

use super::args::{Args, ProveArgs};
use super::check::read;
use super::end::End;
use super::flows::is_read_once;
use super::input::Input;
use super::outputs::Wanted as WantedOutput;
use super::prove_redacted::{Given, RedactedProof};
use super::stderr::say;
use super::{input, outputs, redact, stdout};
use crate::analysis::{self, Analysed, Knowledge, Options};
use crate::capture::{self, Progress, Source};
use crate::error::Error;
use crate::output::{escape, units};
use crate::policy::{self, Policy, Rule};
use crate::proof::{self, Breadth, Selection, Statement, Subject, Wanted, is_own, select};
use crate::report::{Report, build};
use crate::route::Observed;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What a flow that a proof has to show takes of the memory, about, and the part of the memory that all of them may take.
const FLOW_BYTES: u64 = 512;
const FLOWS_PART: u64 = 8;
/// Differences that are said, and apps that are named.
const NAMED: usize = 16;

pub(super) fn run(args: &Args, prove: &ProveArgs, command: &str) -> Result<End, Error> {
    if prove.input.app.is_empty() && prove.policy.is_none() {
        let hint = "name an app with --app, or a rule with --policy and --rule";
        return Err(Error::usage("nothing is named that the proof is to show", hint));
    }
    if prove.input.captures.iter().any(|path| is_read_once(path)) {
        let hint = "write the capture to a file first";
        return Err(Error::usage("a proof needs captures that can be read again, which stdin and pipes cannot", hint));
    }
    let found = capture::find(&prove.input.captures)?;
    let mut reads = input::reads(&found, &prove.input);
    reads.files.extend(prove.policy.iter().map(|path| ("--policy", path.as_path())));
    let wanted = WantedOutput { option: "-o".to_owned(), path: &prove.output, is_own };
    let targets = outputs::open(&[wanted], &reads, prove.force)?;
    stdout::check()?;
    let key = redact::key(&prove.redact)?;
    let Input { sources, knowledge, is_whole } = input::open(found, &prove.input, args.quiet)?;
    let rule = rule(prove, &knowledge)?;
    let mut options = input::options(&prove.input, &knowledge)?;
    // The whole is analysed: flows of other apps may say something of the same endpoints.
    let apps = std::mem::take(&mut options.apps);
    // A proof holds no secrets, and shows the same with those of the captures.
    options.keys = options.keys_with(&sources);
    let hashes = sources.iter().map(|source| Ok((source.name().to_owned(), source.sha256()?)));
    let hashes: Vec<(String, Option<[u8; 32]>)> = hashes.collect::<Result<_, Error>>()?;

    let flows = Gathered::of(prove.input.max_memory);
    let is_meant = |app: &str| rule.is_some() || apps.iter().any(|one| one == app);
    let look = |observed: &Observed<'_>| flows.look(observed, is_meant);
    let (routes, analysed) = input::analyse(sources, &options, &knowledge, args.quiet, &look)?;
    let whole = build(&routes, &analysed, &knowledge, command.to_owned());
    let is_seen = |app: &str| whole.apps.iter().any(|routes| routes.id == app);
    input::known_or_seen(&apps, &knowledge, is_seen)?;
    let subject = match &rule {
        Some(rule) => Subject::rule(&whole, rule),
        None => Subject::apps(&whole, &apps),
    };
    let flows = flows.finish(&subject)?;
    if let Some(app) = apps.iter().find(|app| !is_seen(app)).or(apps.first().filter(|_| flows.is_empty())) {
        return Err(nothing(&format!("--app {app}: no flow in the captures is of this app"), &whole));
    }
    if let (true, Some(rule)) = (flows.is_empty(), &rule) {
        let what = format!("--rule {}: no flow in the captures is of its apps", escape::shell(&rule.name.value));
        return Err(nothing(&what, &whole));
    }

    let open = || Ok(capture::find(&prove.input.captures)?.open()?.sources);
    let proof = Attempt::first_that_shows(&open, &flows, &subject, &whole, (&options, &knowledge))?;
    let about =
        About { subject: &subject, rule: rule.as_ref(), whole: &whole, analysed: &analysed, command, redacted: None };
    let redacted = match &key {
        Some(key) => {
            let given = Given {
                selection: &proof.selection,
                whole: &whole,
                subject: &subject,
                rule: rule.as_ref(),
                options: &options,
                knowledge: &knowledge,
                command,
            };
            Some(RedactedProof::of(&given, key, prove.redact.keep_frames)?)
        }
        None => None,
    };
    let (proof, statement) = match &redacted {
        None => {
            let statement = about.statement(&proof, &hashes, flows.len());
            (proof, statement)
        }
        Some(redacted) => {
            let (whole, subject) = (&redacted.whole, &redacted.subject);
            let about = About { whole, subject, command: &whole.generator.command, redacted: Some(redacted), ..about };
            let mut differences = redacted.differences.clone();
            if !proof.differences.is_empty() && differences.is_empty() {
                differences.push("what the proof does not show without --redact either".to_owned());
            }
            let selection = Selection { frames: redacted.frames.selection.frames.clone(), ..Selection::default() };
            let proof = Attempt { selection, differences, ..proof };
            let statement = about.statement(&proof, &hashes, flows.len());
            (proof, Statement { hides_frames: !prove.redact.keep_frames, ..statement })
        }
    };
    let bytes = proof::write(&proof.selection, &statement);
    if let Some(redacted) = &redacted {
        redacted.check(&bytes)?;
    }
    outputs::write_files(&targets, |_, out| out.write_all(&bytes), args.quiet)?;
    outputs::write_streams(&targets, |_, out| out.write_all(&bytes), args.quiet)?;
    if !targets.iter().any(super::target::Target::is_stdout) {
        let frames: u64 = analysed.outcomes.iter().map(|outcome| outcome.frames).sum();
        let captured: u64 = analysed.outcomes.iter().map(|outcome| outcome.captured_bytes).sum();
        let shown = format!(
            "{} of {} frames, {} for {} captured: {}\n",
            units::count(proof.selection.frames.len() as u64),
            units::count(frames),
            units::bytes(bytes.len() as u64),
            units::bytes(captured),
            proof.says(),
        );
        stdout::write(shown.as_bytes())?;
    }
    if let (Some(redacted), false) = (&redacted, args.quiet) {
        redact::say_list(&redacted.removed);
        redacted.left_out().iter().for_each(|line| say(&format!("whither: {line}")));
    }
    for difference in proof.differences.iter().take(NAMED) {
        say(&format!("whither: not shown by the proof: {}", escape::terminal(difference, false)));
    }
    let is_complete = input::report_defects(&analysed.outcomes);
    Ok(End::of(is_complete && is_whole && proof.differences.is_empty()))
}

/// The rule that was asked for.
fn rule(prove: &ProveArgs, knowledge: &Knowledge) -> Result<Option<Rule>, Error> {
    let (Some(path), Some(name)) = (&prove.policy, &prove.rule) else { return Ok(None) };
    let text = read(path, "`whither check --example` prints a policy")?;
    let Policy { rules } = policy::parse(&text, path, &knowledge.catalogue)?;
    let names = list(rules.iter().map(|rule| rule.name.value.clone()));
    match rules.into_iter().find(|rule| rule.name.value == *name) {
        Some(rule) => Ok(Some(rule)),
        None => Err(Error::not_usable(
            Path::new(path),
            format!("no rule is called {}", escape::shell(name)),
            format!("its rules are {names}"),
        )),
    }
}

/// That nothing is there to be shown, and what is.
fn nothing(what: &str, whole: &Report) -> Error {
    let hint = match whole.apps.is_empty() {
        true => "the captures hold flows of no known app".to_owned(),
        false => format!("the captures hold flows of {}", list(whole.apps.iter().map(|app| app.id.clone()))),
    };
    Error::usage(what, hint)
}

/// The first of some names.
fn list(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = if names.len() > NAMED { " and others" } else { "" };
    format!("{}{more}", names.take(NAMED).collect::<Vec<_>>().join(", "))
}

/// Flows that may be meant.
struct Gathered {
    flows: Mutex<Vec<Wanted>>,
    most: usize,
}

impl Gathered {
    fn of(max_memory: u64) -> Self {
        let most = usize::try_from(max_memory / FLOWS_PART / FLOW_BYTES).unwrap_or(usize::MAX);
        Self { flows: Mutex::default(), most }
    }

    fn look(&self, observed: &Observed<'_>, is_meant: impl Fn(&str) -> bool) {
        if let Some(claim) = &observed.attribution.chosen
            && is_meant(&claim.app)
            && let Some(wanted) = Wanted::of(observed)
        {
            let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
            if flows.len() <= self.most {
                flows.push(wanted);
            }
        }
    }

    /// Those that are meant.
    fn finish(self, subject: &Subject) -> Result<Vec<Wanted>, Error> {
        let mut flows = self.flows.into_inner().unwrap_or_else(PoisonError::into_inner);
        if flows.len() > self.most {
            let what = format!("a proof would have to show more than {} flows", units::count(self.most as u64));
            return Err(Error::usage(
                what,
                "name one app, a --device, or fewer captures, or give more with --max-memory",
            ));
        }
        flows.retain(|flow| subject.wants(flow));
        Ok(flows)
    }
}

/// A proof, and what it does not show.
struct Attempt {
    breadth: Breadth,
    selection: Selection,
    differences: Vec<String>,
}

impl Attempt {
    /// Keeps more until the proof shows what the whole shows; at last what shows most of it.
    fn first_that_shows(
        open: &dyn Fn() -> Result<Vec<Source>, Error>,
        flows: &[Wanted],
        subject: &Subject,
        whole: &Report,
        (options, knowledge): (&Options, &Knowledge),
    ) -> Result<Self, Error> {
        let mut best: Option<Self> = None;
        for breadth in Breadth::ALL {
            let selection = select(open, options, flows, breadth)?;
            if selection.is_full {
                if best.is_some() {
                    break;
                }
                let hint = "name a --device or fewer captures, or give more with --max-memory";
                return Err(Error::usage("there is not enough memory for the frames of the proof", hint));
            }
            let bytes = proof::write(&selection, &Statement::default());
            let source = Source::memory("proof", bytes)?;
            let options = Options { filter: None, ..options.clone() };
            let (routes, analysed) = analysis::map(vec![source], &options, knowledge, &Progress::default());
            let differences = subject.differences(whole, &build(&routes, &analysed, knowledge, String::new()));
            let attempt = Self { breadth, selection, differences };
            if attempt.differences.is_empty() {
                return Ok(attempt);
            }
            if best.as_ref().is_none_or(|best| attempt.differences.len() < best.differences.len()) {
                best = Some(attempt);
            }
        }
        best.ok_or_else(|| Error::usage("no proof could be made", "please report this as a defect"))
    }

    /// Whether it shows the same, for people.
    fn says(&self) -> String {
        match self.differences.len() as u64 {
            0 => "whither map shows the same of it".to_owned(),
            count => {
                format!("whither map does not show all of it: {}", units::plural(count, "difference", "differences"))
            }
        }
    }
}

/// What a proof is about.
struct About<'a> {
    subject: &'a Subject,
    rule: Option<&'a Rule>,
    whole: &'a Report,
    analysed: &'a Analysed,
    command: &'a str,
    redacted: Option<&'a RedactedProof>,
}

impl About<'_> {
    /// What the proof says of itself.
    fn statement(&self, proof: &Attempt, hashes: &[(String, Option<[u8; 32]>)], flows: usize) -> Statement {
        let one_line = |text: &str| escape::terminal(text, false).into_owned();
        let outcomes = &self.analysed.outcomes;
        let apps = one_line(&list(self.subject.ids().map(str::to_owned).collect::<Vec<_>>().into_iter()));
        let of = match self.rule {
            Some(rule) => format!("the rule {} ({apps})", one_line(&escape::shell(&rule.name.value))),
            None => apps,
        };
        let (frames, captured) = outcomes
            .iter()
            .fold((0, 0), |(frames, bytes), outcome| (frames + outcome.frames, bytes + outcome.captured_bytes));
        let kept = proof.selection.frames.len() as u64;
        let kept_bytes: u64 = proof.selection.frames.values().map(|kept| kept.bytes.len() as u64).sum();
        let mut lines = vec![
            format!("{of}: endpoints, names, evidence, places, standings and round trips, as the captures below show them"),
            format!("command: {}", one_line(self.command)),
            format!("kept: {}; {} of {} frames, {} of {} captured bytes", proof.breadth.says(), kept, frames, kept_bytes, captured),
            "left out: frames of which the report needs nothing, and payload: no application data of TLS or QUIC is here; \
             of HTTP the heads are, of other protocols the first bytes"
                .to_owned(),
        ];
        match self.redacted {
            None => lines.push(
                "lengths on the wire, times and addresses are as captured; the remark of a frame is its number in its capture"
                    .to_owned(),
            ),
            Some(redacted) => lines.extend(redacted.says()),
        }
        lines.push("amounts of bytes cannot be counted here, and were:".to_owned());
        for (app, row) in self.subject.rows(self.whole) {
            let network = match (row.asn, &row.as_name) {
                (Some(asn), Some(name)) => format!("AS{asn} {name}"),
                (Some(asn), None) => format!("AS{asn}"),
                (None, _) => "no network".to_owned(),
            };
            let (payload, traffic) = (&row.payload, &row.traffic);
            lines.push(one_line(&format!(
                "  {}, {}, {network}: {} flows, {} packets, {} bytes; payload sent {}, received {}, tried {}, to people {}, from people {}",
                app.id,
                row.label,
                traffic.flows,
                traffic.packets_up + traffic.packets_down,
                traffic.bytes_up + traffic.bytes_down,
                payload.sent,
                payload.received,
                payload.tried,
                payload.person_sent,
                payload.person_received,
            )));
        }
        lines.push(format!("checked: {}; {flows} flows are shown", proof.says()));
        lines.extend(proof.differences.iter().take(NAMED).map(|difference| one_line(&format!("  {difference}"))));
        let captures = outcomes.iter().zip(hashes).enumerate().map(|(at, (outcome, (name, hash)))| {
            let name = self.redacted.map_or_else(|| name.clone(), |_| format!("capture {}", at + 1));
            let hash = hash.map_or("unknown".to_owned(), |hash| escape::hex(&hash));
            (
                one_line(&name),
                format!("sha256 {hash}, {} frames, {} captured bytes", outcome.frames, outcome.captured_bytes),
            )
        });
        let captures = captures.collect();
        let application = concat!("whither ", env!("CARGO_PKG_VERSION")).to_owned();
        Statement { application, lines, captures, hides_frames: false }
    }
}
