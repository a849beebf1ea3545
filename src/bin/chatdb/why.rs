//! `chatdb why` explains a cell of a check's result by causes and rules.

use chatdb::assets;
use chatdb::command_line::CommandLine;
use chatdb::diagnostic::{counted, did_you_mean};
use chatdb::query::Query;
use chatdb::render::Detail;
use chatdb::replay::why::{
    Decides, Experiment, ExplainedValue, Factor, RowCondition, Why, WhyTarget,
};
use chatdb::replay::{self, ReplayError, ReplayOptions, not_covered};
use chatdb::report::{Listing, Report, RestsOn};
use chatdb::scenario::{Library, Scenario, is_scenario_name};
use chatdb::table::{Cell, ResultTable};

use crate::cli::WhyArgs;
use crate::failure::{Code, Failure};
use crate::{output, query, watch};

pub fn run(args: &WhyArgs) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let library = output::library(&args.folders)?;
    let options = watch::guarded(output::sets(&args.set)?);
    let listings = match &args.query {
        Some(text) => of_query(&library, text, args, &options)?,
        None if library.is_there(&args.check) => {
            vec![of_scenario(&library, args, &options)?]
        }
        None => of_check(&library, args, &options)?,
    };
    output::show(&Report::of_listings(listings), &args.form, Detail::Full)?;
    Ok(Code::Success)
}

/// What a check of a scenario rests on.
fn of_check(
    library: &Library,
    args: &WhyArgs,
    options: &ReplayOptions,
) -> Result<Vec<Listing>, Failure> {
    let (scenario, step, check) = find(library, &args.check)?;
    runs(library, &scenario, Some((&step, &check)), options)?;
    let mut experiment = Experiment::new(library, &scenario, &step, options)?;
    let ids = experiment.checks().iter().map(|own| own.id.as_str());
    let at = ids.into_iter().position(|id| id == check).unwrap_or_default();
    let query = CommandLine::new("sql").arg(&experiment.checks()[at].query);
    let reads = format!("`{query}` shows the query that reads it");
    let name = format!("{scenario}/{check}");
    let mut listings = explained(library, &mut experiment, at, args, &name)?;
    listings[0].remarks.push(reads);
    Ok(listings)
}

/// What the result of a query of the user's own rests on.
fn of_query(
    library: &Library,
    text: &str,
    args: &WhyArgs,
    options: &ReplayOptions,
) -> Result<Vec<Listing>, Failure> {
    let (scenario, step) = library.with_step(&args.check);
    let (query, name) = match is_scenario_name(text) {
        true => {
            let query = library.query(&*library.get(scenario)?, text)?;
            (Query::clone(&query), format!("`{text}`"))
        }
        false => {
            let dialect = query::dialect(&args.dialect)?;
            (Query::of_text(text, dialect), "the query".to_owned())
        }
    };
    let mut experiment = Experiment::of_query(library, (scenario, step), &query, options)?;
    let name = format!("{name} after {}", args.check);
    explained(library, &mut experiment, 0, args, &name)
}

/// What a part of an answer rests on, and the conditions of a row that is not in it.
fn explained(
    library: &Library,
    experiment: &mut Experiment,
    at: usize,
    args: &WhyArgs,
    name: &str,
) -> Result<Vec<Listing>, Failure> {
    let target = WhyTarget { row: output::pairs("--row", &args.row)?, column: args.column.clone() };
    columns_exist(experiment, at, &target)?;
    let why = experiment.why(at, &target).map_err(ReplayError::from)?;
    let mut listing = listing(experiment, &why, args, name);
    let missing = experiment.missing(at, &target).map_err(ReplayError::from)?;
    if why.value.is_empty() && listing.table.rows.is_empty() && missing.is_none() {
        let scenario = match (library.get(&args.check), args.check.rsplit_once('/')) {
            (Err(_), Some((before, _))) => library.with_step(before).0,
            _ => &args.check,
        };
        let replay = CommandLine::new("replay").arg(scenario);
        let replay = replay.args(output::folder_words(&args.folders));
        // Nothing determines what there never is.
        listing.remarks = vec![format!(
            "no row has this value, whichever cause or rule is left out; `{replay}` shows the rows"
        )];
    }
    let missing = missing.map(|conditions| conditions_listing(experiment, &conditions));
    Ok(std::iter::once(listing).chain(missing).collect())
}

