//! Reads what people export from SQL Server, in whatever form their tool writes, into typed rows; what cannot be a row
//! is kept beside them with its place and the reason.
//!
//! ```text
//!   input     bytes of a file: plain, gzip, zstd, workbook, standard input; their number and hash; bytes -> UTF-8
//!   format    the closed list of forms: how each is laid out, how it says NULL; which of them a file is in
//!   open      all of this for one file, and the reader of its form
//!   reader    delimited, aligned, fixed width, vertical, grid, json, xml, xlsx -> names, records, rejects, footer
//!   mapping   which tables are these columns of; what is a record's field in which table
//!   convert   a field as a value of its column's kind, or the reason why it is none
//!   needed    files of which only the rows are loaded that a query needs
//! ```
//!
//! Conservation: records in a file = rows loaded + records rejected, whatever the file. What a *record* is, is for the
//! form to say where it marks their ends: a quoted field may have line breaks in it, an object of JSON is one. A form
//! that quotes nothing marks nothing, so there a record is a line that is not blank and no part of a repaired record,
//! and each repaired one: lines are put together only where their fields are exactly one record's and its numbers and
//! times stand where they should ([`reader::delimited`],
//! [`reader::aligned`]). Names that stand again, and the count and the time that a tool writes below, are no records;
//! names that stand again are a reject all the same, which says so.
//!
//! This module does not know SQLite.

pub mod convert;
pub mod format;
pub mod input;
pub mod mapping;
pub mod needed;
pub mod number;
pub mod open;
pub mod reader;
pub mod spoiled;
pub mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::diagnostic::counted;
use crate::import::convert::{CUTS, Rules, Seen};
use crate::import::format::detect::{Look, could_be_name};
use crate::import::input::source::Tally;
use crate::import::mapping::{Hints, Kept, Plan, SAMPLE, TablesError};
use crate::import::reader::{Item, Reader};
use crate::record::batch::{Batch, Value};
use crate::record::row_filter::Sieve;
use crate::record::{Field, Footer, Limits, ReadError, Reason, Record, Reject, Written};
use crate::store::load::{Export, Known, Loader, cut};
use crate::store::{Store, StoreError};
use crate::table::Cell;
use needed::Need;
use open::OpenError;

/// How a file is to be read, where it should not be told from the file alone.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The form, by its name.
    pub form: Option<String>,
    /// The table that the file holds: one of the product's, or a new one.
    pub table: Option<String>,
    /// The encoding, by its name.
    pub encoding: Option<String>,
    /// When the file was exported, in milliseconds since 1970 on the wall clock of whoever exported.
    pub taken_at_ms: Option<i64>,
    /// The time of the file itself, on the same clock: what is taken when nothing else is known.
    pub file_time_ms: Option<i64>,
    /// How dates are written, in the words of `strftime`, where not as SQL Server writes them.
    pub date_format: Option<String>,
    /// Whether characters that were lost before may be kept as U+FFFD.
    pub lossy: bool,
    /// Which of several result sets in the file is read, from 1.
    pub result_set: Option<usize>,
    /// How much is taken of a record before it is given up.
    pub limits: Limits,
    /// The bcp format file that names the columns, where it does not lie beside the file under its usual name.
    pub format_file: Option<PathBuf>,
    /// What ends a field, where a tool lets one choose.
    pub field_end: Option<String>,
    /// What ends a record.
    pub row_end: Option<String>,
    /// How wide the columns are, where nothing stands between them.
    pub widths: Option<reader::fixed_width::Widths>,
    /// Whether the first record has the names of the columns.
    pub header: Option<bool>,
    /// The names of the columns, instead of those in the file.
    pub columns: Option<Vec<String>>,
    /// How many lines at the beginning are passed over.
    pub skip: usize,
    /// The sheet of a workbook that is read; all of them without it.
    pub sheet: Option<String>,
    /// Texts that stand for NULL as well, where they are not in quotes.
    pub null_texts: Vec<String>,
    /// Whether an empty field without quotes is NULL.
    pub empty_is_null: bool,
    /// Which rows of some tables are needed, where others may be passed over. See [`needed`].
    pub needs: Vec<Need>,
    /// Whether the file's hash is not taken, because nothing is loaded later.
    pub unhashed: bool,
    /// How a large file is cut for other threads, where records are passed over and no hash is taken.
    pub cut: reader::parallel::Cut,
}

impl Options {
    /// How a file is read, as text: two files of the same bytes for which it is equal come out the same.
    #[must_use]
    pub fn reading(&self) -> String {
        let mut said = Vec::new();
        let mut say = |option: &str, value: Option<String>| {
            said.extend(value.map(|value| format!("--{option} {value:?}")));
        };
        say("form", self.form.clone());
        say("table", self.table.clone());
        say("encoding", self.encoding.clone());
        say(
            "taken-at",
            self.taken_at_ms.map(|ms| Cell::Timestamp(ms).to_string()),
        );
        say("date-format", self.date_format.clone());
        say("lossy", self.lossy.then(String::new));
        say("result-set", self.result_set.map(|set| set.to_string()));
        say(
            "format-file",
            self.format_file
                .as_ref()
                .map(|file| file.display().to_string()),
        );
        say("field-end", self.field_end.clone());
        say("row-end", self.row_end.clone());
        say(
            "widths",
            self.widths.as_ref().map(|widths| format!("{widths:?}")),
        );
        say("header", self.header.map(|header| header.to_string()));
        say(
            "columns",
            self.columns.as_ref().map(|columns| columns.join(",")),
        );
        say("skip", (self.skip > 0).then(|| self.skip.to_string()));
        say("sheet", self.sheet.clone());
        say(
            "null",
            (!self.null_texts.is_empty()).then(|| self.null_texts.join(",")),
        );
        say("empty-is-null", self.empty_is_null.then(String::new));
        said.join(" ")
    }

    /// The part of the file that is read where it has several: another part is a load of its own.
    fn part(&self) -> String {
        let set = self.result_set.filter(|set| *set > 1);
        let set = set.map(|set| format!("result set {set}"));
        let sheet = self.sheet.as_ref().map(|sheet| format!("sheet {sheet}"));
        [sheet, set]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// The file as it was named.
    pub file: String,
    /// The form that it was read in.
    pub form: String,
    /// The form that was next.
    pub runner_up: Option<String>,
    /// How much less the next one scored, from 0 to 1; 1 where there is none, or where the form was named.
    pub margin: f64,
    /// How its characters are written.
    pub encoding: String,
    /// Whether it names its columns.
    pub has_header: bool,
    /// What the form does with NULL.
    pub null_is: String,
    /// The tables that got rows.
    pub tables: Vec<TableSummary>,
    /// Records in the file.
    pub records: u64,
    /// Of these, passed over because nobody needs them. They count as loaded.
    pub passed_over: u64,
    /// Of these, loaded.
    pub loaded: u64,
    /// Of these, rejected: `loaded + rejected = records`.
    pub rejected: u64,
    /// Of the loaded ones, those that stand in the file before with the same values.
    pub repeated: u64,
    /// How many rows the producer says there are.
    pub footer: Option<u64>,
    /// When it was exported, in milliseconds since 1970 on the wall clock of whoever exported.
    pub taken_at_ms: Option<i64>,
    /// How that is known: `--taken-at`, `completion time`, `file time` or `unknown`.
    pub taken_from: &'static str,
    /// What a reader should know, in sentences.
    pub warnings: Vec<String>,
    /// Columns that were not loaded, and why.
    pub dropped_columns: Vec<String>,
    /// How many records were rejected for each reason, and text beside them that was no record, in the order of codes.
    pub reasons: Vec<(Reason, u64)>,
    /// The first rejects.
    pub first_rejects: Vec<Reject>,
    /// How many rejects are kept without their text, as one for each reason, because there are so many.
    pub gathered: u64,
    /// Whether the same file was loaded before, so that nothing was done.
    pub already_loaded: bool,
}

impl Summary {
    /// Whether the producer's own count is another than that of the records.
    #[must_use]
    pub fn footer_differs(&self) -> bool {
        self.footer.is_some_and(|rows| rows != self.records)
    }
}

impl Summary {
    /// Says that the file was loaded before, and what came of it then.
    fn already(&mut self, known: &Known) {
        self.already_loaded = true;
        self.form.clone_from(&known.form);
        self.encoding.clone_from(&known.encoding);
        self.records = known.records;
        self.rejected = known.rejected;
        self.footer = known.footer;
        self.loaded = known.records.saturating_sub(known.rejected);
        self.warnings = vec![format!(
            "the same bytes were loaded before, from `{}`: nothing is changed",
            known.file
        )];
    }
}

/// A table that got rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// Its name.
    pub name: String,
    /// How many rows.
    pub rows: u64,
    /// Columns that the schema does not have; they are kept as text.
    pub unknown_columns: Vec<String>,
}

