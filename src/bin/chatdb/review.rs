//! `chatdb review` shows the expected tables that are pending or differ, to accept, reject or skip each.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use chatdb::acceptance::{self, ReviewItem, ReviewState, ScenarioReview};
use chatdb::command_line::CommandLine;
use chatdb::diagnostic::{counted, did_you_mean};
use chatdb::render::sanitize::Sanitized;

use crate::cli::ReviewArgs;
use crate::failure::{Code, Failure};
use crate::{output, watch};

pub fn run(args: &ReviewArgs) -> Result<Code, Failure> {
    output::reports_checks(&args.form, args.check)?;
    let library = output::library(&args.folders)?;
    let mut reviews = Vec::new();
    for name in output::of_folders(&library, &args.names)? {
        reviews.push(acceptance::review(&library, &name, &watch::guarded(Vec::new()))?);
    }
    let items: Vec<&ReviewItem> = reviews.iter().flat_map(|review| &review.items).collect();
    for asked in args.accept.iter().chain(&args.reject) {
        known(&items, asked)?;
        if let Some(item) = items.iter().find(|item| is(item, asked) && is_kept(item)) {
            let message = format!("`{}` is neither accepted nor rejected: {KEPT}", item.id);
            return Err(Failure::new(Code::Usage, message).hint(by_hand(item)));
        }
    }
    let decided = args.accept_all || !args.accept.is_empty() || !args.reject.is_empty();
    let asks = !decided && !args.check && io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut left = 0;
    for item in &items {
        let decision = if is_kept(item) {
            if !output::is_asked_for(&args.form) {
                show(item)?;
            }
            Decision::Skip
        } else if asks {
            show(item)?;
            match ask(item)? {
                Some(decision) => decision,
                None => break,
            }
        } else {
            let of = |names: &[String]| names.iter().any(|name| is(item, name));
            // What nobody has recorded, or somebody has rejected, is accepted by name alone.
            let is_recorded = item.state != ReviewState::Unrecorded;
            match (of(&args.accept), of(&args.reject)) {
                (true, _) => Decision::Accept,
                (_, true) => Decision::Reject,
                _ if args.accept_all && is_recorded => Decision::Accept,
                _ if args.accept_all => {
                    output::note(&format!(
                        "`{}` was not accepted: its result is not recorded, or was rejected; `--accept {}` accepts it",
                        item.id, item.run.id
                    ));
                    Decision::Skip
                }
                _ if decided => Decision::Skip,
                _ if output::is_asked_for(&args.form) => Decision::Skip,
                _ => {
                    show(item)?;
                    Decision::Skip
                }
            }
        };
        left += usize::from(!decide(item, decision)? && !is_kept(item));
    }
    conclude(args, &reviews, left)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Skip,
}

/// Whether a name from the command line is that of a check.
fn is(item: &ReviewItem, name: &str) -> bool {
    item.id == name || item.run.id == name
}

/// Why the expected result of a check is not replaced.
const KEPT: &str = "the document has its result, or it is not a table in an `.md` file of its own";

fn is_kept(item: &ReviewItem) -> bool {
    item.state == ReviewState::Kept
}

/// Where the check or its table is to be edited.
fn by_hand(item: &ReviewItem) -> String {
    let at = &item.run.expected_at;
    format!("edit {}:{}", at.file, at.line)
}

fn known(items: &[&ReviewItem], asked: &str) -> Result<(), Failure> {
    if items.iter().any(|item| is(item, asked)) {
        return Ok(());
    }
    let message = format!("there is no check `{asked}` to review");
    let failure = Failure::new(Code::Usage, message);
    let names = items.iter().flat_map(|item| [item.id.as_str(), &item.run.id]);
    Err(failure.meant(did_you_mean(asked, names), || {
        let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
        match ids.join(", ").as_str() {
            "" => "nothing is pending, and nothing differs".to_owned(),
            ids => format!("to review are {ids}; `--accept-all` accepts all of them"),
        }
    }))
}

/// Carries a decision out; gives whether nothing is left to decide.
fn decide(item: &ReviewItem, decision: Decision) -> Result<bool, Failure> {
    let word = match decision {
        Decision::Skip => return Ok(false),
        Decision::Accept => {
            item.accept()?;
            "accepted"
        }
        Decision::Reject => {
            item.reject()?;
            "rejected"
        }
    };
    output::print(format!("{word}  {}  {}\n", item.id, item.path.display()).as_bytes())?;
    // A rejected table is still missing, and one that differs still differs.
    Ok(decision == Decision::Accept)
}

/// Shows what came back, and beside it what is expected where that is something else.
fn show(item: &ReviewItem) -> Result<(), Failure> {
    let what = match item.state {
        ReviewState::Unrecorded => "no expected table yet".to_owned(),
        ReviewState::Pending => "recorded, not yet accepted".to_owned(),
        ReviewState::Differs => "differs from the expected table".to_owned(),
        ReviewState::Kept => format!("differs, and cannot be accepted: {KEPT}; {}", by_hand(item)),
    };
    let mut text = format!("{}: {} ({what})\n", item.id, item.run.title);
    if matches!(item.state, ReviewState::Differs | ReviewState::Kept)
        && let Ok(expected) = std::fs::read_to_string(&item.path)
        && item.path.extension().is_some_and(|extension| extension == "md")
    {
        text.push_str("expected:\n");
        text.push_str(&indented(&expected));
        text.push_str("actual:\n");
    }
    text.push_str(&indented(item.text()?));
    output::print(text.as_bytes())
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {}\n", Sanitized::of(line)));
    lines.collect()
}

/// Asks what to do about a table; `None` is the wish to stop.
fn ask(item: &ReviewItem) -> Result<Option<Decision>, Failure> {
    loop {
        let mut out = io::stdout().lock();
        write!(out, "{}: [a]ccept, [r]eject, [s]kip or [q]uit? ", item.id)?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim().to_lowercase().as_str() {
            "a" | "accept" => return Ok(Some(Decision::Accept)),
            "r" | "reject" => return Ok(Some(Decision::Reject)),
            "s" | "skip" | "" => return Ok(Some(Decision::Skip)),
            "q" | "quit" => return Ok(None),
            _ => {}
        }
    }
}

fn conclude(args: &ReviewArgs, reviews: &[ScenarioReview], left: usize) -> Result<Code, Failure> {
    let mut text: String = reviews.iter().map(ScenarioReview::problems).collect();
    let mut code = match text.is_empty() {
        true => Code::Success,
        false => Code::Differs,
    };
    if reviews.iter().all(|review| review.items.is_empty()) && code == Code::Success {
        text.push_str("nothing to review\n");
    }
    let kept = reviews.iter().flat_map(|review| &review.items).filter(|item| is_kept(item)).count();
    if kept > 0 {
        code = match args.check || args.accept_all {
            true => Code::Differs,
            false => code,
        };
        text.push_str(&format!("{} to edit by hand\n", counted(kept, "check")));
    }
    if left > 0 {
        let decided = args.accept_all || !args.accept.is_empty() || !args.reject.is_empty();
        if !decided {
            let review = CommandLine::new("review").args(&args.names);
            text.push_str(&format!(
                "{left} to review: `{review} --accept CHECK` accepts one, `--accept-all` all\n"
            ));
        }
        if args.check {
            code = Code::Differs;
        }
    }
    if output::is_asked_for(&args.form) {
        let runs = reviews.iter().map(|review| review.run.clone());
        output::show_runs(runs.collect(), &args.form)?;
    } else {
        output::print(text.as_bytes())?;
    }
    Ok(code)
}