/// What each check of a scenario rests on.
fn of_scenario(
    library: &Library,
    args: &WhyArgs,
    options: &ReplayOptions,
) -> Result<Listing, Failure> {
    let scenario = library.get(&args.check)?;
    if !args.row.is_empty() || args.column.is_some() {
        let message =
            format!("`{}` is a scenario; `--row` and `--column` are of a check", args.check);
        return Err(Failure::new(Code::Usage, message)
            .hint(format!("`{}` lists its checks", CommandLine::new("why").arg(&args.check))));
    }
    runs(library, &args.check, None, options)?;
    let mut rows = Vec::new();
    for step in scenario.steps.iter().filter(|step| !step.checks.is_empty()) {
        let mut experiment = Experiment::new(library, &args.check, &step.id, options)?;
        for (at, check) in step.checks.iter().enumerate() {
            let label = experiment.label(at).map_err(ReplayError::from)?;
            let cells = [&step.id, &check.id, label.rests_on.words(), &label.rules.join(", ")];
            rows.push(cells.map(|text| Cell::Text(text.to_owned())).to_vec());
        }
    }
    let columns =
        ["step", "check", "depends on", "lab rules and interpretations that determine it"];
    Ok(Listing {
        title: format!("What the checks of {} depend on", args.check),
        table: ResultTable::of_texts(columns, rows),
        remarks: vec![format!(
            "`{}` shows everything that determines a check",
            CommandLine::new("why")
                .arg(format!("{}/CHECK", args.check))
                .args(output::folder_words(&args.folders))
        )],
    })
}

/// Fails where the check of a step, or any check of the scenario, is not answered. Each cause and rule is left out in a
/// run of its own: what does not run once need not be run for each of them.
fn runs(
    library: &Library,
    scenario: &String,
    only: Option<(&String, &String)>,
    options: &ReplayOptions,
) -> Result<(), Failure> {
    let options = ReplayOptions { until: only.map(|(step, _)| step.clone()), ..options.clone() };
    let (played, _) = replay::replay(library, std::slice::from_ref(scenario), &options)?;
    let steps = played.runs.iter().flat_map(|run| &run.steps);
    let mut checks = steps.flat_map(|step| &step.checks);
    let failed = checks.find_map(|own| {
        let is_asked = only.is_none_or(|(_, check)| own.id == *check);
        is_asked.then_some(own).zip(own.problem.as_ref())
    });
    failed.map_or(Ok(()), |(check, problem)| {
        let message = format!("`{scenario}/{}` could not be run: {problem}", check.id);
        Err(Failure::new(Code::Differs, message))
    })
}

/// The conditions of the query for a row that is not in the answer.
fn conditions_listing(experiment: &Experiment, conditions: &[RowCondition]) -> Listing {
    let columns = ["condition", "holds", "false since"];
    let row = |own: &RowCondition| {
        let since = own.since.map(|factor| row(experiment, factor, "", ""));
        let since = since.map_or(String::new(), |cells| format!("{} ({})", cells[1], cells[2]));
        let holds = if own.holds { "true" } else { "false" };
        [own.condition.as_str(), holds, &since].map(|text| Cell::Text(text.to_owned())).to_vec()
    };
    let failing = conditions.iter().filter(|own| !own.holds).count();
    Listing {
        title: "Conditions of the query for the missing row".to_owned(),
        table: ResultTable::of_texts(columns, conditions.iter().map(row)),
        remarks: vec![format!(
            "the row is returned if {} dropped, and not if fewer are",
            match failing {
                1 => "the condition that is false is".to_owned(),
                failing => format!("the {failing} conditions that are false are"),
            }
        )],
    }
}

/// The scenario, step and check that `SCENARIO[/STEP]/CHECK` names.
fn find(library: &Library, text: &str) -> Result<(String, String, String), Failure> {
    let usage = |message: String| Failure::new(Code::Usage, message);
    let Some((before, check)) = text.rsplit_once('/') else {
        let message = format!("`{text}` is not a check");
        return Err(usage(message).hint("write SCENARIO/CHECK or SCENARIO/STEP/CHECK"));
    };
    let has_step =
        |scenario: &Scenario, step: &str| scenario.steps.iter().any(|own| own.id == step);
    let (name, wanted) = match before.rsplit_once('/') {
        Some((name, step)) if library.get(name).is_ok_and(|found| has_step(&found, step)) => {
            (name, Some(step))
        }
        Some((name, step)) if library.get(before).is_err() => match library.get(name) {
            Ok(found) => {
                let steps: Vec<&str> = found.steps.iter().map(|own| own.id.as_str()).collect();
                let hint = format!("its steps are {}", steps.join(", "));
                return Err(usage(format!("`{name}` has no step `{step}`")).hint(hint));
            }
            Err(_) => (before, None),
        },
        _ => (before, None),
    };
    let scenario = library.get(name)?;
    let steps = scenario.steps.iter().filter(|step| wanted.is_none_or(|wanted| step.id == wanted));
    let mut checks = steps.flat_map(|step| step.checks.iter().map(move |check| (step, check)));
    if let Some((step, check)) = checks.clone().find(|(_, own)| own.id == check) {
        return Ok((name.to_owned(), step.id.clone(), check.id.clone()));
    }
    let message = format!("`{before}` has no check `{check}`");
    let known: Vec<&str> = checks.by_ref().map(|(_, own)| own.id.as_str()).collect();
    let meant = did_you_mean(check, known.iter().copied());
    let meant = meant.map(|meant| format!("{before}/{meant}"));
    Err(usage(message).meant(meant, || format!("its checks are {}", known.join(", "))))
}