/// How far the reading of a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// Bytes that there are; `None` for a stream.
    pub total: Option<u64>,
    /// Rows that were stored.
    pub rows: u64,
}

/// Why a file was not loaded. Nothing of it is in the copy.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file's bytes, encoding or form are not what can be read.
    #[error("`{file}`: {source}")]
    Open {
        /// The file.
        file: String,
        /// Why.
        source: OpenError,
    },
    /// The file cannot be opened or read.
    #[error("`{file}` cannot be read")]
    Io {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be read to its end.
    #[error("`{file}`")]
    Read {
        /// The file.
        file: String,
        /// Where and why.
        source: ReadError,
    },
    /// It cannot be told which tables the file holds.
    #[error("`{file}`: {source}")]
    Tables {
        /// The file.
        file: String,
        /// Why.
        source: TablesError,
    },
    /// There is nothing in it.
    #[error("`{file}` is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// It has fewer results than the one that was asked for.
    #[error("`{file}` has no result {wanted}: it has {found}")]
    NoResultSet {
        /// The file.
        file: String,
        /// Which one was asked for, from 1.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A column of times has no value that can be read as one.
    #[error("`{file}`: no value of `{column}` can be read as a date: {samples}")]
    Dates {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Some of the values, each with its line.
        samples: String,
        /// Whether a spreadsheet has spoiled them; else they are written in a form that could be read in two ways.
        spoiled: bool,
    },
    /// So many records are rejected that the file is not what it is taken for.
    #[error(
        "`{file}`: {rejected} of the first {records} records cannot be rows, line {line} among them: {detail}"
    )]
    MostlyRejected {
        /// The file.
        file: String,
        /// Records that were read.
        records: u64,
        /// Of these, rejected.
        rejected: u64,
        /// The line of one of them.
        line: u64,
        /// Why that one is.
        reason: Reason,
        /// What is wrong with it.
        detail: String,
    },
    /// The same bytes were loaded before in another way, and what came of them cannot be taken out again.
    #[error("`{file}` was loaded before in another way, and {why}")]
    LoadedOtherwise {
        /// The file.
        file: String,
        /// Why its rows cannot be replaced.
        why: String,
    },
    /// What comes late contradicts how the beginning was read.
    #[error(
        "`{file}`: how its numbers are written is only known at its end, and it cannot be read again"
    )]
    Late {
        /// The file.
        file: String,
    },
    /// It was told to stop.
    #[error("interrupted")]
    Interrupted,
    /// The copy failed.
    #[error("`{file}` cannot be stored")]
    Store {
        /// The file.
        file: String,
        /// Why.
        source: StoreError,
    },
}

impl ImportError {
    /// Whether the form, or the table, could be one of several, and nobody but the user can say which.
    #[must_use]
    pub fn asks(&self) -> bool {
        match self {
            Self::Open { source, .. } => {
                matches!(
                    source,
                    OpenError::Undecided { .. }
                        | OpenError::NoForm { .. }
                        | OpenError::NoWidths { .. }
                )
            }
            Self::Tables { source, .. } => matches!(
                source,
                TablesError::Nameless { .. }
                    | TablesError::NamesOrRow
                    | TablesError::Ambiguous { .. }
                    | TablesError::Unknown { .. }
            ),
            _ => false,
        }
    }

    /// The stable code, where the file is refused for what one of its records could be rejected for.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        let reason = match self {
            Self::Open { source, .. } => match source {
                OpenError::Decode(_) => Reason::NotText,
                OpenError::Spoiled { .. } => Reason::SpoiledDate,
                OpenError::Read(ReadError::Malformed { .. }) => Reason::Truncated,
                OpenError::Read(ReadError::TooLarge { .. }) => Reason::TooLong,
                _ => return None,
            },
            Self::Read { source, .. } => match source {
                ReadError::Malformed { .. } => Reason::Truncated,
                ReadError::TooLarge { .. } => Reason::TooLong,
                ReadError::Io(_) => return None,
            },
            Self::MostlyRejected { reason, .. } => *reason,
            Self::Dates { spoiled: true, .. } => Reason::SpoiledDate,
            Self::Dates { .. } => Reason::NotADate,
            _ => return None,
        };
        Some(reason.code())
    }
}

/// Bytes of text, or values, at which a batch goes to the store.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_VALUES: usize = 32 << 10;

/// Batches on their way at a time.
const IN_FLIGHT: usize = 8;

/// How often it is asked whether to go on while nothing comes.
const WAIT: Duration = Duration::from_millis(50);

/// How many rejects a summary shows.
const FIRST_REJECTS: usize = 5;

/// Rejects of a file that are kept each for itself, and how many bytes of text in all: a file that is not what it is
/// taken for is not to fill the disk. One reject for each reason stands for the others.
const KEPT_REJECTS: usize = 50_000;
const KEPT_TEXT: usize = 64 << 20;

/// The largest limit of a record: places in a batch's text are counted in 32 bits.
const MOST_RECORD: usize = 1 << 30;

/// Loads a file into a copy.
///
/// # Errors
/// When it cannot be read or told what it is, or the copy fails; then nothing of it is there.
pub fn read_file(
    path: &Path,
    options: &Options,
    store: &mut Store,
) -> Result<Summary, ImportError> {
    read_file_with(path, options, store, &mut |_| true)
}

/// The same, where `go_on` is told how far it has come, several times in a second, and says whether to go on.
///
/// # Errors
/// As [`read_file`], and when `go_on` says no.
pub fn read_file_with(
    path: &Path,
    options: &Options,
    store: &mut Store,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, ImportError> {
    let file = path.display().to_string();
    let known = known_before(path, &file, options, store)?;
    if let Some(known) = known
        .as_ref()
        .filter(|known| known.reading == options.reading())
    {
        let mut summary = Summary {
            file,
            ..Summary::default()
        };
        summary.already(known);
        return Ok(summary);
    }
    let mut decided = Decided::default();
    for _ in 0..PASSES {
        let opened = open::open(path, &of_opening(options)).map_err(not_opened(&file))?;
        let run = Run {
            decided,
            passes: Passes::Several,
            replaces: known.as_ref(),
        };
        match load(file.clone(), opened, options, run, store, go_on)? {
            Outcome::Loaded(summary) => return Ok(*summary),
            Outcome::Again(more) => decided = *more,
        }
    }
    Err(ImportError::Late { file })
}

/// A file that was loaded before need not be read to its end to find that out; only where an export has as many bytes
/// is it worth to look.
fn known_before(
    path: &Path,
    file: &str,
    options: &Options,
    store: &Store,
) -> Result<Option<Known>, ImportError> {
    let failed = |source| ImportError::Store {
        file: file.to_owned(),
        source,
    };
    let Ok(found) = std::fs::metadata(path) else {
        return Ok(None);
    };
    if !found.is_file() || !store.has_export_of(found.len()).map_err(failed)? {
        return Ok(None);
    }
    let sha256 = hash(path).map_err(|source| ImportError::Io {
        file: file.to_owned(),
        source,
    })?;
    let sha256 = of_part(sha256, &options.part());
    store.known_export(&sha256).map_err(failed)
}

/// The hash by which a part of a file is known again; of the whole file that of its bytes.
fn of_part(sha256: String, part: &str) -> String {
    if part.is_empty() {
        return sha256;
    }
    in_hex(&Sha256::digest(format!("{sha256} {part}")))
}

fn in_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(in_hex(&hasher.finalize()))
}

