//! `chatdb import`, and what it shares with commands that query or analyze exports

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use chatdb::diagnostic::counted;
use chatdb::import::convert::is_ambiguous;
use chatdb::import::format::bcp_format_file::terminator;
use chatdb::import::format::escape::Escape;
use chatdb::import::input::source::TooMuch;
use chatdb::import::mapping::TablesError;
use chatdb::import::open::OpenError;
use chatdb::import::reader::fixed_width::Widths;
use chatdb::import::{self, ImportError, ImportOptions, Progress, Quote, Summary};
use chatdb::record::{ReadError, RecordLimits, Reject};
use chatdb::render::Detail;
use chatdb::report::{Listing, Report};
use chatdb::store::import_database::{ImportDatabase, ImportDatabaseError};
use chatdb::store::{Interrupter, Store};
use chatdb::table::{Cell, Column, Kind, ResultTable};
use chrono::{Datelike as _, Local, NaiveDate, NaiveDateTime, TimeZone as _};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Import, ImportArgs};
use crate::failure::{Code, Failure};
use crate::inputs;
use crate::output;
use crate::time;
use crate::watch;

/// How often a statement is told to stop after Ctrl-C, and how often in all.
const AGAIN: Duration = Duration::from_millis(50);
const TIMES: u32 = 20;

pub fn run(args: &Import) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let options = options(&args.reading)?;
    let files = inputs::expand(&args.files)?;
    let stopping = stop_on_interrupt()?;
    let mut database = ImportDatabase::open(&args.db)?;
    // There is none yet.
    let _ = stopping.database.set(database.store().interrupter());
    let stopped = || stopping.flag.load(Ordering::SeqCst);
    let mut loaded = Vec::new();
    let mut refused = Vec::new();
    for path in &files {
        match load(path, &options, database.store(), &stopped) {
            Ok(summary) => loaded.extend(summary.parts()),
            Err(error @ ImportError::Interrupted) => {
                let kept = if database.is_new() {
                    format!(
                        "nothing was loaded, and `{}` was not created",
                        args.db.display()
                    )
                } else {
                    "nothing of this file was loaded; the files before it were".to_owned()
                };
                return Err(Failure::from(error).hint(kept));
            }
            Err(error) => refused.push(Failure::from(error)),
        }
        if refused.iter().any(|failure| failure.is_of_the_copy()) {
            break;
        }
    }
    let is_new = database.is_new();
    let mut remarks = Vec::new();
    if args.verify && !loaded.is_empty() {
        remarks.push(verify(&mut database, &args.db)?);
    }
    if !database.store().writes_pages() {
        remarks.push(SLOW.to_owned());
    }
    if !(is_new && loaded.is_empty()) {
        database.keep()?;
    }
    let mut code = code_of(&loaded, args.allow_rejects);
    if !loaded.is_empty() {
        let report = Report {
            listings: listings(&loaded, &args.db, is_new, remarks),
            ..Report::new()
        };
        output::show_exported(report, &args.form, Detail::Full, &args.privacy)?;
    }
    for failure in refused {
        failure.tell();
        code = worse(code, failure.code);
    }
    Ok(code)
}

/// What is said where SQLite was built without its table of pages.
const SLOW: &str = "rows were inserted one by one, which takes longer: this chatdb was built without \
                    `LIBSQLITE3_FLAGS=-DSQLITE_ENABLE_DBPAGE_VTAB`";

/// What is said of a database in which nothing is wrong.
const VERIFIED: &str =
    "verified: the database is sound, and every record of each file is either loaded or rejected";

/// Checks the database, and says that it is sound.
fn verify(database: &mut ImportDatabase, path: &Path) -> Result<String, Failure> {
    let is_new = database.is_new();
    let faults = database.store().faults()?;
    if faults.is_empty() {
        return Ok(VERIFIED.to_owned());
    }
    let message = format!("`{}` is damaged: {}", path.display(), faults.join("; "));
    Err(Failure::new(Code::Environment, message).hint(match is_new {
        true => {
            "it was discarded; load the files again, and report the problem if it happens again"
        }
        false => "load the files into a new database with `--db NEW.sqlite`",
    }))
}

/// The worse of two codes.
pub fn worse(a: Code, b: Code) -> Code {
    if (b as u8) > (a as u8) { b } else { a }
}

