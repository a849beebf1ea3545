//! `chatdb diff` compares two tables.

use std::fs;
use std::path::Path;

use chatdb::check::{self, Terms};
use chatdb::command_line::CommandLine;
use chatdb::diff::{self, ColumnMode, RowOrder, Tolerance};
use chatdb::import::format::by_id;
use chatdb::import::input::decode::{DecodeError, Encoding};
use chatdb::import::open::OpenError;
use chatdb::render::Detail;
use chatdb::replay::{self, ProductionRows};
use chatdb::report::{Comparison, NamedComparison, Report};
use chatdb::store::{self, Store};
use chatdb::table::raw;

use crate::cli::Diff;
use crate::failure::{Code, Failure};
use crate::{codes, import, inputs, output, tables, watch};

/// From how many bytes on two files are compared without holding them.
const LARGE: u64 = 1 << 20;

pub fn run(mut args: Diff) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    known_names(&args)?;
    let terms = terms(&args)?;
    let expected = inputs::one(Path::new(&args.expected))?;
    args.expected = expected.display().to_string();
    args.actual = inputs::one(&args.actual)?;
    let args = &args;
    let path = Path::new(&args.expected);
    let comparison = match args.expected.split_once('/') {
        Some((scenario, check)) if !is_file(path) => with_check(args, scenario, check, &terms)?,
        _ if !args.bind.is_empty() => return Err(unbound(args, "--bind")),
        _ if !args.set.values.is_empty() => return Err(unbound(args, "--set")),
        _ if is_check(args)? => return Err(the_other_way_round(args)),
        _ => of_files(args, path, &terms)?,
    };
    let holds = comparison.same;
    let named = NamedComparison {
        expected: args.expected.clone(),
        actual: args.actual.display().to_string(),
        comparison,
    };
    let report = Report { comparisons: vec![named], ..Report::new() };
    match output::show_exported(report, &args.form, Detail::Full, &args.privacy) {
        // Whoever reads only the beginning is told the same as whoever reads all.
        Err(failure) if !failure.is_quiet() => return Err(failure),
        _ => {}
    }
    Ok(if holds { Code::Success } else { Code::Differs })
}

/// Whether there is something at `path`, be it within a zip archive.
fn is_file(path: &Path) -> bool {
    path.exists() || path.ancestors().skip(1).any(Path::is_file)
}

/// Fails where a format or an encoding is none that there is, whether or not it would be used.
fn known_names(args: &Diff) -> Result<(), Failure> {
    if let Some(form) = &args.reading.input_format
        && by_id(form).is_none()
    {
        let error = OpenError::UnknownForm { form: form.clone() };
        return Err(Failure::of(&codes::UNKNOWN_NAME, &error)
            .or_hint(|| error.advice().unwrap_or_default()));
    }
    if let Some(name) = &args.reading.encoding
        && Encoding::from_name(name).is_none()
    {
        let error = DecodeError::Unknown { name: name.clone() };
        return Err(Failure::of(&codes::UNKNOWN_NAME, &error)
            .hint("for example utf-8, utf-16le, windows-1252 or cp850"));
    }
    Ok(())
}

/// Holds a table against a check: as it is, or its rows of what is bound.
fn with_check(
    args: &Diff,
    scenario: &str,
    check: &str,
    terms: &Terms,
) -> Result<Comparison, Failure> {
    if args.ignore_case || args.ignore_blanks {
        let message = "`--ignore-case` and `--ignore-blanks` compare two files, not a check";
        return Err(Failure::new(Code::Usage, message).hint(format!(
            "ignore a column with `--ignore \"COLUMN=REASON\"`, or omit both options: `{}`",
            CommandLine::new("diff").arg(&args.expected).arg(args.actual.display())
        )));
    }
    let library = output::library(&args.folders)?;
    if args.bind.is_empty() {
        let ways = tables::Ways::of(args)?;
        let actual = ways.read(&args.actual)?;
        let options = watch::guarded(output::sets(&args.set)?);
        let mut comparison =
            replay::compare_table(&library, scenario, check, &actual, terms, &options)?;
        comparison.remarks.extend(ways.remarks());
        return Ok(comparison);
    }
    let binds = output::pairs("--bind", &args.bind)?;
    let mut terms = terms.clone();
    if args.match_columns.is_none() {
        terms.columns = ColumnMode::Subset;
    }
    let options = watch::guarded(Vec::new());
    let compare = |rows: ProductionRows<'_>| {
        replay::compare_bound(&library, scenario, check, rows, &terms, &binds, &options)
    };
    if store::file_is_ours(&args.actual).unwrap_or(false) {
        let store = crate::analyze::open(&args.actual)?;
        // A database may come from anybody, and be made to keep the query for ever.
        let timeout = watch::Timeout {
            seconds: args.timeout,
            what: "the query of the check",
            hint: "raise `--timeout`",
        };
        let stops = watch::stops(store.interrupter(), Some(timeout), watch::PATIENCE)?;
        return match compare(ProductionRows::Copy(&store)) {
            Err(_) if stops.have_come() => Err(stops.failure()),
            compared => Ok(compared?),
        };
    }
    let ways = tables::Ways::of(args)?;
    let mut comparison = match exported(&args.actual, &ways)? {
        Some((store, remarks)) => {
            let mut comparison = compare(ProductionRows::Copy(&store))?;
            comparison.remarks.extend(remarks);
            comparison
        }
        None => compare(ProductionRows::File(&ways.read(&args.actual)?))?,
    };
    comparison.remarks.extend(ways.remarks());
    Ok(comparison)
}