/// Loads what `reader` gives into a copy, under the name `file`.
///
/// # Errors
/// As [`read_file`].
pub fn read(
    file: &str,
    reader: Box<dyn Read + Send>,
    options: &Options,
    store: &mut Store,
) -> Result<Summary, ImportError> {
    read_with(file, reader, options, store, &mut |_| true)
}

/// The same, with `go_on` as [`read_file_with`] has it.
///
/// # Errors
/// As [`read_file_with`].
pub fn read_with(
    file: &str,
    reader: Box<dyn Read + Send>,
    options: &Options,
    store: &mut Store,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, ImportError> {
    let opened = open::open_reader(reader, &of_opening(options)).map_err(not_opened(file))?;
    let run = Run {
        decided: Decided::default(),
        passes: Passes::One,
        replaces: None,
    };
    match load(file.to_owned(), opened, options, run, store, go_on)? {
        Outcome::Loaded(summary) => Ok(*summary),
        Outcome::Again(_) => Err(ImportError::Late {
            file: file.to_owned(),
        }),
    }
}

/// What the whole of a file says about how its beginning should have been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Decided {
    /// For each table and each of its columns how numbers are written; nothing where none of that was in doubt.
    separators: Vec<Vec<number::Separators>>,
    /// The form, where the whole file says how it writes NULL and its beginning does not.
    form: Option<&'static format::Form>,
}

/// How often a file is read at most. A second pass nearly always settles everything; another one is for columns that
/// were behind a rejected value.
const PASSES: usize = 4;

/// Whether there can be another pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    One,
    Several,
}

/// One pass over a file.
struct Run<'k> {
    decided: Decided,
    passes: Passes,
    /// What the same bytes came to in another way, which this replaces.
    replaces: Option<&'k Known>,
}

/// What comes of reading a file once.
enum Outcome {
    /// It is loaded.
    Loaded(Box<Summary>),
    /// Nothing is: it is to be read again, knowing this.
    Again(Box<Decided>),
}

/// What opening a file is told.
fn of_opening(options: &Options) -> open::Options {
    let mut limits = options.limits;
    limits.record = limits.record.min(MOST_RECORD);
    limits.field = limits.field.min(MOST_RECORD);
    open::Options {
        form: options.form.clone(),
        encoding: options.encoding.clone(),
        lossy: options.lossy,
        delimiter: options.field_end.clone(),
        record_end: options.row_end.clone(),
        format_file: options.format_file.clone(),
        widths: options.widths.clone(),
        local_dates: options.date_format.is_some(),
        limits,
        unhashed: options.unhashed,
        cut: options.cut,
        header: options.header,
        skip: options.skip,
        sheet: options.sheet.clone(),
        empty_is_null: options.empty_is_null,
        null_texts: options.null_texts.clone(),
        ..open::Options::default()
    }
}

fn not_opened(file: &str) -> impl Fn(OpenError) -> ImportError {
    let file = file.to_owned();
    move |source| match source {
        OpenError::Empty => ImportError::Empty { file: file.clone() },
        source => ImportError::Open {
            file: file.clone(),
            source,
        },
    }
}

/// How a form's fields say that there is no value.
fn rule_of(nulls: format::Nulls) -> convert::Nulls {
    let none = convert::Nulls::default();
    match nulls {
        format::Nulls::Word => convert::Nulls { word: true, ..none },
        format::Nulls::Empty => convert::Nulls {
            empty: true,
            quoted_empty: true,
            ..none
        },
        format::Nulls::EmptyOrNul => convert::Nulls {
            empty: true,
            nul_is_empty: true,
            ..none
        },
        format::Nulls::Nothing => convert::Nulls {
            empty: true,
            ..none
        },
        format::Nulls::Marked => none,
        format::Nulls::MarkedOrWord => convert::Nulls {
            word: true,
            quoted_word: true,
            ..none
        },
    }
}

/// What is NULL in a form, and by the user's word.
fn said_of_null(nulls: format::Nulls, options: &Options) -> String {
    let mut said = nulls.title().to_owned();
    for text in &options.null_texts {
        said.push_str(&format!("; `{text}` is NULL (`--null`)"));
    }
    if options.empty_is_null {
        said.push_str("; nothing is NULL (`--empty-is-null`)");
    }
    said
}

/// What the thread that reads hands to the one that stores.
enum Message {
    /// The tables, before any rows.
    Plan(Box<Plan>),
    /// Rows of one of them.
    Rows(usize, Batch),
    /// Text that did not become rows.
    Rejects(Vec<Reject>),
    /// Why the file cannot be loaded.
    Failed(Box<ImportError>),
    /// How the file is to be read again.
    Again(Box<Decided>),
    /// The end.
    End(Box<Ended>),
}

/// What is known at the end of a file.
#[derive(Debug, Default)]
struct Ended {
    records: u64,
    /// Whether the first record was one.
    has_header: bool,
    passed_over: u64,
    footer: Footer,
    seen: Vec<Vec<Seen>>,
    warnings: Vec<String>,
}

fn load(
    file: String,
    opened: open::Opened,
    options: &Options,
    run: Run<'_>,
    store: &mut Store,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Outcome, ImportError> {
    let mut summary = Summary {
        file: file.clone(),
        form: opened.form.id.to_owned(),
        runner_up: opened.runner_up.map(|form| form.id.to_owned()),
        margin: opened.margin,
        encoding: opened.encoding.clone(),
        has_header: opened.has_header,
        null_is: said_of_null(opened.form.nulls, options),
        ..Summary::default()
    };
    let tally = Arc::clone(&opened.tally);
    let mut nulls = rule_of(opened.form.nulls);
    nulls.empty |= options.empty_is_null;
    let rules = Rules {
        nulls,
        null_texts: options.null_texts.clone(),
        date_format: options.date_format.clone(),
        lossy: options.lossy,
        padded: matches!(
            opened.form.layout,
            format::Layout::Aligned | format::Layout::Widths
        ),
        fifteen_digits: opened.form.layout == format::Layout::Workbook,
    };
    let (sender, receiver) = sync_channel(IN_FLIGHT);
    let (give_back, used) = sync_channel(IN_FLIGHT);
    let mut typing = Typing::new(
        file,
        (opened.form, opened.twin),
        rules,
        options,
        sender,
        used,
    );
    typing.once = run.passes == Passes::One;
    typing.decided = run.decided;
    // Not waited for when loading stops early: it ends when it finds nobody to hand its rows to.
    thread::spawn(move || {
        let mut reader = opened.reader;
        typing.run(&mut *reader);
    });
    let mut storing = Storing {
        summary: &mut summary,
        options,
        tally: &tally,
        give_back,
        plan: None,
        reasons: BTreeMap::new(),
        kept: (0, 0),
        gathered: BTreeMap::new(),
        replaces: run.replaces,
    };
    if let Some(decided) = storing.run(store, &receiver, go_on)? {
        return Ok(Outcome::Again(decided));
    }
    Ok(Outcome::Loaded(Box::new(summary)))
}

// STORING --------------------------------------------------------------------------------------------------

/// The half of an import that stores.
struct Storing<'s> {
    summary: &'s mut Summary,
    options: &'s Options,
    tally: &'s Tally,
    /// Batches that are stored go back, to be filled again.
    give_back: SyncSender<Batch>,
    plan: Option<Box<Plan>>,
    reasons: BTreeMap<&'static str, (Reason, u64)>,
    /// Rejects that are kept each for itself, and the bytes of their text.
    kept: (usize, usize),
    /// The others: for each reason one that stands for all, how many those are, and the last line of them.
    gathered: BTreeMap<&'static str, (Reject, u64, u64)>,
    /// What the same bytes came to in another way.
    replaces: Option<&'s Known>,
}