/// What a command that asks exports says of one that is not whole.
pub fn remarks(summary: &Summary) -> Vec<String> {
    let file = &summary.file;
    let mut remarks = Vec::new();
    let inferred: Vec<String> = summary.tables.iter().flat_map(unknown).collect();
    if !inferred.is_empty() {
        remarks.push(format!(
            "{file}: columns that are not in the product's schema: {}",
            inferred.join(", ")
        ));
    }
    if summary.rejected > 0 {
        let n = counted(summary.rejected, "record");
        remarks.push(format!("{file}: {n} rejected"));
        let sentences = summary.reject_sentences().into_iter();
        remarks.extend(sentences.map(|sentence| format!("{file}: {sentence}")));
    } else if let Some(footer) = summary.footer.filter(|_| summary.footer_differs()) {
        remarks.push(format!(
            "{file}: {} records, but its trailer says {footer}",
            summary.records
        ));
    }
    let is_said =
        |warning: &&String| summary.footer_differs() && warning.starts_with("the trailer");
    let others = summary.warnings.iter().filter(|warning| !is_said(warning));
    remarks.extend(others.map(|warning| format!("{file}: {warning}")));
    remarks
}

/// What the files that were read come to.
pub fn code_of(loaded: &[Summary], allowed: u64) -> Code {
    let rejected: u64 = loaded.iter().map(|summary| summary.rejected).sum();
    let differs = loaded.iter().any(Summary::footer_differs);
    if rejected > allowed || differs {
        Code::Rejected
    } else {
        Code::Success
    }
}

// READING --------------------------------------------------------------------------------------------------

/// What the command line says about how to read.
pub fn options(args: &ImportArgs) -> Result<ImportOptions, Failure> {
    let defaults = RecordLimits::default();
    if args.result_set == Some(0) {
        return Err(Failure::new(Code::Usage, "`--result-set` counts from 1"));
    }
    let times = time::TimeOptions::of(args.date_format.as_deref(), None)?;
    let exported_at = |text| times.at("--exported-at", text, None).map(|read| read.ms);
    Ok(ImportOptions {
        form: args.input_format.clone(),
        table: args.table.clone(),
        encoding: args.encoding.clone(),
        exported_at_ms: args.exported_at.as_deref().map(exported_at).transpose()?,
        file_time_ms: None,
        date_format: args.date_format.as_deref().map(time::format).transpose()?,
        lossy: args.lossy,
        result_set: args.result_set,
        limits: RecordLimits {
            record: args.max_record.unwrap_or(defaults.record),
            field: args.max_field.unwrap_or(defaults.field),
            ..defaults
        },
        format_file: args.format_file.clone(),
        field_terminator: args.field_terminator.as_deref().map(terminator),
        row_terminator: args.row_terminator.as_deref().map(terminator),
        quote: args.quote.as_deref().map(quote).transpose()?,
        escape: args.escape.as_deref().map(escape).transpose()?,
        widths: args.widths.as_deref().map(widths).transpose()?,
        header: args.header.as_deref().map(yes_or_no).transpose()?,
        columns: args.columns.as_deref().map(names),
        renames: args.renames.clone(),
        skip: args.skip.unwrap_or(0),
        sheet: args.sheet.clone(),
        null_texts: args.null.clone(),
        empty_is_null: args.empty_is_null,
        ..ImportOptions::default()
    })
}

fn yes_or_no(text: &str) -> Result<bool, Failure> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(
            Failure::new(Code::Usage, format!("invalid `--header {text}`"))
                .hint("use `--header yes` or `--header no`"),
        ),
    }
}

fn quote(text: &str) -> Result<Quote, Failure> {
    Quote::parse(text).ok_or_else(|| {
        let said = format!("invalid `--quote {text}`: expected one character or `none`");
        Failure::new(Code::Usage, said)
            .hint("write `--quote \"'\"` for single quotes, or `--quote none`")
    })
}

