//! What the commands share: formats by name, the width, and writing to standard output.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};

use chatdb::document::Lines;
use chatdb::files::{self, FilesError, NewFile};
use chatdb::privacy::INCLUDED;
use chatdb::render::sanitize::Sanitized;
use chatdb::render::{
    self, CountedRows, CsvOptions, Detail, FORMATS, Format, MakeRows, Pictures, RenderOptions,
    Rendered,
};
use chatdb::replay::ReplayOptions;
use chatdb::report::{Report, RunVerdict, ScenarioRun};
use chatdb::scenario::{Library, Scenario, ScenarioError};
use chatdb::sql::authored::Authored;
use chatdb::table::{Cell, Rows};

use crate::cli::{Chosen, ColorWhen, CsvArgs, FileArgs, Folders, OutputArgs, Privacy, Sets};
use crate::failure::{Code, Failure};
use crate::sink::{PIECE, Sink, existing};
use crate::{codes, pager, privacy, watch};

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

/// The format with this name or alias, which is one that the command line takes.
pub fn format(name: &str) -> &'static Format {
    render::format(name).expect("the command line takes no other")
}

/// The format of the output, by name or by the extension of its file.
pub fn format_of(form: &OutputArgs) -> Result<&'static Format, Failure> {
    if let Some(name) = &form.format {
        return Ok(format(name));
    }
    let extension = form.output.as_deref().and_then(Path::extension);
    let Some(extension) = extension.map(|extension| extension.to_string_lossy().to_lowercase())
    else {
        return Ok(&FORMATS[0]);
    };
    render::format_of_extension(&extension).ok_or_else(|| {
        let all = FORMATS.iter().map(|format| format!(".{}", format.extension));
        let all = all.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        Failure::new(Code::Usage, format!("chatdb cannot write `.{extension}` files"))
            .hint(format!("end the name with one of {all}, or name a format with `--format`"))
    })
}

/// The same before anything else is done: fails where the output could not be written later.
pub fn prepare(form: &OutputArgs) -> Result<&'static Format, Failure> {
    prepare_beside_files(form, false)
}

/// The same for a command that may write other files beside its output.
pub fn prepare_beside_files(form: &OutputArgs, beside: bool) -> Result<&'static Format, Failure> {
    let format = format_of(form)?;
    if !beside {
        check_csv(&form.csv, [format])?;
    }
    match &form.output {
        None if format.can.binary && io::stdout().is_terminal() => {
            let (name, extension) = (format.name, format.extension);
            let message = format!("`{name}` is a binary format, which a terminal cannot show");
            Err(Failure::new(Code::Usage, message)
                .hint(format!("`-o FILE.{extension}` writes it to a file")))
        }
        Some(path) if !form.force && path.symlink_metadata().is_ok() => {
            Err(FilesError::Exists { path: path.clone() }.into())
        }
        _ => Ok(format),
    }
}

/// How much is shown: as the options say, else as the command does.
pub fn detail(form: &OutputArgs, of_command: Detail) -> Detail {
    match form.verbose {
        true => Detail::Full,
        false => of_command,
    }
}

/// Writes a report to where the options say. The command says how much it shows where they don't.
pub fn show(report: &Report, form: &OutputArgs, of_command: Detail) -> Result<(), Failure> {
    let format = prepare_beside_files(form, true)?;
    if format.can.pictures == Pictures::Only && report.runs.is_empty() {
        return Err(needs_pictures(format));
    }
    if !format.can.tables && report.runs.is_empty() && report.validated.is_empty() {
        let message = format!(
            "`{}` shows test cases, which only replays, `validate`, and `record` and `review` with `--check` have",
            format.name
        );
        return Err(Failure::new(Code::Usage, message).hint("`--format html` shows tables as well"));
    }
    let detail = detail(form, of_command);
    let terminal = match &form.output {
        Some(_) => None,
        None => pager::terminal().map(|(columns, _)| columns),
    };
    // Programs that search a list want an entry a line, however long.
    let otherwise = match detail {
        Detail::Brief if !report.listings.is_empty() => usize::MAX,
        _ => WIDTH,
    };
    let options = RenderOptions {
        width: form.width.or(terminal).unwrap_or(otherwise),
        detail,
        color: is_colored(form),
        answer_only: form.quiet,
        csv: csv_options(&form.csv, to_terminal(form)),
        ..RenderOptions::default()
    };
    let mut out = Sink::open(form.output.as_deref(), form.force, PIECE)?;
    let rendered = (format.render)(report, options, &mut out)?;
    out.finish()?;
    say_changes(rendered);
    Ok(())
}