impl Storing<'_> {
    fn failed(&self) -> impl Fn(StoreError) -> ImportError + use<> {
        let file = self.summary.file.clone();
        move |source| match source {
            StoreError::Interrupted => ImportError::Interrupted,
            source => ImportError::Store {
                file: file.clone(),
                source,
            },
        }
    }

    fn run(
        &mut self,
        store: &Store,
        receiver: &Receiver<Message>,
        go_on: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Option<Box<Decided>>, ImportError> {
        let failed = self.failed();
        let mut loader = Loader::begin(store).map_err(&failed)?;
        if let Some(known) = self.replaces {
            self.forget(&loader, known)?;
        }
        let mut rows = 0;
        let ended = loop {
            let progress = Progress {
                bytes: self.tally.read(),
                total: self.tally.total(),
                rows,
            };
            if !go_on(progress) {
                return Err(ImportError::Interrupted);
            }
            match receiver.recv_timeout(WAIT) {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(ImportError::Io {
                        file: self.summary.file.clone(),
                        source: std::io::Error::other("the thread that reads it has gone"),
                    });
                }
                Ok(Message::Plan(plan)) => {
                    for target in &plan.targets {
                        loader.shape(target.shape.clone()).map_err(&failed)?;
                    }
                    self.plan = Some(plan);
                }
                Ok(Message::Rows(table, mut batch)) => {
                    let outcome = loader.rows(table, &batch).map_err(&failed)?;
                    rows += batch.lines.len() as u64;
                    self.summary.repeated += outcome.repeated;
                    self.keep_rejects(&mut loader, outcome.rejects)?;
                    batch.clear();
                    let _ = self.give_back.try_send(batch);
                }
                Ok(Message::Rejects(rejects)) => self.keep_rejects(&mut loader, rejects)?,
                Ok(Message::Failed(error)) => return Err(*error),
                // The loader is dropped, and with it all that it has stored.
                Ok(Message::Again(decided)) => return Ok(Some(decided)),
                Ok(Message::End(ended)) => break ended,
            }
        };
        self.end(store, loader, *ended)?;
        Ok(None)
    }

    /// Takes out what the same bytes came to in another way, before they are loaded in this one.
    fn forget(&mut self, loader: &Loader<'_>, known: &Known) -> Result<(), ImportError> {
        let mixed = loader.forget(known.export).map_err(self.failed())?;
        if let Some(table) = mixed {
            return Err(ImportError::LoadedOtherwise {
                file: self.summary.file.clone(),
                why: format!("rows of other exports have met its rows in `{table}`"),
            });
        }
        self.summary.warnings.push(match known.reading.as_str() {
            "" => {
                "the same bytes were loaded before without options: what came of them is replaced"
                    .to_owned()
            }
            said => format!(
                "the same bytes were loaded before with `{said}`: what came of them is replaced"
            ),
        });
        Ok(())
    }

    fn keep_rejects(
        &mut self,
        loader: &mut Loader<'_>,
        mut rejects: Vec<Reject>,
    ) -> Result<(), ImportError> {
        for reject in &mut rejects {
            cut(&mut reject.text);
            self.summary.rejected += reject.records;
            let count = &mut self
                .reasons
                .entry(reject.reason.code())
                .or_insert((reject.reason, 0))
                .1;
            *count += reject.records.max(1);
            if self.summary.first_rejects.len() < FIRST_REJECTS {
                self.summary.first_rejects.push(reject.clone());
            }
        }
        rejects.retain(|reject| !self.gather(reject));
        loader
            .rejects(&self.summary.file, &rejects)
            .map_err(self.failed())
    }

    /// Takes a reject that is one too many to be kept for itself.
    fn gather(&mut self, reject: &Reject) -> bool {
        let (count, bytes) = (self.kept.0 + 1, self.kept.1 + reject.text.len());
        if count <= KEPT_REJECTS && bytes <= KEPT_TEXT {
            self.kept = (count, bytes);
            return false;
        }
        self.summary.gathered += 1;
        let of_reason = self.gathered.entry(reject.reason.code());
        let first = || {
            let first = Reject {
                column: None,
                column_name: None,
                text: String::new(),
                detail: String::new(),
                records: 0,
                ..reject.clone()
            };
            (first, 0, reject.line)
        };
        let (all, count, last) = of_reason.or_insert_with(first);
        all.records += reject.records;
        all.line = all.line.min(reject.line);
        *count += 1;
        *last = reject.line.max(*last);
        true
    }

    /// What stands for the rejects that are not kept each for itself.
    fn gathered(&self) -> Vec<Reject> {
        let one = |(reject, count, last): &(Reject, u64, u64)| Reject {
            detail: format!(
                "stands for {count} more, from line {} to line {last}; there are too many to keep their text",
                reject.line
            ),
            ..reject.clone()
        };
        self.gathered.values().map(one).collect()
    }

    fn end(
        &mut self,
        store: &Store,
        mut loader: Loader<'_>,
        ended: Ended,
    ) -> Result<(), ImportError> {
        let failed = self.failed();
        self.summary.has_header |= ended.has_header;
        self.summary.records = ended.records;
        self.summary.passed_over = ended.passed_over;
        self.summary.loaded = ended.records.saturating_sub(self.summary.rejected);
        self.summary.reasons = self.reasons.values().copied().collect();
        self.summary.footer = ended.footer.rows;
        self.take_time(&ended.footer);
        let sha256 = match self.tally.sha256() {
            Some(hash) => hash.to_owned(),
            // The copy is not added to later: the name tells its exports apart.
            None => format!("not taken of {}", self.summary.file),
        };
        let sha256 = of_part(sha256, &self.options.part());
        if let Some(known) = store.known_export(&sha256).map_err(&failed)? {
            if known.reading != self.options.reading() {
                return Err(ImportError::LoadedOtherwise {
                    file: self.summary.file.clone(),
                    why: "a stream cannot be read again to replace it".to_owned(),
                });
            }
            self.summary.already(&known);
            return Ok(());
        }
        let gathered = self.gathered();
        loader
            .rejects(&self.summary.file, &gathered)
            .map_err(&failed)?;
        self.warn(&ended, loader.counts());
        let export = self.export(sha256, &ended);
        loader.finish(&export).map_err(failed)
    }

    fn take_time(&mut self, footer: &Footer) {
        let candidates = [
            (self.options.taken_at_ms, "--taken-at"),
            (footer.completed_at_ms, "completion time"),
            (self.options.file_time_ms, "file time"),
        ];
        let known = candidates.into_iter().find(|(time, _)| time.is_some());
        (self.summary.taken_at_ms, self.summary.taken_from) = known.unwrap_or((None, "unknown"));
    }

    fn warn(&mut self, ended: &Ended, counts: Vec<u64>) {
        let Some(plan) = &self.plan else { return };
        let summary = &mut *self.summary;
        for (target, rows) in plan.targets.iter().zip(counts) {
            let columns = target.shape.columns.iter();
            summary.tables.push(TableSummary {
                name: target.shape.table.clone(),
                rows,
                unknown_columns: columns
                    .filter(|column| !column.known)
                    .map(|column| column.name.clone())
                    .collect(),
            });
        }
        for dropped in &plan.dropped {
            let name = match dropped.heading.trim() {
                "" => format!("column {}", dropped.position),
                heading => format!("`{heading}`"),
            };
            summary
                .dropped_columns
                .push(format!("{name}: {}", dropped.why));
        }
        summary.warnings.extend(plan.notes.iter().cloned());
        summary.warnings.extend(ended.warnings.iter().cloned());
        for (target, seen) in plan.targets.iter().zip(&ended.seen) {
            for (column, seen) in target.shape.columns.iter().zip(seen) {
                warn_of_column(&column.name, seen, &mut summary.warnings);
            }
        }
        if let Some(rows) = summary.footer
            && summary.footer_differs()
        {
            summary.warnings.push(format!(
                "the producer says {rows} rows, and there are {} records: some are missing, or were split",
                summary.records
            ));
        }
    }

    fn export(&self, sha256: String, ended: &Ended) -> Export {
        let stored = |seen: &Seen| {
            let newest = seen.newest?;
            Some(String::from_utf8_lossy(&newest).into_owned())
        };
        Export {
            file: self.summary.file.clone(),
            sha256,
            bytes: self.tally.read(),
            form: self.summary.form.clone(),
            encoding: self.summary.encoding.clone(),
            reading: self.options.reading(),
            taken_at: self
                .summary
                .taken_at_ms
                .map(|ms| Cell::Timestamp(ms).to_string()),
            taken_from: self.summary.taken_from,
            records: self.summary.records,
            rejected: self.summary.rejected,
            footer: self.summary.footer,
            newest: ended
                .seen
                .iter()
                .map(|seen| seen.iter().map(stored).collect())
                .collect(),
            dropped: self
                .plan
                .as_ref()
                .map_or_else(Vec::new, |plan| plan.dropped.clone()),
        }
    }
}