fn escape(name: &str) -> Result<Escape, Failure> {
    Escape::parse(name).ok_or_else(|| {
        let said = format!("invalid `--escape {name}`");
        Failure::new(Code::Usage, said).hint(
            "use `--escape none` if a backslash is an ordinary character, `--escape backslash` if it escapes quotes \
             and separators, or `--escape mysql` if `\\n` is a line break as well",
        )
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn widths(text: &str) -> Result<Widths, Failure> {
    Widths::parse(text).ok_or_else(|| {
        let said = format!("invalid `--widths {text}`: expected a list of widths");
        Failure::new(Code::Usage, said).hint(
            "write `--widths 20,6,23`, or `--widths 20,6,*` where the last column is not padded",
        )
    })
}

/// When a file was last written, on the wall clock of this machine.
fn file_time(path: &Path) -> Option<i64> {
    // What is in an archive has the time of the archive.
    let file = path.ancestors().find(|path| path.is_file())?;
    let modified = fs::metadata(file).ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    let ms = i64::try_from(since.as_millis()).ok()?;
    let local = Local.timestamp_millis_opt(ms).single()?;
    Some(local.naive_local().and_utc().timestamp_millis())
}

/// Loads one file, with a bar where somebody is looking.
pub fn load(
    path: &Path,
    options: &ImportOptions,
    store: &mut Store,
    stopped: &dyn Fn() -> bool,
) -> Result<Summary, ImportError> {
    let bar = bar(path);
    let mut go_on = |progress: Progress| {
        if let Some(bar) = &bar {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.bytes);
            bar.set_message(format!("{} rows", progress.rows));
        }
        !stopped()
    };
    let outcome = if path.as_os_str() == "-" {
        let input = Box::new(io::stdin());
        import::read_with("standard input", input, options, store, &mut go_on)
    } else {
        import::read_file_with(path, &of_file(path, options), store, &mut go_on)
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    outcome
}

/// The same with what the file itself says.
pub fn of_file(path: &Path, options: &ImportOptions) -> ImportOptions {
    ImportOptions {
        file_time_ms: file_time(path),
        ..options.clone()
    }
}

/// How much of a file's name precedes its bar, so that bar and counts have room in a terminal.
const LONGEST_NAME: usize = 30;

fn bar(path: &Path) -> Option<ProgressBar> {
    if output::is_quiet() || !io::stderr().is_terminal() {
        return None;
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = chatdb::render::sanitize::Sanitized::of(name.to_string_lossy()).to_string();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let template = "{prefix} {wide_bar} {percent} % of {total_bytes}, {msg}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    });
    bar.set_message("0 rows");
    Some(bar)
}

/// What is stopped at Ctrl-C: the flag is set, and then the statement that runs, once there is a database.
struct Stopping {
    flag: Arc<AtomicBool>,
    database: Arc<OnceLock<Interrupter>>,
}

/// Listens for signals, before there is anything that they could leave behind.
fn stop_on_interrupt() -> Result<Stopping, Failure> {
    let stopping = Stopping {
        flag: Arc::default(),
        database: Arc::default(),
    };
    let (flag, database) = (Arc::clone(&stopping.flag), Arc::clone(&stopping.database));
    watch::on_interrupt(move || {
        flag.store(true, Ordering::SeqCst);
        for _ in 0..TIMES {
            if let Some(interrupter) = database.get() {
                interrupter.interrupt();
            }
            thread::sleep(AGAIN);
        }
    })?;
    Ok(stopping)
}

// TELLING --------------------------------------------------------------------------------------------------

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn count(n: u64) -> Cell {
    Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn listings(loaded: &[Summary], db: &Path, is_new: bool, remarks: Vec<String>) -> Vec<Listing> {
    let mut first = files(loaded, db, is_new);
    first.remarks.extend(remarks);
    let mut listings = vec![first];
    for summary in loaded.iter().filter(|summary| !summary.already_loaded) {
        listings.push(file(summary));
    }
    listings.extend(rejects(loaded));
    // What is said of a reject names its place and never its text.
    for listing in &mut listings {
        let names: Vec<String> = listing
            .table
            .columns
            .iter()
            .map(|own| own.name.clone())
            .collect();
        listing.table.mark_own(&names);
    }
    listings
}

/// By how little the second best format may fit worse to be named.
const CLOSE: f64 = 0.1;

fn files(loaded: &[Summary], db: &Path, is_new: bool) -> Listing {
    let columns = [
        ("file", Kind::Text),
        ("format", Kind::Text),
        ("encoding", Kind::Text),
        ("records", Kind::Integer),
        ("loaded", Kind::Integer),
        ("rejected", Kind::Integer),
        ("exported at", Kind::Timestamp),
        ("time source", Kind::Text),
    ];
    let row = |summary: &Summary| {
        vec![
            text(&summary.file),
            text(&summary.form),
            text(&summary.encoding),
            count(summary.records),
            count(summary.loaded),
            count(summary.rejected),
            summary.exported_at_ms.map_or(Cell::Null, Cell::Timestamp),
            text(if summary.already_loaded {
                "already loaded"
            } else {
                summary.taken_from
            }),
        ]
    };
    let loaded_now = || loaded.iter().filter(|summary| !summary.already_loaded);
    let rows: u64 = loaded_now().map(|summary| summary.loaded).sum();
    let rejected: u64 = loaded_now().map(|summary| summary.rejected).sum();
    let made = if is_new { " (created)" } else { "" };
    Listing {
        title: "Files".to_owned(),
        table: ResultTable {
            columns: columns
                .into_iter()
                .map(|(name, kind)| Column::new(name, kind))
                .collect(),
            rows: loaded.iter().map(row).collect(),
        },
        remarks: vec![
            format!(
                "{} of {} loaded into `{}`{made}: {}; {rejected} rejected",
                loaded_now().count(),
                counted(loaded.len(), "file"),
                db.display(),
                counted(rows, "record")
            ),
            format!("`chatdb query open_chats --db {}` queries it", db.display()),
        ],
    }
}

/// The columns that the schema does not have, each with its kind.
fn unknown(table: &import::TableSummary) -> Vec<String> {
    let columns = table.unknown_columns.iter();
    columns
        .map(|(name, kind)| format!("`{name}` ({kind})"))
        .collect()
}

/// One file: its tables, and what there is to say about it.
fn file(summary: &Summary) -> Listing {
    let row = |table: &import::TableSummary| {
        vec![
            text(&table.name),
            count(table.rows),
            match table.unknown_columns.is_empty() {
                true => Cell::Null,
                false => text(unknown(table).join(", ")),
            },
        ]
    };
    let mut remarks = vec![format!("NULL: {}", summary.null_is)];
    if let Some(other) = summary
        .runner_up
        .as_ref()
        .filter(|_| summary.margin < CLOSE)
    {
        remarks.push(format!(
            "read as `{}`; `{other}` fits nearly as well (`--input-format {other}`)",
            summary.form
        ));
    }
    if !summary.has_header {
        remarks.push("it has no column headers".to_owned());
    }
    if summary.repeated > 0 {
        remarks.push(match summary.repeated {
            1 => "1 row is an exact duplicate".to_owned(),
            n => format!("{n} rows are exact duplicates"),
        });
    }
    for dropped in &summary.dropped_columns {
        remarks.push(format!("not loaded: {dropped}"));
    }
    if summary
        .tables
        .iter()
        .any(|table| !table.unknown_columns.is_empty())
    {
        remarks.push(
            "other columns are not in the product's schema: their types are inferred from their values".to_owned(),
        );
    }
    remarks.extend(summary.warnings.iter().cloned());
    Listing {
        title: summary.file.clone(),
        table: ResultTable {
            columns: vec![
                Column::new("table", Kind::Text),
                Column::new("rows", Kind::Integer),
                Column::new("other columns", Kind::Text),
            ],
            rows: summary.tables.iter().map(row).collect(),
        },
        remarks,
    }
}

/// The first rejects of each file with what to do about them, and how many there are for each reason. Their text is in
/// the import database only: it may be about somebody.
fn rejects(loaded: &[Summary]) -> Option<Listing> {
    let row = |summary: &Summary, reject: &Reject| {
        let column = reject
            .column_name
            .clone()
            .or(reject.column.map(|n| n.to_string()));
        vec![
            text(&summary.file),
            count(reject.line),
            column.map_or(Cell::Null, Cell::Text),
            text(reject.reason.code()),
            text(&reject.detail),
            text(reject.reason.advice()),
        ]
    };
    let shown: Vec<_> = loaded
        .iter()
        .flat_map(|summary| {
            let first = summary.first_rejects.iter();
            first.map(move |reject| row(summary, reject))
        })
        .collect();
    if shown.is_empty() {
        return None;
    }
    let mut remarks: Vec<String> = loaded
        .iter()
        .flat_map(|summary| {
            summary
                .reasons
                .iter()
                .map(move |(reason, n)| format!("{}: {n} {}", summary.file, reason.code()))
        })
        .collect();
    let gathered: u64 = loaded.iter().map(|summary| summary.gathered).sum();
    remarks.push(match gathered {
        0 => "the table `rejects` of the database has all of them, with their text".to_owned(),
        n => format!(
            "the table `rejects` of the database has them with their text, except for {n}, which are \
             summarized in one row per reason"
        ),
    });
    Some(Listing {
        title: "Rejected".to_owned(),
        table: ResultTable {
            columns: vec![
                Column::new("file", Kind::Text),
                Column::new("line", Kind::Integer),
                Column::new("column", Kind::Text),
                Column::new("code", Kind::Text),
                Column::new("problem", Kind::Text),
                Column::new("what to do", Kind::Text),
            ],
            rows: shown,
        },
        remarks,
    })
}

/// What to do about dates that are not written as SQL Server writes them: the formats in which all of `samples` can be
/// read.
fn date_hint(samples: &[String]) -> String {
    let found = date_formats(samples);
    let options: Vec<String> = found
        .iter()
        .map(|format| format!("`--date-format \"{format}\"`"))
        .collect();
    match options.as_slice() {
        [] => "export dates as `yyyy-mm-dd hh:mm:ss`".to_owned(),
        [one] => format!("if they are written that way, use {one}"),
        several => format!("specify how they are written: {}", several.join(" or ")),
    }
}

/// The usual formats, in the words of `strftime`, in which each of `samples` is a date or a time.
fn date_formats(samples: &[String]) -> Vec<String> {
    let days = [
        "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%Y%m%d", "%b %d %Y",
        "%d %b %Y",
    ];
    let times = [
        "",
        " %H:%M",
        " %H:%M:%S",
        " %H:%M:%S%.f",
        " %I:%M %p",
        " %I:%M:%S %p",
        " %I:%M%p",
    ];
    let year = |format: &str| if format.contains("%Y") { 1900 } else { 0 };
    // A format of blanks in other places reads the same; the first one is enough.
    let is_first = |found: &Vec<String>, format: &str| {
        let bare = |format: &str| format.replace(' ', "").replace("%S%.f", "%S");
        found.iter().all(|other| bare(other) != bare(format))
    };
    let reads = |format: &str, text: &str| {
        let time = NaiveDateTime::parse_from_str(text, format).map(|time| time.year());
        let day = NaiveDate::parse_from_str(text, format).map(|day| day.year());
        let is_day = !format.contains("%H") && !format.contains("%I");
        (if is_day { day } else { time }).is_ok_and(|found| found >= year(format))
    };
    let separators = ["/", ".", "-"].into_iter();
    let all = separators.flat_map(|separator| {
        days.into_iter().flat_map(move |day| {
            let day = day.replace('/', separator);
            times.into_iter().map(move |time| format!("{day}{time}"))
        })
    });
    let fits = |format: &String| samples.iter().all(|sample| reads(format, sample.trim()));
    let fitting = all.filter(|format| !samples.is_empty() && fits(format));
    fitting.fold(Vec::new(), |mut found, format| {
        if is_first(&found, &format) {
            found.push(format);
        }
        found
    })
}

/// The parts of `text` between backticks.
fn in_backticks(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

// FAILING --------------------------------------------------------------------------------------------------

impl From<ImportDatabaseError> for Failure {
    fn from(error: ImportDatabaseError) -> Self {
        let code = if error.is_refusal() {
            Code::Refused
        } else {
            Code::Environment
        };
        let failure = Self::of(code, &error);
        match error {
            ImportDatabaseError::NotOurs { .. }
            | ImportDatabaseError::Replay { .. }
            | ImportDatabaseError::NotAFile { .. } => {
                failure.hint("use another file with `--db FILE`")
            }
            ImportDatabaseError::Left { left, .. } => failure.hint(format!(
                "remove it (`rm {}`), or use another file with `--db FILE`",
                left.display()
            )),
            ImportDatabaseError::Appeared { .. } => {
                failure.hint("run it again to load into that one")
            }
            ImportDatabaseError::Busy { .. } => {
                failure.hint("wait for the other program, or close it")
            }
            ImportDatabaseError::Io { .. } => failure.hint("use a writable path with `--db FILE`"),
            ImportDatabaseError::Store { source, .. } if source.is_of_the_schema() => {
                failure.hint("use another file with `--db FILE`")
            }
            ImportDatabaseError::Store { .. } => failure,
        }
    }
}

/// Whether a file is refused because it unpacks to too much.
fn is_bomb(error: &ImportError) -> bool {
    let (ImportError::Read { source, .. }
    | ImportError::Open {
        source: OpenError::Read(source),
        ..
    }) = error
    else {
        return false;
    };
    matches!(source, ReadError::Io(cause) if TooMuch::behind(cause).is_some())
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match &error {
            error if is_bomb(error) => Self::of(Code::Rejected, error).hint(
                "nothing was loaded; it may be a decompression bomb: inspect its contents, and export them as text",
            ),
            ImportError::Interrupted => Self::new(Code::Interrupted, "interrupted"),
            ImportError::Open { source, .. } => {
                let code = match source {
                    OpenError::Source(_) | OpenError::Read(ReadError::Io(_)) => Code::Environment,
                    OpenError::UnknownForm { .. }
                    | OpenError::WrongContainer { .. }
                    | OpenError::NotUsed { .. } => Code::Usage,
                    _ => Code::Rejected,
                };
                let failure = Self::of(code, &error);
                let told = |sample: &String| is_ambiguous(sample.trim());
                if let OpenError::Spoiled { samples, .. } = source
                    && samples.iter().all(told)
                {
                    return failure.hint(date_hint(samples));
                }
                match source.advice() {
                    Some(advice) => failure.hint(advice),
                    None => failure,
                }
            }
            ImportError::Io { .. } => Self::of(Code::Environment, &error),
            ImportError::Store { .. } => Self::of(Code::Environment, &error)
                .hint("nothing of this file is in the database; free disk space, or use another path with `--db`")
                .of_the_copy(),
            ImportError::Empty { .. } => {
                Self::of(Code::Rejected, &error).hint("export it again; it is empty")
            }
            ImportError::NoResultSet { .. } => {
                Self::of(Code::Rejected, &error).hint("`--result-set 1` is the first one")
            }
            ImportError::Dates { spoiled: true, .. } => Self::of(Code::Rejected, &error).hint(
                "a spreadsheet saved the file and kept only minutes and seconds, which cannot be undone; \
                 export again, and load that file without opening it in a spreadsheet",
            ),
            ImportError::Dates { samples, .. } => {
                Self::of(Code::Rejected, &error).hint(date_hint(&in_backticks(samples)))
            }
            ImportError::LoadedOtherwise { .. } => Self::of(Code::Rejected, &error).hint(
                "nothing was loaded; load all files into a new database with `--db NEW.sqlite`",
            ),
            ImportError::Late { .. } => {
                Self::of(Code::Rejected, &error).hint("nothing was loaded; save it to a file, and load that")
            }
            ImportError::MostlyRejected { reason, .. } => Self::of(Code::Rejected, &error).hint(format!(
                "nothing was loaded: {}; describe the file with `--input-format` and `--table`",
                reason.advice()
            )),
            ImportError::Read { .. } => Self::of(Code::Rejected, &error)
                .hint("nothing was loaded; export it again, if possible as CSV with quoted text"),
            ImportError::Tables { source, .. } => {
                let hint = match source {
                    TablesError::NoKey { key, .. } => format!("export `{key}` too"),
                    TablesError::TooMany { .. } | TablesError::NoHistory { .. } => {
                        "export the table itself".to_owned()
                    }
                    TablesError::BadName { .. } => {
                        "name one of the product's tables, or a new table (letters, digits and _)".to_owned()
                    }
                    TablesError::NamesOrRow => {
                        "use `--header yes` if it is a header, `--header no` if it is a row".to_owned()
                    }
                    TablesError::Nameless { .. } => {
                        "export with column names, or name them in the order of the file with `--columns`; or \
                         load it into its own table, with `--table my_table --header no`"
                            .to_owned()
                    }
                    TablesError::Ambiguous { .. } => {
                        let named = in_backticks(&source.to_string());
                        let options: Vec<String> =
                            named.iter().map(|name| format!("`--table {name}`")).collect();
                        format!("choose one: {}", options.join(" or "))
                    }
                    _ => "load it into its own table, e.g. `--table my_table`, or name the product table that \
                          it belongs to"
                        .to_owned(),
                };
                let code = match source {
                    TablesError::BadName { .. } => Code::Usage,
                    _ => Code::Rejected,
                };
                Self::of(code, &error).hint(hint)
            }
        }
    }
}
