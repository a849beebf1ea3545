//! What the commands share: formats by name, the width, and writing to standard output.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};

use chatdb::diagnostic::did_you_mean;
use chatdb::document::Lines;
use chatdb::files::{self, Existing, NewFile};
use chatdb::privacy::INCLUDED;
use chatdb::render::safe::Safe;
use chatdb::render::{
    self, CountedRows, CsvOptions, Detail, FORMATS, Format, MakeRows, Pictures, RenderOptions,
    Rendered,
};
use chatdb::replay::ReplayOptions;
use chatdb::report::{Report, RunVerdict};
use chatdb::scenario::{Library, Scenario, ScenarioError};
use chatdb::sql::authored::Authored;
use chatdb::table::{Cell, Rows};

use crate::cli::{Chosen, ColorWhen, CsvArgs, Folders, OutputArgs, Privacy, Sets};
use crate::failure::{Code, Failure};
use crate::privacy;
use crate::watch;

/// How many bytes of a report are written at a time.
const PIECE: usize = 64 << 10;

/// How many bytes of rows are held before any are written.
const HELD: usize = 16 << 20;

/// The format of pages, which is the extension of their files too.
pub const PAGE: &str = "html";

/// Columns of a line where there is no terminal: wide enough for the document's widest table.
const WIDTH: usize = 180;

pub fn library(folders: &Folders) -> Result<Library, Failure> {
    let library = Library::new(folders.scenarios.clone()).map_err(ScenarioError::from)?;
    Ok(match folders.replace_built_in {
        true => library.replacing(),
        false => library,
    })
}