fn warn_of_column(name: &str, seen: &Seen, warnings: &mut Vec<String>) {
    let values = |n: u64| counted(n, "value");
    if seen.digits_cut > 0 {
        let n = values(seen.digits_cut);
        warnings.push(format!(
            "`{name}`: {n} had more than three digits after the second; the others are cut off"
        ));
    }
    if seen.offsets > 0 {
        let n = values(seen.offsets);
        warnings.push(format!(
            "`{name}`: {n} had an offset from UTC; the wall clock is kept, the offset is not"
        ));
    }
    if seen.blanks > 0 {
        let n = values(seen.blanks);
        warnings.push(format!(
            "`{name}`: {n} were empty where there can be no empty text; read as NULL"
        ));
    }
    if seen.digits_gone > 0 {
        let n = values(seen.digits_gone);
        warnings.push(format!(
            "`{name}`: {n} are numbers of which a spreadsheet has cut digits off; different numbers may look alike"
        ));
    }
    if let Some(sample) = &seen.settled_sample {
        let n = values(seen.settled);
        warnings.push(format!(
            "`{name}`: {n} such as `{sample}` could be read in two ways; other values of the column say how"
        ));
    }
    if seen.not_hex > 0 {
        let n = values(seen.not_hex);
        warnings.push(format!(
            "`{name}`: {n} are not written as `0x...`; kept as they stand"
        ));
    }
    for (cut, count) in CUTS.iter().zip(seen.cut) {
        if count > 0 && seen.longest == *cut {
            let n = values(count);
            warnings.push(format!(
                "`{name}`: {n} of exactly {cut} characters and none longer; the producer may have cut them there"
            ));
        }
    }
}

// READING --------------------------------------------------------------------------------------------------

/// What stands for the text of a reject that may hold a password.
const NOT_KEPT: &str = "(not kept: the file has a column of passwords)";

/// Nobody takes the rows any more.
struct Gone;

/// The half of an import that reads and types.
struct Typing {
    file: String,
    rules: Rules,
    table: Option<String>,
    result_set: Option<usize>,
    sender: SyncSender<Message>,
    used: Receiver<Batch>,
    plan: Option<Box<Plan>>,
    /// A batch for each table.
    batches: Vec<Batch>,
    rejects: Vec<Reject>,
    /// How many records were rejected.
    rejected: u64,
    /// Why it is no use to go on.
    hopeless: Option<Box<ImportError>>,
    ended: Ended,
    /// For each time column the first values that are no times.
    untold: BTreeMap<(usize, usize), Vec<String>>,
    /// Whether one of those was spoiled.
    spoiled: bool,
    /// For each repeated column in how many records it differs from the first.
    differing: Vec<u64>,
    /// The header of the result set that is read.
    header: Option<Vec<String>>,
    /// Which result set the reader is in, from 1.
    set: usize,
    /// Which rows are needed, and what passes the others over from where that is known.
    needs: Vec<Need>,
    sieve: Option<Sieve>,
    /// Where characters were lost before.
    replacement: memchr::memmem::Finder<'static>,
    /// What an earlier pass over the file has found.
    decided: Decided,
    /// Whether there cannot be another pass.
    once: bool,
    /// The names of the columns, instead of those in the file.
    columns: Option<Vec<String>>,
    /// The names of the columns in the file.
    written: Option<Vec<String>>,
    /// Whether the first record is names, where that was said.
    has_names: Option<bool>,
    /// The form, and another that reads the beginning alike and would read NULL differently further on.
    form: &'static format::Form,
    twin: Option<&'static format::Form>,
    /// Records of separators only.
    blank: u64,
}

/// Records that are rejected, before it is asked whether most are.
const MANY: u64 = 20_000;

/// Values of a column that are no times, before it is asked whether any is.
const UNTOLD: u64 = 100;

impl Typing {
    fn new(
        file: String,
        forms: (&'static format::Form, Option<&'static format::Form>),
        rules: Rules,
        options: &Options,
        sender: SyncSender<Message>,
        used: Receiver<Batch>,
    ) -> Self {
        Self {
            file,
            rules,
            table: options.table.clone(),
            result_set: options.result_set,
            sender,
            used,
            plan: None,
            batches: Vec::new(),
            rejects: Vec::new(),
            rejected: 0,
            hopeless: None,
            ended: Ended::default(),
            untold: BTreeMap::new(),
            spoiled: false,
            differing: Vec::new(),
            header: None,
            set: 0,
            needs: options.needs.clone(),
            sieve: None,
            replacement: memchr::memmem::Finder::new("\u{fffd}"),
            decided: Decided::default(),
            once: false,
            columns: options.columns.clone(),
            written: None,
            has_names: options.header,
            form: forms.0,
            twin: forms.1,
            blank: 0,
        }
    }

    fn run(&mut self, reader: &mut dyn Reader) {
        let outcome = self.all(reader);
        let last = match outcome {
            Ok(Ok(())) => match self.decide_again() {
                Some(decided) => Message::Again(Box::new(decided)),
                None => Message::End(Box::new(std::mem::take(&mut self.ended))),
            },
            Ok(Err(error)) => Message::Failed(Box::new(error)),
            Err(Gone) => return,
        };
        // Where nobody takes it, nobody wants to know.
        let _ = self.sender.send(last);
    }

    /// What the file as a whole says that was not known from its beginning.
    fn decide_again(&self) -> Option<Decided> {
        let columns = || self.ended.seen.iter().flatten();
        let again = columns().any(|seen| seen.is_mixed() || (!self.once && seen.is_settled_late()));
        let all = |seen: &Vec<Seen>| seen.iter().map(|seen| seen.separators).collect();
        let form = self.other_form().filter(|_| !self.once);
        if form.is_none() && !again {
            return None;
        }
        let found = Decided {
            separators: self.ended.seen.iter().map(all).collect(),
            form: form.or(self.decided.form),
        };
        (found != self.decided).then_some(found)
    }