/// An exported file as a database of its own, with what there is to say about loading it; `None` when it is a plain
/// table or cannot be loaded.
fn exported(path: &Path, ways: &tables::Ways) -> Result<Option<(Store, Vec<String>)>, Failure> {
    if ways.is_plain(path)? {
        return Ok(None);
    }
    let mut store = Store::for_exports()?;
    let loaded = import::load(path, &ways.import_options(), &mut store, &|| false);
    Ok(loaded.ok().map(|summary| {
        let remarks = summary.parts().iter().flat_map(import::remarks).collect();
        (store, remarks)
    }))
}

/// Whether the actual table is named as a check of a scenario, of which there is none to compare with.
fn is_check(args: &Diff) -> Result<bool, Failure> {
    let name = args.actual.to_string_lossy();
    let Some((scenario, _)) = name.split_once('/').filter(|_| !is_file(&args.actual)) else {
        return Ok(false);
    };
    Ok(output::library(&args.folders)?.names().contains(&scenario))
}

fn the_other_way_round(args: &Diff) -> Failure {
    let actual = args.actual.display().to_string();
    let message =
        format!("`{actual}` is a check of a scenario, and the expected table comes first");
    let command = CommandLine::new("diff").arg(actual).arg(&args.expected);
    Failure::new(Code::Usage, message).hint(format!("`{command}`"))
}

/// Only a scenario has parameters.
fn unbound(args: &Diff, option: &str) -> Failure {
    let message =
        format!("`{}` is not a check of a scenario, so `{option}` does not apply", args.expected);
    Failure::new(Code::Usage, message).hint("name a check of a scenario as SCENARIO/CHECK")
}

fn of_files(args: &Diff, expected: &Path, terms: &Terms) -> Result<Comparison, Failure> {
    let format = output::format_of(&args.form)?;
    let ways = tables::Ways::of(args)?;
    let size = |path| fs::metadata(path).map_or(0, |found| found.len());
    let large = size(expected) + size(&args.actual) >= LARGE;
    let plain = ways.is_plain(expected)? && ways.is_plain(&args.actual)?;
    ways.check_that_they_apply(plain)?;
    if large && plain && !ways.renames() && !format.can.every_cell {
        for path in [expected, &args.actual] {
            ways.check_names_of(path)?;
        }
        if let Some(comparison) = check::compare_files(expected, &args.actual, terms)? {
            return Ok(comparison);
        }
    }
    let actual = ways.read(&args.actual)?;
    let expected = ways.read(expected)?;
    let numbers: Vec<String> =
        (terms.tolerance.iter()).map(|(column, ..)| column.clone()).collect();
    let kinds = raw::infer_kinds(&[&expected, &actual], &numbers);
    let (expected, actual) = (expected.typed(&kinds[0]), actual.typed(&kinds[1]));
    diff::check_distances([&expected, &actual], numbers.iter().map(String::as_str))?;
    let mut comparison = check::compare_tables(&expected, &actual, terms)?;
    comparison.remarks.extend(ways.remarks());
    Ok(comparison)
}

fn terms(args: &Diff) -> Result<Terms, Failure> {
    let columns = match args.match_columns.as_deref() {
        None | Some("exact") => ColumnMode::Exact,
        Some("any_order") => ColumnMode::AnyOrder,
        Some("subset") => ColumnMode::Subset,
        Some(other) => return Err(unknown("--match-columns", other, "exact, any_order, subset")),
    };
    let order = match args.order.as_deref() {
        None | Some("unordered") => RowOrder::Unordered,
        Some("strict") => RowOrder::Strict,
        Some(other) => return Err(unknown("--order", other, "unordered, strict")),
    };
    Ok(Terms {
        key: args.key.iter().map(|name| unbracketed(name)).collect(),
        columns,
        order,
        ignore: args.ignore.iter().map(|text| ignored(text)).collect::<Result<_, _>>()?,
        tolerance: args.tolerance.iter().map(|text| tolerated(text)).collect::<Result<_, _>>()?,
        ignore_case: args.ignore_case,
        ignore_blanks: args.ignore_blanks,
    })
}

fn unbracketed(name: &str) -> String {
    raw::without_brackets(name).into_owned()
}

fn unknown(option: &str, value: &str, known: &str) -> Failure {
    Failure::new(Code::Usage, format!("invalid `{option} {value}`"))
        .hint(format!("valid values: {known}"))
}

fn ignored(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((column, reason)) if !reason.trim().is_empty() => {
            Ok((unbracketed(column), reason.to_owned()))
        }
        _ => Err(Failure::new(Code::Usage, format!("`--ignore {text}` gives no reason"))
            .hint(format!("write `--ignore \"{}=set at import\"`", text.trim_end_matches('=')))),
    }
}

/// Reads `column=0.01`, `column=1%` and both with `:reason` behind.
fn tolerated(text: &str) -> Result<(String, Tolerance, String), Failure> {
    let parts = || {
        let (column, rest) = text.split_once('=')?;
        let (within, reason) = rest.split_once(':').unwrap_or((rest, "as given"));
        let within = within.trim();
        let share = within.strip_suffix('%').map(str::trim_end);
        let number: f64 = share.unwrap_or(within).parse().ok()?;
        let within = match share {
            Some(_) => Tolerance::Relative(number / 100.0),
            None => Tolerance::Absolute(number),
        };
        (!reason.trim().is_empty()).then(|| (unbracketed(column), within, reason.to_owned()))
    };
    parts().ok_or_else(|| {
        let column = text.split('=').next().filter(|name| !name.is_empty());
        let column = column.unwrap_or("seconds");
        Failure::new(
            Code::Usage,
            format!("invalid `--tolerance {text}`: expected a column and a number or a percentage"),
        )
        .hint(format!(
            "write `--tolerance \"{column}=2:clocks differ\"`, or `--tolerance \"{column}=1%\"`"
        ))
    })
}