pub fn format(name: &str) -> Result<&'static Format, Failure> {
    render::format(name).ok_or_else(|| {
        let names = || FORMATS.iter().map(|format| format.name);
        let all = names().collect::<Vec<_>>().join(", ");
        let failure = Failure::new(Code::Usage, format!("no format is called `{name}`"));
        match did_you_mean(name, names()) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`? there are {all}")),
            None => failure.hint(format!("there are {all}")),
        }
    })
}

/// Writes a report to standard output.
pub fn show(report: &Report, form: &OutputArgs, detail: Detail) -> Result<(), Failure> {
    let format = format(&form.format)?;
    if !format.tables && report.runs.is_empty() && report.validated.is_empty() {
        let message = match format.pictures {
            Pictures::Only => format!(
                "`{}` shows timelines, and only a replay has one",
                format.name
            ),
            _ => format!(
                "`{}` shows test cases, and only a replay and `validate` have any",
                format.name
            ),
        };
        return Err(Failure::new(Code::Usage, message).hint("`--format html` shows tables as well"));
    }
    let terminal = || {
        let size = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten();
        size.map(|(terminal_size::Width(columns), _)| usize::from(columns))
    };
    let width = form.width.or_else(terminal).unwrap_or(WIDTH);
    let color = is_colored(form.color);
    let options = RenderOptions {
        width,
        detail,
        color,
        csv: csv_options(&form.csv, io::stdout().is_terminal()),
        ..RenderOptions::default()
    };
    // An old Windows console has to be told what an escape sequence means.
    let out: Box<dyn io::Write> = match color {
        true => Box::new(AutoStream::new(io::stdout().lock(), ColorChoice::Always)),
        false => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(PIECE, out);
    let rendered = (format.render)(report, options, &mut out)?;
    out.flush()?;
    say_changes(rendered);
    Ok(())
}

/// How CSV is written to a terminal or elsewhere.
pub fn csv_options(args: &CsvArgs, to_terminal: bool) -> CsvOptions {
    CsvOptions {
        mark: args.for_spreadsheet,
        keeps_formulas: args.raw,
        keeps_hidden: args.raw && !to_terminal,
    }
}

/// Fails where no format is called as `--format` says, or options of CSV are given for another one.
pub fn check(form: &OutputArgs) -> Result<(), Failure> {
    check_csv(&form.csv, [format(&form.format)?])
}

/// Fails where options of CSV are given and nothing is written as CSV.
pub fn check_csv<'f>(
    args: &CsvArgs,
    formats: impl IntoIterator<Item = &'f Format>,
) -> Result<(), Failure> {
    let given = [
        ("--raw", args.raw),
        ("--for-spreadsheet", args.for_spreadsheet),
    ];
    let given = given.into_iter().find(|(_, given)| *given);
    match given {
        Some((option, _)) if formats.into_iter().all(|format| format.name != "csv") => {
            Err(Failure::new(
                Code::Usage,
                format!("`{option}` is for CSV, which is not written"),
            )
            .hint(format!("`--format csv {option}` writes CSV")))
        }
        _ => Ok(()),
    }
}

/// Says on standard error how many texts are written otherwise than they are.
fn say_changes(rendered: Rendered) {
    if let Some(sentence) = rendered.sentence() {
        note(&sentence);
    }
}

/// Whether standard output is coloured: as `--color` says, else by NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and
/// whether it is a terminal.
fn is_colored(when: ColorWhen) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    }
}

/// Files that come with a report.
#[derive(Default)]
pub struct Beside {
    pub files: Vec<NewFile>,
    /// What was changed in texts of them.
    pub rendered: Rendered,
}

/// The name of the files of a replay, without their extensions: one scenario's own, or the same for several.
pub fn stem(report: &Report) -> &str {
    match report.runs.as_slice() {
        [run] => &run.scenario,
        _ => "report",
    }
}

/// Writes a report as one file in each of `formats`, into a folder and under a name without its extension, and the
/// files that come with it. All are written, or none. Gives the paths that were written.
pub fn write_files(
    report: &Report,
    formats: &[&'static Format],
    options: RenderOptions,
    (folder, stem): (&Path, &str),
    beside: Beside,
    force: bool,
) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    let mut rendered = beside.rendered;
    for format in formats {
        let mut bytes = Vec::new();
        rendered = rendered.and((format.render)(report, options, &mut bytes)?);
        written.push(NewFile {
            name: format!("{stem}.{}", format.extension),
            bytes,
        });
    }
    written.extend(beside.files);
    let existing = if force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let paths = files::write_all(folder, &written, existing)?;
    if let Some(sentence) = rendered.sentence() {
        note(&format!("in `{}`, {sentence}", folder.display()));
    }
    Ok(paths)
}

/// Writes a report of exported rows to standard output. What does not stay on the terminal has pseudonyms in the place
/// of personal data, and says so.
pub fn show_exported(
    mut report: Report,
    form: &OutputArgs,
    detail: Detail,
    privacy: &Privacy,
) -> Result<(), Failure> {
    protect(&mut report, form, privacy, Authored::default())?;
    show(&report, form, detail)
}

/// The same for answers. What there is to say about one in CSV goes to standard error.
pub fn show_answers(
    mut report: Report,
    form: &OutputArgs,
    privacy: &Privacy,
    authored: Authored,
) -> Result<(), Failure> {
    protect(&mut report, form, privacy, authored)?;
    show(&report, form, Detail::Full)?;
    if let ("csv", Some(last)) = (format(&form.format)?.name, report.listings.last()) {
        // The first says how many rows there are.
        last.remarks.iter().skip(1).for_each(|remark| note(remark));
    }
    Ok(())
}

fn protect(
    report: &mut Report,
    form: &OutputArgs,
    privacy: &Privacy,
    authored: Authored,
) -> Result<(), Failure> {
    let format = format(&form.format)?;
    if !privacy::stays(format.name)
        && let Some(sentence) = privacy::protect(report, privacy, authored)?
    {
        // A list in CSV is rows and nothing else.
        let rows_only = format.name == "csv" && report.comparisons.is_empty();
        let listing = report.listings.last_mut().map(|last| &mut last.remarks);
        let comparison = report.comparisons.last_mut();
        let remarks = listing.or(comparison.map(|last| &mut last.comparison.remarks));
        match remarks {
            Some(remarks) if !rows_only => remarks.push(sentence),
            _ => note(&sentence),
        }
    }
    Ok(())
}

/// Writes rows to standard output as `give` hands them on. Those of exported rows are written as they stand, and it is
/// said before the first. Nothing is written before there is much of it, or the end: until then nobody who reads slowly
/// keeps the database from being written.
pub fn show_rows(
    make: MakeRows,
    form: &OutputArgs,
    exported: bool,
    give: impl FnOnce(&mut dyn Rows) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(HELD, io::stdout().lock());
    let options = csv_options(&form.csv, io::stdout().is_terminal());
    let mut rows = Noted {
        rows: make(&mut out, options)?,
        to_say: exported.then_some(INCLUDED),
    };
    let given = give(&mut rows);
    let ended = rows.end();
    let rendered = rows.rows.rendered();
    drop(rows);
    // What came before a row that fails is written.
    let written = out.flush();
    given?;
    ended?;
    written?;
    say_changes(rendered);
    Ok(())
}

/// Rows of which something is said before the first.
struct Noted<'r> {
    rows: Box<dyn CountedRows + 'r>,
    to_say: Option<&'static str>,
}

impl Rows for Noted<'_> {
    fn begin(&mut self, names: &[&str]) -> io::Result<()> {
        if let Some(sentence) = self.to_say.take() {
            note(sentence);
        }
        self.rows.begin(names)
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.rows.row(cells)
    }

    fn end(&mut self) -> io::Result<()> {
        self.rows.end()
    }
}

/// Says something beside the output, on standard error.
pub fn note(sentence: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "note: {}", Safe::of(sentence));
}

/// A text as it is for a program that reads it, and without what acts on a terminal for a person.
pub fn for_reader(text: String) -> String {
    if !io::stdout().is_terminal() {
        return text;
    }
    let lines = text.split('\n').map(|line| {
        let parts: Vec<String> = line
            .split('\t')
            .map(|part| Safe::of(part).to_string())
            .collect();
        parts.join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes bytes to standard output.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// The scenarios chosen on the command line.
pub fn chosen(library: &Library, chosen: &Chosen) -> Result<Vec<String>, Failure> {
    if chosen.all {
        every(library)
    } else {
        expanded(library, &chosen.names)
    }
}

/// The scenarios that names and paths stand for, those of a folder of scenarios one by one.
pub fn expanded(library: &Library, names: &[String]) -> Result<Vec<String>, Failure> {
    let expanded = names.iter().map(|name| library.expand(name));
    let expanded = expanded.collect::<Result<Vec<_>, _>>()?;
    Ok(expanded.into_iter().flatten().collect())
}

/// Every scenario but those that only others start from, in the order of the document; those that reproduce no
/// lines of it follow by name, and those with mistakes come last.
pub fn every(library: &Library) -> Result<Vec<String>, Failure> {
    let mut scenarios = Vec::new();
    let mut invalid = Vec::new();
    for name in library.names() {
        match library.get(name) {
            Ok(scenario) => scenarios.push(scenario),
            Err(error) if error.is_of_files() => invalid.push(name.to_owned()),
            Err(error) => return Err(error.into()),
        }
    }
    let is_start = |scenario: &Scenario| {
        scenario.continues.is_none()
            && scenarios
                .iter()
                .any(|other| other.continues.as_ref() == Some(&scenario.name))
    };
    let mut chosen: Vec<_> = scenarios
        .iter()
        .filter(|scenario| !is_start(scenario))
        .collect();
    chosen.sort_by_key(|scenario| {
        (
            scenario.lines.as_ref().map_or(u32::MAX, Lines::first),
            &scenario.name,
        )
    });
    let names = chosen.into_iter().map(|scenario| scenario.name.clone());
    Ok(names.chain(invalid).collect())
}

/// How the chosen scenarios are to be played.
pub fn options(chosen: &Chosen, until: Option<&String>) -> Result<ReplayOptions, Failure> {
    let folders = chosen.folders.scenarios.iter();
    let words = folders.flat_map(|folder| ["--scenarios".to_owned(), folder.display().to_string()]);
    let replacing = (chosen.folders.replace_built_in).then(|| "--replace-built-in".to_owned());
    Ok(ReplayOptions {
        until: until.cloned(),
        words: words.chain(replacing).collect(),
        ..watch::guarded(sets(&chosen.set)?)
    })
}

/// The exit code of a replay: mistakes in a scenario's files go before what differs.
pub fn verdict(report: &Report) -> Code {
    let invalid = report
        .runs
        .iter()
        .any(|run| run.verdict == RunVerdict::Invalid);
    match report.holds() {
        true => Code::Success,
        false if invalid => Code::Usage,
        false => Code::Differs,
    }
}

/// What is set, taken apart.
pub fn sets(sets: &Sets) -> Result<Vec<(String, String)>, Failure> {
    pairs("--set", &sets.values)
}

/// Takes each `NAME=VALUE` apart.
pub fn pairs(option: &str, values: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(Code::Usage, format!("`{option} {text}` has no `=`")).hint(format!(
                "write `{option} NAME=VALUE`, for example `{option} activity_id=2001`"
            ))
        })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    values.iter().map(pair).collect()
}