    /// How the file writes NULL: by the word, or by nothing, in columns where nothing else can be meant.
    fn evidence(&self) -> (bool, bool) {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        let steps = targets.flat_map(|target| &target.steps);
        let seen = self.ended.seen.iter().flatten();
        let typed = steps
            .zip(seen)
            .filter(|((_, cast), _)| *cast != convert::Cast::Text);
        typed.fold((false, false), |(word, nothing), (_, seen)| {
            (word || seen.word > 0, nothing || seen.nothing > 0)
        })
    }

    /// The form that reads the beginning alike and writes NULL as the whole file says.
    fn other_form(&self) -> Option<&'static format::Form> {
        let twin = self.twin?;
        let nulls = rule_of(twin.nulls);
        match self.evidence() {
            (true, false) if nulls.word && !self.rules.nulls.word => Some(twin),
            (false, true)
                if nulls.empty && !self.rules.nulls.empty && self.has(|seen| seen.nothing) =>
            {
                Some(twin)
            }
            _ => None,
        }
    }

    /// Whether a column of texts has such fields.
    fn has(&self, count: impl Fn(&Seen) -> u64) -> bool {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        let steps = targets.flat_map(|target| &target.steps);
        let seen = self.ended.seen.iter().flatten();
        let mut texts = steps
            .zip(seen)
            .filter(|((_, cast), _)| *cast == convert::Cast::Text);
        texts.any(|(_, seen)| count(seen) > 0)
    }

    /// What comes after the beginning may be NULL or not, depending on which of two forms the file is in, and
    /// nothing in it says which.
    fn undecided(&self) -> Option<ImportError> {
        let twin = self
            .twin
            .filter(|twin| twin.layout != format::Layout::Workbook)?;
        let (own, other) = (self.rules.nulls, rule_of(twin.nulls));
        if self.evidence() != (false, false) {
            return None;
        }
        let (nothing, word) = (self.has(|seen| seen.nothing), self.has(|seen| seen.word));
        // Both in one column of texts: the word is what stands for NULL, as nothing is told from it.
        let doubtful = (nothing && !word && own.empty != other.empty)
            || (word && !nothing && own.word != other.word);
        doubtful.then(|| ImportError::Open {
            file: self.file.clone(),
            source: OpenError::Undecided {
                best: self.form,
                runner_up: twin,
            },
        })
    }

    /// Reads everything; the outer error is that nobody takes it.
    fn all(&mut self, reader: &mut dyn Reader) -> Result<Result<(), ImportError>, Gone> {
        let mut sample: Vec<Kept> = Vec::new();
        loop {
            if let Some(error) = self.hopeless.take() {
                return Ok(Err(*error));
            }
            let item = match reader.next() {
                Ok(Some(item)) => item,
                Ok(None) => break,
                Err(source) => {
                    let file = self.file.clone();
                    return Ok(Err(ImportError::Read { file, source }));
                }
            };
            match item {
                Item::Record(record) => {
                    if !self.is_wanted(&record)? || self.is_blank(&record) {
                        continue;
                    }
                    self.ended.records += 1;
                    if self.plan.is_some() {
                        self.record(&record)?;
                        if let Some(error) = self.without_times(UNTOLD) {
                            return Ok(Err(error));
                        }
                    } else {
                        sample.push(Kept::of(&record));
                        if sample.len() == SAMPLE {
                            if let Err(error) = self.decide(&mut sample)? {
                                return Ok(Err(error));
                            }
                            if let Some(sieve) = self.sieve.take() {
                                reader.pass_over(sieve);
                            }
                        }
                    }
                }
                Item::Header(names) => self.header(names),
                Item::Reject(_) if self.is_elsewhere() => {}
                Item::Reject(mut reject) => {
                    self.ended.records += reject.records;
                    if self.has_secrets() {
                        reject.text = NOT_KEPT.to_owned();
                    }
                    self.reject(reject)?;
                }
                Item::Footer(footer) => self.footer(&footer),
            }
        }
        if self.plan.is_none()
            && let Err(error) = self.decide(&mut sample)?
        {
            return Ok(Err(error));
        }
        if let Some(error) = self.without_times(1).or_else(|| self.undecided()) {
            return Ok(Err(error));
        }
        self.flush(true)?;
        self.ended.warnings = reader.remarks();
        self.ended.passed_over = reader.passed_over();
        self.ended.records += self.ended.passed_over;
        self.sum_up();
        Ok(Ok(()))
    }

    /// The first header names the columns; the same again is a new page of the same result set; another one begins
    /// a second result set.
    fn header(&mut self, names: Vec<String>) {
        let wanted = self.result_set.unwrap_or(1);
        if self.written.as_ref() == Some(&names) && self.set == wanted {
            return;
        }
        self.set += 1;
        if self.set == wanted {
            self.header = Some(self.columns.clone().unwrap_or_else(|| names.clone()));
            self.written = Some(names);
        }
    }

    /// Whether a record is of the result set that is read. Where nobody said which, those of a second one are rejected,
    /// and not silently left out.
    fn is_wanted(&mut self, record: &Record<'_>) -> Result<bool, Gone> {
        let set = self.set.max(1);
        if self.result_set.is_some() {
            return Ok(!self.is_elsewhere());
        }
        if set == 1 {
            return Ok(true);
        }
        self.ended.records += 1;
        let text = if self.has_secrets() {
            NOT_KEPT
        } else {
            record.text
        };
        let detail = format!("it is of result set {set}, with other columns");
        // Whole as it is, it says nothing against how the file is read.
        self.keep(reader::queue::reject(
            record.line,
            text,
            Reason::SecondResultSet,
            detail,
            1,
        ))?;
        Ok(false)
    }

    /// Whether a record is separators only, as a spreadsheet leaves below a table: where rows have a key it is none.
    fn is_blank(&mut self, record: &Record<'_>) -> bool {
        let nothing = |field: &Field| field.start == field.end && field.written == Written::Bare;
        let has_key = || {
            let plan = self.plan.as_ref();
            plan.is_some_and(|plan| {
                plan.targets
                    .first()
                    .is_some_and(|target| target.key.is_some())
            })
        };
        let is_blank = record.fields.len() > 1 && record.fields.iter().all(nothing) && has_key();
        self.blank += u64::from(is_blank);
        is_blank
    }

    /// Whether the reader is in another result set than the one that was asked for.
    fn is_elsewhere(&self) -> bool {
        self.result_set
            .is_some_and(|wanted| wanted != self.set.max(1))
    }

    fn footer(&mut self, footer: &Footer) {
        let set = self.set.max(1);
        let wanted = self.result_set.is_none_or(|wanted| wanted == set);
        if let Some(rows) = footer.rows.filter(|_| wanted) {
            *self.ended.footer.rows.get_or_insert(0) += rows;
        }
        self.ended.footer.completed_at_ms =
            footer.completed_at_ms.or(self.ended.footer.completed_at_ms);
    }

    /// Says which tables the file holds, and types the records that were looked at for that.
    fn decide(&mut self, sample: &mut Vec<Kept>) -> Result<Result<(), ImportError>, Gone> {
        let file = self.file.clone();
        if let Some(wanted) = self.result_set
            && wanted > self.set.max(1)
        {
            let found = self.set.max(1);
            return Ok(Err(ImportError::NoResultSet {
                file,
                wanted,
                found,
            }));
        }
        if sample.is_empty() && self.header.is_none() {
            if self.ended.records == 0 && self.rejects.is_empty() {
                return Ok(Err(ImportError::Empty { file }));
            }
            return Ok(Ok(()));
        }
        if self.header.is_none() {
            self.header.clone_from(&self.columns);
        }
        if let Err(source) = self.take_names(sample) {
            return Ok(Err(ImportError::Tables { file, source }));
        }
        let hints = Hints {
            table: self.table.as_deref(),
            file: &self.file,
        };
        let plan = match mapping::plan(self.header.as_deref(), sample, hints, &self.rules) {
            Ok(plan) => Box::new(plan),
            Err(source) => return Ok(Err(ImportError::Tables { file, source })),
        };
        if plan.has_secrets() {
            for reject in &mut self.rejects {
                reject.text = NOT_KEPT.to_owned();
            }
        }
        self.batches = plan.targets.iter().map(|_| Batch::default()).collect();
        let seen = |target: &mapping::Target| vec![Seen::default(); target.steps.len()];
        self.ended.seen = plan.targets.iter().map(seen).collect();
        for (seen, known) in self.ended.seen.iter_mut().zip(&self.decided.separators) {
            for (seen, known) in seen.iter_mut().zip(known) {
                seen.separators = *known;
            }
        }
        self.differing = vec![0; plan.repeats.len()];
        self.sieve = needed::row_filter(&plan, &self.needs, sample);
        self.send(Message::Plan(plan.clone()))?;
        self.plan = Some(plan);
        for kept in std::mem::take(sample) {
            if self.is_blank(&kept.record()) {
                self.ended.records -= 1;
            } else {
                self.record(&kept.record())?;
            }
        }
        Ok(Ok(()))
    }

    /// A first record of nothing but the names of known columns is a header, whatever the reader took it for; and so is
    /// a first record of text over numbers or times in a table of the user's own. Where all is text, nobody can tell.
    fn take_names(&mut self, sample: &mut Vec<Kept>) -> Result<(), TablesError> {
        let Some(first) = sample.first().filter(|_| self.header.is_none()) else {
            return Ok(());
        };
        let names = first.texts();
        let are_known = || names.iter().all(|name| mapping::is_known_heading(name));
        let is_new = self
            .table
            .as_deref()
            .is_some_and(|table| mapping::product_table(table).is_none());
        let are_names = match self.has_names {
            Some(said) => said,
            None if names.is_empty() => false,
            None if are_known() => true,
            None if is_new => match are_names_of_new_table(&names, &sample[1..]) {
                Some(are) => are,
                None => return Err(TablesError::NamesOrRow),
            },
            None => false,
        };
        if are_names {
            self.header = Some(names);
            self.ended.has_header = true;
            self.ended.records -= 1;
            sample.remove(0);
        }
        Ok(())
    }

    fn send(&self, message: Message) -> Result<(), Gone> {
        self.sender.send(message).map_err(|_| Gone)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Gone> {
        self.rejected += reject.records.max(1);
        if self.rejected >= MANY && self.hopeless.is_none() && self.is_mostly_rejected() {
            self.hopeless = Some(Box::new(ImportError::MostlyRejected {
                file: self.file.clone(),
                records: self.ended.records.max(self.rejected),
                rejected: self.rejected,
                line: reject.line,
                reason: reject.reason,
                detail: reject.detail.clone(),
            }));
        }
        self.keep(reject)
    }

    fn keep(&mut self, reject: Reject) -> Result<(), Gone> {
        const MOST: usize = 256;
        /// Before it is known whether there are passwords, as many as memory has room for.
        const MOST_UNTOLD: usize = 4096;
        self.rejects.push(reject);
        let most = if self.plan.is_some() {
            MOST
        } else {
            MOST_UNTOLD
        };
        if self.rejects.len() >= most {
            let rejects = std::mem::take(&mut self.rejects);
            self.send(Message::Rejects(rejects))?;
        }
        Ok(())
    }

    fn is_mostly_rejected(&self) -> bool {
        let loaded = self.ended.records.saturating_sub(self.rejected);
        loaded < self.rejected / 10
    }

    /// Whether the file has a column of passwords, as far as is known.
    fn has_secrets(&self) -> bool {
        let mut names = self.header.iter().flatten();
        self.plan.as_ref().is_some_and(|plan| plan.has_secrets())
            || names.any(|name| mapping::is_secret_heading(name))
    }

    /// Types a record: all of its rows, or a reject.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Gone> {
        let Some(plan) = self.plan.take() else {
            return Ok(());
        };
        let outcome = self.rows_of(&plan, record);
        self.plan = Some(plan);
        match outcome {
            Ok(()) => {
                let full = self.batches.iter().any(|batch| {
                    batch.text.len() >= BATCH_BYTES || batch.values.len() >= BATCH_VALUES
                });
                if full { self.flush(false) } else { Ok(()) }
            }
            Err(reject) => self.reject(*reject),
        }
    }

    fn rows_of(&mut self, plan: &Plan, record: &Record<'_>) -> Result<(), Box<Reject>> {
        check_text(
            plan,
            record,
            self.rules.lossy,
            self.rules.nulls.nul_is_empty,
            &self.replacement,
        )?;
        for (nth, (later, first)) in plan.repeats.iter().enumerate() {
            let text = |at: &usize| {
                let field = record.fields[*at];
                &record.cells[field.start..field.end]
            };
            self.differing[nth] += u64::from(text(later) != text(first));
        }
        for (nth, target) in plan.targets.iter().enumerate() {
            let batch = &mut self.batches[nth];
            let start = (batch.text.len(), batch.values.len());
            let seen = &mut self.ended.seen[nth];
            let row = row(plan, target, record, &self.rules, seen, batch);
            match row {
                Ok(true) => batch.lines.push(record.line),
                Ok(false) => batch.take_off(start),
                Err((at, misfit)) => {
                    batch.take_off(start);
                    for before in 0..nth {
                        self.take_back(plan, before, record.line);
                    }
                    let dated = [Reason::NotADate, Reason::SpoiledDate].contains(&misfit.reason);
                    if let (true, Some(step)) = (dated, at) {
                        self.note_untold((nth, step), record, &target.steps, misfit.reason);
                    }
                    return Err(Box::new(rejected(plan, target, record, at, misfit)));
                }
            }
        }
        Ok(())
    }

    /// Takes the newest row of a table back when it is of a record that another table rejects.
    fn take_back(&mut self, plan: &Plan, table: usize, line: u64) {
        let batch = &mut self.batches[table];
        if batch.lines.last() == Some(&line) {
            let target = &plan.targets[table];
            let width = target.steps.len() + if target.shape.history { 3 } else { 0 };
            batch.lines.pop();
            batch.values.truncate(batch.values.len() - width);
        }
    }

    fn note_untold(
        &mut self,
        column: (usize, usize),
        record: &Record<'_>,
        steps: &[(usize, convert::Cast)],
        reason: Reason,
    ) {
        const SAMPLES: usize = 3;
        let field = record.fields[steps[column.1].0];
        let text = &record.cells[field.start..field.end];
        let telling = reason == Reason::SpoiledDate || convert::is_ambiguous(text);
        let samples = self.untold.entry(column).or_default();
        if telling && samples.len() < SAMPLES {
            samples.push(format!("line {} `{}`", record.line, text.trim()));
            self.spoiled |= reason == Reason::SpoiledDate;
        }
    }

    /// A column of times of which `least` values could not be read and none could: the file is refused, since every row
    /// would be lost.
    fn without_times(&self, least: u64) -> Option<ImportError> {
        if self.untold.is_empty() {
            return None;
        }
        let plan = self.plan.as_ref()?;
        self.untold.iter().find_map(|((table, step), samples)| {
            let seen = &self.ended.seen[*table][*step];
            if seen.times > 0 || seen.untold < least || samples.is_empty() {
                return None;
            }
            let column = &plan.targets[*table].shape.columns[*step];
            Some(ImportError::Dates {
                file: self.file.clone(),
                column: column.name.clone(),
                samples: samples.join(", "),
                spoiled: self.spoiled,
            })
        })
    }

    /// Hands on what has gathered, where it is enough, or all.
    fn flush(&mut self, all: bool) -> Result<(), Gone> {
        for nth in 0..self.batches.len() {
            let batch = &self.batches[nth];
            let full = batch.text.len() >= BATCH_BYTES || batch.values.len() >= BATCH_VALUES;
            if batch.lines.is_empty() || !(all || full) {
                continue;
            }
            let empty = self.used.try_recv().unwrap_or_default();
            let batch = std::mem::replace(&mut self.batches[nth], empty);
            self.send(Message::Rows(nth, batch))?;
        }
        if !self.rejects.is_empty() {
            let rejects = std::mem::take(&mut self.rejects);
            self.send(Message::Rejects(rejects))?;
        }
        Ok(())
    }

    fn sum_up(&mut self) {
        let Some(plan) = &self.plan else { return };
        if self.blank > 0 {
            self.ended.warnings.push(match self.blank {
                1 => "1 line of separators only is passed over".to_owned(),
                n => format!("{n} lines of separators only are passed over"),
            });
        }
        for ((later, first), count) in plan.repeats.iter().zip(&self.differing) {
            if *count > 0 {
                self.ended.warnings.push(format!(
                    "column {} has the name of column {}, and other values in {count} records; the first is kept",
                    later + 1,
                    first + 1
                ));
            }
        }
    }
}