/// Refuses a format of timelines alone for a report that has none.
fn needs_pictures(format: &Format) -> Failure {
    let message = format!("`{}` shows timelines, which only a replay has", format.name);
    Failure::new(Code::Usage, message).hint("`--format html` shows tables as well")
}

/// Whether a terminal shows the output.
fn to_terminal(form: &OutputArgs) -> bool {
    form.output.is_none() && io::stdout().is_terminal()
}

/// Whether the output is coloured: as `--color` says, else by NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and whether it
/// is a terminal.
fn is_colored(form: &OutputArgs) -> bool {
    match form.color {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            form.output.is_none() && AutoStream::choice(&io::stdout()) != ColorChoice::Never
        }
    }
}

/// How CSV is written to a terminal or elsewhere.
pub fn csv_options(args: &CsvArgs, to_terminal: bool) -> CsvOptions {
    CsvOptions {
        mark: args.for_spreadsheet,
        keeps_formulas: args.raw,
        keeps_hidden: args.raw && !to_terminal,
    }
}

/// Fails where options of CSV are given and nothing is written as CSV.
pub fn check_csv<'f>(
    args: &CsvArgs,
    formats: impl IntoIterator<Item = &'f Format>,
) -> Result<(), Failure> {
    let given = [("--raw", args.raw), ("--for-spreadsheet", args.for_spreadsheet)];
    let given = given.into_iter().find(|(_, given)| *given);
    match given {
        Some((option, _)) if !formats.into_iter().any(|format| format.can.separated) => {
            Err(Failure::new(Code::Usage, format!("`{option}` applies to CSV output only"))
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

/// Files that come with a report.
#[derive(Default)]
pub struct SideOutput {
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
    beside: SideOutput,
    force: bool,
) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    let mut rendered = beside.rendered;
    for format in formats {
        let mut bytes = Vec::new();
        rendered = rendered.and((format.render)(report, options, &mut bytes)?);
        written.push(NewFile { name: format!("{stem}.{}", format.extension), bytes });
    }
    written.extend(beside.files);
    let paths = files::write_all(folder, &written, existing(force))?;
    if let Some(sentence) = rendered.sentence() {
        note(&format!("in `{}`, {sentence}", folder.display()));
    }
    Ok(paths)
}

/// Whether a format or a file is named, so that a report is written where there would be lines.
pub fn is_asked_for(form: &OutputArgs) -> bool {
    form.format.is_some() || form.output.is_some()
}

/// Refuses a report of a command that changes files: only its checks have one.
pub fn reports_checks(form: &OutputArgs, check: bool) -> Result<(), Failure> {
    match is_asked_for(form) && !check {
        true => Err(Failure::new(Code::Usage, "`--format` and `--output` need `--check`")
            .hint("add `--check`: it writes no table, and reports each check")),
        false => match prepare(form)? {
            format if format.can.pictures == Pictures::Only => Err(needs_pictures(format)),
            _ => Ok(()),
        },
    }
}

/// Writes scenarios as they were run, each check with its verdict.
pub fn show_runs(runs: Vec<ScenarioRun>, form: &OutputArgs) -> Result<(), Failure> {
    let report = Report { runs, ..Report::new() };
    show(&report, form, Detail::Full)
}

/// Writes a report of exported rows to standard output. What does not stay on the terminal has pseudonyms in the place
/// of personal data, and says so. Of one finding alone, a format of rows has the table, and the rest goes to standard
/// error.
pub fn show_exported(
    mut report: Report,
    form: &OutputArgs,
    detail: Detail,
    privacy: &Privacy,
) -> Result<(), Failure> {
    protect(&mut report, form, privacy, Authored::default())?;
    show(&report, form, detail)?;
    let run = report.analysis.as_ref().map(|run| run.findings.as_slice());
    // Where the table of the one finding is written, what there is to say about it is said beside it.
    if let (true, Some([only])) = (format_of(form)?.can.rows_only, run) {
        only.remarks.iter().for_each(|remark| note(remark));
    }
    Ok(())
}

/// The same for answers. What there is to say about one goes to standard error where the format has rows only.
pub fn show_answers(
    mut report: Report,
    form: &OutputArgs,
    privacy: &Privacy,
    authored: Authored,
) -> Result<(), Failure> {
    protect(&mut report, form, privacy, authored)?;
    show(&report, form, Detail::Full)?;
    let rows_only = format_of(form)?.can.rows_only;
    if let (true, Some(last)) = (rows_only, report.listings.last()) {
        // The first says how many rows there are.
        last.remarks.iter().skip(1).for_each(|remark| note(remark));
    }
    if rows_only {
        say_count(report.listings.len());
    }
    Ok(())
}

fn protect(
    report: &mut Report,
    form: &OutputArgs,
    privacy: &Privacy,
    authored: Authored,
) -> Result<(), Failure> {
    let format = format_of(form)?;
    if !privacy::stays(form, format)
        && let Some(sentence) = privacy::protect(report, privacy, authored)?
    {
        let rows_only = format.can.rows_only && report.comparisons.is_empty();
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

/// Writes rows as `give` hands them on. Those of exported rows are written as they stand, and it is said before the
/// first. Nothing is written before there is much of it, or the end: until then nobody who reads slowly keeps the
/// database from being written.
pub fn show_rows(
    make: MakeRows,
    form: &OutputArgs,
    exported: bool,
    give: impl FnOnce(&mut dyn Rows) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut out = Sink::open(form.output.as_deref(), form.force, HELD)?;
    let mut rows = Noted {
        rows: make(&mut out, csv_options(&form.csv, to_terminal(form)))?,
        to_say: exported.then_some(INCLUDED),
        count: 0,
    };
    let given = give(&mut rows);
    let ended = rows.end();
    let (rendered, count) = (rows.rows.rendered(), rows.count);
    drop(rows);
    match &out {
        // A file is whole or not there.
        Sink::File(_) => {
            given?;
            ended?;
            out.finish()?;
        }
        // What came before a row that fails is written.
        _ => {
            let written = out.finish();
            given?;
            ended?;
            written?;
        }
    }
    say_count(count);
    say_changes(rendered);
    Ok(())
}

/// Says that one file holds several lists.
fn say_count(lists: usize) {
    if lists > 1 {
        note(&format!(
            "{lists} results are in one file, with an empty line between them; for a file each, run one query at a time"
        ));
    }
}

/// Rows of which something is said before the first.
struct Noted<'r> {
    rows: Box<dyn CountedRows + 'r>,
    to_say: Option<&'static str>,
    /// How many lists were begun.
    count: usize,
}

impl Rows for Noted<'_> {
    fn begin(&mut self, names: &[&str]) -> io::Result<()> {
        if let Some(sentence) = self.to_say.take() {
            note(sentence);
        }
        self.count += 1;
        self.rows.begin(names)
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.rows.row(cells)
    }

    fn end(&mut self) -> io::Result<()> {
        self.rows.end()
    }
}

/// Whether nothing is said beside the answer: the one setting that holds wherever something is said.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Says whether notes and progress are left out from now on.
pub fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether notes and progress are left out.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Says something beside the output, on standard error, unless the user wants the answer alone.
pub fn note(sentence: &str) {
    if is_quiet() {
        return;
    }
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "note: {}", Sanitized::of(sentence));
}

/// Says what the exit code means on standard error, where the output shows no remarks: even if the user wants the
/// answer alone, since it is the answer.
pub fn violation(sentence: &str, form: &OutputArgs) -> Result<(), Failure> {
    if is_quiet() || format_of(form)?.can.rows_only {
        let _ = writeln!(io::stderr(), "{}", Sanitized::of(sentence));
    }
    Ok(())
}

/// A text as it is for a program that reads it, and without what acts on a terminal for a person.
pub fn for_reader(text: String) -> String {
    if !io::stdout().is_terminal() {
        return text;
    }
    let lines = text.split('\n').map(|line| {
        let parts: Vec<String> =
            line.split('\t').map(|part| Sanitized::of(part).to_string()).collect();
        parts.join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes bytes to a file, or to standard output with a pager where they are longer than the terminal.
pub fn write(file: Option<&Path>, force: bool, bytes: &[u8]) -> Result<(), Failure> {
    let mut out = Sink::open(file, force, PIECE)?;
    out.write_all(bytes)?;
    out.finish()
}

/// Writes a text to the file that is named, else to standard output, with a pager where it is longer than the terminal.
pub fn text(file: &FileArgs, text: &str) -> Result<(), Failure> {
    write(file.output.as_deref(), file.force, text.as_bytes())
}

/// The same for a command that prints a record as well, and columns of a line: those that are asked for, else those of
/// the terminal, else any number.
pub fn page(form: &OutputArgs, text: impl FnOnce(usize) -> String) -> Result<(), Failure> {
    let terminal = || pager::terminal().map(|(columns, _)| columns);
    let terminal = form.output.is_none().then(terminal).flatten();
    let text = text(form.width.or(terminal).unwrap_or(usize::MAX));
    write(form.output.as_deref(), form.force, text.as_bytes())
}

/// Writes bytes to standard output.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// The scenarios chosen on the command line.
pub fn chosen(library: &Library, chosen: &Chosen) -> Result<Vec<String>, Failure> {
    if chosen.all { every(library) } else { expanded(library, &chosen.names) }
}

/// The scenarios that names and paths stand for, those of a folder of scenarios one by one.
pub fn expanded(library: &Library, names: &[String]) -> Result<Vec<String>, Failure> {
    let expanded = names.iter().map(|name| library.expand(name));
    let expanded = expanded.collect::<Result<Vec<_>, _>>()?;
    Ok(expanded.into_iter().flatten().collect())
}

/// The same for a command that takes folders, where a name that is not known is that of a folder.
pub fn of_folders(library: &Library, names: &[String]) -> Result<Vec<String>, Failure> {
    let mut expanded = Vec::new();
    for name in names {
        match library.expand(name) {
            Ok(more) => expanded.extend(more),
            Err(error) => match error.no_folder() {
                Some(mistake) => {
                    let failure = Failure::new(&codes::UNKNOWN_NAME, mistake.message);
                    return Err(match mistake.hint {
                        Some(hint) => failure.hint(hint),
                        None => failure,
                    });
                }
                None => return Err(error.into()),
            },
        }
    }
    Ok(expanded)
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
            && scenarios.iter().any(|other| other.continues.as_ref() == Some(&scenario.name))
    };
    let mut chosen: Vec<_> = scenarios.iter().filter(|scenario| !is_start(scenario)).collect();
    chosen.sort_by_key(|scenario| {
        (scenario.lines.as_ref().map_or(u32::MAX, Lines::first), &scenario.name)
    });
    let names = chosen.into_iter().map(|scenario| scenario.name.clone());
    Ok(names.chain(invalid).collect())
}

/// The options that find the same scenarios again, a word each.
pub fn folder_words(folders: &Folders) -> Vec<String> {
    let found = folders.scenarios.iter();
    let words = found.flat_map(|folder| ["--scenarios".to_owned(), folder.display().to_string()]);
    let replacing = (folders.replace_built_in).then(|| "--replace-built-in".to_owned());
    words.chain(replacing).collect()
}

/// How the chosen scenarios are to be played.
pub fn options(chosen: &Chosen, until: Option<&String>) -> Result<ReplayOptions, Failure> {
    Ok(ReplayOptions {
        until: until.cloned(),
        words: folder_words(&chosen.folders),
        ..watch::guarded(sets(&chosen.set)?)
    })
}

/// The exit code of a replay: mistakes in a scenario's files go before what differs.
pub fn verdict(report: &Report) -> Code {
    let invalid = report.runs.iter().any(|run| run.verdict == RunVerdict::Invalid);
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
            Failure::new(Code::Usage, format!("invalid `{option} {text}`: `=` is missing")).hint(
                format!("write `{option} NAME=VALUE`, for example `{option} activity_id=2001`"),
            )
        })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    values.iter().map(pair).collect()
}