fn columns_exist(experiment: &Experiment, check: usize, target: &WhyTarget) -> Result<(), Failure> {
    let Some(table) = experiment.answer(check) else {
        return Ok(());
    };
    let named = target.row.iter().map(|(name, _)| name).chain(&target.column);
    match named.into_iter().find(|name| table.position(name).is_none()) {
        None => Ok(()),
        Some(name) => {
            let failure = Failure::new(Code::Usage, format!("the result has no column `{name}`"));
            Err(failure.hint(format!("its columns are {}", table.names().join(", "))))
        }
    }
}

fn listing(experiment: &Experiment, why: &Why, args: &WhyArgs, name: &str) -> Listing {
    let columns = ["determined by", "what", "where", "without it", "basis"];
    let mut groups = 0;
    let mut decides = Vec::new();
    for one in &why.decides {
        groups += usize::from(one.factors.len() > 1);
        decides.extend(rows(experiment, one, groups));
    }
    let together = why
        .together
        .iter()
        .map(|factor| row(experiment, *factor, "one of several that suffice", ""));
    let asked = match (&args.row[..], &args.column) {
        ([], None) => String::new(),
        (rows, column) => {
            let words = rows.iter().chain(column).map(String::as_str);
            format!(", {}", words.collect::<Vec<_>>().join(", "))
        }
    };
    Listing {
        title: format!("Why {name}{asked} is {}", shown(&why.value)),
        table: ResultTable::of_texts(columns, decides.into_iter().chain(together)),
        remarks: std::iter::once(experiment.rests_on(why).legend().to_owned())
            .chain(experiment.uncovered().map(not_covered))
            .collect(),
    }
}

/// The rows of one factor, or of a group of which any one is sufficient, under its number.
fn rows(experiment: &Experiment, one: &Decides, group: usize) -> Vec<Vec<Cell>> {
    let without = shown(&one.without);
    let how = match one.factors.len() {
        1 => String::new(),
        2 => format!("either of ({group})"),
        several => format!("any of {several} ({group})"),
    };
    let factors = one.factors.iter();
    factors.map(|factor| row(experiment, *factor, &how, &without)).collect()
}

fn row(experiment: &Experiment, factor: usize, how: &str, without: &str) -> Vec<Cell> {
    let (kind, what, place, basis) = match &experiment.factors()[factor] {
        // What is compiled in has no file on the user's machine.
        Factor::Cause { step, title, file, line } => {
            let place = match (assets::is_built_in(file), step.split_once('/')) {
                (true, Some((scenario, _))) => CommandLine::new("show").arg(scenario).to_string(),
                _ => format!("{file}:{line}"),
            };
            ("cause", format!("{step}: {title}"), place, "")
        }
        Factor::Rule { kind, rule, statement, basis, lines } => {
            let kind = if kind == "matrix" { "rule" } else { kind.as_str() };
            let place = match (lines.is_empty(), basis) {
                (true, _) => String::new(),
                (false, RestsOn::LabRule) => lines.clone(),
                (false, _) if lines.chars().all(|c| c.is_ascii_digit()) => format!("line {lines}"),
                (false, _) => format!("lines {lines}"),
            };
            (kind, format!("{rule}: {statement}"), place, basis.words())
        }
    };
    let kind = if how.is_empty() { kind.to_owned() } else { format!("{kind}, {how}") };
    [kind.as_str(), &what, &place, without, basis].map(|text| Cell::Text(text.to_owned())).to_vec()
}

/// An answer in a few words.
fn shown(value: &ExplainedValue) -> String {
    match &value[..] {
        [] => "no row".to_owned(),
        [row] => row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
        rows => counted(rows.len() as u64, "row"),
    }
}