/// Whether the first record of a table of the user's own is names: text over numbers or times is, text over text nobody
/// can tell.
fn are_names_of_new_table(first: &[String], rest: &[Kept]) -> Option<bool> {
    let are_possible = first
        .iter()
        .all(|name| !name.is_empty() && could_be_name(name));
    let are_different = first.iter().collect::<BTreeSet<_>>().len() == first.len();
    if !are_possible || !are_different {
        return Some(false);
    }
    let looks = |at: usize| {
        let alike = rest
            .iter()
            .filter(|record| record.fields.len() == first.len());
        let texts = alike.map(|record| record.texts()[at].clone());
        texts.fold(Look::Nothing, |look, text| look.and(Look::of(&text)))
    };
    let typed = |at: usize| matches!(looks(at), Look::Number | Look::Time);
    (0..first.len()).any(typed).then_some(true)
}

/// Why a field does not fit: the place of its column in the row, and what is wrong.
type RowMisfit = (Option<usize>, convert::Misfit);

/// Types the row of one table; `false` when the record has none of it.
fn row(
    plan: &Plan,
    target: &mapping::Target,
    record: &Record<'_>,
    rules: &Rules,
    seen: &mut [Seen],
    batch: &mut Batch,
) -> Result<bool, RowMisfit> {
    let first = batch.values.len();
    for (step, ((at, cast), seen)) in target.steps.iter().zip(seen).enumerate() {
        let field = record.fields[*at];
        let value = convert::value(record.cells, field, *cast, rules, seen, batch)
            .map_err(|misfit| (Some(step), misfit))?;
        batch.values.push(value);
    }
    if let Some(key) = target.key
        && batch.values[first + key] == Value::Null
    {
        // Beside the first table no key means that the join found no row.
        if target.shape.repeated {
            return Ok(false);
        }
        let misfit = convert::Misfit {
            reason: Reason::MissingKey,
            detail: format!("`{}` is NULL", target.shape.columns[key].name),
        };
        return Err((Some(key), misfit));
    }
    if let (true, Some(changes)) = (target.shape.history, plan.changes) {
        change(changes, record, rules, batch)?;
    }
    Ok(true)
}

/// What says which change a record is: the transaction, its place in it, the operation.
fn change(
    changes: mapping::Changes,
    record: &Record<'_>,
    rules: &Rules,
    batch: &mut Batch,
) -> Result<(), RowMisfit> {
    let mut unseen = Seen::default();
    let fields = [Some(changes.transaction), changes.sequence];
    for at in fields {
        let value = match at {
            Some(at) => convert::value(
                record.cells,
                record.fields[at],
                convert::Cast::Binary,
                rules,
                &mut unseen,
                batch,
            ),
            None => Ok(Value::Null),
        };
        batch.values.push(value.map_err(|misfit| (None, misfit))?);
    }
    let operation = convert::Cast::Integer {
        least: 1,
        greatest: 4,
    };
    let field = record.fields[changes.operation];
    let value = convert::value(record.cells, field, operation, rules, &mut unseen, batch)
        .map_err(|misfit| (None, misfit))?;
    batch.values.push(value);
    Ok(())
}

/// Whether a record has as many fields as there are columns, and no character that none of them may have.
fn check_text(
    plan: &Plan,
    record: &Record<'_>,
    lossy: bool,
    nul_is_empty: bool,
    replacement: &memchr::memmem::Finder<'_>,
) -> Result<(), Box<Reject>> {
    let found = |reason, detail: String, place: Option<usize>| {
        let at = place.and_then(|place| {
            record
                .fields
                .iter()
                .position(|field| (field.start..field.end).contains(&place))
        });
        let misfit = convert::Misfit { reason, detail };
        Box::new(Reject {
            line: record.line,
            column: at.map(|at| at as u64 + 1),
            column_name: None,
            text: shown_text(plan, record),
            reason: misfit.reason,
            detail: misfit.detail,
            records: 1,
        })
    };
    if record.fields.len() != plan.width {
        let detail = format!(
            "expected {} fields, found {}",
            plan.width,
            record.fields.len()
        );
        return Err(found(Reason::Ragged, detail, None));
    }
    let bytes = record.cells.as_bytes();
    if memchr::memchr(0, bytes).is_some() {
        let stray = record.fields.iter().find_map(|field| {
            let cell = &bytes[field.start..field.end];
            let empty = nul_is_empty && cell == b"\0";
            let place = memchr::memchr(0, cell)?;
            (!empty).then_some(field.start + place)
        });
        if let Some(place) = stray {
            let detail = "a NUL character stands in it".to_owned();
            return Err(found(Reason::Nul, detail, Some(place)));
        }
    }
    if !lossy && let Some(place) = replacement.find(bytes) {
        let detail = "U+FFFD stands in it, the mark of a lost character".to_owned();
        return Err(found(Reason::Replacement, detail, Some(place)));
    }
    Ok(())
}

/// A record as a reject shows it: without the fields that must not be seen.
fn shown_text(plan: &Plan, record: &Record<'_>) -> String {
    if !plan.has_secrets() {
        let mut end = record.text.len().min(Reject::LONGEST);
        while !record.text.is_char_boundary(end) {
            end -= 1;
        }
        return record.text[..end].to_owned();
    }
    if record.fields.len() != plan.width {
        return NOT_KEPT.to_owned();
    }
    let secret = |at: usize| {
        plan.dropped
            .iter()
            .any(|dropped| dropped.secret && dropped.position == at + 1)
    };
    let fields: Vec<&str> = record
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| match secret(at) {
            true => "(not kept)",
            false => &record.cells[field.start..field.end],
        })
        .collect();
    fields.join("\t")
}

fn rejected(
    plan: &Plan,
    target: &mapping::Target,
    record: &Record<'_>,
    at: Option<usize>,
    misfit: convert::Misfit,
) -> Reject {
    let column = at.map(|at| &target.shape.columns[at]);
    Reject {
        line: record.line,
        column: column.map(|column| column.position as u64),
        column_name: column.map(|column| column.name.clone()),
        text: shown_text(plan, record),
        reason: misfit.reason,
        detail: misfit.detail,
        records: 1,
    }
}
